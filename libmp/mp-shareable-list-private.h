/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include "mp-shareable-list.h"

G_BEGIN_DECLS

/* Two of each, one of which counts: the other is where the next value is prepared. */
typedef struct
{
  guint32 kind;
  guint64 size;
} MpListCopy;

/* The sizes of an item do not change, but who knows who else writes there: they are read once. */
typedef struct
{
  guint64         capacity;
  _Atomic guint32 current;
  MpListCopy      copies[2];
} MpListItem;

typedef struct
{
  _Atomic guint64 magic;    /* last of all when it is made */
  guint64         n_items;
  pthread_mutex_t mutex;
  MpListItem      items[];
} MpListHeader;

struct _MpShareableList
{
  GObject parent_instance;

  /* Owned */
  MpSharedMemory *memory;
  gsize          *capacities;
  gsize          *offsets;     /* of the first copy's bytes; those of the second follow them */

  guint           n_items;
};

/* Returns: (nullable): what the memory begins with, NULL when it is closed */
static inline MpListHeader *
_mp_list_get_header (MpShareableList *self)
{
  return mp_shared_memory_get_data (self->memory);
}

G_END_DECLS
