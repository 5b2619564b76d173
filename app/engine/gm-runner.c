/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-line.h"

/**
 * GmRunner:
 *
 * Runs a job: items from its inputs go to a pool of workers, their outcomes into the run directory.
 *
 * One thread, one main context. Workers write the outcome lines; for each item the runner copies
 * bytes, counts, and decides whether there is another attempt. What it keeps in memory is what is
 * in flight, however many items there are. Each item that was read has one outcome, unless the run
 * is ended by a signal or by a failure of its own; then a later run can go on.
 *
 * It forks and watches signals: there is one at a time in a process, with one thread.
 */

/* How often what was appended is written; every so many times it is synced as well. */
#define WRITE_INTERVAL_MS 100
#define WRITES_PER_SYNC   10

G_DEFINE_FINAL_TYPE (GmRunner, gm_runner, G_TYPE_OBJECT)
G_DEFINE_QUARK (gm-runner-error-quark, gm_runner_error)

static void
destroy_source (gpointer data)
{
  g_source_destroy (data);
  g_source_unref (data);
}

static void
gm_runner_finalize (GObject *object)
{
  GmRunner *self = GM_RUNNER (object);

  g_ptr_array_unref (self->sources);
  gm_runner_unwatch_signals (self);
  g_clear_object (&self->feed);
  g_clear_object (&self->pool);
  g_clear_pointer (&self->shared, gm_shared_free);
  g_clear_pointer (&self->memory, gm_memory_free);
  g_clear_pointer (&self->median, gm_median_free);
  g_hash_table_unref (self->killed_workers);
  for (guint i = 0; i < G_N_ELEMENTS (self->cancel_fds); i++)
    if (self->cancel_fds[i] >= 0)
      close (self->cancel_fds[i]);
  g_clear_pointer (&self->control, gm_control_free);
  g_clear_pointer (&self->socket_path, g_free);
  g_clear_pointer (&self->load, gm_load_free);
  g_clear_pointer (&self->tree_load, gm_load_free);
  g_clear_pointer (&self->failures, g_array_unref);
  g_clear_pointer (&self->slot_failures, g_array_unref);
  g_clear_pointer (&self->killed, g_hash_table_unref);
  if (self->shared_fd >= 0)
    close (self->shared_fd);
  g_clear_pointer (&self->record, gm_inputs_record_free);
  g_clear_pointer (&self->past, gm_past_free);
  g_clear_pointer (&self->reuse, gm_reuse_free);
  g_clear_pointer (&self->joblog, gm_joblog_free);
  g_clear_pointer (&self->results, gm_journal_free);
  g_clear_pointer (&self->events, gm_journal_free);
  g_clear_pointer (&self->log, gm_log_free);
  g_clear_pointer (&self->dir, gm_run_dir_free);
  g_clear_pointer (&self->inputs, gm_inputs_free);
  g_clear_pointer (&self->flights, gm_in_flight_free);
  g_clear_pointer (&self->job, gm_job_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_string_free (self->packet, TRUE);
  g_string_free (self->line, TRUE);
  g_string_free (self->text, TRUE);
  g_clear_error (&self->failure);
  G_OBJECT_CLASS (gm_runner_parent_class)->finalize (object);
}

static void
gm_runner_class_init (GmRunnerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_runner_finalize;
}

static void
gm_runner_init (GmRunner *self)
{
  self->load = gm_load_new ();
  self->tree_load = gm_load_new ();
  self->failures = g_array_new (FALSE, FALSE, sizeof (GmFailure));
  self->slot_failures = g_array_new (FALSE, TRUE, sizeof (guint64));
  self->killed_workers = g_hash_table_new (NULL, NULL);
  self->shared_fd = -1;
  self->signal_fd = self->cancel_fds[0] = self->cancel_fds[1] = -1;
  self->context = g_main_context_ref_thread_default ();
  self->sources = g_ptr_array_new_with_free_func (destroy_source);
  self->flights = gm_in_flight_new ();
  self->killed = g_hash_table_new (NULL, NULL);
  self->packet = g_string_sized_new (256);
  self->line = g_string_sized_new (1024);
  self->text = g_string_sized_new (256);
}

/* Takes @source and attaches it for the time of the run. */
void
gm_runner_add_source (GmRunner   *self,
                      GSource    *source,
                      const char *name)
{
  /* A few are made again and again; those that are done need no place. */
  for (guint i = self->sources->len; i > 0; i--)
    if (g_source_is_destroyed (g_ptr_array_index (self->sources, i - 1)))
      g_ptr_array_remove_index_fast (self->sources, i - 1);
  g_source_set_name (source, name);
  g_source_attach (source, self->context);
  g_ptr_array_add (self->sources, source);
}

/**
 * gm_runner_new:
 * @job: the job
 * @options: how to run it
 * @error: return location for an error
 *
 * Checks all that can be checked before anything runs, and makes the run directory, or takes up the
 * one that is to be gone on with. A run that is refused is left as it was.
 *
 * Returns: (transfer full): a runner, or %NULL with #GM_RUNNER_ERROR
 */
GmRunner *
gm_runner_new (GmJob                 *job,
               const GmRunnerOptions *options,
               GError               **error)
{
  g_autoptr(GmRunner) self = NULL;

  g_return_val_if_fail (job != NULL && options != NULL, NULL);

  self = g_object_new (GM_TYPE_RUNNER, NULL);
  self->job = gm_job_ref (job);
  self->first = options->first;
  self->want_output = options->want_output;
  if (!gm_runner_check_supported (job, error)
      || !gm_runner_check_program (job, error)
      || !gm_runner_check_results (job, error))
    return NULL;
  /* It starts while we open the inputs and make the run directory. */
  self->method = mp_context_get (gm_start_method_to_string (job->start_method), NULL);
  mp_context_prepare (self->method);
  if (!gm_runner_open (self, options, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
on_log_line (const char *line,
             gsize       length,
             gpointer    user_data)
{
  GmRunner *self = user_data;

  self->callbacks.log (self, line, length, self->user_data);
}

/**
 * gm_runner_set_callbacks:
 * @self: a runner that does not run yet
 * @callbacks: what the face wants to know
 * @user_data: for the callbacks
 */
void
gm_runner_set_callbacks (GmRunner                *self,
                         const GmRunnerCallbacks *callbacks,
                         gpointer                 user_data)
{
  g_return_if_fail (GM_IS_RUNNER (self) && self->phase == GM_PHASE_READY);

  self->callbacks = *callbacks;
  self->user_data = user_data;
  if (callbacks->log != NULL)
    gm_log_follow (self->log, on_log_line, self);
}

static gboolean
dispatch_work (GSource    *source,
               GSourceFunc callback,
               gpointer    user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static gboolean
on_work (gpointer user_data)
{
  gm_runner_pump (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_tick (gpointer user_data)
{
  GmRunner *self = user_data;

  if (++self->n_ticks % WRITES_PER_SYNC != 0)
    {
      gm_runner_write (self, FALSE);
      return G_SOURCE_CONTINUE;
    }
  gm_rate_add (&self->rate, g_get_monotonic_time (), self->ok + self->failed + self->cancelled);
  gm_runner_snapshot (self);
  gm_runner_write (self, TRUE);
  gm_runner_write_state (self, FALSE);
  return G_SOURCE_CONTINUE;
}

static void
add_sources (GmRunner *self)
{
  static GSourceFuncs work_funcs = { .dispatch = dispatch_work };
  GSource *tick = g_timeout_source_new (WRITE_INTERVAL_MS);

  self->work_source = g_source_new (&work_funcs, sizeof (GSource));
  g_source_set_callback (self->work_source, on_work, self, NULL);
  gm_runner_add_source (self, self->work_source, "gm-runner-work");
  g_source_set_callback (tick, on_tick, self, NULL);
  gm_runner_add_source (self, tick, "gm-runner-tick");
}

void
gm_runner_set_state (GmRunner   *self,
                     GmRunState  state)
{
  self->state = state;
  if (self->callbacks.state != NULL)
    self->callbacks.state (self, state, self->user_data);
}

static void
begin (GmRunner *self)
{
  GString *event = gm_runner_begin_event (self, "run-started");
  gint64 total = gm_inputs_get_total (self->inputs);

  gm_line_add_string (event, "id", gm_run_dir_get_id (self->dir));
  gm_line_add_int (event, "pid", getpid ());
  gm_line_add_int (event, "processes", gm_runner_choose_processes (self));
  if (self->past != NULL)
    g_string_append (event, ",\"resumed\":true");
  if (total >= 0)
    gm_line_add_int (event, "total", total);
  gm_runner_end_event (self);
  self->begun = g_get_real_time ();
  gm_rate_add (&self->rate, g_get_monotonic_time (), 0);
  gm_runner_write_state (self, FALSE);
  self->time_left = (gint64) MIN (self->job->timeout * G_USEC_PER_SEC, (double) (G_MAXINT64 / 2));
  gm_runner_watch_deadline (self);
  gm_runner_warn_cut_off (self);
  gm_runner_set_state (self, GM_RUN_RUNNING);
}

/* Whether there is nothing left to do. */
void
gm_runner_settled (GmRunner *self)
{
  if ((self->phase == GM_PHASE_RUNNING || self->phase == GM_PHASE_STOPPING)
      && self->inputs_ended && gm_in_flight_get_count (self->flights) == 0)
    self->phase = GM_PHASE_OVER;
}

/**
 * gm_runner_run:
 * @self: a runner that did not run yet
 * @error: return location for an error
 *
 * Runs the job to its end, in the main context that was thread-default when the runner was made.
 * SIGINT, SIGTERM and SIGHUP end it, unless they are ignored.
 *
 * @error is set for the exit codes 2 and 125.
 *
 * Returns: the exit code
 */
int
gm_runner_run (GmRunner  *self,
               GError   **error)
{
  g_return_val_if_fail (GM_IS_RUNNER (self) && self->phase == GM_PHASE_READY, GM_EXIT_FAILED);

  if (!gm_runner_watch_signals (self, error))
    return GM_EXIT_FAILED;
  add_sources (self);
  /* First, so that whoever sees the state can speak to the run. */
  gm_runner_open_control (self);
  begin (self);
  if (self->cause == GM_CAUSE_NONE)
    gm_runner_run_pool (self);
  self->phase = GM_PHASE_OVER;
  gm_runner_finish (self);
  gm_runner_close_control (self);
  g_ptr_array_set_size (self->sources, 0);
  gm_runner_unwatch_signals (self);
  if (self->failure != NULL)
    g_propagate_error (error, g_error_copy (self->failure));
  return self->exit_code;
}

/**
 * gm_runner_set_held:
 * @self: a runner
 * @held: whether to start no further items for now
 *
 * For a face that can't keep up with the output. What runs goes on, and so do kills and timeouts.
 */
void
gm_runner_set_held (GmRunner *self,
                    gboolean  held)
{
  g_return_if_fail (GM_IS_RUNNER (self));

  self->held = held;
  if (!held && self->work_source != NULL && self->phase == GM_PHASE_RUNNING)
    gm_runner_wake (self, 0);
}

GmRunState
gm_runner_get_state (GmRunner *self)
{
  g_return_val_if_fail (GM_IS_RUNNER (self), GM_RUN_FAILED);

  return self->state;
}

/**
 * gm_runner_get_id:
 * @self: a runner
 *
 * Returns: the run's id
 */
const char *
gm_runner_get_id (GmRunner *self)
{
  g_return_val_if_fail (GM_IS_RUNNER (self), NULL);

  return gm_run_dir_get_id (self->dir);
}

/**
 * gm_runner_get_dir:
 * @self: a runner
 *
 * Returns: the absolute path of the run directory
 */
const char *
gm_runner_get_dir (GmRunner *self)
{
  g_return_val_if_fail (GM_IS_RUNNER (self), NULL);

  return gm_run_dir_get_path (self->dir);
}
