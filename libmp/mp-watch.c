/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "mp-watch-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-main-private.h"
#include "mp-mutex-private.h"
#include "mp-poll-private.h"

/*
 * How everything but a lock waits. The bell is watched for edges, so that one ring wakes each
 * sleeper of each process and nobody has to silence it.
 *
 * Nobody is left sleeping by a death: who changes something does it under a mutex, rings before
 * the change, and again after it. A sleeper that was woken by the first ring finds the mutex taken
 * and watches its owner, whose death then wakes it as the second ring would have.
 */

#define START_BITS 40
#define SPIN       200

static guint64 own_identity;

static gboolean
read_proc (pid_t       pid,
           const char *file,
           char       *buffer,
           gsize       size)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", (int) pid, file);
  mp_autofd int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize length = fd >= 0 ? read (fd, buffer, size - 1) : -1;

  buffer[MAX (length, 0)] = '\0';
  return length > 0;
}

/* Returns: 0 if there is no such process */
static guint64
identify (pid_t pid)
{
  char buffer[1024];
  const char *at;
  guint64 start;

  if (!read_proc (pid, "stat", buffer, sizeof buffer))
    return 0;
  /* The 22nd field; the second may hold anything, and ends with the last bracket. */
  at = strrchr (buffer, ')');
  for (guint i = 2; at != NULL && i < 22; i++)
    at = strchr (at + 1, ' ');
  start = at != NULL ? g_ascii_strtoull (at, NULL, 10) : 0;
  return (guint64) pid << START_BITS | (start & (((guint64) 1 << START_BITS) - 1));
}

static void
forget_identity (void)
{
  own_identity = 0;
}

static void
after_fork (gpointer user_data)
{
  forget_identity ();
}

__attribute__ ((constructor)) static void
register_after_fork (void)
{
  /* Not every child comes from fork(), and not every fork() is ours. */
  pthread_atfork (NULL, NULL, forget_identity);
  _mp_after_fork_add (after_fork, NULL);
}

guint64
_mp_identity_get_own (void)
{
  guint64 identity = __atomic_load_n (&own_identity, __ATOMIC_RELAXED);

  if (G_UNLIKELY (identity == 0))
    {
      identity = identify (getpid ());
      __atomic_store_n (&own_identity, identity, __ATOMIC_RELAXED);
    }
  return identity;
}

/* Returns: a descriptor that is readable when the process has ended, -1 if it has */
static int
open_identity (guint64 identity)
{
  pid_t pid = identity >> START_BITS;
  mp_autofd int fd = syscall (SYS_pidfd_open, pid, 0);

  if (fd < 0 || identify (pid) != identity)
    return -1;
  return g_steal_fd (&fd);
}

gboolean
_mp_identity_is_alive (guint64 identity)
{
  struct pollfd poll_fd = { .events = POLLIN };
  mp_autofd int fd = identity == _mp_identity_get_own () ? -1 : open_identity (identity);

  if (identity == _mp_identity_get_own ())
    return TRUE;
  poll_fd.fd = fd;
  return fd >= 0 && poll (&poll_fd, 1, 0) == 0;
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

  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not wait: %s", g_strerror (errno));
  return FALSE;
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

/* Takes @fd. One that is not open stands for a process that has ended already. */
static void
add_pidfd (MpWatch *watch,
           int      fd)
{
  struct epoll_event event = { .events = EPOLLIN };

  if (fd < 0)
    watch->ended = TRUE;
  else if (epoll_ctl (watch->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
    g_array_append_val (watch->pidfds, fd);
  else
    close (fd);
}

void
_mp_watch_process (MpWatch *watch,
                   guint64  identity)
{
  if (identity != _mp_identity_get_own ())
    add_pidfd (watch, open_identity (identity));
}

static pid_t
process_of_thread (pid_t thread)
{
  char buffer[1024];
  const char *at;

  if (!read_proc (thread, "status", buffer, sizeof buffer))
    return 0;
  at = strstr (buffer, "\nTgid:");
  return at != NULL ? atoi (at + strlen ("\nTgid:")) : 0;
}

/* Watches whoever has the mutex, if it is another process: its release would be rung for, its death
 * is not. */
void
_mp_watch_owner (MpWatch         *watch,
                 pthread_mutex_t *mutex)
{
  pid_t thread = _mp_mutex_get_owner (mutex);
  pid_t process = thread != 0 ? process_of_thread (thread) : 0;

  if (thread == 0 || process == getpid ())
    return;
  add_pidfd (watch, process > 0 ? syscall (SYS_pidfd_open, process, 0) : -1);
}

/* Prepares for a sleep. Returns: TRUE if there is nothing to wait for */
static gboolean
prepare (MpWatch   *watch,
         MpSegment *segment,
         MpTry      attempt,
         gpointer   data)
{
  do
    {
      forget_processes (watch);
      watch->ended = FALSE;
      _mp_segment_listen (segment);
      if (attempt (data, watch))
        return TRUE;
    }
  while (watch->ended);
  return FALSE;
}

static void
take_events (MpWatch *watch)
{
  struct epoll_event events[16];

  epoll_wait (watch->epoll, events, G_N_ELEMENTS (events), 0);
}

/* Waits until @attempt succeeds. FALSE without an error if @timeout has passed before. */
gboolean
_mp_wait (MpSegment  *segment,
          MpTry       attempt,
          gpointer    data,
          gint64      timeout,
          GError    **error)
{
  gint64 deadline = _mp_deadline_of_timeout (timeout);
  MpWatch watch = { -1, NULL, FALSE };
  gboolean done = FALSE;

  for (guint i = 0; i < SPIN; i++)
    {
      if (attempt (data, NULL))
        return TRUE;
      if (timeout == 0)
        return FALSE;
    }

  if (watch_init (&watch, segment, error))
    {
      struct pollfd poll_fd = { .fd = watch.epoll, .events = POLLIN };

      while (!(done = prepare (&watch, segment, attempt, data))
             && _mp_poll_until (&poll_fd, deadline))
        take_events (&watch);
    }
  watch_clear (&watch);
  return done;
}

typedef struct
{
  GSource    source;

  /* Owned */
  GTask     *task;
  MpWatch    watch;

  /* Borrowed, the task's object keeps it */
  MpSegment *segment;
  MpTry      attempt;
} WaitSource;

static gboolean
wait_source_dispatch (GSource     *source,
                      GSourceFunc  callback,
                      gpointer     user_data)
{
  WaitSource *self = (WaitSource *) source;

  take_events (&self->watch);
  if (g_task_return_error_if_cancelled (self->task))
    return G_SOURCE_REMOVE;
  if (!prepare (&self->watch, self->segment, self->attempt, g_task_get_task_data (self->task)))
    return G_SOURCE_CONTINUE;

  g_task_return_boolean (self->task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
wait_source_finalize (GSource *source)
{
  WaitSource *self = (WaitSource *) source;

  watch_clear (&self->watch);
  g_clear_object (&self->task);
}

static GSourceFuncs wait_source_funcs = {
  .dispatch = wait_source_dispatch,
  .finalize = wait_source_finalize,
};

static gboolean
dispatch_again (GCancellable *cancellable,
                gpointer      user_data)
{
  return G_SOURCE_CONTINUE;
}

/* The same on the main context of the task, without a thread: the task returns TRUE when @attempt,
 * called with its data, has succeeded. Takes @task. */
void
_mp_wait_async (GTask     *task,
                MpSegment *segment,
                MpTry      attempt)
{
  WaitSource *self = (WaitSource *) g_source_new (&wait_source_funcs, sizeof (WaitSource));
  g_autoptr (GSource) source = &self->source;
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;

  self->task = task;
  self->segment = segment;
  self->attempt = attempt;
  self->watch = (MpWatch) { -1, NULL, FALSE };
  g_source_set_static_name (source, "[libmp] wait for a shared object");
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!watch_init (&self->watch, segment, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (prepare (&self->watch, segment, attempt, g_task_get_task_data (task)))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  if (cancellable != NULL)
    {
      g_autoptr (GSource) child = g_cancellable_source_new (cancellable);

      g_source_set_callback (child, G_SOURCE_FUNC (dispatch_again), NULL, NULL);
      g_source_add_child_source (source, child);
    }
  g_source_add_unix_fd (source, self->watch.epoll, G_IO_IN);
  g_source_set_priority (source, g_task_get_priority (task));
  g_source_attach (source, g_task_get_context (task));
}
