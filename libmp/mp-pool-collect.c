/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "mp-error.h"
#include "mp-fds-private.h"
#include "mp-futex-private.h"
#include "mp-log.h"
#include "mp-pool-private.h"
#include "mp-signals-private.h"

/*
 * Collecting: the parent reads off the ring which worker claimed which run, and off the records
 * how far each worker is. Nothing is ever sent, so a death can cut nothing off: what a dead
 * worker committed is there, and what it did not is known item by item.
 */

gint64
_mp_monotonic_ns (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * G_GINT64_CONSTANT (1000000000) + ts.tv_nsec;
}

static void
deliver (MpPool     *self,
         guint32     block_number,
         guint       index,
         MpDelivery *delivery)
{
  MpItemRef *ref = &_mp_pool_get_block (self, block_number)->refs[index];
  MpSink *sink = ref->sink;
  gpointer owner = sink->owner;
  gboolean last;

  delivery->index = ref->index;
  delivery->record = _mp_arena_record (self->arena, block_number, index);
  sink->bytes -= delivery->record->in_size;
  last = --sink->pending == 0;
  sink->deliver (sink, delivery);
  if (G_UNLIKELY (delivery->value.type == MP_VALUE_HANDLES))
    g_clear_pointer (&delivery->worker->fds, _mp_fds_close);
  _mp_pool_item_done (self, block_number, index);
  if (last)
    g_object_unref (owner);
}

/* An item that has no result: gone with its worker, cancelled, or the pool is broken. */
static void
deliver_failure (MpPool          *self,
                 MpPoolWorker    *worker,
                 MpRun            run,
                 guint            nth,
                 MpOutcomeStatus  status,
                 const GError    *error)
{
  MpDelivery delivery = { .status = status, .error = error, .worker = worker };

  if (worker != NULL)
    delivery.wait_status = _mp_pool_worker_get_wait_status (worker);
  deliver (self, run.block, run.first + nth, &delivery);
}

/* Every item of @run that never ran is cancelled, or fails with what broke the pool. */
static void
deliver_unrun (MpPool *self,
               MpRun   run,
               guint   from)
{
  g_autoptr(GError) cancelled = g_error_new_literal (MP_ERROR, MP_ERROR_CANCELLED,
                                                     "Cancelled before it ran");

  for (guint i = from; i < run.count; i++)
    {
      if (self->broken != NULL)
        deliver_failure (self, NULL, run, i, MP_OUTCOME_ERROR, self->broken);
      else
        deliver_failure (self, NULL, run, i, MP_OUTCOME_CANCELLED, cancelled);
    }
}

/* The outcome of an item whose record says that it is done. */
static void
deliver_record (MpPool       *self,
                MpPoolWorker *worker,
                MpRun         run,
                MpItemState   state)
{
  guint nth = worker->next++;
  MpRecord *record = _mp_arena_record (self->arena, run.block, run.first + nth);
  MpPayload value = { record->out_data, record->out_size, record->out_type };
  MpDelivery delivery = { .status = MP_OUTCOME_OK, .value = value, .worker = worker };
  g_autoptr(GError) error = NULL;

  if (state == MP_ITEM_SKIPPED)
    {
      deliver_unrun (self, (MpRun) { run.block, run.first + nth, 1 }, 0);
      return;
    }
  if (state == MP_ITEM_FAILED)
    {
      MpRange region = _mp_arena_region (self->arena, worker->slot);
      g_autoptr(GVariant) variant = _mp_payload_load (region, &value, NULL, &error);

      if (variant != NULL)
        error = _mp_error_from_variant (variant, worker->name);
      delivery.status = MP_OUTCOME_ERROR;
      delivery.error = error;
    }
  else if (G_UNLIKELY (value.type == MP_VALUE_HANDLES)
           && !_mp_pool_take_fds (self, worker, record, &error))
    {
      delivery.status = MP_OUTCOME_ERROR;
      delivery.error = error;
    }
  self->mean_duration += (CLAMP (record->duration, 0, MP_NSEC_PER_SEC) - self->mean_duration) / 16;
  self->collected++;
  deliver (self, run.block, run.first + nth, &delivery);
}

/* Sorts newly claimed runs to the workers that claimed them. */
void
_mp_pool_harvest (MpPool *self)
{
  gint64 now = 0;
  guint owner;
  MpRun run;

  while (_mp_ring_harvest (self->arena, &self->tail, &owner, &run))
    {
      MpPoolWorker *worker = owner < MP_MAX_SLOTS ? self->by_slot[owner] : NULL;

      if (worker == NULL)
        {
          deliver_unrun (self, run, 0);
          continue;
        }
      if (now == 0)
        now = _mp_monotonic_ns ();
      if (worker->runs->len == 0)
        worker->progress = now;
      g_array_append_val (worker->runs, run);
    }
}

static void
release_results (MpPool       *self,
                 MpPoolWorker *worker,
                 guint64       end)
{
  MpSlot *slot = &self->arena->slots[worker->slot];

  if (end <= atomic_load_explicit (&slot->released, memory_order_relaxed))
    return;
  atomic_store (&slot->released, end);
  _mp_slot_wake (slot, MP_ASLEEP_FULL);
}

/* Delivers what @worker has committed, in the order of its doing. */
void
_mp_pool_collect_worker (MpPool       *self,
                         MpPoolWorker *worker)
{
  guint n_runs = 0;
  guint before = self->collected;
  guint64 end = 0;

  while (n_runs < worker->runs->len)
    {
      MpRun run = g_array_index (worker->runs, MpRun, n_runs);

      while (worker->next < run.count)
        {
          MpRecord *record = _mp_arena_record (self->arena, run.block, run.first + worker->next);
          MpItemState state = atomic_load_explicit (&record->state, memory_order_acquire);

          if (state < MP_ITEM_SKIPPED)
            goto out;
          if (state != MP_ITEM_SKIPPED)
            end = record->out_end;
          deliver_record (self, worker, run, state);
        }
      worker->next = 0;
      n_runs++;
    }
out:
  if (n_runs > 0)
    g_array_remove_range (worker->runs, 0, n_runs);
  if (self->collected != before)
    worker->progress = _mp_monotonic_ns ();
  release_results (self, worker, end);
}

void
_mp_pool_collect (MpPool *self)
{
  if (_mp_pool_is_asked (self))
    _mp_pool_answer (self);
  _mp_pool_harvest (self);
  for (guint slot = 0; slot < self->n_slots; slot++)
    if (self->by_slot[slot] != NULL && self->by_slot[slot]->runs->len > 0)
      _mp_pool_collect_worker (self, self->by_slot[slot]);
}

/* Returns: whether @worker runs an item just now, and in @record which */
gboolean
_mp_pool_running_record (MpPool          *self,
                         MpPoolWorker    *worker,
                         const MpRecord **record)
{
  if (worker->runs->len == 0)
    return FALSE;

  MpRun run = g_array_index (worker->runs, MpRun, 0);

  *record = _mp_arena_record (self->arena, run.block, run.first + worker->next);
  return atomic_load_explicit (&(*record)->state, memory_order_acquire) == MP_ITEM_RUNNING;
}

/* Whether _mp_pool_collect() would find anything. */
gboolean
_mp_pool_has_news (MpPool *self)
{
  if (_mp_pool_is_asked (self))
    return TRUE;
  _mp_pool_harvest (self);
  for (guint slot = 0; slot < self->n_slots; slot++)
    {
      MpPoolWorker *worker = self->by_slot[slot];

      if (worker == NULL || worker->runs->len == 0)
        continue;

      MpRun run = g_array_index (worker->runs, MpRun, 0);
      MpRecord *record = _mp_arena_record (self->arena, run.block, run.first + worker->next);

      if (atomic_load_explicit (&record->state, memory_order_acquire) >= MP_ITEM_SKIPPED)
        return TRUE;
    }
  return FALSE;
}

static GError *
describe_loss (MpPoolWorker *worker)
{
  int status = _mp_pool_worker_get_wait_status (worker);

  if (worker->doomed && worker->fate == MP_WORKER_EXIT_TIMEOUT)
    return g_error_new (MP_ERROR, MP_ERROR_TASK_TIMEOUT, "Took longer than the task timeout");
  if (worker->doomed && worker->fate == MP_WORKER_EXIT_CANCELLED)
    return g_error_new (MP_ERROR, MP_ERROR_CANCELLED, "Cancelled while it ran");
  if (WIFSIGNALED (status))
    {
      g_autofree char *name = _mp_signal_to_string (WTERMSIG (status));

      return g_error_new (MP_ERROR, MP_ERROR_WORKER_LOST,
                          "Worker %s (pid %d) was killed by %s while it ran the item",
                          worker->name, (int) worker->pid, name);
    }
  return g_error_new (MP_ERROR, MP_ERROR_WORKER_LOST,
                      "Worker %s (pid %d) exited with code %d while it ran the item",
                      worker->name, (int) worker->pid, WEXITSTATUS (status));
}

/* The one item that a dead worker was running: tried again or delivered as lost. */
static void
settle_running (MpPool       *self,
                MpPoolWorker *worker,
                MpRun         run)
{
  guint nth = worker->next;
  MpItemRef *ref = &_mp_pool_get_block (self, run.block)->refs[run.first + nth];
  MpRecord *record = _mp_arena_record (self->arena, run.block, run.first + nth);
  g_autoptr(GError) error = describe_loss (worker);
  MpOutcomeStatus status = MP_OUTCOME_LOST;

  if (worker->doomed && worker->fate == MP_WORKER_EXIT_TIMEOUT)
    status = MP_OUTCOME_TIMEOUT;
  else if (worker->doomed && worker->fate == MP_WORKER_EXIT_CANCELLED)
    status = MP_OUTCOME_CANCELLED;
  record->duration = _mp_monotonic_ns () - record->start;

  if (status != MP_OUTCOME_CANCELLED && ref->losses < self->retries
      && self->broken == NULL && !self->terminated)
    {
      ref->losses++;
      mp_log (MP_LOG_INFO, "running item %" G_GUINT64_FORMAT " again", record->tag);
      atomic_store (&record->state, MP_ITEM_WAITING);
      _mp_pool_queue_run (self, (MpRun) { run.block, run.first + nth, 1 });
      return;
    }
  deliver_failure (self, worker, run, nth, status, error);
}

/* @worker is gone: takes what it committed, settles what it ran, gives the rest to the others. */
void
_mp_pool_give_up_worker (MpPool       *self,
                         MpPoolWorker *worker)
{
  const MpRecord *record;

  _mp_pool_harvest (self);
  _mp_pool_collect_worker (self, worker);
  if (_mp_pool_running_record (self, worker, &record))
    {
      settle_running (self, worker, g_array_index (worker->runs, MpRun, 0));
      worker->next++;
    }
  for (guint i = 0; i < worker->runs->len; i++)
    {
      MpRun run = g_array_index (worker->runs, MpRun, i);
      guint from = i == 0 ? worker->next : 0;

      if (from >= run.count)
        continue;
      if (self->broken != NULL || self->terminated)
        deliver_unrun (self, run, from);
      else
        _mp_pool_queue_run (self, (MpRun) { run.block, run.first + from, run.count - from });
    }
  g_array_set_size (worker->runs, 0);
}

/* Takes back everything that no worker has claimed. Runs callbacks. */
void
_mp_pool_take_back (MpPool *self)
{
  MpRun run;

  self->depth++;
  _mp_pool_end_run (self);
  do
    {
      while (_mp_ring_claim (self->arena, MP_OWNER_PARENT, &run))
        ;
      _mp_pool_harvest (self);
      _mp_pool_publish_backlog (self);
    }
  while (!_mp_ring_is_empty (self->arena));
  self->depth--;
}

/* Returns: (transfer full): the value that a function returned; nothing (`mv`) for %NULL */
GVariant *
_mp_delivery_to_variant (MpPool           *self,
                         const MpDelivery *delivery,
                         GError          **error)
{
  if (delivery->value.type == MP_VALUE_NONE)
    return g_variant_ref_sink (g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL));
  return _mp_payload_load (_mp_arena_region (self->arena, delivery->worker->slot), &delivery->value,
                           g_steal_pointer (&delivery->worker->fds), error);
}
