/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-job.h"

G_BEGIN_DECLS

/* Reads the nodes of a job file and knows where it is, so that each error can say so. */
typedef struct
{
  GmJob       *job;
  GString     *path;    /* of the value at hand: $.task.command[0] */
  const char  *option;  /* where the value comes from if not from a file: --retries=-1 */
  GError     **error;
} GmParser;

gsize    gm_parser_enter_member   (GmParser           *self,
                                   const char         *name);
gsize    gm_parser_enter_element  (GmParser           *self,
                                   guint               index);
void     gm_parser_leave          (GmParser           *self,
                                   gsize               mark);

gboolean gm_parser_fail           (GmParser           *self,
                                   const char         *format,
                                   ...) G_GNUC_PRINTF (2, 3);
gboolean gm_parser_fail_expected  (GmParser           *self,
                                   const char         *expected,
                                   JsonNode           *node);
gboolean gm_parser_fail_unknown   (GmParser           *self,
                                   const char         *key,
                                   const char * const *known);

gboolean gm_parser_get_string     (GmParser           *self,
                                   JsonNode           *node,
                                   const char        **value);
gboolean gm_parser_get_text       (GmParser           *self,
                                   JsonNode           *node,
                                   const char        **value);
gboolean gm_parser_get_integer    (GmParser           *self,
                                   JsonNode           *node,
                                   gint64              min,
                                   gint64              max,
                                   const char         *expected,
                                   gint64             *value);
gboolean gm_parser_get_boolean    (GmParser           *self,
                                   JsonNode           *node,
                                   gboolean           *value);
gboolean gm_parser_get_number     (JsonNode           *node,
                                   double             *value);
gboolean gm_parser_get_percent    (JsonNode           *node,
                                   double             *value);
gboolean gm_parser_get_choice     (GmParser           *self,
                                   JsonNode           *node,
                                   const char * const *choices,
                                   guint              *value);
gboolean gm_parser_get_strings    (GmParser           *self,
                                   JsonNode           *node,
                                   const char         *expected,
                                   char             ***value);
gboolean gm_parser_get_array      (GmParser           *self,
                                   JsonNode           *node,
                                   JsonArray         **value);
gboolean gm_parser_get_object     (GmParser           *self,
                                   JsonNode           *node,
                                   JsonObject        **value);
gboolean gm_parser_get_kind       (GmParser           *self,
                                   JsonObject         *object,
                                   const char * const *kinds,
                                   guint              *kind);
gboolean gm_parser_check_keys     (GmParser           *self,
                                   JsonObject         *object,
                                   const char * const *known);

/* The parts of a job, each in a file of its own. */
gboolean gm_parser_read_job       (GmParser           *self,
                                   JsonNode           *root);
gboolean gm_parser_read_task      (GmParser           *self,
                                   JsonNode           *node);
gboolean gm_parser_read_inputs    (GmParser           *self,
                                   JsonNode           *node);

char    *gm_job_resolve_path      (GmJob              *job,
                                   const char         *path);

G_END_DECLS
