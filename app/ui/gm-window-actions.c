/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-window-private.h"

#include "gm-dialogs.h"
#include "gm-starter.h"

/* What menus, buttons and keys do. */

static void
primary_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  gm_window_do_act (GM_WINDOW (widget));
}

static void
try_first_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  gm_window_start (GM_WINDOW (widget), 5);
}

static void
run_again_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  gm_window_start (GM_WINDOW (widget), 0);
}

static void
retry_failed_action (GtkWidget  *widget,
                     const char *name,
                     GVariant   *parameter)
{
  gm_window_go_on (GM_WINDOW (widget), "retry-failed");
}

static void
resume_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  gm_window_go_on (GM_WINDOW (widget), "resume");
}

static void
drain_action (GtkWidget  *widget,
              const char *name,
              GVariant   *parameter)
{
  gm_window_steer (GM_WINDOW (widget), "drain");
}

static void
cancel_confirmed (gpointer user_data)
{
  gm_window_steer (GM_WINDOW (user_data), "cancel");
}

static void
cancel_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  gm_dialog_confirm (widget, _("Stop the Job?"),
                     _("What is running now is ended. What is done stays, and the job can be "
                       "resumed later."),
                     _("_Stop"), cancel_confirmed, widget);
}

static void
save_to (const char *path,
         gpointer    user_data)
{
  GmWindow *self = GM_WINDOW (user_data);
  g_autoptr(GError) error = NULL;
  guint position;

  if (!gm_draft_save (self->draft, path, &error))
    {
      gm_window_toast (self, error->message);
      return;
    }
  /* A job that was shown for its run becomes one of the job files. */
  if (!g_list_store_find (self->drafts, self->draft, &position))
    g_list_store_insert (self->drafts, 0, self->draft);
  gm_window_remember_jobs (self);
  gm_window_update (self);
}

/**
 * gm_window_ask_where:
 * @self: a window
 * @draft: a job
 * @callback: called with the path and @self, if one is chosen
 *
 * Asks for the file that the job is to be saved in.
 */
void
gm_window_ask_where (GmWindow     *self,
                     GmDraft      *draft,
                     GmDialogPath  callback)
{
  const char *title = gm_draft_get_title (draft);
  g_autofree char *suggestion = g_strdelimit (g_strconcat (title, ".mpjob", NULL), "/", '-');

  gm_dialog_save_job (GTK_WIDGET (self), suggestion, callback, self);
}

static void
save_as_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);

  gm_window_ask_where (self, self->draft, save_to);
}

static void
save_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);

  if (gm_draft_get_path (self->draft) == NULL)
    save_as_action (widget, name, NULL);
  else
    save_to (NULL, self);
}

static void
duplicate_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);
  g_autoptr(GmDraft) copy = gm_draft_duplicate (self->draft);

  gm_window_add_draft (self, copy);
}

static void
open_path_cb (const char *path,
              gpointer    user_data)
{
  gm_window_open_path (GM_WINDOW (user_data), path);
}

static void
open_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  gm_dialog_open_job (widget, open_path_cb, widget);
}

static void
open_example_action (GtkWidget  *widget,
                     const char *name,
                     GVariant   *parameter)
{
  g_autofree char *path = g_strdup_printf ("/org/gtk_mp/GtkMp/examples/%s.mpjob",
                                           g_variant_get_string (parameter, NULL));
  g_autoptr(GBytes) bytes = g_resources_lookup_data (path, 0, NULL);
  g_autoptr(GmDraft) draft = NULL;
  g_autofree char *text = NULL;

  if (bytes == NULL)
    return;
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  draft = gm_draft_new_for_text (text, NULL);
  gm_window_add_draft (GM_WINDOW (widget), draft);
}

static void
open_folder_action (GtkWidget  *widget,
                    const char *name,
                    GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);
  g_autofree char *uri = g_filename_to_uri (gm_run_get_dir (self->run), NULL, NULL);

  gtk_show_uri (GTK_WINDOW (self), uri, GDK_CURRENT_TIME);
}

static void
show_file_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  g_autofree char *folder = g_path_get_dirname (g_variant_get_bytestring (parameter));
  g_autofree char *uri = g_filename_to_uri (folder, NULL, NULL);

  if (uri != NULL)
    gtk_show_uri (GTK_WINDOW (widget), uri, GDK_CURRENT_TIME);
}

static void
removed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GmWindow) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!gm_starter_start_finish (result, &error))
    gm_window_toast (self, error->message);
}

static void
delete_confirmed (gpointer user_data)
{
  GmWindow *self = GM_WINDOW (user_data);
  g_autofree char *option = NULL;
  const char *options[2] = { NULL };

  if (self->run == NULL)
    return;
  options[0] = option = g_strdup_printf ("--remove=%s", gm_run_get_dir (self->run));
  gm_starter_start_async (options, NULL, NULL, removed_cb, g_object_ref (self));
  gm_window_show (self, NULL, NULL);
}

static void
delete_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  gm_dialog_confirm (widget, _("Delete the Run?"),
                     _("Its results, outputs and log are deleted. What the job itself wrote "
                       "elsewhere stays."),
                     _("_Delete"), delete_confirmed, widget);
}

static void
undo_dismissed_cb (GmWindow *self)
{
  g_clear_object (&self->closed);
  g_clear_object (&self->undo);
}

/* Instead of a question before: it can be taken back, with all changes. */
static void
forget_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);
  g_autofree char *title = NULL;
  g_autofree char *text = NULL;

  if (self->undo != NULL)
    adw_toast_dismiss (self->undo);
  if (self->draft == NULL || !g_list_store_find (self->drafts, self->draft, &self->closed_at))
    return;
  g_set_object (&self->closed, self->draft);
  g_list_store_remove (self->drafts, self->closed_at);
  gm_window_remember_jobs (self);
  gm_window_show (self, NULL, NULL);
  title = g_markup_escape_text (gm_draft_get_title (self->closed), -1);
  text = g_strdup_printf (_("“%s” closed"), title);
  self->undo = adw_toast_new (text);
  adw_toast_set_button_label (self->undo, _("_Undo"));
  adw_toast_set_action_name (self->undo, "win.undo-forget");
  g_signal_connect_object (self->undo, "dismissed", G_CALLBACK (undo_dismissed_cb), self,
                           G_CONNECT_SWAPPED);
  adw_toast_overlay_add_toast (self->toasts, g_object_ref (self->undo));
}

static void
undo_forget_action (GtkWidget  *widget,
                    const char *name,
                    GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);
  g_autoptr(GmDraft) draft = g_steal_pointer (&self->closed);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->drafts));

  if (draft == NULL)
    return;
  adw_toast_dismiss (self->undo);
  g_list_store_insert (self->drafts, MIN (self->closed_at, n), draft);
  gm_window_remember_jobs (self);
  gm_window_show (self, draft, g_object_get_data (G_OBJECT (draft), "run"));
  gm_window_show_page (self, "define");
}

static void
show_page_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  gm_window_show_page (GM_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
show_failures_action (GtkWidget  *widget,
                      const char *name,
                      GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);

  gm_window_show_page (self, "results");
  gtk_widget_activate_action (GTK_WIDGET (self->results), "results.show-failures", NULL);
}

static void
search_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  GmWindow *self = GM_WINDOW (widget);

  adw_leaflet_set_visible_child_name (self->leaflet, "sidebar");
  gm_sidebar_begin_search (self->sidebar);
}

static void
back_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  adw_leaflet_navigate (GM_WINDOW (widget)->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
}

/**
 * gm_window_install_actions:
 * @klass: the class of the window
 *
 * Adds its actions.
 */
void
gm_window_install_actions (GtkWidgetClass *klass)
{
  gtk_widget_class_install_action (klass, "win.primary", NULL, primary_action);
  gtk_widget_class_install_action (klass, "win.try-first", NULL, try_first_action);
  gtk_widget_class_install_action (klass, "win.run-again", NULL, run_again_action);
  gtk_widget_class_install_action (klass, "win.retry-failed", NULL, retry_failed_action);
  gtk_widget_class_install_action (klass, "win.resume", NULL, resume_action);
  gtk_widget_class_install_action (klass, "win.drain", NULL, drain_action);
  gtk_widget_class_install_action (klass, "win.cancel", NULL, cancel_action);
  gtk_widget_class_install_action (klass, "win.save", NULL, save_action);
  gtk_widget_class_install_action (klass, "win.save-as", NULL, save_as_action);
  gtk_widget_class_install_action (klass, "win.duplicate", NULL, duplicate_action);
  gtk_widget_class_install_action (klass, "win.open", NULL, open_action);
  gtk_widget_class_install_action (klass, "win.open-example", "s", open_example_action);
  gtk_widget_class_install_action (klass, "win.open-folder", NULL, open_folder_action);
  gtk_widget_class_install_action (klass, "win.show-file", "ay", show_file_action);
  gtk_widget_class_install_action (klass, "win.delete", NULL, delete_action);
  gtk_widget_class_install_action (klass, "win.forget", NULL, forget_action);
  gtk_widget_class_install_action (klass, "win.undo-forget", NULL, undo_forget_action);
  gtk_widget_class_install_action (klass, "win.show-page", "s", show_page_action);
  gtk_widget_class_install_action (klass, "win.show-failures", NULL, show_failures_action);
  gtk_widget_class_install_action (klass, "win.search", NULL, search_action);
  gtk_widget_class_install_action (klass, "win.back", NULL, back_action);
}

/**
 * gm_window_update_actions:
 * @self: a window
 *
 * Allows what can be done now.
 */
void
gm_window_update_actions (GmWindow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GmAct act = gm_window_get_act (self);
  gboolean has_run = self->run != NULL;
  gboolean live = has_run && gm_run_get_live (self->run);
  gboolean ready = self->draft != NULL && gm_define_page_get_reason (self->define) == NULL;
  gboolean over = has_run && !live && act != GM_ACT_NONE;
  guint position;
  gboolean is_job = self->draft != NULL && g_list_store_find (self->drafts, self->draft, &position);

  gtk_widget_action_set_enabled (widget, "win.primary",
                                 act == GM_ACT_RUN || act == GM_ACT_AGAIN ? ready
                                                                          : act != GM_ACT_NONE);
  gtk_widget_action_set_enabled (widget, "win.try-first", ready && !live);
  gtk_widget_action_set_enabled (widget, "win.run-again", ready && over);
  gtk_widget_action_set_enabled (widget, "win.retry-failed",
                                 over && gm_run_get_failed (self->run) > 0);
  gtk_widget_action_set_enabled (widget, "win.resume", act == GM_ACT_RESUME);
  gtk_widget_action_set_enabled (widget, "win.drain", live);
  gtk_widget_action_set_enabled (widget, "win.cancel", live);
  gtk_widget_action_set_enabled (widget, "win.save",
                                 self->draft != NULL && gm_draft_get_job (self->draft) != NULL
                                 && (gm_draft_get_modified (self->draft)
                                     || gm_draft_get_path (self->draft) == NULL));
  gtk_widget_action_set_enabled (widget, "win.save-as",
                                 self->draft != NULL && gm_draft_get_job (self->draft) != NULL);
  gtk_widget_action_set_enabled (widget, "win.duplicate", self->draft != NULL);
  gtk_widget_action_set_enabled (widget, "win.open-folder", has_run);
  gtk_widget_action_set_enabled (widget, "win.delete", over);
  gtk_widget_action_set_enabled (widget, "win.forget", is_job);
}
