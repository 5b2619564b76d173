/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mp-keeper-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"

/* The keeper has the pidfd under this number and nothing else open. */
#define PIDFD 0

/* Unless somebody else has taken the name. */
static void
remove_name (const char        *name,
             const struct stat *memory)
{
  struct stat status;
  int fd = shm_open (name, O_RDONLY | O_CLOEXEC, 0);

  if (fd >= 0 && fstat (fd, &status) == 0
      && status.st_dev == memory->st_dev && status.st_ino == memory->st_ino)
    shm_unlink (name);
}

/* After a fork of a process that may have threads: calls nothing that could want a lock. */
G_NORETURN static void
keep (const char        *name,
      const struct stat *memory,
      int                pidfd)
{
  struct pollfd end = { .fd = PIDFD, .events = POLLIN };

  prctl (PR_SET_NAME, "mp-keeper");
  setsid ();
  /* What it has inherited would keep pipes from ending. */
  if (pidfd != PIDFD)
    dup2 (pidfd, PIDFD);
  syscall (SYS_close_range, PIDFD + 1, ~0U, 0);
  while (poll (&end, 1, -1) < 0 && errno == EINTR)
    ;
  remove_name (name, memory);
  _exit (0);
}

/* @memory is what @name names. Returns: -1 with an error on failure */
pid_t
_mp_keeper_start (const char  *name,
                  int          memory,
                  GError     **error)
{
  mp_autofd int pidfd = syscall (SYS_pidfd_open, getpid (), 0);
  struct stat status;
  sigset_t all, old;
  pid_t pid = -1;

  if (pidfd >= 0 && fstat (memory, &status) == 0)
    {
      sigfillset (&all);
      pthread_sigmask (SIG_BLOCK, &all, &old);
      pid = _Fork ();
      if (pid == 0)
        keep (name, &status, pidfd);
      pthread_sigmask (SIG_SETMASK, &old, NULL);
    }
  if (pid < 0)
    g_set_error (error, MP_ERROR, MP_ERROR_SPAWN,
                 "Could not start the process that removes “%s” when this one has ended: %s",
                 name, g_strerror (errno));
  return pid;
}

/* The name is somebody else's business from now on. */
void
_mp_keeper_stop (pid_t pid)
{
  kill (pid, SIGKILL);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}
