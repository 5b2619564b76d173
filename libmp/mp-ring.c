/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-ring-private.h"

/*
 * A bounded queue with one producer, the parent, and many consumers that may be killed anywhere.
 * Positions only grow; a ticket's word holds its position, so a word from an earlier lap is never
 * mistaken. A claim is complete with the compare-and-swap of the word: the cursor is a hint that
 * whoever comes next moves on.
 *
 * There is one ring only, also for what is run again: a worker's claims then have one order, that
 * of the ring, and the parent knows in which order it works and releases its results.
 */

#define DISCARD_TICKETS ((guint64) 1 << 16)

static MpTicket *
ticket_at (MpArena *arena,
           guint64  position)
{
  MpTicket *tickets = _mp_arena_at (arena, arena->ring_offset);

  return &tickets[position & (arena->ring_capacity - 1)];
}

static inline guint64
free_word (guint64 position)
{
  return (position + 1) << 16;
}

static MpRun
unpack_run (guint64 packed)
{
  return (MpRun) { packed >> 32, (packed >> 16) & 0xffff, packed & 0xffff };
}

/* Returns FALSE if the ring is full. @tail: how far the parent has harvested. */
gboolean
_mp_ring_publish (MpArena *arena,
                  guint64  tail,
                  MpRun    run)
{
  MpRingEnds *ends = &arena->board->ring;
  guint64 head = atomic_load_explicit (&ends->head, memory_order_relaxed);
  MpTicket *ticket = ticket_at (arena, head);

  if (head - tail >= arena->ring_capacity)
    return FALSE;
  atomic_store_explicit (&ticket->run,
                         (guint64) run.block << 32 | (guint64) run.first << 16 | run.count,
                         memory_order_relaxed);
  atomic_store_explicit (&ticket->word, free_word (head), memory_order_release);
  /* Sequentially consistent, for what the parent reads next: who sleeps. */
  atomic_store (&ends->head, head + 1);
  return TRUE;
}

/* Claims the oldest free ticket for @owner. */
gboolean
_mp_ring_claim (MpArena *arena,
                guint    owner,
                MpRun   *run)
{
  MpRingEnds *ends = &arena->board->ring;

  for (;;)
    {
      guint64 position = atomic_load_explicit (&ends->cursor, memory_order_acquire);

      if (position >= atomic_load_explicit (&ends->head, memory_order_acquire))
        return FALSE;

      MpTicket *ticket = ticket_at (arena, position);
      guint64 word = atomic_load_explicit (&ticket->word, memory_order_acquire);
      gboolean mine = FALSE;

      if (word == free_word (position))
        {
          /* Read before the claim: afterwards the parent may use the ticket again. */
          *run = unpack_run (atomic_load_explicit (&ticket->run, memory_order_relaxed));
          mine = atomic_compare_exchange_strong (&ticket->word, &word, word | (owner + 1));
        }
      atomic_compare_exchange_strong (&ends->cursor, &position, position + 1);
      if (mine)
        return TRUE;
    }
}

/* The parent reads who claimed the oldest ticket it has not seen claimed yet, and may then use
 * the ticket's place again. Claims are a prefix of the ring, so FALSE means there is no more. */
gboolean
_mp_ring_harvest (MpArena *arena,
                  guint64 *tail,
                  guint   *owner,
                  MpRun   *run)
{
  MpTicket *ticket = ticket_at (arena, *tail);
  guint64 word = atomic_load_explicit (&ticket->word, memory_order_acquire);

  if (word >> 16 != *tail + 1 || (word & 0xffff) == 0)
    return FALSE;
  *owner = (word & 0xffff) - 1;
  *run = unpack_run (atomic_load_explicit (&ticket->run, memory_order_relaxed));
  *tail += 1;
  /* Not where a nearly full ring has begun its next lap. */
  if (*tail % DISCARD_TICKETS == 0
      && atomic_load (&arena->board->ring.head) + DISCARD_TICKETS
         <= *tail + arena->ring_capacity)
    _mp_arena_discard (arena,
                       (guint8 *) ticket_at (arena, *tail - DISCARD_TICKETS) - arena->base,
                       DISCARD_TICKETS * sizeof (MpTicket));
  return TRUE;
}

/* Whether there is nothing to claim. */
gboolean
_mp_ring_is_empty (MpArena *arena)
{
  MpRingEnds *ends = &arena->board->ring;

  return atomic_load (&ends->cursor) >= atomic_load (&ends->head);
}
