/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>

#include "mp-identity-private.h"

#include "mp-fd-private.h"
#include "mp-main-private.h"

#define START_BITS 40

static guint64 own_identity;

/* Returns: 0 with errno set if there is no such process, or that can't be seen */
static guint64
identify (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  mp_autofd int fd = open (path, O_RDONLY | O_CLOEXEC);
  char buffer[1024];
  gssize length = fd >= 0 ? read (fd, buffer, sizeof buffer - 1) : -1;
  const char *at;
  guint64 start;

  if (length < 0)
    {
      errno = errno == ENOENT ? ESRCH : errno;
      return 0;
    }
  buffer[length] = '\0';
  /* The 22nd field; the second may hold anything, and ends with the last bracket. */
  at = strrchr (buffer, ')');
  for (guint i = 2; at != NULL && i < 22; i++)
    at = strchr (at + 1, ' ');
  start = at != NULL ? g_ascii_strtoull (at, NULL, 10) : 0;
  return (guint64) pid << START_BITS | (start & (((guint64) 1 << START_BITS) - 1));
}

static void
forget_identity (void)
{
  own_identity = 0;
}

static void
after_fork (gpointer user_data)
{
  forget_identity ();
}

__attribute__ ((constructor)) static void
register_after_fork (void)
{
  /* Not every child comes from fork(), and not every fork() is ours. */
  pthread_atfork (NULL, NULL, forget_identity);
  _mp_after_fork_add (after_fork, NULL);
}

guint64
_mp_identity_get_own (void)
{
  guint64 identity = __atomic_load_n (&own_identity, __ATOMIC_RELAXED);

  if (G_UNLIKELY (identity == 0))
    {
      identity = identify (getpid ());
      __atomic_store_n (&own_identity, identity, __ATOMIC_RELAXED);
    }
  return identity;
}

/* Returns: a descriptor that is readable when the process has ended; -1 with errno ESRCH if it is
 * gone, another one if that can't be seen */
int
_mp_identity_open (guint64 identity)
{
  pid_t pid = identity >> START_BITS;
  mp_autofd int fd = syscall (SYS_pidfd_open, pid, 0);
  guint64 found = fd >= 0 ? identify (pid) : 0;

  if (found == identity)
    return g_steal_fd (&fd);
  if (found != 0)
    errno = ESRCH;
  return -1;
}

/* One that can't be seen for want of descriptors counts as alive. */
gboolean
_mp_identity_is_alive (guint64 identity)
{
  struct pollfd poll_fd = { .events = POLLIN };
  mp_autofd int fd = -1;

  if (identity == _mp_identity_get_own ())
    return TRUE;
  fd = _mp_identity_open (identity);
  if (fd < 0)
    return errno != ESRCH;
  poll_fd.fd = fd;
  return poll (&poll_fd, 1, 0) == 0;
}
