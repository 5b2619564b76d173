/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-futex-private.h"
#include "mp-pool-private.h"

/* Steering and watching a pool that runs. */

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
 * mp_pool_get_processes:
 * @self: a pool
 *
 * Gets the size of the pool.
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

/**
 * mp_pool_describe_workers:
 * @self: a pool
 *
 * As [method@Pool.get_workers], for those who would rather not have structures: a dictionary for
 * each worker with `slot`, `pid`, `name`, `state` (`starting`, `idle`, `busy` or `exiting`),
 * `done`, `child-pid`, and `tag` if it has an item.
 *
 * Returns: (transfer floating): an array of type `aa{sv}`
 */
GVariant *
mp_pool_describe_workers (MpPool *self)
{
  static const char *const states[] = {
    [MP_WORKER_STARTING] = "starting",
    [MP_WORKER_IDLE] = "idle",
    [MP_WORKER_BUSY] = "busy",
    [MP_WORKER_EXITING] = "exiting",
  };
  GVariantBuilder builder;

  g_return_val_if_fail (MP_IS_POOL (self), NULL);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpWorkerInfo info;

      describe_worker (self, g_ptr_array_index (self->workers, i), &info);
      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&builder, "{sv}", "slot", g_variant_new_uint32 (info.slot));
      g_variant_builder_add (&builder, "{sv}", "pid", g_variant_new_int32 (info.pid));
      g_variant_builder_add (&builder, "{sv}", "name", g_variant_new_string (info.name));
      g_variant_builder_add (&builder, "{sv}", "state", g_variant_new_string (states[info.state]));
      g_variant_builder_add (&builder, "{sv}", "done", g_variant_new_uint64 (info.done));
      g_variant_builder_add (&builder, "{sv}", "child-pid", g_variant_new_int32 (info.child_pid));
      if (info.has_item)
        g_variant_builder_add (&builder, "{sv}", "tag", g_variant_new_uint64 (info.tag));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}
