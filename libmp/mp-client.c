/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gio/gfiledescriptorbased.h>
#include <poll.h>

#include "mp-listener.h"

#include "mp-challenge-private.h"
#include "mp-connection-private.h"
#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-listener-private.h"
#include "mp-poll-private.h"
#include "mp-process.h"
#include "mp-socket-private.h"

/**
 * mp_client:
 * @address: where somebody listens, as for mp_listener_new()
 * @authkey: (nullable): the key of the listener, %NULL if it has none
 * @timeout: how long everything may take, in microseconds, -1 for ever
 * @error: return location for an error
 *
 * Connects to a [class@Listener]. With a key both sides prove that they have it.
 *
 * Returns: (transfer full): a connection, or %NULL with %MP_ERROR_NOT_FOUND if nobody listens
 *   there; %MP_ERROR_AUTHENTICATION if the keys differ; %MP_ERROR_EOF if the listener goes away;
 *   %MP_ERROR_TIMEOUT if @timeout has passed; %MP_ERROR_FAILED if @address is none, or the system
 *   refuses
 */
MpConnection *
mp_client (const char  *address,
           GBytes      *authkey,
           gint64       timeout,
           GError     **error)
{
  gint64 deadline = _mp_deadline_of_timeout (timeout);
  mp_autofd int fd = -1;

  g_return_val_if_fail (address != NULL, NULL);

  fd = _mp_socket_connect (address, deadline, error);
  if (fd < 0
      || (authkey != NULL
          && !_mp_challenge_run (MP_CHALLENGE_CLIENT, fd, authkey, deadline, error)))
    return NULL;
  return _mp_connection_new (g_steal_fd (&fd));
}

/* Returns: -1 if there is none */
static int
descriptor_of (gpointer object)
{
  if (MP_IS_CONNECTION (object))
    return mp_connection_get_fd (object);
  if (MP_IS_LISTENER (object))
    return _mp_listener_get_fd (object);
  if (MP_IS_PROCESS (object))
    return mp_process_get_sentinel (object);
  if (G_IS_SOCKET (object))
    return g_socket_get_fd (object);
  if (G_IS_FILE_DESCRIPTOR_BASED (object))
    return g_file_descriptor_based_get_fd (object);
  return -1;
}

/* Where the descriptor does not tell the whole truth. */
static gboolean
is_ready (gpointer object,
          gboolean readable)
{
  if (MP_IS_CONNECTION (object))
    return readable || _mp_connection_has_pending (object);
  if (MP_IS_LISTENER (object))
    return _mp_listener_step (object);
  return readable;
}

/**
 * mp_connection_wait:
 * @objects: (array length=n_objects) (element-type GObject): what to wait for
 * @n_objects: how many
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits until one or more of several things is ready: a [class@Connection] with something to
 * receive, or at its end; a [class@Process] that has ended; a [class@Listener] with somebody to
 * accept; a #GSocket or a #GFileDescriptorBased (a #GUnixInputStream of any descriptor, for
 * example) that can be read.
 *
 * Returns: (transfer full) (element-type GObject): those that are ready, in the order of @objects,
 *   none if @timeout has passed; %NULL with %MP_ERROR_CLOSED if one of them is closed, not started
 *   or nothing that can be waited for
 */
GPtrArray *
mp_connection_wait (gpointer  *objects,
                    guint      n_objects,
                    gint64     timeout,
                    GError   **error)
{
  g_autoptr (GPtrArray) ready = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree struct pollfd *fds = g_new0 (struct pollfd, n_objects);
  gint64 deadline = _mp_deadline_of_timeout (timeout);
  gboolean more = TRUE;

  g_return_val_if_fail (objects != NULL || n_objects == 0, NULL);

  for (guint i = 0; i < n_objects; i++)
    {
      fds[i] = (struct pollfd) { .fd = descriptor_of (objects[i]), .events = POLLIN };
      if (fds[i].fd >= 0)
        continue;
      g_set_error (error, MP_ERROR, MP_ERROR_CLOSED,
                   "Can't wait for object %u: it is closed, not started, or nothing that is ever"
                   " ready", i);
      return NULL;
    }

  /* The first look does not wait: some may be ready though their descriptors are not. */
  for (gint64 until = 0; ready->len == 0 && more; until = deadline)
    {
      more = _mp_poll_any (fds, n_objects, until) || until != deadline;
      for (guint i = 0; i < n_objects; i++)
        {
          if (is_ready (objects[i], fds[i].revents != 0))
            g_ptr_array_add (ready, g_object_ref (objects[i]));
        }
    }
  return g_steal_pointer (&ready);
}
