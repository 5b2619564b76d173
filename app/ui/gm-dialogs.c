/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-dialogs.h"

typedef struct
{
  GmDialogPath    path;
  GmDialogConfirm confirm;
  gpointer        user_data;  /* owned reference of a GObject */
} Callback;

static void
callback_free (gpointer  data,
               GClosure *closure)
{
  Callback *callback = data;

  g_object_unref (callback->user_data);
  g_free (callback);
}

static void
file_response_cb (GtkNativeDialog *dialog,
                  int              response,
                  gpointer         user_data)
{
  Callback *callback = user_data;
  g_autoptr(GtkNativeDialog) owned = dialog;
  g_autoptr(GListModel) files = NULL;

  if (response != GTK_RESPONSE_ACCEPT)
    return;
  files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
  for (guint i = 0; i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr(GFile) file = g_list_model_get_item (files, i);
      g_autofree char *path = g_file_get_path (file);

      if (path != NULL)
        callback->path (path, callback->user_data);
    }
}

static void
choose (GtkWidget            *parent,
        const char           *title,
        GtkFileChooserAction  action,
        const char           *name,
        gboolean              jobs_only,
        gboolean              multiple,
        GmDialogPath          path,
        gpointer              user_data)
{
  GtkFileChooserNative *dialog =
    gtk_file_chooser_native_new (title, GTK_WINDOW (gtk_widget_get_root (parent)), action, NULL,
                                 NULL);
  Callback *callback = g_new0 (Callback, 1);

  *callback = (Callback) { .path = path, .user_data = g_object_ref (user_data) };
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), multiple);
  if (jobs_only)
    {
      g_autoptr(GtkFileFilter) filter = gtk_file_filter_new ();

      gtk_file_filter_set_name (filter, _("Job files"));
      gtk_file_filter_add_suffix (filter, "mpjob");
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
    }
  if (name != NULL)
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_signal_connect_data (dialog, "response", G_CALLBACK (file_response_cb), callback,
                         callback_free, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/**
 * gm_dialog_choose_file:
 * @parent: where it is needed
 * @title: what for
 * @callback: called with the path, if one is chosen
 * @user_data: (type GObject): for @callback
 *
 * Asks for a file that is there.
 */
void
gm_dialog_choose_file (GtkWidget    *parent,
                       const char   *title,
                       GmDialogPath  callback,
                       gpointer      user_data)
{
  choose (parent, title, GTK_FILE_CHOOSER_ACTION_OPEN, NULL, FALSE, FALSE, callback, user_data);
}

/**
 * gm_dialog_choose_folder:
 * @parent: where it is needed
 * @title: what for
 * @callback: called with the path, if one is chosen
 * @user_data: (type GObject): for @callback
 *
 * Asks for a folder that is there.
 */
void
gm_dialog_choose_folder (GtkWidget    *parent,
                         const char   *title,
                         GmDialogPath  callback,
                         gpointer      user_data)
{
  choose (parent, title, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL, FALSE, FALSE, callback,
          user_data);
}

/**
 * gm_dialog_add_paths:
 * @parent: where they are needed
 * @folder: whether a folder is wanted instead of files
 * @callback: called with each path that is chosen
 * @user_data: (type GObject): for @callback
 *
 * Asks for inputs.
 */
void
gm_dialog_add_paths (GtkWidget    *parent,
                     gboolean      folder,
                     GmDialogPath  callback,
                     gpointer      user_data)
{
  choose (parent, folder ? _("Add a Folder") : _("Add Files"),
          folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN, NULL,
          FALSE, !folder, callback, user_data);
}

void
gm_dialog_open_job (GtkWidget    *parent,
                    GmDialogPath  callback,
                    gpointer      user_data)
{
  choose (parent, _("Open Job"), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, TRUE, FALSE, callback,
          user_data);
}

void
gm_dialog_save_job (GtkWidget    *parent,
                    const char   *name,
                    GmDialogPath  callback,
                    gpointer      user_data)
{
  choose (parent, _("Save Job"), GTK_FILE_CHOOSER_ACTION_SAVE, name, TRUE, FALSE, callback,
          user_data);
}

/**
 * gm_dialog_save_file:
 * @parent: where it is needed
 * @title: what for
 * @name: what it may be called
 * @callback: called with the path, if one is chosen
 * @user_data: (type GObject): for @callback
 *
 * Asks for a file to write.
 */
void
gm_dialog_save_file (GtkWidget    *parent,
                     const char   *title,
                     const char   *name,
                     GmDialogPath  callback,
                     gpointer      user_data)
{
  choose (parent, title, GTK_FILE_CHOOSER_ACTION_SAVE, name, FALSE, FALSE, callback, user_data);
}

static void
confirm_response_cb (AdwMessageDialog *dialog,
                     const char       *response,
                     gpointer          user_data)
{
  Callback *callback = user_data;

  if (g_strcmp0 (response, "confirm") == 0)
    callback->confirm (callback->user_data);
}

/**
 * gm_dialog_confirm:
 * @parent: where it is needed
 * @heading: the question
 * @body: what would be lost
 * @label: of the button that does it
 * @callback: called if the user wants it
 * @user_data: (type GObject): for @callback
 *
 * Asks before something is lost.
 */
void
gm_dialog_confirm (GtkWidget       *parent,
                   const char      *heading,
                   const char      *body,
                   const char      *label,
                   GmDialogConfirm  confirm,
                   gpointer         user_data)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (parent)), heading,
                                              body);
  Callback *callback = g_new0 (Callback, 1);

  *callback = (Callback) { .confirm = confirm, .user_data = g_object_ref (user_data) };
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "confirm",
                                    label, NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "confirm",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (confirm_response_cb), callback,
                         callback_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}
