/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "gm-monitor-page.h"

#include "gm-format.h"
#include "gm-graph.h"
#include "gm-progress-bar.h"
#include "gm-results-stats.h"
#include "gm-shade.h"
#include "gm-text.h"
#include "gm-timeline.h"
#include "gm-worker-table.h"

/* Milliseconds between two looks at what does not move fast. */
#define TICK 500
/* Of those from one look at /proc to the next: threads, files and I/O. */
#define PROC_TICKS 4

typedef enum
{
  FIGURE_SUCCEEDED,
  FIGURE_FAILED,
  FIGURE_RUNNING,
  FIGURE_WAITING,
  FIGURE_ELAPSED,
  FIGURE_RATE,
  N_FIGURES
} Figure;

/**
 * GmMonitorPage:
 *
 * What a run is doing right now, and what it did.
 */
struct _GmMonitorPage
{
  GmRunPage parent_instance;

  /* Owned */
  GmTimeSpan     *span;
  GSignalGroup   *run_signals;

  /* Borrowed */
  GmRun          *run;
  GmRunData      *data;       /* of run */

  /* Template children */
  GtkStack       *stack;
  GtkInscription *headline;
  GmProgressBar  *progress;
  GtkFlowBox     *figures;
  GtkLabel       *span_label;
  AdwBin         *timeline_bin;
  AdwBin         *legend_bin;
  GtkFlowBox     *graphs_box;
  GmWorkerTable  *workers;

  /* Children */
  GtkInscription *numbers[N_FIGURES];
  GtkWidget      *timeline;
  GtkWidget      *graphs[GM_GRAPH_N_KINDS];

  gint64          usual;      /* nanoseconds that hardly an item takes longer than */
  guint           n_usual;    /* how many items it was made of */
  guint           ticks;
  guint           tick;
  gboolean        watching;
};

G_DEFINE_FINAL_TYPE (GmMonitorPage, gm_monitor_page, GM_TYPE_RUN_PAGE)

/* Of a fixed size: nothing else moves when a number changes. */
static void
set_text_take (GtkInscription *inscription,
               char           *take_text)
{
  g_autofree char *text = take_text;

  if (g_strcmp0 (gtk_inscription_get_text (inscription), text) != 0)
    gtk_inscription_set_text (inscription, text);
}

static double
get_elapsed (GmMonitorPage *self)
{
  double started = gm_run_get_started (self->run), ended = gm_run_get_ended (self->run);

  if (started <= 0)
    return 0;
  if (ended > 0)
    return ended - started;

  return gm_run_get_live (self->run) ? g_get_real_time () / 1e6 - started : 0;
}

/* What somebody who passes by wants to know. */
static char *
dup_headline (GmMonitorPage    *self,
              const GmSnapshot *snapshot)
{
  gint64 total = gm_run_get_total (self->run);
  g_autofree char *done = gm_text_number (gm_run_get_done (self->run));
  g_autofree char *all = total >= 0 ? gm_text_number (total) : NULL;
  g_autofree char *count = all != NULL ? g_strdup_printf (_("%s of %s"), done, all)
                                       : g_strdup (done);
  g_autofree char *left = NULL;

  if (!gm_run_get_live (self->run) || snapshot == NULL || snapshot->state == GM_RUN_PAUSED)
    return g_strdup_printf (_("%s · %s"), gm_text_state (self->run), count);
  if (snapshot->eta < 0)
    return g_steal_pointer (&count);

  left = gm_format_clock (snapshot->eta);
  /* Translators: so many of all, and how long the rest may take: 9 of 24 · 0:04 left */
  return g_strdup_printf (_("%s · %s left"), count, left);
}

static void
update_figures (GmMonitorPage *self)
{
  const GmSnapshot *snapshot = gm_run_get_live (self->run) ? gm_run_get_snapshot (self->run) : NULL;
  gint64 total = gm_run_get_total (self->run), done = gm_run_get_done (self->run);
  gint64 failed = gm_run_get_failed (self->run);
  gint64 running = snapshot != NULL ? (gint64) snapshot->running : 0;
  double elapsed = get_elapsed (self);
  double rate = snapshot != NULL ? snapshot->rate : elapsed > 0 ? done / elapsed : 0;

  set_text_take (self->headline, dup_headline (self, snapshot));
  set_text_take (self->numbers[FIGURE_SUCCEEDED], gm_text_number (done - failed));
  set_text_take (self->numbers[FIGURE_FAILED], gm_text_number (failed));
  set_text_take (self->numbers[FIGURE_RUNNING], gm_text_number (running));
  set_text_take (self->numbers[FIGURE_WAITING],
                 total >= 0 ? gm_text_number (MAX (total - done - running, 0)) : g_strdup ("–"));
  set_text_take (self->numbers[FIGURE_ELAPSED], gm_format_clock (elapsed));
  set_text_take (self->numbers[FIGURE_RATE], gm_format_rate (rate));
  if (failed > 0)
    gtk_widget_add_css_class (GTK_WIDGET (self->numbers[FIGURE_FAILED]), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->numbers[FIGURE_FAILED]), "error");
  if (total > 0)
    gm_progress_bar_set (self->progress, (double) (done - failed) / total, (double) failed / total);
  else
    gm_progress_bar_set (self->progress, 0, 0);
}

static void
update_span_label (GmMonitorPage *self)
{
  gint64 from, to;
  GmResultsStats stats;
  g_autofree char *length = NULL;
  g_autofree char *text = NULL;

  if (self->data == NULL)
    return;
  if (gm_time_span_get_selection (self->span, &from, &to))
    {
      g_autofree char *count = NULL;
      g_autofree char *failed = NULL;
      g_autofree char *p50 = NULL;
      g_autofree char *p95 = NULL;
      g_autofree char *p99 = NULL;

      gm_results_stats_read (&stats, gm_run_data_get_results (self->data), from, to);
      count = gm_text_number (stats.count);
      failed = gm_text_number (stats.failed);
      p50 = gm_format_duration (stats.p50);
      p95 = gm_format_duration (stats.p95);
      p99 = gm_format_duration (stats.p99);
      length = gm_format_duration ((to - from) * 1000);
      text = g_strdup_printf (_("Selected %s: %s items, %s failed · p50 %s · p95 %s · p99 %s"),
                              length, count, failed, p50, p95, p99);
    }
  else
    {
      length = gm_format_duration ((gm_time_span_get_to (self->span)
                                    - gm_time_span_get_from (self->span)) * 1000);
      text = g_strdup_printf (_("Showing %s. Drag to select."), length);
    }
  gtk_label_set_text (self->span_label, text);
}

static void
update_limits (GmMonitorPage *self)
{
  double started = gm_run_get_started (self->run), ended = gm_run_get_ended (self->run);
  GmEventsIndex *events = gm_run_data_get_events (self->data);
  guint n = gm_events_index_get_n_samples (events);
  gint64 last;

  if (started <= 0)
    return;
  if (gm_run_get_live (self->run))
    last = g_get_real_time ();
  else if (ended > 0)
    last = (gint64) (ended * G_USEC_PER_SEC);
  else
    last = n > 0 ? gm_events_index_get_sample (events, n - 1)->time : 0;
  gm_time_span_set_limits (self->span, (gint64) (started * G_USEC_PER_SEC), last,
                           gm_run_get_live (self->run));
}

/* Nobody is called slow before some have shown what is usual. */
static void
update_usual (GmMonitorPage *self)
{
  GmResultsIndex *results = gm_run_data_get_results (self->data);
  guint n = gm_results_index_get_n_rows (results);
  GmResultsStats stats;

  if (n < 10 || n < self->n_usual + self->n_usual / 10)
    return;
  gm_results_stats_read (&stats, results, G_MININT64, G_MAXINT64);
  self->usual = stats.p95;
  self->n_usual = n;
}

static void
update_charts (GmMonitorPage *self)
{
  update_limits (self);
  gm_timeline_update (GM_TIMELINE (self->timeline), self->data, gm_run_get_snapshot (self->run));
  for (guint i = 0; i < GM_GRAPH_N_KINDS; i++)
    gm_graph_update (GM_GRAPH (self->graphs[i]), self->data, gm_run_get_live (self->run));
  update_span_label (self);
}

static void
update_workers (GmMonitorPage *self)
{
  const GmSnapshot *snapshot = gm_run_get_live (self->run) ? gm_run_get_snapshot (self->run) : NULL;

  gm_worker_table_update (self->workers, self->run, snapshot, self->usual);
  gtk_widget_set_visible (GTK_WIDGET (self->workers),
                          snapshot != NULL && snapshot->workers->len > 0);
}

static void
snapshot_cb (GmMonitorPage *self)
{
  if (!self->watching)
    return;
  update_workers (self);
}

static void
run_changed_cb (GmMonitorPage *self)
{
  if (!self->watching)
    return;
  gtk_stack_set_visible_child_name (self->stack, "monitor");
  update_figures (self);
  update_workers (self);
  update_charts (self);
}

/* While the run is live, the tick does that. */
static void
gm_monitor_page_data_changed (GmRunPage *page)
{
  GmMonitorPage *self = GM_MONITOR_PAGE (page);

  if (self->tick != 0)
    return;
  update_usual (self);
  update_charts (self);
}

static gboolean
tick_cb (gpointer user_data)
{
  GmMonitorPage *self = user_data;

  update_usual (self);
  update_figures (self);
  update_charts (self);
  if (self->ticks++ % PROC_TICKS == 0)
    gm_worker_table_read_proc (self->workers);

  return G_SOURCE_CONTINUE;
}

/* Only while somebody looks does anything happen here. */
static void
update_tick (GmMonitorPage *self)
{
  gboolean wanted = self->watching && gm_run_get_live (self->run);

  if (wanted && self->tick == 0)
    {
      self->tick = g_timeout_add (TICK, tick_cb, self);
      g_source_set_name_by_id (self->tick, "gm-monitor-page");
    }
  else if (!wanted)
    g_clear_handle_id (&self->tick, g_source_remove);
}

static void
gm_monitor_page_watch (GmRunPage *page,
                       gboolean   watching)
{
  GmMonitorPage *self = GM_MONITOR_PAGE (page);

  self->watching = watching;
  gm_run_set_watched (self->run, watching);
  update_tick (self);
  run_changed_cb (self);
}

static void
gm_monitor_page_show_run (GmRunPage *page,
                          GmRun     *run)
{
  GmMonitorPage *self = GM_MONITOR_PAGE (page);

  g_signal_group_set_target (self->run_signals, run);
  self->run = run;
  self->data = gm_run_page_get_data (page);
  self->usual = self->n_usual = 0;
  gm_timeline_update (GM_TIMELINE (self->timeline), self->data, NULL);
  gm_worker_table_update (self->workers, run, NULL, 0);
  gtk_stack_set_visible_child_name (self->stack, run != NULL ? "monitor" : "empty");
}

static void
zoom_in_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  gm_time_span_zoom (GM_MONITOR_PAGE (widget)->span, .5, .5);
}

static void
zoom_out_action (GtkWidget  *widget,
                 const char *name,
                 GVariant   *parameter)
{
  gm_time_span_zoom (GM_MONITOR_PAGE (widget)->span, 2, .5);
}

static void
show_all_action (GtkWidget  *widget,
                 const char *name,
                 GVariant   *parameter)
{
  gm_time_span_show_all (GM_MONITOR_PAGE (widget)->span);
}

static void
item_activated_cb (GmMonitorPage *self,
                   guint64        index)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.show-page", "s", "results");
  gm_run_data_show_item (self->data, index);
}

static void
gm_monitor_page_finalize (GObject *object)
{
  GmMonitorPage *self = GM_MONITOR_PAGE (object);

  g_clear_object (&self->run_signals);
  g_clear_object (&self->span);

  G_OBJECT_CLASS (gm_monitor_page_parent_class)->finalize (object);
}

static void
gm_monitor_page_class_init (GmMonitorPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GmRunPageClass *page_class = GM_RUN_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gm_monitor_page_finalize;
  page_class->parts = 1 << GM_RUN_DATA_EVENTS | 1 << GM_RUN_DATA_RESULTS;
  page_class->show_run = gm_monitor_page_show_run;
  page_class->watch = gm_monitor_page_watch;
  page_class->data_changed = gm_monitor_page_data_changed;

  g_type_ensure (GM_TYPE_PROGRESS_BAR);
  g_type_ensure (GM_TYPE_WORKER_TABLE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/gtk_mp/GtkMp/gm-monitor-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, stack);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, headline);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, progress);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, figures);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, span_label);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, timeline_bin);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, legend_bin);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, graphs_box);
  gtk_widget_class_bind_template_child (widget_class, GmMonitorPage, workers);
  gtk_widget_class_install_action (widget_class, "monitor.zoom-in", NULL, zoom_in_action);
  gtk_widget_class_install_action (widget_class, "monitor.zoom-out", NULL, zoom_out_action);
  gtk_widget_class_install_action (widget_class, "monitor.show-all", NULL, show_all_action);
}

static void
add_figures (GmMonitorPage *self)
{
  static const char * const titles[N_FIGURES] = {
    N_("Succeeded"), N_("Failed"), N_("Running"), N_("Waiting"), N_("Elapsed"), N_("Rate"),
  };

  for (guint i = 0; i < N_FIGURES; i++)
    {
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
      GtkWidget *title = gtk_label_new (_(titles[i])), *number = gtk_inscription_new ("–");

      gtk_label_set_xalign (GTK_LABEL (title), 0);
      gtk_inscription_set_min_chars (GTK_INSCRIPTION (number), 4);
      gtk_inscription_set_nat_chars (GTK_INSCRIPTION (number), 9);
      gtk_inscription_set_text_overflow (GTK_INSCRIPTION (number),
                                         GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
      gtk_widget_add_css_class (title, "caption");
      gtk_widget_add_css_class (title, "dim-label");
      gtk_widget_add_css_class (number, "heading");
      gtk_widget_add_css_class (number, "numeric");
      gtk_accessible_update_relation (GTK_ACCESSIBLE (number), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                      title, NULL, -1);
      gtk_box_append (GTK_BOX (box), title);
      gtk_box_append (GTK_BOX (box), number);
      gtk_flow_box_append (self->figures, box);
      gtk_widget_set_focusable (gtk_widget_get_parent (box), FALSE);
      self->numbers[i] = GTK_INSCRIPTION (number);
    }
}

static void
gm_monitor_page_init (GmMonitorPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->span = gm_time_span_new ();
  self->run_signals = g_signal_group_new (GM_TYPE_RUN);
  g_signal_group_connect_swapped (self->run_signals, "snapshot", G_CALLBACK (snapshot_cb), self);
  g_signal_group_connect_swapped (self->run_signals, "changed", G_CALLBACK (run_changed_cb), self);
  g_signal_group_connect_swapped (self->run_signals, "notify::state", G_CALLBACK (update_tick),
                                  self);
  g_signal_connect_object (self->span, "changed", G_CALLBACK (update_span_label), self,
                           G_CONNECT_SWAPPED);
  add_figures (self);
  self->timeline = gm_timeline_new (self->span);
  gtk_widget_set_name (self->timeline, "monitor-timeline");
  g_signal_connect_object (self->timeline, "item-activated", G_CALLBACK (item_activated_cb), self,
                           G_CONNECT_SWAPPED);
  adw_bin_set_child (self->timeline_bin, self->timeline);
  adw_bin_set_child (self->legend_bin, gm_shade_new_legend ());
  for (guint i = 0; i < GM_GRAPH_N_KINDS; i++)
    {
      self->graphs[i] = gm_graph_new (i, self->span);
      gtk_widget_add_css_class (self->graphs[i], "card");
      gtk_flow_box_append (self->graphs_box, self->graphs[i]);
      gtk_widget_set_focusable (gtk_widget_get_parent (self->graphs[i]), FALSE);
    }
}
