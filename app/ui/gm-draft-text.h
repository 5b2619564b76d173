/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *gm_draft_text_new            (const char * const  *paths);
JsonNode *gm_draft_text_inputs     (const char * const  *paths);
char *gm_draft_text_with_member    (JsonNode            *root,
                                    const char          *path,
                                    JsonNode            *value);
void  gm_draft_text_append_escaped (GString             *out,
                                    const char          *path);

G_END_DECLS
