/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-store.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GM_TYPE_SIDEBAR (gm_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (GmSidebar, gm_sidebar, GM, SIDEBAR, GtkWidget)

void     gm_sidebar_set_models    (GmSidebar   *self,
                                   GmRunStore  *runs,
                                   GListModel  *drafts);
void     gm_sidebar_set_selected  (GmSidebar   *self,
                                   gpointer     item);
void     gm_sidebar_begin_search  (GmSidebar   *self);
gboolean gm_sidebar_get_has_items (GmSidebar   *self);

G_END_DECLS
