/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command-util.h"
#include "mp-guardian-private.h"
#include "mp-process-tree-private.h"

/* The test is the child subreaper: who is left behind becomes its child, and nobody may be. */

#define MARKER_NAME "MP_TEST_GUARDIAN"

typedef struct
{
  pid_t session;
  pid_t worker;
  pid_t guardian;
} Shared;

static Shared *
share (void)
{
  return mmap (NULL, sizeof (Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static MpGuardian *
start_guardian (Shared     *shared,
                const char *marker)
{
  g_autoptr (GError) error = NULL;
  const MpPidSlots sessions = { &shared->session, sizeof (Shared), 1 };
  const MpPidSlots workers = { &shared->worker, sizeof (Shared), 1 };
  MpGuardian *guardian = _mp_guardian_start (&sessions, &workers, marker, &error);

  g_assert_no_error (error);
  shared->guardian = _mp_guardian_get_pid (guardian);
  return guardian;
}

/* A runner with a guardian and a worker that runs @command. It waits to be killed. */
static pid_t
start_runner (Shared     *shared,
              MpCommand  *command,
              pid_t      *slot,
              const char *marker)
{
  pid_t pid = fork ();
  pid_t worker;

  if (pid != 0)
    return pid;

  prctl (PR_SET_CHILD_SUBREAPER, 1);
  start_guardian (shared, marker);
  worker = fork ();
  if (worker == 0)
    {
      MpCommandResult result;

      shared->worker = getpid ();
      mp_command_become_subreaper (NULL);
      mp_command_set_pid_slot (command, slot);
      mp_command_run (command, &result, NULL);
      _exit (0);
    }
  for (;;)
    pause ();
}

/* Waits for all there is, each of which must have been killed or be the guardian. */
static void
reap_all (const Shared *shared)
{
  int status;
  pid_t pid;

  while ((pid = wait (&status)) > 0)
    {
      if (pid == shared->guardian)
        g_assert_cmpint (status, ==, 0);
      else
        g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
    }
  g_assert_cmpint (errno, ==, ECHILD);
}

static void
test_session (void)
{
  CommandTest test;
  const char *argv[] = { "/bin/sh", "-c", "echo r >\"$FIFO\"; sleep 1000; true", NULL };
  g_autoptr (MpCommand) command = mp_command_new (argv);
  Shared *shared = share ();
  pid_t runner;

  command_test_begin (&test);
  mp_command_set_env (command, "FIFO", test.fifo);
  runner = start_runner (shared, command, &shared->session, NULL);
  command_test_wait (&test);
  kill (runner, SIGKILL);
  kill (shared->worker, SIGKILL);
  reap_all (shared);
  g_clear_pointer (&command, mp_command_unref);
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

/* Only the runner is killed: the worker is, and all that comes from it. */
static void
test_worker (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  Shared *shared = share ();
  pid_t runner;

  command_test_begin (&test);
  command = command_child ("daemonize", test.fifo, NULL);
  runner = start_runner (shared, command, NULL, NULL);
  command_test_wait (&test);
  kill (runner, SIGKILL);
  reap_all (shared);
  g_clear_pointer (&command, mp_command_unref);
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

/* A daemon in a session of its own is known by what is in its environment. */
static void
test_marker (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  Shared *shared = share ();
  pid_t runner;

  command_test_begin (&test);
  command = command_child ("daemonize", test.fifo, NULL);
  mp_command_set_env (command, MARKER_NAME, "a1");
  runner = start_runner (shared, command, &shared->session, MARKER_NAME "=a1");
  command_test_wait (&test);
  kill (shared->worker, SIGSTOP);
  kill (runner, SIGKILL);
  kill (shared->worker, SIGKILL);
  reap_all (shared);
  g_clear_pointer (&command, mp_command_unref);
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

/* In another session, with another marker and with almost the same: none of the guardian's. */
static void
test_others (void)
{
  static const char *const values[] = { "a2", "a", "a11" };
  CommandTest test;
  const int fds[3] = { -1, -1, -1 };
  g_autoptr (MpCommand) other = command_child ("hang", NULL);
  g_autoptr (MpCommand) command = NULL;
  Shared *shared = share ();
  pid_t runner, others[G_N_ELEMENTS (values)];
  int pidfd, status;

  command_test_begin (&test);
  command = command_child ("hang", test.fifo, NULL);
  runner = start_runner (shared, command, &shared->session, MARKER_NAME "=a1");
  command_test_wait (&test);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      mp_command_set_env (other, MARKER_NAME, values[i]);
      g_assert_true (mp_command_start (other, fds, &others[i], &pidfd, NULL));
      close (pidfd);
    }

  kill (runner, SIGKILL);
  g_assert_cmpint (waitpid (runner, NULL, 0), ==, runner);
  g_assert_cmpint (waitpid (shared->guardian, &status, 0), ==, shared->guardian);
  g_assert_cmpint (status, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_assert_cmpint (waitpid (others[i], NULL, WNOHANG), ==, 0);
      kill (others[i], SIGKILL);
    }
  reap_all (shared);
  g_clear_pointer (&command, mp_command_unref);
  g_clear_pointer (&other, mp_command_unref);
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

static void
test_orderly_end (void)
{
  CommandTest test;
  const int fds[3] = { -1, -1, -1 };
  g_autoptr (MpCommand) command = command_child ("hang", NULL);
  Shared *shared = share ();
  MpGuardian *guardian;
  pid_t pid;
  int pidfd;

  command_test_begin (&test);
  guardian = start_guardian (shared, MARKER_NAME "=a1");
  mp_command_set_env (command, MARKER_NAME, "a1");
  g_assert_true (mp_command_start (command, fds, &pid, &pidfd, NULL));
  close (pidfd);
  shared->session = pid;
  _mp_guardian_stop (guardian);
  assert_gone (shared->guardian);
  /* Not its business any more. */
  g_assert_cmpint (waitpid (pid, NULL, WNOHANG), ==, 0);
  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
  g_clear_pointer (&command, mp_command_unref);
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

/* Forks of the runner come and go. */
static void
test_fork_stops (void)
{
  CommandTest test;
  Shared *shared = share ();
  MpGuardian *guardian;
  struct pollfd end = { .events = POLLIN };
  int status;
  pid_t pid;

  command_test_begin (&test);
  guardian = start_guardian (shared, NULL);
  pid = fork ();
  if (pid == 0)
    {
      _mp_guardian_stop (guardian);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  end.fd = _mp_guardian_get_pidfd (guardian);
  g_assert_cmpint (poll (&end, 1, 0), ==, 0);
  _mp_guardian_stop (guardian);
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

static void
test_killed_guardian (void)
{
  CommandTest test;
  Shared *shared = share ();
  MpGuardian *guardian;
  struct pollfd end = { .events = POLLIN };

  command_test_begin (&test);
  for (int i = 0; i < 3; i++)
    {
      guardian = start_guardian (shared, NULL);
      end.fd = _mp_guardian_get_pidfd (guardian);
      kill (shared->guardian, SIGKILL);
      g_assert_cmpint (poll (&end, 1, -1), ==, 1);
      _mp_guardian_stop (guardian);
      assert_gone (shared->guardian);
    }
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

static int
count_fds (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", pid);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  int count = 0;

  while (g_dir_read_name (folder) != NULL)
    count++;
  return count;
}

/* Signals for the runner and its terminal do not reach it, and it holds nothing. */
static void
test_alone (void)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
  CommandTest test;
  Shared *shared = share ();
  MpGuardian *guardian;
  struct pollfd end = { .events = POLLIN };
  g_autofree char *path = NULL, *name = NULL;
  int tries = 0;

  command_test_begin (&test);
  guardian = start_guardian (shared, NULL);
  path = g_strdup_printf ("/proc/%d/comm", shared->guardian);
  /* Its last step is to close what it has no use for: three for nothing, two to listen. */
  while (count_fds (shared->guardian) != 5 && tries++ < 100000)
    ;
  g_assert_cmpint (count_fds (shared->guardian), ==, 5);
  g_assert_true (g_file_get_contents (path, &name, NULL, NULL));
  g_assert_cmpstr (name, ==, "mp-guardian\n");
  g_assert_cmpint (getsid (shared->guardian), ==, shared->guardian);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    kill (shared->guardian, signals[i]);
  end.fd = _mp_guardian_get_pidfd (guardian);
  g_assert_cmpint (poll (&end, 1, 50), ==, 0);
  _mp_guardian_stop (guardian);
  munmap (shared, sizeof *shared);
  command_test_end (&test);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  prctl (PR_SET_CHILD_SUBREAPER, 1);
  g_test_add_func ("/guardian/session", test_session);
  g_test_add_func ("/guardian/worker", test_worker);
  g_test_add_func ("/guardian/marker", test_marker);
  g_test_add_func ("/guardian/others", test_others);
  g_test_add_func ("/guardian/orderly-end", test_orderly_end);
  g_test_add_func ("/guardian/fork-stops", test_fork_stops);
  g_test_add_func ("/guardian/killed", test_killed_guardian);
  g_test_add_func ("/guardian/alone", test_alone);
  return g_test_run ();
}
