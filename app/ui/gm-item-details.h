/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "gm-run.h"

G_BEGIN_DECLS

#define GM_TYPE_ITEM_DETAILS (gm_item_details_get_type ())
G_DECLARE_FINAL_TYPE (GmItemDetails, gm_item_details, GM, ITEM_DETAILS, GtkWidget)

void gm_item_details_show (GmItemDetails *self,
                           GmRun         *run,
                           guint          row);

G_END_DECLS
