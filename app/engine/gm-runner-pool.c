/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-line.h"
#include "gm-worker.h"

/* The runner's pool of workers, from its start to its end. */

/* So many are open in a runner, and one for each worker. */
#define DESCRIPTORS 28

/* How long workers may take to leave once all is done. */
#define LEAVE_PATIENCE (2 * G_USEC_PER_SEC)

/* Returns: how many workers the job wants */
guint
gm_runner_choose_processes (GmRunner *self)
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

/**
 * gm_runner_fail_to_start:
 * @self: a runner
 * @error: (transfer full): what the kernel would not give
 *
 * Fails, and says what is needed if the limit of descriptors is below that.
 */
void
gm_runner_fail_to_start (GmRunner *self,
                         GError   *error)
{
  guint needed = DESCRIPTORS + gm_runner_choose_processes (self);
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < needed)
    {
      g_autofree char *cause = g_strdup (error->message);

      g_free (error->message);
      error->message = g_strdup_printf ("%s. This run needs about %u descriptors, and there are at "
                                        "most %u to be had (ulimit -n)", cause, needed,
                                        (guint) limit.rlim_cur);
    }
  gm_runner_fail (self, error);
}

static gboolean
start_pool (GmRunner  *self,
            GError   **error)
{
  const GmJob *job = self->job;
  gboolean is_function = job->task.kind == GM_TASK_FUNCTION;
  g_autofree char *marker = g_strconcat ("GTK_MP_RUN=", gm_run_dir_get_id (self->dir), NULL);
  guint chunksize = (guint) MIN (job->chunksize, G_MAXINT);

  self->shared = gm_shared_new (&self->shared_fd, error);
  if (self->shared == NULL)
    return FALSE;
  if (pipe2 (self->cancel_fds, O_CLOEXEC) < 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not make a pipe: %s",
                   g_strerror (errno));
      return FALSE;
    }
  self->pool = mp_pool_new (self->method, gm_runner_choose_processes (self));
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

/* Runs the items, and returns when no worker is left. */
void
gm_runner_run_pool (GmRunner *self)
{
  GError *error = NULL;

  if (!start_pool (self, &error))
    {
      gm_runner_fail_to_start (self, error);
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
