/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

GVariant *gm_json_to_variant     (const char  *text,
                                  gsize        len,
                                  GError     **error);
gboolean  gm_json_append_variant (GString     *out,
                                  GVariant    *value,
                                  GError     **error);

G_END_DECLS
