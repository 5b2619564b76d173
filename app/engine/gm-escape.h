/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void  gm_escape_controls (GString    *out,
                          const char *text,
                          gsize       length);
char *gm_quote           (const char *text,
                          gsize       length);

G_END_DECLS
