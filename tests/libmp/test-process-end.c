/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How processes end, and what is known about it afterwards. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "process-test.h"

static GVariant *
nothing (GVariant  *args,
         GError   **error)
{
  return NULL;
}
MP_REGISTER_FUNCTION (nothing)

static GVariant *
leave (GVariant  *args,
       GError   **error)
{
  exit (g_variant_get_int32 (args));
}
MP_REGISTER_FUNCTION (leave)

static GVariant *
die (GVariant  *args,
     GError   **error)
{
  int number = g_variant_get_int32 (args);

  /* AddressSanitizer would make an exit code of a fault. */
  signal (number, SIG_DFL);
  raise (number);
  return NULL;
}
MP_REGISTER_FUNCTION (die)

static GVariant *
call_abort (GVariant  *args,
            GError   **error)
{
  abort ();
}
MP_REGISTER_FUNCTION (call_abort)

static void
test_exit_codes (gconstpointer method)
{
  static const struct { const char *function; int argument; int expected; } cases[] = {
    { "nothing", 0, 0 },
    { "leave", 0, 0 },
    { "leave", 3, 3 },
    { "leave", 255, 255 },
    { "die", SIGTERM, -SIGTERM },
    { "die", SIGSEGV, -SIGSEGV },
    { "die", SIGKILL, -SIGKILL },
    { "call_abort", 0, -SIGABRT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(MpProcess) process = start_new (method, cases[i].function,
                                                g_variant_new_int32 (cases[i].argument));

      g_assert_cmpint (join (process), ==, cases[i].expected);
      g_assert_false (mp_process_is_alive (process));
    }
}

static void
test_signals (gconstpointer method)
{
  static const struct
  {
    gboolean (*send) (MpProcess *, GError **);
    int expected;
  } cases[] = {
    { mp_process_terminate, -SIGTERM },
    { mp_process_kill, -SIGKILL },
    { mp_process_interrupt, -SIGINT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(MpConnection) connection = NULL;
      g_autoptr(MpProcess) process = start_staying (method, "stay", FALSE, &connection);
      g_autoptr(GError) error = NULL;

      g_assert_true (mp_process_is_alive (process));
      g_assert_true (cases[i].send (process, &error));
      g_assert_cmpint (join (process), ==, cases[i].expected);
      expect_eof (connection);
      /* To whom it may not concern any more. */
      g_assert_true (cases[i].send (process, &error));
      g_assert_no_error (error);
    }
}

static void
test_join_timeout (gconstpointer method)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) process = start_staying (method, "stay", FALSE, &connection);
  g_autoptr(GError) error = NULL;
  int exit_code = 4711;

  g_assert_false (mp_process_join (process, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&error);
  g_assert_false (mp_process_join (process, 2000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_assert_false (mp_process_get_exit_code (process, &exit_code));
  g_assert_cmpint (exit_code, ==, 4711);

  mp_connection_close (connection);
  g_clear_error (&error);
  g_assert_true (mp_process_join (process, G_MAXINT64, &error));
  g_assert_no_error (error);
  g_assert_cmpint (join (process), ==, 0);
}

static void
test_wrong_state (gconstpointer method)
{
  g_autoptr(MpProcess) process = new_process (method, "nothing", NULL);
  g_autoptr(MpProcess) unknown = new_process (method, "no_such_function", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_false (mp_process_terminate (process, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  g_assert_false (mp_process_join (process, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  g_assert_false (mp_process_get_exit_code (process, NULL));
  g_assert_false (mp_process_is_alive (process));
  g_assert_cmpint (mp_process_get_sentinel (process), ==, -1);
  g_assert_cmpint (mp_process_get_pid (process), ==, 0);

  g_assert_false (mp_process_join (mp_process_get_current (), 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  g_assert_false (mp_process_start (unknown, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
  g_clear_error (&error);

  start (process);
  g_assert_false (mp_process_start (process, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_assert_cmpstr (error->message, ==, "cannot start a process twice");
  g_assert_cmpint (join (process), ==, 0);
}

static void
test_close (gconstpointer method)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) process = start_staying (method, "stay", FALSE, &connection);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_false (mp_process_close (process, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  mp_connection_close (connection);
  join (process);
  g_assert_true (mp_process_close (process, &error));
  g_assert_true (mp_process_close (process, &error));
  g_assert_cmpint (mp_process_get_sentinel (process), ==, -1);
  g_assert_false (mp_process_join (process, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  text = mp_process_to_string (process);
  g_assert_true (g_str_has_suffix (text, " closed>"));
}

static void
test_to_string (gconstpointer method)
{
  g_autoptr(MpProcess) process = new_process (method, "nothing", NULL);
  g_autoptr(MpProcess) daemon = new_process (method, "die", g_variant_new_int32 (SIGTERM));
  g_autofree char *initial = mp_process_to_string (process);
  g_autofree char *stopped = NULL;
  g_autofree char *expected = NULL;

  g_assert_nonnull (strstr (initial, " initial>"));
  mp_process_set_name (daemon, "the demon");
  mp_process_set_daemon (daemon, TRUE);
  start (daemon);
  join (daemon);
  stopped = mp_process_to_string (daemon);
  expected = g_strdup_printf (" name='the demon' pid=%d parent=%d stopped exitcode=-SIGTERM daemon>",
                              mp_process_get_pid (daemon), getpid ());
  g_assert_true (g_str_has_suffix (stopped, expected));
}

static void
test_sentinel (gconstpointer method)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) process = start_staying (method, "stay", FALSE, &connection);
  struct pollfd poll_fd = { .fd = mp_process_get_sentinel (process), .events = POLLIN };

  g_assert_cmpint (poll (&poll_fd, 1, 0), ==, 0);
  mp_connection_close (connection);
  g_assert_cmpint (poll (&poll_fd, 1, -1), ==, 1);
  g_assert_false (mp_process_is_alive (process));
}

static void
test_terminated_signal (gconstpointer method)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) before = new_process (method, "nothing", NULL);
  g_autoptr(MpProcess) after = start_staying (method, "stay", FALSE, &connection);
  guint count = 0;

  g_signal_connect (before, "terminated", G_CALLBACK (count_end), &count);
  start (before);
  g_signal_connect (after, "terminated", G_CALLBACK (count_end), &count);
  mp_process_watch (after);
  mp_process_watch (after);
  mp_connection_close (connection);
  /* Who has already waited hears it, too. */
  g_assert_cmpint (join (before), ==, 0);
  while (count < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (join (after), ==, 0);
  mp_process_watch (after);
  g_assert_false (g_main_context_pending (NULL));
  g_assert_cmpuint (count, ==, 2);
}

/* Other code of the program waits for all children: then the status is lost, and nothing else. */
static void
test_stolen_status (gconstpointer method)
{
  g_autoptr(MpProcess) process = start_new (method, "leave", g_variant_new_int32 (3));
  pid_t pid = mp_process_get_pid (process);

  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  g_assert_false (mp_process_is_alive (process));
  g_assert_cmpint (join (process), ==, 255);
}

static void
test_ignored_sigchld (gconstpointer method)
{
  struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction old;
  g_autoptr(MpProcess) process = NULL;

  sigaction (SIGCHLD, &ignore, &old);
  process = start_new (method, "leave", g_variant_new_int32 (3));
  g_assert_cmpint (join (process), ==, 255);
  sigaction (SIGCHLD, &old, NULL);
}

static GVariant *
start_child (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpProcess) child = mp_process_new ("nothing", NULL);

  if (mp_process_start (child, error))
    return NULL;
  g_assert_error (*error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (error);
  exit (44);
}
MP_REGISTER_FUNCTION (start_child)

static void
test_daemon_has_no_child (gconstpointer method)
{
  g_autoptr(MpProcess) process = new_process (method, "start_child", NULL);

  mp_process_set_daemon (process, TRUE);
  start (process);
  g_assert_cmpint (join (process), ==, 44);
}

static GVariant *
do_nothing (GVariant  *args,
            GError   **error)
{
  /* Owned and not floating, as a result may be. */
  return g_variant_ref_sink (g_variant_new_boolean (TRUE));
}
MP_REGISTER_FUNCTION (do_nothing)

/* No descriptor stays open and no zombie is left. */
static void
test_nothing_left (gconstpointer method)
{
  g_autoptr(MpProcess) first = start_new (method, "do_nothing", NULL);
  siginfo_t info = { 0 };
  guint before;

  /* What a start method keeps for good is there after the first. */
  g_assert_cmpint (join (first), ==, 0);
  mp_process_close (first, NULL);
  before = count_descriptors ();
  for (int i = 0; i < 50; i++)
    {
      g_autoptr(MpProcess) process = start_new (method, "do_nothing", NULL);

      g_assert_cmpint (join (process), ==, 0);
    }
  g_assert_cmpuint (count_descriptors (), ==, before);
  if (waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
    g_assert_cmpint (errno, ==, ECHILD);
  g_assert_cmpint (info.si_pid, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("process-end", "exit-codes", test_exit_codes);
  add_for_methods ("process-end", "signals", test_signals);
  add_for_methods ("process-end", "join-timeout", test_join_timeout);
  add_for_methods ("process-end", "wrong-state", test_wrong_state);
  add_for_methods ("process-end", "close", test_close);
  add_for_methods ("process-end", "to-string", test_to_string);
  add_for_methods ("process-end", "sentinel", test_sentinel);
  add_for_methods ("process-end", "terminated-signal", test_terminated_signal);
  add_for_methods ("process-end", "stolen-status", test_stolen_status);
  add_for_methods ("process-end", "ignored-sigchld", test_ignored_sigchld);
  add_for_methods ("process-end", "daemon-has-no-child", test_daemon_has_no_child);
  add_for_methods ("process-end", "nothing-left", test_nothing_left);

  return g_test_run ();
}
