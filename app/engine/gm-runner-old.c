/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-runner-private.h"

/* How a run is gone on with. Nothing in its folder is touched before all is known to fit. */

/* A run that is taken or not ours is the user's mistake, one that can't be read is not. */
static gboolean
refuse (GError  *cause,
        GError **error)
{
  GmRunnerError code = GM_RUNNER_ERROR_FAILED;

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_BUSY)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_INVALID_DATA)
      || cause->domain == GM_JOB_ERROR)
    code = GM_RUNNER_ERROR_USAGE;
  g_set_error_literal (error, GM_RUNNER_ERROR, code, cause->message);
  g_error_free (cause);
  return FALSE;
}

static void
take_counts (GmRunner *self)
{
  GmPastCounts counts;

  gm_past_count (self->past, &counts);
  self->ok = counts.ok;
  self->failed = self->failed_before = counts.failed;
  self->cancelled = counts.cancelled;
}

/**
 * gm_runner_open_old:
 * @self: a runner
 * @options: names the folder
 * @error: return location for an error
 *
 * Takes the run's lock and reads what it has done.
 *
 * Returns: %FALSE with #GM_RUNNER_ERROR_USAGE if it is live, belongs to somebody else, or its
 *   inputs have changed
 */
gboolean
gm_runner_open_old (GmRunner               *self,
                    const GmRunnerOptions  *options,
                    GError                **error)
{
  const char *dir = options->resume_dir;
  GError *cause = NULL;

  self->retry_failed = options->retry_failed;
  self->dir = gm_run_dir_open (dir, &cause);
  if (self->dir == NULL
      || !gm_inputs_kept_read (&self->kept, dir, &cause)
      || !gm_inputs_kept_compare (&self->kept, dir, self->job, &cause)
      || (self->past = gm_past_read (dir, options->retry_failed, &cause)) == NULL)
    return refuse (cause, error);
  /* What the command line gave is in job.json, with what had not been written down. */
  if (self->job->inputs->kind == GM_INPUT_ARGUMENTS && !self->kept.ended)
    self->kept.has_lines = FALSE;
  if (self->kept.has_lines && !gm_past_check_inputs (self->past, self->kept.count, &cause))
    return refuse (cause, error);
  take_counts (self);
  g_array_unref (self->failures);
  self->failures = gm_past_steal_failures (self->past);
  return TRUE;
}

/**
 * gm_runner_open_reuse:
 * @self: a new runner
 * @options: may name a run to take outcomes over from
 * @error: return location for an error
 *
 * Returns: %FALSE with #GM_RUNNER_ERROR if that can't be read
 */
gboolean
gm_runner_open_reuse (GmRunner               *self,
                      const GmRunnerOptions  *options,
                      GError                **error)
{
  GError *cause = NULL;

  if (options->reuse_dir == NULL)
    return TRUE;
  self->reuse = gm_reuse_new (options->reuse_dir, self->job, &cause);
  return self->reuse != NULL || refuse (cause, error);
}

/**
 * gm_runner_settle_reused:
 * @self: a runner
 * @index: of an item
 * @turn: its turn
 * @item: the item
 *
 * Returns: %FALSE if there is no outcome to take over: it has to be run
 */
gboolean
gm_runner_settle_reused (GmRunner     *self,
                         guint64       index,
                         guint64       turn,
                         const GmItem *item)
{
  GmRunOutcome outcome = { .index = index, .turn = turn, .exit_code = -1, .reused = TRUE };

  if (self->reuse == NULL || gm_reuse_look_up (self->reuse, index, item) != GM_REUSE_REUSED
      || !gm_reuse_take_over (self->reuse, index, item, self->dir, self->line))
    return FALSE;
  outcome.line = self->line->str;
  outcome.line_length = self->line->len;
  self->n_reused++;
  gm_runner_record (self, &outcome);
  return TRUE;
}

/**
 * gm_runner_keep_old:
 * @self: a runner
 * @index: of an item that is not run after all
 *
 * Returns: whether it has an outcome from before, which is counted instead of a new one
 */
gboolean
gm_runner_keep_old (GmRunner *self,
                    guint64   index)
{
  GmStatus status;

  if (self->past == NULL || !gm_past_get_outcome (self->past, index, &status))
    return FALSE;
  gm_runner_count (self, status, 1);
  return TRUE;
}

/**
 * gm_runner_warn_cut_off:
 * @self: a runner that begins
 *
 * What was not read of a pipe is gone: whoever goes on with the run has to know.
 */
void
gm_runner_warn_cut_off (GmRunner *self)
{
  if (self->kept.has_lines && !self->kept.ended)
    mp_log (MP_LOG_WARNING, "input was cut off after %" G_GUINT64_FORMAT " items",
            self->kept.count);
}
