/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-arena-private.h"

G_BEGIN_DECLS

/* The writing end of a slot's result region, private to its worker. Positions are bytes since
 * the worker began; `slot->released` says how far the parent is done with them. */
typedef struct
{
  MpArena *arena;
  MpSlot  *slot;
  guint64  region;    /* offset in the arena */
  guint64  start;     /* of the ring in the region */
  guint64  capacity;  /* of the ring */
  guint64  origin;    /* position at which the ring began */
  guint64  head;
} MpResults;

void     _mp_results_init    (MpResults *results,
                              MpArena   *arena,
                              guint      slot);
guint64  _mp_results_reserve (MpResults *results,
                              gsize      size);

/* What _mp_results_reserve() returns if the pool ends before there was room, or never will be. */
#define MP_NO_ROOM G_MAXUINT64

G_END_DECLS
