/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-sink.h"

/* O_NONBLOCK belongs to the open file, which we share with whoever started us and with those who
 * come after us; so it is never set on a descriptor we were given. A pipe or a terminal is opened
 * anew, a socket is asked not to wait each time, a file on a disk does not wait. */

/**
 * gm_sink_open:
 * @self: (out caller-allocates): the sink
 * @fd: where to write, which stays open and as it is
 */
void
gm_sink_open (GmSink *self,
              int     fd)
{
  struct stat status;
  char path[32];

  *self = (GmSink) { .fd = fd, .is_terminal = isatty (fd) == 1 };
  if (fstat (fd, &status) < 0)
    return;
  self->is_socket = S_ISSOCK (status.st_mode);
  if (!S_ISFIFO (status.st_mode) && !self->is_terminal)
    return;

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  fd = open (path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    {
      self->is_careful = TRUE;
      return;
    }
  self->fd = fd;
  self->owned = TRUE;
}

/**
 * gm_sink_close:
 * @self: a sink
 */
void
gm_sink_close (GmSink *self)
{
  if (self->owned)
    close (self->fd);
  self->owned = FALSE;
}

/**
 * gm_sink_write:
 * @self: a sink
 * @data: what to write
 * @size: how much
 *
 * Writes what can be written at once.
 *
 * Returns: how much that was, or -1 with errno: EAGAIN if it would have to wait
 */
gssize
gm_sink_write (GmSink     *self,
               const char *data,
               gsize       size)
{
  struct pollfd pollfd = { .fd = self->fd, .events = POLLOUT };

  if (self->is_socket)
    return send (self->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (!self->is_careful)
    return write (self->fd, data, size);

  /* So much fits into a pipe that says it has room. */
  if (poll (&pollfd, 1, 0) == 0)
    {
      errno = EAGAIN;
      return -1;
    }

  return write (self->fd, data, MIN (size, PIPE_BUF));
}

/* Also /dev/tty and what it stands for are the same. */
static gboolean
get_terminal (int           fd,
              unsigned int *device)
{
  return isatty (fd) == 1 && ioctl (fd, TIOCGDEV, device) == 0;
}

/**
 * gm_sink_is_same:
 * @a: a descriptor
 * @b: another
 *
 * Returns: whether what is written to one and to the other arrives in one stream
 */
gboolean
gm_sink_is_same (int a,
                 int b)
{
  struct stat status_a, status_b;
  unsigned int device_a, device_b;

  if (get_terminal (a, &device_a) && get_terminal (b, &device_b))
    return device_a == device_b;
  if (fstat (a, &status_a) < 0 || fstat (b, &status_b) < 0)
    return FALSE;

  return (S_ISFIFO (status_a.st_mode) || S_ISSOCK (status_a.st_mode))
         && status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
}
