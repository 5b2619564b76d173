/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-durations.h"

#include "gm-format.h"
#include "gm-results-stats.h"
#include "gm-text.h"

/**
 * GmDurations:
 *
 * How long items took: a histogram, percentiles, and the slowest ten.
 */
struct _GmDurations
{
  GtkWidget parent_instance;

  /* Children */
  GtkWidget      *box;
  GtkWidget      *chart;
  GtkWidget      *text;
  GtkWidget      *slowest;

  GmResultsStats  stats;
};

G_DEFINE_FINAL_TYPE (GmDurations, gm_durations, GTK_TYPE_WIDGET)

static void
draw_cb (GtkDrawingArea *area,
         cairo_t        *cr,
         int             width,
         int             height,
         gpointer        user_data)
{
  GmDurations *self = user_data;
  guint most = 1;
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (area)), &color);
  gdk_cairo_set_source_rgba (cr, &color);
  for (guint i = 0; i < GM_STATS_BUCKETS; i++)
    most = MAX (most, self->stats.buckets[i]);
  for (guint i = 0; i < GM_STATS_BUCKETS; i++)
    {
      double w = (double) width / GM_STATS_BUCKETS;
      double h = self->stats.buckets[i] * (height - 1.0) / most;

      if (self->stats.buckets[i] > 0)
        cairo_rectangle (cr, i * w + 1, height - MAX (h, 1), w - 2, MAX (h, 1));
    }
  cairo_fill (cr);
}

static void
gm_durations_dispose (GObject *object)
{
  GmDurations *self = GM_DURATIONS (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);

  G_OBJECT_CLASS (gm_durations_parent_class)->dispose (object);
}

static void
gm_durations_class_init (GmDurationsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = gm_durations_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
gm_durations_init (GmDurations *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  self->chart = g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG,
                              "content-width", 280, "content-height", 96, NULL);
  gtk_widget_add_css_class (self->chart, "accent");
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->chart), draw_cb, self, NULL);
  self->text = gtk_label_new (NULL);
  gtk_widget_add_css_class (self->text, "numeric");
  gtk_widget_add_css_class (self->text, "caption");
  self->slowest = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_box_append (GTK_BOX (self->box), self->chart);
  gtk_box_append (GTK_BOX (self->box), self->text);
  gtk_box_append (GTK_BOX (self->box), self->slowest);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

static void
fill_slowest (GmDurations    *self,
              GmResultsIndex *index)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (self->slowest)) != NULL)
    gtk_box_remove (GTK_BOX (self->slowest), child);
  for (guint i = 0; i < self->stats.n_slowest; i++)
    {
      const GmResultsRow *row = gm_results_index_get_row (index, self->stats.slowest[i]);
      g_autofree char *duration = gm_format_duration (row->duration);
      g_autofree char *number = gm_text_number ((gint64) row->index);
      g_autofree char *text = g_strdup_printf (_("Item %s: %s"), number, duration);
      GtkWidget *button = gtk_button_new_with_label (text);

      gtk_widget_add_css_class (button, "flat");
      gtk_label_set_xalign (GTK_LABEL (gtk_button_get_child (GTK_BUTTON (button))), 0);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "results.show-item");
      gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "t", row->index);
      gtk_box_append (GTK_BOX (self->slowest), button);
    }
}

/**
 * gm_durations_update:
 * @self: the view
 * @index: of what
 */
void
gm_durations_update (GmDurations    *self,
                     GmResultsIndex *index)
{
  g_autofree char *p50 = NULL;
  g_autofree char *p95 = NULL;
  g_autofree char *p99 = NULL;
  g_autofree char *low = NULL;
  g_autofree char *high = NULL;
  g_autofree char *text = NULL;

  gm_results_stats_read (&self->stats, index, G_MININT64, G_MAXINT64);
  p50 = gm_format_duration (self->stats.p50);
  p95 = gm_format_duration (self->stats.p95);
  p99 = gm_format_duration (self->stats.p99);
  low = gm_format_duration (self->stats.shortest);
  high = gm_format_duration (self->stats.longest);
  text = g_strdup_printf (_("%s to %s; half within %s, 95 %% within %s,\n99 %% within %s"), low,
                          high, p50, p95, p99);
  gtk_label_set_text (GTK_LABEL (self->text), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->chart), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Histogram of durations"),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  fill_slowest (self, index);
  gtk_widget_queue_draw (self->chart);
}
