/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gm-runner-private.h"

#include "gm-json.h"

/* What is refused before anything runs. */

/**
 * gm_runner_check_supported:
 * @job: a job
 * @error: return location for an error
 *
 * Returns: %FALSE if @job asks for what this version can't do
 */
gboolean
gm_runner_check_supported (GmJob   *job,
                           GError **error)
{
  const struct { gboolean asked; const char *what; } missing[] = {
    { job->task.kind == GM_TASK_WORKER, "persistent workers (`task.worker`)" },
    { job->engine == GM_ENGINE_SLURM, "the engine `slurm`" },
    { job->memory_limit > 0, "`memory_limit`" },
    { job->min_free_memory > 0, "`min_free_memory`" },
    { job->task_timeout_percent > 0, "a `task_timeout` relative to the median" },
    { job->on_error == GM_ON_ERROR_PAUSE, "`on_error`: `pause`" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (missing); i++)
    if (missing[i].asked)
      {
        g_set_error (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE,
                     "This version of gtk-mp does not run jobs with %s yet", missing[i].what);
        return FALSE;
      }
  return TRUE;
}

static gboolean
is_outcome (const char *line,
            gsize       length)
{
  static const char start[] = "{\"index\":";

  return length > strlen (start) && line[length - 1] == '\n'
         && memcmp (line, start, strlen (start)) == 0
         && gm_json_check (line, length, NULL, NULL);
}

/**
 * gm_runner_check_results:
 * @job: a job
 * @error: return location for an error
 *
 * Returns: %FALSE if its `results` would replace a file that is not a copy of outcomes
 */
gboolean
gm_runner_check_results (GmJob   *job,
                         GError **error)
{
  g_autofree char *line = NULL;
  gboolean fine = TRUE;
  size_t allocated = 0;
  ssize_t length;
  FILE *file;

  if (job->results == NULL)
    return TRUE;
  file = fopen (job->results, "re");
  if (file == NULL && errno == ENOENT)
    return TRUE;
  if (file == NULL)
    {
      g_set_error (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE,
                   "Could not look at the results file “%s”: %s", job->results,
                   g_strerror (errno));
      return FALSE;
    }
  while (fine && (length = getline (&line, &allocated, file)) > 0)
    fine = is_outcome (line, length);
  fclose (file);
  if (!fine)
    g_set_error (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE,
                 "“%s” is not a file of outcomes: it is not replaced. Move it away, or name another "
                 "file as `results`", job->results);
  return fine;
}
