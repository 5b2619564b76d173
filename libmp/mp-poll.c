/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <time.h>

#include "mp-poll-private.h"

/* The moment at which @timeout microseconds from now have passed, -1 for never. */
gint64
_mp_deadline_of_timeout (gint64 timeout)
{
  return timeout < 0 ? -1 : g_get_monotonic_time () + MIN (timeout, G_MAXINT64 / 2);
}

/* Waits for one of the descriptors through signals. FALSE if the deadline has passed before. */
gboolean
_mp_poll_any (struct pollfd *poll_fds,
              guint          n_fds,
              gint64         deadline)
{
  for (;;)
    {
      struct timespec rest = { 0 };
      int result;

      if (deadline >= 0)
        {
          gint64 left = MAX (deadline - g_get_monotonic_time (), 0);

          rest.tv_sec = left / G_USEC_PER_SEC;
          rest.tv_nsec = left % G_USEC_PER_SEC * 1000;
        }
      result = ppoll (poll_fds, n_fds, deadline >= 0 ? &rest : NULL, NULL);
      if (result > 0)
        return TRUE;
      if (result == 0 || errno != EINTR)
        return FALSE;
    }
}

/* Waits for one descriptor for as long as it takes. */
gboolean
_mp_poll_one (int   fd,
              short events)
{
  struct pollfd poll_fd = { .fd = fd, .events = events };

  return _mp_poll_any (&poll_fd, 1, -1);
}

gboolean
_mp_poll_until (struct pollfd *poll_fd,
                gint64         deadline)
{
  return _mp_poll_any (poll_fd, 1, deadline);
}
