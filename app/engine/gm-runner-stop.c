/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-runner-private.h"

#include "gm-line.h"
#include "gm-results-copy.h"

/* How a run ends, before its time or at it. */

/* Workers get so long to begin to end their commands themselves, which tells their end apart from
 * one that the command had anyway; then the pool ends what is left. */
#define ORDERLY_END_MS 50

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

/* Whether what runs is being ended, so that its end says nothing about it. */
gboolean
gm_runner_ends_now (GmRunner *self)
{
  return self->cause >= GM_CAUSE_CANCEL;
}

/* Whether what does not run any more is recorded. */
gboolean
gm_runner_records (GmRunner *self)
{
  return self->cause <= GM_CAUSE_JOB_TIMEOUT;
}

static gboolean
terminate_pool (gpointer user_data)
{
  GmRunner *self = user_data;

  mp_pool_terminate (self->pool);
  return G_SOURCE_REMOVE;
}

/* The end of everything that runs: SIGTERM, and SIGKILL half a second later. */
static void
end_running (GmRunner *self)
{
  GSource *source;

  if (write (self->cancel_fds[1], "x", 1) < 0)
    g_debug ("could not tell the workers to stop: %s", g_strerror (errno));
  if (self->job->task.kind == GM_TASK_FUNCTION)
    source = g_idle_source_new ();
  else
    source = g_timeout_source_new (ORDERLY_END_MS);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, terminate_pool, self, NULL);
  gm_runner_add_source (self, source, "gm-runner-terminate");
}

/**
 * gm_runner_begin_stop:
 * @self: a runner
 * @cause: why
 *
 * Nothing new is started from now on. A cause that weighs more takes over from one before.
 */
void
gm_runner_begin_stop (GmRunner *self,
                      GmCause   cause)
{
  gboolean ended_running = gm_runner_ends_now (self);

  if (cause <= self->cause || (self->phase == GM_PHASE_OVER && cause < GM_CAUSE_FAILURE))
    return;
  self->cause = cause;
  if (self->phase == GM_PHASE_READY || self->phase == GM_PHASE_OVER)
    return;
  self->phase = GM_PHASE_STOPPING;
  mp_pool_feed_cancel_all (self->feed);
  if (gm_runner_ends_now (self) && !ended_running)
    end_running (self);
  gm_runner_thaw (self);
  gm_runner_wake (self, 0);
}

/**
 * gm_runner_fail:
 * @self: a runner
 * @error: (transfer full): what went wrong with gtk-mp itself
 */
void
gm_runner_fail (GmRunner *self,
                GError   *error)
{
  if (self->failure == NULL)
    self->failure = g_error_new_literal (GM_RUNNER_ERROR, GM_RUNNER_ERROR_FAILED, error->message);
  g_error_free (error);
  gm_runner_begin_stop (self, GM_CAUSE_FAILURE);
}

/**
 * gm_runner_stop:
 * @self: a runner
 * @signum: the signal that asks for it
 *
 * Ends the run as that signal would: what runs is ended, nothing is recorded of what was not done,
 * and a later run can go on from there. Also before gm_runner_run().
 */
void
gm_runner_stop (GmRunner *self,
                int       signum)
{
  g_return_if_fail (GM_IS_RUNNER (self));

  if (self->signum == 0)
    self->signum = signum;
  gm_runner_begin_stop (self, GM_CAUSE_SIGNAL);
}

static gboolean
on_signal (int          fd,
           GIOCondition condition,
           gpointer     user_data)
{
  struct signalfd_siginfo info;

  while (read (fd, &info, sizeof info) == sizeof info)
    gm_runner_stop (user_data, info.ssi_signo);
  return G_SOURCE_CONTINUE;
}

/* A signal that whoever started us ignores stays ignored: nohup. */
gboolean
gm_runner_watch_signals (GmRunner  *self,
                         GError   **error)
{
  GSource *source;
  sigset_t set;

  sigemptyset (&set);
  for (guint i = 0; i < G_N_ELEMENTS (stop_signals); i++)
    {
      struct sigaction action;

      if (sigaction (stop_signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset (&set, stop_signals[i]);
    }
  sigprocmask (SIG_BLOCK, &set, &self->old_mask);
  self->signal_fd = signalfd (-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (self->signal_fd < 0)
    {
      g_set_error (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_FAILED, "Could not watch signals: %s",
                   g_strerror (errno));
      sigprocmask (SIG_SETMASK, &self->old_mask, NULL);
      return FALSE;
    }
  source = g_unix_fd_source_new (self->signal_fd, G_IO_IN);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, G_SOURCE_FUNC (on_signal), self, NULL);
  gm_runner_add_source (self, source, "gm-runner-signals");
  return TRUE;
}

void
gm_runner_unwatch_signals (GmRunner *self)
{
  if (self->signal_fd < 0)
    return;
  close (self->signal_fd);
  self->signal_fd = -1;
  sigprocmask (SIG_SETMASK, &self->old_mask, NULL);
}

static gboolean
on_deadline (gpointer user_data)
{
  GmRunner *self = user_data;

  self->deadline_source = NULL;
  gm_runner_begin_stop (self, GM_CAUSE_JOB_TIMEOUT);
  return G_SOURCE_REMOVE;
}

/* The job's own timeout: what is left of it. */
void
gm_runner_watch_deadline (GmRunner *self)
{
  gint64 milliseconds = self->time_left / 1000;
  GSource *source;

  /* What is longer than a month and a half is never. */
  if (self->job->timeout <= 0 || milliseconds >= G_MAXUINT)
    return;
  source = g_timeout_source_new ((guint) MAX (milliseconds, 1));
  g_source_set_callback (source, on_deadline, self, NULL);
  self->deadline_source = source;
  self->deadline_set = g_get_monotonic_time ();
  gm_runner_add_source (self, source, "gm-runner-deadline");
}

/* The time of a pause does not count. */
void
gm_runner_unwatch_deadline (GmRunner *self)
{
  if (self->deadline_source == NULL)
    return;
  self->time_left -= g_get_monotonic_time () - self->deadline_set;
  g_source_destroy (self->deadline_source);
  self->deadline_source = NULL;
}

static void
judge (GmRunner *self)
{
  GmRunState state = self->items_left ? GM_RUN_INTERRUPTED : GM_RUN_FINISHED;
  gboolean all_ok = self->failed == 0 && self->cancelled == 0;

  self->exit_code = all_ok ? GM_EXIT_OK : GM_EXIT_ITEMS_FAILED;
  switch (self->cause)
    {
    case GM_CAUSE_ON_ERROR:
    case GM_CAUSE_DRAIN:
    case GM_CAUSE_CANCEL:
      state = GM_RUN_CANCELLED;
      break;
    case GM_CAUSE_JOB_TIMEOUT:
      self->exit_code = GM_EXIT_JOB_TIMEOUT;
      break;
    case GM_CAUSE_SIGNAL:
      state = GM_RUN_INTERRUPTED;
      self->exit_code = 128 + self->signum;
      break;
    case GM_CAUSE_FAILURE:
      state = GM_RUN_FAILED;
      self->exit_code = GM_EXIT_FAILED;
      break;
    case GM_CAUSE_UNUSABLE:
      state = GM_RUN_FAILED;
      self->exit_code = GM_EXIT_USAGE;
      break;
    case GM_CAUSE_NONE:
    default:
      break;
    }
  self->state = state;
}

/* The last words in the run directory. */
void
gm_runner_finish (GmRunner *self)
{
  GError *error = NULL;
  GString *event;

  self->ended = g_get_real_time ();
  gm_runner_write (self, TRUE);
  if (self->job->results != NULL && self->cause < GM_CAUSE_FAILURE
      && !gm_results_copy (self->dir, self->job->results, &error))
    gm_runner_fail (self, error);
  judge (self);
  gm_runner_snapshot (self);
  event = gm_runner_begin_event (self, "run-finished");
  gm_line_add_string (event, "state", gm_run_state_to_string (self->state));
  gm_line_add_int (event, "exit_code", self->exit_code);
  gm_line_add_int (event, "ok", self->ok);
  gm_line_add_int (event, "failed", self->failed);
  gm_line_add_int (event, "cancelled", self->cancelled);
  gm_runner_end_event (self);
  gm_journal_sync (self->events, NULL);
  gm_runner_write_state (self, TRUE);
  gm_run_dir_sync (self->dir);
  if (self->cause == GM_CAUSE_UNUSABLE && self->past == NULL)
    gm_run_dir_discard (self->dir);
  gm_log_drain (self->log);
  /* For those who read the log later; the face, which has followed it up to here, is told. */
  if (self->failure != NULL)
    mp_log (MP_LOG_ERROR, "%s", self->failure->message);
  gm_runner_set_state (self, self->state);
}
