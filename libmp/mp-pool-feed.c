/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-error.h"
#include "mp-pool-private.h"

/**
 * MpPoolFeed:
 *
 * The way into a pool for programs that run a stream of items and want to know everything about
 * each: which worker ran it, when, for how long, and how it ended. Nothing is allocated per item.
 *
 * Push items while [method@PoolFeed.get_room] says so; outcomes arrive in the callback given to
 * [method@Pool.open_feed], in the pool's main context. Each pushed item has exactly one.
 *
 * To be used from the thread that made the pool.
 */

/* How long a worker should be busy with a chunk, and all of them with what is pending. */
#define CHUNK_TIME   (500 * 1000)
#define WINDOW_TIME  (20 * 1000 * 1000)
#define MAX_CHUNK    256
/* More would not fit into a run. */
#define MAX_CHUNKSIZE (MP_BLOCK_SIZE / sizeof (MpRecord))
#define MAX_WINDOW   16384
#define MAX_BYTES    (4 * 1024 * 1024)
#define FIRST_WINDOW 4

struct _MpPoolFeed
{
  GObject parent_instance;

  MpSink        sink;
  MpPool       *pool;       /* owned */
  guint         chunksize;  /* 0: by the items' duration */
  guint         chunk;      /* items in a run now */
  guint         in_run;     /* pushed since the last run ended */
  MpOutcomeFunc on_outcome;
  MpRoomFunc    on_room;
  gpointer      user_data;
};

G_DEFINE_FINAL_TYPE (MpPoolFeed, mp_pool_feed, G_TYPE_OBJECT)

static void
deliver (MpSink           *sink,
         const MpDelivery *delivery)
{
  MpPoolFeed *self = sink->owner;
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GError) error = NULL;
  MpOutcome outcome = {
    .tag = delivery->index,
    .status = delivery->status,
    .error = delivery->error,
    .wait_status = delivery->wait_status,
  };

  if (delivery->worker != NULL)
    {
      outcome.started = TRUE;
      outcome.killed = delivery->worker->doomed && delivery->worker->fate == MP_WORKER_EXIT_KILLED;
      outcome.slot = delivery->worker->slot;
      outcome.pid = delivery->worker->pid;
      outcome.worker = delivery->worker->name;
      outcome.start_time = delivery->record->start / 1000 + self->pool->clock_offset;
      outcome.duration = delivery->record->duration;
    }
  if (delivery->status == MP_OUTCOME_OK)
    {
      const MpPayload *value = &delivery->value;
      MpRange region = _mp_arena_region (self->pool->arena, delivery->worker->slot);

      if (value->type == MP_VALUE_BYTES && _mp_range_contains (region, value->data, value->size))
        {
          outcome.bytes = _mp_arena_at (self->pool->arena, value->data);
          outcome.n_bytes = value->size;
        }
      else
        outcome.result = result = _mp_delivery_to_variant (self->pool, delivery, &error);
      if (error != NULL)
        {
          outcome.status = MP_OUTCOME_ERROR;
          outcome.error = error;
        }
    }
  self->on_outcome (&outcome, self->user_data);
}

static guint
window (MpPoolFeed *self)
{
  gint64 mean = MAX (self->pool->mean_duration, 1);
  guint workers = self->pool->processes;
  guint64 by_time = self->pool->delivered == 0 ? 0 : WINDOW_TIME / mean * workers;
  guint64 least = (guint64) FIRST_WINDOW * workers * self->chunk;

  return CLAMP (by_time, least, MAX (least, MAX_WINDOW));
}

static void
adapt_chunk (MpPoolFeed *self)
{
  gint64 mean = MAX (self->pool->mean_duration, 1);

  if (self->chunksize == 0 && self->pool->delivered > 0)
    self->chunk = CLAMP (CHUNK_TIME / mean, 1, MAX_CHUNK);
}

static void
refill (MpSink *sink)
{
  MpPoolFeed *self = sink->owner;

  adapt_chunk (self);
  if (self->on_room != NULL && sink->pending <= window (self) / 2)
    self->on_room (self->user_data);
}

static void
mp_pool_feed_dispose (GObject *object)
{
  MpPoolFeed *self = MP_POOL_FEED (object);

  if (self->pool != NULL)
    g_ptr_array_remove (self->pool->sinks, &self->sink);
  g_clear_object (&self->pool);
  G_OBJECT_CLASS (mp_pool_feed_parent_class)->dispose (object);
}

static void
mp_pool_feed_class_init (MpPoolFeedClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = mp_pool_feed_dispose;
}

static void
mp_pool_feed_init (MpPoolFeed *self)
{
  self->sink.owner = self;
  self->sink.deliver = deliver;
  self->sink.refill = refill;
}

MpPoolFeed *
_mp_pool_feed_new (MpPool        *pool,
                   guint          function,
                   guint          chunksize,
                   MpOutcomeFunc  on_outcome,
                   MpRoomFunc     on_room,
                   gpointer       user_data)
{
  MpPoolFeed *self = g_object_new (MP_TYPE_POOL_FEED, NULL);

  self->pool = g_object_ref (pool);
  self->sink.function = function;
  self->chunksize = MIN (chunksize, MAX_CHUNKSIZE);
  self->chunk = MAX (self->chunksize, 1);
  self->on_outcome = on_outcome;
  self->on_room = on_room;
  self->user_data = user_data;
  g_ptr_array_add (pool->sinks, &self->sink);
  return self;
}

static void
count_pushed (MpPoolFeed *self)
{
  if (++self->in_run >= self->chunk)
    {
      _mp_pool_end_run (self->pool);
      self->in_run = 0;
    }
}

/* An item that can't be submitted still has its outcome. @error: nullable, what is wrong with it */
static void
refuse (MpPoolFeed   *self,
        guint64       tag,
        const GError *error)
{
  g_autoptr(GError) terminated = g_error_new_literal (MP_ERROR, MP_ERROR_CANCELLED,
                                                      "The pool is terminated");
  MpOutcome outcome = { .tag = tag, .status = MP_OUTCOME_ERROR, .error = error };

  if (error == NULL && self->pool->broken != NULL)
    outcome.error = self->pool->broken;
  else if (error == NULL)
    {
      outcome.status = MP_OUTCOME_CANCELLED;
      outcome.error = terminated;
    }
  self->on_outcome (&outcome, self->user_data);
}

static gboolean
is_usable (MpPoolFeed *self)
{
  return self->pool->broken == NULL && !self->pool->terminated;
}

/**
 * mp_pool_feed_push:
 * @self: a feed
 * @tag: the caller's number for the item, handed back with its outcome
 * @item: (nullable): what the function gets
 *
 * Submits one item. It is taken always; [method@PoolFeed.get_room] says how many are worth it.
 * Workers see it when its chunk is full, or after [method@PoolFeed.flush]. If the pool is broken
 * or terminated, its outcome comes at once.
 */
void
mp_pool_feed_push (MpPoolFeed *self,
                   guint64     tag,
                   GVariant   *item)
{
  g_return_if_fail (MP_IS_POOL_FEED (self));

  g_autoptr(GVariant) owned = item == NULL ? NULL : g_variant_ref_sink (item);
  g_autoptr(GError) error = NULL;

  if (is_usable (self) && _mp_pool_submit (self->pool, &self->sink, tag, tag, item, &error))
    count_pushed (self);
  else
    refuse (self, tag, error);
}

/**
 * mp_pool_feed_push_bytes:
 * @self: a feed
 * @tag: the caller's number for the item, handed back with its outcome
 * @data: (array length=size) (element-type guint8): the item
 * @size: length of @data in bytes
 *
 * As [method@PoolFeed.push] with an `ay`, without making a GVariant here.
 */
void
mp_pool_feed_push_bytes (MpPoolFeed *self,
                         guint64     tag,
                         const void *data,
                         gsize       size)
{
  MpPayload value = { 0, size, MP_VALUE_BYTES };
  g_autoptr(GError) error = NULL;

  g_return_if_fail (MP_IS_POOL_FEED (self));
  g_return_if_fail (data != NULL || size == 0);

  if (is_usable (self)
      && _mp_pool_submit_value (self->pool, &self->sink, tag, tag, &value, data, size, &error))
    count_pushed (self);
  else
    refuse (self, tag, error);
}

/**
 * mp_pool_feed_flush:
 * @self: a feed
 *
 * Lets the workers have all that was pushed so far, full chunks or not.
 */
void
mp_pool_feed_flush (MpPoolFeed *self)
{
  g_return_if_fail (MP_IS_POOL_FEED (self));

  self->in_run = 0;
  _mp_pool_flush (self->pool);
}

/**
 * mp_pool_feed_get_room:
 * @self: a feed
 *
 * How many items to push now, so that no worker ever waits for the caller and little memory is
 * used. It adapts to the items' duration and size.
 *
 * Returns: a number of items, maybe 0
 */
guint
mp_pool_feed_get_room (MpPoolFeed *self)
{
  g_return_val_if_fail (MP_IS_POOL_FEED (self), 0);

  guint size = window (self);

  if (self->sink.pending >= size)
    return 0;
  if (self->sink.bytes >= MAX_BYTES && self->sink.pending >= 2 * self->pool->processes)
    return 0;
  return size - self->sink.pending;
}

/**
 * mp_pool_feed_get_pending:
 * @self: a feed
 *
 * Counts what was pushed and has not ended.
 *
 * Returns: how many items were pushed and have no outcome yet
 */
guint
mp_pool_feed_get_pending (MpPoolFeed *self)
{
  g_return_val_if_fail (MP_IS_POOL_FEED (self), 0);

  return self->sink.pending;
}

/* Takes item number @i of @block back, if it is this feed's and not begun. */
static gboolean
cancel_record (MpPoolFeed *self,
               MpItemBlock    *block,
               guint       i)
{
  guint32 state = MP_ITEM_WAITING;
  MpRecord *record = _mp_arena_record (self->pool->arena, block->number, i);

  return block->refs[i].sink == &self->sink
         && atomic_compare_exchange_strong (&record->state, &state, MP_ITEM_CANCELLED);
}

/**
 * mp_pool_feed_cancel_all:
 * @self: a feed
 *
 * Takes back every item of this feed that no worker has begun; each has the outcome
 * %MP_OUTCOME_CANCELLED soon. Those that run are not disturbed.
 */
void
mp_pool_feed_cancel_all (MpPoolFeed *self)
{
  g_return_if_fail (MP_IS_POOL_FEED (self));

  for (guint n = 0; n < self->pool->blocks->len; n++)
    {
      MpItemBlock *block = _mp_pool_get_block (self->pool, n);

      if (block != NULL && block->live > 0)
        for (guint i = 0; i < block->n_records; i++)
          cancel_record (self, block, i);
    }
  _mp_pool_flush (self->pool);
}
