/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Wall clock, microseconds. */
#define GM_TYPE_TIME_SPAN (gm_time_span_get_type ())
G_DECLARE_FINAL_TYPE (GmTimeSpan, gm_time_span, GM, TIME_SPAN, GObject)

GmTimeSpan *gm_time_span_new           (void);
void        gm_time_span_set_limits    (GmTimeSpan  *self,
                                        gint64       first,
                                        gint64       last,
                                        gboolean     live);
gint64      gm_time_span_get_from      (GmTimeSpan  *self);
gint64      gm_time_span_get_to        (GmTimeSpan  *self);
gint64      gm_time_span_get_last      (GmTimeSpan  *self);
gboolean    gm_time_span_get_selection (GmTimeSpan  *self,
                                        gint64      *from,
                                        gint64      *to);
void        gm_time_span_select        (GmTimeSpan  *self,
                                        gint64       from,
                                        gint64       to);
void        gm_time_span_zoom          (GmTimeSpan  *self,
                                        double       factor,
                                        double       around);
void        gm_time_span_pan           (GmTimeSpan  *self,
                                        double       share);
void        gm_time_span_show_all      (GmTimeSpan  *self);
void        gm_time_span_follow        (GmTimeSpan  *self);
void        gm_time_span_control       (GmTimeSpan  *self,
                                        GtkWidget   *widget);
void        gm_time_span_draw          (GmTimeSpan  *self,
                                        GtkWidget   *widget,
                                        GtkSnapshot *snapshot);

G_END_DECLS
