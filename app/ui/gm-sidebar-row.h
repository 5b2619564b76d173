/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GM_TYPE_SIDEBAR_ROW (gm_sidebar_row_get_type ())
G_DECLARE_FINAL_TYPE (GmSidebarRow, gm_sidebar_row, GM, SIDEBAR_ROW, GtkWidget)

GtkWidget *gm_sidebar_row_new      (void);
void       gm_sidebar_row_set_item (GmSidebarRow *self,
                                    gpointer      item);

G_END_DECLS
