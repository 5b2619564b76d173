/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-run-dir.h"

#include "gm-path-error.h"
#include "gm-run-id.h"
#include "gm-run-info.h"
#include "gm-run-lock.h"
#include "gm-runs.h"

#define MAX_TRIES 16

struct _GmRunDir
{
  char     *id;
  char     *path;
  int       fd;
  int       lock_fd;
  gboolean  made;  /* the folder itself is ours */
};

/* What a run puts there before anything runs: what gm_run_dir_discard() takes away. */
static const char *const first_files[] = {
  "job.json", "inputs.jsonl", "inputs.idx", "results.jsonl", "events.jsonl", "log.txt",
  "state.json", "lock",
};

static char *
make_id (const char *name)
{
  return gm_run_id_new (name, g_get_real_time () / G_USEC_PER_SEC, (guint16) g_random_int ());
}

static gboolean
make_default (GmRunDir    *self,
              const char  *name,
              GError     **error)
{
  g_autofree char *folder = gm_runs_folder ();

  if (g_mkdir_with_parents (folder, 0700) < 0)
    return gm_path_fail ("make the folder", folder, error);
  for (int i = 0; i < MAX_TRIES; i++)
    {
      g_free (self->id);
      g_free (self->path);
      self->id = make_id (name);
      self->path = g_build_filename (folder, self->id, NULL);
      if (mkdir (self->path, 0700) == 0)
        {
          self->made = TRUE;
          return TRUE;
        }
      if (errno != EEXIST)
        break;
    }
  return gm_path_fail ("make the folder", self->path, error);
}

static gboolean
is_empty_folder (const char  *path,
                 GError     **error)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, error);

  if (dir == NULL)
    return FALSE;
  if (g_dir_read_name (dir) == NULL)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               "The run directory “%s” is not empty: name one that is, or that does not exist",
               path);
  return FALSE;
}

/* Among the other runs it is found by the name of its folder. */
static char *
find_id (const char *parent,
         const char *path,
         const char *name)
{
  g_autofree char *folder = gm_runs_folder ();
  g_autofree char *runs = g_canonicalize_filename (folder, NULL);
  g_autofree char *base = g_path_get_basename (path);

  if (g_str_equal (parent, runs) && gm_run_id_is_one (base))
    return g_steal_pointer (&base);

  return make_id (name);
}

static gboolean
make_given (GmRunDir    *self,
            const char  *name,
            const char  *path,
            GError     **error)
{
  g_autofree char *parent = NULL;

  self->path = g_canonicalize_filename (path, NULL);
  parent = g_path_get_dirname (self->path);
  self->id = find_id (parent, self->path, name);
  if (g_mkdir_with_parents (parent, 0700) < 0)
    return gm_path_fail ("make the folder", parent, error);
  if (mkdir (self->path, 0700) == 0)
    {
      self->made = TRUE;
      return TRUE;
    }
  if (errno != EEXIST)
    return gm_path_fail ("make the folder", self->path, error);
  if (!g_file_test (self->path, G_FILE_TEST_IS_DIR))
    {
      errno = ENOTDIR;
      return gm_path_fail ("keep the run in", self->path, error);
    }
  if (!is_empty_folder (self->path, error))
    return FALSE;
  if (chmod (self->path, 0700) < 0)
    return gm_path_fail ("keep others out of", self->path, error);
  return TRUE;
}

static gboolean
open_new (GmRunDir  *self,
          GError   **error)
{
  self->fd = open (self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->fd < 0)
    return gm_path_fail ("open", self->path, error);
  self->lock_fd = gm_run_lock_take (self->fd, self->path, O_CREAT, error);
  if (self->lock_fd < 0)
    return FALSE;
  if (mkdirat (self->fd, "outputs", 0700) == 0)
    return TRUE;
  gm_path_fail ("write to", self->path, error);
  unlinkat (self->fd, "lock", 0);
  return FALSE;
}

/**
 * gm_run_dir_new:
 * @name: the job's name
 * @path: (nullable): where; %NULL for a new folder among the runs
 * @error: return location for an error
 *
 * Makes the folder of a new run and locks it. A folder that is there must be empty
 * (%G_IO_ERROR_EXISTS).
 *
 * Returns: (transfer full): the folder
 */
GmRunDir *
gm_run_dir_new (const char  *name,
                const char  *path,
                GError     **error)
{
  g_autoptr(GmRunDir) self = g_new0 (GmRunDir, 1);

  self->fd = self->lock_fd = -1;
  if (!(path != NULL ? make_given (self, name, path, error) : make_default (self, name, error)))
    return NULL;
  if (open_new (self, error))
    return g_steal_pointer (&self);
  /* Whoever was faster has something in there, and it stays. */
  if (self->made)
    rmdir (self->path);
  return NULL;
}

/* A copied run has the id of the one it was copied from, as its state says. */
static char *
read_id (const char *path)
{
  g_autoptr(GmRunInfo) info = gm_run_info_read (path, NULL);

  return info != NULL ? g_strdup (info->id) : g_path_get_basename (path);
}

/**
 * gm_run_dir_open:
 * @path: the absolute path of a run's folder
 * @error: return location for an error
 *
 * Locks the folder of a run to go on with it.
 *
 * Returns: (transfer full): the folder, or %NULL with %G_IO_ERROR_BUSY if the run is live and
 *   %G_IO_ERROR_PERMISSION_DENIED if it belongs to another user
 */
GmRunDir *
gm_run_dir_open (const char  *path,
                 GError     **error)
{
  g_autoptr(GmRunDir) self = g_new0 (GmRunDir, 1);

  self->fd = self->lock_fd = -1;
  if (!gm_run_check_ours (path, error))
    return NULL;
  self->path = g_strdup (path);
  self->id = read_id (path);
  self->fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->fd < 0)
    {
      gm_path_fail ("open", path, error);
      return NULL;
    }
  self->lock_fd = gm_run_lock_take (self->fd, path, O_CREAT, error);
  if (self->lock_fd < 0)
    return NULL;
  if (mkdirat (self->fd, "outputs", 0700) < 0 && errno != EEXIST)
    {
      gm_path_fail ("write to", path, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * gm_run_dir_free:
 * @self: (transfer full): a run's folder, no longer locked from now on
 */
void
gm_run_dir_free (GmRunDir *self)
{
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->id);
  g_free (self->path);
  g_free (self);
}

const char *
gm_run_dir_get_id (GmRunDir *self)
{
  return self->id;
}

const char *
gm_run_dir_get_path (GmRunDir *self)
{
  return self->path;
}

int
gm_run_dir_get_fd (GmRunDir *self)
{
  return self->fd;
}

static gboolean
write_all (int         fd,
           const char *text,
           gsize       size)
{
  while (size > 0)
    {
      gssize n = write (fd, text, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      text += n;
      size -= n;
    }
  return TRUE;
}

/**
 * gm_run_dir_replace:
 * @self: a run's folder
 * @name: a file in it
 * @text: its new content
 * @size: length of @text
 * @sync: whether to wait for the disk
 * @error: return location for an error
 *
 * Replaces a file at one stroke: whoever reads it sees the old or the new content, whole.
 *
 * Returns: %FALSE if that failed; the old content is still there then
 */
gboolean
gm_run_dir_replace (GmRunDir    *self,
                    const char  *name,
                    const char  *text,
                    gsize        size,
                    gboolean     sync,
                    GError     **error)
{
  g_autofree char *temporary = g_strconcat (name, ".new", NULL);
  g_autofree char *path = g_build_filename (self->path, name, NULL);
  int fd = openat (self->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  gboolean ok = fd >= 0 && write_all (fd, text, size) && (!sync || fdatasync (fd) == 0);
  int saved_errno = errno;

  if (fd >= 0)
    close (fd);
  if (ok && renameat (self->fd, temporary, self->fd, name) == 0)
    return TRUE;
  errno = ok ? errno : saved_errno;
  gm_path_fail ("write", path, error);
  unlinkat (self->fd, temporary, 0);
  return FALSE;
}

/**
 * gm_run_dir_overwrite:
 * @self: a run's folder
 * @name: a file in it
 * @text: its new content
 * @size: length of @text
 *
 * Writes a file where it is. For the last words on a full disk, where there is no room for a new
 * file but what the old one has is still there.
 *
 * Returns: %FALSE if that failed
 */
gboolean
gm_run_dir_overwrite (GmRunDir   *self,
                      const char *name,
                      const char *text,
                      gsize       size)
{
  int fd = openat (self->fd, name, O_WRONLY | O_CLOEXEC);
  gboolean ok = fd >= 0 && write_all (fd, text, size) && ftruncate (fd, size) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

/**
 * gm_run_dir_sync:
 * @self: a run's folder
 *
 * Waits until the names of its files are on the disk, and its own: what is synced to a file that
 * has no name there would be lost. Where a file system can't do that, nothing can be done about it.
 */
void
gm_run_dir_sync (GmRunDir *self)
{
  int parent = self->made ? openat (self->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

  if (fsync (self->fd) < 0)
    g_debug ("could not sync “%s”: %s", self->path, g_strerror (errno));
  if (parent < 0)
    return;
  if (fsync (parent) < 0)
    g_debug ("could not sync the folder of “%s”: %s", self->path, g_strerror (errno));
  close (parent);
}

/**
 * gm_run_dir_discard:
 * @self: a run's folder in which nothing ran
 *
 * Takes away what the run put there, and the folder if the run made it.
 */
void
gm_run_dir_discard (GmRunDir *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (first_files); i++)
    unlinkat (self->fd, first_files[i], 0);
  unlinkat (self->fd, "outputs", AT_REMOVEDIR);
  if (self->made)
    rmdir (self->path);
}
