/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mp-process.h"

#include "mp-error.h"
#include "mp-exit-private.h"
#include "mp-fd-private.h"
#include "mp-function.h"
#include "mp-poll-private.h"
#include "mp-process-private.h"

typedef gboolean (*Starter) (MpProcess  *self,
                             MpStarted  *started,
                             GError    **error);

static const Starter starters[] = {
  [MP_START_METHOD_FORK] = _mp_start_fork,
  [MP_START_METHOD_SPAWN] = _mp_start_spawn,
  [MP_START_METHOD_FORKSERVER] = _mp_start_forkserver,
};

static gboolean
set_process_error (GError     **error,
                   int          code,
                   const char  *message)
{
  g_set_error_literal (error, MP_ERROR, code, message);
  return FALSE;
}

static gboolean
check_startable (MpProcess  *self,
                 GError    **error)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  if (priv->closed)
    return set_process_error (error, MP_ERROR_CLOSED, "process object is closed");
  if (_mp_process_get_state (priv) != MP_PROCESS_INITIAL)
    return set_process_error (error, MP_ERROR_PROCESS, "cannot start a process twice");
  if (priv->owner != getpid ())
    return set_process_error (error, MP_ERROR_PROCESS,
                              "can only start a process object created by current process");
  if (mp_process_get_daemon (mp_process_get_current ()))
    return set_process_error (error, MP_ERROR_PROCESS,
                              "daemonic processes are not allowed to have children");
  if (priv->function != NULL && mp_function_lookup (priv->function) == NULL)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "No function “%s” is registered: write MP_REGISTER_FUNCTION (%s) after it",
                   priv->function, priv->function);
      return FALSE;
    }
  return TRUE;
}

/**
 * mp_process_start:
 * @self: a process
 * @error: return location for an error
 *
 * Starts the process. By the context it was made with, else by the default start method.
 *
 * The child has `/dev/null` as standard input, no signal blocked or handled, and dies with this
 * process (see [property@Process:death-signal]). Descriptors in the arguments, values of type `h`,
 * must be open until this returns. A failed start leaves nothing behind and may be repeated.
 *
 * Returns: %FALSE with %MP_ERROR_PROCESS if it was started before, was made in another process, or
 *   this process is a daemon; %MP_ERROR_NOT_REGISTERED if there is no such function;
 *   %MP_ERROR_MULTI_THREADED if it would fork a process with several threads; %MP_ERROR_SPAWN if
 *   the system refuses; %MP_ERROR_CLOSED if it, or a descriptor in its arguments, is closed;
 *   %MP_ERROR_FAILED if one of those is a standard one; %MP_ERROR_BAD_MESSAGE if there are more
 *   than 252 and the start method is the forkserver
 */
gboolean
mp_process_start (MpProcess  *self,
                  GError    **error)
{
  MpProcessPrivate *priv;
  MpStarted started;
  MpContext *context;

  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  priv = _mp_process_get_private (self);
  if (!check_startable (self, error))
    return FALSE;

  _mp_children_sweep ();
  _mp_handle_exit ();
  context = priv->context != NULL ? priv->context : mp_context_get_default ();
  if (!starters[mp_context_get_method (context)] (self, &started, error))
    return FALSE;

  _mp_children_add (self, &started);
  return TRUE;
}

static gboolean
check_joinable (MpProcess  *self,
                GError    **error)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  if (priv->closed)
    return set_process_error (error, MP_ERROR_CLOSED, "process object is closed");
  if (self == mp_process_get_parent ())
    return TRUE;
  if (self == mp_process_get_current () || priv->owner != getpid ())
    return set_process_error (error, MP_ERROR_PROCESS, "can only join a child process");
  if (_mp_process_get_state (priv) == MP_PROCESS_INITIAL)
    return set_process_error (error, MP_ERROR_PROCESS, "can only join a started process");
  return TRUE;
}

static gboolean
wait_end (MpProcess  *self,
          int         pidfd,
          gint64      timeout,
          GError    **error)
{
  struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

  if (_mp_poll_until (&poll_fd, _mp_deadline_of_timeout (timeout)))
    return TRUE;

  g_set_error (error, MP_ERROR, MP_ERROR_TIMEOUT, "Process “%s” has not ended within %.6g seconds",
               mp_process_get_name (self), timeout / (double) G_USEC_PER_SEC);
  return FALSE;
}

static gboolean
join_parent (MpProcess  *self,
             gint64      timeout,
             GError    **error)
{
  pid_t pid = _mp_process_get_private (self)->pid;
  mp_autofd int pidfd = syscall (SYS_pidfd_open, pid, 0);
  int error_number = errno;

  /* If it is our parent still, what was opened is it and not its successor in that number. */
  if (getppid () != pid)
    return TRUE;
  if (pidfd >= 0)
    return wait_end (self, pidfd, timeout, error);

  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not watch process “%s”: %s",
               mp_process_get_name (self), g_strerror (error_number));
  return FALSE;
}

/**
 * mp_process_join:
 * @self: a child process, or mp_process_get_parent()
 * @timeout: how long to wait, in microseconds, -1 for ever
 * @error: return location for an error
 *
 * Waits until the process has ended; mp_process_get_exit_code() then tells how. It can't be missed:
 * whoever else waits in this process, the kernel tells all. A signal nobody here sent is a line in
 * the log at %MP_LOG_WARNING, where Python says nothing.
 *
 * Several threads may wait for the same process.
 *
 * Returns: %TRUE if it has ended; %FALSE with %MP_ERROR_TIMEOUT if @timeout has passed (Python does
 *   not tell), with %MP_ERROR_PROCESS if it was not started or is no child of this process,
 *   %MP_ERROR_CLOSED if it is closed, %MP_ERROR_FAILED if there is no descriptor left to watch the
 *   parent with
 */
gboolean
mp_process_join (MpProcess  *self,
                 gint64      timeout,
                 GError    **error)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  if (!check_joinable (self, error))
    return FALSE;
  if (self == mp_process_get_parent ())
    return join_parent (self, timeout, error);

  if (_mp_process_reap (self))
    return TRUE;
  if (!wait_end (self, mp_process_get_sentinel (self), timeout, error))
    return FALSE;
  _mp_process_reap (self);
  return TRUE;
}

/**
 * mp_process_is_alive:
 * @self: a process
 *
 * Tells whether the process runs.
 *
 * Returns: whether it was started and has not ended; %FALSE also for what is no child, parent or
 *   the object of this process
 */
gboolean
mp_process_is_alive (MpProcess *self)
{
  MpProcessPrivate *priv;

  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  priv = _mp_process_get_private (self);
  if (self == mp_process_get_current ())
    return TRUE;
  if (self == mp_process_get_parent ())
    return !priv->closed && getppid () == priv->pid;
  if (priv->closed || _mp_process_get_state (priv) == MP_PROCESS_INITIAL
      || priv->owner != getpid ())
    return FALSE;
  return !_mp_process_reap (self);
}

static gboolean
send_signal (MpProcess  *self,
             int         number,
             GError    **error)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  if (priv->closed)
    return set_process_error (error, MP_ERROR_CLOSED, "process object is closed");
  if (_mp_process_get_state (priv) == MP_PROCESS_INITIAL)
    return set_process_error (error, MP_ERROR_PROCESS,
                              "can only signal a started process: it was not started yet");
  if (priv->owner != getpid ())
    return set_process_error (error, MP_ERROR_PROCESS, "can only signal a child process");
  if (_mp_process_reap (self))
    return TRUE;

  priv->sent_signal = number;
  if (syscall (SYS_pidfd_send_signal, priv->pidfd, number, NULL, 0) < 0 && errno != ESRCH)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not signal process “%s”: %s",
                   priv->name, g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

/**
 * mp_process_terminate:
 * @self: a child process
 * @error: return location for an error
 *
 * Sends `SIGTERM`. Nothing happens if the process has ended. The finalizers of the process do not
 * run. It goes to this process and never to another that got its number.
 *
 * Returns: %FALSE with %MP_ERROR_PROCESS if it was not started (Python fails with an
 *   `AttributeError`) or is no child of this process, %MP_ERROR_CLOSED if it is closed,
 *   %MP_ERROR_FAILED if it has become another user's
 */
gboolean
mp_process_terminate (MpProcess  *self,
                      GError    **error)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  return send_signal (self, SIGTERM, error);
}

/**
 * mp_process_kill:
 * @self: a child process
 * @error: return location for an error
 *
 * Sends `SIGKILL`, otherwise as mp_process_terminate().
 *
 * Returns: %FALSE as mp_process_terminate() does
 */
gboolean
mp_process_kill (MpProcess  *self,
                 GError    **error)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  return send_signal (self, SIGKILL, error);
}

/**
 * mp_process_interrupt:
 * @self: a child process
 * @error: return location for an error
 *
 * Sends `SIGINT`, as Ctrl-C would, otherwise as mp_process_terminate().
 *
 * Returns: %FALSE as mp_process_terminate() does
 */
gboolean
mp_process_interrupt (MpProcess  *self,
                      GError    **error)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  return send_signal (self, SIGINT, error);
}

/**
 * mp_process_close:
 * @self: a process
 * @error: return location for an error
 *
 * Releases what the object holds, its descriptor above all, before the last reference is gone. All
 * that is left to do with it is mp_process_to_string(). To close a second time does nothing.
 *
 * Returns: %FALSE with %MP_ERROR_PROCESS if it is still running
 */
gboolean
mp_process_close (MpProcess  *self,
                  GError    **error)
{
  MpProcessPrivate *priv;

  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  priv = _mp_process_get_private (self);
  if (priv->closed)
    return TRUE;
  if (_mp_process_get_state (priv) != MP_PROCESS_INITIAL && mp_process_is_alive (self))
    return set_process_error (error, MP_ERROR_PROCESS,
                              "Cannot close a process while it is still running. You should first"
                              " call join() or terminate().");

  if (priv->watch != NULL)
    g_source_destroy (priv->watch);
  g_clear_pointer (&priv->watch, g_source_unref);
  _mp_clear_fd (&priv->pidfd);
  g_clear_pointer (&priv->args, g_variant_unref);
  priv->closed = TRUE;
  return TRUE;
}

/**
 * mp_process_get_exit_code:
 * @self: a process
 * @exit_code: (out) (optional): how it ended
 *
 * Asks how a child ended: with the value it gave to exit(), 1 if its function set an error, or
 * minus the number of the signal that ended it. 255 if the status was lost because other code of
 * this program waited for all its children; Python takes such a process for alive for ever.
 *
 * Returns: %TRUE if it has ended, %FALSE if it has not, was not started, or is no child of this
 *   process; @exit_code is not touched then
 */
gboolean
mp_process_get_exit_code (MpProcess *self,
                          int       *exit_code)
{
  MpProcessPrivate *priv;

  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  priv = _mp_process_get_private (self);
  if (priv->closed || _mp_process_get_state (priv) == MP_PROCESS_INITIAL || priv->owner != getpid ()
      || !_mp_process_reap (self))
    return FALSE;

  if (exit_code == NULL)
    return TRUE;
  if (!priv->status_known)
    *exit_code = MP_EXIT_CODE_UNKNOWN;
  else if (WIFSIGNALED (priv->wait_status))
    *exit_code = -WTERMSIG (priv->wait_status);
  else
    *exit_code = WEXITSTATUS (priv->wait_status);
  return TRUE;
}

/**
 * mp_process_get_sentinel:
 * @self: a process
 *
 * Gets a descriptor, a pidfd, that becomes readable when the process ends: for poll(), or a
 * GSource. It is the object's, and open until the object is closed or gone.
 *
 * Returns: the descriptor, -1 if the process was not started or is closed; also if it had ended
 *   before it could be opened, which happens only where `SIGCHLD` is ignored
 */
int
mp_process_get_sentinel (MpProcess *self)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), -1);

  return _mp_process_get_private (self)->pidfd;
}
