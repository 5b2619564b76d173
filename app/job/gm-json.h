/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define GM_JSON_ERROR (gm_json_error_quark ())

typedef enum
{
  GM_JSON_ERROR_SYNTAX,
  GM_JSON_ERROR_VALUE,
} GmJsonError;

/* Where a text stopped being JSON; counted from 1, columns in characters. */
typedef struct
{
  guint line;
  guint column;
} GmJsonPosition;

GQuark      gm_json_error_quark   (void);

/* Strict: the only way in for text of others. */
gboolean    gm_json_compact       (GString         *out,
                                   const char      *text,
                                   gsize            len,
                                   GmJsonPosition  *position,
                                   GError         **error);
JsonNode   *gm_json_parse         (const char      *text,
                                   gsize            len,
                                   GmJsonPosition  *position,
                                   GError         **error);

/* The only way out. */
void        gm_json_append_string (GString         *out,
                                   const char      *string,
                                   gssize           len);
void        gm_json_append_double (GString         *out,
                                   double           value);
void        gm_json_append_int    (GString         *out,
                                   gint64           value);
void        gm_json_append_node   (GString         *out,
                                   JsonNode        *node);
void        gm_json_append_pretty (GString         *out,
                                   JsonNode        *node);

/* For text that has passed gm_json_compact(): only gm_json_unescape() bears others. */
const char *gm_json_skip_space    (const char      *text);
const char *gm_json_skip          (const char      *text);
const char *gm_json_unescape      (GString         *out,
                                   const char      *text);
const char *gm_json_find_member   (const char      *object,
                                   const char      *name);
guint       gm_json_find_line     (const char      *text,
                                   const char      *path);

G_END_DECLS
