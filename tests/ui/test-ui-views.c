/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "gm-log-page.h"
#include "gm-monitor-page.h"
#include "gm-results-page.h"
#include "ui-run.h"

/* The pages of a run, on real runs. */

static void
test_results (void)
{
  g_autofree char *dir = ui_run_start ("squares.mpjob", "{\"mpjob\":1,\"task\":{\"function\":\"builtin:square\"},"
                                "\"inputs\":{\"range\":[20000]}}");
  g_autofree char *path = g_build_filename (dir, "export.jsonl", NULL);
  g_autofree char *expected = NULL;
  g_autofree char *exported = NULL;
  GtkWidget *search;
  GListModel *model;
  UiRun shown;

  ui_run_show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  WAIT_FOR (ui_run_is_over (shown.run));
  model = ui_run_get_model (shown.page, "results-view");
  WAIT_FOR (g_list_model_get_n_items (model) == 20000);
  WAIT_FOR (ui_run_says (shown.page, "results-summary", "20000"));

  gtk_widget_activate_action (shown.page, "results.export-to", "(s^ay)", "jsonl", path);
  ui_run_read_file (dir, "results.jsonl", &expected);
  WAIT_FOR (g_file_test (path, G_FILE_TEST_EXISTS));
  ui_run_read_file (dir, "export.jsonl", &exported);
  g_assert_true (g_str_equal (exported, expected));

  search = ui_find (shown.page, "results-search");
  gtk_editable_set_text (GTK_EDITABLE (search), "399960001");
  WAIT_FOR (g_list_model_get_n_items (model) == 1);
  WAIT_FOR (ui_run_has_cell (shown.page, "19999"));
  gtk_editable_set_text (GTK_EDITABLE (search), "");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "results-status")), 2);
  WAIT_FOR (g_list_model_get_n_items (model) == 0);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "results-status")), 1);
  WAIT_FOR (g_list_model_get_n_items (model) == 20000);
  ui_run_hide (&shown);
}

/* Results are files that anybody can write to: values of other types than ours are passed over. */
static void
test_odd_outcome (void)
{
  static const char odd[] =
    "{\"index\":1,\"item_base64\":5,\"status\":\"error\",\"attempts\":\"x\",\"duration\":1e300,"
    "\"started\":1e300,\"worker\":[],\"reason\":\"exit-code\",\"exit_code\":\"y\",\"signal\":null,"
    "\"error\":7,\"stdout_base64\":{},\"stderr_file\":8,\"max_rss\":true,\"reused\":\"z\"}\n";
  g_autofree char *dir = ui_run_start ("odd.mpjob", "{\"mpjob\":1,\"task\":{\"command\":[\"echo\"]},"
                                       "\"inputs\":{\"range\":[2]}}");
  g_autofree char *path = g_build_filename (dir, "results.jsonl", NULL);
  GtkColumnView *view;
  UiRun shown;
  FILE *file;

  ui_run_show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  WAIT_FOR (ui_run_is_over (shown.run));
  ui_run_hide (&shown);
  file = fopen (path, "a");
  g_assert_nonnull (file);
  g_assert_cmpint (fputs (odd, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);

  ui_run_show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  view = GTK_COLUMN_VIEW (ui_find (shown.page, "results-view"));
  WAIT_FOR (g_list_model_get_n_items (ui_run_get_model (shown.page, "results-view")) == 2);
  gtk_widget_activate_action (shown.page, "results.show-item", "t", (guint64) 1);
  WAIT_FOR (gtk_selection_model_is_selected (gtk_column_view_get_model (view), 0)
            || gtk_selection_model_is_selected (gtk_column_view_get_model (view), 1));
  ui_settle ();
  ui_run_hide (&shown);
}

static void
test_sort (void)
{
  g_autofree char *dir =
    ui_run_start ("sort.mpjob", "{\"mpjob\":1,\"processes\":1,\"chunksize\":1,\"task\":{\"function\":"
                  "\"builtin:sleep\"},\"inputs\":[0.02,0.2,0.01]}");
  GtkColumnView *view;
  GListModel *columns;
  UiRun shown;

  ui_run_show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  WAIT_FOR (ui_run_is_over (shown.run));
  view = GTK_COLUMN_VIEW (ui_find (shown.page, "results-view"));
  columns = gtk_column_view_get_columns (view);
  WAIT_FOR (g_list_model_get_n_items (ui_run_get_model (shown.page, "results-view")) == 3);
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
  ui_run_hide (&shown);
}

/* A worker is killed: another takes its slot, and the table shows it. */
static void
test_worker_replaced (void)
{
  g_autofree char *dir =
    ui_run_start ("killed.mpjob", "{\"mpjob\":1,\"processes\":2,\"retries\":1,\"task\":{\"command\":"
                  "[\"sleep\",\"1000\"],\"stdin\":true},\"inputs\":{\"range\":[4]}}");
  g_autofree char *old = NULL;
  const GmSnapshot *snapshot;
  pid_t pid, runner;
  UiRun shown;

  ui_run_show (&shown, dir, GM_TYPE_MONITOR_PAGE);
  WAIT_FOR ((snapshot = gm_run_get_snapshot (shown.run)) != NULL && snapshot->workers->len == 2
            && ((GmSnapshotWorker *) g_ptr_array_index (snapshot->workers, 0))->has_index);
  WAIT_FOR (g_list_model_get_n_items (ui_run_get_model (shown.page, "workers-view")) >= 2);
  runner = snapshot->pid;
  pid = ((GmSnapshotWorker *) g_ptr_array_index (snapshot->workers, 0))->pid;
  old = g_strdup_printf ("%d", (int) pid);
  WAIT_FOR (ui_run_has_cell (shown.page, old));
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  WAIT_FOR (!ui_run_has_cell (shown.page, old));
  WAIT_FOR (g_list_model_get_n_items (ui_run_get_model (shown.page, "workers-view")) >= 2);
  g_assert_cmpint (kill (runner, SIGTERM), ==, 0);
  WAIT_FOR (ui_run_is_over (shown.run));
  ui_run_hide (&shown);
}

/* What has failed is tried again while the run is live. */
static void
test_retry (void)
{
  g_autofree char *dir =
    ui_run_start ("retry.mpjob", "{\"mpjob\":1,\"processes\":1,\"task\":{\"shell\":\"test -e again || "
                  "{ touch again; echo no luck >&2; exit 3; }; test {} = 1 && sleep 1000; true\"},"
                                "\"inputs\":{\"range\":[2]}}");
  GListModel *model;
  UiRun shown;
  pid_t runner;

  ui_run_show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  gm_run_set_watched (shown.run, TRUE);
  model = ui_run_get_model (shown.page, "results-view");
  WAIT_FOR (g_list_model_get_n_items (model) == 1 && ui_run_has_cell (shown.page, "Failed"));
  WAIT_FOR (gm_run_get_snapshot (shown.run) != NULL);
  runner = gm_run_get_snapshot (shown.run)->pid;
  gtk_widget_activate_action (shown.page, "results.retry-group", "u", 0);
  WAIT_FOR (gm_run_get_snapshot (shown.run)->queued > 0);
  g_assert_cmpint (kill (runner, SIGTERM), ==, 0);
  WAIT_FOR (ui_run_is_over (shown.run));
  gm_run_set_watched (shown.run, FALSE);
  ui_run_hide (&shown);
}

static void
test_log (void)
{
  g_autofree char *dir = ui_run_start ("log.mpjob", "{\"mpjob\":1,\"processes\":1,\"task\":{\"command\":[\"sh\",\"-c\","
                                "\"exit {}\"]},\"inputs\":{\"range\":[3]}}");
  GListModel *model;
  guint all;
  UiRun shown;

  ui_run_show (&shown, dir, GM_TYPE_LOG_PAGE);
  WAIT_FOR (ui_run_is_over (shown.run));
  model = ui_run_get_model (shown.page, "log-view");
  WAIT_FOR ((all = g_list_model_get_n_items (model)) > 2);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "log-level")), 2);
  WAIT_FOR (g_list_model_get_n_items (model) == 2);
  gtk_editable_set_text (GTK_EDITABLE (ui_find (shown.page, "log-search")), "CODE 2");
  WAIT_FOR (g_list_model_get_n_items (model) == 1);
  gtk_editable_set_text (GTK_EDITABLE (ui_find (shown.page, "log-search")), "");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (shown.page, "log-level")), 0);
  WAIT_FOR (g_list_model_get_n_items (model) >= all);
  ui_run_hide (&shown);
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
