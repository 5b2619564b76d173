/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-background.h"

#include "gm-text.h"

/**
 * GmBackground:
 *
 * What the application does for runs that nobody looks at: it keeps the session awake, stays to
 * tell how they ended, and says that it does.
 */
struct _GmBackground
{
  GObject parent_instance;

  /* Owned */
  GmRunStore     *runs;

  /* Borrowed: it owns us */
  GtkApplication *application;

  guint           cookie;  /* of the inhibition; 0: none */
  guint           held : 1;
};

G_DEFINE_FINAL_TYPE (GmBackground, gm_background, G_TYPE_OBJECT)

static void
running_changed_cb (GmBackground *self)
{
  guint n = g_list_model_get_n_items (gm_run_store_get_running (self->runs));

  if (n > 0 && !self->held)
    {
      self->held = TRUE;
      g_application_hold (G_APPLICATION (self->application));
      self->cookie = gtk_application_inhibit (self->application,
                                              gtk_application_get_active_window (self->application),
                                              GTK_APPLICATION_INHIBIT_SUSPEND,
                                              _("A job is running"));
    }
  else if (n == 0 && self->held)
    {
      self->held = FALSE;
      if (self->cookie != 0)
        gtk_application_uninhibit (self->application, self->cookie);
      self->cookie = 0;
      g_application_release (G_APPLICATION (self->application));
    }
}

static void
ended_cb (GmBackground *self,
          GmRun        *run)
{
  GtkWindow *window = gtk_application_get_active_window (self->application);
  g_autoptr(GNotification) notification = NULL;
  g_autofree char *outcome = NULL;
  g_autofree char *title = NULL;

  /* Whoever looks at the window sees it there. */
  if (window != NULL && gtk_window_is_active (window))
    return;
  title = gm_text_escape (gm_run_get_name (run));
  outcome = gm_text_outcome (run);
  notification = g_notification_new (title);
  g_notification_set_body (notification, outcome);
  g_notification_set_default_action_and_target (notification, "app.show-run", "s",
                                                gm_run_get_id (run));
  g_notification_add_button_with_target (notification, _("Open"), "app.show-run", "s",
                                         gm_run_get_id (run));
  if (gm_run_get_failed (run) > 0)
    g_notification_add_button_with_target (notification, _("Retry"), "app.retry-run", "s",
                                           gm_run_get_id (run));
  g_application_send_notification (G_APPLICATION (self->application), gm_run_get_id (run),
                                   notification);
}

static void
gm_background_finalize (GObject *object)
{
  GmBackground *self = GM_BACKGROUND (object);

  g_clear_object (&self->runs);

  G_OBJECT_CLASS (gm_background_parent_class)->finalize (object);
}

static void
gm_background_class_init (GmBackgroundClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_background_finalize;
}

static void
gm_background_init (GmBackground *self)
{
}

/**
 * gm_background_new:
 * @application: the application, which outlives this
 * @runs: the runs
 *
 * Returns: (transfer full): what looks after them
 */
GmBackground *
gm_background_new (GtkApplication *application,
                   GmRunStore     *runs)
{
  GmBackground *self = g_object_new (GM_TYPE_BACKGROUND, NULL);

  self->application = application;
  self->runs = g_object_ref (runs);
  g_signal_connect_object (gm_run_store_get_running (runs), "items-changed",
                           G_CALLBACK (running_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (runs, "ended", G_CALLBACK (ended_cb), self, G_CONNECT_SWAPPED);
  running_changed_cb (self);

  return self;
}

/**
 * gm_background_say_closed:
 * @self: what looks after the runs
 *
 * The window is being closed: says what goes on without it, if anything does.
 */
void
gm_background_say_closed (GmBackground *self)
{
  guint n = g_list_model_get_n_items (gm_run_store_get_running (self->runs));
  g_autoptr(GNotification) notification = NULL;
  g_autofree char *body = NULL;

  if (n == 0)
    return;
  body = g_strdup_printf (ngettext ("%u job goes on running", "%u jobs go on running", n), n);
  notification = g_notification_new (_("The Window Is Closed"));
  g_notification_set_body (notification, body);
  g_application_send_notification (G_APPLICATION (self->application), "closed", notification);
}
