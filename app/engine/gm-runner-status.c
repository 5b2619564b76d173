/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-line.h"
#include "gm-usage.h"

/* What a run tells of itself while it is live. Nothing is measured unless somebody asks. */

/* A longer item is not repeated in every snapshot. */
#define MAX_ITEM 1024

/* An attempt that failed in this slot. */
void
gm_runner_count_failure (GmRunner *self,
                         guint     slot)
{
  if (slot >= self->slot_failures->len)
    g_array_set_size (self->slot_failures, slot + 1);
  g_array_index (self->slot_failures, guint64, slot)++;
}

static GmWorkerState
get_state (GmRunner           *self,
           const MpWorkerInfo *info)
{
  if (info->state == MP_WORKER_EXITING)
    return GM_WORKER_EXITING;
  if (self->state == GM_RUN_PAUSED || gm_process_is_stopped (info->pid)
      || gm_process_is_stopped (info->child_pid))
    return GM_WORKER_STOPPED;
  if (info->state == MP_WORKER_STARTING)
    return GM_WORKER_STARTING;
  return info->state == MP_WORKER_BUSY ? GM_WORKER_BUSY : GM_WORKER_IDLE;
}

static void
set_item (GmRunner           *self,
          GmSnapshotWorker   *worker,
          const MpWorkerInfo *info)
{
  GmFlight *flight = info->has_item ? gm_in_flight_find (self->flights, info->tag) : NULL;
  GmItem item;

  /* What has just ended may still stand in the slot. */
  if (flight == NULL)
    return;
  worker->has_index = TRUE;
  worker->index = info->tag;
  gm_flight_get_item (flight, &item);
  if (item.kind == GM_ITEM_JSON && item.size <= MAX_ITEM)
    worker->item = g_strndup (item.data, item.size);
  gm_shared_get_progress (self->shared, info->slot, worker->index, &worker->progress,
                          &worker->note);
}

static void
add_worker (GmRunner            *self,
            GmSnapshot          *snapshot,
            const MpWorkerInfo  *info,
            const GmProcessLoad *load)
{
  GmSnapshotWorker *worker = gm_snapshot_add_worker (snapshot);

  worker->worker = g_strdup (info->name);
  worker->pid = info->pid;
  worker->child_pid = info->child_pid;
  worker->slot = info->slot + 1;
  worker->state = get_state (self, info);
  worker->since = g_get_real_time () - g_get_monotonic_time () + info->since / 1000;
  worker->done = info->done;
  if (info->slot < self->slot_failures->len)
    worker->failed = g_array_index (self->slot_failures, guint64, info->slot);
  worker->cpu_percent = load->cpu_percent;
  worker->rss = load->rss;
  set_item (self, worker, info);
}

static int
by_slot (gconstpointer a,
         gconstpointer b)
{
  const MpWorkerInfo *one = a, *other = b;

  return (one->slot > other->slot) - (one->slot < other->slot);
}

static void
add_workers (GmRunner   *self,
             GmSnapshot *snapshot)
{
  guint n = self->pool != NULL ? mp_pool_get_workers (self->pool, NULL, 0) : 0;
  g_autofree MpWorkerInfo *infos = g_new0 (MpWorkerInfo, n + 1);
  g_autofree GmProcessLoad *loads = g_new0 (GmProcessLoad, n + 1);
  g_autofree pid_t *pids = g_new0 (pid_t, n + 1);

  if (n > 0)
    mp_pool_get_workers (self->pool, infos, n);
  qsort (infos, n, sizeof *infos, by_slot);
  pids[n] = getpid ();
  for (guint i = 0; i < n; i++)
    pids[i] = infos[i].pid;
  gm_load_sample (self->load, pids, n + 1, loads);
  for (guint i = 0; i < n; i++)
    add_worker (self, snapshot, &infos[i], &loads[i]);
  snapshot->cpu_percent = loads[n].cpu_percent;
  snapshot->rss = loads[n].rss;
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
  /* Outcomes may be known of items that are not, where inputs.jsonl was cut off. */
  if (total >= 0 && self->past != NULL)
    total = MAX (total, (gint64) gm_past_get_end (self->past));
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

/**
 * gm_runner_make_snapshot:
 * @self: a runner
 *
 * Returns: (transfer full): how the run is now
 */
GmSnapshot *
gm_runner_make_snapshot (GmRunner *self)
{
  GmSnapshot *snapshot = gm_snapshot_new ();
  GmRunCounters counters;

  gm_runner_get_counters (self, &counters);
  snapshot->id = g_strdup (gm_run_dir_get_id (self->dir));
  snapshot->name = g_strdup (self->job->name);
  snapshot->state = self->state;
  snapshot->pid = getpid ();
  snapshot->total_known = counters.total_known;
  snapshot->total = counters.total;
  snapshot->done = counters.done;
  snapshot->ok = counters.ok;
  snapshot->failed = counters.failed;
  snapshot->started = self->begun;
  snapshot->ended = self->ended;
  snapshot->exit_code = self->ended > 0 ? self->exit_code : -1;
  snapshot->queued = counters.queued;
  snapshot->running = counters.running;
  snapshot->rate = counters.rate;
  snapshot->eta = counters.eta;
  snapshot->processes = self->pool != NULL ? mp_pool_get_processes (self->pool) : 0;
  snapshot->stopping = self->phase == GM_PHASE_STOPPING;
  if (self->shared != NULL)
    snapshot->counters = gm_shared_dup_counters (self->shared);
  add_workers (self, snapshot);
  return snapshot;
}

/* What the graphs of a run that is over are drawn from. */
void
gm_runner_add_load (GmRunner *self,
                    GString  *event)
{
  MpPoolStats stats = { 0 };
  GmProcessLoad load;
  pid_t pid = getpid ();

  gm_load_sample (self->tree_load, &pid, 1, &load);
  if (self->pool != NULL)
    mp_pool_get_stats (self->pool, &stats);
  gm_line_add_int (event, "workers", stats.workers);
  gm_line_add_double (event, "cpu_percent", load.cpu_percent);
  gm_line_add_int (event, "rss", load.rss);
}
