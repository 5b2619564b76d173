/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "gm-log-page.h"
#include "gm-monitor-page.h"
#include "gm-results-page.h"
#include "gm-run.h"
#include "ui-util.h"

/* The pages of a run, on real runs. */

typedef struct
{
  GmRun     *run;
  GtkWidget *window;
  GtkWidget *page;
  char      *dir;
} Shown;

static char *
start (const char *name,
       const char *job)
{
  g_autofree char *path = ui_write_job (name, job);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *base = g_strconcat (name, ".run", NULL);
  g_autofree char *dir = g_build_filename (parent, base, NULL);
  g_autofree char *option = g_strconcat ("--run-dir=", dir, NULL);
  g_autofree char *state = g_build_filename (dir, "state.json", NULL);
  const char *argv[] = { g_getenv ("GTK_MP_PROGRAM"), "--headless", "--quiet", option, path, NULL };
  g_autoptr(GError) error = NULL;

  g_spawn_async (NULL, (char **) argv, NULL,
                 G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  WAIT_FOR (g_file_test (state, G_FILE_TEST_EXISTS));

  return g_steal_pointer (&dir);
}

static void
show (Shown      *shown,
      const char *dir,
      GType       type)
{
  shown->dir = g_strdup (dir);
  shown->run = gm_run_new (dir);
  gm_run_follow (shown->run);
  shown->window = gtk_window_new ();
  shown->page = g_object_new (type, "run", shown->run, NULL);
  gtk_window_set_default_size (GTK_WINDOW (shown->window), 1000, 700);
  gtk_window_set_child (GTK_WINDOW (shown->window), shown->page);
  gtk_window_present (GTK_WINDOW (shown->window));
}

static void
hide (Shown *shown)
{
  gpointer page = shown->page;

  g_object_add_weak_pointer (G_OBJECT (page), &page);
  gtk_window_destroy (GTK_WINDOW (shown->window));
  WAIT_FOR (page == NULL);
  g_clear_object (&shown->run);
  g_free (shown->dir);
}

static gboolean
is_over (GmRun *run)
{
  return gm_run_get_started (run) > 0 && !gm_run_get_live (run);
}

static GListModel *
get_model (GtkWidget  *page,
           const char *name)
{
  GtkWidget *view = ui_find (page, name);

  g_assert_nonnull (view);

  return GTK_IS_LIST_VIEW (view) ? G_LIST_MODEL (gtk_list_view_get_model (GTK_LIST_VIEW (view)))
                                 : G_LIST_MODEL (gtk_column_view_get_model (GTK_COLUMN_VIEW (view)));
}

static gboolean
says (GtkWidget  *page,
      const char *name,
      const char *part)
{
  return strstr (gtk_label_get_text (GTK_LABEL (ui_find (page, name))), part) != NULL;
}

/* Whether a cell that is on screen says so. */
static gboolean
has_cell (GtkWidget  *widget,
          const char *text)
{
  if (GTK_IS_INSCRIPTION (widget)
      && g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (widget)), text) == 0)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (has_cell (child, text))
      return TRUE;

  return FALSE;
}

static void
read_file (const char  *dir,
           const char  *name,
           char       **text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr(GError) error = NULL;

  g_file_get_contents (path, text, NULL, &error);
  g_assert_no_error (error);
}

static void
test_results (void)
{
  g_autofree char *dir = start ("squares.mpjob", "{\"mpjob\":1,\"task\":{\"function\":\"builtin:square\"},"
                                "\"inputs\":{\"range\":[20000]}}");
  g_autofree char *path = g_build_filename (dir, "export.jsonl", NULL);
  g_autofree char *expected = NULL;
  g_autofree char *exported = NULL;
  GtkWidget *search;
  GListModel *model;
  Shown shown;

  show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  WAIT_FOR (is_over (shown.run));
  model = get_model (shown.page, "results-view");
  WAIT_FOR (g_list_model_get_n_items (model) == 20000);
  WAIT_FOR (says (shown.page, "results-summary", "20000"));

  gtk_widget_activate_action (shown.page, "results.export-to", "(s^ay)", "jsonl", path);
  read_file (dir, "results.jsonl", &expected);
  WAIT_FOR (g_file_test (path, G_FILE_TEST_EXISTS));
  read_file (dir, "export.jsonl", &exported);
  g_assert_true (g_str_equal (exported, expected));

  search = ui_find (shown.page, "results-search");
  gtk_editable_set_text (GTK_EDITABLE (search), "399960001");
  WAIT_FOR (g_list_model_get_n_items (model) == 1);
  WAIT_FOR (has_cell (shown.page, "19999"));
  gtk_editable_set_text (GTK_EDITABLE (search), "");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "results-status")), 2);
  WAIT_FOR (g_list_model_get_n_items (model) == 0);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "results-status")), 1);
  WAIT_FOR (g_list_model_get_n_items (model) == 20000);
  hide (&shown);
}

/* Results are files that anybody can write to: values of other types than ours are passed over. */
static void
test_odd_outcome (void)
{
  static const char odd[] =
    "{\"index\":1,\"item_base64\":5,\"status\":\"error\",\"attempts\":\"x\",\"duration\":1e300,"
    "\"started\":1e300,\"worker\":[],\"reason\":\"exit-code\",\"exit_code\":\"y\",\"signal\":null,"
    "\"error\":7,\"stdout_base64\":{},\"stderr_file\":8,\"max_rss\":true,\"reused\":\"z\"}\n";
  g_autofree char *dir = start ("odd.mpjob", "{\"mpjob\":1,\"task\":{\"command\":[\"echo\"]},"
                                "\"inputs\":{\"range\":[2]}}");
  g_autofree char *path = g_build_filename (dir, "results.jsonl", NULL);
  GtkColumnView *view;
  Shown shown;
  FILE *file;

  show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  WAIT_FOR (is_over (shown.run));
  hide (&shown);
  file = fopen (path, "a");
  g_assert_nonnull (file);
  g_assert_cmpint (fputs (odd, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);

  show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  view = GTK_COLUMN_VIEW (ui_find (shown.page, "results-view"));
  WAIT_FOR (g_list_model_get_n_items (get_model (shown.page, "results-view")) == 2);
  gtk_widget_activate_action (shown.page, "results.show-item", "t", (guint64) 1);
  WAIT_FOR (gtk_selection_model_is_selected (gtk_column_view_get_model (view), 0)
            || gtk_selection_model_is_selected (gtk_column_view_get_model (view), 1));
  ui_settle ();
  hide (&shown);
}

static void
test_sort (void)
{
  g_autofree char *dir = start ("sort.mpjob", "{\"mpjob\":1,\"processes\":1,\"chunksize\":1,\"task\":{\"function\":"
                                "\"builtin:sleep\"},\"inputs\":[0.02,0.2,0.01]}");
  GtkColumnView *view;
  GListModel *columns;
  Shown shown;

  show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  WAIT_FOR (is_over (shown.run));
  view = GTK_COLUMN_VIEW (ui_find (shown.page, "results-view"));
  columns = gtk_column_view_get_columns (view);
  WAIT_FOR (g_list_model_get_n_items (get_model (shown.page, "results-view")) == 3);
  for (guint i = 0; i < g_list_model_get_n_items (columns); i++)
    {
      g_autoptr(GtkColumnViewColumn) column = g_list_model_get_item (columns, i);

      if (g_str_equal (gtk_column_view_column_get_title (column), "Duration"))
        gtk_column_view_sort_by_column (view, column, GTK_SORT_DESCENDING);
    }
  ui_settle ();
  gtk_selection_model_select_item (gtk_column_view_get_model (view), 0, TRUE);
  gtk_widget_activate_action (shown.page, "results.show-item", "t", (guint64) 1);
  WAIT_FOR (gtk_selection_model_is_selected (gtk_column_view_get_model (view), 0));
  gtk_widget_activate_action (shown.page, "results.show-item", "t", (guint64) 2);
  WAIT_FOR (gtk_selection_model_is_selected (gtk_column_view_get_model (view), 2));
  hide (&shown);
}

/* A worker is killed: another takes its slot, and the table shows it. */
static void
test_worker_replaced (void)
{
  g_autofree char *dir = start ("killed.mpjob", "{\"mpjob\":1,\"processes\":2,\"retries\":1,\"task\":{\"command\":"
                                "[\"sleep\",\"1000\"],\"stdin\":true},\"inputs\":{\"range\":[4]}}");
  g_autofree char *old = NULL;
  const GmSnapshot *snapshot;
  pid_t pid, runner;
  Shown shown;

  show (&shown, dir, GM_TYPE_MONITOR_PAGE);
  WAIT_FOR ((snapshot = gm_run_get_snapshot (shown.run)) != NULL && snapshot->workers->len == 2
            && ((GmSnapshotWorker *) g_ptr_array_index (snapshot->workers, 0))->has_index);
  WAIT_FOR (g_list_model_get_n_items (get_model (shown.page, "workers-view")) >= 2);
  runner = snapshot->pid;
  pid = ((GmSnapshotWorker *) g_ptr_array_index (snapshot->workers, 0))->pid;
  old = g_strdup_printf ("%d", (int) pid);
  WAIT_FOR (has_cell (shown.page, old));
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  WAIT_FOR (!has_cell (shown.page, old));
  WAIT_FOR (g_list_model_get_n_items (get_model (shown.page, "workers-view")) >= 2);
  g_assert_cmpint (kill (runner, SIGTERM), ==, 0);
  WAIT_FOR (is_over (shown.run));
  hide (&shown);
}

/* What has failed is tried again while the run is live. */
static void
test_retry (void)
{
  g_autofree char *dir = start ("retry.mpjob", "{\"mpjob\":1,\"processes\":1,\"task\":{\"shell\":\"test -e again || "
                                "{ touch again; echo no luck >&2; exit 3; }; test {} = 1 && sleep 1000; true\"},"
                                "\"inputs\":{\"range\":[2]}}");
  GListModel *model;
  Shown shown;
  pid_t runner;

  show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  gm_run_set_watched (shown.run, TRUE);
  model = get_model (shown.page, "results-view");
  WAIT_FOR (g_list_model_get_n_items (model) == 1 && has_cell (shown.page, "Error"));
  WAIT_FOR (gm_run_get_snapshot (shown.run) != NULL);
  runner = gm_run_get_snapshot (shown.run)->pid;
  gtk_widget_activate_action (shown.page, "results.retry-group", "u", 0);
  WAIT_FOR (gm_run_get_snapshot (shown.run)->queued > 0);
  g_assert_cmpint (kill (runner, SIGTERM), ==, 0);
  WAIT_FOR (is_over (shown.run));
  gm_run_set_watched (shown.run, FALSE);
  hide (&shown);
}

static void
test_log (void)
{
  g_autofree char *dir = start ("log.mpjob", "{\"mpjob\":1,\"processes\":1,\"task\":{\"command\":[\"sh\",\"-c\","
                                "\"exit {}\"]},\"inputs\":{\"range\":[3]}}");
  GListModel *model;
  guint all;
  Shown shown;

  show (&shown, dir, GM_TYPE_LOG_PAGE);
  WAIT_FOR (is_over (shown.run));
  model = get_model (shown.page, "log-view");
  WAIT_FOR ((all = g_list_model_get_n_items (model)) > 2);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "log-level")), 2);
  WAIT_FOR (g_list_model_get_n_items (model) == 2);
  gtk_editable_set_text (GTK_EDITABLE (ui_find (shown.page, "log-search")), "CODE 2");
  WAIT_FOR (g_list_model_get_n_items (model) == 1);
  gtk_editable_set_text (GTK_EDITABLE (ui_find (shown.page, "log-search")), "");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "log-level")), 0);
  WAIT_FOR (g_list_model_get_n_items (model) >= all);
  hide (&shown);
}

int
main (int    argc,
      char **argv)
{
  GmApplication *application;
  int result;

  if (!gtk_init_check ())
    return 77;
  g_test_init (&argc, &argv, NULL);
  application = ui_start ();
  g_test_add_func ("/views/results", test_results);
  g_test_add_func ("/views/odd-outcome", test_odd_outcome);
  g_test_add_func ("/views/sort", test_sort);
  g_test_add_func ("/views/worker-replaced", test_worker_replaced);
  g_test_add_func ("/views/retry", test_retry);
  g_test_add_func ("/views/log", test_log);
  result = g_test_run ();
  ui_finish (application);

  return result;
}
