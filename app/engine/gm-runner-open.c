/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "gm-runner-private.h"

/* What a run has in hand before it begins: its inputs, its folder, the files in that. */

/* Takes @cause: callers know a runner's errors only. */
static void
take_cause (GError        **error,
            GError         *cause,
            GmRunnerError   code)
{
  g_set_error_literal (error, GM_RUNNER_ERROR, code, cause->message);
  g_error_free (cause);
}

static gboolean
open_inputs (GmRunner  *self,
             GError   **error)
{
  g_autoptr(GmInvoker) invoker = NULL;
  GError *cause = NULL;

  if (self->kept.has_lines && self->job->inputs->kind != GM_INPUT_ARGUMENTS)
    self->inputs = gm_inputs_replay (&self->kept, gm_run_dir_get_path (self->dir), &cause);
  else
    self->inputs = gm_inputs_open (self->job, STDIN_FILENO, &cause);
  if (self->inputs != NULL)
    invoker = gm_invoker_new (self->job, &cause);
  if (invoker != NULL && gm_invoker_check (invoker, self->inputs, &cause))
    return TRUE;
  take_cause (error, cause, GM_RUNNER_ERROR_USAGE);
  return FALSE;
}

/* A folder that is taken is the user's mistake, one that can't be written is not. */
static gboolean
open_dir (GmRunner    *self,
          const char  *path,
          GError     **error)
{
  GError *cause = NULL;

  self->dir = gm_run_dir_new (self->job->name, path, &cause);
  if (self->dir != NULL)
    return TRUE;
  take_cause (error, cause,
              g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_EXISTS)
              || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY)
              || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_BUSY)
              ? GM_RUNNER_ERROR_USAGE : GM_RUNNER_ERROR_FAILED);
  return FALSE;
}

/* Workers read it there. Going on with a run writes only what the command line has changed, so that
 * on a full disk it can still be seen that all is done. */
static gboolean
write_job (GmRunner    *self,
           const char  *text,
           GError     **error)
{
  g_autofree char *path = g_build_filename (gm_run_dir_get_path (self->dir), "job.json", NULL);
  g_autofree char *before = NULL;

  if (self->past != NULL && g_file_get_contents (path, &before, NULL, NULL)
      && g_str_equal (before, text))
    return TRUE;
  return gm_run_dir_replace (self->dir, "job.json", text, strlen (text), TRUE, error);
}

static gboolean
open_files (GmRunner  *self,
            GError   **error)
{
  g_autofree char *json = gm_job_to_json_resolved (self->job, FALSE);
  g_autofree char *text = g_strconcat (json, "\n", NULL);
  GError *cause = NULL;

  if (write_job (self, text, &cause)
      && (self->record = gm_inputs_record_new (self->dir, self->job, self->inputs,
                                                self->kept.count, self->kept.ended, &cause)) != NULL
      && (self->results = gm_journal_open (self->dir, "results.jsonl", 0, &cause)) != NULL
      && (self->events = gm_journal_open (self->dir, "events.jsonl", 0, &cause)) != NULL
      && (self->log = gm_log_open (self->dir, (MpLogLevel) self->job->log_level, &cause)) != NULL)
    {
      gm_run_dir_sync (self->dir);
      return TRUE;
    }
  take_cause (error, cause, GM_RUNNER_ERROR_FAILED);
  return FALSE;
}

static gboolean
open_joblog (GmRunner    *self,
             const char  *path,
             GError     **error)
{
  GError *cause = NULL;

  if (path == NULL)
    return TRUE;
  self->joblog = gm_joblog_open (path, self->past != NULL, self->job, &cause);
  if (self->joblog != NULL)
    return TRUE;
  take_cause (error, cause, GM_RUNNER_ERROR_USAGE);
  return FALSE;
}

/**
 * gm_runner_open:
 * @self: a runner whose job has been checked
 * @options: how to run it
 * @error: return location for an error
 *
 * Makes the run directory, or takes up the one that is to be gone on with.
 *
 * Returns: %FALSE with #GM_RUNNER_ERROR; nothing new is left on the disk then
 */
gboolean
gm_runner_open (GmRunner               *self,
                const GmRunnerOptions  *options,
                GError                **error)
{
  if (options->resume_dir != NULL)
    {
      if (!gm_runner_open_old (self, options, error) || !open_inputs (self, error))
        return FALSE;
    }
  else if (!open_inputs (self, error)
           || !gm_runner_open_reuse (self, options, error)
           || !open_dir (self, options->run_dir, error))
    return FALSE;
  if (open_files (self, error) && open_joblog (self, options->joblog, error))
    return TRUE;
  if (self->past == NULL)
    gm_run_dir_discard (self->dir);
  return FALSE;
}
