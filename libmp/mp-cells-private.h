/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-lock.h"
#include "mp-shared-object-private.h"

G_BEGIN_DECLS

/* What values and arrays are: numbers of one type in shared memory, with a lock or without. */
typedef struct
{
  MpSharedObject  parent_instance;

  MpLock         *lock;      /* owned, nullable */
  guint64         length;
  char            typecode;
} MpCells;

#define MP_CELLS_MAX ((guint64) 1 << 40)

gsize     _mp_typecode_size     (char         typecode);
void      _mp_cells_class_init  (gpointer     klass,
                                 const char  *what);
gpointer  _mp_cells_new         (GType        type,
                                 char         typecode,
                                 guint64      length,
                                 MpLock      *lock,
                                 GError     **error);

G_END_DECLS
