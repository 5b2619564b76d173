/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "gm-time-span.h"

/* What is looked at as long as nobody chose otherwise, and the least there is to see. */
#define DEFAULT_WIDTH (60 * G_USEC_PER_SEC)
#define LEAST_WIDTH   1000

/* So far a pointer moves while it only clicks. */
#define CLICK_SLACK 4

/**
 * GmTimeSpan:
 *
 * The part of a run's time that timeline and graphs show together, and what is selected of it.
 */
struct _GmTimeSpan
{
  GObject  parent_instance;

  gint64   first;      /* of the run */
  gint64   last;
  gint64   from;       /* shown */
  gint64   to;
  gint64   selected_from;
  gint64   selected_to;
  double   drag_start; /* pixels */
  gboolean follows;    /* the end is what is shown */
  gboolean live;       /* there will be more */
};

enum
{
  CHANGED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmTimeSpan, gm_time_span, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

static void
changed (GmTimeSpan *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
gm_time_span_class_init (GmTimeSpanClass *klass)
{
  /**
   * GmTimeSpan::changed:
   *
   * Something else is shown or selected.
   */
  signals[CHANGED] = g_signal_new ("changed", GM_TYPE_TIME_SPAN, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
gm_time_span_init (GmTimeSpan *self)
{
  self->follows = TRUE;
}

GmTimeSpan *
gm_time_span_new (void)
{
  return g_object_new (GM_TYPE_TIME_SPAN, NULL);
}

/**
 * gm_time_span_set_limits:
 * @self: a span
 * @first: when the run began
 * @last: when it ended, or now
 * @live: whether there will be more
 */
void
gm_time_span_set_limits (GmTimeSpan *self,
                         gint64      first,
                         gint64      last,
                         gboolean    live)
{
  if (first == self->first && last == self->last && live == self->live)
    return;
  if (first != self->first)
    {
      self->follows = TRUE;
      self->selected_from = self->selected_to = 0;
      self->to = self->from = 0;
    }
  self->first = first;
  self->last = MAX (last, first + LEAST_WIDTH);
  if (self->follows)
    {
      gint64 width = self->to > self->from ? self->to - self->from : DEFAULT_WIDTH;

      self->to = self->last;
      self->from = MIN (self->to - LEAST_WIDTH, MAX (self->first, self->to - width));
      if (self->to - self->from < width)
        self->to = self->from + MIN (width, MAX (DEFAULT_WIDTH / 6, self->last - self->first));
      /* Of a short run that is over there is nothing more to see. */
      if (!live)
        self->to = MIN (self->to, self->last);
    }
  self->live = live;
  changed (self);
}

gint64
gm_time_span_get_from (GmTimeSpan *self)
{
  return self->from;
}

gint64
gm_time_span_get_to (GmTimeSpan *self)
{
  return MAX (self->to, self->from + 1);
}

/* The end of the run, or now. */
gint64
gm_time_span_get_last (GmTimeSpan *self)
{
  return self->last;
}

gboolean
gm_time_span_get_selection (GmTimeSpan *self,
                            gint64     *from,
                            gint64     *to)
{
  *from = self->selected_from;
  *to = self->selected_to;

  return self->selected_to > self->selected_from;
}

/**
 * gm_time_span_select:
 * @self: a span
 * @from: beginning
 * @to: end; not after @from to select nothing
 */
void
gm_time_span_select (GmTimeSpan *self,
                     gint64      from,
                     gint64      to)
{
  self->selected_from = from;
  self->selected_to = to;
  changed (self);
}

static void
show (GmTimeSpan *self,
      double      from,
      double      width)
{
  double least = self->first, most = self->last;

  width = CLAMP (width, LEAST_WIDTH, MAX (most - least, LEAST_WIDTH));
  from = CLAMP (from, least, MAX (least, most - width));
  self->from = (gint64) from;
  self->to = (gint64) (from + width);
  self->follows = self->to >= self->last;
  changed (self);
}

/**
 * gm_time_span_zoom:
 * @self: a span
 * @factor: below 1 to see less, but larger
 * @around: what stays where it is, from 0 at the beginning to 1
 */
void
gm_time_span_zoom (GmTimeSpan *self,
                   double      factor,
                   double      around)
{
  double width = self->to - self->from;

  show (self, self->from + width * around - width * factor * around, width * factor);
}

/**
 * gm_time_span_pan:
 * @self: a span
 * @share: of what is shown, forwards or backwards
 */
void
gm_time_span_pan (GmTimeSpan *self,
                  double      share)
{
  double width = self->to - self->from;

  show (self, self->from + width * share, width);
}

void
gm_time_span_show_all (GmTimeSpan *self)
{
  show (self, self->first, self->last - self->first);
}

void
gm_time_span_follow (GmTimeSpan *self)
{
  show (self, self->last - DEFAULT_WIDTH, DEFAULT_WIDTH);
}

static gint64
to_time (GmTimeSpan *self,
         GtkWidget  *widget,
         double      x)
{
  int width = MAX (1, gtk_widget_get_width (widget));

  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    x = width - x;

  return self->from + (gint64) ((gm_time_span_get_to (self) - self->from) * x / width);
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller,
           double                    dx,
           double                    dy,
           GmTimeSpan               *self)
{
  GdkModifierType state =
    gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));

  if (state & GDK_CONTROL_MASK)
    gm_time_span_zoom (self, pow (1.2, dy), .5);
  else if (dx != 0 || (state & GDK_SHIFT_MASK) != 0)
    gm_time_span_pan (self, (dx + dy) / 10);
  else
    return FALSE;

  return TRUE;
}

/* What is selected ends later or earlier, by this part of what is shown. */
static void
extend (GmTimeSpan *self,
        double      part)
{
  gint64 from = self->selected_from, to = self->selected_to;
  gint64 shown_to = gm_time_span_get_to (self);

  if (to <= from)
    from = to = self->from;
  to = CLAMP (to + (gint64) ((shown_to - self->from) * part), from, shown_to);
  gm_time_span_select (self, from, to);
}

static gboolean
key_cb (GtkEventControllerKey *controller,
        guint                  key,
        guint                  code,
        GdkModifierType        state,
        GmTimeSpan            *self)
{
  GtkWidget *widget = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (controller));
  double step;

  switch (key)
    {
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
      gm_time_span_zoom (self, 1 / 1.5, .5);
      return TRUE;
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      gm_time_span_zoom (self, 1.5, .5);
      return TRUE;
    case GDK_KEY_Left:
    case GDK_KEY_Right:
      step = (key == GDK_KEY_Right) == (gtk_widget_get_direction (widget) != GTK_TEXT_DIR_RTL)
               ? .1 : -.1;
      if ((state & GDK_SHIFT_MASK) != 0)
        extend (self, step / 2);
      else
        gm_time_span_pan (self, step);
      return TRUE;
    case GDK_KEY_Home:
      gm_time_span_show_all (self);
      return TRUE;
    case GDK_KEY_End:
      gm_time_span_follow (self);
      return TRUE;
    case GDK_KEY_Escape:
      gm_time_span_select (self, 0, 0);
      return TRUE;
    default:
      return FALSE;
    }
}

static void
drag_begin_cb (GtkGestureDrag *gesture,
               double          x,
               double          y,
               GmTimeSpan     *self)
{
  self->drag_start = x;
}

static void
drag_update_cb (GtkGestureDrag *gesture,
                double          dx,
                double          dy,
                GmTimeSpan     *self)
{
  GtkWidget *widget = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));
  gint64 a = to_time (self, widget, self->drag_start);
  gint64 b = to_time (self, widget, self->drag_start + dx);

  if (fabs (dx) < CLICK_SLACK)
    return;
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gm_time_span_select (self, MIN (a, b), MAX (a, b));
}

/**
 * gm_time_span_control:
 * @self: a span
 * @widget: what shows it
 *
 * Dragging selects; Ctrl and the wheel zoom, Shift and the wheel move; keys do all of that, with
 * Shift they select.
 */
void
gm_time_span_control (GmTimeSpan *self,
                      GtkWidget  *widget)
{
  GtkEventController *scroll =
    gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  g_signal_connect_object (scroll, "scroll", G_CALLBACK (scroll_cb), self, 0);
  g_signal_connect_object (key, "key-pressed", G_CALLBACK (key_cb), self, 0);
  g_signal_connect_object (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self, 0);
  g_signal_connect_object (drag, "drag-update", G_CALLBACK (drag_update_cb), self, 0);
  gtk_widget_add_controller (widget, scroll);
  gtk_widget_add_controller (widget, key);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
  gtk_widget_set_focusable (widget, TRUE);
  g_signal_connect_object (self, "changed", G_CALLBACK (gtk_widget_queue_draw), widget,
                           G_CONNECT_SWAPPED);
}

/**
 * gm_time_span_draw:
 * @self: a span
 * @widget: what shows it
 * @snapshot: where to draw
 *
 * Draws what is selected.
 */
void
gm_time_span_draw (GmTimeSpan  *self,
                   GtkWidget   *widget,
                   GtkSnapshot *snapshot)
{
  float width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  double scale = width / (double) (gm_time_span_get_to (self) - self->from);
  double a = (self->selected_from - self->from) * scale;
  double b = (self->selected_to - self->from) * scale;
  GdkRGBA color;

  if (self->selected_to <= self->selected_from || b < 0 || a > width)
    return;
  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    {
      double swap = width - a;

      a = width - b;
      b = swap;
    }
  a = MAX (a, 0);
  b = MIN (b, width);
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  color.alpha = .12;
  gtk_snapshot_append_color (snapshot, &color, &GRAPHENE_RECT_INIT (a, 0, MAX (b - a, 1), height));
}
