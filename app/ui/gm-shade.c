/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-shade.h"

/* Colours alone would not tell everybody: what failed is hatched, what was tried again is lower. */

#define HATCH 6
#define SWATCH 12

static const struct
{
  const char *color;
  const char *name;  /* NULL: not in the legend */
  double      alpha;
} shades[GM_N_SHADES] = {
  [GM_SHADE_OK] = { "success_color", N_("Succeeded"), .85 },
  [GM_SHADE_CANCELLED] = { "window_fg_color", NULL, .4 },
  [GM_SHADE_RETRIED] = { "warning_color", N_("Tried Again"), .85 },
  [GM_SHADE_RUNNING] = { "accent_color", N_("Running"), .4 },
  [GM_SHADE_FAILED] = { "error_color", N_("Failed"), .85 },
};

/**
 * gm_shade_block:
 * @shade: what it means
 * @cr: where to draw
 * @x: where it is
 * @y: where it is
 * @width: in pixels
 * @height: of a whole block, in pixels
 *
 * Adds a block to the path.
 */
void
gm_shade_block (GmShade  shade,
                cairo_t *cr,
                double   x,
                double   y,
                double   width,
                double   height)
{
  double free = shade == GM_SHADE_RETRIED ? height * .4 : 0;

  cairo_rectangle (cr, x, y + free, width, height - free);
}

static cairo_pattern_t *
make_hatch (void)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, HATCH, HATCH);
  cairo_pattern_t *pattern = cairo_pattern_create_for_surface (surface);
  cairo_t *cr = cairo_create (surface);

  cairo_set_source_rgba (cr, 1, 1, 1, .5);
  cairo_set_line_width (cr, 1.5);
  for (int i = -1; i <= 1; i++)
    {
      cairo_move_to (cr, i * HATCH - 1, HATCH + 1);
      cairo_line_to (cr, i * HATCH + HATCH + 1, -1);
    }
  cairo_stroke (cr);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  cairo_pattern_set_extend (pattern, CAIRO_EXTEND_REPEAT);
  return pattern;
}

/**
 * gm_shade_fill:
 * @shade: what the path means
 * @cr: where to draw
 * @widget: whose colours to use
 *
 * Fills the path, and ends it.
 */
void
gm_shade_fill (GmShade    shade,
               cairo_t   *cr,
               GtkWidget *widget)
{
  static cairo_pattern_t *hatch;
  GdkRGBA color = { .alpha = 1 };

  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), shades[shade].color,
                                  &color);
  color.alpha = shades[shade].alpha;
  gdk_cairo_set_source_rgba (cr, &color);
  if (shade == GM_SHADE_FAILED)
    {
      if (hatch == NULL)
        hatch = make_hatch ();
      cairo_fill_preserve (cr);
      cairo_set_source (cr, hatch);
    }
  cairo_fill (cr);
}

static void
draw_swatch (GtkDrawingArea *area,
             cairo_t        *cr,
             int             width,
             int             height,
             gpointer        shade)
{
  gm_shade_block (GPOINTER_TO_UINT (shade), cr, 0, 0, width, height);
  gm_shade_fill (GPOINTER_TO_UINT (shade), cr, GTK_WIDGET (area));
}

static GtkWidget *
new_entry (GmShade shade)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *swatch = g_object_new (GTK_TYPE_DRAWING_AREA, "valign", GTK_ALIGN_CENTER,
                                    "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  GtkWidget *label = gtk_label_new (_(shades[shade].name));

  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (swatch), SWATCH);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (swatch), SWATCH);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (swatch), draw_swatch,
                                  GUINT_TO_POINTER (shade), NULL);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, "dim-label");
  gtk_box_append (GTK_BOX (box), swatch);
  gtk_box_append (GTK_BOX (box), label);
  return box;
}

/**
 * gm_shade_new_legend:
 *
 * Returns: a line that says what is what
 */
GtkWidget *
gm_shade_new_legend (void)
{
  GtkWidget *legend = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);

  for (GmShade shade = GM_SHADE_OK; shade < GM_N_SHADES; shade++)
    {
      if (shades[shade].name != NULL)
        gtk_box_append (GTK_BOX (legend), new_entry (shade));
    }
  return legend;
}
