/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-segment-private.h"
#include "mp-shared-object.h"

G_BEGIN_DECLS

typedef struct
{
  MpPlace  place;
  gboolean closed;  /* accessed atomically: its value stands for nothing any more */
} MpSharedObjectPrivate;

extern int _mp_shared_object_offset;

/* For every use of a lock, so inline. */
static inline MpSharedObjectPrivate *
_mp_shared_object_get_private (gpointer self)
{
  return G_STRUCT_MEMBER_P (self, _mp_shared_object_offset);
}

static inline gpointer
_mp_shared_object_get_memory (gpointer self)
{
  return _mp_shared_object_get_private (self)->place.memory;
}

static inline MpSegment *
_mp_shared_object_get_segment (gpointer self)
{
  return _mp_shared_object_get_private (self)->place.segment;
}

gpointer  _mp_shared_object_new   (GType     type,
                                   gsize     size,
                                   GError  **error);
gboolean  _mp_shared_object_fits  (gpointer  self,
                                   guint64   size);

G_END_DECLS
