/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* `YYYYMMDD-HHMMSS`: what an id begins with. */
#define GM_RUN_ID_STAMP 15

char     *gm_run_id_new    (const char  *name,
                            gint64       seconds,
                            guint16      random);
gboolean  gm_run_id_is_one (const char  *text);

G_END_DECLS
