/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>

#include "mp-fifo-private.h"

/*
 * Records of any length in shared memory, between processes that may be killed anywhere.
 *
 * Putters exclude each other by one gate, a robust mutex, getters by another. So each side has one
 * user at a time, and what it does is committed by one store, that of its count: a putter that dies
 * before it has put nothing, a getter has taken nothing, and who comes next just begins again.
 * There is nothing to repair.
 *
 * A position is a lap and an offset. Offsets grow within a lap, and the memory is much larger than
 * what is usually in it, so the putter goes back to the front, into the next lap, as soon as half
 * of what it would walk over is free: a queue that is never long stays in the cache. If it then
 * meets the getter, which is still in the lap before, it goes on where that lap ended. Each time it
 * leaves a record behind that says where the next one is; behind each record there is room for one.
 */
#define JUMP          0xff
#define LAP_BITS      24
#define OFFSET_BITS   (64 - LAP_BITS)
#define SMALLEST_LAP  (64 * 1024)

static inline guint64
lap_of (guint64 position)
{
  return position >> OFFSET_BITS;
}

static inline guint64
offset_of (guint64 position)
{
  return position & (((guint64) 1 << OFFSET_BITS) - 1);
}

static inline guint64
next_lap (guint64 position)
{
  return (lap_of (position) + 1) << OFFSET_BITS;
}

static inline guint64
space_of (guint64 length)
{
  return sizeof (MpFifoRecord) + (length + 7) / 8 * 8;
}

static inline MpFifoRecord *
record_at (MpFifo  *fifo,
           guint64  position)
{
  return (MpFifoRecord *) (fifo->base + offset_of (position));
}

static inline guint64
get_position (MpFifoSide *side,
              guint64     count)
{
  return atomic_load_explicit (&side->positions[count & 1], memory_order_acquire);
}

/* Of this side, whose gate this is inside. */
static inline guint64
own_count (MpFifoSide *side)
{
  return atomic_load_explicit (&side->count, memory_order_relaxed);
}

static void
commit (MpFifoSide *side,
        guint64     position)
{
  guint64 count = own_count (side) + 1;

  atomic_store_explicit (&side->positions[count & 1], position, memory_order_release);
  /* Sequentially consistent, for what is read next: who sleeps. */
  atomic_store (&side->count, count);
}

static inline guint64
get_seen (MpFifoSide *side)
{
  return atomic_load_explicit (&side->seen_count, memory_order_relaxed);
}

static inline void
set_seen (MpFifoSide *side,
          guint64     count)
{
  atomic_store_explicit (&side->seen_count, count, memory_order_relaxed);
}

/* Looks how far @other is. The element for a count is written again only after that count has
 * changed. */
static void
see (MpFifoSide *side,
     MpFifoSide *other)
{
  guint64 count, position;

  do
    {
      count = atomic_load (&other->count);
      position = get_position (other, count);
    }
  while (atomic_load (&other->count) != count);
  set_seen (side, count);
  side->seen_position = position;
}

/* Of memory that is zero. @fifo says where it is. */
void
_mp_fifo_init (MpFifo  *fifo,
               guint64  max_records)
{
  MpFifoState *state = fifo->state;

  _mp_gate_init (&state->put.gate);
  _mp_gate_init (&state->get.gate);
  state->max_records = max_records;
  state->soft = SMALLEST_LAP;
}

/* From the front again, if the getter is in this lap and so far that @space is free there. */
static gboolean
go_to_front (MpFifo  *fifo,
             guint64 *tail,
             guint64  space)
{
  MpFifoState *state = fifo->state;
  guint64 end = offset_of (*tail) + sizeof (MpFifoRecord);
  guint64 head = offset_of (state->put.seen_position);

  if (head < space)
    return FALSE;

  /* What lies behind is free: the memory of a time when the queue was longer is given back. */
  if (state->touched / 2 > end)
    {
      guint64 first = (fifo->start + end + 4095) / 4096 * 4096;

      fallocate (fifo->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first,
                 fifo->start + state->touched - first);
      state->touched = end;
    }
  if (state->soft > SMALLEST_LAP && offset_of (*tail) - head < state->soft / 8)
    state->soft /= 2;
  state->top = end;
  *tail = next_lap (*tail);
  return TRUE;
}

/* Moves @tail to where @space bytes are free. */
static gboolean
find_space (MpFifo  *fifo,
            guint64 *tail,
            guint64  space)
{
  MpFifoState *state = fifo->state;
  guint64 head = state->put.seen_position;
  guint64 at = offset_of (*tail);

  if (lap_of (*tail) == lap_of (head))
    {
      if (at >= state->soft && offset_of (head) > at / 2 && go_to_front (fifo, tail, space))
        return TRUE;
      return at + space <= fifo->size || go_to_front (fifo, tail, space);
    }
  if (at + space <= offset_of (head))
    return TRUE;
  if (at < state->top)
    {
      *tail = *tail - at + state->top;
      at = state->top;
    }
  return at + space <= fifo->size;
}

static inline gboolean
is_full (MpFifo *fifo)
{
  return own_count (&fifo->state->put) - get_seen (&fifo->state->put) >= fifo->state->max_records;
}

/* Whether a record of that many bytes can be put at all. */
gboolean
_mp_fifo_has_room_for (MpFifo  *fifo,
                       guint64  length)
{
  return space_of (length) + sizeof (MpFifoRecord) <= fifo->size / 2;
}

/* Inside the putters' gate. Returns: where the bytes of @record are to be written before it is
 * published, or NULL if the queue is full */
guint8 *
_mp_fifo_reserve (MpFifo             *fifo,
                  const MpFifoRecord *record)
{
  MpFifoState *state = fifo->state;
  guint64 space = space_of (record->length) + sizeof (MpFifoRecord);
  guint64 from = get_position (&state->put, own_count (&state->put));
  guint64 tail = from;
  gboolean found = FALSE;

  /* First with what is known, so that the getter's cache line is not asked for each time. */
  if (offset_of (tail) < state->soft && !is_full (fifo))
    found = find_space (fifo, &tail, space);
  if (!found)
    {
      see (&state->put, &state->get);
      tail = from;
      if (is_full (fifo) || !find_space (fifo, &tail, space))
        return NULL;
      if (offset_of (tail) >= state->soft)
        state->soft *= 2;
    }

  if (tail != from)
    *record_at (fifo, from) = (MpFifoRecord) { .type = JUMP, .data = tail };
  *record_at (fifo, tail) = *record;
  return (guint8 *) (record_at (fifo, tail) + 1);
}

/* The record that was reserved, whose bytes are written, can be taken. */
void
_mp_fifo_publish (MpFifo             *fifo,
                  const MpFifoRecord *record)
{
  MpFifoState *state = fifo->state;
  guint64 tail = get_position (&state->put, own_count (&state->put));
  guint64 end;

  if (record_at (fifo, tail)->type == JUMP)
    tail = record_at (fifo, tail)->data;
  tail += space_of (record->length);
  end = offset_of (tail) + sizeof (MpFifoRecord);
  if (end > state->touched)
    state->touched = end;
  commit (&state->put, tail);
}

static guint64
find_record (MpFifo *fifo)
{
  MpFifoSide *side = &fifo->state->get;
  guint64 head = get_position (side, own_count (side));

  if (record_at (fifo, head)->type == JUMP)
    head = record_at (fifo, head)->data;
  return head;
}

/* Inside the getters' gate. Finds the oldest record; it stays until it is removed. */
gboolean
_mp_fifo_look (MpFifo        *fifo,
               MpFifoRecord  *record,
               guint8       **bytes)
{
  MpFifoSide *side = &fifo->state->get;
  guint64 head;

  if (get_seen (side) <= own_count (side))
    {
      set_seen (side, atomic_load (&fifo->state->put.count));
      if (get_seen (side) <= own_count (side))
        return FALSE;
    }
  head = find_record (fifo);
  *record = *record_at (fifo, head);
  *bytes = (guint8 *) (record_at (fifo, head) + 1);
  return TRUE;
}

void
_mp_fifo_remove (MpFifo *fifo)
{
  guint64 head = find_record (fifo);

  commit (&fifo->state->get, head + space_of (record_at (fifo, head)->length));
}

/* From anywhere: how many there are at this moment. */
guint64
_mp_fifo_count (MpFifo *fifo)
{
  guint64 n_got = atomic_load (&fifo->state->get.count);

  return atomic_load (&fifo->state->put.count) - n_got;
}

/* The same with what is known, so that the putter's cache line is not asked for each time. */
gboolean
_mp_fifo_is_empty (MpFifo *fifo)
{
  guint64 n_got = atomic_load (&fifo->state->get.count);

  return get_seen (&fifo->state->get) <= n_got && atomic_load (&fifo->state->put.count) <= n_got;
}
