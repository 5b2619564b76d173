/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "gm-glob.h"
#include "gm-inputs-private.h"

typedef struct
{
  GmInputs   base;
  GPtrArray *paths;  /* of char * */
  guint      i;
} Paths;

static GmInputsStatus
paths_next (GmInputs  *base,
            GmItem    *item,
            GError   **error)
{
  Paths *self = (Paths *) base;
  const char *path;

  if (self->i == self->paths->len)
    return GM_INPUTS_END;
  path = g_ptr_array_index (self->paths, self->i++);
  gm_item_set_string (item, base, path, strlen (path));

  return GM_INPUTS_ITEM;
}

static void
paths_free (GmInputs *base)
{
  g_ptr_array_unref (((Paths *) base)->paths);
  gm_inputs_release (base);
}

static int
compare_paths (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

static GPtrArray *
without_doubles (GPtrArray *sorted)
{
  GPtrArray *paths = g_ptr_array_new_full (sorted->len, g_free);

  for (guint i = 0; i < sorted->len; i++)
    if (i == 0 || strcmp (g_ptr_array_index (sorted, i), g_ptr_array_index (sorted, i - 1)) != 0)
      g_ptr_array_add (paths, g_strdup (g_ptr_array_index (sorted, i)));

  return paths;
}

static GPtrArray *
collect (GmOpening *opening)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *list = NULL;

  for (char **pattern = opening->spec->patterns; *pattern != NULL; pattern++)
    {
      int code = gm_glob_collect (opening->spec->base_dir, *pattern, found);

      if (code != 0)
        {
          gm_opening_fail (opening, "can't search for \"%s\": %s", *pattern, g_strerror (code));
          return NULL;
        }
    }
  if (found->len == 0)
    {
      list = g_strjoinv ("\", \"", opening->spec->patterns);
      gm_opening_fail (opening, "no file matches \"%s\" in \"%s\"", list, opening->spec->base_dir);
      return NULL;
    }
  g_ptr_array_sort (found, compare_paths);

  return without_doubles (found);
}

static GPtrArray *
look_up (GmOpening *opening)
{
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; opening->spec->patterns[i] != NULL; i++)
    {
      const char *path = opening->spec->patterns[i];
      g_autofree char *absolute = NULL;
      g_autofree char *place = NULL;
      struct stat st;

      if (!g_path_is_absolute (path))
        absolute = g_build_filename (opening->spec->base_dir, path, NULL);
      if (stat (absolute != NULL ? absolute : path, &st) != 0)
        {
          int code = errno;

          place = g_strdup_printf ("%s[%u]", opening->path, i);
          gm_job_set_error (opening->job, opening->error, place, "\"%s\": %s", path,
                            g_strerror (code));
          return NULL;
        }
      g_ptr_array_add (paths, g_strdup (path));
    }

  return g_steal_pointer (&paths);
}

/* No program shall take a file for an option. */
static void
disarm (GPtrArray *paths)
{
  for (guint i = 0; i < paths->len; i++)
    {
      char *path = g_ptr_array_index (paths, i);

      if (*path != '-')
        continue;
      g_ptr_array_index (paths, i) = g_strconcat ("./", path, NULL);
      g_free (path);
    }
}

/**
 * gm_inputs_open_paths:
 * @opening: what is opened
 *
 * What a pattern matches, or files that have to be there.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_paths (GmOpening *opening)
{
  GPtrArray *paths = opening->spec->kind == GM_INPUT_GLOB ? collect (opening) : look_up (opening);
  Paths *self;

  if (paths == NULL)
    return NULL;
  disarm (paths);
  self = gm_inputs_alloc (sizeof (Paths));
  self->base.next = paths_next;
  self->base.free = paths_free;
  self->base.total = paths->len;
  self->paths = paths;

  return &self->base;
}
