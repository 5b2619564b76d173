/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command-util.h"
#include "mp-process-tree-private.h"

/* How commands end, by themselves or not, and that nobody stays. */

#define TIMEOUT (200 * 1000)

static void
run (MpCommand       *command,
     MpCommandResult *result)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = mp_command_run (command, result, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
assert_signaled (MpCommandResult *result,
                 MpCommandEnd     end,
                 int              signal_number)
{
  g_assert_cmpint (result->end, ==, end);
  g_assert_true (WIFSIGNALED (result->wait_status));
  g_assert_cmpint (WTERMSIG (result->wait_status), ==, signal_number);
}

static void
test_timeout (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = command_child ("hang", NULL);
  MpCommandResult result;

  command_test_begin (&test);
  mp_command_set_timeout (command, TIMEOUT);
  run (command, &result);
  assert_signaled (&result, MP_COMMAND_TIMEOUT, SIGTERM);
  g_assert_cmpint (result.duration, >=, TIMEOUT * 1000);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static void
test_timeout_of_shell (void)
{
  CommandTest test;
  const char *argv[] = { "/bin/sh", "-c", "sleep 100 & echo $!; sleep 100", NULL };
  g_autoptr (MpCommand) command = mp_command_new (argv);
  MpCommandResult result;

  command_test_begin (&test);
  mp_command_set_timeout (command, TIMEOUT);
  run (command, &result);
  g_assert_cmpint (result.end, ==, MP_COMMAND_TIMEOUT);
  assert_gone (pid_from_output (&result.out));
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* The child writes to the FIFO when it is ready, which is what the cancel descriptor hears. */
static void
cancel_when_ready (CommandTest     *test,
                   MpCommand       *command,
                   MpCommandResult *result)
{
  mp_command_set_cancel_fd (command, test->fifo_fd);
  run (command, result);
  command_test_wait (test);
}

static void
test_cancel (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  command = command_child ("hang", test.fifo, NULL);
  cancel_when_ready (&test, command, &result);
  assert_signaled (&result, MP_COMMAND_CANCELLED, SIGTERM);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static void
test_ignores_term (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  command = command_child ("ignore-term", test.fifo, NULL);
  cancel_when_ready (&test, command, &result);
  assert_signaled (&result, MP_COMMAND_CANCELLED, SIGKILL);
  g_assert_cmpint (result.duration, >=, 500 * 1000 * 1000);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static void
test_stopped (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  command = command_child ("stop-self", test.fifo, NULL);
  cancel_when_ready (&test, command, &result);
  assert_signaled (&result, MP_COMMAND_CANCELLED, SIGTERM);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* The main process ends at once; the other one still has its half second. */
static void
test_grace_for_all (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  command = command_child ("tidy", test.fifo, NULL);
  cancel_when_ready (&test, command, &result);
  assert_output (&result.out, "cleaned\n");
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static void
test_cancel_daemon (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  command = command_child ("daemonize", test.fifo, NULL);
  cancel_when_ready (&test, command, &result);
  g_assert_cmpint (result.end, ==, MP_COMMAND_CANCELLED);
  assert_gone (pid_from_output (&result.out));
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* The other end of the cancel descriptor is gone. */
static void
test_cancel_hangup (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;
  int fds[2];

  command_test_begin (&test);
  command = command_child ("hang", NULL);
  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  close (fds[1]);
  mp_command_set_cancel_fd (command, fds[0]);
  run (command, &result);
  assert_signaled (&result, MP_COMMAND_CANCELLED, SIGKILL);
  close (fds[0]);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* Who wants the result dies, while SIGTERM would be of no use. */
static void
test_owner_dies (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;
  int pidfd;
  pid_t owner;

  command_test_begin (&test);
  owner = fork ();
  if (owner == 0)
    {
      command_test_wait (&test);
      _exit (0);
    }
  pidfd = pidfd_open (owner, 0);
  command = command_child ("ignore-term", test.fifo, NULL);
  mp_command_set_owner_fd (command, pidfd);
  run (command, &result);
  assert_signaled (&result, MP_COMMAND_CANCELLED, SIGKILL);
  close (pidfd);
  g_clear_pointer (&command, mp_command_unref);
  waitpid (owner, NULL, 0);
  command_test_end (&test);
}

static void
test_background (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = command_child ("background", NULL);
  MpCommandResult result;

  command_test_begin (&test);
  for (int i = 0; i < 20; i++)
    {
      run (command, &result);
      assert_exit (&result, 0);
      assert_gone (pid_from_output (&result.out));
    }
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static void
test_daemon (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = command_child ("daemonize", NULL);
  MpCommandResult result;

  command_test_begin (&test);
  for (int i = 0; i < 20; i++)
    {
      run (command, &result);
      assert_exit (&result, 0);
      assert_gone (pid_from_output (&result.out));
    }
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* It is always a new process that goes on. */
static void
test_runaway (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  command = command_child ("runaway", test.fifo, NULL);
  run (command, &result);
  assert_exit (&result, 0);
  command_test_wait (&test);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* A process that has children of its own kills no other ones than those of the group. */
static void
test_no_subreaper (void)
{
  CommandTest test;
  pid_t pid;
  int status;

  command_test_begin (&test);
  pid = fork ();
  if (pid == 0)
    {
      g_autoptr (MpCommand) command = command_child ("background", NULL);
      MpCommandResult result;
      pid_t other = fork ();

      if (other == 0)
        for (;;)
          pause ();
      run (command, &result);
      assert_exit (&result, 0);
      /* The one left behind became the grandparent's. */
      g_assert_cmpint (waitpid (other, NULL, WNOHANG), ==, 0);
      kill (other, SIGKILL);
      waitpid (other, NULL, 0);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpint (waitpid (-1, &status, 0), >, 0);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
  command_test_end (&test);
}

/* The process that runs the command dies: the kernel kills the command. */
static void
test_parent_dies (void)
{
  CommandTest test;
  pid_t *shared;
  int status;
  pid_t pid;

  command_test_begin (&test);
  shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid = fork ();
  if (pid == 0)
    {
      g_autoptr (MpCommand) command = command_child ("hang", test.fifo, NULL);
      MpCommandResult result;

      mp_command_set_pid_slot (command, shared);
      _exit (mp_command_run (command, &result, NULL));
    }
  command_test_wait (&test);
  g_assert_cmpint (*shared, >, 1);
  g_assert_cmpint (getsid (*shared), ==, *shared);
  kill (pid, SIGKILL);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (waitpid (*shared, &status, 0), ==, *shared);
  g_assert_true (WIFSIGNALED (status));
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

/* Where the kernel does not keep how a process has ended nothing is left of it, either. */
static void
test_lost_status (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = command_child ("daemonize", NULL);
  g_autoptr (GError) error = NULL;
  MpCommandResult result;
  pid_t slot = 0;

  command_test_begin (&test);
  mp_command_set_pid_slot (command, &slot);
  signal (SIGCHLD, SIG_IGN);
  g_assert_false (mp_command_run (command, &result, &error));
  signal (SIGCHLD, SIG_DFL);
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_assert_cmpint (result.end, ==, MP_COMMAND_RESULT_LOST);
  g_assert_cmpint (result.error_number, ==, ECHILD);
  g_assert_cmpint (slot, ==, 0);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* Whenever it dies, its parent finds all that it leaves behind. */
static void
test_parent_dies_anytime (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = command_child ("daemonize", NULL);
  pid_t pid;

  command_test_begin (&test);
  for (int i = 0; i < 100; i++)
    {
      pid = fork ();
      if (pid == 0)
        {
          MpCommandResult result;

          mp_command_become_subreaper (NULL);
          for (;;)
            mp_command_run (command, &result, NULL);
        }
      g_usleep (g_test_rand_int_range (0, 5000));
      kill (pid, SIGKILL);
      g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
      g_assert_true (_mp_kill_orphans (NULL, 0));
      g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
    }
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* What is added to the pauses while all stand still does not count. */
static void
test_paused (void)
{
  const gint64 second = 1000 * 1000 * 1000;
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;
  pid_t parent = getpid ();
  gint64 *paused;

  command_test_begin (&test);
  paused = mmap (NULL, sizeof *paused, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (fork () == 0)
    {
      command_test_wait (&test);
      kill (parent, SIGSTOP);
      __atomic_store_n (paused, second / 2, __ATOMIC_RELEASE);
      kill (parent, SIGCONT);
      _exit (0);
    }
  command = command_child ("hang", test.fifo, NULL);
  mp_command_set_paused_time (command, paused);
  mp_command_set_timeout (command, G_USEC_PER_SEC);
  run (command, &result);
  assert_signaled (&result, MP_COMMAND_TIMEOUT, SIGTERM);
  g_assert_cmpint (result.duration, >=, second + second / 2);
  g_clear_pointer (&command, mp_command_unref);
  munmap (paused, sizeof *paused);
  command_test_end (&test);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  mp_command_become_subreaper (&error);
  g_assert_no_error (error);

  g_test_add_func ("/command/end/timeout", test_timeout);
  g_test_add_func ("/command/end/timeout-of-shell", test_timeout_of_shell);
  g_test_add_func ("/command/end/cancel", test_cancel);
  g_test_add_func ("/command/end/ignores-term", test_ignores_term);
  g_test_add_func ("/command/end/stopped", test_stopped);
  g_test_add_func ("/command/end/grace-for-all", test_grace_for_all);
  g_test_add_func ("/command/end/cancel-daemon", test_cancel_daemon);
  g_test_add_func ("/command/end/cancel-hangup", test_cancel_hangup);
  g_test_add_func ("/command/end/owner-dies", test_owner_dies);
  g_test_add_func ("/command/end/background", test_background);
  g_test_add_func ("/command/end/daemon", test_daemon);
  g_test_add_func ("/command/end/runaway", test_runaway);
  g_test_add_func ("/command/end/no-subreaper", test_no_subreaper);
  g_test_add_func ("/command/end/parent-dies", test_parent_dies);
  g_test_add_func ("/command/end/parent-dies-anytime", test_parent_dies_anytime);
  g_test_add_func ("/command/end/lost-status", test_lost_status);
  g_test_add_func ("/command/end/paused", test_paused);
  return g_test_run ();
}
