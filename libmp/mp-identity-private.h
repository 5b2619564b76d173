/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A process, and not another one that got its number: the number and when it began. */
guint64   _mp_identity_get_own   (void);
int       _mp_identity_open      (guint64 identity);
gboolean  _mp_identity_is_alive  (guint64 identity);

G_END_DECLS
