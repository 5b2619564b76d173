/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <gio/gio.h>

#include "gm-run-lock.h"

#include "gm-path-error.h"

static void
set_busy (const char  *dir,
          pid_t        holder,
          GError     **error)
{
  if (holder > 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "The run “%s” is live: process %d has it",
                 dir, (int) holder);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                 "The run “%s” is live: a process that can't be seen from here has it", dir);
}

/**
 * gm_run_lock_take:
 * @dir_fd: the folder of a run
 * @dir: its path
 * @flags: `O_CREAT` if the run may be new, or 0
 * @error: return location for an error
 *
 * Returns: a descriptor that holds the run until it is closed, or -1 with %G_IO_ERROR_BUSY if
 *   somebody else does, %G_IO_ERROR_NOT_FOUND if there is nothing to hold
 */
int
gm_run_lock_take (int          dir_fd,
                  const char  *dir,
                  int          flags,
                  GError     **error)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int fd = openat (dir_fd, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

  if (fd < 0)
    {
      gm_path_fail ("lock", dir, error);
      return -1;
    }
  if (fcntl (fd, F_SETLK, &lock) == 0)
    return fd;
  if (fcntl (fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
    set_busy (dir, MAX (lock.l_pid, 0), error);
  else
    gm_path_fail ("lock", dir, error);
  close (fd);

  return -1;
}

/**
 * gm_run_is_live:
 * @dir: the folder of a run, not one that this process holds itself: that would let go of it
 * @holder: (out) (optional): who holds it, 0 if that can't be seen from here
 *
 * Returns: whether some process holds the run's lock
 */
gboolean
gm_run_is_live (const char *dir,
                pid_t      *holder)
{
  g_autofree char *path = g_build_filename (dir, "lock", NULL);
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gboolean live;

  if (fd < 0)
    return FALSE;
  live = fcntl (fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close (fd);
  if (live && holder != NULL)
    *holder = MAX (lock.l_pid, 0);

  return live;
}
