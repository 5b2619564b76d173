/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "gm-runs.h"
#include "ui-util.h"

/* What the pages of a large run cost: bench-views RUN results|log LINES, under tests/ui/run-ui.
 * Prints a line for each figure: the milliseconds until all lines are there, those of them that the
 * window computes, what a frame computes while scrolling, and the memory of the process. What is
 * computed does not depend on what else the machine does. */

#define FRAMES 300

typedef struct
{
  GArray *costs;  /* of double, milliseconds */
  double  begun;
} Frames;

/* Milliseconds that this thread has computed. */
static double
get_cpu (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);

  return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static void
before_paint_cb (GdkFrameClock *clock,
                 Frames        *frames)
{
  frames->begun = get_cpu ();
}

static void
after_paint_cb (GdkFrameClock *clock,
                Frames        *frames)
{
  double cost = get_cpu () - frames->begun;

  g_array_append_val (frames->costs, cost);
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  double first = *(const double *) a, second = *(const double *) b;

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
  Frames frames = { .costs = g_array_new (FALSE, FALSE, sizeof (double)) };

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
  printf ("window %s-frame-p50-ms %.1f\n", name,
          g_array_index (frames.costs, double, FRAMES / 2));
  printf ("window %s-frame-p95-ms %.1f\n", name,
          g_array_index (frames.costs, double, FRAMES * 95 / 100));
  g_array_unref (frames.costs);
}

/* A run of the default folder, so that the window finds it. */
static char *
adopt (const char *dir)
{
  g_autofree char *folder = gm_runs_folder ();
  g_autofree char *target = g_canonicalize_filename (dir, NULL);
  g_autofree char *link = g_build_filename (folder, "bench", NULL);

  g_mkdir_with_parents (folder, 0700);
  if (symlink (target, link) < 0)
    g_error ("Could not make %s", link);

  return g_strdup ("bench");
}

static void
measure (GmWindow   *window,
         const char *id,
         const char *name,
         guint       least)
{
  g_autofree char *view_name = g_strconcat (name, "-view", NULL);
  gint64 begun = g_get_monotonic_time ();
  double cpu = get_cpu ();
  struct rusage usage;
  GtkWidget *view;
  GListModel *model;

  gm_window_show_run (window, id);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", name);
  view = ui_find (window, view_name);
  model = GTK_IS_LIST_VIEW (view)
            ? G_LIST_MODEL (gtk_list_view_get_model (GTK_LIST_VIEW (view)))
            : G_LIST_MODEL (gtk_column_view_get_model (GTK_COLUMN_VIEW (view)));
  WAIT_FOR (g_list_model_get_n_items (model) >= least);
  printf ("window %s-open-ms %.0f\n", name, (g_get_monotonic_time () - begun) / 1e3);
  printf ("window %s-open-computing-ms %.0f\n", name, get_cpu () - cpu);
  scroll (GTK_WIDGET (window), view, name);
  getrusage (RUSAGE_SELF, &usage);
  printf ("window %s-peak-mib %.0f\n", name, usage.ru_maxrss / 1024.0);
}

int
main (int    argc,
      char **argv)
{
  GmApplication *application;
  g_autofree char *id = NULL;
  GmWindow *window;

  if (argc != 4 || !gtk_init_check ())
    {
      fprintf (stderr, "bench-views RUN results|log LINES\n");
      return 2;
    }
  id = adopt (argv[1]);
  application = ui_start ();
  window = ui_get_window (application);
  gtk_window_set_default_size (GTK_WINDOW (window), 1280, 700);
  ui_settle ();
  measure (window, id, argv[2], (guint) g_ascii_strtoull (argv[3], NULL, 10));
  ui_finish (application);

  return 0;
}
