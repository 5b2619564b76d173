/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-shared-object.h"

G_BEGIN_DECLS

#define MP_TYPE_EVENT (mp_event_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpEvent, mp_event, MP, EVENT, MpSharedObject)

MP_EXPORT MpEvent  *mp_event_new          (GError              **error);
MP_EXPORT gboolean  mp_event_is_set       (MpEvent              *self);
MP_EXPORT void      mp_event_set          (MpEvent              *self);
MP_EXPORT void      mp_event_clear        (MpEvent              *self);
MP_EXPORT gboolean  mp_event_wait         (MpEvent              *self,
                                           gint64                timeout,
                                           GError              **error);
MP_EXPORT void      mp_event_wait_async   (MpEvent              *self,
                                           GCancellable         *cancellable,
                                           GAsyncReadyCallback   callback,
                                           gpointer              user_data);
MP_EXPORT gboolean  mp_event_wait_finish  (MpEvent              *self,
                                           GAsyncResult         *result,
                                           GError              **error);

G_END_DECLS
