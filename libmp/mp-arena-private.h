/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-shared-private.h"

G_BEGIN_DECLS

/* A mapping of the pool's memory and where its parts lie. The same in parent and workers. */
typedef struct
{
  int       fd;  /* owned */
  guint8   *base;
  gsize     size;
  guint64   ring_capacity;  /* tickets, a power of two */
  guint64   ring_offset;
  guint64   blocks_offset;
  guint64   results_offset;
  guint64   region_size;    /* of one slot's results */
  MpBoard  *board;
  MpSlot   *slots;
} MpArena;

/* A part of the arena: where to look for what one side has written, and nowhere else. */
typedef struct
{
  const MpArena *arena;
  guint64        start;
  guint64        end;
} MpRange;

MpArena  *_mp_arena_new          (GError        **error);
MpArena  *_mp_arena_open         (int             fd,
                                  GError        **error);
void      _mp_arena_free         (MpArena        *arena);
void      _mp_arena_discard      (MpArena        *arena,
                                  guint64         offset,
                                  gsize           size);
gboolean  _mp_range_contains     (MpRange         range,
                                  guint64         offset,
                                  gsize           size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MpArena, _mp_arena_free)

static inline gpointer
_mp_arena_at (const MpArena *arena,
              guint64        offset)
{
  return arena->base + offset;
}

static inline guint64
_mp_arena_block_offset (MpArena *arena,
                        guint32  block)
{
  return arena->blocks_offset + (guint64) block * MP_BLOCK_SIZE;
}

static inline MpRecord *
_mp_arena_record (MpArena *arena,
                  guint32  block,
                  guint    index)
{
  return (MpRecord *) _mp_arena_at (arena, _mp_arena_block_offset (arena, block)) + index;
}

static inline guint64
_mp_arena_region_offset (MpArena *arena,
                         guint    slot)
{
  return arena->results_offset + slot * arena->region_size;
}

/* Where the parent writes items. */
static inline MpRange
_mp_arena_items (MpArena *arena)
{
  return (MpRange) { arena, arena->blocks_offset, arena->results_offset };
}

/* Where the worker of @slot writes results. */
static inline MpRange
_mp_arena_region (MpArena *arena,
                  guint    slot)
{
  guint64 start = _mp_arena_region_offset (arena, slot);

  return (MpRange) { arena, start, start + arena->region_size };
}

G_END_DECLS
