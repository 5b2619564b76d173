/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <glib/gi18n.h>

#include "ui-run.h"
#include "ui-util.h"

#include "gm-define-page.h"

/* Photographs the window for people to look at: screenshots FOLDER WIDTH HEIGHT STYLE, with words
 * in the style: dark, rtl. */

#define N_ITEMS 140

static const char slow_job[] =
  "{\"mpjob\":1,\"name\":\"Thumbnails\",\"task\":{\"shell\":\"i={#}; sleep 0.$((i * 5 %% 7)); echo "
  "thumbnail of {/}; test $((i %% 29)) != 0 || { echo {/}: not an image >&2; exit 3; }\"},"
  "\"inputs\":[%s],\"processes\":4,\"retries\":1}";

static const char *folder;

static char *
write_slow_job (void)
{
  g_autoptr(GString) items = g_string_new (NULL);
  g_autofree char *text = NULL;

  for (int i = 1; i <= N_ITEMS; i++)
    g_string_append_printf (items, "%s\"Pictures/Harbour/%04d.jpg\"", i > 1 ? "," : "", i);
  text = g_strdup_printf (slow_job, items->str);

  return ui_write_job ("thumbnails.mpjob", text);
}

static void
take (GmWindow   *window,
      const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.png", folder, name);

  ui_settle ();
  ui_save_png (GTK_WIDGET (window), path);
}

static void
show_page (GmWindow   *window,
           const char *page)
{
  gtk_widget_activate_action (GTK_WIDGET (window), "win.show-page", "s", page);
}

/* A window beside the main one. */
static void
take_other (GmWindow   *window,
            const char *action,
            const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.png", folder, name);
  g_autoptr(GList) windows = NULL;

  gtk_widget_activate_action (GTK_WIDGET (window), action, NULL);
  ui_settle ();
  windows = gtk_window_list_toplevels ();
  for (GList *l = windows; l != NULL; l = l->next)
    if (l->data != window && gtk_widget_get_mapped (l->data))
      {
        ui_save_png (l->data, path);
        gtk_window_close (l->data);
      }
  ui_settle ();
}

static void
take_menu (GmWindow   *window,
           const char *button,
           const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.png", folder, name);
  GtkMenuButton *menu_button = GTK_MENU_BUTTON (ui_find (window, button));
  GtkWidget *popover = GTK_WIDGET (gtk_menu_button_get_popover (menu_button));

  gtk_menu_button_popup (menu_button);
  WAIT_FOR (gtk_widget_get_mapped (popover));
  ui_settle ();
  ui_save_png (popover, path);
  gtk_menu_button_popdown (menu_button);
  ui_settle ();
}

/* Before anything is written, and with files that were opened as data. */
static void
take_new (GmApplication *application,
          GmWindow      *window)
{
  static const char * const names[] = { "harbour.jpg", "lighthouse.jpg", "old town.jpg" };
  GFile *files[G_N_ELEMENTS (names)];

  gtk_widget_activate_action (GTK_WIDGET (window), "app.new-job", NULL);
  take (window, "define-new");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = ui_write_job (names[i], "");

      files[i] = g_file_new_for_path (path);
    }
  /* They become the inputs of that job. */
  g_application_open (G_APPLICATION (application), files, G_N_ELEMENTS (files), "");
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (window), "3 "));
  take (window, "define-dropped");
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "task/command")), "echo {} {.}.png");
  WAIT_FOR (ui_run_has_text (GTK_WIDGET (window), "harbour.png"));
  take (window, "define-example");
  take_menu (window, "task/command-insert", "define-insert");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    g_object_unref (files[i]);
}

static void
take_define (GmApplication *application,
             GmWindow      *window)
{
  static const struct { const char *name; const char *title; const char *task; } tasks[] = {
    { "command", "Smaller Pictures", "\"command\":[\"convert\",\"{}\",\"-resize\",\"256x256\",\"thumbs/{/.}.png\"]" },
    { "function", "Primes", "\"function\":\"builtin:count_primes\"" },
    { "worker", "Descriptions", "\"worker\":[\"python3\",\"describe.py\",\"--verbose\"]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_autofree char *text = g_strdup_printf (
        "{\"mpjob\":1,\"name\":\"%s\",\"task\":{%s},\"inputs\":{\"range\":[100000,2000000,100000]}}",
        tasks[i].title, tasks[i].task);
      g_autofree char *file = g_strconcat (tasks[i].name, ".mpjob", NULL);
      g_autofree char *path = ui_write_job (file, text);
      g_autofree char *name = g_strconcat ("define-", tasks[i].name, NULL);

      ui_open (application, path);
      take (window, name);
    }
}

static void
take_paused (GmWindow *window)
{
  GtkWidget *view = ui_find (window, "workers-view");

  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  WAIT_FOR (gm_run_get_state (gm_window_get_run (window)) == GM_RUN_PAUSED);
  gtk_selection_model_select_item (gtk_column_view_get_model (GTK_COLUMN_VIEW (view)), 1, TRUE);
  take (window, "monitor-paused");
  take_other (window, "win.cancel", "stop");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
}

/* In the language that LANGUAGE asks for, from the catalogues of the build. */
static void
use_language (void)
{
  const char *catalogues = g_getenv ("GTK_MP_CATALOGUES");

  setlocale (LC_ALL, "");
  if (catalogues == NULL)
    return;
  bindtextdomain (GETTEXT_PACKAGE, catalogues);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

int
main (int    argc,
      char **argv)
{
  GmApplication *application;
  GmWindow *window;
  g_autofree char *path = NULL;
  g_autofree char *broken = NULL;

  if (argc != 5)
    return 2;
  folder = argv[1];
  use_language ();
  if (!gtk_init_check ())
    return 77;
  application = ui_start ();
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      strstr (argv[4], "dark") != NULL
                                        ? ADW_COLOR_SCHEME_FORCE_DARK
                                        : ADW_COLOR_SCHEME_FORCE_LIGHT);
  if (strstr (argv[4], "rtl") != NULL)
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  window = ui_get_window (application);
  /* What is folded needs less, so a narrow window gets there in two steps. */
  for (int i = 0; i < 2; i++)
    {
      gtk_window_set_default_size (GTK_WINDOW (window), atoi (argv[2]), atoi (argv[3]));
      ui_settle ();
    }
  take (window, "welcome");
  take_other (window, "app.preferences", "preferences");
  take_other (window, "win.show-help-overlay", "shortcuts");
  take_other (window, "app.about", "about");
  take_other (window, "app.help", "help");
  take_define (application, window);
  path = write_slow_job ();
  broken = ui_write_job ("broken.mpjob", "{\n  \"mpjob\": 1,\n  \"task\": {\"command\": [3]}\n}\n");
  ui_open (application, broken);
  take (window, "broken");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.forget", NULL);
  ui_open (application, path);
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  take (window, "define");
  gm_define_page_show_source (GM_DEFINE_PAGE (gtk_widget_get_ancestor (ui_find (window, "source"),
                                                                       GM_TYPE_DEFINE_PAGE)),
                              TRUE);
  take (window, "source");
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  WAIT_FOR (gm_run_get_done (gm_window_get_run (window)) > N_ITEMS / 2);
  take (window, "monitor");
  take_paused (window);
  WAIT_FOR (gm_run_get_started (gm_window_get_run (window)) > 0
            && !gm_run_get_live (gm_window_get_run (window)));
  take (window, "monitor-after");
  show_page (window, "results");
  take (window, "results");
  gtk_widget_activate_action (ui_find (window, "results-view"), "results.show-item", "t",
                              (guint64) 28);
  take (window, "details");
  gtk_widget_activate_action (ui_find (window, "results-view"), "results.close-details", NULL);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (ui_find (window, "results-groups")), TRUE);
  take (window, "failures");
  show_page (window, "log");
  take (window, "log");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.back", NULL);
  take (window, "sidebar");
  take_new (application, window);
  ui_finish (application);

  return 0;
}
