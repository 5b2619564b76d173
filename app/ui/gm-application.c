/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-application.h"

#include "gm-resources.h"
#include "gm-window.h"

/* One process for all of a user's windows; further starts hand it their files. */
struct _GmApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (GmApplication, gm_application, ADW_TYPE_APPLICATION)

static void
gm_application_activate (GApplication *application)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  if (window == NULL)
    window = GTK_WINDOW (gm_window_new (GM_APPLICATION (application)));
  gtk_window_present (window);
}

static void
gm_application_open (GApplication  *application,
                     GFile        **files,
                     int            n_files,
                     const char    *hint)
{
  g_application_activate (application);
}

static void
gm_application_class_init (GmApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->activate = gm_application_activate;
  application_class->open = gm_application_open;
}

static void
gm_application_init (GmApplication *self)
{
}

/**
 * gm_application_new:
 * @flags: added to what the application needs: tests are not unique
 *
 * Returns: (transfer full): the application
 */
GmApplication *
gm_application_new (GApplicationFlags flags)
{
  gm_register_resource ();

  return g_object_new (GM_TYPE_APPLICATION,
                       "application-id", APP_ID,
                       "flags", G_APPLICATION_HANDLES_OPEN | flags,
                       "resource-base-path", "/org/gtk_mp/GtkMp",
                       NULL);
}
