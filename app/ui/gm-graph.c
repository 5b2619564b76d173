/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-graph.h"

#include "gm-format.h"
#include "gm-text.h"

#define HEIGHT 64
#define LABEL_MARGIN 8

/* Of it, for the words above the curve. */
#define WORDS 26

/**
 * GmGraph:
 *
 * One number of a run over time, from its events: live and afterwards.
 */
struct _GmGraph
{
  GtkWidget   parent_instance;

  /* Owned */
  GmTimeSpan *span;
  GmRunData  *data;  /* %NULL: nothing to show */

  GmGraphKind kind;
  gboolean    live;  /* the last sample is how it is now */
};

G_DEFINE_FINAL_TYPE (GmGraph, gm_graph, GTK_TYPE_WIDGET)

static const char * const titles[] = {
  [GM_GRAPH_QUEUE] = N_("Queue"),
  [GM_GRAPH_RATE] = N_("Throughput"),
  [GM_GRAPH_CPU] = N_("CPU"),
  [GM_GRAPH_MEMORY] = N_("Memory"),
};

static double
get_value (GmGraph              *self,
           const GmEventsSample *sample)
{
  switch (self->kind)
    {
    case GM_GRAPH_QUEUE:
      return sample->queued;
    case GM_GRAPH_RATE:
      return sample->rate;
    case GM_GRAPH_CPU:
      return sample->cpu_percent;
    case GM_GRAPH_MEMORY:
    case GM_GRAPH_N_KINDS:
    default:
      return sample->rss;
    }
}

static char *
format (GmGraph *self,
        double   value)
{
  switch (self->kind)
    {
    case GM_GRAPH_QUEUE:
      return gm_text_number ((gint64) value);
    case GM_GRAPH_RATE:
      return gm_format_rate (value);
    case GM_GRAPH_CPU:
      return g_strdup_printf (_("%.0f %%"), value);
    case GM_GRAPH_MEMORY:
    case GM_GRAPH_N_KINDS:
    default:
      return g_format_size_full ((guint64) MAX (value, 0), G_FORMAT_SIZE_IEC_UNITS);
    }
}

/* The first sample at or after @time. */
static guint
find (GmEventsIndex *events,
      gint64         time)
{
  guint low = 0, high = gm_events_index_get_n_samples (events);

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (gm_events_index_get_sample (events, middle)->time < time)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

static double
find_most (GmGraph       *self,
           GmEventsIndex *events,
           guint          start,
           guint          end)
{
  double most = 0;

  for (guint i = start; i < end; i++)
    most = MAX (most, get_value (self, gm_events_index_get_sample (events, i)));

  return most;
}

/* Afterwards nobody asks how it was at the very end. */
static char *
format_most (GmGraph       *self,
             GmEventsIndex *events,
             guint          start,
             guint          end)
{
  g_autofree char *most = format (self, find_most (self, events, start, end));

  return g_strdup_printf (_("max %s"), most);
}

/* Many samples of one pixel become its highest. */
static void
draw_curve (GmGraph       *self,
            GmEventsIndex *events,
            guint          start,
            guint          end,
            cairo_t       *cr)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self));
  double height = gtk_widget_get_height (GTK_WIDGET (self));
  /* Processors have an end of their own. */
  double least = self->kind == GM_GRAPH_CPU ? 100 : 1e-9;
  double most = MAX (find_most (self, events, start, end), least);
  gint64 from = gm_time_span_get_from (self->span);
  double scale = width / (double) (gm_time_span_get_to (self->span) - from);
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  double last_x = -2, highest = 0, first_x = -1, x = 0;

  for (guint i = start; i < end; i++)
    {
      const GmEventsSample *sample = gm_events_index_get_sample (events, i);
      double value = get_value (self, sample);

      x = (sample->time - from) * scale;
      highest = x - last_x < 1 ? MAX (highest, value) : value;
      if (first_x < 0)
        {
          first_x = x;
          cairo_move_to (cr, mirrored ? width - x : x, height);
        }
      if (x - last_x < 1 && i + 1 < end)
        continue;
      last_x = x;
      cairo_line_to (cr, mirrored ? width - x : x,
                     height - 1 - MAX (highest, 0) / most * (height - WORDS));
    }
  if (self->live && end == gm_events_index_get_n_samples (events))
    {
      x = MAX (x, (gm_time_span_get_last (self->span) - from) * scale);
      cairo_line_to (cr, mirrored ? width - x : x,
                     height - 1 - MAX (highest, 0) / most * (height - WORDS));
    }
  cairo_line_to (cr, mirrored ? width - x : x, height);
  cairo_close_path (cr);
}

/* Returns: how wide it is */
static int
draw_label (GmGraph     *self,
            GtkSnapshot *snapshot,
            GdkRGBA     *color,
            const char  *text,
            gboolean     at_end,
            int          room)
{
  g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  int width;

  pango_layout_set_ellipsize (layout, at_end ? PANGO_ELLIPSIZE_START : PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, MAX (room, 0) * PANGO_SCALE);
  pango_layout_get_pixel_size (layout, &width, NULL);
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    at_end = !at_end;
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (
    at_end ? gtk_widget_get_width (GTK_WIDGET (self)) - width - LABEL_MARGIN : LABEL_MARGIN, 4));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
  return width;
}

static void
gm_graph_snapshot (GtkWidget   *widget,
                   GtkSnapshot *snapshot)
{
  GmGraph *self = GM_GRAPH (widget);
  float width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  GmEventsIndex *events = self->data != NULL ? gm_run_data_get_events (self->data) : NULL;
  int room = (int) width - 2 * LABEL_MARGIN;
  guint start, end, n = events != NULL ? gm_events_index_get_n_samples (events) : 0;
  g_autofree char *value = NULL;
  GdkRGBA color, dim, accent;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  dim = color;
  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "accent_color",
                                       &accent))
    accent = color;
  start = n > 0 ? find (events, gm_time_span_get_from (self->span)) : 0;
  end = n > 0 ? find (events, gm_time_span_get_to (self->span) + 1) : 0;
  start = start > 0 ? start - 1 : 0;
  if (end > start && get_value (self, gm_events_index_get_sample (events, end - 1)) >= 0)
    {
      cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));

      draw_curve (self, events, start, end, cr);
      accent.alpha = .25;
      gdk_cairo_set_source_rgba (cr, &accent);
      cairo_fill_preserve (cr);
      accent.alpha = 1;
      gdk_cairo_set_source_rgba (cr, &accent);
      cairo_set_line_width (cr, 1.5);
      cairo_stroke (cr);
      cairo_destroy (cr);
      value = self->live ? format (self, get_value (self, gm_events_index_get_sample (events,
                                                                                     end - 1)))
                         : format_most (self, events, start, end);
    }
  else
    {
      value = g_strdup (n > 0 ? _("not recorded") : _("no data yet"));
      dim.alpha = .55;
    }
  room -= draw_label (self, snapshot, &color, _(titles[self->kind]), FALSE, room) + LABEL_MARGIN;
  draw_label (self, snapshot, &dim, value, TRUE, room);
  gm_time_span_draw (self->span, widget, snapshot);
}

static void
gm_graph_measure (GtkWidget      *widget,
                  GtkOrientation  orientation,
                  int             for_size,
                  int            *minimum,
                  int            *natural,
                  int            *minimum_baseline,
                  int            *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 120;
  *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 150;
}

static void
gm_graph_dispose (GObject *object)
{
  GmGraph *self = GM_GRAPH (object);

  g_clear_object (&self->span);
  g_clear_object (&self->data);

  G_OBJECT_CLASS (gm_graph_parent_class)->dispose (object);
}

static void
gm_graph_class_init (GmGraphClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_graph_dispose;
  widget_class->snapshot = gm_graph_snapshot;
  widget_class->measure = gm_graph_measure;
  gtk_widget_class_set_css_name (widget_class, "graph");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
gm_graph_init (GmGraph *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

/**
 * gm_graph_new:
 * @kind: what to show
 * @span: of which time
 *
 * Returns: a graph
 */
GtkWidget *
gm_graph_new (GmGraphKind  kind,
              GmTimeSpan  *span)
{
  GmGraph *self = g_object_new (GM_TYPE_GRAPH, NULL);

  self->kind = kind;
  self->span = g_object_ref (span);
  gm_time_span_control (span, GTK_WIDGET (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _(titles[kind]), -1);

  return GTK_WIDGET (self);
}

/**
 * gm_graph_update:
 * @self: a graph
 * @data: (nullable): where the numbers are
 * @live: whether there will be more
 */
void
gm_graph_update (GmGraph   *self,
                 GmRunData *data,
                 gboolean   live)
{
  GmEventsIndex *events;
  guint n;

  g_set_object (&self->data, data);
  self->live = live;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  events = data != NULL ? gm_run_data_get_events (data) : NULL;
  n = events != NULL ? gm_events_index_get_n_samples (events) : 0;
  if (n > 0)
    {
      g_autofree char *now = format (self, get_value (self,
                                                      gm_events_index_get_sample (events, n - 1)));
      g_autofree char *most = format (self, find_most (self, events, 0, n));
      g_autofree char *text = g_strdup_printf (_("%s, at most %s"), now, most);

      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                      text, -1);
    }
}
