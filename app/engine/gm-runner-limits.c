/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <signal.h>

#include "gm-runner-private.h"

#include "gm-describe.h"
#include "gm-usage.h"

/* Limits that only the runner can keep: those that compare items, and those of functions, which
 * keep their worker too busy to look after itself. What is sampled is looked at so often. */

#define LOOK_INTERVAL_MS 100

/* So many items have to be ok before their median means something. */
#define MIN_MEDIAN_COUNT 10

/* The pool steps in so much later where the worker itself keeps the time. */
#define TIMEOUT_BACKSTOP (2 * G_USEC_PER_SEC)

static gboolean
is_function (GmRunner *self)
{
  return self->job->task.kind == GM_TASK_FUNCTION;
}

/* Has the pool end items that take longer than @timeout microseconds. */
static void
set_pool_timeout (GmRunner *self,
                  gint64    timeout)
{
  mp_pool_set_task_timeout (self->pool, timeout + (is_function (self) ? 0 : TIMEOUT_BACKSTOP));
}

/**
 * gm_runner_learn:
 * @self: a runner
 * @outcome: an item that has run and is ok
 *
 * What is relative to the median of all gets a new value.
 */
void
gm_runner_learn (GmRunner        *self,
                 const MpOutcome *outcome)
{
  double limit;

  if (self->median == NULL)
    return;
  gm_median_add (self->median, outcome->duration);
  if (gm_median_get_count (self->median) < MIN_MEDIAN_COUNT)
    return;
  limit = gm_median_get (self->median) / 1000.0 * self->job->task_timeout_percent / 100;
  if (limit >= G_MAXINT64 / 2000)
    return;
  self->relative_timeout = MAX ((gint64) limit, 1);
  gm_shared_set_task_timeout (self->shared, self->relative_timeout);
  set_pool_timeout (self, self->relative_timeout);
}

/**
 * gm_runner_describe_timeout:
 * @self: a runner
 *
 * Returns: (transfer full): what to say of an item that the pool ended for its time
 */
char *
gm_runner_describe_timeout (GmRunner *self)
{
  return gm_describe_task_timeout (self->job, self->relative_timeout);
}

/**
 * gm_runner_describe_memory:
 * @self: a runner
 * @flight: an item that was killed for the memory it used
 *
 * Returns: (transfer full): what to say of it
 */
char *
gm_runner_describe_memory (GmRunner *self,
                           GmFlight *flight)
{
  if (flight->verdict != GM_VERDICT_OUT_OF_MEMORY)
    return g_strdup (GM_OOM_KILLED);
  return gm_describe_memory_limit (flight->rss, self->job->memory_limit);
}

/**
 * gm_runner_may_start:
 * @self: a runner
 *
 * Returns: whether there is the memory for one more item; if not, gm_runner_pump() is called again
 */
gboolean
gm_runner_may_start (GmRunner *self)
{
  gint64 wanted = (gint64) MIN (self->job->min_free_memory, G_MAXINT64);
  gint64 available;

  if (wanted == 0)
    return TRUE;
  available = gm_memory_get_available (self->memory);
  if (available >= wanted)
    {
      self->short_of_memory = FALSE;
      return TRUE;
    }
  if (!self->short_of_memory)
    mp_log (MP_LOG_WARNING, "no item starts: %" G_GINT64_FORMAT " MiB of memory are available, "
            "`min_free_memory` is %" G_GINT64_FORMAT " MiB", available >> 20, wanted >> 20);
  self->short_of_memory = TRUE;
  gm_runner_wake (self, g_get_monotonic_time () + LOOK_INTERVAL_MS * 1000);
  return FALSE;
}

/* Kills what runs the item, at once: there is no time to ask. A worker that dies is remembered, in
 * case it has gone on to another item meanwhile. */
static void
kill_item (GmRunner           *self,
           const MpWorkerInfo *worker,
           GmVerdict           verdict,
           guint64             rss)
{
  GmFlight *flight = gm_in_flight_find (self->flights, worker->tag);

  if (flight == NULL || flight->waits)
    return;
  /* It may just have ended, and its number be somebody else's. */
  if (worker->child_pid > 1 && gm_process_get_parent (worker->child_pid) != worker->pid)
    return;
  flight->verdict = verdict;
  flight->rss = rss;
  if (worker->child_pid > 1)
    {
      kill (-worker->child_pid, SIGKILL);
      return;
    }
  if (!is_function (self))
    return;
  flight->killed_pid = worker->pid;
  g_hash_table_add (self->killed_workers, GINT_TO_POINTER (worker->pid));
  kill (worker->pid, SIGKILL);
}

static void
evict_youngest (GmRunner           *self,
                const MpWorkerInfo *workers,
                guint               n_workers)
{
  gint64 wanted = (gint64) MIN (self->job->min_free_memory, G_MAXINT64);
  const MpWorkerInfo *youngest = NULL;

  if (wanted == 0 || gm_memory_get_available (self->memory) >= wanted / 2)
    return;
  for (guint i = 0; i < n_workers; i++)
    if (workers[i].has_item && workers[i].state == MP_WORKER_BUSY
        && (youngest == NULL || workers[i].since > youngest->since))
      youngest = &workers[i];
  if (youngest == NULL)
    return;
  mp_log (MP_LOG_WARNING, "item %" G_GUINT64_FORMAT " is ended and queued again: less than half of "
          "`min_free_memory` is available", youngest->tag);
  kill_item (self, youngest, GM_VERDICT_EVICTED, 0);
}

static void
end_the_greedy (GmRunner           *self,
                const MpWorkerInfo *workers,
                guint               n_workers)
{
  for (guint i = 0; i < n_workers; i++)
    {
      GmUsage usage;

      if (!workers[i].has_item || workers[i].state != MP_WORKER_BUSY)
        continue;
      gm_usage_read (&workers[i].pid, 1, &usage);
      if (usage.rss > self->job->memory_limit)
        kill_item (self, &workers[i], GM_VERDICT_OUT_OF_MEMORY, usage.rss);
    }
}

static gboolean
on_look (gpointer user_data)
{
  GmRunner *self = user_data;
  guint n = mp_pool_get_workers (self->pool, NULL, 0);
  g_autofree MpWorkerInfo *workers = g_new (MpWorkerInfo, n);

  if (self->phase == GM_PHASE_OVER || self->state == GM_RUN_PAUSED || gm_runner_ends_now (self))
    return G_SOURCE_CONTINUE;
  n = MIN (n, mp_pool_get_workers (self->pool, workers, n));
  if (self->job->memory_limit > 0 && is_function (self))
    end_the_greedy (self, workers, n);
  evict_youngest (self, workers, n);
  return G_SOURCE_CONTINUE;
}

/**
 * gm_runner_watch_limits:
 * @self: a runner that has its pool
 *
 * From now on the limits are kept.
 */
void
gm_runner_watch_limits (GmRunner *self)
{
  const GmJob *job = self->job;
  GSource *source;

  self->memory = gm_memory_new ("/proc", "/sys/fs/cgroup");
  self->oom_kills = gm_memory_count_oom_kills (self->memory);
  if (job->task_timeout_percent > 0)
    self->median = gm_median_new ();
  if (job->task_timeout > 0 && job->task_timeout < G_MAXINT32)
    set_pool_timeout (self, (gint64) ceil (job->task_timeout * G_USEC_PER_SEC));
  if (job->min_free_memory == 0 && (job->memory_limit == 0 || !is_function (self)))
    return;
  source = g_timeout_source_new (LOOK_INTERVAL_MS);
  g_source_set_callback (source, on_look, self, NULL);
  gm_runner_add_source (self, source, "gm-runner-limits");
}

/**
 * gm_runner_judge_death:
 * @self: a runner
 * @flight: an item
 * @pid: the worker that died over it by SIGKILL
 *
 * Returns: what the death was for, as far as it is known
 */
GmVerdict
gm_runner_judge_death (GmRunner *self,
                       GmFlight *flight,
                       pid_t     pid)
{
  gint64 kills = gm_memory_count_oom_kills (self->memory);
  gboolean more = kills > self->oom_kills;
  gboolean was_killed = g_hash_table_remove (self->killed_workers, GINT_TO_POINTER (pid));

  self->oom_kills = kills;
  if (was_killed)
    return flight->killed_pid == pid ? flight->verdict : GM_VERDICT_EVICTED;
  return more ? GM_VERDICT_OUT_OF_MEMORY : GM_VERDICT_NONE;
}
