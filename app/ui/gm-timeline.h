/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-data.h"
#include "gm-time-span.h"

G_BEGIN_DECLS

#define GM_TYPE_TIMELINE (gm_timeline_get_type ())
G_DECLARE_FINAL_TYPE (GmTimeline, gm_timeline, GM, TIMELINE, GtkWidget)

GtkWidget *gm_timeline_new    (GmTimeSpan       *span);
void       gm_timeline_update (GmTimeline       *self,
                               GmRunData        *data,
                               const GmSnapshot *snapshot);

G_END_DECLS
