/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef GVariant *(*GmFunction) (GVariant  *item,
                                 GError   **error);

GmFunction gm_builtin_lookup (const char *name);

G_END_DECLS
