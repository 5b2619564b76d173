/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <gio/gio.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_ASYNC_RESULT (mp_async_result_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpAsyncResult, mp_async_result, MP, ASYNC_RESULT, GObject)

/**
 * MpCallback:
 * @value: the value
 * @user_data: of who has asked
 *
 * Called once with the value that is ready, in the pool's main context or inside a blocking call on
 * the pool.
 */
typedef void (*MpCallback)      (GVariant     *value,
                                 gpointer      user_data);

/**
 * MpErrorCallback:
 * @error: the first error in time
 * @user_data: of who has asked
 *
 * Called once instead of an [callback@Callback].
 */
typedef void (*MpErrorCallback) (const GError *error,
                                 gpointer      user_data);

MP_EXPORT GVariant *mp_async_result_get        (MpAsyncResult  *self,
                                                gint64          timeout,
                                                GError        **error);
MP_EXPORT void      mp_async_result_get_async  (MpAsyncResult       *self,
                                                GCancellable        *cancellable,
                                                GAsyncReadyCallback  callback,
                                                gpointer             user_data);
MP_EXPORT GVariant *mp_async_result_get_finish (MpAsyncResult       *self,
                                                GAsyncResult        *result,
                                                GError             **error);
MP_EXPORT gboolean  mp_async_result_wait       (MpAsyncResult  *self,
                                                gint64          timeout);
MP_EXPORT gboolean  mp_async_result_ready      (MpAsyncResult  *self);
MP_EXPORT gboolean  mp_async_result_successful (MpAsyncResult  *self);

G_END_DECLS
