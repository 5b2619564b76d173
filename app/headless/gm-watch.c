/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-watch.h"

#include "gm-escape.h"
#include "gm-face.h"
#include "gm-line.h"
#include "gm-log.h"
#include "gm-job.h"
#include "gm-progress.h"
#include "gm-report.h"
#include "gm-run-client.h"
#include "gm-run-lock.h"
#include "gm-runner.h"
#include "gm-sink.h"
#include "gm-old-runs.h"
#include "gm-steer.h"
#include "gm-tail.h"

/* A run that another process has started, as the terminal sees it: what it prints comes from the
 * run directory, how far it is from its socket. Whatever happens here does not touch it. */

#define HZ 10

/* So much is read at once, then the main loop has its turn. */
#define LINES_PER_TURN 4096

typedef struct
{
  GmRunClient *client;     /* owned */
  GmSnapshot  *snapshot;   /* owned, or NULL */
  GmOutput    *out;        /* owned */
  GmOutput    *err;        /* owned, or the same as out */
  GmPrinter   *printer;    /* owned */
  GmProgress  *progress;   /* owned, or NULL */
  GmTail      *results;    /* owned */
  GmTail      *log;        /* owned */
  GSource     *signals;    /* owned, or NULL */
  GError      *cause;      /* owned: why the connection ended, or NULL */
  int          signal_fd;
  int          log_level;
  int          code;       /* that this end of the matter has, -1: go on */
  gboolean     is_over;    /* the run has closed the connection */
} Watch;

static void
on_output (GmOutput      *output,
           GmOutputEvent  event,
           gpointer       user_data)
{
  Watch *self = user_data;

  switch (event)
    {
    case GM_OUTPUT_ROOM:
      gm_printer_pump (self->printer);
      break;
    case GM_OUTPUT_CLOSED:
      self->code = 128 + SIGPIPE;
      break;
    case GM_OUTPUT_FAILED:
    default:
      self->code = GM_EXIT_FAILED;
      break;
    }
}

static void
show_result (Watch      *self,
             const char *line,
             gsize       length,
             guint64     offset)
{
  static const char start[] = "{\"index\":";

  if (length > strlen (start) && strncmp (line, start, strlen (start)) == 0)
    gm_printer_add_recorded (self->printer, g_ascii_strtoull (line + strlen (start), NULL, 10),
                             offset);
}

static void
show_log_line (Watch      *self,
               const char *line,
               gsize       length)
{
  g_autoptr(GString) text = g_string_sized_new (length + 1);

  if (gm_log_line_level (line, length) < self->log_level)
    return;
  if (gm_output_is_terminal (self->err))
    gm_escape_controls (text, line, length);
  else
    g_string_append_len (text, line, length);
  g_string_append_c (text, '\n');
  gm_output_write (self->err, text->str, text->len);
}

/* Whether the reader has to take something first. */
static gboolean
is_held (Watch *self)
{
  return gm_printer_is_held (self->printer) || gm_output_is_full (self->err);
}

/* Reads what is new, as far as it can be shown. Returns: whether there may be more */
static gboolean
read_along (Watch *self)
{
  const char *line;
  gsize length;
  guint64 offset;
  guint n_log = 0, n_results = 0;

  while (n_log < LINES_PER_TURN && !gm_output_is_full (self->err)
         && gm_tail_next (self->log, &line, &length, &offset))
    {
      show_log_line (self, line, length);
      n_log++;
    }
  while (n_results < LINES_PER_TURN && !gm_printer_is_held (self->printer)
         && gm_tail_next (self->results, &line, &length, &offset))
    {
      show_result (self, line, length, offset);
      n_results++;
    }

  return n_log > 0 || n_results > 0;
}

static void
on_snapshot (GmRunClient *client,
             GmSnapshot  *snapshot,
             Watch       *self)
{
  g_clear_pointer (&self->snapshot, gm_snapshot_unref);
  self->snapshot = gm_snapshot_ref (snapshot);
  read_along (self);
}

static void
on_closed (GmRunClient  *client,
           const GError *error,
           Watch        *self)
{
  self->is_over = TRUE;
  if (error != NULL && self->cause == NULL)
    self->cause = g_error_copy (error);
}

static void
fill_counters (const GmSnapshot *snapshot,
               GmRunCounters    *counters)
{
  *counters = (GmRunCounters) {
    .total_known = snapshot->total_known,
    .total = snapshot->total,
    .queued = snapshot->queued,
    .running = snapshot->running,
    .done = snapshot->done,
    .ok = snapshot->ok,
    .failed = snapshot->failed,
    .rate = snapshot->rate,
    .eta = snapshot->eta,
    .paused = snapshot->state == GM_RUN_PAUSED,
  };
}

static void
get_counters (GmRunCounters *counters,
              gpointer       user_data)
{
  Watch *self = user_data;

  if (self->snapshot != NULL)
    fill_counters (self->snapshot, counters);
  else
    *counters = (GmRunCounters) { .eta = -1 };
}

static gboolean
on_signal (int          fd,
           GIOCondition condition,
           gpointer     user_data)
{
  struct signalfd_siginfo info;
  Watch *self = user_data;

  if (read (fd, &info, sizeof info) == sizeof info)
    self->code = 128 + (int) info.ssi_signo;

  return G_SOURCE_CONTINUE;
}

/* So that the line on the terminal goes away first. */
static void
watch_signals (Watch *self)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  sigset_t set;

  sigemptyset (&set);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      struct sigaction action;

      if (sigaction (numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset (&set, numbers[i]);
    }
  self->signal_fd = signalfd (-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (self->signal_fd < 0)
    return;
  sigprocmask (SIG_BLOCK, &set, NULL);
  self->signals = g_unix_fd_source_new (self->signal_fd, G_IO_IN);
  g_source_set_callback (self->signals, G_SOURCE_FUNC (on_signal), self, NULL);
  g_source_attach (self->signals, NULL);
}

static void
watch_clear (Watch *self)
{
  if (self->signals != NULL)
    {
      g_source_destroy (self->signals);
      g_source_unref (self->signals);
      close (self->signal_fd);
    }
  g_clear_pointer (&self->progress, gm_progress_free);
  g_clear_pointer (&self->printer, gm_printer_free);
  if (self->err != self->out)
    g_clear_pointer (&self->err, gm_output_free);
  g_clear_pointer (&self->out, gm_output_free);
  g_clear_pointer (&self->results, gm_tail_free);
  g_clear_pointer (&self->log, gm_tail_free);
  g_clear_pointer (&self->snapshot, gm_snapshot_unref);
  g_clear_object (&self->client);
  g_clear_error (&self->cause);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, watch_clear)

static GmPrintForm
choose_form (const GmJob *job,
             gboolean     json)
{
  if (json)
    return GM_PRINT_JSON;

  return job == NULL || job->ordered ? GM_PRINT_ORDERED : GM_PRINT_UNORDERED;
}

static void
open_all (Watch           *self,
          const char      *dir,
          const GmOptions *options)
{
  g_autofree char *job_path = g_build_filename (dir, "job.json", NULL);
  g_autoptr(GmJob) job = gm_job_new_from_file (job_path, NULL);

  self->log_level = job != NULL ? (int) job->log_level : (int) MP_LOG_WARNING;
  self->out = gm_output_new (STDOUT_FILENO, on_output, self);
  self->err = self->out;
  if (!gm_sink_is_same (STDOUT_FILENO, STDERR_FILENO))
    self->err = gm_output_new (STDERR_FILENO, on_output, self);
  self->printer = gm_printer_new (choose_form (job, options->json), self->out, self->err, dir);
  if (!options->quiet && gm_face_can_draw (self->err))
    self->progress = gm_progress_new (self->err, get_counters, self);
  self->results = gm_tail_new (dir, "results.jsonl");
  self->log = gm_tail_new (dir, "log.txt");
}

static void
ask_for_snapshots (Watch *self)
{
  JsonObject *object = json_object_new ();
  JsonNode *params = json_node_new (JSON_NODE_OBJECT);

  json_object_set_int_member (object, "hz", HZ);
  json_node_take_object (params, object);
  gm_run_client_call_async (self->client, "watch", params, NULL, NULL, NULL);
}

/* Nobody answers, and no end is recorded: the run died, or it does not want to talk to us. */
static void
report_lost (Watch      *self,
             const char *dir)
{
  g_autofree char *message = NULL;

  if (!gm_run_is_live (dir, NULL))
    {
      gm_report ("the run was interrupted");
      return;
    }
  message = g_strdup_printf ("the run goes on, but it can't be followed: %s",
                             self->cause != NULL ? self->cause->message
                                                 : "it has closed the connection");
  gm_report (message);
}

/* The run is over: how it ended is in its directory. */
static int
finish (Watch           *self,
        const char      *dir)
{
  g_autoptr(GmSnapshot) state = gm_steer_read_state (dir, NULL);
  gboolean sums_up = self->progress != NULL;
  GmRunCounters counters;
  int code;

  if (state == NULL || state->exit_code < 0)
    {
      g_clear_pointer (&self->progress, gm_progress_free);
      report_lost (self, dir);
      return GM_EXIT_FAILED;
    }
  code = state->exit_code;
  while (self->code < 0 && (read_along (self) || is_held (self)))
    g_main_context_iteration (NULL, is_held (self));
  g_clear_pointer (&self->progress, gm_progress_free);
  gm_face_drain (self->printer, self->out, self->err, code);
  fill_counters (state, &counters);
  if (sums_up && self->code < 0)
    gm_face_sum_up (&counters, dir, code);

  return self->code < 0 ? code : self->code;
}

/**
 * gm_watch:
 * @options: which run, and how to show it
 *
 * Follows a live run to its end, or until a signal.
 *
 * Returns: the exit code of the run
 */
int
gm_watch (const GmOptions *options)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *dir = gm_old_run_find (options->run, &error);
  g_auto(Watch) self = { .code = -1, .signal_fd = -1 };

  if (dir != NULL)
    self.client = gm_run_client_new (dir, &error);
  if (self.client == NULL)
    {
      if (dir != NULL)
        gm_steer_report_dead (options->run, dir, error);
      else
        gm_report (error->message);
      return GM_EXIT_USAGE;
    }
  g_signal_connect (self.client, "snapshot", G_CALLBACK (on_snapshot), &self);
  g_signal_connect (self.client, "closed", G_CALLBACK (on_closed), &self);
  open_all (&self, dir, options);
  watch_signals (&self);
  ask_for_snapshots (&self);
  while (!self.is_over && self.code < 0)
    g_main_context_iteration (NULL, TRUE);

  return self.is_over ? finish (&self, dir) : self.code;
}
