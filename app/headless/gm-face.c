/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gm-face.h"

#include "gm-dry-run.h"
#include "gm-escape.h"
#include "gm-printer.h"
#include "gm-progress.h"
#include "gm-report.h"
#include "gm-runner.h"
#include "gm-sink.h"

/* A run as the terminal sees it: between the runner and the two outputs. */

/* Log lines are kept for a slow reader up to here; the run directory has them all. */
#define MAX_LOG_QUEUED (4 * 1024 * 1024)

typedef struct
{
  const GmOptions *options;
  GmRunner        *runner;       /* owned */
  GmOutput        *out;          /* owned */
  GmOutput        *err;          /* owned, or the same as out */
  GmPrinter       *printer;      /* owned */
  GmProgress      *progress;     /* owned, or NULL */
  guint64          n_left_out;   /* log lines */
  int              failure;      /* errno of an output */
  gboolean         is_closed;
  gboolean         is_held;
} Face;

static void
update_held (Face *self)
{
  gboolean held = self->failure == 0 && !self->is_closed
                  && (gm_printer_is_held (self->printer) || gm_output_is_full (self->err));

  if (held == self->is_held)
    return;
  self->is_held = held;
  gm_runner_set_held (self->runner, held);
}

static void
on_output (GmOutput      *output,
           GmOutputEvent  event,
           gpointer       user_data)
{
  Face *self = user_data;

  switch (event)
    {
    case GM_OUTPUT_ROOM:
      gm_printer_pump (self->printer);
      update_held (self);
      break;
    case GM_OUTPUT_CLOSED:
      self->is_closed = TRUE;
      gm_runner_stop (self->runner, SIGPIPE);
      break;
    case GM_OUTPUT_FAILED:
    default:
      self->failure = gm_output_get_errno (output);
      gm_runner_stop (self->runner, SIGTERM);
      break;
    }
}

static void
on_outcome (GmRunner           *runner,
            const GmRunOutcome *outcome,
            gpointer            user_data)
{
  Face *self = user_data;

  if (outcome->reused)
    gm_printer_add_recorded (self->printer, outcome->turn, outcome->line_offset);
  else
    gm_printer_add (self->printer, outcome);
  update_held (self);
}

static void
write_log_line (Face       *self,
                const char *line,
                gsize       length)
{
  g_autoptr(GString) escaped = NULL;

  if (!gm_output_is_terminal (self->err))
    gm_output_write (self->err, line, length);
  else
    {
      escaped = g_string_sized_new (length);
      gm_escape_controls (escaped, line, length);
      gm_output_write (self->err, escaped->str, escaped->len);
    }
  gm_output_write (self->err, "\n", 1);
}

static void
on_log (GmRunner   *runner,
        const char *line,
        gsize       length,
        gpointer    user_data)
{
  Face *self = user_data;
  g_autofree char *note = NULL;

  if (gm_output_get_queued (self->err) > MAX_LOG_QUEUED)
    {
      self->n_left_out++;
      return;
    }
  if (self->n_left_out > 0)
    {
      note = g_strdup_printf ("gtk-mp: standard error is read too slowly: %" G_GUINT64_FORMAT
                              " lines of the log are left out here; %s/log.txt has them",
                              self->n_left_out, gm_runner_get_dir (self->runner));
      self->n_left_out = 0;
      write_log_line (self, note, strlen (note));
    }
  write_log_line (self, line, length);
  update_held (self);
}

static void
get_counters (GmRunCounters *counters,
              gpointer       user_data)
{
  Face *self = user_data;

  gm_runner_get_counters (self->runner, counters);
}

static void
on_late_signal (int number)
{
  _exit (128 + number);
}

/* When the runner has ended it no longer watches signals, and all that is left to do is to wait for
 * the readers. */
static void
on_state (GmRunner   *runner,
          GmRunState  state,
          gpointer    user_data)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

  if (state == GM_RUN_RUNNING || state == GM_RUN_PAUSED)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    if (signal (signals[i], on_late_signal) == SIG_IGN)
      signal (signals[i], SIG_IGN);
}

static const GmRunnerCallbacks callbacks = {
  .outcome = on_outcome, .log = on_log, .state = on_state,
};

static void
open_outputs (Face *self)
{
  self->out = gm_output_new (STDOUT_FILENO, on_output, self);
  self->err = self->out;
  if (!gm_sink_is_same (STDOUT_FILENO, STDERR_FILENO))
    self->err = gm_output_new (STDERR_FILENO, on_output, self);
}

/**
 * gm_face_can_draw:
 * @output: an output
 *
 * Returns: whether it is a terminal on which a line can be drawn again
 */
gboolean
gm_face_can_draw (GmOutput *output)
{
  const char *term = g_getenv ("TERM");

  return gm_output_is_terminal (output) && term != NULL && *term != '\0'
         && strcmp (term, "dumb") != 0;
}

static GmPrintForm
choose_form (GmJob           *job,
             const GmOptions *options)
{
  if (options->json)
    return GM_PRINT_JSON;

  return job->ordered ? GM_PRINT_ORDERED : GM_PRINT_UNORDERED;
}

static void
flush (GmOutput *output)
{
  gsize before;

  do
    {
      before = gm_output_get_queued (output);
      gm_output_flush (output);
    }
  while (gm_output_get_queued (output) < before);
}

/* Waits for the readers, unless the run was ended by a signal: then they get what they take now. */
void
gm_face_drain (GmPrinter *printer,
               GmOutput  *out,
               GmOutput  *err,
               int        code)
{
  gboolean more = code < 128;

  while (more)
    {
      more = !gm_printer_finish (printer);
      more |= gm_output_wait (out);
      more |= gm_output_wait (err);
    }
  flush (out);
  flush (err);
}

/* What a person wants to know when it was not all well. */
void
gm_face_sum_up (const GmRunCounters *counters,
                const char          *dir,
                int                  code)
{
  g_autofree char *text = NULL;
  g_autofree char *end = NULL;

  if (counters->failed > 0)
    end = g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " items failed",
                           counters->failed, counters->done);
  else if (code != GM_EXIT_OK)
    end = g_strdup_printf ("ended after %" G_GUINT64_FORMAT " items", counters->done);
  else
    return;
  text = g_strdup_printf ("%s; the run is in %s", end, dir);
  gm_report (text);
}

static void
face_clear (Face *self)
{
  g_clear_pointer (&self->progress, gm_progress_free);
  g_clear_pointer (&self->printer, gm_printer_free);
  if (self->err != self->out)
    g_clear_pointer (&self->err, gm_output_free);
  g_clear_pointer (&self->out, gm_output_free);
  g_clear_object (&self->runner);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Face, face_clear)

static int
finish (Face         *self,
        int           code,
        const GError *error)
{
  g_autofree char *message = NULL;
  gboolean sums_up = self->progress != NULL;
  GmRunCounters counters;

  g_clear_pointer (&self->progress, gm_progress_free);
  gm_face_drain (self->printer, self->out, self->err, code);
  if (error != NULL)
    gm_report (error->message);
  else if (self->failure != 0)
    {
      message = g_strdup_printf ("the output can't be written: %s; what was done is in %s",
                                 g_strerror (self->failure), gm_runner_get_dir (self->runner));
      gm_report (message);
    }
  else if (sums_up && !self->is_closed)
    {
      gm_runner_get_counters (self->runner, &counters);
      gm_face_sum_up (&counters, gm_runner_get_dir (self->runner), code);
    }

  if (self->failure != 0)
    return GM_EXIT_FAILED;
  if (self->is_closed && code != GM_EXIT_FAILED)
    return 128 + SIGPIPE;

  return code;
}

/**
 * gm_face_run:
 * @job: a job
 * @options: what the command line says besides
 * @resume_dir: (nullable): the run to go on with, whose job it is
 * @reuse_dir: (nullable): the run to take outcomes over from
 *
 * Runs @job and shows what becomes of it.
 *
 * Returns: the exit code
 */
int
gm_face_run (GmJob           *job,
             const GmOptions *options,
             const char      *resume_dir,
             const char      *reuse_dir)
{
  g_auto(Face) self = { .options = options };
  g_autoptr(GError) error = NULL;
  GmRunnerOptions runner_options = {
    .run_dir = options->run_dir, .resume_dir = resume_dir, .reuse_dir = reuse_dir,
    .joblog = options->joblog, .first = options->first,
    .want_output = !options->json || options->joblog != NULL,
    .retry_failed = options->retry_failed,
  };
  int code;

  self.runner = gm_runner_new (job, &runner_options, &error);
  if (self.runner == NULL)
    {
      gm_report (error->message);
      return g_error_matches (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_FAILED) ? GM_EXIT_FAILED
                                                                               : GM_EXIT_USAGE;
    }
  open_outputs (&self);
  self.printer = gm_printer_new (choose_form (job, options), self.out, self.err,
                                 gm_runner_get_dir (self.runner));
  if (!options->quiet && gm_face_can_draw (self.err))
    self.progress = gm_progress_new (self.err, get_counters, &self);
  gm_runner_set_callbacks (self.runner, &callbacks, &self);
  code = gm_runner_run (self.runner, &error);

  return finish (&self, code, error);
}

static void
on_dry_output (GmOutput      *output,
               GmOutputEvent  event,
               gpointer       user_data)
{
  g_autofree char *message = NULL;

  if (event != GM_OUTPUT_FAILED)
    return;
  message = g_strdup_printf ("the output can't be written: %s",
                             g_strerror (gm_output_get_errno (output)));
  gm_report (message);
}

/**
 * gm_face_dry_run:
 * @job: a job
 * @options: what the command line says besides
 * @resume_dir: (nullable): the run to go on with, whose job it is
 * @reuse_dir: (nullable): the run to take outcomes over from
 *
 * Shows what would run.
 *
 * Returns: the exit code
 */
int
gm_face_dry_run (GmJob           *job,
                 const GmOptions *options,
                 const char      *resume_dir,
                 const char      *reuse_dir)
{
  g_autoptr(GmOutput) out = gm_output_new (STDOUT_FILENO, on_dry_output, NULL);
  g_autoptr(GError) error = NULL;

  if (!gm_dry_run (job, options, resume_dir, reuse_dir, out, &error))
    {
      gm_report (error->message);
      return GM_EXIT_USAGE;
    }
  if (gm_output_get_errno (out) == 0)
    return GM_EXIT_OK;

  return gm_output_get_errno (out) == EPIPE ? 128 + SIGPIPE : GM_EXIT_FAILED;
}
