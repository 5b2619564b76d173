/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "gm-draft.h"

G_BEGIN_DECLS

#define GM_TYPE_DEFINE_PAGE (gm_define_page_get_type ())
G_DECLARE_FINAL_TYPE (GmDefinePage, gm_define_page, GM, DEFINE_PAGE, GtkWidget)

void        gm_define_page_set_draft   (GmDefinePage *self,
                                        GmDraft      *draft);
void        gm_define_page_show_source (GmDefinePage *self,
                                        gboolean      show);
void        gm_define_page_begin       (GmDefinePage *self);
const char *gm_define_page_get_reason  (GmDefinePage *self);

G_END_DECLS
