/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "gm-run-store.h"

G_BEGIN_DECLS

#define GM_TYPE_APPLICATION (gm_application_get_type ())
G_DECLARE_FINAL_TYPE (GmApplication, gm_application, GM, APPLICATION, AdwApplication)

GmApplication *gm_application_new        (GApplicationFlags  flags);
GmRunStore    *gm_application_get_runs   (GmApplication     *self);
void           gm_application_say_closed (GmApplication     *self);

G_END_DECLS
