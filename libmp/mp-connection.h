/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_CONNECTION (mp_connection_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpConnection, mp_connection, MP, CONNECTION, GObject)

MP_EXPORT gboolean      mp_pipe                         (gboolean        duplex,
                                                         MpConnection  **first,
                                                         MpConnection  **second,
                                                         GError        **error);
MP_EXPORT gboolean      mp_connection_send              (MpConnection   *self,
                                                         GVariant       *value,
                                                         GError        **error);
MP_EXPORT GVariant     *mp_connection_recv              (MpConnection   *self,
                                                         GError        **error);
MP_EXPORT gboolean      mp_connection_send_bytes        (MpConnection   *self,
                                                         const void     *data,
                                                         gsize           size,
                                                         GError        **error);
MP_EXPORT GBytes       *mp_connection_recv_bytes        (MpConnection   *self,
                                                         gsize           max_length,
                                                         GError        **error);
MP_EXPORT gssize        mp_connection_recv_bytes_into   (MpConnection   *self,
                                                         void           *buffer,
                                                         gsize           size,
                                                         GError        **error);
MP_EXPORT gboolean      mp_connection_poll              (MpConnection   *self,
                                                         gint64          timeout,
                                                         GError        **error);
MP_EXPORT int           mp_connection_get_fd            (MpConnection   *self);
MP_EXPORT gboolean      mp_connection_get_readable      (MpConnection   *self);
MP_EXPORT gboolean      mp_connection_get_writable      (MpConnection   *self);
MP_EXPORT gboolean      mp_connection_get_closed        (MpConnection   *self);
MP_EXPORT void          mp_connection_close             (MpConnection   *self);

G_END_DECLS
