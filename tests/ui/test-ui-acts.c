/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <json-glib/json-glib.h>

#include "gm-monitor-page.h"
#include "gm-results-page.h"
#include "ui-run.h"

/* What can be done with a run and its workers from the pages, on real runs. */

#define SLEEPERS "{\"mpjob\":1,\"processes\":2,\"task\":{\"command\":[\"sleep\",\"1000\"]," \
                 "\"stdin\":true},\"inputs\":{\"range\":[2]}}"

static void
wait_for_export (UiRun       *shown,
                 const char  *format,
                 const char  *name,
                 char       **text)
{
  g_autofree char *path = g_build_filename (shown->dir, name, NULL);

  gtk_widget_activate_action (shown->page, "results.export-to", "(s^ay)", format, path);
  WAIT_FOR (g_file_test (path, G_FILE_TEST_EXISTS));
  ui_run_read_file (shown->dir, name, text);
}

static void
test_export (void)
{
  g_autofree char *dir = ui_run_start ("export.mpjob", "{\"mpjob\":1,\"processes\":1,\"task\":{\"command\":"
                                       "[\"printf\",\"%s\\\\n\",\"{}\"]},\"inputs\":[\"a,b\",\"c\\\"d\"]}");
  g_autofree char *csv = NULL;
  g_autofree char *json = NULL;
  g_autoptr(JsonNode) root = NULL;
  g_auto(GStrv) lines = NULL;
  JsonArray *array;
  UiRun shown;

  ui_run_show (&shown, dir, GM_TYPE_RESULTS_PAGE);
  WAIT_FOR (ui_run_is_over (shown.run));
  WAIT_FOR (g_list_model_get_n_items (ui_run_get_model (shown.page, "results-view")) == 2);
  wait_for_export (&shown, "csv", "export.csv", &csv);
  lines = g_strsplit (csv, "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  g_assert_true (g_str_has_prefix (lines[0], "index,item,item_base64,status,"));
  g_assert_true (g_str_has_prefix (lines[1], "0,\"a,b\",,ok,,1,"));
  g_assert_nonnull (strstr (lines[1], ",\"a,b\n\","));
  g_assert_true (g_str_has_prefix (lines[2], "1,\"c\"\"d\",,ok,,1,"));
  wait_for_export (&shown, "json", "export.json", &json);
  root = json_from_string (json, NULL);
  g_assert_nonnull (root);
  array = json_node_get_array (root);
  g_assert_cmpuint (json_array_get_length (array), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (array, 1), "item"),
                   ==, "c\"d");
  /* Only what is selected, if something is. */
  gtk_selection_model_select_item (
    gtk_column_view_get_model (GTK_COLUMN_VIEW (ui_find (shown.page, "results-view"))), 1, TRUE);
  g_free (g_steal_pointer (&csv));
  wait_for_export (&shown, "csv", "selected.csv", &csv);
  g_assert_null (strstr (csv, "a,b"));
  ui_run_hide (&shown);
}

static gboolean
has_state (pid_t pid,
           char  state)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && strrchr (text, ')')[2] == state;
}

static gboolean
runs_on (pid_t pid,
         int   cpu)
{
  cpu_set_t cpus;

  return sched_getaffinity (pid, sizeof cpus, &cpus) == 0 && CPU_COUNT (&cpus) == 1
         && CPU_ISSET (cpu, &cpus);
}

static void
test_worker_actions (void)
{
  g_autofree char *dir = ui_run_start ("acted.mpjob", SLEEPERS);
  const int first_cpu[] = { 0 };
  const GmSnapshot *snapshot;
  GtkSelectionModel *selection;
  GtkWidget *view;
  pid_t pid, runner;
  UiRun shown;

  ui_run_show (&shown, dir, GM_TYPE_MONITOR_PAGE);
  view = ui_find (shown.page, "workers-view");
  selection = gtk_column_view_get_model (GTK_COLUMN_VIEW (view));
  WAIT_FOR ((snapshot = gm_run_get_snapshot (shown.run)) != NULL && snapshot->workers->len == 2
            && ((GmSnapshotWorker *) g_ptr_array_index (snapshot->workers, 0))->has_index);
  WAIT_FOR (g_list_model_get_n_items (G_LIST_MODEL (selection)) >= 2);
  runner = snapshot->pid;
  pid = ((GmSnapshotWorker *) g_ptr_array_index (snapshot->workers, 0))->pid;
  /* Nothing is done to what nobody has chosen. */
  gtk_widget_activate_action (view, "workers.priority", "i", 19);
  gtk_selection_model_select_item (selection, 0, TRUE);
  gtk_widget_activate_action (view, "workers.priority", "i", 5);
  WAIT_FOR (getpriority (PRIO_PROCESS, pid) == 5);
  gtk_widget_activate_action (view, "workers.affinity", "@ai",
                              g_variant_new_fixed_array (G_VARIANT_TYPE_INT32, first_cpu, 1,
                                                         sizeof (int)));
  WAIT_FOR (runs_on (pid, 0));
  gtk_widget_activate_action (view, "workers.signal", "s", "SIGSTOP");
  WAIT_FOR (has_state (pid, 'T'));
  gtk_widget_activate_action (view, "workers.signal", "s", "SIGCONT");
  WAIT_FOR (!has_state (pid, 'T'));
  g_assert_cmpint (kill (runner, SIGTERM), ==, 0);
  WAIT_FOR (ui_run_is_over (shown.run));
  ui_run_hide (&shown);
}

/* Returns: (transfer full): what of the type handles the events of a widget */
static GtkEventController *
get_controller (GtkWidget *widget,
                GType      type)
{
  g_autoptr(GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr(GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (g_type_is_a (G_OBJECT_TYPE (controller), type))
        return g_steal_pointer (&controller);
    }
  g_assert_not_reached ();
}

static void
press (GtkEventController *keys,
       guint               key,
       GdkModifierType     state)
{
  gboolean handled = FALSE;

  g_signal_emit_by_name (keys, "key-pressed", key, 0, state, &handled);
  g_assert_true (handled);
}

/* A span of the timeline is chosen by pointer or keys, and its items are counted. */
static void
test_scrubber (void)
{
  g_autofree char *dir = ui_run_start ("scrubbed.mpjob", "{\"mpjob\":1,\"processes\":1,\"task\":{\"function\":"
                                       "\"builtin:sleep\"},\"inputs\":[0.2,0.2,0.2]}");
  g_autoptr(GtkEventController) drag = NULL;
  g_autoptr(GtkEventController) keys = NULL;
  GtkWidget *timeline;
  UiRun shown;

  ui_run_show (&shown, dir, GM_TYPE_MONITOR_PAGE);
  WAIT_FOR (ui_run_is_over (shown.run));
  timeline = ui_find (shown.page, "monitor-timeline");
  WAIT_FOR (gtk_widget_get_width (timeline) > 100 && ui_run_says (shown.page, "monitor-span", "Drag"));
  ui_settle ();
  drag = get_controller (timeline, GTK_TYPE_GESTURE_DRAG);
  keys = get_controller (timeline, GTK_TYPE_EVENT_CONTROLLER_KEY);
  g_signal_emit_by_name (drag, "drag-begin", 0.0, 5.0);
  g_signal_emit_by_name (drag, "drag-update", (double) gtk_widget_get_width (timeline), 0.0);
  WAIT_FOR (ui_run_says (shown.page, "monitor-span", "3 items, 0 failed"));
  press (keys, GDK_KEY_Escape, 0);
  WAIT_FOR (ui_run_says (shown.page, "monitor-span", "Drag"));
  for (int i = 0; i < 40; i++)
    press (keys, GDK_KEY_Right, GDK_SHIFT_MASK);
  WAIT_FOR (ui_run_says (shown.page, "monitor-span", "3 items, 0 failed"));
  press (keys, GDK_KEY_Left, GDK_SHIFT_MASK);
  ui_run_hide (&shown);
}

static gboolean
has_shown_button (GtkWidget  *widget,
                  const char *action)
{
  if (GTK_IS_BUTTON (widget) && gtk_widget_get_mapped (widget)
      && g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (widget)), action) == 0)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (has_shown_button (child, action))
      return TRUE;

  return FALSE;
}

/* All failures of a run that is over are retried by a new runner; a group alone is not offered. */
static void
test_retry_when_over (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("twice.mpjob",
    "{\"mpjob\":1,\"processes\":1,\"task\":{\"shell\":\"test -e twice.{} || { touch twice.{}; "
    "exit 3; }\"},\"inputs\":{\"range\":[3]}}");
  GtkWidget *results;
  GmRun *run;

  ui_open (application, path);
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  run = gm_window_get_run (window);
  WAIT_FOR (ui_run_is_over (run) && gm_run_get_failed (run) == 3);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", "results");
  results = ui_find (window, "results-view");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (ui_find (window, "results-groups")), TRUE);
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (window), "3 inputs · exit code"));
  g_assert_false (has_shown_button (GTK_WIDGET (window), "results.retry-group"));
  gtk_widget_activate_action (results, "results.retry-all", NULL);
  WAIT_FOR (ui_run_is_over (gm_window_get_run (window))
            && gm_run_get_failed (gm_window_get_run (window)) == 0
            && gm_run_get_done (gm_window_get_run (window)) == 3);
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
  g_test_add_func ("/acts/export", test_export);
  g_test_add_func ("/acts/workers", test_worker_actions);
  g_test_add_func ("/acts/scrubber", test_scrubber);
  g_test_add_func ("/acts/retry-when-over", test_retry_when_over);
  result = g_test_run ();
  ui_finish (application);

  return result;
}
