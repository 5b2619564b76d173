/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-error.h"
#include "mp-fds-private.h"
#include "mp-pool-private.h"

/*
 * Descriptors of items and results. The items are in memory that all workers share, and it is not
 * known which one will have an item; so the parent keeps duplicates of its descriptors until it has
 * its outcome, and a worker that has claimed it asks for them. Those of a result are in the
 * worker's socket before it is committed, in the order of its results.
 */

static guint64
place_of (MpPool  *self,
          guint32  block,
          guint    index)
{
  return (guint8 *) _mp_arena_record (self->arena, block, index) - self->arena->base;
}

/* Keeps @item, which is what was submitted last, with descriptors of its own. */
void
_mp_pool_carry (MpPool   *self,
                GVariant *item)
{
  MpItemBlock *block = self->open_block;
  guint index = block->n_records - 1;
  guint64 place = place_of (self, block->number, index);

  if (self->carried == NULL)
    self->carried = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                           (GDestroyNotify) g_variant_unref);
  g_hash_table_replace (self->carried, g_memdup2 (&place, sizeof place), g_variant_ref (item));
  block->refs[index].carries = TRUE;
}

void
_mp_pool_drop_carried (MpPool  *self,
                       guint32  block,
                       guint    index)
{
  guint64 place = place_of (self, block, index);

  g_hash_table_remove (self->carried, &place);
}

static void
answer (MpPool       *self,
        MpPoolWorker *worker,
        guint64       place)
{
  GVariant *item = self->carried != NULL ? g_hash_table_lookup (self->carried, &place) : NULL;
  g_autoptr(GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));

  if (item != NULL)
    _mp_handles_collect (item, fds);
  if (_mp_fds_send (worker->socket, MSG_DONTWAIT, item != NULL ? place : ENOENT, fds))
    return;
  /* Then the item fails, and says why. */
  g_array_set_size (fds, 0);
  _mp_fds_send (worker->socket, MSG_DONTWAIT, errno, fds);
}

gboolean
_mp_pool_is_asked (MpPool *self)
{
  return G_UNLIKELY (atomic_load_explicit (&self->arena->board->n_asked, memory_order_acquire)
                     != self->n_answered);
}

void
_mp_pool_answer (MpPool *self)
{
  guint32 n_asked = atomic_load (&self->arena->board->n_asked);

  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);
      guint64 place = atomic_exchange (&self->arena->slots[worker->slot].asks, 0);

      if (place != 0)
        answer (self, worker, place);
    }
  self->n_answered = n_asked;
}

/* Takes the descriptors of @worker's oldest result that was not delivered, to be delivered. */
gboolean
_mp_pool_take_fds (MpPool        *self,
                   MpPoolWorker  *worker,
                   MpRecord      *record,
                   GError       **error)
{
  guint64 number = 0;

  worker->fds = _mp_fds_receive (worker->socket, MSG_DONTWAIT, &number);
  if (worker->fds != NULL && number == (guint64) ((guint8 *) record - self->arena->base))
    return TRUE;
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not take the result's descriptors: %s",
               worker->fds != NULL ? "they are another one's" : g_strerror (errno));
  return FALSE;
}
