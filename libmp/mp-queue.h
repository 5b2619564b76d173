/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-shared-object.h"

G_BEGIN_DECLS

#define MP_TYPE_QUEUE (mp_queue_get_type ())
MP_EXPORT G_DECLARE_DERIVABLE_TYPE (MpQueue, mp_queue, MP, QUEUE, MpSharedObject)

struct _MpQueueClass
{
  MpSharedObjectClass parent_class;

  gpointer padding[8];
};

MP_EXPORT MpQueue  *mp_queue_new           (guint64               max_size,
                                            GError              **error);
MP_EXPORT gboolean  mp_queue_put           (MpQueue              *self,
                                            GVariant             *value,
                                            gint64                timeout,
                                            GError              **error);
MP_EXPORT void      mp_queue_put_async     (MpQueue              *self,
                                            GVariant             *value,
                                            GCancellable         *cancellable,
                                            GAsyncReadyCallback   callback,
                                            gpointer              user_data);
MP_EXPORT gboolean  mp_queue_put_finish    (MpQueue              *self,
                                            GAsyncResult         *result,
                                            GError              **error);
MP_EXPORT GVariant *mp_queue_get           (MpQueue              *self,
                                            gint64                timeout,
                                            GError              **error);
MP_EXPORT void      mp_queue_get_async     (MpQueue              *self,
                                            GCancellable         *cancellable,
                                            GAsyncReadyCallback   callback,
                                            gpointer              user_data);
MP_EXPORT GVariant *mp_queue_get_finish    (MpQueue              *self,
                                            GAsyncResult         *result,
                                            GError              **error);
MP_EXPORT guint64   mp_queue_get_size      (MpQueue              *self);
MP_EXPORT guint64   mp_queue_get_max_size  (MpQueue              *self);
MP_EXPORT gboolean  mp_queue_is_empty      (MpQueue              *self);
MP_EXPORT gboolean  mp_queue_is_full       (MpQueue              *self);
MP_EXPORT void      mp_queue_shut_down     (MpQueue              *self);
MP_EXPORT void      mp_queue_close         (MpQueue              *self);

G_END_DECLS
