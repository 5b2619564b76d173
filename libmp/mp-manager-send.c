/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mp-manager-client-private.h"

#include "mp-error.h"
#include "mp-message-private.h"
#include "mp-payload-private.h"
#include "mp-poll-private.h"
#include "mp-server-private.h"

/* Requests on their way to a manager. */

static guint32
own_thread (void)
{
  static __thread guint32 thread;

  if (thread == 0)
    thread = syscall (SYS_gettid);
  return thread;
}

/* Before anything is sent: what the manager could not read would end the connection, and all that
 * is held by it. */
static gboolean
check_args (GVariant  *args,
            GError   **error)
{
  if (g_variant_get_size (args) > MP_MAX_PAYLOAD / 2)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "A call of a manager can have arguments of 512 MiB at most, these have %"
                   G_GSIZE_FORMAT " bytes", g_variant_get_size (args));
      return FALSE;
    }
  return _mp_stream_check_value (args, error);
}

/* A manager whose answers nobody takes takes no more requests: they are read meanwhile. */
static gboolean
make_room (int      socket,
           gpointer user_data)
{
  struct pollfd poll_fd = { .fd = socket, .events = POLLIN | POLLOUT };

  while (_mp_poll_until (&poll_fd, -1) && (poll_fd.revents & (POLLOUT | POLLERR | POLLHUP)) == 0)
    _mp_manager_client_read (user_data);
  return (poll_fd.revents & POLLERR) == 0;
}

static gboolean
is_crowded (MpManagerClient *self)
{
  gboolean crowded;

  g_mutex_lock (&self->mutex);
  crowded = g_hash_table_size (self->calls) > 1;
  g_mutex_unlock (&self->mutex);
  return crowded;
}

/* With the mutex for sending. */
static gboolean
send_request (MpManagerClient  *self,
              const guint8     *data,
              gsize             size,
              GError          **error)
{
  if (self->stream)
    return _mp_stream_send_waiting (self->fd, MP_MESSAGE_VALUE, MP_REQUEST_TYPE, data, size,
                                    make_room, self, error);
  if (is_crowded (self) && !make_room (self->fd, self))
    return _mp_manager_client_set_gone (self, error);
  return _mp_message_send (self->fd, MP_MESSAGE_VALUE, MP_REQUEST_TYPE, data, size, NULL, error);
}

static gboolean
can_send_now (MpManagerClient *self,
              gint64           deadline)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLOUT };

  return _mp_poll_until (&poll_fd, deadline) && (poll_fd.revents & POLLOUT) != 0;
}

/* A call that was not sent. Takes @error. */
static void
fail_call (MpManagerClient *self,
           guint32          serial,
           GError          *error)
{
  MpClientCall *call;

  g_mutex_lock (&self->mutex);
  call = g_hash_table_lookup (self->calls, GUINT_TO_POINTER (serial));
  if (call != NULL)
    {
      g_hash_table_remove (self->calls, GUINT_TO_POINTER (serial));
      _mp_client_call_finish (call, NULL, error);
    }
  else
    g_error_free (error);
  _mp_manager_client_wake (self);
  g_mutex_unlock (&self->mutex);
}

/* Sends a request; @serial 0 is one without an answer. A call that can't be sent fails; only if the
 * connection is no more all fail. Nothing is waited for later than at @deadline, -1 for never. */
void
_mp_manager_client_send (MpManagerClient *self,
                         guint32          serial,
                         guint64          id,
                         const char      *method,
                         GVariant        *args,
                         gint64           timeout,
                         gint64           deadline)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (args);
  const MpRequest request = { serial, own_thread (), timeout, id, method, sunk };
  g_autofree guint8 *data = NULL;
  GError *error = NULL;
  gboolean broken;
  gsize size;

  if (!check_args (sunk, &error))
    {
      fail_call (self, serial, error);
      return;
    }
  data = _mp_request_encode (&request, &size);
  if (deadline < 0)
    g_mutex_lock (&self->sending);
  else if (!g_mutex_trylock (&self->sending))
    return;
  if (deadline < 0 || can_send_now (self, deadline))
    send_request (self, data, size, &error);
  g_mutex_unlock (&self->sending);
  if (error == NULL)
    return;

  /* A packet goes whole or not at all; of a stream a part may have gone. */
  broken = self->stream || !g_error_matches (error, MP_ERROR, MP_ERROR_FAILED);
  if (broken && !g_error_matches (error, MP_ERROR, MP_ERROR_BAD_MESSAGE))
    {
      g_error_free (error);
      _mp_manager_client_retire (self);
    }
  else
    fail_call (self, serial, error);
}
