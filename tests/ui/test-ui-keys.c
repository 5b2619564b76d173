/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <gdk/x11/gdkx.h>

#include "ui-util.h"

/* Real keys, as the X server hands them out: what the list of shortcuts promises, and that Tab gets
 * everywhere. */

static void
call (const char * const *argv)
{
  g_autoptr(GSubprocess) process = NULL;
  g_autoptr(GError) error = NULL;

  process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  g_assert_no_error (error);
}

/* There is no window manager to do that. */
static void
focus (gpointer window)
{
  GdkSurface *surface = gtk_native_get_surface (GTK_NATIVE (window));
  g_autofree char *id = g_strdup_printf ("%lu", gdk_x11_surface_get_xid (surface));
  const char *argv[] = { "xdotool", "windowfocus", id, NULL };

  WAIT_FOR (gtk_widget_get_mapped (window));
  ui_iterate ();
  call (argv);
  WAIT_FOR (gtk_window_is_active (window));
}

static void
press (const char *key)
{
  const char *argv[] = { "xdotool", "key", "--clearmodifiers", key, NULL };

  call (argv);
}

/* Returns: (nullable): the other window that is open */
static GtkWidget *
find_other (GmWindow *window)
{
  g_autoptr(GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (l->data != window && gtk_widget_get_mapped (l->data))
      return l->data;

  return NULL;
}

static void
check_opens (GmWindow   *window,
             const char *key)
{
  focus (window);
  press (key);
  WAIT_FOR (find_other (window) != NULL);
  focus (find_other (window));
  press ("Escape");
  WAIT_FOR (find_other (window) == NULL);
}

static gboolean
shows (GmWindow   *window,
       const char *name)
{
  GtkWidget *widget = ui_find (window, name);

  return widget != NULL && gtk_widget_get_mapped (widget);
}

static void
test_shortcuts (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  GmDraft *first;

  check_opens (window, "F1");
  check_opens (window, "ctrl+comma");
  check_opens (window, "ctrl+question");
  focus (window);
  press ("ctrl+n");
  WAIT_FOR (gm_window_get_draft (window) != NULL && shows (window, "commands"));
  first = gm_window_get_draft (window);
  press ("ctrl+d");
  WAIT_FOR (gm_window_get_draft (window) != first);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (window, "inputs")), 2);
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "task/command")), "sleep {}");
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  press ("ctrl+Return");
  WAIT_FOR (gm_window_get_run (window) != NULL && gm_run_get_live (gm_window_get_run (window)));
  WAIT_FOR (shows (window, "monitor-timeline"));
  press ("F5");
  WAIT_FOR (gm_run_get_state (gm_window_get_run (window)) == GM_RUN_PAUSED);
  press ("F5");
  WAIT_FOR (gm_run_get_state (gm_window_get_run (window)) == GM_RUN_RUNNING);
  check_opens (window, "ctrl+period");
  focus (window);
  press ("alt+3");
  WAIT_FOR (!shows (window, "monitor-timeline"));
  press ("alt+1");
  WAIT_FOR (shows (window, "commands"));
  press ("alt+2");
  WAIT_FOR (shows (window, "monitor-timeline"));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.drain", NULL);
  WAIT_FOR (!gm_run_get_live (gm_window_get_run (window)));
  press ("ctrl+f");
  WAIT_FOR (GTK_IS_EDITABLE (gtk_window_get_focus (GTK_WINDOW (window))));
  ui_finish (application);
}

/* What the window says there is, and what there is, are the same. */
static void
collect_shortcuts (GtkWidget  *widget,
                   GHashTable *listed)
{
  if (GTK_IS_SHORTCUTS_SHORTCUT (widget))
    {
      g_autofree char *action = NULL;
      g_autofree char *accel = NULL;

      g_object_get (widget, "action-name", &action, "accelerator", &accel, NULL);
      g_hash_table_add (listed, g_strdup (action != NULL ? action : accel));
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_shortcuts (child, listed);
}

static void
test_list_is_true (void)
{
  GmApplication *application = ui_start ();
  GtkApplicationWindow *window = GTK_APPLICATION_WINDOW (ui_get_window (application));
  g_autoptr(GHashTable) listed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto(GStrv) actions = gtk_application_list_action_descriptions (GTK_APPLICATION (application));
  GHashTableIter iter;
  const char *name;

  collect_shortcuts (GTK_WIDGET (gtk_application_window_get_help_overlay (window)), listed);
  for (guint i = 0; actions[i] != NULL; i++)
    /* The pages are in the list as one line. */
    if (!g_str_has_prefix (actions[i], "win.show-page") && !g_hash_table_contains (listed, actions[i]))
      g_error ("%s has a key but is not in the list of shortcuts", actions[i]);
  g_hash_table_iter_init (&iter, listed);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    {
      g_auto(GStrv) accels = NULL;

      if (strchr (name, '<') != NULL)
        continue;
      accels = gtk_application_get_accels_for_action (GTK_APPLICATION (application), name);
      if (accels[0] == NULL)
        g_error ("%s is in the list of shortcuts but has no key", name);
    }
  ui_finish (application);
}

/* The name of what has the focus: an entry gives it to the text in it. */
static const char *
get_focus_name (GmWindow *window)
{
  GtkWidget *focused = gtk_window_get_focus (GTK_WINDOW (window));

  if (GTK_IS_TEXT (focused))
    focused = gtk_widget_get_parent (focused);
  if (focused != NULL && GTK_IS_DROP_DOWN (gtk_widget_get_parent (focused)))
    focused = gtk_widget_get_parent (focused);

  return focused != NULL ? gtk_widget_get_name (focused) : "";
}

/* From the job down, past the heading, to the run of the test before. */
static void
check_arrows (GmWindow *window)
{
  GtkWidget *list = ui_find (window, "sidebar-list");

  WAIT_FOR (g_list_model_get_n_items (
              G_LIST_MODEL (gtk_list_view_get_model (GTK_LIST_VIEW (list)))) >= 4);
  for (int i = 0; i < 40 && !gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (window)),
                                                    list); i++)
    {
      GtkWidget *before = gtk_window_get_focus (GTK_WINDOW (window));

      press ("Tab");
      WAIT_FOR (gtk_window_get_focus (GTK_WINDOW (window)) != before);
    }
  for (int i = 0; i < 6 && gm_window_get_run (window) == NULL; i++)
    {
      press ("Down");
      ui_iterate ();
    }
  WAIT_FOR (gm_window_get_run (window) != NULL);
}

/* What is chosen from the menu goes where the cursor was, and the cursor is back there. */
static void
test_insert (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  GtkWidget *command;
  GtkWidget *popover;

  focus (window);
  press ("ctrl+n");
  WAIT_FOR (shows (window, "task/command"));
  command = ui_find (window, "task/command");
  popover = GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (ui_find (window,
                                                       "task/command-insert"))));
  press ("e");
  WAIT_FOR (strcmp (gtk_editable_get_text (GTK_EDITABLE (command)), "e") == 0);
  press ("Tab");
  press ("space");
  WAIT_FOR (gtk_widget_get_mapped (popover));
  press ("Down");
  press ("Return");
  WAIT_FOR (!gtk_widget_get_mapped (popover));
  WAIT_FOR (strlen (gtk_editable_get_text (GTK_EDITABLE (command))) > 1);
  press ("x");
  WAIT_FOR (g_str_has_suffix (gtk_editable_get_text (GTK_EDITABLE (command)), "}x"));
  g_assert_true (g_str_has_prefix (gtk_editable_get_text (GTK_EDITABLE (command)), "e{"));
  gtk_editable_set_text (GTK_EDITABLE (command), "");
  ui_finish (application);
}

static void
test_tab_gets_everywhere (void)
{
  static const char * const wanted[] = {
    "primary", "name", "description", "task", "task/command", "task/stdin", "inputs",
    "inputs/range", "processes", "start_method", "chunksize", "retries", "task_timeout", "timeout",
    "on_error", "sidebar-list",
  };
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autoptr(GHashTable) reached = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  focus (window);
  press ("ctrl+n");
  WAIT_FOR (shows (window, "commands"));
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "task/command")), "echo");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (window, "inputs")), 2);
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  for (int i = 0; i < 40; i++)
    {
      GtkWidget *before = gtk_window_get_focus (GTK_WINDOW (window));
      GtkWidget *parent = before != NULL ? gtk_widget_get_parent (before) : NULL;

      g_hash_table_add (reached, g_strdup (get_focus_name (window)));
      /* A line of the list stands for the list. */
      for (; parent != NULL && before != NULL; parent = gtk_widget_get_parent (parent))
        if (strcmp (gtk_widget_get_name (parent), "sidebar-list") == 0)
          g_hash_table_add (reached, g_strdup ("sidebar-list"));
      /* In a text Tab would go on as well: it takes no tabs. */
      press ("Tab");
      WAIT_FOR (gtk_window_get_focus (GTK_WINDOW (window)) != before);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if (!g_hash_table_contains (reached, wanted[i]))
      g_error ("Tab never gets to %s", wanted[i]);
  check_arrows (window);
  ui_finish (application);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *xdotool = g_find_program_in_path ("xdotool");

  if (!gtk_init_check () || !GDK_IS_X11_DISPLAY (gdk_display_get_default ()) || xdotool == NULL)
    return 77;
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keys/list-is-true", test_list_is_true);
  g_test_add_func ("/keys/shortcuts", test_shortcuts);
  g_test_add_func ("/keys/insert", test_insert);
  g_test_add_func ("/keys/tab", test_tab_gets_everywhere);

  return g_test_run ();
}
