/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-arena-private.h"

G_BEGIN_DECLS

/* A run of consecutive items of one block. */
typedef struct
{
  guint32 block;
  guint16 first;
  guint16 count;
} MpRun;

/* Nobody: the parent took the run back. */
#define MP_OWNER_PARENT 0xfffeu

gboolean _mp_ring_publish (MpArena *arena,
                           guint64  tail,
                           MpRun    run);
gboolean _mp_ring_claim   (MpArena *arena,
                           guint    owner,
                           MpRun   *run);
gboolean _mp_ring_harvest (MpArena *arena,
                           guint64 *tail,
                           guint   *owner,
                           MpRun   *run);
gboolean _mp_ring_is_empty (MpArena *arena);

G_END_DECLS
