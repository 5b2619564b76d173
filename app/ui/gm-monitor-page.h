/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-page.h"

G_BEGIN_DECLS

#define GM_TYPE_MONITOR_PAGE (gm_monitor_page_get_type ())
G_DECLARE_FINAL_TYPE (GmMonitorPage, gm_monitor_page, GM, MONITOR_PAGE, GmRunPage)

G_END_DECLS
