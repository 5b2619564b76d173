/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

/* What the test programs of libmp share. */

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
