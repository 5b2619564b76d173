/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

int gm_run_socket_listen  (const char  *dir,
                           const char  *id,
                           char       **path,
                           GError     **error);
int gm_run_socket_connect (const char  *dir,
                           const char  *id,
                           GError     **error);

G_END_DECLS
