/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-shared-object.h"

G_BEGIN_DECLS

#define MP_TYPE_BARRIER (mp_barrier_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpBarrier, mp_barrier, MP, BARRIER, MpSharedObject)

MP_EXPORT MpBarrier *mp_barrier_new            (guint                 parties,
                                                const char           *action,
                                                gint64                timeout,
                                                GError              **error);
MP_EXPORT int        mp_barrier_wait           (MpBarrier            *self,
                                                gint64                timeout,
                                                GError              **error);
MP_EXPORT void       mp_barrier_wait_async     (MpBarrier            *self,
                                                GCancellable         *cancellable,
                                                GAsyncReadyCallback   callback,
                                                gpointer              user_data);
MP_EXPORT int        mp_barrier_wait_finish    (MpBarrier            *self,
                                                GAsyncResult         *result,
                                                GError              **error);
MP_EXPORT void       mp_barrier_reset          (MpBarrier            *self);
MP_EXPORT void       mp_barrier_abort          (MpBarrier            *self);
MP_EXPORT guint      mp_barrier_get_parties    (MpBarrier            *self);
MP_EXPORT guint      mp_barrier_get_n_waiting  (MpBarrier            *self);
MP_EXPORT gboolean   mp_barrier_get_broken     (MpBarrier            *self);

G_END_DECLS
