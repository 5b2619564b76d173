/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <gio/gio.h>
#include "mp-connection.h"

G_BEGIN_DECLS

#define MP_TYPE_LISTENER (mp_listener_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpListener, mp_listener, MP, LISTENER, GObject)

MP_EXPORT MpListener   *mp_listener_new                (const char           *address,
                                                        GBytes               *authkey,
                                                        GError              **error);
MP_EXPORT MpConnection *mp_listener_accept             (MpListener           *self,
                                                        gint64                timeout,
                                                        GError              **error);
MP_EXPORT void          mp_listener_accept_async       (MpListener           *self,
                                                        GCancellable         *cancellable,
                                                        GAsyncReadyCallback   callback,
                                                        gpointer              user_data);
MP_EXPORT MpConnection *mp_listener_accept_finish      (MpListener           *self,
                                                        GAsyncResult         *result,
                                                        GError              **error);
MP_EXPORT const char   *mp_listener_get_address        (MpListener           *self);
MP_EXPORT const char   *mp_listener_get_last_accepted  (MpListener           *self);
MP_EXPORT void          mp_listener_close              (MpListener           *self);

MP_EXPORT MpConnection *mp_client                      (const char           *address,
                                                        GBytes               *authkey,
                                                        gint64                timeout,
                                                        GError              **error);

MP_EXPORT gboolean      mp_deliver_challenge           (MpConnection         *connection,
                                                        GBytes               *authkey,
                                                        gint64                timeout,
                                                        GError              **error);
MP_EXPORT gboolean      mp_answer_challenge            (MpConnection         *connection,
                                                        GBytes               *authkey,
                                                        gint64                timeout,
                                                        GError              **error);

MP_EXPORT GPtrArray    *mp_connection_wait             (gpointer             *objects,
                                                        guint                 n_objects,
                                                        gint64                timeout,
                                                        GError              **error);

G_END_DECLS
