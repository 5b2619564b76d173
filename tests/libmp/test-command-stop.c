/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command-util.h"

/* Commands that somebody looks after: the check during a run, and start and stop. */

#define INTERVAL (20 * 1000)

typedef struct
{
  MpCommandEnd end;    /* what to say at the third look */
  pid_t        pid;
  guint        n_looks;
} Looker;

static MpCommandEnd
look (pid_t    pid,
      gpointer user_data)
{
  Looker *looker = user_data;

  looker->pid = pid;
  return ++looker->n_looks < 3 ? MP_COMMAND_EXITED : looker->end;
}

static void
check_looks (MpCommandEnd end,
             int          signal_number)
{
  CommandTest test;
  g_autoptr(MpCommand) command = NULL;
  g_autoptr(GError) error = NULL;
  Looker looker = { .end = end };
  MpCommandResult result;

  command_test_begin (&test);
  command = command_child ("hang", NULL);
  mp_command_set_check (command, INTERVAL, look, &looker);
  g_assert_true (mp_command_run (command, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (result.end, ==, end);
  g_assert_cmpint (WTERMSIG (result.wait_status), ==, signal_number);
  g_assert_cmpint (looker.pid, ==, result.pid);
  g_assert_cmpuint (looker.n_looks, ==, 3);
  g_assert_cmpint (result.duration, >=, 3 * INTERVAL * 1000);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static void
test_check (void)
{
  check_looks (MP_COMMAND_TIMEOUT, SIGTERM);
  check_looks (MP_COMMAND_REFUSED, SIGKILL);
}

/* Who does not mind is not in the way. */
static void
test_check_content (void)
{
  CommandTest test;
  g_autoptr(MpCommand) command = command_child ("exit", "3", NULL);
  Looker looker = { .end = MP_COMMAND_EXITED };
  MpCommandResult result;

  command_test_begin (&test);
  mp_command_set_check (command, 1, look, &looker);
  g_assert_true (mp_command_run (command, &result, NULL));
  assert_exit (&result, 3);
  mp_command_set_check (command, 0, NULL, NULL);
  g_assert_true (mp_command_run (command, &result, NULL));
  assert_exit (&result, 3);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* Starts a child that says when it is ready, and ends it. */
static int
start_and_stop (const char *verb,
                gint64      grace,
                gboolean    wait)
{
  CommandTest test;
  g_autoptr(MpCommand) command = NULL;
  g_autoptr(GError) error = NULL;
  struct pollfd ended = { .events = POLLIN };
  pid_t pid, slot = 0;
  int status = 0;

  command_test_begin (&test);
  command = wait ? command_child (verb, "7", NULL) : command_child (verb, test.fifo, NULL);
  mp_command_set_pid_slot (command, &slot);
  g_assert_true (mp_command_start (command, (const int[]) { -1, -1, -1 }, &pid, &ended.fd,
                                   &error));
  g_assert_no_error (error);
  g_assert_cmpint (slot, ==, pid);
  g_assert_cmpint (getsid (pid), ==, pid);
  if (wait)
    g_assert_cmpint (poll (&ended, 1, -1), ==, 1);
  else
    command_test_wait (&test);
  mp_command_stop (command, pid, ended.fd, grace, &status);
  close (ended.fd);
  g_assert_cmpint (slot, ==, 0);
  assert_gone (pid);
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
  return status;
}

static void
test_stop (void)
{
  int status = start_and_stop ("exit", G_USEC_PER_SEC, TRUE);

  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 7);
  status = start_and_stop ("stop-self", G_USEC_PER_SEC, FALSE);
  g_assert_cmpint (WTERMSIG (status), ==, SIGTERM);
  status = start_and_stop ("ignore-term", G_USEC_PER_SEC / 10, FALSE);
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
  status = start_and_stop ("ignore-term", 0, FALSE);
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
}

/* A process of it in another session goes as well; command_test_end() sees what is left. */
static void
test_stop_subreaper (void)
{
  g_assert_true (mp_command_become_subreaper (NULL));
  start_and_stop ("daemonize", G_USEC_PER_SEC / 10, FALSE);
  start_and_stop ("daemonize", 0, FALSE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/command/check", test_check);
  g_test_add_func ("/command/check/content", test_check_content);
  g_test_add_func ("/command/stop", test_stop);
  g_test_add_func ("/command/stop/subreaper", test_stop_subreaper);
  return g_test_run ();
}
