/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdatomic.h>
#include "mp-gate-private.h"
#include "mp-shared-private.h"

G_BEGIN_DECLS

/* What stands before each record's bytes. */
typedef struct
{
  guint32 length;  /* of the bytes that follow */
  guint8  type;    /* as MpPayload's; or that the next record is elsewhere */
  guint64 data;    /* a scalar, the size of a value; or where the next record is */
} MpFifoRecord;

/* One side of a FIFO, in shared memory. Changed inside its gate, read by anybody. */
typedef struct
{
  MP_CACHE_ALIGNED MpGate gate;
  /* How many records this side is done with: its store is the commit. Where it goes on after that
   * many is in the element that the count's parity names. */
  MP_CACHE_ALIGNED _Atomic guint64 count;
  _Atomic guint64 positions[2];
  /* What it has seen of the other side last */
  _Atomic guint64 seen_count;
  guint64 seen_position;
} MpFifoSide;

/* In shared memory, before the records. */
typedef struct
{
  MpFifoSide put;
  MpFifoSide get;

  /* The putter's. The last three are hints that a death may leave as they were. */
  MP_CACHE_ALIGNED guint64 max_records;
  guint64 top;      /* where the lap before this one ended */
  guint64 soft;     /* from here on it should begin from the front again */
  guint64 touched;  /* how far there is memory */
} MpFifoState;

/* A FIFO as a process sees it. */
typedef struct
{
  /* Borrowed */
  MpFifoState *state;
  guint8      *base;    /* of the records */
  int          memory;  /* the descriptor, to give back what is not used */
  guint64      start;   /* of the records in it */

  guint64      size;
} MpFifo;

void      _mp_fifo_init          (MpFifo              *fifo,
                                  guint64              max_records);
guint8   *_mp_fifo_reserve       (MpFifo              *fifo,
                                  const MpFifoRecord  *record);
void      _mp_fifo_publish       (MpFifo              *fifo,
                                  const MpFifoRecord  *record);
gboolean  _mp_fifo_look          (MpFifo              *fifo,
                                  MpFifoRecord        *record,
                                  guint8             **bytes);
void      _mp_fifo_remove        (MpFifo              *fifo);
guint64   _mp_fifo_count         (MpFifo              *fifo);
gboolean  _mp_fifo_is_empty      (MpFifo              *fifo);
gboolean  _mp_fifo_has_room_for  (MpFifo              *fifo,
                                  guint64              length);

G_END_DECLS
