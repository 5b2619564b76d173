/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdatomic.h>

G_BEGIN_DECLS

/* Memory that processes share: a memfd, mapped, and the bell that is rung when something in it has
 * changed, an eventfd. A process has each one mapped once, however often it receives it. */
typedef struct _MpSegment MpSegment;

/* Where a shared object lies. */
typedef struct
{
  MpSegment *segment;  /* owned */
  guint64    offset;
  gpointer   memory;   /* of the object */
} MpPlace;

/* The place in values: memory, bell, offset. */
#define MP_PLACE_TYPE_STRING "(hht)"

MpSegment *_mp_segment_new          (guint64      size,
                                     guint64      smallest,
                                     GError     **error);
void       _mp_segment_unref        (MpSegment   *segment);
gpointer   _mp_segment_get_base     (MpSegment   *segment);
guint64    _mp_segment_get_size     (MpSegment   *segment);
int        _mp_segment_get_memory   (MpSegment   *segment);
int        _mp_segment_get_bell     (MpSegment   *segment);
void       _mp_segment_listen       (MpSegment   *segment);
void       _mp_segment_ring         (MpSegment   *segment);
gboolean   _mp_segment_make_pair    (MpSegment   *segment,
                                     GError     **error);
gboolean   _mp_segment_take_pair    (MpSegment   *segment,
                                     const int    sockets[2]);
const int *_mp_segment_get_pair     (MpSegment   *segment);
void       _mp_segments_after_fork  (GArray      *passed);

gboolean   _mp_place_new            (MpPlace     *place,
                                     gsize        size,
                                     GError     **error);
void       _mp_place_clear          (MpPlace     *place);
GVariant  *_mp_place_to_variant     (MpPlace     *place);
gboolean   _mp_place_from_variant   (MpPlace     *place,
                                     GVariant    *variant,
                                     gsize        size,
                                     GError     **error);

#define MP_SEGMENT_HEADER 128

G_END_DECLS
