/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

G_BEGIN_DECLS

/* Closes what @fd holds, if anything, and says so there. Keeps errno. */
static inline void
_mp_clear_fd (int *fd)
{
  int saved_errno = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  errno = saved_errno;
}

#define mp_autofd __attribute__ ((cleanup (_mp_clear_fd)))

/* What goes to another process must be none of the standard descriptors, whatever this one has
 * closed. Takes @fd, which may be -1. Returns: -1 with errno set if there is no other */
static inline int
_mp_fd_above_standard (int fd)
{
  mp_autofd int low_fd = -1;

  if (fd < 0 || fd > STDERR_FILENO)
    return fd;
  low_fd = fd;
  return fcntl (low_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* The same for both ends of a pipe. On failure both are closed. */
static inline gboolean
_mp_fds_above_standard (int fds[2])
{
  fds[0] = _mp_fd_above_standard (fds[0]);
  fds[1] = _mp_fd_above_standard (fds[1]);
  if (fds[0] >= 0 && fds[1] >= 0)
    return TRUE;
  _mp_clear_fd (&fds[0]);
  _mp_clear_fd (&fds[1]);
  return FALSE;
}

G_END_DECLS
