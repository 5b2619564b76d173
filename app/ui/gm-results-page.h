/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-page.h"

G_BEGIN_DECLS

#define GM_TYPE_RESULTS_PAGE (gm_results_page_get_type ())
G_DECLARE_FINAL_TYPE (GmResultsPage, gm_results_page, GM, RESULTS_PAGE, GmRunPage)

G_END_DECLS
