/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sockets by the address that people write: see mp_listener_new(). */
int       _mp_socket_listen     (const char  *address,
                                 char       **bound,
                                 GError     **error);
int       _mp_socket_accept     (int          listener,
                                 char       **peer);
int       _mp_socket_connect    (const char  *address,
                                 gint64       deadline,
                                 GError     **error);
char     *_mp_socket_resolve    (const char  *address,
                                 GError     **error);
gboolean  _mp_socket_same_user  (int          socket);

G_END_DECLS
