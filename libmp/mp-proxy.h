/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <gio/gio.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_PROXY (mp_proxy_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpProxy, mp_proxy, MP, PROXY, GObject)

MP_EXPORT const char *mp_proxy_get_type_id  (MpProxy              *self);
MP_EXPORT GVariant   *mp_proxy_call         (MpProxy              *self,
                                             const char           *method,
                                             GVariant             *args,
                                             gint64                timeout,
                                             GError              **error);
MP_EXPORT void        mp_proxy_call_async   (MpProxy              *self,
                                             const char           *method,
                                             GVariant             *args,
                                             gint64                timeout,
                                             GCancellable         *cancellable,
                                             GAsyncReadyCallback   callback,
                                             gpointer              user_data);
MP_EXPORT GVariant   *mp_proxy_call_finish  (MpProxy              *self,
                                             GAsyncResult         *result,
                                             GError              **error);
MP_EXPORT GVariant   *mp_proxy_get_value    (MpProxy              *self,
                                             GError              **error);

G_END_DECLS
