/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-queue.h"

G_BEGIN_DECLS

#define MP_TYPE_SIMPLE_QUEUE (mp_simple_queue_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpSimpleQueue, mp_simple_queue, MP, SIMPLE_QUEUE, MpQueue)

MP_EXPORT MpSimpleQueue *mp_simple_queue_new       (GError         **error);
MP_EXPORT gboolean       mp_simple_queue_put       (MpSimpleQueue   *self,
                                                    GVariant        *value,
                                                    GError         **error);
MP_EXPORT GVariant      *mp_simple_queue_get       (MpSimpleQueue   *self,
                                                    GError         **error);
MP_EXPORT gboolean       mp_simple_queue_is_empty  (MpSimpleQueue   *self);
MP_EXPORT void           mp_simple_queue_close     (MpSimpleQueue   *self);

G_END_DECLS
