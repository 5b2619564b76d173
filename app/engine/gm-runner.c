/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-line.h"
#include "gm-results-copy.h"
#include "gm-worker.h"

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

/* How long workers may take to leave once all is done. */
#define LEAVE_PATIENCE (2 * G_USEC_PER_SEC)

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
  int fd = gm_run_dir_get_fd (self->dir);
  GError *cause = NULL;

  if (write_job (self, text, &cause)
      && (self->record = gm_inputs_record_new (self->dir, self->job, self->inputs,
                                                self->kept.count, self->kept.ended, &cause)) != NULL
      && (self->results = gm_journal_open (fd, "results.jsonl", 0, &cause)) != NULL
      && (self->events = gm_journal_open (fd, "events.jsonl", 0, &cause)) != NULL
      && (self->log = gm_log_open (fd, gm_run_dir_get_path (self->dir),
                                   (MpLogLevel) self->job->log_level, &cause)) != NULL)
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
  mp_context_prepare (mp_context_get (gm_start_method_to_string (job->start_method), NULL));
  if (options->resume_dir != NULL)
    {
      if (!gm_runner_open_old (self, options, error) || !open_inputs (self, error))
        return NULL;
    }
  else if (!open_inputs (self, error)
           || !gm_runner_open_reuse (self, options, error)
           || !open_dir (self, options->run_dir, error))
    return NULL;
  if (!open_files (self, error) || !open_joblog (self, options->joblog, error))
    {
      if (self->past == NULL)
        gm_run_dir_discard (self->dir);
      return NULL;
    }
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

static guint
choose_processes (GmRunner *self)
{
  gint64 total = gm_inputs_get_total (self->inputs);
  gint64 n = self->job->processes > 0 ? self->job->processes : mp_cpu_count ();

  if (self->job->processes == 0 && total > 0)
    n = MIN (n, total);
  return (guint) MIN (n, G_MAXINT);
}

static void
on_worker_started (MpPool     *pool,
                   guint       slot,
                   int         pid,
                   const char *name,
                   gpointer    user_data)
{
  GmRunner *self = user_data;
  GString *event = gm_runner_begin_event (self, "worker-started");

  /* A process id comes again. */
  g_hash_table_remove (self->killed_workers, GINT_TO_POINTER (pid));
  gm_line_add_string (event, "worker", name);
  gm_line_add_int (event, "pid", pid);
  gm_line_add_int (event, "slot", slot + 1);
  gm_line_add_string (event, "start_method",
                      gm_start_method_to_string (self->job->start_method));
  gm_runner_end_event (self);
}

static void
on_worker_exited (MpPool     *pool,
                  guint       slot,
                  int         pid,
                  const char *name,
                  int         wait_status,
                  guint       reason,
                  gboolean    has_tag,
                  guint64     tag,
                  gpointer    user_data)
{
  static const char *const reasons[] = {
    [MP_WORKER_EXIT_DONE] = "done",
    [MP_WORKER_EXIT_MAX_TASKS] = "max-tasks",
    [MP_WORKER_EXIT_RESIZED] = "resized",
    [MP_WORKER_EXIT_CRASHED] = "crashed",
    [MP_WORKER_EXIT_TIMEOUT] = "timeout",
    [MP_WORKER_EXIT_CANCELLED] = "cancelled",
    [MP_WORKER_EXIT_KILLED] = "killed",
  };
  GmRunner *self = user_data;
  GString *event = gm_runner_begin_event (self, "worker-exited");

  gm_line_add_string (event, "worker", name);
  gm_line_add_int (event, "pid", pid);
  if (WIFSIGNALED (wait_status))
    gm_line_add_signal (event, WTERMSIG (wait_status));
  else
    gm_line_add_int (event, "exit_code", WEXITSTATUS (wait_status));
  gm_line_add_string (event, "reason", reasons[reason]);
  g_hash_table_remove (self->killed, GINT_TO_POINTER (pid));
  if (has_tag)
    gm_line_add_int (event, "index", tag);
  gm_runner_end_event (self);
}

static void
on_room (gpointer user_data)
{
  gm_runner_pump (user_data);
}

static gboolean
start_pool (GmRunner  *self,
            GError   **error)
{
  const GmJob *job = self->job;
  gboolean is_function = job->task.kind == GM_TASK_FUNCTION;
  g_autoptr(MpContext) context =
    mp_context_get (gm_start_method_to_string (job->start_method), error);
  g_autofree char *marker = g_strconcat ("GTK_MP_RUN=", gm_run_dir_get_id (self->dir), NULL);
  guint chunksize = (guint) MIN (job->chunksize, G_MAXINT);

  if (context == NULL)
    return FALSE;
  self->shared = gm_shared_new (&self->shared_fd, error);
  if (self->shared == NULL)
    return FALSE;
  if (pipe2 (self->cancel_fds, O_CLOEXEC) < 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not make a pipe: %s",
                   g_strerror (errno));
      return FALSE;
    }
  self->pool = mp_pool_new (context, choose_processes (self));
  mp_pool_set_initializer (self->pool, GM_WORKER_INIT,
                           gm_worker_make_args (gm_run_dir_get_path (self->dir),
                                                gm_run_dir_get_id (self->dir), self->want_output,
                                                self->cancel_fds[0], self->shared_fd));
  if (job->max_tasks_per_child > 0)
    mp_pool_set_max_tasks_per_child (self->pool, (guint) MIN (job->max_tasks_per_child, G_MAXINT));
  gm_runner_watch_limits (self);
  mp_pool_set_worker_output (self->pool, gm_log_get_fd (self->log));
  mp_pool_set_guarded (self->pool, marker);
  g_signal_connect (self->pool, "worker-started", G_CALLBACK (on_worker_started), self);
  g_signal_connect (self->pool, "worker-exited", G_CALLBACK (on_worker_exited), self);
  if (chunksize == 0 && (!is_function || job->min_free_memory > 0))
    chunksize = 1;
  self->feed = mp_pool_open_feed (self->pool, GM_WORKER_RUN, chunksize, gm_runner_on_outcome,
                                  on_room, self, error);
  return self->feed != NULL;
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
  gm_line_add_int (event, "processes", choose_processes (self));
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

static void
run_pool (GmRunner *self)
{
  GError *error = NULL;

  if (!start_pool (self, &error))
    {
      gm_runner_fail (self, error);
      return;
    }
  self->phase = GM_PHASE_RUNNING;
  gm_runner_pump (self);
  while (self->phase != GM_PHASE_OVER)
    g_main_context_iteration (self->context, TRUE);
  gm_runner_thaw (self);
  /* Terminating also ends, without waiting, what never became ready. */
  if (gm_runner_ends_now (self))
    mp_pool_terminate (self->pool);
  else
    mp_pool_close (self->pool);
  /* A function's library may hang at exit; nothing depends on its worker any more. */
  if (!mp_pool_join (self->pool, LEAVE_PATIENCE, NULL))
    {
      mp_pool_terminate (self->pool);
      mp_pool_join (self->pool, -1, NULL);
    }
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
static void
finish (GmRunner *self)
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
  gm_runner_set_state (self, self->state);
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
    run_pool (self);
  self->phase = GM_PHASE_OVER;
  finish (self);
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

/**
 * gm_runner_get_counters:
 * @self: a runner
 * @counters: (out caller-allocates): where to put them
 *
 * How far the run is.
 */
void
gm_runner_get_counters (GmRunner      *self,
                        GmRunCounters *counters)
{
  MpPoolStats stats = { 0 };
  gint64 total;

  g_return_if_fail (GM_IS_RUNNER (self) && counters != NULL);

  total = self->inputs_complete ? (gint64) self->n_read : gm_inputs_get_total (self->inputs);
  if (self->pool != NULL)
    mp_pool_get_stats (self->pool, &stats);
  *counters = (GmRunCounters) {
    .total_known = total >= 0,
    .total = MAX (total, 0),
    .running = stats.running,
    .done = self->ok + self->failed + self->cancelled,
    .ok = self->ok,
    .failed = self->failed,
    .paused = self->state == GM_RUN_PAUSED,
    .eta = -1,
  };
  /* An item that has just ended may still count as in flight. */
  counters->queued = gm_in_flight_get_count (self->flights);
  counters->queued -= MIN (counters->queued, counters->running);
  counters->rate = gm_rate_get (&self->rate, g_get_monotonic_time (), counters->done);
  if (total >= 0 && counters->rate > 0)
    counters->eta = MAX (total - (gint64) counters->done, 0) / counters->rate;
}
