/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-futex-private.h"
#include "mp-results-private.h"

/*
 * Results leave in the order they were written, so a ring would do, if it could grow. It does by
 * starting again in fresh address space, twice as large, while the old ring drains by itself; and
 * whenever everything was released it starts again at the front, on warm pages: for two processes
 * to have a page anew costs more than to write to it.
 */

#define FIRST_CAPACITY ((guint64) 1 << 16)

/* What a worker that has used more keeps. */
#define KEPT_CAPACITY ((guint64) 1 << 20)

void
_mp_results_init (MpResults *results,
                  MpArena   *arena,
                  guint      slot)
{
  *results = (MpResults) {
    .arena = arena,
    .slot = &arena->slots[slot],
    .region = _mp_arena_region_offset (arena, slot),
    .capacity = FIRST_CAPACITY,
  };
}

static void
restart (MpResults *results)
{
  if (results->start > 0)
    {
      guint64 used = results->start + results->capacity;

      results->start = 0;
      results->capacity = MIN (used, KEPT_CAPACITY);
      _mp_arena_discard (results->arena, results->region + results->capacity,
                         used - results->capacity);
    }
  results->origin = results->head;
}

/* Returns FALSE if the region has no place left behind the current ring. */
static gboolean
grow (MpResults *results,
      gsize      size)
{
  guint64 start = results->start + results->capacity;
  guint64 capacity = results->capacity * 2;

  while (capacity < size)
    capacity *= 2;
  if (start + capacity > results->arena->region_size)
    {
      capacity = results->arena->region_size - MIN (start, results->arena->region_size);
      if (capacity < results->capacity || capacity < size)
        return FALSE;
    }
  results->start = start;
  results->capacity = capacity;
  results->origin = results->head;
  return TRUE;
}

/* Sleeps until the parent has released everything. Returns FALSE if the pool is terminated. */
static gboolean
wait_for_release (MpResults *results)
{
  MpSlot *slot = results->slot;

  while (atomic_load (&slot->released) < results->head)
    {
      /* Announced before it looks again, as everywhere. */
      atomic_store (&slot->asleep, MP_ASLEEP_FULL);
      if (atomic_load (&results->arena->board->flags) & MP_BOARD_TERMINATED)
        return FALSE;
      if (atomic_load (&slot->released) < results->head)
        _mp_futex_wait (&slot->asleep, MP_ASLEEP_FULL);
      atomic_store (&slot->asleep, MP_AWAKE);
    }
  return TRUE;
}

/*
 * Makes room for @size bytes, 8-aligned. Blocks while the region is full, which it is only when
 * the parent has not collected for hundreds of megabytes of results.
 *
 * Returns: the arena's offset, or MP_NO_ROOM
 */
guint64
_mp_results_reserve (MpResults *results,
                     gsize      size)
{
  size = (size + 7) & ~(gsize) 7;
  if (size > results->arena->region_size / 2)
    return MP_NO_ROOM;

  if (atomic_load_explicit (&results->slot->released, memory_order_acquire) >= results->head)
    restart (results);
  for (;;)
    {
      guint64 released = atomic_load_explicit (&results->slot->released, memory_order_acquire);
      guint64 at = (results->head - results->origin) % results->capacity;
      guint64 padding = at + size > results->capacity ? results->capacity - at : 0;
      guint64 used = results->head - MAX (released, results->origin);

      if (used + padding + size <= results->capacity)
        {
          results->head += padding;
          at = (at + padding) % results->capacity;
          results->head += size;
          return results->region + results->start + at;
        }
      if (grow (results, size))
        continue;
      if (!wait_for_release (results))
        return MP_NO_ROOM;
      restart (results);
    }
}
