/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gm-old-runs.h"

#include "gm-escape.h"
#include "gm-report.h"
#include "gm-run-info.h"
#include "gm-runner.h"
#include "gm-runs.h"

/* What the command line has to do with the runs there are. */

/**
 * gm_old_run_find:
 * @run: what the command line calls it
 * @error: return location for an error
 *
 * Returns: (transfer full): its folder, which is ours
 */
char *
gm_old_run_find (const char  *run,
                 GError     **error)
{
  g_autofree char *dir = gm_runs_resolve (run, error);

  if (dir == NULL || !gm_run_check_ours (dir, error))
    return NULL;

  return g_steal_pointer (&dir);
}

static void
append_count (GString *line,
              gint64   count)
{
  if (count < 0)
    g_string_append_c (line, '?');
  else
    g_string_append_printf (line, "%" G_GINT64_FORMAT, count);
}

/* `ID  STATE  DONE/TOTAL  FAILED failed` */
static void
append_text (GString         *line,
             const GmRunInfo *info)
{
  g_autoptr(GString) id = g_string_new (NULL);
  g_autofree char *base = g_path_get_basename (info->dir);

  gm_escape_controls (id, base, strlen (base));
  g_string_append_printf (line, "%-40s  %-11s  %" G_GUINT64_FORMAT "/", id->str,
                          gm_run_state_to_string (info->state), info->done);
  append_count (line, info->total);
  if (info->failed > 0)
    g_string_append_printf (line, "  %" G_GUINT64_FORMAT " failed", info->failed);
}

static void
print_run (const char *dir,
           gboolean    json)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GmRunInfo) info = gm_run_info_read (dir, &error);
  g_autoptr(GString) line = g_string_new (NULL);

  /* It may just have been removed, or be broken: the others are still worth to be seen. */
  if (info == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        gm_report (error->message);
      return;
    }
  if (json)
    gm_run_info_append_json (info, line);
  else
    append_text (line, info);
  puts (line->str);
}

/**
 * gm_old_runs_list:
 * @options: the command line
 *
 * Prints the runs of the default folder, newest first.
 *
 * Returns: the exit code
 */
int
gm_old_runs_list (const GmOptions *options)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) paths = gm_runs_list (NULL, &error);

  if (paths == NULL)
    {
      gm_report (error->message);
      return GM_EXIT_FAILED;
    }
  for (guint i = 0; i < paths->len && !ferror (stdout); i++)
    print_run (g_ptr_array_index (paths, i), options->json);

  return gm_finish_printing ();
}

/**
 * gm_old_run_remove:
 * @options: the command line
 *
 * Deletes a run.
 *
 * Returns: the exit code
 */
int
gm_old_run_remove (const GmOptions *options)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *dir = gm_old_run_find (options->run, &error);

  if (dir != NULL && gm_runs_remove (dir, &error))
    return GM_EXIT_OK;
  gm_report (error->message);

  return GM_EXIT_USAGE;
}
