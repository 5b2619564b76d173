/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the test programs of libmp share. */

/* Valgrind knows neither pidfd_open() nor clone3(): nobody can be started there and watched. */
static inline gboolean
can_start_processes (void)
{
  return g_getenv ("GTK_MP_TEST_MEMCHECK") == NULL;
}

static inline guint
count_descriptors (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static inline void
open_pipe (int fds[2])
{
  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
}

static inline void
close_pipe (int fds[2])
{
  close (fds[0]);
  close (fds[1]);
}

/* Takes all descriptors but @n_left that this process may have open, for as long as the returned
 * array is not given to free_descriptors(). */
static inline GArray *
take_descriptors (guint n_left)
{
  GArray *taken = g_array_new (FALSE, FALSE, sizeof (int));
  struct rlimit limit;
  int fd;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &limit));
  limit.rlim_cur = MIN (limit.rlim_max, 1024);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
  while ((fd = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) >= 0)
    g_array_append_val (taken, fd);
  g_assert_cmpint (errno, ==, EMFILE);
  for (; n_left > 0; n_left--)
    {
      close (g_array_index (taken, int, taken->len - 1));
      g_array_set_size (taken, taken->len - 1);
    }
  return taken;
}

static inline void
free_descriptors (GArray *taken)
{
  for (guint i = 0; i < taken->len; i++)
    close (g_array_index (taken, int, i));
  g_array_unref (taken);
}
