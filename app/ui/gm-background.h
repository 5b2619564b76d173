/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "gm-run-store.h"

G_BEGIN_DECLS

#define GM_TYPE_BACKGROUND (gm_background_get_type ())
G_DECLARE_FINAL_TYPE (GmBackground, gm_background, GM, BACKGROUND, GObject)

GmBackground *gm_background_new        (GtkApplication *application,
                                        GmRunStore     *runs);
void          gm_background_say_closed (GmBackground   *self);

G_END_DECLS
