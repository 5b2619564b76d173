/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-json.h"
#include "gm-line.h"

/* What a run leaves in its folder: outcomes, events, state. */

/* How many more items may fail before the run stops: G_MAXUINT64 if that does not matter. Those
 * that had failed before it was gone on with don't count: otherwise it would stop at once. */
guint64
gm_runner_failures_left (GmRunner *self)
{
  gint64 total = self->inputs_complete ? (gint64) self->n_read
                                       : gm_inputs_get_total (self->inputs);
  double limit = self->job->stop_after;
  guint64 failed;

  if (self->job->on_error == GM_ON_ERROR_STOP)
    limit = 1;
  else if (self->job->on_error != GM_ON_ERROR_STOP_AFTER)
    return G_MAXUINT64;
  else if (self->job->stop_after_percent > 0)
    {
      if (total < 0)
        return G_MAXUINT64;
      limit = ceil (total * self->job->stop_after_percent / 100);
    }
  failed = self->failed - MIN (self->failed, self->failed_before);
  return limit <= failed ? 0 : (guint64) limit - failed;
}

/* @n more items, or less, have an outcome of @status. */
void
gm_runner_count (GmRunner *self,
                 GmStatus  status,
                 int       n)
{
  if (status == GM_STATUS_OK)
    self->ok += n;
  else if (status == GM_STATUS_CANCELLED)
    self->cancelled += n;
  else
    self->failed += n;
}

/* One line about an item that is not ok. */
void
gm_runner_log_item (GmRunner           *self,
                    MpLogLevel          level,
                    const char         *prefix,
                    const GmRunOutcome *outcome)
{
  const char *error = gm_line_find (outcome->line, "error");
  GString *text = self->text;

  g_string_truncate (text, 0);
  if (error != NULL)
    gm_json_unescape (text, error);
  g_string_truncate (text, strcspn (text->str, "\r\n"));
  mp_log (level, "%sitem %" G_GUINT64_FORMAT ": %s%s%s", prefix, outcome->index,
          gm_reason_to_string (outcome->reason), text->len > 0 ? ": " : "", text->str);
}

/**
 * gm_runner_record:
 * @self: a runner
 * @outcome: the final outcome of an item, its line_offset not yet set
 *
 * Writes the outcome down, counts it and tells the face.
 */
void
gm_runner_record (GmRunner     *self,
                  GmRunOutcome *outcome)
{
  g_autoptr(GError) error = NULL;

  if (self->failure != NULL)
    return;
  outcome->line_offset = gm_journal_get_size (self->results);
  if (!gm_journal_append (self->results, outcome->line, outcome->line_length, &error))
    {
      gm_runner_fail (self, g_steal_pointer (&error));
      return;
    }
  gm_runner_count (self, outcome->status, 1);
  if (self->joblog != NULL)
    gm_joblog_add (self->joblog, outcome);
  if (self->callbacks.outcome != NULL)
    self->callbacks.outcome (self, outcome, self->user_data);
  if (outcome->status == GM_STATUS_OK)
    return;
  gm_runner_log_item (self, MP_LOG_WARNING, "", outcome);
  gm_runner_note_failure (self, outcome);
  if (outcome->status == GM_STATUS_CANCELLED)
    return;
  if (gm_runner_failures_left (self) == 0)
    gm_runner_begin_stop (self, GM_CAUSE_ON_ERROR);
  else if (self->job->on_error == GM_ON_ERROR_PAUSE)
    gm_runner_pause_on_error (self);
}

/* Returns: (transfer none): where members can be added until gm_runner_end_event() */
GString *
gm_runner_begin_event (GmRunner   *self,
                       const char *event)
{
  g_string_assign (self->line, "{\"time\":");
  gm_append_moment (self->line, g_get_real_time ());
  gm_line_add_string (self->line, "event", event);
  return self->line;
}

void
gm_runner_end_event (GmRunner *self)
{
  g_autoptr(GError) error = NULL;

  gm_line_end (self->line);
  if (!gm_journal_append (self->events, self->line->str, self->line->len, &error))
    gm_runner_fail (self, g_steal_pointer (&error));
}

/* Ten times a second everything is given to the kernel, so that whatever kills us loses at most a
 * tenth of a second; once a second, and at the end, the inputs and the outcomes are synced, so that
 * a power cut loses at most a second of them. What is lost is run again. The job and the names of
 * all files are synced before anything runs, the last state at the end. Events, log and spilled
 * outputs are not waited for.
 *
 * The inputs first: an outcome of an item that nobody knows of would be worse than the reverse. */
void
gm_runner_write (GmRunner *self,
                 gboolean  sync)
{
  GError *error = NULL;

  if (!gm_inputs_record_write (self->record, sync, &error))
    gm_runner_fail (self, g_steal_pointer (&error));
  if (!(sync ? gm_journal_sync (self->results, &error)
             : gm_journal_write (self->results, &error)))
    gm_runner_fail (self, g_steal_pointer (&error));
  if (!gm_journal_write (self->events, &error))
    gm_runner_fail (self, g_steal_pointer (&error));
  if (self->joblog != NULL && !gm_joblog_write (self->joblog, &error))
    gm_runner_fail (self, g_steal_pointer (&error));
}

static void
add_moment_or_null (GString    *line,
                    const char *name,
                    gint64      moment)
{
  if (moment > 0)
    gm_line_add_moment (line, name, moment);
  else
    g_string_append_printf (line, ",\"%s\":null", name);
}

/* Not being able to is no reason to stop: the outcomes are what counts. */
void
gm_runner_write_state (GmRunner *self,
                       gboolean  sync)
{
  g_autofree char *counted = self->shared != NULL ? gm_shared_dup_counters (self->shared) : NULL;
  GmRunCounters counters;
  GString *line = self->line;

  gm_runner_get_counters (self, &counters);
  g_string_assign (line, "{\"id\":");
  gm_json_append_string (line, gm_run_dir_get_id (self->dir), -1);
  gm_line_add_string (line, "name", self->job->name);
  gm_line_add_string (line, "state", gm_run_state_to_string (self->state));
  gm_line_add_int (line, "pid", getpid ());
  if (counters.total_known)
    gm_line_add_int (line, "total", counters.total);
  else
    g_string_append (line, ",\"total\":null");
  gm_line_add_int (line, "done", counters.done);
  gm_line_add_int (line, "ok", counters.ok);
  gm_line_add_int (line, "failed", counters.failed);
  add_moment_or_null (line, "started", self->begun);
  add_moment_or_null (line, "ended", self->ended);
  if (self->ended > 0)
    gm_line_add_int (line, "exit_code", self->exit_code);
  else
    g_string_append (line, ",\"exit_code\":null");
  if (counted != NULL)
    g_string_append_printf (line, ",\"counters\":%s", counted);
  gm_line_end (line);
  if (!gm_run_dir_replace (self->dir, "state.json", line->str, line->len, sync, NULL) && sync)
    gm_run_dir_overwrite (self->dir, "state.json", line->str, line->len);
}

/* What a watcher sees of the run, once a second. */
void
gm_runner_snapshot (GmRunner *self)
{
  GmRunCounters counters;
  GString *line;

  gm_runner_get_counters (self, &counters);
  line = gm_runner_begin_event (self, "snapshot");
  gm_line_add_int (line, "queued", counters.queued);
  gm_line_add_int (line, "running", counters.running);
  gm_line_add_int (line, "done", counters.done);
  gm_line_add_int (line, "ok", counters.ok);
  gm_line_add_int (line, "failed", counters.failed);
  gm_line_add_double (line, "rate", counters.rate);
  gm_runner_add_load (self, line);
  gm_runner_end_event (self);
}
