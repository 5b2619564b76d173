/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ui-util.h"

#include "gm-define-page.h"

/* Photographs the window for people to look at: screenshots FOLDER WIDTH HEIGHT light|dark. */

static const char slow_job[] =
  "{\"mpjob\":1,\"name\":\"Thumbnails\",\"task\":{\"shell\":\"i={#}; sleep 0.$((i % 7)); echo "
  "thumbnail of {}; test $((i % 9)) != 0 || { echo {}: not an image >&2; exit 3; }\"},"
  "\"inputs\":{\"range\":[60]},\"processes\":4,\"retries\":1}";

static const char *folder;

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
  if (!gtk_init_check ())
    return 77;
  application = ui_start ();
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      strcmp (argv[4], "dark") == 0
                                        ? ADW_COLOR_SCHEME_FORCE_DARK
                                        : ADW_COLOR_SCHEME_FORCE_LIGHT);
  window = ui_get_window (application);
  gtk_window_set_default_size (GTK_WINDOW (window), atoi (argv[2]), atoi (argv[3]));
  take (window, "welcome");
  path = ui_write_job ("thumbnails.mpjob", slow_job);
  broken = ui_write_job ("broken.mpjob", "{\n  \"mpjob\": 1,\n  \"task\": {\"command\": [3]}\n}\n");
  ui_open (application, broken);
  take (window, "broken");
  ui_open (application, path);
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  take (window, "define");
  gm_define_page_show_source (GM_DEFINE_PAGE (gtk_widget_get_ancestor (ui_find (window, "source"),
                                                                       GM_TYPE_DEFINE_PAGE)),
                              TRUE);
  take (window, "source");
  WAIT_FOR (gtk_widget_get_sensitive (ui_find (window, "primary")));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.primary", NULL);
  WAIT_FOR (gm_run_get_done (gm_window_get_run (window)) > 20);
  take (window, "monitor");
  WAIT_FOR (gm_run_get_started (gm_window_get_run (window)) > 0
            && !gm_run_get_live (gm_window_get_run (window)));
  take (window, "monitor-after");
  show_page (window, "results");
  take (window, "results");
  show_page (window, "log");
  take (window, "log");
  gtk_widget_activate_action (GTK_WIDGET (window), "win.back", NULL);
  take (window, "sidebar");
  ui_finish (application);

  return 0;
}
