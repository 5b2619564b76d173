/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * GmShade:
 * @GM_SHADE_NONE: nothing is there
 * @GM_SHADE_OK: an item that succeeded
 * @GM_SHADE_CANCELLED: one that was cancelled
 * @GM_SHADE_RETRIED: an attempt that failed and was followed by another one
 * @GM_SHADE_RUNNING: one that runs
 * @GM_SHADE_FAILED: one that failed in the end
 *
 * What the blocks of the timeline mean. What is later hides what is earlier.
 */
typedef enum
{
  GM_SHADE_NONE,
  GM_SHADE_OK,
  GM_SHADE_CANCELLED,
  GM_SHADE_RETRIED,
  GM_SHADE_RUNNING,
  GM_SHADE_FAILED,
} GmShade;

#define GM_N_SHADES (GM_SHADE_FAILED + 1)

void       gm_shade_block      (GmShade    shade,
                                cairo_t   *cr,
                                double     x,
                                double     y,
                                double     width,
                                double     height);
void       gm_shade_fill       (GmShade    shade,
                                cairo_t   *cr,
                                GtkWidget *widget);
GtkWidget *gm_shade_new_legend (void);

G_END_DECLS
