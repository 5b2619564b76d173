/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-error.h"
#include "mp-futex-private.h"
#include "mp-log.h"
#include "mp-pool-private.h"
#include "mp-process-private.h"

/* Steering and watching a pool that runs. */

static void
wake_all (MpPool *self)
{
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      _mp_slot_wake (&self->arena->slots[worker->slot], 0);
    }
}

/* Idle workers go first, then those in the highest slots. */
static MpPoolWorker *
choose_to_leave (MpPool *self)
{
  MpPoolWorker *chosen = NULL;

  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      if (worker->leaving)
        continue;
      if (chosen == NULL || (worker->runs->len == 0) > (chosen->runs->len == 0)
          || ((worker->runs->len == 0) == (chosen->runs->len == 0)
              && worker->slot > chosen->slot))
        chosen = worker;
    }
  return chosen;
}

/**
 * mp_pool_resize:
 * @self: a pool
 * @processes: how many workers there shall be, 1 to 512
 *
 * Starts more workers, or lets some go: a worker that is to go finishes its item first, and what
 * it had only reserved goes to the others.
 */
void
mp_pool_resize (MpPool *self,
                guint   processes)
{
  g_return_if_fail (MP_IS_POOL (self));
  g_return_if_fail (processes >= 1 && processes <= MP_MAX_SLOTS);

  self->processes = processes;
  if (!self->started || !_mp_pool_is_ours (self))
    return;
  for (guint staying = _mp_pool_count_staying (self); staying > processes; staying--)
    {
      MpPoolWorker *worker = choose_to_leave (self);

      worker->leaving = TRUE;
      atomic_store (&self->arena->slots[worker->slot].leave, 1);
      _mp_slot_wake (&self->arena->slots[worker->slot], 0);
    }
  _mp_pool_repopulate (self);
}

/**
 * mp_pool_close:
 * @self: a pool
 *
 * Takes no more items. The workers leave when all is done; [method@Pool.join] waits for that.
 */
void
mp_pool_close (MpPool *self)
{
  g_return_if_fail (MP_IS_POOL (self));

  if (self->closed || self->terminated || !_mp_pool_is_ours (self))
    return;
  mp_log (MP_LOG_DEBUG, "closing pool");
  self->closed = TRUE;
  if (self->started)
    _mp_pool_announce_end (self);
}

/* Once nothing can be submitted any more, not even a retry, the workers may leave. */
void
_mp_pool_announce_end (MpPool *self)
{
  if (!self->closed || _mp_pool_has_work (self)
      || (atomic_load (&self->arena->board->flags) & MP_BOARD_CLOSED))
    return;
  atomic_fetch_or (&self->arena->board->flags, MP_BOARD_CLOSED);
  wake_all (self);
}

/**
 * mp_pool_terminate:
 * @self: a pool
 *
 * Ends the pool now: items that no worker has begun are cancelled at once, the workers are ended
 * by SIGTERM and, half a second later, SIGKILL; [method@Pool.join] waits for that. Every
 * outstanding result becomes ready, so nobody waits for ever.
 */
void
mp_pool_terminate (MpPool *self)
{
  g_return_if_fail (MP_IS_POOL (self));

  if (self->terminated || !_mp_pool_is_ours (self))
    return;
  mp_log (MP_LOG_DEBUG, "terminating pool");
  self->terminated = TRUE;
  if (!self->started)
    return;
  mp_log (MP_LOG_DEBUG, "finalizing pool");
  atomic_fetch_or (&self->arena->board->flags, MP_BOARD_TERMINATED);
  _mp_pool_take_back (self);
  mp_log (MP_LOG_DEBUG, "terminating workers");
  wake_all (self);
  for (guint i = 0; i < self->workers->len; i++)
    _mp_pool_doom (self, g_ptr_array_index (self->workers, i), MP_WORKER_EXIT_CANCELLED);
}

static gboolean
is_empty (gpointer data)
{
  return MP_POOL (data)->workers->len == 0;
}

/**
 * mp_pool_join:
 * @self: a pool that was closed or terminated
 * @timeout: how long to wait, in microseconds; -1 for as long as it takes
 * @error: return location for an error
 *
 * Waits until all workers have ended.
 *
 * Fails with %MP_ERROR_PROCESS if the pool is neither closed nor terminated, and with
 * %MP_ERROR_TIMEOUT if they have not ended in time.
 *
 * Returns: whether they have
 */
gboolean
mp_pool_join (MpPool  *self,
              gint64   timeout,
              GError **error)
{
  g_autoptr(GError) wait_error = NULL;

  g_return_val_if_fail (MP_IS_POOL (self), FALSE);

  mp_log (MP_LOG_DEBUG, "joining pool");
  if (!self->closed && !self->terminated)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS, "Pool is still running");
      return FALSE;
    }
  if (!self->started)
    return TRUE;
  mp_log (MP_LOG_DEBUG, "joining pool workers");
  if (_mp_pool_wait_until (self, is_empty, self, timeout, &wait_error))
    return TRUE;
  if (wait_error != NULL)
    g_propagate_error (error, g_steal_pointer (&wait_error));
  else
    g_set_error_literal (error, MP_ERROR, MP_ERROR_TIMEOUT, "The workers have not ended yet");
  return FALSE;
}

/**
 * mp_pool_kill_worker:
 * @self: a pool
 * @pid: the process id of one of its workers
 * @error: return location for an error
 *
 * Ends one worker by SIGTERM and, half a second later, SIGKILL. The item that it runs is lost or
 * tried again as after any death, and the worker is replaced.
 *
 * Returns: %FALSE if the pool has no such worker
 */
gboolean
mp_pool_kill_worker (MpPool  *self,
                     pid_t    pid,
                     GError **error)
{
  g_return_val_if_fail (MP_IS_POOL (self), FALSE);

  for (guint i = 0; i < self->workers->len && _mp_pool_is_ours (self); i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      if (worker->pid != pid)
        continue;
      _mp_pool_doom (self, worker, MP_WORKER_EXIT_KILLED);
      return TRUE;
    }
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Process %d is not a worker of this pool",
               (int) pid);
  return FALSE;
}

/**
 * mp_pool_get_processes:
 * @self: a pool
 *
 * Returns: how many workers it should have
 */
guint
mp_pool_get_processes (MpPool *self)
{
  g_return_val_if_fail (MP_IS_POOL (self), 0);

  return self->processes;
}

/**
 * mp_pool_get_stats:
 * @self: a pool
 * @stats: (out caller-allocates): where to put them
 *
 * A moment's view of the pool, read without a lock and without disturbing anybody.
 */
void
mp_pool_get_stats (MpPool      *self,
                   MpPoolStats *stats)
{
  const MpRecord *record;

  g_return_if_fail (MP_IS_POOL (self));
  g_return_if_fail (stats != NULL);

  *stats = (MpPoolStats) { .done = self->delivered, .workers = self->workers->len };
  for (guint i = 0; i < self->workers->len; i++)
    stats->running += _mp_pool_running_record (self, g_ptr_array_index (self->workers, i),
                                               &record);
  stats->queued = self->submitted - self->delivered - stats->running;
}

static void
describe_worker (MpPool       *self,
                 MpPoolWorker *worker,
                 MpWorkerInfo *info)
{
  MpSlot *slot = &self->arena->slots[worker->slot];
  const MpRecord *record;

  *info = (MpWorkerInfo) {
    .slot = worker->slot,
    .pid = worker->pid,
    .name = worker->name,
    .state = MP_WORKER_IDLE,
    .since = worker->progress,
    .done = atomic_load (&slot->done),
    .child_pid = atomic_load (&slot->child_pid),
  };
  if (worker->doomed || worker->leaving || atomic_load (&slot->state) == MP_SLOT_EXITING)
    info->state = MP_WORKER_EXITING;
  else if (atomic_load (&slot->state) == MP_SLOT_STARTING)
    info->state = MP_WORKER_STARTING;
  if (_mp_pool_running_record (self, worker, &record))
    {
      info->has_item = TRUE;
      info->tag = record->tag;
      info->since = record->start;
      if (info->state == MP_WORKER_IDLE)
        info->state = MP_WORKER_BUSY;
    }
}

/**
 * mp_pool_get_workers:
 * @self: a pool
 * @workers: (out caller-allocates) (array length=n_workers): where to put them
 * @n_workers: how many fit there
 *
 * A moment's view of the workers, read without a lock and without disturbing anybody.
 *
 * Returns: how many workers there are, at most @n_workers of them were described
 */
guint
mp_pool_get_workers (MpPool       *self,
                     MpWorkerInfo *workers,
                     guint         n_workers)
{
  g_return_val_if_fail (MP_IS_POOL (self), 0);
  g_return_val_if_fail (workers != NULL || n_workers == 0, 0);

  for (guint i = 0; i < MIN (self->workers->len, n_workers); i++)
    describe_worker (self, g_ptr_array_index (self->workers, i), &workers[i]);
  return self->workers->len;
}
