/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GM_TYPE_RING (gm_ring_get_type ())
G_DECLARE_FINAL_TYPE (GmRing, gm_ring, GM, RING, GtkWidget)

void gm_ring_set_fraction (GmRing *self,
                           double  fraction);

G_END_DECLS
