/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define GM_TYPE_PREFERENCES (gm_preferences_get_type ())
G_DECLARE_FINAL_TYPE (GmPreferences, gm_preferences, GM, PREFERENCES, AdwPreferencesWindow)

GtkWindow *gm_preferences_new (GtkWindow *parent);

G_END_DECLS
