/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-lock.h"
#include "mp-segment-private.h"

G_BEGIN_DECLS

/* Numbers of one type in shared memory, with a lock or without: what values and arrays are. */
typedef struct
{
  MpPlace  place;
  MpLock  *lock;      /* owned, nullable */
  guint64  length;
  char     typecode;
} MpCells;

#define MP_CELLS_MAX ((guint64) 1 << 40)

gsize      _mp_typecode_size       (char          typecode);
gboolean   _mp_cells_init          (MpCells      *cells,
                                    char          typecode,
                                    guint64       length,
                                    MpLock       *lock,
                                    GError      **error);
void       _mp_cells_clear         (MpCells      *cells);
GVariant  *_mp_cells_to_variant    (MpCells      *cells);
gboolean   _mp_cells_from_variant  (MpCells      *cells,
                                    GVariant     *state,
                                    const char   *what,
                                    GError      **error);

G_END_DECLS
