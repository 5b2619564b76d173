/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-timeline.h"

#include "gm-blocks.h"
#include "gm-format.h"
#include "gm-text.h"

/* Of a worker's row, as there is space for it. */
#define LEAST_ROW 4
#define MOST_ROW  64
#define USUAL_ROW 18

/* A lower one has no room for its worker's number. */
#define LEAST_NUMBERED 15
#define NUMBER_MARGIN  6

/* Of the whole, before rows become lower. */
#define USUAL_HEIGHT 160

/**
 * GmTimeline:
 *
 * A row for each worker, a block for each item.
 */
struct _GmTimeline
{
  GtkWidget   parent_instance;

  /* Owned */
  GmTimeSpan *span;
  GmRunData  *data;
  GmBlocks   *blocks;

  /* What is drawn */
  gint64      from;
  gint64      to;
  int         width;
  guint       n_slots;

  const GmSnapshot *snapshot;  /* owned: who runs what */
};

enum
{
  ITEM_ACTIVATED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmTimeline, gm_timeline, GTK_TYPE_WIDGET)

static guint signals[N_SIGNALS];

static void
prepare (GmTimeline *self)
{
  self->from = gm_time_span_get_from (self->span);
  self->to = gm_time_span_get_to (self->span);
  self->width = gtk_widget_get_width (GTK_WIDGET (self));
  self->n_slots = gm_blocks_count_slots (self->blocks, self->snapshot);
  gm_blocks_prepare (self->blocks, self->snapshot, self->from, self->to, self->width);
}

static double
get_row_height (GmTimeline *self)
{
  return MIN (MOST_ROW,
              (double) gtk_widget_get_height (GTK_WIDGET (self)) / MAX (self->n_slots, 1));
}

/* The blocks of one shade are one path. */
static void
draw_shade (GmTimeline *self,
            cairo_t    *cr,
            guint8      shade)
{
  double height = get_row_height (self), gap = height >= 8 ? 2 : 0;
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  for (guint slot = 0; slot < self->n_slots; slot++)
    {
      const guint8 *line = gm_blocks_get_line (self->blocks, slot);

      for (int x = 0; x < self->width; x++)
        {
          int start = x;

          if (line[x] != shade)
            continue;
          while (x < self->width && line[x] == shade)
            x++;
          gm_shade_block (shade, cr, mirrored ? self->width - x : start, slot * height, x - start,
                          height - gap);
        }
    }
}

static void
draw_running (GmTimeline *self,
              cairo_t    *cr)
{
  double height = get_row_height (self), gap = height >= 8 ? 2 : 0;
  double scale = self->width / (double) (self->to - self->from);
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  gint64 now = MIN (g_get_real_time (), self->to);

  for (guint i = 0; self->snapshot != NULL && i < self->snapshot->workers->len; i++)
    {
      const GmSnapshotWorker *worker = g_ptr_array_index (self->snapshot->workers, i);
      double x0 = CLAMP ((worker->since - self->from) * scale, 0, self->width);
      double x1 = CLAMP ((now - self->from) * scale, 0, self->width);

      if (worker->has_index && worker->slot >= 1 && worker->slot <= self->n_slots && x1 > x0)
        gm_shade_block (GM_SHADE_RUNNING, cr, mirrored ? self->width - x1 : x0,
                        (worker->slot - 1) * height, x1 - x0, height - gap);
    }
}

/* Which worker it is, at the start of its row. */
static void
draw_numbers (GmTimeline  *self,
              GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  double height = get_row_height (self);
  g_autoptr(PangoLayout) layout = NULL;
  GdkRGBA color, ground = { 1, 1, 1, 1 };

  if (height < LEAST_NUMBERED)
    return;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "window_bg_color",
                                  &ground);
  ground.alpha = .8;
  layout = gtk_widget_create_pango_layout (widget, NULL);
  for (guint slot = 0; slot < self->n_slots; slot++)
    {
      g_autofree char *text = gm_text_number (slot + 1);
      int text_width, text_height;
      double x, y;

      pango_layout_set_text (layout, text, -1);
      pango_layout_get_pixel_size (layout, &text_width, &text_height);
      x = mirrored ? self->width - text_width - 2 * NUMBER_MARGIN : NUMBER_MARGIN;
      y = slot * height + (height - 2 - text_height) / 2;
      gtk_snapshot_append_color (snapshot, &ground,
                                 &GRAPHENE_RECT_INIT (x - 3, y + 1, text_width + 6,
                                                      text_height - 2));
      gtk_snapshot_save (snapshot);
      gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
      gtk_snapshot_append_layout (snapshot, layout, &color);
      gtk_snapshot_restore (snapshot);
    }
}

static void
gm_timeline_snapshot (GtkWidget   *widget,
                      GtkSnapshot *snapshot)
{
  GmTimeline *self = GM_TIMELINE (widget);
  float width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  cairo_t *cr;

  if (self->data == NULL || width < 1)
    return;
  prepare (self);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  for (GmShade shade = GM_SHADE_OK; shade < GM_N_SHADES; shade++)
    {
      if (shade == GM_SHADE_RUNNING)
        draw_running (self, cr);
      else
        draw_shade (self, cr, shade);
      gm_shade_fill (shade, cr, widget);
    }
  cairo_destroy (cr);
  draw_numbers (self, snapshot);
  gm_time_span_draw (self->span, widget, snapshot);
}

/* Returns: whether an item is there */
static gboolean
find_item (GmTimeline *self,
           double      x,
           double      y,
           guint64    *index)
{
  GmResultsIndex *results;
  GmEventsIndex *events;
  gint64 pixel, time;
  guint slot, n;

  if (self->data == NULL || self->width < 1)
    return FALSE;
  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    x = self->width - x;
  results = gm_run_data_get_results (self->data);
  n = gm_results_index_get_n_rows (results);
  pixel = (self->to - self->from) / self->width;
  time = self->from + (gint64) (x * (self->to - self->from) / self->width);
  slot = (guint) (y / get_row_height (self)) + 1;
  for (guint row = 0; (row = gm_results_index_next_in_span (results, row, time - pixel,
                                                            time + pixel)) < n; row++)
    if (gm_blocks_get_slot (self->blocks, gm_results_index_get_row (results, row)) == slot)
      {
        *index = gm_results_index_get_row (results, row)->index;
        return TRUE;
      }
  events = gm_run_data_get_events (self->data);
  for (guint i = 0; i < gm_events_index_get_n_attempts (events); i++)
    {
      const GmEventsAttempt *attempt = gm_events_index_get_attempt (events, i);

      if (attempt->slot == slot && attempt->started <= time + pixel
          && gm_blocks_get_end (attempt) >= time - pixel)
        {
          *index = attempt->index;
          return TRUE;
        }
    }

  return FALSE;
}

static void
released_cb (GtkGestureClick *gesture,
             int              n_press,
             double           x,
             double           y,
             GmTimeline      *self)
{
  guint64 index;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (find_item (self, x, y, &index))
    g_signal_emit (self, signals[ITEM_ACTIVATED], 0, index);
}

static gboolean
query_tooltip_cb (GmTimeline *self,
                  int         x,
                  int         y,
                  gboolean    keyboard,
                  GtkTooltip *tooltip)
{
  g_autofree char *text = NULL;
  g_autofree char *number = NULL;
  g_autofree char *duration = NULL;
  const GmResultsRow *r;
  guint64 index;
  guint row;

  if (!find_item (self, x, y, &index)
      || !gm_results_index_find (gm_run_data_get_results (self->data), index, &row))
    return FALSE;
  r = gm_results_index_get_row (gm_run_data_get_results (self->data), row);
  number = gm_text_number ((gint64) index);
  duration = gm_format_duration (r->duration);
  text = g_strdup_printf (_("Item %s: %s, %s"), number, gm_format_status (r->status), duration);
  gtk_tooltip_set_text (tooltip, text);

  return TRUE;
}

static void
gm_timeline_measure (GtkWidget      *widget,
                     GtkOrientation  orientation,
                     int             for_size,
                     int            *minimum,
                     int            *natural,
                     int            *minimum_baseline,
                     int            *natural_baseline)
{
  GmTimeline *self = GM_TIMELINE (widget);
  guint slots = self->data != NULL ? gm_blocks_count_slots (self->blocks, self->snapshot) : 1;

  slots = MAX (slots, 3);
  if (orientation == GTK_ORIENTATION_VERTICAL)
    *minimum = *natural = CLAMP (slots * USUAL_ROW, USUAL_ROW * 3,
                                 MAX (USUAL_HEIGHT, MIN (slots, 64) * LEAST_ROW));
  else
    *minimum = *natural = 120;
}

static void
gm_timeline_dispose (GObject *object)
{
  GmTimeline *self = GM_TIMELINE (object);

  g_clear_object (&self->span);
  g_clear_object (&self->data);
  g_clear_pointer ((GmSnapshot **) &self->snapshot, gm_snapshot_unref);
  g_clear_pointer (&self->blocks, gm_blocks_free);

  G_OBJECT_CLASS (gm_timeline_parent_class)->dispose (object);
}

static void
gm_timeline_class_init (GmTimelineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_timeline_dispose;
  widget_class->snapshot = gm_timeline_snapshot;
  widget_class->measure = gm_timeline_measure;

  /**
   * GmTimeline::item-activated:
   * @index: of the item
   *
   * Its block was clicked.
   */
  signals[ITEM_ACTIVATED] = g_signal_new ("item-activated", GM_TYPE_TIMELINE, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);
  gtk_widget_class_set_css_name (widget_class, "timeline");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
gm_timeline_init (GmTimeline *self)
{
  self->blocks = gm_blocks_new ();
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  g_signal_connect (self, "query-tooltip", G_CALLBACK (query_tooltip_cb), NULL);
}

/**
 * gm_timeline_new:
 * @span: of which time
 *
 * Returns: a timeline
 */
GtkWidget *
gm_timeline_new (GmTimeSpan *span)
{
  GmTimeline *self = g_object_new (GM_TYPE_TIMELINE, NULL);
  GtkGesture *click = gtk_gesture_click_new ();

  self->span = g_object_ref (span);
  gm_time_span_control (span, GTK_WIDGET (self));
  g_signal_connect_object (click, "released", G_CALLBACK (released_cb), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Timeline of workers"), -1);

  return GTK_WIDGET (self);
}

/**
 * gm_timeline_update:
 * @self: a timeline
 * @data: (nullable): where the items are
 * @snapshot: (nullable): who runs what
 */
void
gm_timeline_update (GmTimeline       *self,
                    GmRunData        *data,
                    const GmSnapshot *snapshot)
{
  g_autofree char *text = NULL;
  g_autofree char *n = NULL;
  guint n_slots;

  g_set_object (&self->data, data);
  gm_blocks_set_data (self->blocks, data);
  g_clear_pointer ((GmSnapshot **) &self->snapshot, gm_snapshot_unref);
  if (snapshot != NULL)
    self->snapshot = gm_snapshot_ref ((GmSnapshot *) snapshot);
  if (data == NULL)
    return;
  n_slots = gm_blocks_count_slots (self->blocks, self->snapshot);
  if (n_slots != self->n_slots)
    gtk_widget_queue_resize (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
  n = gm_text_number (gm_results_index_get_n_rows (gm_run_data_get_results (data)));
  text = g_strdup_printf (_("%s items by %u workers"), n, n_slots);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}
