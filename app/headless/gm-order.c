/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-order.h"

/* One number for each key, for keys that lie close together: what waits for its turn. Eight bytes a
 * key, in blocks that go when their last key does. */

#define BLOCK_SIZE 512

typedef struct
{
  guint64 values[BLOCK_SIZE];  /* plus one; 0 is none */
  guint   count;
} Block;

struct _GmOrder
{
  GHashTable *blocks;  /* number of the block -> it; the number is within a pointer */
  Block      *last;    /* borrowed: the one used last */
  guint64     last_number;
  guint64     count;
};

/**
 * gm_order_new:
 *
 * Returns: (transfer full): an empty table
 */
GmOrder *
gm_order_new (void)
{
  GmOrder *self = g_new0 (GmOrder, 1);

  self->blocks = g_hash_table_new_full (NULL, NULL, NULL, g_free);

  return self;
}

/**
 * gm_order_free:
 * @self: (transfer full): a table
 */
void
gm_order_free (GmOrder *self)
{
  g_hash_table_unref (self->blocks);
  g_free (self);
}

static Block *
find_block (GmOrder *self,
            guint64  number)
{
  if (self->last == NULL || self->last_number != number)
    {
      self->last = g_hash_table_lookup (self->blocks, GSIZE_TO_POINTER (number));
      self->last_number = number;
    }

  return self->last;
}

/**
 * gm_order_put:
 * @self: a table
 * @key: a key that is not there yet
 * @value: less than %G_MAXUINT64
 */
void
gm_order_put (GmOrder *self,
              guint64  key,
              guint64  value)
{
  Block *block = find_block (self, key / BLOCK_SIZE);

  if (block == NULL)
    {
      block = self->last = g_new0 (Block, 1);
      g_hash_table_insert (self->blocks, GSIZE_TO_POINTER (key / BLOCK_SIZE), block);
    }
  g_return_if_fail (block->values[key % BLOCK_SIZE] == 0);
  block->values[key % BLOCK_SIZE] = value + 1;
  block->count++;
  self->count++;
}

/**
 * gm_order_peek:
 * @self: a table
 * @key: a key
 * @value: (out): its number
 *
 * Returns: whether @key is there
 */
gboolean
gm_order_peek (GmOrder *self,
               guint64  key,
               guint64 *value)
{
  Block *block = self->count > 0 ? find_block (self, key / BLOCK_SIZE) : NULL;

  if (block == NULL || block->values[key % BLOCK_SIZE] == 0)
    return FALSE;
  *value = block->values[key % BLOCK_SIZE] - 1;

  return TRUE;
}

/**
 * gm_order_remove:
 * @self: a table
 * @key: a key that is there
 */
void
gm_order_remove (GmOrder *self,
                 guint64  key)
{
  Block *block = find_block (self, key / BLOCK_SIZE);

  g_return_if_fail (block != NULL && block->values[key % BLOCK_SIZE] != 0);

  block->values[key % BLOCK_SIZE] = 0;
  self->count--;
  if (--block->count == 0)
    {
      self->last = NULL;
      g_hash_table_remove (self->blocks, GSIZE_TO_POINTER (key / BLOCK_SIZE));
    }
}

static guint64
first_block (GmOrder *self,
             guint64  from)
{
  GHashTableIter iter;
  gpointer number;
  guint64 first = G_MAXUINT64;

  g_hash_table_iter_init (&iter, self->blocks);
  while (g_hash_table_iter_next (&iter, &number, NULL))
    if (GPOINTER_TO_SIZE (number) >= from)
      first = MIN (first, GPOINTER_TO_SIZE (number));

  return first;
}

/**
 * gm_order_find_first:
 * @self: a table
 * @from: a key
 *
 * Returns: the first key that is there, not before @from, or %G_MAXUINT64
 */
guint64
gm_order_find_first (GmOrder *self,
                     guint64  from)
{
  guint64 number = from / BLOCK_SIZE;

  while (number != G_MAXUINT64)
    {
      Block *block = find_block (self, number);

      for (guint64 i = from % BLOCK_SIZE; block != NULL && i < BLOCK_SIZE; i++)
        if (block->values[i] != 0)
          return number * BLOCK_SIZE + i;
      number = first_block (self, number + 1);
      from = 0;
    }

  return G_MAXUINT64;
}

/**
 * gm_order_get_count:
 * @self: a table
 *
 * Returns: how many keys are there
 */
guint64
gm_order_get_count (GmOrder *self)
{
  return self->count;
}
