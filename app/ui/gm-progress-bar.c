/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-progress-bar.h"

#define HEIGHT 8

/**
 * GmProgressBar:
 *
 * How much of a run is done, and how much of that has failed.
 */
struct _GmProgressBar
{
  GtkWidget parent_instance;

  double    succeeded;  /* of 1 */
  double    failed;
};

G_DEFINE_FINAL_TYPE (GmProgressBar, gm_progress_bar, GTK_TYPE_WIDGET)

static void
draw_part (GtkWidget   *widget,
           GtkSnapshot *snapshot,
           const char  *name,
           double       from,
           double       to)
{
  float width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  /* A single failure among a million is seen, too. */
  float start = from * width, length = to > from ? MAX ((to - from) * width, 3) : 0;
  GdkRGBA color;

  if (length <= 0
      || !gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), name, &color))
    return;
  start = MIN (start, width - length);
  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    start = width - start - length;
  gtk_snapshot_append_color (snapshot, &color, &GRAPHENE_RECT_INIT (start, 0, length, height));
}

static void
gm_progress_bar_snapshot (GtkWidget   *widget,
                          GtkSnapshot *snapshot)
{
  GmProgressBar *self = GM_PROGRESS_BAR (widget);

  draw_part (widget, snapshot, "accent_bg_color", 0, self->succeeded);
  draw_part (widget, snapshot, "error_bg_color", self->succeeded, self->succeeded + self->failed);
}

static void
gm_progress_bar_measure (GtkWidget      *widget,
                         GtkOrientation  orientation,
                         int             for_size,
                         int            *minimum,
                         int            *natural,
                         int            *minimum_baseline,
                         int            *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 60;
}

static void
gm_progress_bar_class_init (GmProgressBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = gm_progress_bar_snapshot;
  widget_class->measure = gm_progress_bar_measure;
  gtk_widget_class_set_css_name (widget_class, "runprogress");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PROGRESS_BAR);
}

static void
gm_progress_bar_init (GmProgressBar *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, 1.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, 0.0, -1);
}

/**
 * gm_progress_bar_set:
 * @self: a bar
 * @succeeded: share of all that has succeeded, from 0 to 1
 * @failed: share of all that has not
 */
void
gm_progress_bar_set (GmProgressBar *self,
                     double         succeeded,
                     double         failed)
{
  if (succeeded == self->succeeded && failed == self->failed)
    return;
  self->succeeded = succeeded;
  self->failed = failed;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW,
                                  succeeded + failed, -1);
}
