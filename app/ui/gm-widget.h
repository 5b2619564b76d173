/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void gm_widget_drop_children (GtkWidget  *widget);
void gm_widget_set_style     (GtkWidget  *widget,
                              const char *style);
void gm_widget_set_hint      (GtkWidget  *widget,
                              const char *hint);

void gm_widget_align_title           (GtkWidget *view,
                                      guint      column);
void gm_widget_begin_at_first_column (GtkWidget *view);

G_END_DECLS
