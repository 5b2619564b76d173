/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "gm-results-index.h"

G_BEGIN_DECLS

#define GM_TYPE_DURATIONS (gm_durations_get_type ())
G_DECLARE_FINAL_TYPE (GmDurations, gm_durations, GM, DURATIONS, GtkWidget)

void gm_durations_update (GmDurations     *self,
                          GmResultsIndex  *index);

G_END_DECLS
