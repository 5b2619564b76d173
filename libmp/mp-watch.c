/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "mp-watch-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-futex-private.h"
#include "mp-identity-private.h"
#include "mp-mutex-private.h"
#include "mp-poll-private.h"
#include "mp-shared-object-private.h"

/*
 * How everything but a lock waits. The bell is watched for edges, so that one ring wakes each
 * sleeper of each process and nobody has to silence it.
 *
 * Nobody is left sleeping by a death: who changes something does it under a mutex, rings before
 * the change, and again after it. A sleeper that was woken by the first ring finds the mutex taken
 * and watches its owner, whose death then wakes it as the second ring would have.
 */

#define SPIN  8
#define PAUSE 128

static gboolean
set_error (GError **error,
           int      error_number)
{
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not wait: %s", g_strerror (error_number));
  return FALSE;
}

static gboolean
watch_init (MpWatch    *watch,
            MpSegment  *segment,
            GError    **error)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLET };

  watch->pidfds = g_array_new (FALSE, FALSE, sizeof (int));
  watch->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (watch->epoll >= 0
      && epoll_ctl (watch->epoll, EPOLL_CTL_ADD, _mp_segment_get_bell (segment), &event) == 0)
    return TRUE;

  return set_error (error, errno);
}

static void
forget_processes (MpWatch *watch)
{
  for (guint i = 0; i < watch->pidfds->len; i++)
    close (g_array_index (watch->pidfds, int, i));
  g_array_set_size (watch->pidfds, 0);
}

static void
watch_clear (MpWatch *watch)
{
  if (watch->pidfds != NULL)
    forget_processes (watch);
  g_clear_pointer (&watch->pidfds, g_array_unref);
  _mp_clear_fd (&watch->epoll);
}

/* Takes @pidfd. If that process can't be watched, to sleep could be for ever. */
static void
add_pidfd (MpWatch *watch,
           int      pidfd)
{
  struct epoll_event event = { .events = EPOLLIN };
  mp_autofd int fd = pidfd;

  if (fd < 0 || epoll_ctl (watch->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      watch->error_number = errno;
      return;
    }
  g_array_append_val (watch->pidfds, fd);
  g_steal_fd (&fd);
}

static void
add_process (MpWatch *watch,
             pid_t    process)
{
  add_pidfd (watch, syscall (SYS_pidfd_open, process, 0));
}

/* A process of which only the number is known. One that is gone has nothing more to tell, and
 * another that got its number does no harm. */
void
_mp_watch_pid (MpWatch *watch,
               pid_t    pid)
{
  add_process (watch, pid);
  if (watch->error_number == ESRCH)
    watch->error_number = 0;
}

void
_mp_watch_identity (MpWatch *watch,
                    guint64  identity)
{
  if (identity == _mp_identity_get_own ())
    return;
  add_pidfd (watch, _mp_identity_open (identity));
  if (watch->error_number == ESRCH)
    {
      watch->error_number = 0;
      watch->changed = TRUE;
    }
}

/* Returns: -1 with errno set if there is no such thread, or that can't be seen */
static pid_t
process_of_thread (pid_t thread)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) thread);
  mp_autofd int fd = open (path, O_RDONLY | O_CLOEXEC);
  char buffer[1024];
  gssize length = fd >= 0 ? read (fd, buffer, sizeof buffer - 1) : -1;
  const char *at;

  if (length < 0)
    return -1;
  buffer[length] = '\0';
  at = strstr (buffer, "\nTgid:");
  if (at != NULL)
    return atoi (at + strlen ("\nTgid:"));
  errno = ESRCH;
  return -1;
}

/* Watches whoever has the mutex, if it is another process: its release would be rung for, its death
 * is not. Returns: FALSE if nobody has it */
gboolean
_mp_watch_owner (MpWatch         *watch,
                 pthread_mutex_t *mutex)
{
  pid_t thread = _mp_mutex_get_owner (mutex);
  pid_t process = thread != 0 ? process_of_thread (thread) : 0;

  if (thread == 0 || process == getpid ())
    return thread != 0;
  if (process > 0)
    add_process (watch, process);
  else
    watch->error_number = errno;
  /* While it has the mutex it lives, so what is watched is it and no successor in that number. */
  watch->changed |= _mp_mutex_get_owner (mutex) != thread;
  return TRUE;
}

/* Prepares for a sleep. Returns: TRUE if there is nothing to wait for; FALSE with an error if that
 * sleep might never end */
static gboolean
prepare (MpWatch    *watch,
         MpSegment  *segment,
         MpTry       attempt,
         gpointer    data,
         GError    **error)
{
  do
    {
      forget_processes (watch);
      watch->changed = FALSE;
      watch->error_number = 0;
      _mp_segment_listen (segment);
      if (attempt (data, watch) || attempt (data, NULL))
        return TRUE;
    }
  while (watch->changed);
  return watch->error_number != 0 ? set_error (error, watch->error_number) : FALSE;
}

static void
take_events (MpWatch *watch)
{
  struct epoll_event events[16];

  epoll_wait (watch->epoll, events, G_N_ELEMENTS (events), 0);
}

/* Waits for what becomes of @object, until @attempt succeeds. FALSE without an error if @timeout
 * has passed before. */
gboolean
_mp_wait (gpointer   object,
          MpTry      attempt,
          gpointer   data,
          gint64     timeout,
          GError   **error)
{
  MpSegment *segment = _mp_shared_object_get_segment (object);
  gint64 deadline = _mp_deadline_of_timeout (timeout);
  MpWatch watch = { .epoll = -1 };
  g_autoptr (GError) own_error = NULL;
  gboolean done = FALSE;

  for (guint i = 0; i < SPIN; i++)
    {
      if (attempt (data, NULL))
        return TRUE;
      if (timeout == 0)
        return FALSE;
      /* Each look takes the memory away from who is about to change it. */
      for (guint n = 0; n < PAUSE; n++)
        _mp_relax ();
    }

  if (watch_init (&watch, segment, &own_error))
    {
      struct pollfd poll_fd = { .fd = watch.epoll, .events = POLLIN };

      while (!(done = prepare (&watch, segment, attempt, data, &own_error)) && own_error == NULL
             && _mp_poll_until (&poll_fd, deadline))
        take_events (&watch);
    }
  watch_clear (&watch);
  if (own_error != NULL)
    g_propagate_error (error, g_steal_pointer (&own_error));
  return done;
}

/* Not a GTask: the first of those starts a thread, and who has one can't fork any more. */
struct _MpWait
{
  GObject              parent_instance;

  /* Owned */
  GObject             *object;
  GCancellable        *cancellable;
  GError              *error;
  gpointer             data;
  GDestroyNotify       free_data;
  MpWatch              watch;

  /* Borrowed */
  MpSegment           *segment;  /* the object keeps it */
  MpTry                attempt;
  MpWaitEnded          ended;
  GAsyncReadyCallback  callback;
  gpointer             user_data;

  gint64               deadline;  /* -1 for never */
  gboolean             done;
};

static GObject *
mp_wait_get_source_object (GAsyncResult *result)
{
  return g_object_ref (MP_WAIT (result)->object);
}

static gpointer
mp_wait_get_user_data (GAsyncResult *result)
{
  return MP_WAIT (result)->user_data;
}

static void
mp_wait_async_result_init (GAsyncResultIface *iface)
{
  iface->get_source_object = mp_wait_get_source_object;
  iface->get_user_data = mp_wait_get_user_data;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (MpWait, mp_wait, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT,
                                                      mp_wait_async_result_init))

static void
mp_wait_finalize (GObject *object)
{
  MpWait *self = MP_WAIT (object);

  watch_clear (&self->watch);
  g_clear_object (&self->object);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  self->free_data (self->data);

  G_OBJECT_CLASS (mp_wait_parent_class)->finalize (object);
}

static void
mp_wait_class_init (MpWaitClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_wait_finalize;
}

static void
mp_wait_init (MpWait *self)
{
  self->watch.epoll = -1;
}

void
_mp_wait_give_result (MpWait *self)
{
  if (self->callback != NULL)
    self->callback (self->object, G_ASYNC_RESULT (self), self->user_data);
}

static void
end_wait (MpWait *self)
{
  watch_clear (&self->watch);
  if (self->ended != NULL)
    self->ended (self, self->data);
  else
    _mp_wait_give_result (self);
}

static gboolean
has_passed (gint64 deadline)
{
  return deadline >= 0 && g_get_monotonic_time () >= deadline;
}

static gboolean
on_woken (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  MpWait *self = user_data;

  take_events (&self->watch);
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, &self->error))
    {
      self->done = prepare (&self->watch, self->segment, self->attempt, self->data, &self->error);
      if (!self->done && self->error == NULL && !has_passed (self->deadline))
        return G_SOURCE_CONTINUE;
    }
  end_wait (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_ready (gpointer user_data)
{
  end_wait (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
dispatch_parent (GCancellable *cancellable,
                 gpointer      user_data)
{
  return G_SOURCE_CONTINUE;
}

static GSource *
new_source (MpWait *self)
{
  g_autoptr (GSource) child = NULL;
  GSource *source;

  self->done = self->error == NULL
               && prepare (&self->watch, self->segment, self->attempt, self->data,
                           &self->error);
  if (self->done || self->error != NULL)
    {
      source = g_idle_source_new ();
      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, on_ready, g_object_ref (self), g_object_unref);
      return source;
    }

  source = g_unix_fd_source_new (self->watch.epoll, G_IO_IN);
  g_source_set_ready_time (source, self->deadline);
  g_source_set_callback (source, G_SOURCE_FUNC (on_woken), g_object_ref (self), g_object_unref);
  if (self->cancellable != NULL)
    {
      child = g_cancellable_source_new (self->cancellable);
      g_source_set_callback (child, G_SOURCE_FUNC (dispatch_parent), NULL, NULL);
      g_source_add_child_source (source, child);
    }
  return source;
}

/* The same on the thread-default main context, without a thread. Takes @data. When it has come to
 * its end, for whatever reason, @ended is called, or if that is NULL the result given. */
void
_mp_wait_async_full (gpointer             object,
                     MpTry                attempt,
                     gpointer             data,
                     GDestroyNotify       free_data,
                     gint64               timeout,
                     MpWaitEnded          ended,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  g_autoptr (MpWait) self = g_object_new (MP_TYPE_WAIT, NULL);
  g_autoptr (GSource) source = NULL;

  self->object = g_object_ref (object);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->segment = _mp_shared_object_get_segment (object);
  self->attempt = attempt;
  self->data = data;
  self->free_data = free_data;
  self->deadline = _mp_deadline_of_timeout (timeout);
  self->ended = ended;
  self->callback = callback;
  self->user_data = user_data;

  if (!g_cancellable_set_error_if_cancelled (cancellable, &self->error))
    watch_init (&self->watch, self->segment, &self->error);
  source = new_source (self);
  g_source_set_static_name (source, "[libmp] wait for a shared object");
  g_source_attach (source, g_main_context_get_thread_default ());
}

void
_mp_wait_async (gpointer             object,
                MpTry                attempt,
                gpointer             data,
                GDestroyNotify       free_data,
                GCancellable        *cancellable,
                GAsyncReadyCallback  callback,
                gpointer             user_data)
{
  _mp_wait_async_full (object, attempt, data, free_data, -1, NULL, cancellable, callback,
                       user_data);
}

/* Returns: whether the attempt has succeeded. @data is still the result's. */
gboolean
_mp_wait_finish (GAsyncResult  *result,
                 gpointer      *data,
                 GError       **error)
{
  MpWait *self = MP_WAIT (result);

  *data = self->data;
  if (!self->done && self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  return self->done;
}
