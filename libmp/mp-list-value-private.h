/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What kinds of values a shareable list has, by Python's letters where there are any. */
typedef enum
{
  MP_LIST_NONE = 'x',
  MP_LIST_BOOL = '?',
  MP_LIST_INT = 'q',
  MP_LIST_FLOAT = 'd',
  MP_LIST_STRING = 's',
  MP_LIST_BYTES = 'b',
} MpListKind;

/* One value as it lies in shared memory. */
typedef struct
{
  MpListKind    kind;
  gsize         size;
  gconstpointer data;    /* borrowed, @size bytes */
  gint64        number;  /* where @data of an integer or truth value lies */
  double        real;
} MpListValue;

gboolean  _mp_list_value_init        (MpListValue        *self,
                                      GVariant           *variant,
                                      GError            **error);
GVariant *_mp_list_value_to_variant  (const MpListValue  *self,
                                      GError            **error);
gboolean  _mp_list_value_equal       (const MpListValue  *self,
                                      const MpListValue  *other);

G_END_DECLS
