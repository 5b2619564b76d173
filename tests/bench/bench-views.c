/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <sys/resource.h>

#include "gm-log-page.h"
#include "gm-results-page.h"
#include "gm-run.h"
#include "ui-util.h"

/* What the pages of a large run cost: bench-views RUN, under tests/ui/run-ui. Prints milliseconds
 * until all lines are there, what a frame costs while scrolling, and the memory of the process. */

#define FRAMES 300

typedef struct
{
  GArray *costs;  /* of gint64, microseconds */
  gint64  begun;
} Frames;

static void
before_paint_cb (GdkFrameClock *clock,
                 Frames        *frames)
{
  frames->begun = g_get_monotonic_time ();
}

static void
after_paint_cb (GdkFrameClock *clock,
                Frames        *frames)
{
  gint64 cost = g_get_monotonic_time () - frames->begun;

  g_array_append_val (frames->costs, cost);
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;

  return first < second ? -1 : first > second;
}

static void
scroll (GtkWidget  *window,
        GtkWidget  *view,
        const char *name)
{
  GtkWidget *scrolled = gtk_widget_get_ancestor (view, GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment =
    gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled));
  GdkFrameClock *clock = gtk_widget_get_frame_clock (window);
  Frames frames = { .costs = g_array_new (FALSE, FALSE, sizeof (gint64)) };

  g_signal_connect (clock, "before-paint", G_CALLBACK (before_paint_cb), &frames);
  g_signal_connect (clock, "after-paint", G_CALLBACK (after_paint_cb), &frames);
  while (frames.costs->len < FRAMES)
    {
      guint before = frames.costs->len;

      gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) < 1000000
                                            ? gtk_adjustment_get_value (adjustment) + 400 : 0);
      WAIT_FOR (frames.costs->len > before);
    }
  g_signal_handlers_disconnect_by_data (clock, &frames);
  g_array_sort (frames.costs, compare);
  printf ("%s: frame while scrolling p50 %.1f ms, p95 %.1f ms\n", name,
          g_array_index (frames.costs, gint64, FRAMES / 2) / 1e3,
          g_array_index (frames.costs, gint64, FRAMES * 95 / 100) / 1e3);
  g_array_unref (frames.costs);
}

static void
measure (const char *dir,
         GType       type,
         const char *name,
         const char *view_name,
         guint       least)
{
  gint64 begun = g_get_monotonic_time ();
  GtkWidget *window = gtk_window_new (), *page, *view;
  g_autoptr(GmRun) run = gm_run_new (dir);
  struct rusage usage;
  GListModel *model;

  gm_run_follow (run);
  page = g_object_new (type, "run", run, NULL);
  gtk_window_set_default_size (GTK_WINDOW (window), 1000, 700);
  gtk_window_set_child (GTK_WINDOW (window), page);
  gtk_window_present (GTK_WINDOW (window));
  view = ui_find (page, view_name);
  model = GTK_IS_LIST_VIEW (view)
            ? G_LIST_MODEL (gtk_list_view_get_model (GTK_LIST_VIEW (view)))
            : G_LIST_MODEL (gtk_column_view_get_model (GTK_COLUMN_VIEW (view)));
  WAIT_FOR (g_list_model_get_n_items (model) >= least);
  printf ("%s: %u rows after %.0f ms\n", name, g_list_model_get_n_items (model),
          (g_get_monotonic_time () - begun) / 1e3);
  scroll (window, view, name);
  getrusage (RUSAGE_SELF, &usage);
  printf ("%s: at most %.0f MiB so far\n", name, usage.ru_maxrss / 1024.0);
  gtk_window_destroy (GTK_WINDOW (window));
}

int
main (int    argc,
      char **argv)
{
  GmApplication *application;

  if (argc < 3 || !gtk_init_check ())
    {
      fprintf (stderr, "bench-views RUN ROWS [LOG-LINES]\n");
      return 2;
    }
  application = ui_start ();
  measure (argv[1], GM_TYPE_RESULTS_PAGE, "results", "results-view",
           (guint) g_ascii_strtoull (argv[2], NULL, 10));
  if (argc > 3)
    measure (argv[1], GM_TYPE_LOG_PAGE, "log", "log-view",
             (guint) g_ascii_strtoull (argv[3], NULL, 10));
  ui_finish (application);

  return 0;
}
