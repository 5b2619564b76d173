/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-application.h"

G_BEGIN_DECLS

#define GM_TYPE_WINDOW (gm_window_get_type ())
G_DECLARE_FINAL_TYPE (GmWindow, gm_window, GM, WINDOW, AdwApplicationWindow)

GmWindow *gm_window_new (GmApplication *application);

G_END_DECLS
