/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "command-util.h"

static int
count_fds (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  int count = 0;

  while (g_dir_read_name (folder) != NULL)
    count++;
  return count;
}

void
command_test_begin (CommandTest *test)
{
  g_autoptr (GError) error = NULL;

  alarm (TEST_PATIENCE);
  test->n_fds = count_fds ();
  test->folder = g_dir_make_tmp ("command-XXXXXX", &error);
  g_assert_no_error (error);
  test->fifo = g_build_filename (test->folder, "fifo", NULL);
  g_assert_no_errno (mkfifo (test->fifo, 0600));
  /* Both ways, so that it opens before the child is there and has no end. */
  test->fifo_fd = open (test->fifo, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (test->fifo_fd, >=, 0);
}

/* No child, no descriptor and no file may be left. */
void
command_test_end (CommandTest *test)
{
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
  close (test->fifo_fd);
  g_assert_cmpint (count_fds (), ==, test->n_fds);
  g_assert_no_errno (g_unlink (test->fifo));
  g_assert_no_errno (g_rmdir (test->folder));
  g_free (test->fifo);
  g_free (test->folder);
  alarm (0);
}

/* Until a child has written to the FIFO. */
void
command_test_wait (CommandTest *test)
{
  char byte;

  g_assert_cmpint (read (test->fifo_fd, &byte, 1), ==, 1);
}

char *
command_test_path (CommandTest *test,
                   const char  *name)
{
  return g_build_filename (test->folder, name, NULL);
}

MpCommand *
command_child (const char *verb,
               ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  const char *argument;
  va_list arguments;

  g_ptr_array_add (argv, (gpointer) COMMAND_CHILD);
  va_start (arguments, verb);
  for (argument = verb; argument != NULL; argument = va_arg (arguments, const char *))
    g_ptr_array_add (argv, (gpointer) argument);
  va_end (arguments);
  g_ptr_array_add (argv, NULL);
  return mp_command_new ((const char *const *) argv->pdata);
}

void
assert_output (MpCommandText *text,
               const char    *expected)
{
  g_autofree char *actual = g_strndup ((const char *) text->data, text->size);

  g_assert_cmpstr (actual, ==, expected);
}

void
assert_exit (MpCommandResult *result,
             int              exit_code)
{
  g_assert_cmpint (result->end, ==, MP_COMMAND_EXITED);
  g_assert_true (WIFEXITED (result->wait_status));
  g_assert_cmpint (WEXITSTATUS (result->wait_status), ==, exit_code);
}

void
assert_gone (pid_t pid)
{
  g_assert_cmpint (pid, >, 1);
  g_assert_cmpint (kill (pid, 0), ==, -1);
  g_assert_cmpint (errno, ==, ESRCH);
}

pid_t
pid_from_output (MpCommandText *text)
{
  g_autofree char *output = g_strndup ((const char *) text->data, text->size);

  return g_ascii_strtoll (output, NULL, 10);
}
