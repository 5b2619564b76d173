/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GM_TYPE_PROGRESS_BAR (gm_progress_bar_get_type ())
G_DECLARE_FINAL_TYPE (GmProgressBar, gm_progress_bar, GM, PROGRESS_BAR, GtkWidget)

void gm_progress_bar_set (GmProgressBar *self,
                          double         succeeded,
                          double         failed);

G_END_DECLS
