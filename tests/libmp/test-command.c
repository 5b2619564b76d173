/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "command-util.h"

static void
run (MpCommand       *command,
     MpCommandResult *result)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = mp_command_run (command, result, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

/* Runs @command, which can't be, and compares the text of its error. */
static void
assert_fails (MpCommand  *command,
              const char *message)
{
  g_autoptr (GError) error = NULL;
  MpCommandResult result;
  pid_t slot = 0;

  mp_command_set_pid_slot (command, &slot);
  g_assert_false (mp_command_run (command, &result, &error));
  mp_command_set_pid_slot (command, NULL);
  g_assert_cmpint (slot, ==, 0);
  g_assert_error (error, MP_ERROR, MP_ERROR_SPAWN);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_cmpint (result.end, ==, MP_COMMAND_NOT_EXECUTED);
  g_assert_cmpint (result.error_number, !=, 0);
}

static void
test_output (void)
{
  g_autoptr (MpCommand) command = command_child ("nul", NULL);
  MpCommandResult result;

  run (command, &result);
  assert_exit (&result, 0);
  g_assert_cmpmem (result.out.data, result.out.size, "a\0b", 3);
  g_assert_cmpmem (result.err.data, result.err.size, "\0c\0d\n", 5);
  g_assert_cmpuint (result.out.total, ==, 3);
  g_assert_null (result.out.path);
  g_assert_cmpint (result.duration, >, 0);
  g_assert_cmpint (result.start_time, >, 0);
  g_assert_cmpint (result.max_rss, >, 0);
}

static void
test_reuse (void)
{
  const char *echo[] = { COMMAND_CHILD, "echo", "one", "", "two words", NULL };
  g_autoptr (MpCommand) command = command_child ("exit", "7", NULL);
  MpCommandResult result;

  run (command, &result);
  assert_exit (&result, 7);
  mp_command_set_argv (command, echo);
  run (command, &result);
  assert_exit (&result, 0);
  assert_output (&result.out, "one\n\ntwo words\n");
  mp_command_unref (mp_command_ref (command));
  run (command, &result);
  assert_output (&result.out, "one\n\ntwo words\n");
}

static void
test_signal (void)
{
  g_autoptr (MpCommand) command = command_child ("kill-self", "9", NULL);
  MpCommandResult result;

  run (command, &result);
  g_assert_cmpint (result.end, ==, MP_COMMAND_SIGNALED);
  g_assert_cmpint (WTERMSIG (result.wait_status), ==, SIGKILL);
}

static void
test_closed_outputs (void)
{
  g_autoptr (MpCommand) command = command_child ("close-outputs", NULL);
  MpCommandResult result;

  run (command, &result);
  assert_exit (&result, 3);
}

static char *
spill_path (int      fd,
            gpointer user_data)
{
  CommandTest *test = user_data;

  return command_test_path (test, fd == 1 ? "out" : "err");
}

static void
test_spill (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  g_autofree char *path = NULL, *text = NULL;
  MpCommandResult result;
  gsize length;

  command_test_begin (&test);
  path = command_test_path (&test, "err");

  command = command_child ("spam", "2", "65536", NULL);
  mp_command_set_output_path (command, spill_path, &test);
  run (command, &result);
  g_assert_cmpuint (result.err.size, ==, 65536);
  g_assert_null (result.err.path);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  mp_command_unref (command);

  command = command_child ("spam", "2", "10000000", NULL);
  mp_command_set_output_path (command, spill_path, &test);
  mp_command_set_output_limit (command, 1000);
  run (command, &result);
  assert_exit (&result, 0);
  g_assert_cmpuint (result.err.size, ==, 1000);
  g_assert_cmpuint (result.err.total, ==, 10000000);
  g_assert_cmpstr (result.err.path, ==, path);
  g_assert_cmpuint (result.out.total, ==, 0);
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_assert_cmpuint (length, ==, 10000000);
  g_assert_cmpuint (strspn (text, "x"), ==, length);
  g_assert_no_errno (g_unlink (path));
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static char *
impossible_path (int      fd,
                 gpointer user_data)
{
  return g_strdup (user_data);
}

static void
test_spill_fails (void)
{
  g_autoptr (MpCommand) command = command_child ("spam", "1", "100000000000", NULL);
  g_autoptr (GError) error = NULL;
  MpCommandResult result;

  mp_command_set_output_path (command, impossible_path, (gpointer) "/dev/full");
  g_assert_false (mp_command_run (command, &result, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_assert_cmpint (result.end, ==, MP_COMMAND_RESULT_LOST);
  g_assert_cmpint (result.error_number, ==, ENOSPC);
}

static long
peak_kib (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void
test_gigabyte (void)
{
  g_autoptr (MpCommand) command = command_child ("spam", "1", "1073741824", NULL);
  long before = peak_kib ();
  MpCommandResult result;

  mp_command_set_output_path (command, impossible_path, (gpointer) "/dev/null");
  run (command, &result);
  assert_exit (&result, 0);
  g_assert_cmpuint (result.out.total, ==, 1073741824);
  g_assert_cmpuint (result.out.size, ==, 65536);
  g_assert_cmpint (peak_kib () - before, <, 8 * 1024);

  /* And where there is no file for it. */
  mp_command_set_output_path (command, NULL, NULL);
  run (command, &result);
  g_assert_cmpuint (result.out.total, ==, 1073741824);
  g_assert_null (result.out.path);
  g_assert_cmpint (peak_kib () - before, <, 8 * 1024);
}

static void
test_stdin (void)
{
  const char *cat[] = { "cat", NULL };
  const char *count[] = { COMMAND_CHILD, "count-stdin", NULL };
  const char *ignore[] = { COMMAND_CHILD, "exit", "0", NULL };
  g_autofree char *big = g_malloc0 (20 * 1024 * 1024);
  g_autoptr (MpCommand) command = mp_command_new (cat);
  MpCommandResult result;
  sigset_t mask;

  mp_command_set_stdin (command, "a\0b\n", 4);
  run (command, &result);
  g_assert_cmpmem (result.out.data, result.out.size, "a\0b\n", 4);

  /* More than both pipes hold, so that either end waits for the other. */
  mp_command_set_stdin (command, big, 20 * 1024 * 1024);
  run (command, &result);
  g_assert_cmpuint (result.out.total, ==, 20 * 1024 * 1024);
  mp_command_set_argv (command, count);
  run (command, &result);
  assert_output (&result.out, "20971520\n");

  mp_command_set_argv (command, ignore);
  for (int i = 0; i < 20; i++)
    {
      run (command, &result);
      assert_exit (&result, 0);
    }
  sigpending (&mask);
  g_assert_false (sigismember (&mask, SIGPIPE));
  pthread_sigmask (SIG_BLOCK, NULL, &mask);
  g_assert_false (sigismember (&mask, SIGPIPE));

  mp_command_set_argv (command, count);
  mp_command_set_stdin (command, "", 0);
  run (command, &result);
  assert_output (&result.out, "0\n");
  mp_command_set_stdin (command, NULL, 0);
  run (command, &result);
  assert_output (&result.out, "0\n");
}

static void
write_script (const char *path,
              const char *text,
              int         mode)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_no_errno (chmod (path, mode));
}

static void
assert_program_fails (const char *program,
                      const char *reason)
{
  const char *argv[] = { program, NULL };
  g_autoptr (MpCommand) command = mp_command_new (argv);
  g_autofree char *message = g_strdup_printf ("Could not run “%s”: %s", program, reason);

  assert_fails (command, message);
}

static void
test_exec_errors (void)
{
  CommandTest test;
  g_autofree char *script = NULL, *orphan = NULL, *plain = NULL;

  command_test_begin (&test);
  script = command_test_path (&test, "script");
  orphan = command_test_path (&test, "orphan");
  plain = command_test_path (&test, "plain");
  write_script (script, "echo hello\n", 0700);
  write_script (orphan, "#!/no/such/interpreter\n", 0700);
  write_script (plain, "", 0600);

  assert_program_fails ("no-such-program-anywhere",
                        "there is no such program in any folder of PATH");
  assert_program_fails ("", "there is no such file");
  assert_program_fails ("./no-such-file", "there is no such file");
  assert_program_fails (script, "it is neither a program nor a script with “#!” and its "
                                "interpreter in the first line");
  assert_program_fails (orphan, "the interpreter it names in its first line, or its loader, "
                                "does not exist");
  assert_program_fails (plain, "it is not executable, or a folder on the way can't be entered");
  assert_program_fails (test.folder, "it is a folder");

  g_assert_no_errno (g_unlink (script));
  g_assert_no_errno (g_unlink (orphan));
  g_assert_no_errno (g_unlink (plain));
  command_test_end (&test);
}

static void
test_too_long (void)
{
  g_autofree char *huge = g_strnfill (1024 * 1024, 'x');
  g_autoptr (MpCommand) command = command_child ("echo", huge, NULL);
  g_autofree char *message = g_strdup_printf ("Could not run “%s”: its arguments and environment "
                                              "are too long", COMMAND_CHILD);

  assert_fails (command, message);
}

static void
test_shortage (void)
{
  g_autoptr (MpCommand) command = command_child ("exit", "0", NULL);
  g_autoptr (GError) error = NULL;
  struct rlimit limit, old;
  MpCommandResult result;
  gboolean ok;

  getrlimit (RLIMIT_NOFILE, &old);
  limit = old;
  limit.rlim_cur = 3;
  setrlimit (RLIMIT_NOFILE, &limit);
  ok = mp_command_run (command, &result, &error);
  setrlimit (RLIMIT_NOFILE, &old);
  g_assert_false (ok);
  g_assert_error (error, MP_ERROR, MP_ERROR_SPAWN);
  g_assert_cmpint (result.end, ==, MP_COMMAND_NO_RESOURCES);
  run (command, &result);
  assert_exit (&result, 0);
}

static void
test_cwd (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = command_child ("cwd", NULL);
  const char *relative[] = { "./here", "cwd", NULL };
  const char *searched[] = { "here", "cwd", NULL };
  g_autofree char *link = NULL, *expected = NULL, *message = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  link = command_test_path (&test, "here");
  expected = g_strdup_printf ("%s\n", test.folder);
  g_assert_no_errno (symlink (COMMAND_CHILD, link));
  mp_command_set_cwd (command, test.folder);
  run (command, &result);
  assert_output (&result.out, expected);

  /* Relative names are looked for there, too. */
  mp_command_set_argv (command, relative);
  g_assert_true (mp_command_check (command, NULL));
  run (command, &result);
  assert_output (&result.out, expected);
  mp_command_set_argv (command, searched);
  g_assert_false (mp_command_check (command, NULL));
  mp_command_set_env (command, "PATH", "/nowhere:");
  g_assert_true (mp_command_check (command, NULL));
  run (command, &result);
  assert_output (&result.out, expected);

  mp_command_set_cwd (command, "/no/such/folder");
  mp_command_set_argv (command, relative);
  message = g_strdup_printf ("Could not run “./here” in the folder “/no/such/folder”: %s",
                             g_strerror (ENOENT));
  g_assert_false (mp_command_check (command, NULL));
  assert_fails (command, message);

  g_clear_pointer (&command, mp_command_unref);
  g_assert_no_errno (g_unlink (link));
  command_test_end (&test);
}

static void
test_env (void)
{
  g_autoptr (MpCommand) command = command_child ("env", "HOME", "MP_A", "MP_B", NULL);
  MpCommandResult result;

  g_setenv ("HOME", "/home/somebody", TRUE);
  mp_command_unref (g_steal_pointer (&command));
  command = command_child ("env", "HOME", "MP_A", "MP_B", NULL);
  run (command, &result);
  assert_output (&result.out, "/home/somebody\n(unset)\n(unset)\n");

  mp_command_set_env (command, "HOME", "");
  mp_command_set_env (command, "MP_A", "1");
  run (command, &result);
  assert_output (&result.out, "\n1\n(unset)\n");

  for (int i = 0; i < 100; i++)
    {
      g_autofree char *value = g_strnfill (i * 10, 'v');
      g_autofree char *expected = g_strdup_printf ("(unset)\n%s\nb\n", value);

      mp_command_set_env (command, "HOME", NULL);
      mp_command_set_env (command, "MP_A", value);
      mp_command_set_env (command, "MP_B", "b");
      run (command, &result);
      assert_output (&result.out, expected);
    }
}

static void
test_path (void)
{
  CommandTest test;
  const char *argv[] = { "mp-test-program", "exit", "5", NULL };
  g_autoptr (MpCommand) command = mp_command_new (argv);
  g_autofree char *link = NULL;
  MpCommandResult result;

  command_test_begin (&test);
  link = command_test_path (&test, "mp-test-program");
  g_assert_no_errno (symlink (COMMAND_CHILD, link));
  g_assert_false (mp_command_check (command, NULL));
  mp_command_set_env (command, "PATH", test.folder);
  run (command, &result);
  assert_exit (&result, 5);

  g_assert_no_errno (g_unlink (link));
  assert_fails (command, "Could not run “mp-test-program”: there is no such file");
  assert_fails (command, "Could not run “mp-test-program”: there is no such program in any folder "
                         "of PATH");

  write_script (link, "", 0600);
  g_assert_false (mp_command_run (command, &result, NULL));
  g_assert_cmpint (result.end, ==, MP_COMMAND_NOT_EXECUTED);
  g_assert_cmpint (result.error_number, ==, EACCES);
  g_assert_no_errno (g_unlink (link));
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

static void
test_state (void)
{
  g_autoptr (MpCommand) command = command_child ("state", NULL);
  MpCommandResult result;
  int open_fd = open ("/", O_RDONLY);

  mp_command_set_nice (command, 7);
  run (command, &result);
  assert_output (&result.out, "session 1 group 1 fds 3 sum 3 stdin /dev/null nice 7\n");
  close (open_fd);
}

static void
test_signals (void)
{
  g_autoptr (MpCommand) command = NULL;
  MpCommandResult result;
  sigset_t blocked, old;

  signal (SIGPIPE, SIG_IGN);
  signal (SIGINT, SIG_IGN);
  signal (SIGRTMIN + 3, SIG_IGN);
  sigfillset (&blocked);
  pthread_sigmask (SIG_BLOCK, &blocked, &old);
  command = command_child ("signals", NULL);
  run (command, &result);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  signal (SIGPIPE, SIG_DFL);
  signal (SIGINT, SIG_DFL);
  signal (SIGRTMIN + 3, SIG_DFL);
  assert_output (&result.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

/* The one who starts it may have closed its own standard descriptors. */
static void
test_closed_stdio (void)
{
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      g_autoptr (MpCommand) command = command_child ("nul", NULL);
      MpCommandResult result;

      close (0);
      close (1);
      close (2);
      _exit (mp_command_run (command, &result, NULL) && result.out.size == 3 &&
             result.err.size == 5 ? 0 : 1);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
test_start (void)
{
  g_autoptr (MpCommand) command = command_child ("count-stdin", NULL);
  g_autoptr (GError) error = NULL;
  int input[2], output[2], fds[3], pidfd, status;
  struct pollfd end = { .events = POLLIN };
  char text[16] = "";
  pid_t pid;

  g_assert_no_errno (pipe2 (input, O_CLOEXEC));
  g_assert_no_errno (pipe2 (output, O_CLOEXEC));
  fds[0] = input[0];
  fds[1] = output[1];
  fds[2] = -1;
  g_assert_true (mp_command_start (command, fds, &pid, &pidfd, &error));
  g_assert_no_error (error);
  g_assert_cmpint (getsid (pid), ==, pid);
  close (input[0]);
  close (output[1]);
  g_assert_cmpint (write (input[1], "hello", 5), ==, 5);
  close (input[1]);
  g_assert_cmpint (read (output[0], text, sizeof text), ==, 2);
  g_assert_cmpstr (text, ==, "5\n");
  close (output[0]);
  end.fd = pidfd;
  g_assert_cmpint (poll (&end, 1, -1), ==, 1);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  close (pidfd);
}

static void
test_many (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = command_child ("exit", "0", NULL);
  MpCommandResult result;
  pid_t slot = 0;

  command_test_begin (&test);
  mp_command_set_pid_slot (command, &slot);
  for (int i = 0; i < 300; i++)
    {
      run (command, &result);
      assert_exit (&result, 0);
      g_assert_cmpint (slot, ==, 0);
    }
  g_clear_pointer (&command, mp_command_unref);
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

  g_test_add_func ("/command/output", test_output);
  g_test_add_func ("/command/reuse", test_reuse);
  g_test_add_func ("/command/signal", test_signal);
  g_test_add_func ("/command/closed-outputs", test_closed_outputs);
  g_test_add_func ("/command/spill", test_spill);
  g_test_add_func ("/command/spill-fails", test_spill_fails);
  g_test_add_func ("/command/gigabyte", test_gigabyte);
  g_test_add_func ("/command/stdin", test_stdin);
  g_test_add_func ("/command/exec-errors", test_exec_errors);
  g_test_add_func ("/command/too-long", test_too_long);
  g_test_add_func ("/command/shortage", test_shortage);
  g_test_add_func ("/command/cwd", test_cwd);
  g_test_add_func ("/command/env", test_env);
  g_test_add_func ("/command/path", test_path);
  g_test_add_func ("/command/state", test_state);
  g_test_add_func ("/command/signals", test_signals);
  g_test_add_func ("/command/closed-stdio", test_closed_stdio);
  g_test_add_func ("/command/start", test_start);
  g_test_add_func ("/command/many", test_many);
  return g_test_run ();
}
