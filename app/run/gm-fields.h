/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Members of objects that others wrote: what is missing, null or of another type reads as a
 * fallback, so that what another version wrote is shown as far as it is understood. */

gboolean    gm_field_has_int     (JsonObject  *object,
                                  const char  *name);
gint64      gm_field_get_int     (JsonObject  *object,
                                  const char  *name,
                                  gint64       fallback);
double      gm_field_get_double  (JsonObject  *object,
                                  const char  *name,
                                  double       fallback);
gboolean    gm_field_get_boolean (JsonObject  *object,
                                  const char  *name);
const char *gm_field_get_string  (JsonObject  *object,
                                  const char  *name,
                                  const char  *fallback);

G_END_DECLS
