/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

extern const guint8 gm_json_plain_bytes[256];

/* A byte that stands for itself in a string and is a character of its own. */
static inline gboolean
gm_json_is_plain (char c)
{
  return gm_json_plain_bytes[(guchar) c];
}

void  gm_json_append_char (GString    *out,
                           gunichar    c);
guint gm_json_utf8_length (const char *p,
                           const char *end);

G_END_DECLS
