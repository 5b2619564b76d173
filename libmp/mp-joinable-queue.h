/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-queue.h"

G_BEGIN_DECLS

#define MP_TYPE_JOINABLE_QUEUE (mp_joinable_queue_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpJoinableQueue, mp_joinable_queue, MP, JOINABLE_QUEUE, MpQueue)

MP_EXPORT MpJoinableQueue *mp_joinable_queue_new          (guint64               max_size,
                                                           GError              **error);
MP_EXPORT gboolean         mp_joinable_queue_task_done    (MpJoinableQueue      *self,
                                                           GError              **error);
MP_EXPORT gboolean         mp_joinable_queue_join         (MpJoinableQueue      *self,
                                                           gint64                timeout,
                                                           GError              **error);
MP_EXPORT void             mp_joinable_queue_join_async   (MpJoinableQueue      *self,
                                                           GCancellable         *cancellable,
                                                           GAsyncReadyCallback   callback,
                                                           gpointer              user_data);
MP_EXPORT gboolean         mp_joinable_queue_join_finish  (MpJoinableQueue      *self,
                                                           GAsyncResult         *result,
                                                           GError              **error);

G_END_DECLS
