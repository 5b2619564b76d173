/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ui-run.h"

#include "gm-define-page.h"
#include "gm-run-store.h"

/* What somebody does who has just installed it, from a folder of pictures to the next job. The
 * pictures of the steps go to the folder that GTK_MP_STORY names, if it does. */

#define N_PICTURES 24

/* What is run for each picture. It says what is no picture; from the 13th on it waits for as long
 * as the file `hold` is there. */
static const char thumbnail[] =
  "#!/bin/sh\n"
  "name=${3##*/}; number=${name##*-}; number=${number%.png}\n"
  "sleep 0.$(( ${number#0} * 7 % 4 + 1 ))\n"
  "[ \"$(head -c 4 \"$3\" | tail -c 3)\" = PNG ] || { echo \"$name: not a picture\" >&2; exit 1; }\n"
  "[ \"${number#0}\" -le 12 ] || while [ -e \"$HOME/hold\" ]; do sleep 0.05; done\n"
  "mkdir -p \"${4%/*}\" && cp \"$3\" \"$4\" && echo \"$name: made $2 pixels wide\"\n";

static const guint broken[] = { 4, 7, 11 };

typedef struct
{
  GmApplication *application;
  GmWindow      *window;
  GmRun         *run;
  char          *folder;  /* of the pictures */
  char          *notice;  /* what the desktop was asked to say last */
} Story;

static void
take_picture (GtkWidget  *window,
              const char *name)
{
  const char *folder = g_getenv ("GTK_MP_STORY");
  g_autofree char *path = NULL;

  if (folder == NULL)
    return;
  path = g_strdup_printf ("%s/%s.png", folder, name);
  ui_settle ();
  ui_save_png (window, path);
}

static void
take (Story      *story,
      const char *name)
{
  take_picture (GTK_WIDGET (story->window), name);
}

static char *
dup_picture_path (Story *story,
                  guint  number)
{
  g_autofree char *name = g_strdup_printf ("harbour-%02u.png", number);

  return g_build_filename (story->folder, name, NULL);
}

static void
make_picture (Story *story,
              guint  number)
{
  g_autofree char *path = dup_picture_path (story, number);
  g_autofree guint8 *pixels = g_malloc0 (64 * 48 * 4);
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GdkTexture) texture = NULL;

  for (guint i = 0; i < 64 * 48 * 4; i++)
    pixels[i] = i % 4 == 3 ? 255 : (guint8) (i * number / 64);
  bytes = g_bytes_new_take (g_steal_pointer (&pixels), 64 * 48 * 4);
  texture = gdk_memory_texture_new (64, 48, GDK_MEMORY_R8G8B8A8, bytes, 64 * 4);
  g_assert_true (gdk_texture_save_to_png (texture, path));
}

static void
make_pictures (Story *story)
{
  story->folder = g_build_filename (g_get_home_dir (), "Harbour", NULL);
  g_assert_cmpint (g_mkdir_with_parents (story->folder, 0700), ==, 0);
  for (guint i = 1; i <= N_PICTURES; i++)
    make_picture (story, i);
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autofree char *path = dup_picture_path (story, broken[i]);

      g_assert_true (g_file_set_contents (path, "Harbour, from the east\n", -1, NULL));
    }
}

/* A program of the user's, where the runner finds it. */
static void
install_thumbnail (void)
{
  g_autofree char *bin = g_build_filename (g_get_home_dir (), "bin", NULL);
  g_autofree char *path = g_build_filename (bin, "thumbnail", NULL);
  g_autofree char *search = g_strdup_printf ("%s:%s", bin, g_getenv ("PATH"));

  g_assert_cmpint (g_mkdir_with_parents (bin, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, thumbnail, -1, NULL));
  g_assert_cmpint (chmod (path, 0700), ==, 0);
  g_assert_true (g_setenv ("PATH", search, TRUE));
}

static void
hold (gboolean on)
{
  g_autofree char *path = g_build_filename (g_get_home_dir (), "hold", NULL);

  if (on)
    g_assert_true (g_file_set_contents (path, "", 0, NULL));
  else
    unlink (path);
}

static void
set_text (Story      *story,
          const char *field,
          const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (ui_find (story->window, field)), text);
}

static const char *
get_label (Story      *story,
           const char *name)
{
  return gtk_label_get_label (GTK_LABEL (ui_find (story->window, name)));
}

static gboolean
primary_is (Story      *story,
            const char *label)
{
  GtkWidget *primary = ui_find (story->window, "primary");

  return gtk_widget_get_sensitive (primary)
         && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (primary)), label) == 0;
}

static void
act (Story      *story,
     const char *action)
{
  gtk_widget_activate_action (GTK_WIDGET (story->window), action, NULL);
}

static void
show_page (Story      *story,
           const char *page)
{
  gtk_widget_activate_action (GTK_WIDGET (story->window), "win.show-page", "s", page);
}

/* The folder falls on the window: a job is made from it, and nothing runs. */
static void
drop_folder (Story *story)
{
  g_autoptr(GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (story->window));
  g_autoptr(GFile) folder = g_file_new_for_path (story->folder);
  GFile *files[] = { folder };
  GValue value = G_VALUE_INIT;
  gboolean handled = FALSE;

  gtk_widget_set_state_flags (GTK_WIDGET (story->window), GTK_STATE_FLAG_DROP_ACTIVE, FALSE);
  take (story, "02-dragged");
  gtk_widget_unset_state_flags (GTK_WIDGET (story->window), GTK_STATE_FLAG_DROP_ACTIVE);
  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (files, 1));
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr(GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (g_strcmp0 (gtk_event_controller_get_name (controller), "files") == 0)
        g_signal_emit_by_name (controller, "drop", &value, 100.0, 100.0, &handled);
    }
  g_value_unset (&value);
  g_assert_true (handled);
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (story->window), "Type a command to run for each input"));
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (story->window), "24 inputs"));
  g_assert_null (gm_window_get_run (story->window));
  take (story, "02-dropped");
}

static void
define (Story *story)
{
  GtkWidget *form = gtk_widget_get_ancestor (ui_find (story->window, "commands"),
                                             GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment;

  set_text (story, "name", "Thumbnails");
  set_text (story, "task/command", "thumbnail --size 256 {} Thumbnails/{/}");
  set_text (story, "processes", "4");
  set_text (story, "retries", "1");
  WAIT_FOR (strstr (get_label (story, "commands"),
                    "harbour-01.png Thumbnails/harbour-01.png") != NULL);
  WAIT_FOR (primary_is (story, "_Run"));
  take (story, "03-defined");
  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (form));
  gtk_adjustment_set_value (adjustment, 296);
  take (story, "04-preview");
}

static const GmSnapshotWorker *
find_worker (Story *story,
             int    slot)
{
  const GmSnapshot *snapshot = gm_run_get_snapshot (story->run);

  for (guint i = 0; snapshot != NULL && snapshot->workers != NULL && i < snapshot->workers->len; i++)
    {
      const GmSnapshotWorker *worker = g_ptr_array_index (snapshot->workers, i);

      if (worker->slot == slot && worker->has_index)
        return worker;
    }

  return NULL;
}

static void
run (Story *story)
{
  hold (TRUE);
  act (story, "win.primary");
  story->run = gm_window_get_run (story->window);
  /* Those that will be tried again stand behind the others. */
  WAIT_FOR (gm_run_get_done (story->run) == 12 - G_N_ELEMENTS (broken));
  WAIT_FOR (find_worker (story, 1) && find_worker (story, 2) && find_worker (story, 3)
            && find_worker (story, 4));
  take (story, "05-running");
}

/* One is ended by force: another takes its place, and the picture is tried again. */
static void
kill_worker (Story *story)
{
  GtkWidget *view = ui_find (story->window, "workers-view");
  pid_t pid = find_worker (story, 1)->pid;

  gtk_selection_model_select_item (gtk_column_view_get_model (GTK_COLUMN_VIEW (view)), 0, TRUE);
  take (story, "06-selected");
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  WAIT_FOR (find_worker (story, 1) != NULL && find_worker (story, 1)->pid != pid);
  WAIT_FOR (strstr (get_label (story, "banner"), "replaced") != NULL);
  take (story, "07-replaced");
}

/* What the drop-down of the results has at that place leaves so many of them. */
static void
filter (Story *story,
        guint  choice,
        guint  n)
{
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (story->window, "results-status")), choice);
  WAIT_FOR (g_list_model_get_n_items (ui_run_get_model (GTK_WIDGET (story->window),
                                                        "results-view")) == n);
}

/* Everything but the three is done, and each of these says why not. */
static void
read_failures (Story *story)
{
  GtkWidget *results;

  hold (FALSE);
  WAIT_FOR (ui_run_is_over (story->run));
  g_assert_cmpint (gm_run_get_done (story->run), ==, N_PICTURES);
  g_assert_cmpint (gm_run_get_failed (story->run), ==, 3);
  WAIT_FOR (primary_is (story, "_Retry Failed"));
  take (story, "08-finished");
  show_page (story, "results");
  results = ui_find (story->window, "results-view");
  filter (story, 2, 3);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (ui_find (story->window, "results-groups")), TRUE);
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (story->window), "not a picture"));
  take (story, "09-failures");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (ui_find (story->window, "results-groups")),
                                FALSE);
  gtk_widget_activate_action (results, "results.show-item", "t", (guint64) (broken[0] - 1));
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (story->window), "harbour-04.png: not a picture"));
  take (story, "10-why");
  gtk_widget_activate_action (results, "results.close-details", NULL);
  filter (story, 0, N_PICTURES);
}

/* Pictures again: the three are retried, nothing else is. */
static void
retry (Story *story)
{
  g_autofree char *state = g_build_filename (g_get_home_dir (), "Thumbnails", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    make_picture (story, broken[i]);
  g_assert_true (g_file_test (state, G_FILE_TEST_IS_DIR));
  act (story, "win.primary");
  story->run = gm_window_get_run (story->window);
  WAIT_FOR (ui_run_is_over (story->run) && gm_run_get_failed (story->run) == 0);
  g_assert_cmpint (gm_run_get_done (story->run), ==, N_PICTURES);
  WAIT_FOR (primary_is (story, "_Run Again"));
  filter (story, 2, 0);
  filter (story, 0, N_PICTURES);
  take (story, "11-retried");
}

static void
export (Story *story)
{
  g_autofree char *path = g_build_filename (g_get_home_dir (), "thumbnails.csv", NULL);
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  gtk_widget_activate_action (ui_find (story->window, "results-view"), "results.export-to",
                              "(s^ay)", "csv", path);
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (story->window), "Results exported"));
  g_assert_true (ui_run_has_text (GTK_WIDGET (story->window), "Open Folder"));
  take (story, "12-exported");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 1 + N_PICTURES + 1);
  for (guint i = 1; i <= N_PICTURES; i++)
    g_assert_nonnull (strstr (lines[i], ",ok,"));
}

static void
begin_next_job (Story *story)
{
  act (story, "win.duplicate");
  WAIT_FOR (primary_is (story, "_Run"));
  set_text (story, "name", "Bigger Thumbnails");
  set_text (story, "task/command", "thumbnail --size 512 {} Large/{/}");
  WAIT_FOR (strstr (get_label (story, "commands"), "Large/harbour-01.png") != NULL
            && primary_is (story, "_Run"));
  hold (TRUE);
  act (story, "win.primary");
  story->run = gm_window_get_run (story->window);
  WAIT_FOR (gm_run_get_live (story->run) && gm_run_get_done (story->run) >= 4);
  take (story, "13-next-job");
}

static void
notified_cb (GDBusConnection       *connection,
             const char            *sender,
             const char            *path,
             const char            *interface,
             const char            *method,
             GVariant              *parameters,
             GDBusMethodInvocation *invocation,
             gpointer               user_data)
{
  Story *story = user_data;

  if (g_str_equal (method, "Notify"))
    {
      g_clear_pointer (&story->notice, g_free);
      g_variant_get_child (parameters, 4, "s", &story->notice);
      g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", 1));
    }
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
owned_cb (GDBusConnection *connection,
          const char      *name,
          gpointer         user_data)
{
  *(gboolean *) user_data = TRUE;
}

/* The part of a desktop that shows notifications. */
static guint
show_notifications (Story *story)
{
  static const GDBusInterfaceVTable vtable = { .method_call = notified_cb };
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
    "<node><interface name='org.freedesktop.Notifications'><method name='Notify'>"
    "<arg type='s'/><arg type='u'/><arg type='s'/><arg type='s'/><arg type='s'/><arg type='as'/>"
    "<arg type='a{sv}'/><arg type='i'/><arg type='u' direction='out'/></method>"
    "<method name='CloseNotification'><arg type='u'/></method></interface></node>", NULL);
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  gboolean owned = FALSE;
  guint id;

  g_dbus_connection_register_object (bus, "/org/freedesktop/Notifications", node->interfaces[0],
                                     &vtable, story, NULL, NULL);
  id = g_bus_own_name_on_connection (bus, "org.freedesktop.Notifications", 0, owned_cb, NULL,
                                     &owned, NULL);
  WAIT_FOR (owned);

  return id;
}

/* Jobs that have no file are asked about; the run is nothing that closing would end. */
static void
close_window (Story *story)
{
  gpointer window = story->window;
  g_autoptr(GList) windows = NULL;

  g_object_add_weak_pointer (G_OBJECT (window), &window);
  gtk_window_close (GTK_WINDOW (story->window));
  windows = gtk_window_list_toplevels ();
  for (GList *l = windows; l != NULL; l = l->next)
    if (ADW_IS_MESSAGE_DIALOG (l->data))
      {
        take_picture (l->data, "14-closing");
        adw_message_dialog_response (l->data, "discard");
        gtk_window_destroy (l->data);
        break;
      }
  WAIT_FOR (window == NULL);
  WAIT_FOR (g_strcmp0 (story->notice, "1 job goes on running") == 0);
}

static void
open_again (Story *story)
{
  GmRunStore *runs = gm_application_get_runs (story->application);
  g_autofree char *id = g_strdup (gm_run_get_id (story->run));
  GtkSelectionModel *selection;

  close_window (story);
  ui_start ();
  story->window = ui_get_window (story->application);
  g_assert_cmpuint (g_list_model_get_n_items (gm_run_store_get_running (runs)), ==, 1);
  /* The first line is a heading. */
  selection = gtk_list_view_get_model (GTK_LIST_VIEW (ui_find (story->window, "sidebar-list")));
  gtk_selection_model_select_item (selection, 1, TRUE);
  story->run = gm_window_get_run (story->window);
  g_assert_cmpstr (gm_run_get_id (story->run), ==, id);
  WAIT_FOR (primary_is (story, "_Pause"));
  take (story, "15-opened-again");
  hold (FALSE);
  WAIT_FOR (ui_run_is_over (story->run));
  g_assert_cmpint (gm_run_get_done (story->run), ==, N_PICTURES);
  g_assert_cmpint (gm_run_get_failed (story->run), ==, 0);
  WAIT_FOR (primary_is (story, "_Run Again"));
  take (story, "16-done");
}

static void
test_story (void)
{
  Story story = { .application = ui_start () };
  guint notifications = show_notifications (&story);

  story.window = ui_get_window (story.application);
  make_pictures (&story);
  take (&story, "01-welcome");
  drop_folder (&story);
  define (&story);
  run (&story);
  kill_worker (&story);
  read_failures (&story);
  retry (&story);
  export (&story);
  begin_next_job (&story);
  open_again (&story);
  ui_finish (story.application);
  g_bus_unown_name (notifications);
  g_free (story.folder);
  g_free (story.notice);
}

int
main (int    argc,
      char **argv)
{
  install_thumbnail ();
  if (!gtk_init_check ())
    return 77;
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/story/from-a-folder-to-the-next-job", test_story);

  return g_test_run ();
}
