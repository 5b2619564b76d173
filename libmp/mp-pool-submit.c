/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-error.h"
#include "mp-function.h"
#include "mp-futex-private.h"
#include "mp-handles-private.h"
#include "mp-pool-private.h"

/*
 * Submitting: items are appended to the open block, consecutive items become a run, and a run
 * is published as one ticket. Blocks are used again as soon as all their items are done, last in
 * first out, so that a stream of any length lives in a few warm ones.
 */

/* Larger payloads lie outside the block, so that they don't waste its rest. */
#define LARGE_PAYLOAD (MP_BLOCK_SIZE / 4)
#define KICK_EVERY    256

/* So many free blocks keep their pages; a large map gives the rest of its memory back. */
#define WARM_BLOCKS   64

/* Returns: the number by which workers know @function, G_MAXUINT on error */
guint
_mp_pool_function_id (MpPool      *self,
                      const char  *function,
                      GError     **error)
{
  MpBoard *board = self->arena->board;
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->function_ids, function));

  if (number > 0)
    return number - 1;
  if (mp_function_lookup (function) == NULL)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "No function \"%s\" is registered, so no worker could find it: "
                   "use MP_REGISTER_FUNCTION", function);
      return G_MAXUINT;
    }
  number = g_hash_table_size (self->function_ids);
  if (number >= MP_MAX_FUNCTIONS || strlen (function) >= MP_FUNCTION_NAME)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                   "A pool takes at most %d functions with names of at most %d bytes",
                   MP_MAX_FUNCTIONS, MP_FUNCTION_NAME - 1);
      return G_MAXUINT;
    }
  /* Workers see it before any ticket that uses it: publishing is a release. */
  strcpy (board->functions[number], function);
  g_hash_table_insert (self->function_ids, g_strdup (function), GUINT_TO_POINTER (number + 1));
  return number;
}

MpItemBlock *
_mp_pool_get_block (MpPool  *self,
                    guint32  number)
{
  return number < self->blocks->len ? g_ptr_array_index (self->blocks, number) : NULL;
}

static gboolean
has_blocks (MpPool *self,
            guint   n_blocks)
{
  guint64 end = self->blocks->len + (guint64) n_blocks;

  return end * MP_BLOCK_SIZE <= self->arena->results_offset - self->arena->blocks_offset;
}

/* Returns: (nullable): a block to append to */
static MpItemBlock *
take_block (MpPool *self)
{
  MpItemBlock *block;

  if (self->free_blocks->len > 0)
    {
      guint32 number = g_array_index (self->free_blocks, guint32, self->free_blocks->len - 1);

      g_array_set_size (self->free_blocks, self->free_blocks->len - 1);
      block = g_ptr_array_index (self->blocks, number);
    }
  else if (!has_blocks (self, 1))
    return NULL;
  else
    {
      block = g_new0 (MpItemBlock, 1);
      block->number = self->blocks->len;
      g_ptr_array_add (self->blocks, block);
    }
  if (block->refs == NULL)
    block->refs = g_new (MpItemRef, MP_BLOCK_SIZE / sizeof (MpRecord));
  block->n_records = 0;
  block->payload = 0;
  block->live = 0;
  block->open = TRUE;
  return block;
}

static void
give_block_if_done (MpPool  *self,
                    MpItemBlock *block)
{
  if (block->open || block->live > 0)
    return;
  if (self->free_blocks->len >= WARM_BLOCKS)
    {
      g_clear_pointer (&block->refs, g_free);
      _mp_arena_discard (self->arena, _mp_arena_block_offset (self->arena, block->number),
                         MP_BLOCK_SIZE);
    }
  g_array_append_val (self->free_blocks, block->number);
}

static guint
extent_class (guint n_blocks)
{
  return g_bit_storage (n_blocks - 1);
}

/* Blocks in a row for one large payload. Returns: its offset, 0 if there is no room */
static guint64
take_extent (MpPool *self,
             guint   n_blocks)
{
  guint size_class = extent_class (n_blocks);
  GArray *free_list = size_class < MP_N_EXTENT_CLASSES ? self->free_extents[size_class] : NULL;
  guint32 number = self->blocks->len;

  if (free_list == NULL)
    return 0;
  if (free_list->len > 0)
    {
      number = g_array_index (free_list, guint32, free_list->len - 1);
      g_array_set_size (free_list, free_list->len - 1);
    }
  else if (has_blocks (self, 1u << size_class))
    g_ptr_array_set_size (self->blocks, number + (1u << size_class));
  else
    return 0;
  return _mp_arena_block_offset (self->arena, number);
}

static void
give_extent (MpPool    *self,
             MpItemRef *ref)
{
  guint32 number = (ref->extent - self->arena->blocks_offset) / MP_BLOCK_SIZE;
  GArray *free_list = self->free_extents[extent_class (ref->n_blocks)];

  if ((free_list->len + 1) * ref->n_blocks > WARM_BLOCKS)
    _mp_arena_discard (self->arena, ref->extent, (gsize) ref->n_blocks * MP_BLOCK_SIZE);
  g_array_append_val (free_list, number);
  ref->extent = 0;
}

/* Publishes what the ring takes; the rest waits for _mp_pool_publish_backlog(). */
void
_mp_pool_queue_run (MpPool *self,
                    MpRun   run)
{
  if (self->backlog->len > self->backlog_head
      || !_mp_ring_publish (self->arena, self->tail, run))
    g_array_append_val (self->backlog, run);
}

void
_mp_pool_publish_backlog (MpPool *self)
{
  while (self->backlog_head < self->backlog->len
         && _mp_ring_publish (self->arena, self->tail,
                              g_array_index (self->backlog, MpRun, self->backlog_head)))
    self->backlog_head++;
  if (self->backlog_head == self->backlog->len)
    {
      g_array_set_size (self->backlog, 0);
      self->backlog_head = 0;
    }
}

/* Wakes as many sleeping workers as there is work for. */
void
_mp_pool_kick (MpPool *self)
{
  MpRingEnds *ends = &self->arena->board->ring;
  guint64 cursor = atomic_load (&ends->cursor);
  guint64 head = atomic_load (&ends->head);
  guint64 n = head > cursor ? head - cursor : 0;

  for (guint i = 0; i < self->workers->len && n > 0; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      if (_mp_slot_wake (&self->arena->slots[worker->slot], MP_ASLEEP_IDLE))
        n--;
    }
}

/* Publishes the items submitted since the last run ended, as one run. */
void
_mp_pool_end_run (MpPool *self)
{
  if (self->open_run.count == 0)
    return;
  _mp_pool_queue_run (self, self->open_run);
  self->open_run.count = 0;
  if (atomic_load_explicit (&self->arena->board->ring.head,
                            memory_order_relaxed) % KICK_EVERY == 0)
    _mp_pool_kick (self);
}

/* Makes everything submitted so far known to the workers. */
void
_mp_pool_flush (MpPool *self)
{
  _mp_pool_end_run (self);
  _mp_pool_kick (self);
}

/* Makes sure that the open block takes one more record and @payload bytes. */
static gboolean
open_block (MpPool *self,
            gsize   payload)
{
  MpItemBlock *block = self->open_block;

  if (block != NULL
      && (block->n_records + 1) * sizeof (MpRecord) + block->payload + payload <= MP_BLOCK_SIZE)
    return TRUE;

  _mp_pool_end_run (self);
  if (block != NULL)
    {
      block->open = FALSE;
      give_block_if_done (self, block);
    }
  self->open_block = take_block (self);
  return self->open_block != NULL;
}

static gboolean
set_too_large (GError **error)
{
  g_set_error_literal (error, MP_ERROR, MP_ERROR_FAILED,
                       "The item is too large for the pool's shared memory");
  return FALSE;
}

/*
 * Submits an item whose value is a scalar, or of the form @value->type with the @size bytes of
 * @payload. Workers see it when its run ends.
 *
 * Returns: FALSE if the shared memory is full; nothing was submitted then
 */
gboolean
_mp_pool_submit_value (MpPool           *self,
                       MpSink           *sink,
                       guint64           index,
                       guint64           tag,
                       const MpPayload  *value,
                       const void       *payload,
                       gsize             size,
                       GError          **error)
{
  gsize in_block = size > LARGE_PAYLOAD ? 0 : (size + 7) & ~(gsize) 7;
  MpItemRef ref = { .sink = sink, .index = index };
  guint64 data = value->data;
  MpRecord *record;
  MpItemBlock *block;

  if (!open_block (self, in_block))
    return set_too_large (error);
  block = self->open_block;
  if (in_block > 0)
    {
      block->payload += in_block;
      data = _mp_arena_block_offset (self->arena, block->number) + MP_BLOCK_SIZE - block->payload;
    }
  else if (size > 0)
    {
      ref.n_blocks = (size + MP_BLOCK_SIZE - 1) / MP_BLOCK_SIZE;
      data = ref.extent = take_extent (self, ref.n_blocks);
      if (ref.extent == 0)
        return set_too_large (error);
    }
  if (size > 0)
    memcpy (_mp_arena_at (self->arena, data), payload, size);

  record = _mp_arena_record (self->arena, block->number, block->n_records);
  record->function = sink->function;
  record->in_type = value->type;
  record->in_data = data;
  record->in_size = value->size;
  record->tag = tag;
  atomic_store_explicit (&record->state, MP_ITEM_WAITING, memory_order_relaxed);
  block->refs[block->n_records] = ref;

  if (self->open_run.count == 0)
    self->open_run = (MpRun) { block->number, block->n_records, 0 };
  self->open_run.count++;
  block->n_records++;
  block->live++;
  self->submitted++;
  sink->bytes += value->size;
  if (sink->pending++ == 0)
    g_object_ref (sink->owner);
  return TRUE;
}

/* The same for any GVariant, or none. */
gboolean
_mp_pool_submit (MpPool    *self,
                 MpSink    *sink,
                 guint64    index,
                 guint64    tag,
                 GVariant  *item,
                 GError   **error)
{
  MpPayload value = { 0, 0, MP_VALUE_NONE };

  if (item == NULL || _mp_payload_pack_scalar (item, &value))
    return _mp_pool_submit_value (self, sink, index, tag, &value, NULL, 0, error);

  guint64 aligned[LARGE_PAYLOAD / sizeof (guint64)];
  gsize size = _mp_payload_size (item);
  g_autoptr(GError) failure = NULL;
  g_autoptr(GArray) fds = _mp_payload_collect_fds (item, &failure);
  g_autoptr(GVariant) carried = fds != NULL ? _mp_handles_dup (item, &failure) : NULL;

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (size > MP_MAX_PAYLOAD)
    return set_too_large (error);

  g_autofree guint8 *large = size > sizeof aligned ? g_malloc (size) : NULL;
  guint8 *at = large != NULL ? large : (guint8 *) aligned;

  _mp_payload_store (item, 0, at, &value);
  if (carried != NULL)
    value.type = MP_VALUE_HANDLES;
  if (!_mp_pool_submit_value (self, sink, index, tag, &value, at, size, error))
    return FALSE;
  if (carried != NULL)
    _mp_pool_carry (self, carried);
  return TRUE;
}

/* The item has its outcome: its memory may be used again. */
void
_mp_pool_item_done (MpPool  *self,
                    guint32  number,
                    guint    index)
{
  MpItemBlock *block = g_ptr_array_index (self->blocks, number);

  if (block->refs[index].extent != 0)
    give_extent (self, &block->refs[index]);
  if (G_UNLIKELY (block->refs[index].carries))
    _mp_pool_drop_carried (self, number, index);
  self->delivered++;
  block->live--;
  give_block_if_done (self, block);
}
