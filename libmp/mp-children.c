/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>

#include "mp-process.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-forkserver-private.h"
#include "mp-log.h"
#include "mp-process-private.h"
#include "mp-signals-private.h"

/* Those that were started and not yet seen to have ended, oldest first; each link has a ref. The
 * lock guards the queue and the state of the processes, and with it who waits for whom. */
static GQueue children = G_QUEUE_INIT;
static GMutex children_lock;
/* When this many are there it is time to look for ended ones: keeps starting linear. */
static guint sweep_at = 16;

static void
log_death (MpProcess *self)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);
  g_autofree char *name = NULL;
  int number;

  if (priv->worker || !priv->status_known || !WIFSIGNALED (priv->wait_status))
    return;
  number = WTERMSIG (priv->wait_status);
  if (number == priv->sent_signal)
    return;

  name = _mp_signal_to_string (number);
  mp_log (MP_LOG_WARNING, "process %s (pid %d) killed by %s", priv->name, (int) priv->pid, name);
}

static void
store_status (MpProcessPrivate *priv,
              const siginfo_t  *info)
{
  priv->status_known = TRUE;
  priv->wait_status = info->si_code == CLD_EXITED
                        ? W_EXITCODE (info->si_status, 0)
                        : W_EXITCODE (0, info->si_status)
                            | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* Looks whether @self has ended; the first to see it takes it out of the children. Never waits. */
gboolean
_mp_process_reap (MpProcess *self)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);
  siginfo_t info = { 0 };
  gboolean ended_now = FALSE;
  gboolean ended;

  g_mutex_lock (&children_lock);
  if (_mp_process_get_state (priv) == MP_PROCESS_STARTED)
    {
      int result = waitid (P_PIDFD, priv->pidfd, &info, WEXITED | WNOHANG);

      if (result == 0 && info.si_pid != 0)
        store_status (priv, &info);
      /* With ECHILD there is no such child any more: ended, and somebody took its status. */
      ended_now = (result == 0 && info.si_pid != 0) || (result < 0 && errno == ECHILD);
      if (ended_now)
        {
          _mp_process_set_state (priv, MP_PROCESS_ENDED);
          g_queue_unlink (&children, &priv->link);
        }
    }
  ended = _mp_process_get_state (priv) == MP_PROCESS_ENDED;
  g_mutex_unlock (&children_lock);

  if (ended_now)
    {
      log_death (self);
      g_object_unref (self);
    }
  return ended;
}

/* Copies the children, so that what happens to them meanwhile does not matter. */
static GPtrArray *
dup_children (void)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&children_lock);
  for (GList *l = children.head; l != NULL; l = l->next)
    g_ptr_array_add (copy, g_object_ref (l->data));
  g_mutex_unlock (&children_lock);

  return copy;
}

/* Returns: (transfer full): the pids of all processes that libmp started from this one */
GArray *
_mp_process_list_children (void)
{
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
  pid_t forkserver = _mp_forkserver_get_pid ();

  if (forkserver > 0)
    g_array_append_val (pids, forkserver);
  g_mutex_lock (&children_lock);
  for (GList *l = children.head; l != NULL; l = l->next)
    g_array_append_val (pids, _mp_process_get_private (l->data)->pid);
  g_mutex_unlock (&children_lock);
  return pids;
}

/* Whether any were started and not yet seen to have ended. */
gboolean
_mp_children_exist (void)
{
  gboolean any;

  g_mutex_lock (&children_lock);
  any = children.length > 0;
  g_mutex_unlock (&children_lock);
  return any;
}

/* Before another one is started. */
void
_mp_children_sweep (void)
{
  g_autoptr (GPtrArray) alive = NULL;
  gboolean many;

  g_mutex_lock (&children_lock);
  many = children.length >= sweep_at;
  g_mutex_unlock (&children_lock);
  if (!many)
    return;

  alive = mp_active_children ();
  g_mutex_lock (&children_lock);
  sweep_at = MAX (16, 2 * alive->len);
  g_mutex_unlock (&children_lock);
}

/* In a forked child: they are the children of another process. */
void
_mp_children_after_fork (void)
{
  GList *l;

  g_mutex_init (&children_lock);
  while ((l = g_queue_pop_head_link (&children)) != NULL)
    {
      MpProcess *sibling = l->data;
      MpProcessPrivate *priv = _mp_process_get_private (sibling);

      if (priv->watch != NULL)
        {
          g_source_destroy (priv->watch);
          g_clear_pointer (&priv->watch, g_source_unref);
        }
      _mp_clear_fd (&priv->pidfd);
      /* Their memory stays: the program may have pointers to them. */
    }
  sweep_at = 16;
}

/* Gets hold of a child of which only the number is known. On failure it is no more. */
gboolean
_mp_child_open (pid_t       pid,
                MpStarted  *started,
                GError    **error)
{
  started->pid = pid;
  started->pidfd = syscall (SYS_pidfd_open, pid, 0);
  /* Without a process of that number it has ended, and this program does not keep zombies. */
  if (started->pidfd >= 0 || errno == ESRCH)
    return TRUE;

  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not get hold of a new process: %s",
               g_strerror (errno));
  _mp_child_discard (pid);
  return FALSE;
}

/* Ends a child that nobody is to hear of. Its number is its own until it was waited for. */
void
_mp_child_discard (pid_t pid)
{
  kill (pid, SIGKILL);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}

static gboolean
on_end (gpointer user_data)
{
  MpProcess *self = user_data;
  MpProcessPrivate *priv = _mp_process_get_private (self);
  g_autoptr (GSource) watch = g_steal_pointer (&priv->watch);

  _mp_process_reap (self);
  priv->told = TRUE;
  g_signal_emit_by_name (self, "terminated");
  return G_SOURCE_REMOVE;
}

static gboolean
on_pidfd_ready (int          fd,
                GIOCondition condition,
                gpointer     user_data)
{
  return on_end (user_data);
}

static void
add_watch (MpProcess *self)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  priv->watch = priv->pidfd >= 0 ? g_unix_fd_source_new (priv->pidfd, G_IO_IN)
                                 : g_idle_source_new ();
  g_source_set_priority (priv->watch, G_PRIORITY_DEFAULT);
  g_source_set_static_name (priv->watch, "[libmp] process end");
  g_source_set_callback (priv->watch,
                         priv->pidfd >= 0 ? G_SOURCE_FUNC (on_pidfd_ready) : on_end,
                         g_object_ref (self), g_object_unref);
  g_source_attach (priv->watch, g_main_context_get_thread_default ());
}

/* What a start method made becomes a child of this process. */
void
_mp_children_add (MpProcess       *self,
                  const MpStarted *started)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  g_mutex_lock (&children_lock);
  priv->pid = started->pid;
  priv->pidfd = started->pidfd;
  _mp_process_set_state (priv, started->pidfd >= 0 ? MP_PROCESS_STARTED : MP_PROCESS_ENDED);
  if (_mp_process_get_state (priv) == MP_PROCESS_STARTED)
    {
      g_object_ref (self);
      g_queue_push_tail_link (&children, &priv->link);
    }
  g_mutex_unlock (&children_lock);

  g_clear_pointer (&priv->args, g_variant_unref);
  if (g_signal_has_handler_pending (self, g_signal_lookup ("terminated", MP_TYPE_PROCESS), 0, TRUE))
    add_watch (self);
}

/**
 * mp_process_watch:
 * @self: a child process that was started
 *
 * Has [signal@Process::terminated] emitted in the main context that is thread-default now, for
 * handlers that are connected after the start. Those connected before need no call. Costs a
 * descriptor source until the process ends. Does nothing if it was emitted already.
 */
void
mp_process_watch (MpProcess *self)
{
  MpProcessPrivate *priv;

  g_return_if_fail (MP_IS_PROCESS (self));

  priv = _mp_process_get_private (self);
  g_return_if_fail (priv->owner == getpid () && _mp_process_get_state (priv) != MP_PROCESS_INITIAL);
  g_return_if_fail (!priv->closed);

  if (priv->watch == NULL && !priv->told)
    add_watch (self);
}

/* The status of a process that has ended, as waitpid() gives it. */
int
_mp_process_get_wait_status (MpProcess *self)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  g_assert (_mp_process_get_state (priv) == MP_PROCESS_ENDED);

  return priv->status_known ? priv->wait_status : W_EXITCODE (MP_EXIT_CODE_UNKNOWN, 0);
}

/**
 * mp_active_children:
 *
 * Lists the children that have not ended, the oldest first. Those that have are no zombies any more
 * afterwards.
 *
 * Returns: (transfer container) (element-type MpProcess): the children
 */
GPtrArray *
mp_active_children (void)
{
  g_autoptr (GPtrArray) all = dup_children ();
  GPtrArray *alive = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < all->len; i++)
    {
      if (!_mp_process_reap (all->pdata[i]))
        g_ptr_array_add (alive, g_object_ref (all->pdata[i]));
    }

  return alive;
}
