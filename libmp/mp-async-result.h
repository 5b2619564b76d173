/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_ASYNC_RESULT (mp_async_result_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpAsyncResult, mp_async_result, MP, ASYNC_RESULT, GObject)

/* Called in the pool's main context, or inside a blocking call on the pool, once. */
typedef void (*MpCallback)      (GVariant     *value,
                                 gpointer      user_data);
typedef void (*MpErrorCallback) (const GError *error,
                                 gpointer      user_data);

MP_EXPORT GVariant *mp_async_result_get        (MpAsyncResult  *self,
                                                gint64          timeout,
                                                GError        **error);
MP_EXPORT gboolean  mp_async_result_wait       (MpAsyncResult  *self,
                                                gint64          timeout);
MP_EXPORT gboolean  mp_async_result_ready      (MpAsyncResult  *self);
MP_EXPORT gboolean  mp_async_result_successful (MpAsyncResult  *self);

G_END_DECLS
