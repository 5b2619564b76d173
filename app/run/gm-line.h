/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void        gm_line_add_int       (GString     *line,
                                   const char  *name,
                                   gint64       value);
void        gm_line_add_double    (GString     *line,
                                   const char  *name,
                                   double       value);
void        gm_line_add_string    (GString     *line,
                                   const char  *name,
                                   const char  *value);
void        gm_line_add_signal    (GString     *line,
                                   int          number);
void        gm_line_add_seconds   (GString     *line,
                                   const char  *name,
                                   gint64       nanoseconds);
void        gm_line_add_moment    (GString     *line,
                                   const char  *name,
                                   gint64       microseconds);
void        gm_line_add_output    (GString     *line,
                                   const char  *name,
                                   const void  *data,
                                   gsize        size);
void        gm_line_end           (GString     *line);
const char *gm_line_find          (const char  *line,
                                   const char  *name);

void        gm_append_seconds     (GString     *out,
                                   gint64       nanoseconds);
void        gm_append_moment      (GString     *out,
                                   gint64       microseconds);
void        gm_append_base64      (GString     *out,
                                   const void  *data,
                                   gsize        size);
char       *gm_signal_to_string   (int          number);

G_END_DECLS
