/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-application.h"

#include "gm-background.h"
#include "gm-help.h"
#include "gm-preferences.h"
#include "gm-resources.h"
#include "gm-runs.h"
#include "gm-window.h"

/* One process for all of a user's windows; further starts hand it their files. */
struct _GmApplication
{
  AdwApplication parent_instance;

  /* Owned */
  GmRunStore   *runs;
  GmBackground *background;

  guint         exit_after_startup : 1;
};

G_DEFINE_FINAL_TYPE (GmApplication, gm_application, ADW_TYPE_APPLICATION)

static const struct
{
  const char *action;
  const char *accels[3];
} accels[] = {
  { "app.help", { "F1" } },
  { "app.new-job", { "<Control>n" } },
  { "app.preferences", { "<Control>comma" } },
  { "app.quit", { "<Control>q" } },
  { "win.open", { "<Control>o" } },
  { "win.save", { "<Control>s" } },
  { "win.save-as", { "<Control><Shift>s" } },
  { "win.duplicate", { "<Control>d" } },
  { "win.primary", { "<Control>Return", "F5" } },
  { "win.try-first", { "<Control><Shift>Return" } },
  { "win.cancel", { "<Control>period" } },
  { "win.search", { "<Control>f" } },
  { "win.show-page('define')", { "<Alt>1" } },
  { "win.show-page('monitor')", { "<Alt>2" } },
  { "win.show-page('results')", { "<Alt>3" } },
  { "win.show-page('log')", { "<Alt>4" } },
  { "window.close", { "<Control>w" } },
};

static GmWindow *
get_window (GmApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  while (window != NULL && !GM_IS_WINDOW (window))
    window = gtk_window_get_transient_for (window);

  return window != NULL ? GM_WINDOW (window) : gm_window_new (self);
}

static void
gm_application_activate (GApplication *application)
{
  GmApplication *self = GM_APPLICATION (application);

  gtk_window_present (GTK_WINDOW (get_window (self)));
  if (self->exit_after_startup)
    g_application_quit (application);
}

static void
gm_application_open (GApplication  *application,
                     GFile        **files,
                     int            n_files,
                     const char    *hint)
{
  GmWindow *window = get_window (GM_APPLICATION (application));

  gm_window_open_files (window, files, n_files);
  gtk_window_present (GTK_WINDOW (window));
}

static void
new_job_cb (GSimpleAction *action,
            GVariant      *parameter,
            gpointer       user_data)
{
  GmWindow *window = get_window (user_data);

  gm_window_new_job (window);
  gtk_window_present (GTK_WINDOW (window));
}

static GmWindow *
show_run (gpointer  application,
          GVariant *id)
{
  GmWindow *window = get_window (application);

  gm_window_show_run (window, g_variant_get_string (id, NULL));
  gtk_window_present (GTK_WINDOW (window));

  return window;
}

static void
show_run_cb (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  show_run (user_data, parameter);
}

static void
retry_run_cb (GSimpleAction *action,
              GVariant      *parameter,
              gpointer       user_data)
{
  GmWindow *window = show_run (user_data, parameter);

  gtk_widget_activate_action (GTK_WIDGET (window), "win.retry-failed", NULL);
}

static void
preferences_cb (GSimpleAction *action,
                GVariant      *parameter,
                gpointer       user_data)
{
  GtkWindow *window = gtk_application_get_active_window (user_data);

  gtk_window_present (gm_preferences_new (window));
}

static void
help_cb (GSimpleAction *action,
         GVariant      *parameter,
         gpointer       user_data)
{
  gtk_window_present (gm_help_new (GTK_WINDOW (get_window (user_data))));
}

static void
about_cb (GSimpleAction *action,
          GVariant      *parameter,
          gpointer       user_data)
{
  adw_show_about_window (gtk_application_get_active_window (user_data),
                         "application-name", "gtk-mp",
                         "application-icon", APP_ID,
                         "version", PACKAGE_VERSION,
                         "developer-name", _("The gtk-mp authors"),
                         "comments", _("Runs one thing over many inputs on a pool of worker "
                                       "processes, and tells what became of each."),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         /* Translators: your names, a line each */
                         "translator-credits", _("translator-credits"),
                         NULL);
}

/* Runs are processes of their own: they go on. */
static void
quit_cb (GSimpleAction *action,
         GVariant      *parameter,
         gpointer       user_data)
{
  GmWindow *window = get_window (user_data);

  gtk_window_close (GTK_WINDOW (window));
  if (gtk_application_get_windows (user_data) == NULL)
    g_application_quit (user_data);
}

static const GActionEntry actions[] = {
  { .name = "new-job", .activate = new_job_cb },
  { .name = "show-run", .activate = show_run_cb, .parameter_type = "s" },
  { .name = "retry-run", .activate = retry_run_cb, .parameter_type = "s" },
  { .name = "preferences", .activate = preferences_cb },
  { .name = "help", .activate = help_cb },
  { .name = "about", .activate = about_cb },
  { .name = "quit", .activate = quit_cb },
};

static int
gm_application_handle_local_options (GApplication *application,
                                     GVariantDict *options)
{
  GmApplication *self = GM_APPLICATION (application);
  g_autoptr(GError) error = NULL;

  self->exit_after_startup = g_variant_dict_contains (options, "exit-after-startup");
  if (!g_variant_dict_contains (options, "new-job"))
    return -1;
  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("gtk-mp: %s\n", error->message);
      return 1;
    }
  g_action_group_activate_action (G_ACTION_GROUP (application), "new-job", NULL);

  return g_application_get_is_remote (application) ? 0 : -1;
}

static void
gm_application_startup (GApplication *application)
{
  GmApplication *self = GM_APPLICATION (application);
  g_autofree char *folder = NULL;

  G_APPLICATION_CLASS (gm_application_parent_class)->startup (application);

  gtk_window_set_default_icon_name (APP_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accels[i].action,
                                           (const char **) accels[i].accels);
  folder = gm_runs_folder ();
  self->runs = gm_run_store_new (folder);
  self->background = gm_background_new (GTK_APPLICATION (self), self->runs);
}

static void
gm_application_finalize (GObject *object)
{
  GmApplication *self = GM_APPLICATION (object);

  g_clear_object (&self->background);
  g_clear_object (&self->runs);

  G_OBJECT_CLASS (gm_application_parent_class)->finalize (object);
}

static void
gm_application_class_init (GmApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gm_application_finalize;

  application_class->activate = gm_application_activate;
  application_class->open = gm_application_open;
  application_class->startup = gm_application_startup;
  application_class->handle_local_options = gm_application_handle_local_options;
}

static void
gm_application_init (GmApplication *self)
{
  static const GOptionEntry options[] = {
    { "new-job", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Begin a new job"), NULL },
    { "exit-after-startup", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    { NULL }
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
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

/**
 * gm_application_get_runs:
 * @self: the application, once it has started up
 *
 * Returns: (transfer none): the runs of the default folder
 */
GmRunStore *
gm_application_get_runs (GmApplication *self)
{
  return self->runs;
}

/**
 * gm_application_say_closed:
 * @self: the application
 *
 * A window is being closed: tells the user what goes on without it.
 */
void
gm_application_say_closed (GmApplication *self)
{
  gm_background_say_closed (self->background);
}
