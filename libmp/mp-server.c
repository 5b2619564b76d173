/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <sys/epoll.h>

#include "mp-server-private.h"

#include "mp-fd-private.h"
#include "mp-listener-private.h"

#define N_EVENTS 64
/* How long to wait for descriptors to accept with. */
#define BACK_OFF G_TIME_SPAN_SECOND

/* The loop of a manager's server: one thread, and nothing in it ever waits for one peer. */

static void
reap (MpServer *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->dead)) != NULL)
    {
      _mp_server_end_session (link->data);
      _mp_session_free (link->data);
      _mp_server_settle (self);
    }
}

static gboolean
watch (MpServer *self,
       int       fd,
       gpointer  data)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

  return fd < 0 || epoll_ctl (self->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void
accept_all (MpServer *self)
{
  while (_mp_listener_step (self->listener))
    {
      g_autoptr (GError) error = NULL;
      int fd = _mp_listener_take (self->listener, &error);

      if (fd >= 0)
        _mp_session_new (self, fd);
      else if (g_error_matches (error, MP_ERROR, MP_ERROR_FAILED))
        {
          /* There will be some when somebody leaves; until then this must not spin. */
          epoll_ctl (self->epoll, EPOLL_CTL_DEL, _mp_listener_get_fd (self->listener), NULL);
          self->full = TRUE;
          break;
        }
    }
}

static void
dispatch (MpServer                 *self,
          const struct epoll_event *event)
{
  if (event->data.ptr == self->listener)
    accept_all (self);
  else if (event->data.ptr == &self->control)
    self->stop = TRUE;
  else if (event->data.ptr == &self->custom)
    _mp_custom_collect (self->custom);
  else
    _mp_session_event (event->data.ptr, event->events);
}

/* Returns: how many milliseconds nothing needs to be done, -1 for any number */
static int
get_timeout (MpServer *self)
{
  gint64 next = _mp_server_run_timers (self);
  gint64 left = next >= 0 ? MAX (next - g_get_monotonic_time (), 0) : -1;

  /* What keeps others from coming may be another process's. */
  if (self->full && (left < 0 || left > BACK_OFF))
    left = BACK_OFF;
  return left >= 0 ? MIN ((left + 999) / 1000, G_MAXINT) : -1;
}

static int
wait_for_events (MpServer           *self,
                 struct epoll_event *events)
{
  int timeout = get_timeout (self);

  if (self->pools != NULL)
    {
      _mp_pools_wait (self->pools, timeout);
      _mp_server_settle (self);
      timeout = 0;
    }
  return epoll_wait (self->epoll, events, N_EVENTS, timeout);
}

static void
loop (MpServer *self)
{
  struct epoll_event events[N_EVENTS];

  while (!self->stop)
    {
      int n = wait_for_events (self, events);
      gboolean was_full = self->full;

      for (int i = 0; i < n; i++)
        {
          dispatch (self, &events[i]);
          _mp_server_settle (self);
        }
      reap (self);
      /* Whatever has happened may have given a descriptor back. */
      if (was_full && watch (self, _mp_listener_get_fd (self->listener), self->listener))
        self->full = FALSE;
    }
}

static void
clear (MpServer *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->sessions)) != NULL)
    g_queue_push_tail_link (&self->dead, link);
  while ((link = g_queue_pop_head_link (&self->dead)) != NULL)
    {
      ((MpSession *) link->data)->dead = TRUE;
      _mp_server_end_session (link->data);
      _mp_session_free (link->data);
      _mp_server_settle (self);
    }
  g_clear_pointer (&self->pools, _mp_pools_stop);
  _mp_server_forget_all (self);
  _mp_custom_stop (self->custom);
  g_sequence_free (self->timers);
  g_hash_table_unref (self->objects);
  g_hash_table_unref (self->leases);
  _mp_clear_fd (&self->epoll);
}

/* Serves at the listener of @self, which is otherwise empty, until somebody says to stop, or the
 * other end of its control is closed. */
gboolean
_mp_server_run (MpServer  *self,
                GError   **error)
{
  gboolean ok;

  self->objects = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->leases = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->timers = g_sequence_new (NULL);
  self->last_token = (guint64) g_random_int () << 32 | g_random_int ();
  self->epoll = _mp_fd_above_standard (epoll_create1 (EPOLL_CLOEXEC));
  self->custom = _mp_custom_new (self);
  ok = self->epoll >= 0
       && watch (self, _mp_listener_get_fd (self->listener), self->listener)
       && watch (self, self->control, &self->control)
       && watch (self, _mp_custom_get_fd (self->custom), &self->custom);
  if (ok)
    loop (self);
  else
    g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not watch for clients: %s",
                 g_strerror (errno));
  clear (self);
  return ok;
}
