/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "gm-results-index.h"

G_BEGIN_DECLS

#define GM_TYPE_FAILURES (gm_failures_get_type ())
G_DECLARE_FINAL_TYPE (GmFailures, gm_failures, GM, FAILURES, GtkWidget)

void gm_failures_update (GmFailures      *self,
                         GmResultsIndex  *index);

G_END_DECLS
