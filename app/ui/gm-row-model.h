/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define GM_TYPE_ROW (gm_row_get_type ())
G_DECLARE_FINAL_TYPE (GmRow, gm_row, GM, ROW, GObject)

guint       gm_row_get_number       (GmRow       *self);

#define GM_TYPE_ROW_MODEL (gm_row_model_get_type ())
G_DECLARE_FINAL_TYPE (GmRowModel, gm_row_model, GM, ROW_MODEL, GObject)

GmRowModel *gm_row_model_new        (void);
guint       gm_row_model_get_number (GmRowModel  *self,
                                     guint        position);
void        gm_row_model_show       (GmRowModel  *self,
                                     GArray      *rows,
                                     guint        n);
void        gm_row_model_touch      (GmRowModel  *self);

G_END_DECLS
