/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-in-flight.h"

/* The items live in entries that are used again, found through a hash table with open addressing
 * whose cells are numbers of entries. Those that wait are in a heap by the time they are due. */

#define NONE        G_MAXUINT
#define FIRST_CELLS 256

/* A kept buffer beyond this is given back. */
#define MAX_KEPT    4096

struct _GmInFlight
{
  GPtrArray *entries;    /* of GmFlight */
  guint      free_list;
  guint     *cells;      /* entry numbers, NONE if empty */
  guint      n_cells;    /* a power of two, never more than half full */
  guint      count;
  gsize      bytes;
  GPtrArray *heap;       /* of GmFlight, borrowed */
};

static void
flight_free (gpointer data)
{
  GmFlight *flight = data;

  g_string_free (flight->data, TRUE);
  g_free (flight->worker);
  g_free (flight);
}

static void
clear_cells (GmInFlight *self,
             guint       n_cells)
{
  g_free (self->cells);
  self->cells = g_new (guint, n_cells);
  memset (self->cells, 0xff, n_cells * sizeof *self->cells);
  self->n_cells = n_cells;
}

GmInFlight *
gm_in_flight_new (void)
{
  GmInFlight *self = g_new0 (GmInFlight, 1);

  self->entries = g_ptr_array_new_with_free_func (flight_free);
  self->heap = g_ptr_array_new ();
  self->free_list = NONE;
  clear_cells (self, FIRST_CELLS);
  return self;
}

void
gm_in_flight_free (GmInFlight *self)
{
  g_ptr_array_unref (self->heap);
  g_ptr_array_unref (self->entries);
  g_free (self->cells);
  g_free (self);
}

guint
gm_in_flight_get_count (GmInFlight *self)
{
  return self->count;
}

guint
gm_in_flight_get_waits (GmInFlight *self)
{
  return self->heap->len;
}

gsize
gm_in_flight_get_bytes (GmInFlight *self)
{
  return self->bytes;
}

static guint
home_of (GmInFlight *self,
         guint64     index)
{
  return (index * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> 32) & (self->n_cells - 1);
}

static GmFlight *
entry_at (GmInFlight *self,
          guint       cell)
{
  return g_ptr_array_index (self->entries, self->cells[cell]);
}

static void
insert (GmInFlight *self,
        guint       number,
        guint64     index)
{
  guint cell = home_of (self, index);

  while (self->cells[cell] != NONE)
    cell = (cell + 1) & (self->n_cells - 1);
  self->cells[cell] = number;
}

static void
grow (GmInFlight *self)
{
  g_autofree guint *old = g_steal_pointer (&self->cells);
  guint n_old = self->n_cells;

  clear_cells (self, 2 * n_old);
  for (guint i = 0; i < n_old; i++)
    if (old[i] != NONE)
      insert (self, old[i], ((GmFlight *) g_ptr_array_index (self->entries, old[i]))->index);
}

/* Returns: NONE if @index is not in flight */
static guint
find_cell (GmInFlight *self,
           guint64     index)
{
  guint cell = home_of (self, index);

  while (self->cells[cell] != NONE && entry_at (self, cell)->index != index)
    cell = (cell + 1) & (self->n_cells - 1);
  return self->cells[cell] == NONE ? NONE : cell;
}

static guint
take_entry (GmInFlight *self)
{
  guint number = self->free_list;
  GmFlight *flight;

  if (number != NONE)
    {
      flight = g_ptr_array_index (self->entries, number);
      self->free_list = flight->next_free;
      return number;
    }
  flight = g_new0 (GmFlight, 1);
  flight->data = g_string_sized_new (32);
  g_ptr_array_add (self->entries, flight);
  return self->entries->len - 1;
}

/**
 * gm_flight_clear_verdict:
 * @flight: an item whose next attempt begins
 */
void
gm_flight_clear_verdict (GmFlight *flight)
{
  flight->verdict = GM_VERDICT_NONE;
  flight->rss = 0;
  flight->killed_pid = 0;
}

/**
 * gm_in_flight_add:
 * @self: the items in flight
 * @index: of an item that is not among them
 * @item: the item, copied
 *
 * Returns: (transfer none): its entry, for its first attempt
 */
GmFlight *
gm_in_flight_add (GmInFlight   *self,
                  guint64       index,
                  const GmItem *item)
{
  guint number = take_entry (self);
  GmFlight *flight = g_ptr_array_index (self->entries, number);

  if (2 * (self->count + 1) > self->n_cells)
    grow (self);
  flight->index = index;
  flight->turn = 0;
  flight->attempt = 1;
  flight->tried = 0;
  flight->before = GM_STATUS_OK;
  flight->waits = FALSE;
  gm_flight_clear_verdict (flight);
  flight->kind = item->kind;
  g_string_truncate (flight->data, 0);
  g_string_append_len (flight->data, item->data, item->size);
  insert (self, number, index);
  self->count++;
  self->bytes += item->size;
  return flight;
}

/**
 * gm_in_flight_find:
 * @self: the items in flight
 * @index: of an item
 *
 * Returns: (nullable) (transfer none): its entry
 */
GmFlight *
gm_in_flight_find (GmInFlight *self,
                   guint64     index)
{
  guint cell = find_cell (self, index);

  return cell == NONE ? NULL : entry_at (self, cell);
}

static gboolean
is_before (GPtrArray *heap,
           guint      a,
           guint      b)
{
  const GmFlight *first = g_ptr_array_index (heap, a), *second = g_ptr_array_index (heap, b);

  return first->due < second->due || (first->due == second->due && first->index < second->index);
}

static void
swap (GPtrArray *heap,
      guint      a,
      guint      b)
{
  gpointer kept = heap->pdata[a];

  heap->pdata[a] = heap->pdata[b];
  heap->pdata[b] = kept;
}

static void
sift_down (GPtrArray *heap)
{
  guint at = 0;

  for (;;)
    {
      guint child = 2 * at + 1;

      if (child + 1 < heap->len && is_before (heap, child + 1, child))
        child++;
      if (child >= heap->len || !is_before (heap, child, at))
        return;
      swap (heap, at, child);
      at = child;
    }
}

/**
 * gm_in_flight_wait:
 * @self: the items in flight
 * @flight: one of them, which does not wait
 * @due: when its next attempt may begin
 */
void
gm_in_flight_wait (GmInFlight *self,
                   GmFlight   *flight,
                   gint64      due)
{
  g_assert (!flight->waits);

  flight->waits = TRUE;
  flight->due = due;
  g_ptr_array_add (self->heap, flight);
  for (guint at = self->heap->len - 1; at > 0 && is_before (self->heap, at, (at - 1) / 2);
       at = (at - 1) / 2)
    swap (self->heap, at, (at - 1) / 2);
}

/**
 * gm_in_flight_next_due:
 * @self: the items in flight
 *
 * Returns: when the next of those that wait is due, -1 if none waits
 */
gint64
gm_in_flight_next_due (GmInFlight *self)
{
  return self->heap->len == 0 ? -1 : ((GmFlight *) g_ptr_array_index (self->heap, 0))->due;
}

/**
 * gm_in_flight_pop_due:
 * @self: the items in flight
 * @now: the time
 *
 * Returns: (nullable) (transfer none): one that is due and waits no longer
 */
GmFlight *
gm_in_flight_pop_due (GmInFlight *self,
                      gint64      now)
{
  GmFlight *flight = self->heap->len > 0 ? g_ptr_array_index (self->heap, 0) : NULL;

  if (flight == NULL || flight->due > now)
    return NULL;
  g_ptr_array_remove_index_fast (self->heap, 0);
  sift_down (self->heap);
  flight->waits = FALSE;
  return flight;
}

/* The cells after @hole move up, so that a search never stops short. */
static void
close_hole (GmInFlight *self,
            guint       hole)
{
  guint mask = self->n_cells - 1;

  for (guint cell = (hole + 1) & mask; self->cells[cell] != NONE; cell = (cell + 1) & mask)
    {
      guint home = home_of (self, entry_at (self, cell)->index);

      if (((cell - home) & mask) < ((cell - hole) & mask))
        continue;
      self->cells[hole] = self->cells[cell];
      hole = cell;
    }
  self->cells[hole] = NONE;
}

/**
 * gm_in_flight_remove:
 * @self: the items in flight
 * @flight: one of them, which does not wait
 */
void
gm_in_flight_remove (GmInFlight *self,
                     GmFlight   *flight)
{
  guint cell = find_cell (self, flight->index);
  guint number = self->cells[cell];

  g_assert (!flight->waits);

  self->bytes -= flight->data->len;
  if (flight->data->allocated_len > MAX_KEPT)
    {
      g_string_free (flight->data, TRUE);
      flight->data = g_string_sized_new (32);
    }
  g_clear_pointer (&flight->worker, g_free);
  flight->next_free = self->free_list;
  self->free_list = number;
  close_hole (self, cell);
  self->count--;
}

/**
 * gm_flight_get_item:
 * @flight: an item in flight
 * @item: (out): the item, borrowed from it
 */
void
gm_flight_get_item (GmFlight *flight,
                    GmItem   *item)
{
  item->kind = flight->kind;
  item->data = flight->data->str;
  item->size = flight->data->len;
}
