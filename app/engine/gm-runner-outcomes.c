/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/wait.h>

#include "gm-runner-private.h"

#include "gm-json.h"
#include "gm-line.h"
#include "gm-worker.h"

/* What the pool says of an item: its outcome, another attempt, or nothing if the run ends. */

/* The line of an outcome that no worker has written. @outcome tells of an attempt, if any. */
static void
begin_line (GmRunner        *self,
            GmFlight        *flight,
            const MpOutcome *outcome,
            GmRunOutcome    *run_outcome,
            GmStatus         status,
            GmReason         reason)
{
  GmItem item;
  GmOutcomeHead head = {
    .index = flight->index,
    .item = &item,
    .status = status,
    .reason = reason,
    .attempts = flight->attempt - 1,
    .worker = flight->worker,
    .pid = flight->pid,
    .started = flight->started,
    .duration = flight->duration,
  };

  if (outcome != NULL && outcome->started)
    {
      head.attempts = flight->attempt;
      head.worker = outcome->worker;
      head.pid = outcome->pid;
      head.started = outcome->start_time;
      head.duration = outcome->duration;
    }
  gm_flight_get_item (flight, &item);
  *run_outcome = (GmRunOutcome) {
    .index = flight->index, .turn = flight->turn, .status = status,
    .reason = reason, .exit_code = -1,
  };
  g_string_truncate (self->line, 0);
  gm_outcome_begin (self->line, &head);
}

static void
end_line (GmRunner     *self,
          GmRunOutcome *run_outcome)
{
  gm_line_end (self->line);
  run_outcome->line = self->line->str;
  run_outcome->line_length = self->line->len;
}

static void
drop (GmRunner *self,
      GmFlight *flight)
{
  /* The outcome it had before it was asked for again is still the last one. */
  if (flight->before != GM_STATUS_OK)
    gm_runner_count (self, flight->before, 1);
  gm_in_flight_remove (self->flights, flight);
  gm_runner_settled (self);
}

static void
record_and_drop (GmRunner     *self,
                 GmFlight     *flight,
                 GmRunOutcome *run_outcome)
{
  gm_in_flight_remove (self->flights, flight);
  gm_runner_record (self, run_outcome);
  gm_runner_settled (self);
}

/* What is recorded of items that the end of the run keeps from running. */
static void
get_end_reason (GmRunner *self,
                GmStatus *status,
                GmReason *reason)
{
  gboolean timed_out = self->cause == GM_CAUSE_JOB_TIMEOUT;

  *status = timed_out ? GM_STATUS_TIMEOUT : GM_STATUS_CANCELLED;
  if (timed_out)
    *reason = GM_REASON_JOB_TIMEOUT;
  else
    *reason = self->cause == GM_CAUSE_ON_ERROR ? GM_REASON_STOPPED : GM_REASON_CANCELLED;
}

/* The run ends before the item did. */
static void
settle_ended (GmRunner        *self,
              GmFlight        *flight,
              const MpOutcome *outcome)
{
  GmRunOutcome run_outcome;
  GmStatus status;
  GmReason reason;

  if (!gm_runner_records (self)
      || ((outcome == NULL || !outcome->started)
          && (flight->before != GM_STATUS_OK || gm_runner_keep_old (self, flight->index))))
    {
      drop (self, flight);
      return;
    }
  get_end_reason (self, &status, &reason);
  begin_line (self, flight, outcome, &run_outcome, status, reason);
  end_line (self, &run_outcome);
  record_and_drop (self, flight, &run_outcome);
}

/* The same for an item that waits for another attempt. */
void
gm_runner_settle_waiting (GmRunner *self,
                          GmFlight *flight)
{
  settle_ended (self, flight, NULL);
}

static void
settle_item (GmRunner     *self,
             guint64       index,
             guint64       turn,
             const GmItem *item,
             GmStatus      status,
             GmReason      reason,
             const char   *message)
{
  GmRunOutcome run_outcome = {
    .index = index, .turn = turn, .status = status, .reason = reason, .exit_code = -1,
  };
  GmOutcomeHead head = {
    .index = index, .item = item, .status = status, .reason = reason,
    .attempts = self->past != NULL ? gm_past_get_attempts (self->past, index) : 0,
  };

  g_string_truncate (self->line, 0);
  gm_outcome_begin (self->line, &head);
  if (message != NULL)
    gm_line_add_string (self->line, "error", message);
  end_line (self, &run_outcome);
  gm_runner_record (self, &run_outcome);
}

/* An item that is read only to be recorded. */
void
gm_runner_settle_unread (GmRunner     *self,
                         guint64       index,
                         guint64       turn,
                         const GmItem *item)
{
  GmStatus status;
  GmReason reason;

  if (gm_runner_keep_old (self, index))
    return;
  if (item->kind == GM_ITEM_BAD)
    {
      gm_runner_settle_bad (self, index, turn, item);
      return;
    }
  get_end_reason (self, &status, &reason);
  settle_item (self, index, turn, item, status, reason, NULL);
}

/* An item that its input could not give: the error is all there is. */
void
gm_runner_settle_bad (GmRunner     *self,
                      guint64       index,
                      guint64       turn,
                      const GmItem *item)
{
  settle_item (self, index, turn, item, GM_STATUS_ERROR, GM_REASON_BAD_INPUT, item->data);
}

static void
settle (GmRunner        *self,
        GmFlight        *flight,
        const MpOutcome *outcome,
        GmRunOutcome    *run_outcome,
        gboolean         final)
{
  if (run_outcome->status != GM_STATUS_OK && outcome->started)
    gm_runner_count_failure (self, outcome->slot);
  if (!final && gm_runner_may_retry (self, flight, run_outcome->status))
    gm_runner_try_again (self, flight, outcome, run_outcome);
  else
    {
      gm_runner_place_output (self, flight, run_outcome);
      record_and_drop (self, flight, run_outcome);
    }
}

static char *
make_output_path (GmRunner *self,
                  GmFlight *flight,
                  int       fd)
{
  g_autofree char *name = gm_output_name (flight->index, 0, fd);

  return g_build_filename (gm_run_dir_get_path (self->dir), name, NULL);
}

static void
settle_answer (GmRunner        *self,
               GmFlight        *flight,
               const MpOutcome *outcome,
               const GmAnswer  *answer,
               const char      *line)
{
  g_autofree char *out_path = NULL;
  g_autofree char *err_path = NULL;
  GmRunOutcome run_outcome = {
    .index = flight->index,
    .turn = flight->turn,
    .status = answer->status,
    .reason = answer->reason,
    .exit_code = answer->exit_code,
    .signal = answer->signal,
    .line = line,
    .line_length = answer->line_length,
    .stdout_data = line + answer->line_length,
    .stdout_length = answer->stdout_length,
    .stderr_data = line + answer->line_length + answer->stdout_length,
    .stderr_length = answer->stderr_length,
  };

  if (answer->flags & GM_ANSWER_SPILLED_STDOUT)
    run_outcome.stdout_path = out_path = make_output_path (self, flight, 1);
  if (answer->flags & GM_ANSWER_SPILLED_STDERR)
    run_outcome.stderr_path = err_path = make_output_path (self, flight, 2);
  settle (self, flight, outcome, &run_outcome, answer->flags & GM_ANSWER_FINAL);
}

/* The user has ended its worker, and so it. */
static void
settle_killed (GmRunner        *self,
               GmFlight        *flight,
               const MpOutcome *outcome)
{
  GmRunOutcome run_outcome;

  begin_line (self, flight, outcome, &run_outcome, GM_STATUS_CANCELLED, GM_REASON_KILLED);
  gm_line_add_string (self->line, "error", "killed by the user");
  end_line (self, &run_outcome);
  record_and_drop (self, flight, &run_outcome);
}

static void
on_answer (GmRunner        *self,
           GmFlight        *flight,
           const MpOutcome *outcome)
{
  const guint8 *data = outcome->bytes;
  gsize size = outcome->n_bytes;
  const char *line;
  GmAnswer answer;

  if (data == NULL)
    data = g_variant_get_fixed_array (outcome->result, &size, 1);
  if (!gm_answer_read (data, size, &answer, &line))
    {
      gm_runner_fail (self, g_error_new (GM_RUNNER_ERROR, GM_RUNNER_ERROR_FAILED,
                                         "The worker %s gave an answer that is not one",
                                         outcome->worker));
      drop (self, flight);
      return;
    }
  self->begun_any = TRUE;
  /* Once everything is being ended, no failure can be told from that. */
  if ((answer.flags & GM_ANSWER_ENDED)
      || (answer.status != GM_STATUS_OK && gm_runner_ends_now (self)))
    settle_ended (self, flight, outcome);
  else if (answer.status != GM_STATUS_OK && gm_runner_was_killed (self, outcome->pid))
    settle_killed (self, flight, outcome);
  else if (answer.flags & GM_ANSWER_OUTPUT_LOST)
    {
      const char *message = gm_line_find (line, "error");

      g_string_truncate (self->text, 0);
      if (message != NULL)
        gm_json_unescape (self->text, message);
      gm_runner_fail (self, g_error_new (GM_RUNNER_ERROR, GM_RUNNER_ERROR_FAILED,
                                         "The output of item %" G_GUINT64_FORMAT
                                         " could not be kept: %s", flight->index,
                                         self->text->str));
      drop (self, flight);
    }
  else if (answer.flags & GM_ANSWER_NO_RESOURCES)
    gm_runner_starve (self, flight);
  else if (answer.status != GM_STATUS_OK && flight->verdict == GM_VERDICT_EVICTED)
    gm_runner_queue_again (self, flight, g_get_monotonic_time ());
  else
    {
      self->starved = 0;
      if (answer.status == GM_STATUS_OK && (answer.flags & GM_ANSWER_REUSED) == 0)
        gm_runner_learn (self, outcome);
      settle_answer (self, flight, outcome, &answer, line);
    }
}

/* The worker died over the item, or was killed for the time it took. */
static void
on_death (GmRunner        *self,
          GmFlight        *flight,
          const MpOutcome *outcome)
{
  gboolean timed_out = outcome->status == MP_OUTCOME_TIMEOUT;
  int status = outcome->wait_status;
  GmVerdict verdict = GM_VERDICT_NONE;
  GmRunOutcome run_outcome;

  self->begun_any = TRUE;
  if (gm_runner_ends_now (self))
    {
      settle_ended (self, flight, outcome);
      return;
    }
  if (outcome->killed)
    {
      settle_killed (self, flight, outcome);
      return;
    }
  if (!timed_out && WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL)
    verdict = gm_runner_judge_death (self, flight, outcome->pid);
  if (verdict == GM_VERDICT_EVICTED)
    {
      gm_runner_queue_again (self, flight, g_get_monotonic_time ());
      return;
    }
  begin_line (self, flight, outcome, &run_outcome,
              timed_out ? GM_STATUS_TIMEOUT : GM_STATUS_CRASHED,
              timed_out ? GM_REASON_TIMEOUT
              : verdict == GM_VERDICT_OUT_OF_MEMORY ? GM_REASON_OUT_OF_MEMORY
              : GM_REASON_WORKER_DIED);
  if (WIFSIGNALED (status))
    {
      g_autofree char *name = gm_signal_to_string (WTERMSIG (status));

      run_outcome.signal = WTERMSIG (status);
      gm_line_add_string (self->line, "signal", name);
      g_string_printf (self->text, "the worker was killed by %s", name);
    }
  else
    {
      run_outcome.exit_code = WEXITSTATUS (status);
      gm_line_add_int (self->line, "exit_code", run_outcome.exit_code);
      g_string_printf (self->text, "the worker exited with code %d", run_outcome.exit_code);
    }
  if (timed_out || verdict == GM_VERDICT_OUT_OF_MEMORY)
    {
      g_autofree char *text = timed_out ? gm_runner_describe_timeout (self)
                                        : gm_runner_describe_memory (self, flight);

      g_string_assign (self->text, text);
    }
  gm_line_add_string (self->line, "error", self->text->str);
  end_line (self, &run_outcome);
  settle (self, flight, outcome, &run_outcome, FALSE);
}

/* The pool could not run it, or could not bring its answer. */
static void
on_pool_error (GmRunner        *self,
               GmFlight        *flight,
               const MpOutcome *outcome)
{
  const GError *error = outcome->error;
  GmRunOutcome run_outcome;

  if (gm_runner_ends_now (self))
    {
      settle_ended (self, flight, outcome);
      return;
    }
  if (error->domain == GM_WORKER_ERROR && !outcome->started && !self->begun_any)
    {
      gm_runner_begin_stop (self, GM_CAUSE_UNUSABLE);
      if (self->failure == NULL)
        self->failure = g_error_new_literal (GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE,
                                             error->message);
      drop (self, flight);
      return;
    }
  begin_line (self, flight, outcome, &run_outcome, GM_STATUS_ERROR,
              outcome->started ? GM_REASON_EXCEPTION : GM_REASON_SPAWN_FAILED);
  gm_line_add_string (self->line, "error", error->message);
  end_line (self, &run_outcome);
  settle (self, flight, outcome, &run_outcome, !outcome->started);
}

/**
 * gm_runner_on_outcome:
 * @outcome: what became of an item in the pool
 * @user_data: the runner
 */
void
gm_runner_on_outcome (const MpOutcome *outcome,
                      gpointer         user_data)
{
  GmRunner *self = user_data;
  GmFlight *flight = gm_in_flight_find (self->flights, outcome->tag);

  g_assert (flight != NULL && !flight->waits);

  switch (outcome->status)
    {
    case MP_OUTCOME_OK:
      on_answer (self, flight, outcome);
      break;
    case MP_OUTCOME_LOST:
    case MP_OUTCOME_TIMEOUT:
      on_death (self, flight, outcome);
      break;
    case MP_OUTCOME_CANCELLED:
      settle_ended (self, flight, outcome);
      break;
    case MP_OUTCOME_ERROR:
    default:
      on_pool_error (self, flight, outcome);
      break;
    }
}
