/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ui-util.h"

#include "gm-run-store.h"

/* Jobs that are run from the window: the runner is the real program. */

static GmRun *
start (GmApplication *application,
       const char    *name,
       const char    *text)
{
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job (name, text);

  ui_open (application, path);
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  g_assert_nonnull (gm_window_get_run (window));

  return gm_window_get_run (window);
}

static gboolean
is_over (GmRun *run)
{
  return gm_run_get_started (run) > 0 && !gm_run_get_live (run);
}

static guint
count (GListModel *model)
{
  return g_list_model_get_n_items (model);
}

/* Items wait for a file to appear: the test decides when they end. */
static char *
waiting_job (const char *gate)
{
  return g_strdup_printf ("{\"mpjob\":1,\"name\":\"Waiting\",\"task\":{\"shell\":\"while [ ! -e %s ]; "
                          "do sleep 0.05; done; [ {} != 1 ]\"},\"inputs\":{\"range\":[3]},"
                          "\"processes\":2}", gate);
}

static void
test_run_to_the_end (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  GmRunStore *runs = gm_application_get_runs (application);
  GmRun *run = start (application, "ten.mpjob",
    "{\"mpjob\":1,\"name\":\"Ten\",\"task\":{\"command\":[\"echo\",\"{}\"]},"
    "\"inputs\":{\"range\":[10]}}");

  WAIT_FOR (is_over (run));
  g_assert_cmpint (gm_run_get_state (run), ==, GM_RUN_FINISHED);
  g_assert_cmpint (gm_run_get_done (run), ==, 10);
  g_assert_cmpint (gm_run_get_failed (run), ==, 0);
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (ui_find (window, "primary"))), ==,
                   "_Run Again");
  WAIT_FOR (count (gm_run_store_get_running (runs)) == 0);
  g_assert_true (gm_history_contains (gm_run_store_get_history (runs), gm_run_get_id (run)));
  ui_finish (application);
}

static void
test_run_survives_the_window (void)
{
  GmApplication *application = ui_start ();
  g_autofree char *gate = g_build_filename (g_get_home_dir (), "gate", NULL);
  g_autofree char *job = waiting_job (gate);
  g_autofree char *id = NULL;
  g_autoptr(GmRun) again = NULL;
  g_autoptr(GmRunStore) runs = NULL;
  GmRun *run = start (application, "waiting.mpjob", job);

  WAIT_FOR (gm_run_get_live (run));
  id = g_strdup (gm_run_get_id (run));
  ui_finish (application);

  /* What a window that is opened later finds, knowing nothing of this one. */
  runs = gm_run_store_new (gm_run_store_get_folder (gm_application_get_runs (application)));
  g_assert_cmpuint (count (gm_run_store_get_running (runs)), ==, 1);
  again = g_list_model_get_item (gm_run_store_get_running (runs), 0);
  g_assert_cmpstr (gm_run_get_id (again), ==, id);
  application = ui_start ();
  gm_window_show_run (ui_get_window (application), id);
  g_assert_true (g_file_set_contents (gate, "", 0, NULL));
  WAIT_FOR (is_over (again));
  g_assert_cmpint (gm_run_get_failed (again), ==, 1);
  WAIT_FOR (strcmp (gtk_button_get_label (GTK_BUTTON (ui_find (ui_get_window (application),
                                                               "primary"))),
                    "_Retry Failed") == 0);
  unlink (gate);
  ui_finish (application);
}

static void
test_death_of_the_runner_is_seen (void)
{
  GmApplication *application = ui_start ();
  g_autofree char *gate = g_build_filename (g_get_home_dir (), "never", NULL);
  g_autofree char *job = waiting_job (gate);
  GmRun *run = start (application, "killed.mpjob", job);
  const GmSnapshot *snapshot;

  WAIT_FOR (gm_run_get_live (run));
  snapshot = gm_run_get_snapshot (run);
  g_assert_nonnull (snapshot);
  kill (snapshot->pid, SIGKILL);
  WAIT_FOR (gm_run_get_state (run) == GM_RUN_INTERRUPTED);
  g_assert_true (gm_run_get_died (run));
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (ui_find (ui_get_window (application),
                                                              "primary"))), ==, "_Resume");
  g_assert_nonnull (strstr (gtk_label_get_label (GTK_LABEL (ui_find (ui_get_window (application),
                                                                     "banner"))),
                            "unexpectedly"));
  ui_finish (application);
}

static pid_t
find_busy (GmRun *run)
{
  const GmSnapshot *snapshot = gm_run_get_snapshot (run);

  for (guint i = 0; snapshot != NULL && snapshot->workers != NULL && i < snapshot->workers->len; i++)
    {
      const GmSnapshotWorker *worker = g_ptr_array_index (snapshot->workers, i);

      if (worker->state == GM_WORKER_BUSY)
        return worker->pid;
    }

  return 0;
}

static void
test_death_of_a_worker_is_told (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *gate = g_build_filename (g_get_home_dir (), "gate-of-workers", NULL);
  g_autofree char *job = waiting_job (gate);
  GmRun *run = start (application, "workers.mpjob", job);

  gm_run_set_watched (run, TRUE);
  WAIT_FOR (find_busy (run) > 0);
  kill (find_busy (run), SIGKILL);
  WAIT_FOR (strstr (gtk_label_get_label (GTK_LABEL (ui_find (window, "banner"))),
                    "replaced") != NULL);
  gm_run_set_watched (run, FALSE);
  g_assert_true (g_file_set_contents (gate, "", 0, NULL));
  WAIT_FOR (is_over (run));
  g_assert_cmpint (gm_run_get_done (run), ==, 3);
  ui_finish (application);
}

/* Pause, resume and stop go through the socket. */
static void
test_steering (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *gate = g_build_filename (g_get_home_dir (), "gate-of-steering", NULL);
  g_autofree char *job = waiting_job (gate);
  GmRun *run = start (application, "steering.mpjob", job);
  GtkButton *primary = GTK_BUTTON (ui_find (window, "primary"));

  WAIT_FOR (g_strcmp0 (gtk_button_get_label (primary), "_Pause") == 0);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  WAIT_FOR (gm_run_get_state (run) == GM_RUN_PAUSED);
  g_assert_cmpstr (gtk_button_get_label (primary), ==, "_Resume");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  WAIT_FOR (gm_run_get_state (run) == GM_RUN_RUNNING);
  g_assert_true (g_file_set_contents (gate, "", 0, NULL));
  WAIT_FOR (is_over (run));
  WAIT_FOR (g_strcmp0 (gtk_button_get_label (primary), "_Retry Failed") == 0);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  run = gm_window_get_run (window);
  WAIT_FOR (gm_run_get_live (run) || gm_run_get_done (run) == 3);
  WAIT_FOR (is_over (run));
  ui_finish (application);
}

/* The runner says no: it is told, and nothing is left of the attempt. */
static void
test_refused_job (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  guint before = gm_history_get_names (gm_run_store_get_history (
                   gm_application_get_runs (application)))->len;
  GtkLabel *banner;

  start (application, "module.mpjob",
         "{\"mpjob\":1,\"task\":{\"function\":\"./no-such-module.so:f\"},\"inputs\":[1]}");
  banner = GTK_LABEL (ui_find (window, "banner"));
  WAIT_FOR (strstr (gtk_label_get_label (banner), "no-such-module") != NULL);
  g_assert_null (gm_window_get_run (window));
  WAIT_FOR (gm_history_get_names (gm_run_store_get_history (
              gm_application_get_runs (application)))->len == before);
  ui_finish (application);
}

static void
changed_cb (GListModel *model,
            guint       position,
            guint       removed,
            guint       added,
            guint      *total)
{
  *total += added;
}

/* Names are all that is read of ten thousand runs. */
static void
test_long_history (void)
{
  g_autofree char *folder = g_build_filename (g_get_home_dir (), "many", NULL);
  g_autoptr(GmRunStore) store = NULL;
  GListModel *history;
  g_autoptr(GObject) first = NULL;
  g_autoptr(GObject) again = NULL;
  guint added = 0;

  g_assert_cmpint (mkdir (folder, 0700), ==, 0);
  for (int i = 0; i < 10000; i++)
    {
      g_autofree char *name = g_strdup_printf ("20260101-%06d-job-%04x", i, i);
      g_autofree char *dir = g_build_filename (folder, name, NULL);

      g_assert_cmpint (mkdir (dir, 0700), ==, 0);
    }
  store = gm_run_store_new (folder);
  history = G_LIST_MODEL (gm_run_store_get_history (store));
  g_assert_cmpuint (count (history), ==, 10000);
  first = g_list_model_get_item (history, 0);
  again = g_list_model_get_item (history, 0);
  g_assert_true (first == again);
  g_assert_cmpstr (gm_run_get_id (GM_RUN (first)), ==, "20260101-009999-job-270f");
  gm_history_set_search (GM_HISTORY (history), "job 00ff");
  g_assert_cmpuint (count (history), ==, 1);
  {
    g_autofree char *file = g_build_filename (folder, "20260101-000007-job-0007", "state.json", NULL);

    g_assert_true (g_file_set_contents (file, "{\"state\":\"finished\",\"name\":\"Größen\"}", -1, NULL));
    gm_history_set_search (GM_HISTORY (history), "größe");
    WAIT_FOR (count (history) == 1);
  }
  gm_history_set_search (GM_HISTORY (history), NULL);
  g_assert_cmpuint (count (history), ==, 10000);
  g_signal_connect (history, "items-changed", G_CALLBACK (changed_cb), &added);
  {
    g_autofree char *dir = g_build_filename (folder, "20260102-000000-new-0000", NULL);

    g_assert_cmpint (mkdir (dir, 0700), ==, 0);
    WAIT_FOR (count (history) == 10001);
    g_assert_cmpuint (added, ==, 1);
    g_assert_cmpint (rmdir (dir), ==, 0);
    WAIT_FOR (count (history) == 10000);
  }
}

/* A job that is taken off the list comes back with what was not saved. */
static void
test_close_and_undo (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("undone.mpjob",
    "{\"mpjob\":1,\"name\":\"Undone\",\"task\":{\"command\":[\"true\"]},\"inputs\":{\"range\":[1]}}");
  g_autoptr(GmDraft) draft = NULL;

  ui_open (application, path);
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "retries")), "3");
  draft = g_object_ref (gm_window_get_draft (window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.forget", NULL);
  g_assert_null (gm_window_get_draft (window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.undo-forget", NULL);
  g_assert_true (gm_window_get_draft (window) == draft);
  g_assert_true (gm_draft_get_modified (draft));
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (ui_find (window, "retries"))), ==, "3");
  /* Only the last one can be taken back, and nothing once that is no longer offered. */
  gtk_widget_activate_action (GTK_WIDGET (window), "win.forget", NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "app.new-job", NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.forget", NULL);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.undo-forget", NULL);
  g_assert_true (gm_window_get_draft (window) != draft);
  g_assert_nonnull (gm_window_get_draft (window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.forget", NULL);
  ui_finish (application);
}

static AdwMessageDialog *
find_dialog (void)
{
  g_autoptr(GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (ADW_IS_MESSAGE_DIALOG (l->data))
      return l->data;

  return NULL;
}

static void
answer (const char *response)
{
  AdwMessageDialog *dialog = find_dialog ();

  g_assert_nonnull (dialog);
  adw_message_dialog_response (dialog, response);
  gtk_window_destroy (GTK_WINDOW (dialog));
}

/* Closing asks about what is in no file, by name, and can save it. */
static void
test_save_when_closing (void)
{
  GmApplication *application = ui_start ();
  gpointer window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("kept.mpjob",
    "{\"mpjob\":1,\"name\":\"Kept\",\"task\":{\"command\":[\"true\"]},\"inputs\":{\"range\":[1]}}");
  g_autofree char *text = NULL;

  g_object_add_weak_pointer (window, &window);
  ui_open (application, path);
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "retries")), "3");
  gtk_window_close (window);
  g_assert_nonnull (strstr (adw_message_dialog_get_body (find_dialog ()), "Kept"));
  answer ("cancel");
  ui_settle ();
  g_assert_nonnull (window);
  gtk_window_close (window);
  answer ("save");
  WAIT_FOR (window == NULL);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "\"retries\""));
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add_func ("/window/run-to-the-end", test_run_to_the_end);
  g_test_add_func ("/window/survives", test_run_survives_the_window);
  g_test_add_func ("/window/runner-dies", test_death_of_the_runner_is_seen);
  g_test_add_func ("/window/worker-dies", test_death_of_a_worker_is_told);
  g_test_add_func ("/window/steering", test_steering);
  g_test_add_func ("/window/refused", test_refused_job);
  g_test_add_func ("/window/close-and-undo", test_close_and_undo);
  g_test_add_func ("/window/long-history", test_long_history);
  g_test_add_func ("/window/save-when-closing", test_save_when_closing);

  return g_test_run ();
}
