/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-lock.h"

G_BEGIN_DECLS

#define MP_TYPE_SEMAPHORE (mp_semaphore_get_type ())
MP_EXPORT G_DECLARE_DERIVABLE_TYPE (MpSemaphore, mp_semaphore, MP, SEMAPHORE, MpSharedObject)

struct _MpSemaphoreClass
{
  MpSharedObjectClass parent_class;

  gpointer padding[8];
};

MP_EXPORT MpSemaphore *mp_semaphore_new             (guint                 value,
                                                     GError              **error);
MP_EXPORT MpAcquired   mp_semaphore_acquire         (MpSemaphore          *self,
                                                     gint64                timeout,
                                                     GError              **error);
MP_EXPORT void         mp_semaphore_acquire_async   (MpSemaphore          *self,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
MP_EXPORT MpAcquired   mp_semaphore_acquire_finish  (MpSemaphore          *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);
MP_EXPORT gboolean     mp_semaphore_release         (MpSemaphore          *self,
                                                     GError              **error);
MP_EXPORT guint        mp_semaphore_get_value       (MpSemaphore          *self);

#define MP_TYPE_BOUNDED_SEMAPHORE (mp_bounded_semaphore_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpBoundedSemaphore, mp_bounded_semaphore, MP, BOUNDED_SEMAPHORE,
                                MpSemaphore)

MP_EXPORT MpBoundedSemaphore *mp_bounded_semaphore_new (guint    value,
                                                        GError **error);

G_END_DECLS
