/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-window-private.h"

#include "gm-application.h"
#include "gm-dialogs.h"
#include "gm-text.h"

/* Before the window goes: what would be lost with it. Runs are not: they are processes of their
 * own. */

/* Returns: (transfer full): what has changes that are in no file */
static GPtrArray *
list_unsaved (GmWindow *self)
{
  GPtrArray *unsaved = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->drafts));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GmDraft) draft = g_list_model_get_item (G_LIST_MODEL (self->drafts), i);

      if (gm_draft_get_modified (draft))
        g_ptr_array_add (unsaved, g_steal_pointer (&draft));
    }
  if (self->closed != NULL && gm_draft_get_modified (self->closed))
    g_ptr_array_add (unsaved, g_object_ref (self->closed));

  return unsaved;
}

static gboolean
close_now (gpointer user_data)
{
  gtk_window_close (GTK_WINDOW (user_data));

  return G_SOURCE_REMOVE;
}

/* When the dialog is done: it goes with its window. */
static void
close_soon (GmWindow *self)
{
  self->closing = TRUE;
  g_idle_add_full (G_PRIORITY_DEFAULT, close_now, g_object_ref (self), g_object_unref);
}

static void save_next (GmWindow *self);

static gboolean
save (GmWindow   *self,
      GmDraft    *draft,
      const char *path)
{
  g_autoptr(GError) error = NULL;

  if (gm_draft_save (draft, path, &error))
    return TRUE;
  gm_window_toast (self, error->message);
  return FALSE;
}

/* Closing ends with a job that could not be saved: its window has to stay. */
static void
path_chosen_cb (const char *path,
                gpointer    user_data)
{
  GmWindow *self = GM_WINDOW (user_data);
  g_autoptr(GPtrArray) unsaved = list_unsaved (self);

  if (unsaved->len == 0 || save (self, g_ptr_array_index (unsaved, 0), path))
    save_next (self);
}

static void
save_next (GmWindow *self)
{
  g_autoptr(GPtrArray) unsaved = list_unsaved (self);

  for (guint i = 0; i < unsaved->len; i++)
    {
      GmDraft *draft = g_ptr_array_index (unsaved, i);

      if (gm_draft_get_path (draft) != NULL && !save (self, draft, NULL))
        return;
    }
  g_ptr_array_unref (unsaved);
  unsaved = list_unsaved (self);
  if (unsaved->len > 0)
    gm_window_ask_where (self, g_ptr_array_index (unsaved, 0), path_chosen_cb);
  else
    {
      gm_window_remember_jobs (self);
      close_soon (self);
    }
}

static void
response_cb (AdwMessageDialog *dialog,
             const char       *response,
             GmWindow         *self)
{
  if (g_str_equal (response, "save"))
    save_next (self);
  else if (g_str_equal (response, "discard"))
    close_soon (self);
}

static char *
describe (GmWindow  *self,
          GPtrArray *unsaved)
{
  guint n_running = g_list_model_get_n_items (gm_run_store_get_running (self->runs));
  g_autofree char *number = gm_text_number (unsaved->len);
  GString *text = g_string_new (NULL);

  if (unsaved->len == 1)
    {
      g_autofree char *title = gm_text_escape (gm_draft_get_title (g_ptr_array_index (unsaved, 0)));

      g_string_append_printf (text, _("“%s” has changes that are in no file."), title);
    }
  else
    {
      g_string_append_printf (text, _("%s jobs have changes that are in no file:"), number);
      for (guint i = 0; i < unsaved->len; i++)
        {
          GmDraft *draft = g_ptr_array_index (unsaved, i);
          g_autofree char *title = gm_text_escape (gm_draft_get_title (draft));

          g_string_append_printf (text, "\n%s", title);
        }
    }
  if (n_running > 0)
    g_string_append_printf (text, "\n\n%s",
                            g_dngettext (GETTEXT_PACKAGE, "What runs goes on without the window.",
                                         "All that runs goes on without the window.", n_running));

  return g_string_free (text, FALSE);
}

/**
 * gm_window_may_close:
 * @self: a window
 *
 * Asks what to do with jobs that have changes, if there are any.
 *
 * Returns: whether the window may close; if not it does when the user has said so
 */
gboolean
gm_window_may_close (GmWindow *self)
{
  g_autoptr(GPtrArray) unsaved = list_unsaved (self);
  g_autofree char *body = NULL;
  AdwMessageDialog *dialog;

  if (self->closing || unsaved->len == 0)
    return TRUE;

  body = describe (self, unsaved);
  dialog = ADW_MESSAGE_DIALOG (adw_message_dialog_new (GTK_WINDOW (self), _("Save Changes?"),
                                                       body));
  adw_message_dialog_add_responses (dialog, "cancel", _("_Cancel"), "discard", _("_Discard"),
                                    "save", unsaved->len > 1 ? _("_Save All") : _("_Save"), NULL);
  adw_message_dialog_set_response_appearance (dialog, "discard", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_response_appearance (dialog, "save", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (dialog, "save");
  adw_message_dialog_set_close_response (dialog, "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (response_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));

  return FALSE;
}
