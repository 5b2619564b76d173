/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "mp-command.h"

#include "mp-command-private.h"
#include "mp-error.h"
#include "mp-process-private.h"
#include "mp-signals-private.h"

#define STANDARD_SIGNALS 31

/* What the child is told, and, in the last two, what it tells. */
typedef struct
{
  const char     *program;
  char          **argv;
  char          **envp;
  const char     *cwd;
  pid_t          *slot;
  pid_t           parent;
  int             fds[3];
  int             nice;
  gboolean        has_nice;
  int             last_signal;
  MpCommandStep   step;
  int             error_number;
} Launch;

/* The process that has declared its children to be commands; a fork of it has not. */
static pid_t subreaper;

static void MP_IN_CHILD
fail (Launch        *launch,
      MpCommandStep  step)
{
  launch->step = step;
  launch->error_number = errno;
  if (launch->slot != NULL)
    *launch->slot = 0;
  syscall (SYS_exit_group, 127);
  __builtin_unreachable ();
}

static void MP_IN_CHILD
take_descriptors (Launch *launch)
{
  for (int i = 0; i < 3; i++)
    {
      if (launch->fds[i] > 2)
        continue;
      launch->fds[i] = syscall (SYS_fcntl, launch->fds[i], F_DUPFD, 3);
      if (launch->fds[i] < 0)
        fail (launch, MP_COMMAND_STEP_PIPE);
    }
  for (int i = 0; i < 3; i++)
    {
      if (syscall (SYS_dup3, launch->fds[i], i, 0) < 0)
        fail (launch, MP_COMMAND_STEP_PIPE);
    }
  syscall (SYS_close_range, 3, ~0U, 0);
}

static int MP_IN_CHILD
run_child (void *data)
{
  Launch *launch = data;

  setsid ();
  /* Whoever died before this line is not told: look. */
  syscall (SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (syscall (SYS_getppid) != launch->parent)
    syscall (SYS_exit_group, 127);

  take_descriptors (launch);
  if (launch->cwd != NULL && syscall (SYS_chdir, launch->cwd) < 0)
    fail (launch, MP_COMMAND_STEP_CWD);
  if (launch->has_nice && syscall (SYS_setpriority, PRIO_PROCESS, 0, launch->nice) < 0)
    fail (launch, MP_COMMAND_STEP_NICE);
  _mp_reset_signals (launch->last_signal, 0);
  syscall (SYS_execve, launch->program, launch->argv, launch->envp);
  fail (launch, MP_COMMAND_STEP_EXECUTE);
  return 127;
}

static gboolean
make_stack (MpCommand *self)
{
  if (self->stack != NULL)
    return TRUE;

  self->stack = mmap (NULL, MP_COMMAND_STACK_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (self->stack == MAP_FAILED)
    self->stack = NULL;
  return self->stack != NULL;
}

static pid_t
clone_child (MpCommand *self,
             Launch    *launch,
             int       *pidfd)
{
  sigset_t all, old;
  pid_t pid;
  int error_number;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &old);
  /* The system writes to the slot before the child can be stopped: nobody else might know of it. */
  pid = clone (run_child, (char *) self->stack + MP_COMMAND_STACK_SIZE,
               CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD
                 | (launch->slot != NULL ? CLONE_CHILD_SETTID : 0),
               launch, pidfd, NULL, launch->slot);
  error_number = errno;
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  errno = error_number;
  return pid;
}

/* Starts the program and leaves no trace if that fails. Why is in @error_number. */
gboolean
_mp_command_launch (MpCommand  *self,
                    const int   fds[3],
                    pid_t      *pid,
                    int        *pidfd,
                    int        *error_number,
                    GError    **error)
{
  Launch launch = {
    .argv = (char **) self->argv->pdata,
    .envp = _mp_command_get_environ (self),
    .cwd = self->cwd,
    .slot = self->pid_slot,
    .parent = getpid (),
    .fds = { fds[0], fds[1], fds[2] },
    .nice = self->nice,
    .has_nice = self->has_nice,
    .last_signal = self->resets_realtime ? MP_LAST_SIGNAL : STANDARD_SIGNALS,
  };
  pid_t child;
  int child_pidfd = -1;

  launch.program = _mp_command_find_program (self, error_number, error);
  if (launch.program == NULL)
    return FALSE;

  child = make_stack (self) ? clone_child (self, &launch, &child_pidfd) : -1;
  if (child < 0)
    {
      *error_number = errno;
      _mp_command_set_error (self, MP_COMMAND_STEP_PROCESS, errno, error);
      return FALSE;
    }
  if (launch.step != MP_COMMAND_STEP_NONE)
    {
      _mp_child_discard (child);
      close (child_pidfd);
      *error_number = launch.error_number;
      _mp_command_set_error (self, launch.step, launch.error_number, error);
      /* It may have moved: search again the next time. */
      _mp_command_forget_program (self);
      return FALSE;
    }

  *pid = child;
  *pidfd = child_pidfd;
  return TRUE;
}

/* Whether this process has changed what a real-time signal does. To look, or to reset them all, for
 * each run costs a hundredth of it. */
gboolean
_mp_command_uses_realtime (void)
{
  struct sigaction action;

  for (int i = STANDARD_SIGNALS + 1; i < NSIG; i++)
    {
      /* The C library hides its own. */
      if (sigaction (i, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
        return TRUE;
    }

  return FALSE;
}

/* Returns 0 or errno. */
int
_mp_command_open_pipe (int fds[2])
{
  return pipe2 (fds, O_CLOEXEC) == 0 && _mp_fds_above_standard (fds) ? 0 : errno;
}

/* `/dev/null`, opened once. Returns 0 or errno. */
int
_mp_command_open_null (MpCommand *self)
{
  if (self->null_fd >= 0)
    return 0;

  self->null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  return self->null_fd < 0 ? errno : 0;
}

/**
 * mp_command_start:
 * @self: a command
 * @fds: (array fixed-size=3): standard input, output and error of the program, -1 for `/dev/null`
 * @pid: (out): its process, session and process group
 * @pidfd: (out): a descriptor that is readable when it has ended; the caller's to close
 * @error: return location for an error
 *
 * Starts the program and returns. To wait for it, to end it and to clear the pid slot is up to the
 * caller, who may leave it to mp_command_stop(); timeout, output limit and the descriptors to watch
 * have no meaning here.
 *
 * Returns: %FALSE with %MP_ERROR_SPAWN, and `errno` as the cause, if it could not be executed;
 *   nothing runs then
 */
gboolean
mp_command_start (MpCommand  *self,
                  const int   fds[3],
                  pid_t      *pid,
                  int        *pidfd,
                  GError    **error)
{
  int child_fds[3];
  int error_number;
  gboolean started;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (pid != NULL && pidfd != NULL, FALSE);

  error_number = _mp_command_open_null (self);
  if (error_number != 0)
    {
      _mp_command_set_error (self, MP_COMMAND_STEP_PIPE, error_number, error);
      errno = error_number;
      return FALSE;
    }
  for (int i = 0; i < 3; i++)
    child_fds[i] = fds[i] >= 0 ? fds[i] : self->null_fd;

  started = _mp_command_launch (self, child_fds, pid, pidfd, &error_number, error);
  if (!started)
    errno = error_number;
  return started;
}

/**
 * mp_command_become_subreaper:
 * @error: return location for an error
 *
 * Declares that this process has no other children than those of its commands. From now on even a
 * process that a command made a daemon comes back to this one when its parent ends, so each run
 * ends with all of them gone. Not inherited by fork.
 *
 * Returns: %FALSE with %MP_ERROR_FAILED if the system refuses
 */
gboolean
mp_command_become_subreaper (GError **error)
{
  if (prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                   "Could not become the parent of what commands leave behind: %s",
                   g_strerror (errno));
      return FALSE;
    }

  subreaper = getpid ();
  return TRUE;
}

gboolean
_mp_command_is_subreaper (void)
{
  return subreaper != 0 && subreaper == getpid ();
}
