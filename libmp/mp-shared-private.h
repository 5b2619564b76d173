/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a pool and its workers share: one sparse memfd, mapped by all of them.
 *
 *   board    flags, doorbells, the names of the functions
 *   slots    one per worker
 *   ring     of tickets; a ticket names a run of items that one worker claims as a whole
 *   blocks   the items: records from the front of a block, their payloads from its end
 *   results  a region per slot, written by its worker and released by the parent in order
 *
 * The protocol, and why no death can lose or double an item:
 *   - A worker claims a ticket by one compare-and-swap that also writes who claimed it.
 *   - It runs the ticket's items in order. Each record goes WAITING -> RUNNING -> DONE, and the
 *     store of DONE, after the result, is the only commit.
 *   - The parent takes an item back by WAITING -> CANCELLED. The record stays the worker's that
 *     has claimed it, which makes it SKIPPED when it comes to it: only then may its place hold
 *     another item.
 *   - So when a worker is gone, its claims and the states of their records say everything: DONE
 *     is collected, RUNNING is charged, WAITING goes back.
 *   - Nobody ever waits for a lock, nor for a message that a dead process might have sent. Whoever
 *     wakes the parent notes it afterwards, so a worker that stops in between keeps nobody else
 *     from doing it.
 */

#include <glib.h>
#include <stdatomic.h>

G_BEGIN_DECLS

#define MP_MAX_SLOTS     512
#define MP_MAX_FUNCTIONS 256
#define MP_FUNCTION_NAME 120
#define MP_BLOCK_SIZE    (64 * 1024)

/* Keeps what one side writes off the cache lines of the other. */
#define MP_CACHE_ALIGNED __attribute__ ((aligned (64)))

typedef enum
{
  MP_ITEM_WAITING,
  MP_ITEM_RUNNING,
  MP_ITEM_CANCELLED,  /* taken back by the parent before it ran */
  /* From here on the worker is done with the record. */
  MP_ITEM_SKIPPED,    /* as it was cancelled */
  MP_ITEM_DONE,       /* with a result */
  MP_ITEM_FAILED,     /* done, with an error */
} MpItemState;

/* How a value lies in a record: a GVariant basic type's letter, in place, or one of these. */
#define MP_VALUE_NONE     0    /* no value: the function returned NULL */
#define MP_VALUE_VARIANT  'v'  /* serialised in the payload, then its type string */
#define MP_VALUE_BYTES    '*'  /* an `ay`, its bytes in the payload */
#define MP_VALUE_HANDLES  'h'  /* as a variant, with descriptors that come another way */

typedef struct
{
  guint64 data;  /* the value itself, or the payload's offset in the arena */
  guint32 size;  /* of the payload */
  guint8  type;
} MpPayload;

/* One item: a cache line. The parent writes the first half before it publishes the ticket, the
 * worker the second before it stores the state. */
typedef struct
{
  _Atomic guint32 state;
  guint16         function;
  guint8          in_type;
  guint8          out_type;
  guint64         tag;
  guint64         in_data;
  guint32         in_size;
  guint32         out_size;
  guint64         out_data;
  guint64         out_end;   /* how far the slot's result region may be released */
  gint64          start;     /* monotonic ns */
  gint64          duration;  /* ns */
} MpRecord;

typedef struct
{
  _Atomic guint64 word;  /* (position + 1) << 16 | owner, owner 0 while free */
  _Atomic guint64 run;   /* block << 32 | first << 16 | count */
} MpTicket;

typedef struct
{
  MP_CACHE_ALIGNED _Atomic guint64 head;    /* the parent publishes here */
  MP_CACHE_ALIGNED _Atomic guint64 cursor;  /* no ticket before it is free */
} MpRingEnds;

enum
{
  MP_BOARD_CLOSED = 1 << 0,      /* leave when there is nothing to claim */
  MP_BOARD_TERMINATED = 1 << 1,  /* leave after the current item */
};

/* How deep the parent sleeps. It counts its sleeps above these bits. */
enum
{
  MP_PARENT_AWAKE,
  MP_PARENT_NAPS,    /* will look by itself soon; wake it only when out of work */
  MP_PARENT_SLEEPS,  /* wake it for anything */
};

#define MP_PARENT_BITS 2

typedef struct
{
  MP_CACHE_ALIGNED _Atomic guint32 flags;
  _Atomic guint32 n_asked;  /* for an item's descriptors: grows after a slot's `asks` was set */
  MP_CACHE_ALIGNED _Atomic guint32 parent_waits;
  MpRingEnds ring;
  gint64 paused;  /* ns so far, without the pause that lasts */
  _Atomic guint32 n_functions;
  char functions[MP_MAX_FUNCTIONS][MP_FUNCTION_NAME];
} MpBoard;

typedef enum
{
  MP_SLOT_STARTING,
  MP_SLOT_READY,
  MP_SLOT_EXITING,     /* in order; `exit_reason` says why */
  MP_SLOT_INIT_FAILED, /* `error` holds what the initializer said */
} MpSlotState;

/* Why a worker sleeps. */
enum
{
  MP_AWAKE,
  MP_ASLEEP_IDLE,  /* nothing to claim */
  MP_ASLEEP_FULL,  /* no room for its result */
};

typedef struct
{
  /* Written by the worker */
  MP_CACHE_ALIGNED _Atomic guint32 state;
  _Atomic guint32 exit_reason;
  _Atomic gint32  child_pid;
  _Atomic guint32 error_size;  /* of the serialised error at the start of the result region */
  _Atomic guint64 done;
  _Atomic guint64 asks;        /* where the record is whose descriptors it waits for, 0: none */
  /* Written by both: the worker sleeps on it, and whoever wakes it clears it */
  MP_CACHE_ALIGNED _Atomic guint32 asleep;
  /* Written by the parent */
  MP_CACHE_ALIGNED _Atomic guint32 leave;
  _Atomic gint32  pid;       /* of the worker, 0 while the slot is free */
  _Atomic guint64 released;  /* bytes of the result region, since the worker began */
} MpSlot;

G_END_DECLS
