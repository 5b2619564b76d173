/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "gm-log-page.h"
#include "gm-monitor-page.h"
#include "gm-results-page.h"
#include "gm-run.h"
#include "ui-util.h"

/* Photographs the pages of a run for people to look at:
 *   show-run RUN FOLDER WIDTH HEIGHT light|dark */

static void
take (GtkWidget  *window,
      const char *folder,
      const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.png", folder, name);

  ui_settle ();
  ui_save_png (window, path);
}

int
main (int    argc,
      char **argv)
{
  const struct { GType type; const char *name; } pages[] = {
    { GM_TYPE_MONITOR_PAGE, "monitor" }, { GM_TYPE_RESULTS_PAGE, "results" }, { GM_TYPE_LOG_PAGE, "log" },
  };
  g_autoptr(GmRun) run = NULL;
  GmApplication *application;

  if (argc != 6)
    return 2;
  if (!gtk_init_check ())
    return 77;
  application = ui_start ();
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), strcmp (argv[5], "dark") == 0
                                      ? ADW_COLOR_SCHEME_FORCE_DARK : ADW_COLOR_SCHEME_FORCE_LIGHT);
  run = gm_run_new (argv[1]);
  gm_run_follow (run);
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      GtkWidget *window = gtk_window_new ();
      GtkWidget *page = g_object_new (pages[i].type, "run", run, NULL);
      GtkWidget *groups;

      gtk_window_set_default_size (GTK_WINDOW (window), atoi (argv[3]), atoi (argv[4]));
      gtk_window_set_child (GTK_WINDOW (window), page);
      gtk_window_present (GTK_WINDOW (window));
      take (window, argv[2], pages[i].name);
      groups = ui_find (page, "results-groups");
      if (groups != NULL)
        {
          gtk_widget_activate_action (page, "results.show-item", "t", (guint64) 9);
          take (window, argv[2], "details");
          gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (groups), TRUE);
          take (window, argv[2], "failures");
        }
      gtk_window_destroy (GTK_WINDOW (window));
    }
  ui_finish (application);

  return 0;
}
