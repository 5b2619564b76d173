/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-page.h"

G_BEGIN_DECLS

#define GM_TYPE_LOG_PAGE (gm_log_page_get_type ())
G_DECLARE_FINAL_TYPE (GmLogPage, gm_log_page, GM, LOG_PAGE, GmRunPage)

G_END_DECLS
