/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-window-private.h"

#include "gm-dialogs.h"
#include "gm-log-page.h"
#include "gm-monitor-page.h"
#include "gm-results-page.h"
#include "gm-settings.h"
#include "gm-text.h"
#include "gm-widget.h"

/* The window: what there is on the left, the job or run that is chosen on the right. */
G_DEFINE_FINAL_TYPE (GmWindow, gm_window, ADW_TYPE_APPLICATION_WINDOW)

static const struct
{
  const char *label;
  const char *style;
} acts[] = {
  [GM_ACT_NONE] = { N_("_Run"), "suggested-action" },
  [GM_ACT_RUN] = { N_("_Run"), "suggested-action" },
  [GM_ACT_PAUSE] = { N_("_Pause"), "raised" },
  [GM_ACT_UNPAUSE] = { N_("_Resume"), "suggested-action" },
  [GM_ACT_RESUME] = { N_("_Resume"), "suggested-action" },
  [GM_ACT_RETRY] = { N_("_Retry Failed"), "suggested-action" },
  [GM_ACT_AGAIN] = { N_("_Run Again"), "raised" },
};

static void
show_banner (GmWindow   *self,
             const char *text,
             const char *label,
             const char *action,
             gboolean    is_error)
{
  gtk_revealer_set_reveal_child (self->banner, text != NULL);
  if (text == NULL)
    return;
  gtk_label_set_label (self->banner_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->banner_button), label != NULL);
  if (label != NULL)
    {
      gtk_button_set_label (self->banner_button, label);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (self->banner_button), action);
    }
  if (is_error)
    gtk_widget_add_css_class (gtk_revealer_get_child (self->banner), "banner-error");
  else
    gtk_widget_remove_css_class (gtk_revealer_get_child (self->banner), "banner-error");
}

/* What needs attention, if anything does. */
static gboolean
shows_page (GmWindow   *self,
            const char *name)
{
  return g_strcmp0 (adw_view_stack_get_visible_child_name (self->pages), name) == 0;
}

static void
update_banner (GmWindow *self)
{
  GmAct act = gm_window_get_act (self);
  g_autofree char *text = NULL;

  if (self->trouble != NULL)
    show_banner (self, self->trouble, NULL, NULL, TRUE);
  else if (self->run != NULL && gm_run_get_died (self->run) && act == GM_ACT_RESUME)
    {
      g_autofree char *progress = gm_text_progress (self->run);

      text = g_strdup_printf (_("The job ended unexpectedly: %s are recorded"), progress);
      show_banner (self, text, _("_Resume"), "win.resume", TRUE);
    }
  else if (act == GM_ACT_PAUSE && gm_deaths_get_last (self->deaths) != NULL)
    show_banner (self, gm_deaths_get_last (self->deaths), NULL, NULL, FALSE);
  else if (act == GM_ACT_RETRY || act == GM_ACT_RESUME)
    {
      gint64 failures = gm_run_get_failed (self->run);
      g_autofree char *number = gm_text_number (failures);

      text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s input failed", "%s inputs failed",
                                           (gulong) failures), number);
      /* Among the results they are in sight. */
      show_banner (self, failures > 0 && !shows_page (self, "results") ? text : NULL,
                   _("_Show Failures"), "win.show-failures", FALSE);
    }
  else
    show_banner (self, NULL, NULL, NULL, FALSE);
}

static void
update_title (GmWindow *self)
{
  g_autofree char *title = NULL;
  g_autofree char *subtitle = NULL;
  g_autofree char *progress = NULL;
  g_autofree char *window_title = NULL;

  if (self->draft == NULL)
    {
      gtk_window_set_title (GTK_WINDOW (self), "gtk-mp");
      return;
    }
  title = gm_text_escape (gm_draft_get_title (self->draft));
  if (self->run != NULL && !gm_window_has_changed (self))
    {
      progress = gm_text_progress (self->run);
      /* The monitor says it larger, and more often. */
      if (gm_run_get_live (self->run) && shows_page (self, "monitor"))
        subtitle = g_strdup (gm_text_state (self->run));
      else
        /* Translators: state and progress of a run: Running · 12 of 100 */
        subtitle = g_strdup_printf (_("%s · %s"), gm_text_state (self->run), progress);
    }
  else if (gm_draft_get_path (self->draft) == NULL)
    subtitle = g_strdup (_("Not saved"));
  else
    {
      g_autofree char *name = g_filename_display_basename (gm_draft_get_path (self->draft));

      subtitle = g_strconcat (gm_draft_get_modified (self->draft) ? "• " : "", name, NULL);
    }
  adw_window_title_set_title (self->title, title);
  adw_window_title_set_subtitle (self->title, subtitle);
  window_title = self->run != NULL && gm_run_get_live (self->run)
                   ? g_strdup_printf ("%s · %s", progress != NULL ? progress : "", title)
                   : g_strdup (title);
  gtk_window_set_title (GTK_WINDOW (self), window_title);
}

static void
page_changed_cb (GmWindow *self)
{
  update_banner (self);
  update_title (self);
}

static void
update_primary (GmWindow *self)
{
  GmAct act = gm_window_get_act (self);
  gboolean live = self->run != NULL && gm_run_get_live (self->run);
  const char *reason = self->draft != NULL && (act == GM_ACT_RUN || act == GM_ACT_AGAIN)
                         ? gm_define_page_get_reason (self->define) : NULL;

  if (g_strcmp0 (gtk_button_get_label (self->primary), _(acts[act].label)) != 0)
    gtk_button_set_label (self->primary, _(acts[act].label));
  gm_widget_set_style (GTK_WIDGET (self->primary), acts[act].style);
  gtk_widget_set_visible (GTK_WIDGET (self->stop), live);
  gm_widget_set_hint (GTK_WIDGET (self->primary), reason);
}

static void
run_grown_cb (GmWindow *self)
{
  if (gm_deaths_read (self->deaths))
    update_banner (self);
}

void
gm_window_update (GmWindow *self)
{
  update_title (self);
  update_primary (self);
  update_banner (self);
  gm_window_update_actions (self);
}

void
gm_window_toast (GmWindow   *self,
                 const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (escaped));
}

/**
 * gm_window_toast_file:
 * @self: a window
 * @text: what has happened
 * @path: (type filename): of the file that has come of it
 *
 * Says so, and offers to show where the file is.
 */
void
gm_window_toast_file (GmWindow   *self,
                      const char *text,
                      const char *path)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (escaped);

  adw_toast_set_button_label (toast, _("Open Folder"));
  adw_toast_set_action_name (toast, "win.show-file");
  adw_toast_set_action_target_value (toast, g_variant_new_bytestring (path));
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/**
 * gm_window_show:
 * @self: a window
 * @draft: (nullable): a job; %NULL for the welcome page
 * @run: (nullable): its run
 *
 * Shows it on the right.
 */
void
gm_window_show (GmWindow *self,
                GmDraft  *draft,
                GmRun    *run)
{
  guint position;

  g_set_object (&self->draft, draft);
  if (g_set_object (&self->run, run))
    {
      g_clear_pointer (&self->deaths, gm_deaths_free);
      self->deaths = run != NULL ? gm_deaths_new (run) : NULL;
    }
  g_signal_group_set_target (self->draft_signals, draft);
  g_signal_group_set_target (self->run_signals, run);
  gtk_stack_set_visible_child_name (self->content, draft != NULL ? "job" : "welcome");
  if (draft != NULL)
    gm_define_page_set_draft (self->define, draft);
  if (run != NULL)
    gm_run_follow (run);
  g_object_set (self->monitor, "run", run, NULL);
  g_object_set (self->results, "run", run, NULL);
  g_object_set (self->log, "run", run, NULL);
  gm_sidebar_set_selected (self->sidebar,
                           draft != NULL && g_list_store_find (self->drafts, draft, &position)
                             ? (gpointer) draft : (gpointer) run);
  gm_window_update (self);
}

void
gm_window_show_page (GmWindow   *self,
                     const char *name)
{
  adw_view_stack_set_visible_child_name (self->pages, name);
  adw_leaflet_set_visible_child_name (self->leaflet, "content");
}

/* The job as it ran, with all defaults. Changing it makes another job. */
static GmDraft *
get_draft_of_run (GmRun *run)
{
  GmDraft *draft = g_object_get_data (G_OBJECT (run), "draft");
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  if (draft != NULL)
    return draft;
  path = g_build_filename (gm_run_get_dir (run), "job.json", NULL);
  if (!g_file_get_contents (path, &text, NULL, NULL))
    text = g_strdup ("");
  draft = gm_draft_new_for_text (text, NULL);
  g_object_set_data_full (G_OBJECT (run), "draft", draft, g_object_unref);
  g_object_set_data_full (G_OBJECT (run), "text", g_strdup (gm_draft_get_text (draft)), g_free);

  return draft;
}

static void
select_item (GmWindow *self,
             gpointer  item)
{
  g_clear_pointer (&self->trouble, g_free);
  if (GM_IS_RUN (item))
    {
      gm_window_show (self, get_draft_of_run (item), item);
      gm_window_show_page (self, gm_run_get_live (item) ? "monitor" : "results");
    }
  else
    {
      gm_window_show (self, item, g_object_get_data (G_OBJECT (item), "run"));
      gm_window_show_page (self, "define");
    }
}

static void
running_changed_cb (GmWindow *self)
{
  guint n = g_list_model_get_n_items (gm_run_store_get_running (self->runs));

  gtk_widget_set_visible (GTK_WIDGET (self->awake), n > 0);
}

static gboolean
gm_window_close_request (GtkWindow *window)
{
  GmWindow *self = GM_WINDOW (window);
  GSettings *settings = gm_settings_get ();
  int width;
  int height;

  if (!gm_window_may_close (self))
    return GDK_EVENT_STOP;
  gtk_window_get_default_size (window, &width, &height);
  g_settings_set (settings, "window-size", "(ii)", width, height);
  g_settings_set_boolean (settings, "window-maximized", gtk_window_is_maximized (window));
  gm_application_say_closed (GM_APPLICATION (gtk_window_get_application (window)));

  return GTK_WINDOW_CLASS (gm_window_parent_class)->close_request (window);
}

static void
gm_window_dispose (GObject *object)
{
  GmWindow *self = GM_WINDOW (object);

  g_clear_object (&self->draft_signals);
  g_clear_object (&self->run_signals);
  gtk_widget_dispose_template (GTK_WIDGET (self), GM_TYPE_WINDOW);
  g_clear_object (&self->draft);
  g_clear_object (&self->closed);
  g_clear_object (&self->undo);
  g_clear_object (&self->run);
  g_clear_pointer (&self->deaths, gm_deaths_free);
  g_clear_object (&self->drafts);
  g_clear_object (&self->runs);
  g_clear_pointer (&self->trouble, g_free);

  G_OBJECT_CLASS (gm_window_parent_class)->dispose (object);
}

static void
gm_window_class_init (GmWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = gm_window_close_request;

  g_type_ensure (GM_TYPE_DEFINE_PAGE);
  g_type_ensure (GM_TYPE_LOG_PAGE);
  g_type_ensure (GM_TYPE_MONITOR_PAGE);
  g_type_ensure (GM_TYPE_RESULTS_PAGE);
  g_type_ensure (GM_TYPE_SIDEBAR);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/gtk_mp/GtkMp/gm-window.ui");
  gtk_widget_class_bind_template_child (widget_class, GmWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, content);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, title);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, primary);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, stop);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, banner_label);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, banner_button);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, define);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, monitor);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, results);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, log);
  gtk_widget_class_bind_template_child (widget_class, GmWindow, awake);
  gm_window_install_actions (widget_class);
}

static void
gm_window_init (GmWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->drafts = g_list_store_new (GM_TYPE_DRAFT);
  self->draft_signals = g_signal_group_new (GM_TYPE_DRAFT);
  g_signal_group_connect_swapped (self->draft_signals, "changed", G_CALLBACK (gm_window_update),
                                  self);
  self->run_signals = g_signal_group_new (GM_TYPE_RUN);
  g_signal_group_connect_swapped (self->run_signals, "changed", G_CALLBACK (gm_window_update),
                                  self);
  g_signal_group_connect_swapped (self->run_signals, "grown", G_CALLBACK (run_grown_cb), self);
  g_signal_connect_object (self->define, "reason-changed", G_CALLBACK (gm_window_update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->sidebar, "selected", G_CALLBACK (select_item), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->pages, "notify::visible-child", G_CALLBACK (page_changed_cb), self,
                           G_CONNECT_SWAPPED);
  gm_window_accept_drops (self);
}

/**
 * gm_window_new:
 * @application: what it belongs to
 *
 * Returns: (transfer none): a window, not yet shown
 */
GmWindow *
gm_window_new (GmApplication *application)
{
  GmWindow *self = g_object_new (GM_TYPE_WINDOW, "application", application, NULL);
  GSettings *settings = gm_settings_get ();
  int width;
  int height;

  g_settings_get (settings, "window-size", "(ii)", &width, &height);
  gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  self->runs = g_object_ref (gm_application_get_runs (application));
  gm_window_load_jobs (self);
  gm_sidebar_set_models (self->sidebar, self->runs, G_LIST_MODEL (self->drafts));
  g_signal_connect_object (gm_run_store_get_running (self->runs), "items-changed",
                           G_CALLBACK (running_changed_cb), self, G_CONNECT_SWAPPED);
  running_changed_cb (self);
  gm_window_show (self, NULL, NULL);
  /* A narrow window shows one of the two: the list, unless there is nothing in it yet. */
  if (!gm_sidebar_get_has_items (self->sidebar))
    adw_leaflet_set_visible_child_name (self->leaflet, "content");

  return self;
}

/**
 * gm_window_show_run:
 * @self: a window
 * @id: the name of a run's folder
 *
 * Shows a run.
 */
void
gm_window_show_run (GmWindow   *self,
                    const char *id)
{
  g_autoptr(GmRun) run = NULL;
  g_autofree char *dir = g_build_filename (gm_run_store_get_folder (self->runs), id, NULL);

  run = gm_run_new (dir);
  select_item (self, run);
}

GmDraft *
gm_window_get_draft (GmWindow *self)
{
  return self->draft;
}

GmRun *
gm_window_get_run (GmWindow *self)
{
  return self->run;
}
