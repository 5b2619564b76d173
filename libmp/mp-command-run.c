/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "mp-command.h"

#include "mp-command-private.h"
#include "mp-error.h"
#include "mp-process-tree-private.h"

#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

/* From SIGTERM to SIGKILL. */
#define GRACE (NSEC_PER_SEC / 2)

typedef enum
{
  PHASE_RUNNING,
  PHASE_TERMINATING,  /* has got SIGTERM */
  PHASE_KILLED,
} Phase;

/* The end comes first: what poll() then says of the pipes includes all the program has written. */
enum
{
  AT_END,
  AT_OUT,
  AT_ERR,
  AT_OWNER,
  AT_CANCEL,
  AT_STDIN,
  N_AT
};

typedef struct
{
  MpCommand       *command;
  MpCommandResult *result;
  Phase            phase;
  pid_t            pid;
  int              pidfd;
  int              stdin_fd;       /* our end, while there is more to write */
  gsize            stdin_written;
  gint64           start;
  gint64           deadline;       /* G_MAXINT64 for none */
  gint64           next_check;     /* G_MAXINT64 for never */
  gint64           paused;         /* what the pauses were when @deadline was set */
  GArray          *terminated;     /* who got SIGTERM */
  gboolean         subreaper;
  gboolean         sigpipe_blocked;
  sigset_t         signals;
} Run;

static gint64
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

/* Writes what fits. A program that does not read on is no error. */
static void
feed (Run *run)
{
  GByteArray *data = run->command->stdin_data;

  while (run->stdin_written < data->len)
    {
      gssize n = write (run->stdin_fd, data->data + run->stdin_written,
                        data->len - run->stdin_written);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0)
        break;
      run->stdin_written += n;
    }
  _mp_clear_fd (&run->stdin_fd);
}

/* Most input fits into the pipe and is written before there is a reader to wait for. */
static int
open_stdin (Run *run,
            int *child_fd)
{
  sigset_t sigpipe;
  int fds[2];
  int error_number;

  if (!run->command->has_stdin)
    {
      error_number = _mp_command_open_null (run->command);
      *child_fd = run->command->null_fd;
      return error_number;
    }

  error_number = _mp_command_open_pipe (fds);
  if (error_number != 0)
    return error_number;
  *child_fd = fds[0];
  run->stdin_fd = fds[1];
  fcntl (run->stdin_fd, F_SETFL, O_NONBLOCK);
  feed (run);
  if (run->stdin_fd >= 0)
    {
      sigemptyset (&sigpipe);
      sigaddset (&sigpipe, SIGPIPE);
      pthread_sigmask (SIG_BLOCK, &sigpipe, &run->signals);
      run->sigpipe_blocked = TRUE;
    }
  return 0;
}

/* Takes back the SIGPIPE that a program which does not read has caused. */
static void
restore_sigpipe (Run *run)
{
  struct timespec zero = { 0, 0 };
  sigset_t sigpipe;

  if (!run->sigpipe_blocked)
    return;

  sigemptyset (&sigpipe);
  sigaddset (&sigpipe, SIGPIPE);
  if (!sigismember (&run->signals, SIGPIPE))
    sigtimedwait (&sigpipe, NULL, &zero);
  pthread_sigmask (SIG_SETMASK, &run->signals, NULL);
}

static gboolean
is_shortage (int error_number)
{
  return error_number == EAGAIN || error_number == ENOMEM ||
         error_number == EMFILE || error_number == ENFILE;
}

static void
set_not_run (Run *run,
             int  error_number)
{
  run->result->end = is_shortage (error_number) ? MP_COMMAND_NO_RESOURCES
                                                : MP_COMMAND_NOT_EXECUTED;
  run->result->error_number = error_number;
}

static gboolean
start (Run     *run,
       GError **error)
{
  MpCommand *command = run->command;
  int fds[3] = { -1, -1, -1 };
  int error_number;
  gboolean started;

  error_number = _mp_command_output_open (&command->out);
  if (error_number == 0)
    error_number = _mp_command_output_open (&command->err);
  if (error_number == 0)
    error_number = open_stdin (run, &fds[0]);
  if (error_number != 0)
    {
      set_not_run (run, error_number);
      _mp_command_set_error (command, MP_COMMAND_STEP_PIPE, error_number, error);
      return FALSE;
    }

  fds[1] = command->out.write_fd;
  fds[2] = command->err.write_fd;
  run->result->start_time = g_get_real_time ();
  run->start = now ();
  started = _mp_command_launch (command, fds, &run->pid, &run->pidfd, &error_number, error);
  if (!started)
    set_not_run (run, error_number);

  if (command->has_stdin && fds[0] >= 0)
    close (fds[0]);
  return started;
}

static void
terminate (Run          *run,
           MpCommandEnd  end)
{
  run->phase = PHASE_TERMINATING;
  run->result->end = end;
  run->deadline = now () + GRACE;
  run->terminated = _mp_process_array_new ();
  _mp_command_terminate (run->pid, run->terminated);
}

static void
kill_all (Run          *run,
          MpCommandEnd  end)
{
  if (run->phase == PHASE_RUNNING)
    run->result->end = end;
  run->phase = PHASE_KILLED;
  run->deadline = G_MAXINT64;

  _mp_kill_tree (run->pid);
  kill (-run->pid, SIGKILL);
  for (guint i = 0; run->terminated != NULL && i < run->terminated->len; i++)
    _mp_process_info_signal (&g_array_index (run->terminated, MpProcessInfo, i), SIGKILL);
}

/* Whoever paused us added that to the count before letting us go on. */
static gboolean
was_paused (Run *run)
{
  const gint64 *count = run->command->paused_time;
  gint64 paused = count != NULL ? __atomic_load_n (count, __ATOMIC_ACQUIRE) : 0;

  if (paused == run->paused)
    return FALSE;

  run->deadline += paused - run->paused;
  run->paused = paused;
  return TRUE;
}

static void
check_deadline (Run *run)
{
  if (run->deadline > now ())
    return;

  if (run->phase == PHASE_TERMINATING)
    kill_all (run, run->result->end);
  else if (!was_paused (run))
    terminate (run, MP_COMMAND_TIMEOUT);
}

static void
check (Run *run)
{
  MpCommand *command = run->command;
  MpCommandEnd end;

  if (run->next_check > now ())
    return;
  if (run->phase != PHASE_RUNNING)
    {
      run->next_check = G_MAXINT64;
      return;
    }

  end = command->check_func (run->pid, command->check_data);
  if (end == MP_COMMAND_TIMEOUT)
    terminate (run, end);
  else if (end == MP_COMMAND_REFUSED)
    kill_all (run, end);
  run->next_check = run->phase == PHASE_RUNNING ? now () + command->check_interval * 1000
                                                : G_MAXINT64;
}

static void
lose_output (Run *run)
{
  run->result->error_number = errno;
  if (run->phase != PHASE_KILLED)
    kill_all (run, MP_COMMAND_RESULT_LOST);
  run->result->end = MP_COMMAND_RESULT_LOST;
}

static int
poll_run (Run           *run,
          struct pollfd *fds)
{
  MpCommand *command = run->command;
  struct timespec timeout;
  gint64 left;

  fds[AT_END] = (struct pollfd) { .fd = run->pidfd, .events = POLLIN };
  fds[AT_OUT] = (struct pollfd) { .fd = command->out.read_fd, .events = POLLIN };
  fds[AT_ERR] = (struct pollfd) { .fd = command->err.read_fd, .events = POLLIN };
  fds[AT_OWNER] = (struct pollfd) { .fd = command->owner_fd, .events = POLLIN };
  fds[AT_CANCEL] = (struct pollfd) { .fd = command->cancel_fd, .events = POLLIN };
  fds[AT_STDIN] = (struct pollfd) { .fd = run->stdin_fd, .events = POLLOUT };
  if (run->phase != PHASE_RUNNING)
    fds[AT_CANCEL].events = 0;
  if (run->phase == PHASE_KILLED)
    fds[AT_OWNER].fd = fds[AT_CANCEL].fd = -1;

  left = MIN (run->deadline, run->next_check);
  if (left == G_MAXINT64)
    return ppoll (fds, N_AT, NULL, NULL);
  left = MAX (left - now (), 0);
  timeout.tv_sec = left / NSEC_PER_SEC;
  timeout.tv_nsec = left % NSEC_PER_SEC;
  return ppoll (fds, N_AT, &timeout, NULL);
}

/* Until the main process has ended; @fds says what is left in the pipes. */
static void
follow (Run            *run,
        struct pollfd  *fds,
        GError        **error)
{
  MpCommand *command = run->command;

  for (;;)
    {
      gboolean kept = TRUE;
      int n = poll_run (run, fds);

      if (n > 0 && fds[AT_END].revents != 0)
        return;

      if (n > 0)
        {
          if (fds[AT_OUT].revents != 0)
            kept = _mp_command_output_read (&command->out, command, error);
          if (kept && fds[AT_ERR].revents != 0)
            kept = _mp_command_output_read (&command->err, command, error);
          if (!kept)
            {
              lose_output (run);
              _mp_command_output_close (&command->out);
              _mp_command_output_close (&command->err);
            }
          if (fds[AT_STDIN].revents != 0)
            feed (run);
          if (fds[AT_OWNER].revents != 0 || (fds[AT_CANCEL].revents & ~POLLIN) != 0)
            kill_all (run, MP_COMMAND_CANCELLED);
          else if (fds[AT_CANCEL].revents != 0 && run->phase == PHASE_RUNNING)
            terminate (run, MP_COMMAND_CANCELLED);
        }
      check_deadline (run);
      check (run);
    }
}

/* Nothing of the command may be left. Whether there was something. */
static gboolean
end_rest (Run *run)
{
  gboolean any = FALSE;
  siginfo_t info;

  if (!run->subreaper)
    return TRUE;

  /* All that descends from the command is our child now, or the child of one. */
  for (;;)
    {
      info.si_pid = 0;
      if (waitid (P_ALL, 0, &info, WEXITED | WNOHANG) < 0)
        return any;
      if (info.si_pid == 0)
        break;
      any = TRUE;
    }

  _mp_kill_orphans (NULL, 0);
  return TRUE;
}

static gboolean
reap (Run     *run,
      GError **error)
{
  MpCommandResult *result = run->result;
  struct rusage usage;
  pid_t pid;

  /* The others that were asked to end have their time too. */
  if (run->phase == PHASE_TERMINATING)
    _mp_wait_processes (run->terminated, run->deadline / 1000);
  /* Its number, and that of its group, are its own until the line after this. */
  if (run->phase != PHASE_RUNNING)
    kill_all (run, result->end);
  else if (!run->subreaper)
    kill (-run->pid, SIGKILL);

  do
    pid = wait4 (run->pid, &result->wait_status, 0, &usage);
  while (pid < 0 && errno == EINTR);
  if (pid < 0)
    {
      result->end = MP_COMMAND_RESULT_LOST;
      result->error_number = errno;
      g_set_error (error, MP_ERROR, MP_ERROR_PROCESS,
                   "How “%s” ended is lost: this process ignores SIGCHLD, or waits elsewhere",
                   (const char *) g_ptr_array_index (run->command->argv, 0));
      return FALSE;
    }

  if (run->phase == PHASE_RUNNING)
    result->end = WIFSIGNALED (result->wait_status) ? MP_COMMAND_SIGNALED : MP_COMMAND_EXITED;
  result->user_time = usage.ru_utime.tv_sec * G_USEC_PER_SEC + usage.ru_utime.tv_usec;
  result->system_time = usage.ru_stime.tv_sec * G_USEC_PER_SEC + usage.ru_stime.tv_usec;
  result->max_rss = (gint64) usage.ru_maxrss * 1024;
  return TRUE;
}

static gboolean
finish (Run            *run,
        struct pollfd  *fds,
        GError        **error)
{
  MpCommand *command = run->command;
  gboolean known, rest, kept = TRUE;

  run->result->duration = now () - run->start;
  known = reap (run, error);
  rest = end_rest (run);
  if (command->pid_slot != NULL)
    __atomic_store_n (command->pid_slot, 0, __ATOMIC_RELEASE);
  if (!known)
    return FALSE;

  if (rest || fds[AT_OUT].revents & POLLIN)
    kept = _mp_command_output_drain (&command->out, command, error);
  if (kept && (rest || fds[AT_ERR].revents & POLLIN))
    kept = _mp_command_output_drain (&command->err, command, error);
  if (!kept)
    lose_output (run);
  return kept;
}

static void
clear_run (Run *run)
{
  _mp_clear_fd (&run->stdin_fd);
  _mp_clear_fd (&run->pidfd);
  _mp_command_output_close (&run->command->out);
  _mp_command_output_close (&run->command->err);
  g_clear_pointer (&run->terminated, g_array_unref);
  restore_sigpipe (run);
}

static MpCommandText
get_text (const MpCommandOutput *output)
{
  return (MpCommandText) { output->data, output->size, output->total, output->path };
}

/**
 * mp_command_run:
 * @self: a command
 * @result: (out caller-allocates): what became of it
 * @error: return location for an error
 *
 * Runs the program in a session of its own and waits until it has ended; a program that fails is
 * no error. What its main process leaves in the pipes is read without waiting for others that hold
 * them, and the rest of its processes is killed: those of its process group, and all others too if
 * mp_command_become_subreaper() has been called in this process.
 *
 * An error of %MP_ERROR_SPAWN means that it never ran, and @result's `end` whether for lack of
 * resources. A #GFileError means that the file for its output could not be written; it has been
 * killed then. %MP_ERROR_PROCESS means that this process does not get to know how its children
 * end. `end` and `error_number` are set in any case, the rest of @result on success.
 *
 * Returns: %TRUE if it ran
 */
gboolean
mp_command_run (MpCommand        *self,
                MpCommandResult  *result,
                GError          **error)
{
  struct pollfd fds[N_AT];
  Run run = {
    .command = self,
    .result = result,
    .pidfd = -1,
    .stdin_fd = -1,
    .deadline = G_MAXINT64,
    .next_check = G_MAXINT64,
  };
  GError *lost = NULL;
  gboolean ok;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (result != NULL, FALSE);

  *result = (MpCommandResult) { 0 };
  run.subreaper = _mp_command_is_subreaper ();
  if (self->paused_time != NULL)
    run.paused = __atomic_load_n (self->paused_time, __ATOMIC_ACQUIRE);

  ok = start (&run, error);
  if (ok)
    {
      result->pid = run.pid;
      if (self->timeout >= 0 && self->timeout < (G_MAXINT64 - run.start) / 1000)
        run.deadline = run.start + self->timeout * 1000;
      if (self->check_func != NULL)
        run.next_check = run.start + self->check_interval * 1000;
      follow (&run, fds, &lost);
      ok = finish (&run, fds, lost == NULL ? &lost : NULL) && lost == NULL;
      if (lost != NULL)
        g_propagate_error (error, lost);
    }
  clear_run (&run);

  result->out = get_text (&self->out);
  result->err = get_text (&self->err);
  return ok;
}
