/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-runs.h"

#include "gm-path-error.h"
#include "gm-run-id.h"
#include "gm-run-lock.h"

/* So many of the runs that a prefix could mean are named. */
#define MAX_NAMED 5

/* What a run puts into its folder. */
static const char *const run_files[] = {
  "job.json", "job.json.new", "inputs.jsonl", "inputs.idx", "results.jsonl", "events.jsonl",
  "log.txt", "state.json", "state.json.new",
};

typedef struct
{
  char   *path;
  gint64  made;  /* nanoseconds; tells those of the same second apart */
} Found;

static void
found_clear (gpointer data)
{
  g_free (((Found *) data)->path);
}

static const char *
get_id (const char *path)
{
  return strrchr (path, '/') + 1;
}

static int
compare_newest_first (gconstpointer a,
                      gconstpointer b)
{
  const Found *first = a, *second = b;
  const char *first_id = get_id (first->path), *second_id = get_id (second->path);
  int order = strncmp (second_id, first_id, GM_RUN_ID_STAMP);

  if (order == 0 && first->made != second->made)
    order = first->made < second->made ? 1 : -1;
  return order != 0 ? order : strcmp (second_id, first_id);
}

/* The lock is made when a run begins and never written to. */
static gint64
get_made (const char *dir)
{
  g_autofree char *path = g_build_filename (dir, "lock", NULL);
  struct stat status;

  if (stat (path, &status) < 0)
    return 0;
  return status.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status.st_mtim.tv_nsec;
}

/**
 * gm_runs_folder:
 *
 * Returns: (transfer full): where runs are kept by default
 */
char *
gm_runs_folder (void)
{
  return g_build_filename (g_get_user_state_dir (), "gtk-mp", "runs", NULL);
}

/**
 * gm_runs_list:
 * @folder: (nullable): where to look; %NULL for the default folder
 * @error: return location for an error
 *
 * Finds the runs in @folder. One that does not exist has none.
 *
 * Returns: (transfer full) (element-type filename): their paths, newest first
 */
GPtrArray *
gm_runs_list (const char  *folder,
              GError     **error)
{
  g_autofree char *chosen = folder != NULL ? g_strdup (folder) : gm_runs_folder ();
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GArray) runs = g_array_new (FALSE, FALSE, sizeof (Found));
  g_autoptr(GError) cause = NULL;
  g_autoptr(GDir) dir = g_dir_open (chosen, 0, &cause);
  const char *name;

  if (dir == NULL && g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_steal_pointer (&paths);
  if (dir == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return NULL;
    }
  g_array_set_clear_func (runs, found_clear);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (chosen, name, NULL);
      Found found = { path, get_made (path) };

      if (!gm_run_is_one (path))
        continue;
      g_array_append_val (runs, found);
      path = NULL;
    }
  g_array_sort (runs, compare_newest_first);
  for (guint i = 0; i < runs->len; i++)
    g_ptr_array_add (paths, g_steal_pointer (&g_array_index (runs, Found, i).path));

  return g_steal_pointer (&paths);
}

static char *
resolve_path (const char  *run,
              GError     **error)
{
  g_autofree char *path = g_canonicalize_filename (run, NULL);

  if (gm_run_is_one (path))
    return g_steal_pointer (&path);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "“%s” is not a run: there is no job.json in it", run);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is no run “%s”", run);
  return NULL;
}

static void
set_ambiguous (const char  *run,
               GPtrArray   *matches,
               GError     **error)
{
  g_autoptr(GString) names = g_string_new (NULL);

  for (guint i = 0; i < MIN (matches->len, MAX_NAMED); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                            get_id (g_ptr_array_index (matches, i)));
  if (matches->len > MAX_NAMED)
    g_string_append_printf (names, " and %u more", matches->len - MAX_NAMED);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "“%s” could be any of %s", run,
               names->str);
}

/**
 * gm_runs_resolve:
 * @run: what a user calls a run: its id, a prefix of one that is enough, `last`, or a path with a
 *   slash
 * @error: return location for an error
 *
 * Returns: (transfer full): the absolute path of its folder, or %NULL with %G_IO_ERROR_NOT_FOUND if
 *   it means none or several
 */
char *
gm_runs_resolve (const char  *run,
                 GError     **error)
{
  g_autoptr(GPtrArray) paths = NULL;
  g_autoptr(GPtrArray) matches = g_ptr_array_new (); /* borrowed from paths */

  if (strchr (run, '/') != NULL)
    return resolve_path (run, error);
  paths = gm_runs_list (NULL, error);
  if (paths == NULL)
    return NULL;
  if (g_str_equal (run, "last") && paths->len > 0)
    return g_strdup (g_ptr_array_index (paths, 0));
  for (guint i = 0; i < paths->len; i++)
    {
      char *path = g_ptr_array_index (paths, i);

      if (g_str_equal (get_id (path), run))
        return g_strdup (path);
      if (*run != '\0' && g_str_has_prefix (get_id (path), run))
        g_ptr_array_add (matches, path);
    }
  if (matches->len == 1)
    return g_strdup (g_ptr_array_index (matches, 0));
  if (matches->len > 1)
    set_ambiguous (run, matches, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "There is no run “%s”; “gtk-mp --list” names those there are", run);
  return NULL;
}

/**
 * gm_run_is_one:
 * @dir: any path
 *
 * Returns: whether it is the folder of a run
 */
gboolean
gm_run_is_one (const char *dir)
{
  g_autofree char *path = g_build_filename (dir, "job.json", NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/**
 * gm_run_check_ours:
 * @dir: the folder of a run
 * @error: return location for an error
 *
 * Returns: %FALSE with %G_IO_ERROR_PERMISSION_DENIED if it belongs to another user
 */
gboolean
gm_run_check_ours (const char  *dir,
                   GError     **error)
{
  struct stat status;

  if (stat (dir, &status) < 0)
    return gm_path_fail ("look at", dir, error);
  if (status.st_uid == geteuid ())
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
               "The run “%s” belongs to another user", dir);
  return FALSE;
}

/* N.out, N.err, N.attempt-2.out… */
static gboolean
is_output (const char *name)
{
  return g_ascii_isdigit (*name) && name[strspn (name, G_CSET_DIGITS)] == '.'
         && (g_str_has_suffix (name, ".out") || g_str_has_suffix (name, ".err"));
}

static void
remove_outputs (const char *dir,
                int         dir_fd)
{
  g_autofree char *path = g_build_filename (dir, "outputs", NULL);
  int fd = openat (dir_fd, "outputs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  g_autoptr(GDir) outputs = fd >= 0 ? g_dir_open (path, 0, NULL) : NULL;
  const char *name;

  while (outputs != NULL && (name = g_dir_read_name (outputs)) != NULL)
    if (is_output (name))
      unlinkat (fd, name, 0);
  if (fd >= 0)
    close (fd);
  unlinkat (dir_fd, "outputs", AT_REMOVEDIR);
}

/* Whoever is about to go on with the run finds it live until nothing of it is left. */
static int
take_lock (int          dir_fd,
           const char  *dir,
           GError     **error)
{
  g_autoptr(GError) cause = NULL;
  int fd = gm_run_lock_take (dir_fd, dir, 0, &cause);

  if (fd < 0 && g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "“%s” is not what a run has left: there is no file “lock” in it, so nothing is "
                 "removed", dir);
  else if (fd < 0)
    g_propagate_error (error, g_steal_pointer (&cause));

  return fd;
}

/**
 * gm_runs_remove:
 * @dir: the folder of a run
 * @error: return location for an error
 *
 * Deletes what the run has put into its folder, and the folder unless something else is in it.
 *
 * Returns: %FALSE with %G_IO_ERROR_BUSY if it is live, %G_IO_ERROR_PERMISSION_DENIED if it belongs
 *   to another user, %G_IO_ERROR_NOT_FOUND if no run has ever held it, %G_IO_ERROR_NOT_EMPTY if
 *   something else was in it, and is still
 */
gboolean
gm_runs_remove (const char  *dir,
                GError     **error)
{
  int dir_fd, lock_fd = -1;
  gboolean done = FALSE;

  if (!gm_run_check_ours (dir, error))
    return FALSE;
  dir_fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0)
    return gm_path_fail ("open", dir, error);
  lock_fd = take_lock (dir_fd, dir, error);
  if (lock_fd >= 0)
    {
      remove_outputs (dir, dir_fd);
      for (guint i = 0; i < G_N_ELEMENTS (run_files); i++)
        unlinkat (dir_fd, run_files[i], 0);
      unlinkat (dir_fd, "lock", 0);
      close (lock_fd);
      done = rmdir (dir) == 0 || gm_path_fail ("remove the folder", dir, error);
    }
  close (dir_fd);
  return done;
}
