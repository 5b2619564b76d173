/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gio/gio.h>

#include "gm-run-socket.h"

/* Where the socket of a live run is: in a folder of the session, which is on no disk, or in the run
 * directory. Addresses of sockets are short while paths are not; a folder that is open has a short
 * name under /proc. */

/* Nobody else may put something else in our folder's place. */
static gboolean
is_safe_parent (const char *path)
{
  struct stat status;

  return stat (path, &status) == 0 && S_ISDIR (status.st_mode)
         && (status.st_uid == geteuid () || status.st_uid == 0)
         && ((status.st_mode & 022) == 0 || (status.st_mode & S_ISVTX) != 0);
}

/* Returns: (nullable) (transfer full): the session's folder, if it is ours and nobody else's */
static char *
find_runtime_folder (gboolean make)
{
  const char *parent = g_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *path = NULL;
  struct stat status;

  if (parent == NULL || !g_path_is_absolute (parent) || !is_safe_parent (parent))
    return NULL;
  path = g_build_filename (parent, "gtk-mp", NULL);
  if (make)
    mkdir (path, 0700);
  if (lstat (path, &status) < 0 || !S_ISDIR (status.st_mode) || status.st_uid != geteuid ()
      || (status.st_mode & 0777) != 0700)
    return NULL;
  return g_steal_pointer (&path);
}

/* Opens a socket and does with @name in @folder what @act does. Returns: -1 with errno */
static int
open_socket (const char *folder,
             const char *name,
             int       (*act) (int fd, const struct sockaddr *address, socklen_t length))
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int folder_fd = -1, fd;
  int saved_errno;

  if (g_snprintf (address.sun_path, sizeof address.sun_path, "%s/%s", folder, name)
      >= (int) sizeof address.sun_path)
    {
      folder_fd = open (folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (folder_fd < 0)
        return -1;
      if (g_snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder_fd,
                      name) >= (int) sizeof address.sun_path)
        {
          close (folder_fd);
          errno = ENAMETOOLONG;
          return -1;
        }
    }
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && act (fd, (struct sockaddr *) &address, sizeof address) < 0)
    {
      saved_errno = errno;
      close (fd);
      fd = -1;
      errno = saved_errno;
    }
  saved_errno = errno;
  if (folder_fd >= 0)
    close (folder_fd);
  errno = saved_errno;
  return fd;
}

static int
bind_and_listen (int                    fd,
                 const struct sockaddr *address,
                 socklen_t              length)
{
  mode_t mask = umask (0177);
  int result = bind (fd, address, length);

  umask (mask);
  return result < 0 ? result : listen (fd, SOMAXCONN);
}

static int
listen_in (const char  *folder,
           const char  *name,
           char       **path)
{
  g_autofree char *full = g_build_filename (folder, name, NULL);
  int fd;

  /* Whoever holds the run's lock is the only one that listens here: what is there is left over. */
  if (unlink (full) < 0 && errno != ENOENT)
    return -1;
  fd = open_socket (folder, name, bind_and_listen);
  if (fd >= 0)
    *path = g_steal_pointer (&full);
  return fd;
}

/**
 * gm_run_socket_listen:
 * @dir: a run directory that is locked by this process
 * @id: the run's id
 * @path: (out): where the socket is, to be removed at the end
 * @error: return location for an error
 *
 * Returns: a descriptor that listens and never blocks, or -1
 */
int
gm_run_socket_listen (const char  *dir,
                      const char  *id,
                      char       **path,
                      GError     **error)
{
  g_autofree char *folder = find_runtime_folder (TRUE);
  g_autofree char *name = g_strconcat (id, ".sock", NULL);
  int fd = folder != NULL ? listen_in (folder, name, path) : -1;

  if (fd < 0)
    fd = listen_in (dir, name, path);
  if (fd < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "Could not make the socket “%s” in “%s”: %s", name, dir,
                   g_strerror (saved_errno));
    }
  return fd;
}

/**
 * gm_run_socket_connect:
 * @dir: a run directory
 * @id: the run's id
 * @error: return location for an error
 *
 * Returns: a connected descriptor that never blocks, or -1 with #G_IO_ERROR:
 *   %G_IO_ERROR_NOT_FOUND or %G_IO_ERROR_CONNECTION_REFUSED if the run is not live
 */
int
gm_run_socket_connect (const char  *dir,
                       const char  *id,
                       GError     **error)
{
  g_autofree char *folder = find_runtime_folder (FALSE);
  g_autofree char *name = g_strconcat (id, ".sock", NULL);
  int fd = folder != NULL ? open_socket (folder, name, connect) : -1;

  if (fd < 0)
    fd = open_socket (dir, name, connect);
  if (fd < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "Could not reach the run “%s”: %s", id, g_strerror (saved_errno));
    }
  return fd;
}
