/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What only a whole program shows: what it logs, how it exits, what it leaves behind. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

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
  fputs ("not flushed", stdout);
  exit (g_variant_get_int32 (args));
}
MP_REGISTER_FUNCTION (leave)

static GVariant *
fail (GVariant  *args,
      GError   **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "nothing there");
  return NULL;
}
MP_REGISTER_FUNCTION (fail)

static GVariant *
die (GVariant  *args,
     GError   **error)
{
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (die)

static void
run_default (const char *function,
             GVariant   *args,
             int         expected)
{
  g_autoptr(MpProcess) process = mp_process_new (function, args);

  start (process);
  g_assert_cmpint (join (process), ==, expected);
}

static int
verb_exit (const char *method)
{
  mp_log_to_stderr (MP_LOG_DEBUG);
  mp_set_start_method (method, TRUE, NULL);
  run_default ("leave", g_variant_new_int32 (3), 3);
  return 0;
}

static int
verb_error (const char *method)
{
  mp_log_to_stderr (MP_LOG_INFO);
  mp_set_start_method (method, TRUE, NULL);
  run_default ("fail", NULL, 1);
  return 0;
}

static int
verb_death (const char *method)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) terminated = NULL;

  mp_log_to_stderr (MP_LOG_NOTSET);
  mp_set_start_method (method, TRUE, NULL);
  run_default ("die", NULL, -SIGKILL);
  /* That we end one ourselves is no news. */
  terminated = start_staying (NULL, "stay", FALSE, &connection);
  mp_process_terminate (terminated, NULL);
  g_assert_cmpint (join (terminated), ==, -SIGTERM);
  return 0;
}

/* The lines of the worker are those of Python; of the parent there is one error, and no second one. */
static int
verb_bad_initializer (const char *method)
{
  g_autoptr(MpPool) pool = mp_pool_new (mp_context_get (method, NULL), 1);
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GError) error = NULL;

  mp_log_to_stderr (MP_LOG_INFO);
  mp_pool_set_initializer (pool, "fail", NULL);
  result = mp_pool_apply (pool, "nothing", NULL, &error);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  mp_pool_close (pool);
  g_assert_true (mp_pool_join (pool, -1, NULL));
  return 0;
}

/* What is left of the program's own when it exits: kept, or it would be no leak. */
static MpProcess *left[2];
static MpConnection *ends[2];

static void
say (gpointer object,
     gpointer unused)
{
  g_print ("%s\n", (const char *) object);
}

static void
let_go (gpointer connection,
        gpointer unused)
{
  mp_connection_close (*(MpConnection **) connection);
}

static GVariant *
stay_and_say (GVariant  *args,
              GError   **error)
{
  stay (args, error);
  g_print ("waited for\n");
  return NULL;
}
MP_REGISTER_FUNCTION (stay_and_say)

static int
verb_leave_children (const char *method)
{
  mp_set_start_method (method, TRUE, NULL);
  left[0] = start_staying (NULL, "stay", TRUE, &ends[0]);
  left[1] = start_staying (NULL, "stay_and_say", FALSE, &ends[1]);
  mp_finalizer_add (let_go, &ends[1], NULL, 0);
  mp_log_to_stderr (MP_LOG_INFO);
  return 0;
}

static GVariant *
add_finalizers (GVariant  *args,
                GError   **error)
{
  mp_finalizer_add (say, (gpointer) "child", NULL, 3);
  if (args != NULL)
    exit (0);
  return NULL;
}
MP_REGISTER_FUNCTION (add_finalizers)

/* Order: those from 0 on by priority, the newest first; children; the rest. */
static int
verb_finalizers (const char *method)
{
  MpFinalizer *cancelled, *called;

  mp_set_start_method (method, TRUE, NULL);
  mp_finalizer_add (say, (gpointer) "-1", NULL, -1);
  mp_finalizer_add (let_go, &ends[1], NULL, 0);
  mp_finalizer_add (say, (gpointer) "0", NULL, 0);
  mp_finalizer_add (say, (gpointer) "10", NULL, 10);
  mp_finalizer_add (say, (gpointer) "10, newer", NULL, 10);
  mp_finalizer_add (say, (gpointer) "-100", NULL, -100);
  mp_finalizer_add (say, (gpointer) "never", NULL, MP_FINALIZER_NOT_AT_EXIT);
  cancelled = mp_finalizer_add (say, (gpointer) "cancelled", NULL, 5);
  called = mp_finalizer_add (say, (gpointer) "called", NULL, 5);
  run_default ("add_finalizers", NULL, 0);
  run_default ("add_finalizers", g_variant_new ("()"), 0);
  mp_finalizer_cancel (cancelled);
  g_assert_true (mp_finalizer_call (called));
  left[1] = start_staying (NULL, "stay_and_say", FALSE, &ends[1]);
  exit (7);
}

/* Says who it is and waits to be killed, with a child and a grandchild that hold its output. */
static GVariant *
have_child_and_stay (GVariant  *args,
                     GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  g_autoptr(GVariant) order = NULL;

  left[0] = start_staying (NULL, "stay", FALSE, &ends[0]);
  mp_connection_send (connection, g_variant_new_int32 (getpid ()), error);
  order = mp_connection_recv (connection, NULL);
  return NULL;
}
MP_REGISTER_FUNCTION (have_child_and_stay)

static int
verb_be_killed (const char *method)
{
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(GVariant) ready = NULL;

  mp_set_start_method (method, TRUE, NULL);
  make_pipe (TRUE, &ends[1], &theirs);
  left[1] = mp_process_new ("have_child_and_stay", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  start (left[1]);
  ready = receive (ends[1]);
  raise (SIGKILL);
  return 1;
}

static gpointer
join_in_thread (gpointer process)
{
  return GINT_TO_POINTER (join (process));
}

/* Looks all the time, to be there at the moment. */
static gpointer
look_in_thread (gpointer process)
{
  while (mp_process_is_alive (process))
    ;
  return join_in_thread (process);
}

/* Whoever sees the end first takes the status, and all see the same one. */
static int
verb_join_in_threads (const char *method)
{
  GThread *threads[5];

  if (g_str_equal (method, "fork"))
    mp_context_set_allow_threads (mp_context_get (method, NULL), TRUE);
  for (int round = 0; round < 30; round++)
    {
      g_autoptr(MpConnection) connection = NULL;
      g_autoptr(MpProcess) process = start_staying (method, "stay", FALSE, &connection);

      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("join", i < 2 ? join_in_thread : look_in_thread, process);
      mp_process_kill (process, NULL);
      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (threads[i])), ==, -SIGKILL);
    }
  return 0;
}

static gpointer
receive_in_thread (gpointer connection)
{
  g_autoptr(GVariant) value = mp_connection_recv (connection, NULL);

  return NULL;
}

static int
verb_start_with_threads (const char *method)
{
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;
  g_autoptr(MpProcess) process = new_process (method, "nothing", NULL);
  g_autoptr(GError) error = NULL;
  GThread *thread;

  make_pipe (TRUE, &first, &second);
  thread = g_thread_new ("other", receive_in_thread, first);
  if (g_str_equal (method, "fork"))
    {
      g_assert_false (mp_process_start (process, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_MULTI_THREADED);
      g_assert_nonnull (strstr (error->message, "2 threads"));
      /* And what to do. */
      g_assert_nonnull (strstr (error->message, "“forkserver” or “spawn”"));
      g_assert_nonnull (strstr (error->message, "fork before there are threads"));
      g_assert_nonnull (strstr (error->message, "mp_context_set_allow_threads()"));
      mp_context_set_allow_threads (mp_context_get (method, NULL), TRUE);
    }
  start (process);
  g_assert_cmpint (join (process), ==, 0);
  send_value (second, g_variant_new ("()"));
  g_thread_join (thread);
  return 0;
}

/* Only a fork can have ended before anybody has got hold of it: that is an end like any other. */
static int
verb_ended_at_once (const char *method)
{
  g_autoptr(MpProcess) process = new_process (method, "nothing", NULL);
  guint count = 0;

  signal (SIGCHLD, SIG_IGN);
  deny_call (SYS_pidfd_open, ESRCH);
  g_signal_connect (process, "terminated", G_CALLBACK (count_end), &count);
  start (process);
  g_assert_cmpint (join (process), ==, 255);
  mp_process_watch (process);
  while (count == 0)
    g_main_context_iteration (NULL, TRUE);
  mp_process_watch (process);
  g_assert_false (g_main_context_pending (NULL));
  g_assert_cmpuint (count, ==, 1);
  return 0;
}

/* Without a descriptor for it there is no process. */
static int
verb_no_hold (const char *method)
{
  g_autoptr(MpProcess) process = new_process (method, "nothing", NULL);
  g_autoptr(GError) error = NULL;

  deny_call (SYS_pidfd_open, EMFILE);
  g_assert_false (mp_process_start (process, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_SPAWN);
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
  return 0;
}

/* Says whether its standard input is there for programs, too. */
static GVariant *
tell_stdin (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);

  mp_connection_send (connection, g_variant_new_int32 (fcntl (STDIN_FILENO, F_GETFD)), error);
  return NULL;
}
MP_REGISTER_FUNCTION (tell_stdin)

/* What a program without standard descriptors opens takes their places; it can be passed anyway. */
static int
verb_closed_standard (const char *method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) flags = NULL;
  g_autoptr(MpPool) pool = NULL;
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GError) error = NULL;

  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    close (fd);
  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "tell_stdin", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  flags = receive (ours);
  g_assert_cmpint (g_variant_get_int32 (flags), ==, 0);
  g_assert_cmpint (join (process), ==, 0);

  pool = mp_pool_new (mp_context_get (method, NULL), 1);
  result = mp_pool_apply (pool, "nothing", NULL, &error);
  g_assert_no_error (error);
  mp_pool_close (pool);
  g_assert_true (mp_pool_join (pool, -1, NULL));
  return 0;
}

static int
verb_no_executable (const char *method)
{
  g_autoptr(MpProcess) process = new_process (method, "nothing", NULL);
  g_autoptr(GError) error = NULL;

  mp_set_executable ("/nonexistent/program");
  if (!g_str_equal (method, "fork"))
    {
      g_assert_false (mp_process_start (process, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_SPAWN);
      g_assert_nonnull (strstr (error->message, "/nonexistent/program"));
      g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
      g_assert_cmpint (errno, ==, ECHILD);
      /* A failed start may be repeated. */
      mp_set_executable (NULL);
    }
  start (process);
  g_assert_cmpint (join (process), ==, 0);
  return 0;
}

/* Run before mp_init(). */
static int
verb_without_init (const char *method)
{
  g_autoptr(MpProcess) process = new_process (method, "leave", g_variant_new_int32 (0));
  g_autoptr(GError) error = NULL;

  if (g_str_equal (method, "fork"))
    {
      start (process);
      return join (process);
    }
  g_assert_false (mp_process_start (process, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_SPAWN);
  g_assert_nonnull (strstr (error->message, "mp_init()"));
  return 0;
}

/* A fork that is none of ours must not do what the program does at exit. */
static int
verb_foreign_fork (const char *method)
{
  pid_t pid;

  mp_set_start_method (method, TRUE, NULL);
  left[0] = start_staying (NULL, "stay", FALSE, &ends[0]);
  mp_finalizer_add (say, (gpointer) "once", NULL, 0);
  fflush (NULL);
  pid = fork ();
  if (pid == 0)
    exit (0);
  waitpid (pid, NULL, 0);
  g_assert_true (mp_process_is_alive (left[0]));
  mp_connection_close (ends[0]);
  join (left[0]);
  return 0;
}

/* A fork that is none of ours and stays has all of our descriptors: waiting for an end of file at
 * exit would be for ever. */
static int
verb_fork_that_stays (const char *method)
{
  g_autoptr(MpProcess) process = new_process (method, "nothing", NULL);

  start (process);
  g_assert_cmpint (join (process), ==, 0);
  fflush (NULL);
  if (fork () == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      close (STDOUT_FILENO);
      close (STDERR_FILENO);
      pause ();
    }
  return 0;
}

static GVariant *
say_in_log (GVariant  *args,
            GError   **error)
{
  mp_log (MP_LOG_SUBWARNING, "from the %s", "child");
  mp_log (MP_LOG_SUBDEBUG, "nobody wants this");
  return NULL;
}
MP_REGISTER_FUNCTION (say_in_log)

/* Two sinks with a level each; twice to standard error is not twice the lines. */
static int
verb_log_descriptor (const char *method)
{
  int fd = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

  mp_set_start_method (method, TRUE, NULL);
  mp_log_to_stderr (MP_LOG_SUBWARNING);
  mp_log_to_stderr (MP_LOG_NOTSET);
  mp_log_to_fd (fd, MP_LOG_INFO);
  close (fd);
  run_default ("say_in_log", NULL, 0);
  return 0;
}

static const Verb verbs[] = {
  { "exit", verb_exit },
  { "error", verb_error },
  { "death", verb_death },
  { "bad-initializer", verb_bad_initializer },
  { "leave-children", verb_leave_children },
  { "finalizers", verb_finalizers },
  { "be-killed", verb_be_killed },
  { "join-in-threads", verb_join_in_threads },
  { "start-with-threads", verb_start_with_threads },
  { "ended-at-once", verb_ended_at_once },
  { "no-hold", verb_no_hold },
  { "closed-standard", verb_closed_standard },
  { "no-executable", verb_no_executable },
  { "foreign-fork", verb_foreign_fork },
  { "fork-that-stays", verb_fork_that_stays },
  { "log-descriptor", verb_log_descriptor },
};

static void
check (const char    *verb,
       gconstpointer  method,
       int            exit_code,
       const char    *out,
       const char    *err)
{
  g_auto(VerbResult) result = { 0 };

  run_verb (verb, method, &result);
  g_assert_cmpstr (result.err, ==, err);
  g_assert_cmpstr (result.out, ==, out);
  g_assert_true (WIFEXITED (result.status));
  g_assert_cmpint (WEXITSTATUS (result.status), ==, exit_code);
}

static void
test_exit (gconstpointer method)
{
  check ("exit", method, 0, "not flushed",
         "[INFO/Process-1] child process calling self.run()\n"
         "[INFO/Process-1] process shutting down\n"
         "[DEBUG/Process-1] running all \"atexit\" finalizers with priority >= 0\n"
         "[DEBUG/Process-1] running the remaining \"atexit\" finalizers\n"
         "[INFO/Process-1] process exiting with exitcode 3\n"
         "[INFO/MainProcess] process shutting down\n"
         "[DEBUG/MainProcess] running all \"atexit\" finalizers with priority >= 0\n"
         "[DEBUG/MainProcess] running the remaining \"atexit\" finalizers\n");
}

static void
test_error (gconstpointer method)
{
  check ("error", method, 0, "",
         "[INFO/Process-1] child process calling self.run()\n"
         "[INFO/Process-1] process shutting down\n"
         "Process Process-1:\n"
         "g-file-error-quark, 4: nothing there\n"
         "[INFO/Process-1] process exiting with exitcode 1\n"
         "[INFO/MainProcess] process shutting down\n");
}

static void
test_bad_initializer (void)
{
  check ("bad-initializer", "fork", 0, "",
         "[INFO/ForkPoolWorker-1] child process calling self.run()\n"
         "[INFO/ForkPoolWorker-1] process shutting down\n"
         "Process ForkPoolWorker-1:\n"
         "g-file-error-quark, 4: nothing there\n"
         "[INFO/ForkPoolWorker-1] process exiting with exitcode 1\n"
         "[INFO/MainProcess] process shutting down\n");
}

static void
test_death (gconstpointer method)
{
  g_auto(VerbResult) result = { 0 };

  run_verb ("death", method, &result);
  g_assert_true (g_regex_match_simple ("^\\[WARNING/MainProcess\\] process Process-1 \\(pid \\d+\\)"
                                       " killed by SIGKILL\n$", result.err, 0, 0));
  g_assert_cmpint (result.status, ==, 0);
}

/* Who is dead by then is not waited for. */
static void
test_leave_children (gconstpointer method)
{
  g_auto(VerbResult) result = { 0 };

  run_verb ("leave-children", method, &result);
  if (!g_regex_match_simple ("^\\[INFO/MainProcess\\] process shutting down\n"
                             "\\[INFO/MainProcess\\] calling terminate\\(\\) for daemon Process-1\n"
                             "(\\[INFO/MainProcess\\] calling join\\(\\) for process Process-1\n)?"
                             "(\\[INFO/MainProcess\\] calling join\\(\\) for process Process-2\n)?$",
                             result.err, 0, 0))
    g_error ("%s", result.err);
  g_assert_cmpstr (result.out, ==, "waited for\n");
  g_assert_cmpint (result.status, ==, 0);
}

static void
test_finalizers (gconstpointer method)
{
  check ("finalizers", method, 7,
         "child\nchild\ncalled\n10, newer\n10\n0\nwaited for\n-1\n-100\n", "");
}

/* It returns only when nobody is left to write. */
static void
test_be_killed (gconstpointer method)
{
  g_auto(VerbResult) result = { 0 };

  run_verb ("be-killed", method, &result);
  g_assert_true (WIFSIGNALED (result.status));
  g_assert_cmpint (WTERMSIG (result.status), ==, SIGKILL);
}

static void
test_join_in_threads (gconstpointer method)
{
  check ("join-in-threads", method, 0, "", "");
}

static void
test_start_with_threads (gconstpointer method)
{
  check ("start-with-threads", method, 0, "", "");
}

static void
test_ended_at_once (void)
{
  check ("ended-at-once", "fork", 0, "", "");
}

static void
test_no_hold (void)
{
  check ("no-hold", "fork", 0, "", "");
}

static void
test_closed_standard (gconstpointer method)
{
  check ("closed-standard", method, 0, "", "");
}

static void
test_no_executable (gconstpointer method)
{
  check ("no-executable", method, 0, "", "");
}

static void
test_without_init (gconstpointer method)
{
  check ("without-init", method, 0, g_str_equal (method, "fork") ? "not flushed" : "", "");
}

static void
test_foreign_fork (gconstpointer method)
{
  check ("foreign-fork", method, 0, "once\n", "");
}

static void
test_fork_that_stays (gconstpointer method)
{
  check ("fork-that-stays", method, 0, "", "");
}

static void
test_log_descriptor (gconstpointer method)
{
  check ("log-descriptor", method, 0,
         "[INFO/Process-1] child process calling self.run()\n"
         "[Level 25/Process-1] from the child\n"
         "[INFO/Process-1] process shutting down\n"
         "[INFO/Process-1] process exiting with exitcode 0\n"
         "[INFO/MainProcess] process shutting down\n",
         "[Level 25/Process-1] from the child\n");
}

int
main (int    argc,
      char **argv)
{
  int exit_code;

  if (argc > 2 && g_str_equal (argv[2], "without-init"))
    return verb_without_init (argv[3]);
  mp_init (&argc, &argv);
  if (is_verb (argc, argv, verbs, G_N_ELEMENTS (verbs), &exit_code))
    return exit_code;
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("program", "exit", test_exit);
  add_for_methods ("program", "error", test_error);
  g_test_add_func ("/program/bad-initializer", test_bad_initializer);
  add_for_methods ("program", "death", test_death);
  add_for_methods ("program", "leave-children", test_leave_children);
  add_for_methods ("program", "finalizers", test_finalizers);
  add_for_methods ("program", "be-killed", test_be_killed);
  add_for_methods ("program", "join-in-threads", test_join_in_threads);
  add_for_methods ("program", "start-with-threads", test_start_with_threads);
  g_test_add_func ("/program/ended-at-once", test_ended_at_once);
  g_test_add_func ("/program/no-hold", test_no_hold);
  add_for_methods ("program", "closed-standard", test_closed_standard);
  add_for_methods ("program", "no-executable", test_no_executable);
  add_for_methods ("program", "without-init", test_without_init);
  add_for_methods ("program", "foreign-fork", test_foreign_fork);
  add_for_methods ("program", "fork-that-stays", test_fork_that_stays);
  add_for_methods ("program", "log-descriptor", test_log_descriptor);

  return g_test_run ();
}
