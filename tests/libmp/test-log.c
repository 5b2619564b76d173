/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The form of log lines, and how one process collects those of many. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "process-test.h"

#define N_PROCESSES 4
#define N_LINES 100

static GVariant *
say_much (GVariant  *args,
          GError   **error)
{
  g_autofree char *tail = g_strnfill (60, '.');

  for (int i = 0; i < N_LINES; i++)
    mp_log (MP_LOG_WARNING, "line %d %s end", i, tail);
  return NULL;
}
MP_REGISTER_FUNCTION (say_much)

/* Each line is whole, is of a process that was started, and is in its order there. */
static void
check_lines (const char *text,
             MpProcess  *processes[N_PROCESSES])
{
  g_autofree char *tail = g_strnfill (60, '.');
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  int seen[N_PROCESSES] = { 0 };

  g_assert_cmpuint (g_strv_length (lines), ==, N_PROCESSES * N_LINES + 1);
  g_assert_cmpstr (lines[N_PROCESSES * N_LINES], ==, "");
  for (int i = 0; i < N_PROCESSES * N_LINES; i++)
    {
      gboolean expected = FALSE;

      for (int j = 0; j < N_PROCESSES && !expected; j++)
        {
          g_autofree char *line = g_strdup_printf ("[WARNING/%s] line %d %s end",
                                                   mp_process_get_name (processes[j]), seen[j],
                                                   tail);

          expected = g_str_equal (lines[i], line);
          seen[j] += expected;
        }
      if (!expected)
        g_error ("not a whole line, or out of order: %s", lines[i]);
    }
}

static void
test_many_writers (gconstpointer method)
{
  MpProcess *processes[N_PROCESSES];
  g_autofree char *text = g_malloc (N_PROCESSES * N_LINES * 200);
  gsize length = 0;
  gssize n;
  int fds[2];

  /* Small, so that the writers wait for room in the middle of it. */
  open_pipe (fds);
  g_assert_no_errno (fcntl (fds[1], F_SETPIPE_SZ, 4096));
  mp_log_to_fd (fds[1], MP_LOG_WARNING);
  close (fds[1]);
  for (int i = 0; i < N_PROCESSES; i++)
    processes[i] = start_new (method, "say_much", NULL);
  mp_log_to_fd (-1, MP_LOG_NOTSET);

  while ((n = read (fds[0], text + length, N_PROCESSES * N_LINES * 200 - 1 - length)) > 0)
    length += n;
  g_assert_cmpint (n, ==, 0);
  text[length] = '\0';
  close (fds[0]);
  check_lines (text, processes);

  for (int i = 0; i < N_PROCESSES; i++)
    {
      g_assert_cmpint (join (processes[i]), ==, 0);
      g_object_unref (processes[i]);
    }
}

static char *
log_one (MpLogLevel  level,
         const char *text)
{
  char buffer[PIPE_BUF + 100];
  gssize n;
  int fds[2];

  open_pipe (fds);
  mp_log_to_fd (fds[1], MP_LOG_SUBDEBUG);
  close (fds[1]);
  mp_log (level, "%s", text);
  mp_log_to_fd (-1, MP_LOG_NOTSET);
  n = read (fds[0], buffer, sizeof buffer);
  close (fds[0]);
  g_assert_cmpint (n, >=, 0);
  return g_strndup (buffer, n);
}

static void
test_format (void)
{
  static const struct { MpLogLevel level; const char *line; } cases[] = {
    { 1, "" },
    { MP_LOG_SUBDEBUG, "[Level 5/MainProcess] text\n" },
    { MP_LOG_DEBUG, "[DEBUG/MainProcess] text\n" },
    { MP_LOG_INFO, "[INFO/MainProcess] text\n" },
    { MP_LOG_SUBWARNING, "[Level 25/MainProcess] text\n" },
    { MP_LOG_WARNING, "[WARNING/MainProcess] text\n" },
    { MP_LOG_ERROR, "[ERROR/MainProcess] text\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *line = log_one (cases[i].level, "text");

      g_assert_cmpstr (line, ==, cases[i].line);
    }
}

/* One that would not be written at once is cut, and is still a line. */
static void
test_long_line (void)
{
  g_autofree char *text = g_strnfill (2 * PIPE_BUF, 'x');
  g_autofree char *line = log_one (MP_LOG_WARNING, text);

  g_assert_cmpuint (strlen (line), ==, PIPE_BUF);
  g_assert_true (g_str_has_prefix (line, "[WARNING/MainProcess] xxx"));
  g_assert_true (g_str_has_suffix (line, "xxx\n"));
}

/* To log to somebody who has gone is no reason to die. A SIGPIPE of somebody else is not taken. */
static void
test_gone_reader (gconstpointer method)
{
  g_autoptr(MpProcess) process = NULL;
  sigset_t sigpipe, pending;
  int fds[2];

  open_pipe (fds);
  mp_log_to_fd (fds[1], MP_LOG_WARNING);
  close_pipe (fds);
  mp_log (MP_LOG_WARNING, "nobody reads this");
  process = start_new (method, "say_much", NULL);
  g_assert_cmpint (join (process), ==, 0);

  sigemptyset (&sigpipe);
  sigaddset (&sigpipe, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &sigpipe, NULL);
  mp_log (MP_LOG_WARNING, "nor this");
  sigpending (&pending);
  g_assert_false (sigismember (&pending, SIGPIPE));
  raise (SIGPIPE);
  mp_log (MP_LOG_WARNING, "nor this");
  sigpending (&pending);
  g_assert_true (sigismember (&pending, SIGPIPE));
  sigwait (&sigpipe, &(int) { 0 });
  pthread_sigmask (SIG_UNBLOCK, &sigpipe, NULL);
  mp_log_to_fd (-1, MP_LOG_NOTSET);
}

static int stop_logging;

static gpointer
log_on (gpointer data)
{
  while (!g_atomic_int_get (&stop_logging))
    mp_log (MP_LOG_WARNING, "a line");
  return NULL;
}

/* What another thread is just writing gets into no file that was opened since. */
static void
test_other_thread (void)
{
  int file = memfd_create ("log", MFD_CLOEXEC);
  GThread *thread = g_thread_new (NULL, log_on, NULL);

  for (guint i = 0; i < 5000; i++)
    {
      struct stat status;
      int others[4];

      mp_log_to_fd (file, MP_LOG_WARNING);
      mp_log_to_fd (-1, MP_LOG_NOTSET);
      for (guint n = 0; n < G_N_ELEMENTS (others); n++)
        others[n] = memfd_create ("other", MFD_CLOEXEC);
      for (guint n = 0; n < G_N_ELEMENTS (others); n++)
        {
          g_assert_no_errno (fstat (others[n], &status));
          g_assert_cmpint (status.st_size, ==, 0);
          close (others[n]);
        }
    }
  g_atomic_int_set (&stop_logging, TRUE);
  g_thread_join (thread);
  close (file);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/log/format", test_format);
  g_test_add_func ("/log/long-line", test_long_line);
  add_for_methods ("log", "many-writers", test_many_writers);
  add_for_methods ("log", "gone-reader", test_gone_reader);
  g_test_add_func ("/log/other-thread", test_other_thread);

  return g_test_run ();
}
