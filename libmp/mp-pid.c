/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mp-pid-private.h"

/* In memory that is zero again in each forked child, however it was forked. */
static pid_t *
get_place (void)
{
  static pid_t *place;
  static gsize once;

  if (g_once_init_enter (&once))
    {
      gpointer page = mmap (NULL, sizeof (pid_t), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

      if (page != MAP_FAILED && madvise (page, sizeof (pid_t), MADV_WIPEONFORK) == 0)
        place = page;
      g_once_init_leave (&once, 1);
    }
  return place;
}

pid_t
_mp_get_pid (void)
{
  pid_t *place = get_place ();
  pid_t pid = place != NULL ? g_atomic_int_get (place) : 0;

  if (pid != 0)
    return pid;
  pid = getpid ();
  if (place != NULL)
    g_atomic_int_set (place, pid);
  return pid;
}
