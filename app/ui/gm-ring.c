/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "gm-ring.h"

#define SIZE 16
#define LINE_WIDTH 3

/* How far something is, as an arc as large as an icon. */
struct _GmRing
{
  GtkWidget parent_instance;

  double    fraction;  /* negative: not known */
};

G_DEFINE_FINAL_TYPE (GmRing, gm_ring, GTK_TYPE_WIDGET)

static void
gm_ring_measure (GtkWidget      *widget,
                 GtkOrientation  orientation,
                 int             for_size,
                 int            *minimum,
                 int            *natural,
                 int            *minimum_baseline,
                 int            *natural_baseline)
{
  *minimum = *natural = SIZE;
}

static void
gm_ring_snapshot (GtkWidget   *widget,
                  GtkSnapshot *snapshot)
{
  GmRing *self = GM_RING (widget);
  int width = gtk_widget_get_width (widget);
  int height = gtk_widget_get_height (widget);
  double fraction = self->fraction < 0 ? 0.25 : self->fraction;
  GdkRGBA color;
  cairo_t *cr;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  cairo_translate (cr, width / 2.0, height / 2.0);
  cairo_set_line_width (cr, LINE_WIDTH);
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, color.alpha * 0.2);
  cairo_arc (cr, 0, 0, (SIZE - LINE_WIDTH) / 2.0, 0, 2 * G_PI);
  cairo_stroke (cr);
  gdk_cairo_set_source_rgba (cr, &color);
  cairo_arc (cr, 0, 0, (SIZE - LINE_WIDTH) / 2.0, -G_PI / 2, -G_PI / 2 + 2 * G_PI * fraction);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
gm_ring_class_init (GmRingClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = gm_ring_measure;
  widget_class->snapshot = gm_ring_snapshot;
  gtk_widget_class_set_css_name (widget_class, "ring");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PROGRESS_BAR);
}

static void
gm_ring_init (GmRing *self)
{
  self->fraction = -1;
}

/**
 * gm_ring_set_fraction:
 * @self: a ring
 * @fraction: from 0 to 1, negative if not known
 *
 * Says how far it is.
 */
void
gm_ring_set_fraction (GmRing *self,
                      double  fraction)
{
  /* Less than this can't be seen. */
  if (fabs (self->fraction - fraction) < 0.005)
    return;
  self->fraction = fraction;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, 1.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, MAX (fraction, 0.0),
                                  -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
