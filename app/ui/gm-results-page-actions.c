/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-results-page-private.h"

#include "gm-dialogs.h"
#include "gm-results-export.h"
#include "gm-window.h"

/* What can be done with results: retry, copy, export. */

/* A message of the control protocol is at most 1 MiB long. */
#define MAX_INDEXES 40000

static void
say (GtkWidget  *widget,
     const char *text)
{
  GtkRoot *root = gtk_widget_get_root (widget);

  if (GM_IS_WINDOW (root))
    gm_window_toast (GM_WINDOW (root), text);
}

static void
retried_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GmResultsPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) answer = gm_run_call_finish (GM_RUN (source), result, &error);

  if (answer == NULL && error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say (GTK_WIDGET (self), error->message);
}

static void
retry (GmResultsPage *self,
       GArray        *indexes)
{
  for (guint start = 0; start < indexes->len; start += MAX_INDEXES)
    {
      g_autoptr(JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "indexes");
      json_builder_begin_array (builder);
      for (guint i = start; i < MIN (indexes->len, start + MAX_INDEXES); i++)
        json_builder_add_int_value (builder, g_array_index (indexes, gint64, i));
      json_builder_end_array (builder);
      json_builder_end_object (builder);
      gm_run_call_async (self->run, "retry", json_builder_get_root (builder), self->cancellable,
                         retried_cb, g_object_ref (self));
    }
}

/* Of a group of failures, or of all. */
static GArray *
dup_failed (GmResultsPage *self,
            guint32        group)
{
  GmResultsIndex *index = gm_run_data_get_results (self->data);
  GArray *indexes = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < gm_results_index_get_n_rows (index); i++)
    {
      const GmResultsRow *row = gm_results_index_get_row (index, i);

      if (row->status != GM_STATUS_OK && (group == GM_NO_GROUP || row->group == group))
        g_array_append_val (indexes, row->index);
    }

  return indexes;
}

static void
retry_group_action (GtkWidget  *widget,
                    const char *name,
                    GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);
  g_autoptr(GArray) indexes = dup_failed (self, g_variant_get_uint32 (parameter));

  retry (self, indexes);
}

/* A run that is over is taken up again by a new runner. */
static void
retry_all_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);
  g_autoptr(GArray) indexes = NULL;

  if (!gm_run_get_live (self->run))
    {
      gtk_widget_activate_action (widget, "win.retry-failed", NULL);
      return;
    }
  indexes = dup_failed (self, GM_NO_GROUP);
  retry (self, indexes);
}

static void
append_row (GmResultsPage *self,
            GArray        *rows,
            guint          position)
{
  guint row = gm_row_model_get_number (self->model, position);

  g_array_append_val (rows, row);
}

/* Rows that are selected, or all that are shown if none is. */
static GArray *
dup_chosen (GmResultsPage *self)
{
  g_autoptr(GtkBitset) selected = gtk_selection_model_get_selection (self->selection);
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->model));
  GtkBitsetIter iter;
  guint position;

  for (gboolean valid = gtk_bitset_iter_init_first (&iter, selected, &position); valid;
       valid = gtk_bitset_iter_next (&iter, &position))
    append_row (self, rows, position);
  for (position = 0; gtk_bitset_is_empty (selected) && position < n; position++)
    append_row (self, rows, position);

  return rows;
}

static void
retry_selected_action (GtkWidget  *widget,
                       const char *name,
                       GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);
  g_autoptr(GArray) rows = dup_chosen (self);
  g_autoptr(GArray) indexes = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < rows->len; i++)
    {
      GmResultsIndex *index = gm_run_data_get_results (self->data);
      gint64 number =
        (gint64) gm_results_index_get_row (index, g_array_index (rows, guint32, i))->index;

      g_array_append_val (indexes, number);
    }
  retry (self, indexes);
}

static void
copy_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);
  g_autoptr(GArray) rows = dup_chosen (self);
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < rows->len; i++)
    {
      gsize size;
      const char *line = gm_results_index_peek_line (gm_run_data_get_results (self->data),
                                                     g_array_index (rows, guint32, i), &size);

      if (line != NULL)
        g_string_append_len (text, line, size + 1);
    }
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text->str);
}

static void
exported_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GmResultsPage) self = user_data;
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  const char *path = g_object_get_data (G_OBJECT (self), "export-path");
  g_autoptr(GError) error = NULL;

  if (gm_results_export_finish (result, &error))
    {
      if (GM_IS_WINDOW (root))
        gm_window_toast_file (GM_WINDOW (root), _("Results exported"), path);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say (GTK_WIDGET (self), error->message);
}

/* `results.export-to` is what the file dialog ends in; a script or test uses it directly. */
static void
export_to_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);
  g_autoptr(GArray) rows = NULL;
  g_autoptr(GArray) offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
  const char *format, *path;

  if (self->data == NULL)
    return;
  rows = dup_chosen (self);
  g_variant_get (parameter, "(&s^&ay)", &format, &path);
  for (guint i = 0; i < rows->len; i++)
    {
      guint64 offset = gm_results_index_get_row (gm_run_data_get_results (self->data),
                                                 g_array_index (rows, guint32, i))->offset;

      g_array_append_val (offsets, offset);
    }
  g_object_set_data_full (G_OBJECT (self), "export-path", g_strdup (path), g_free);
  gm_results_export_async (gm_run_get_dir (self->run), offsets,
                           strcmp (format, "csv") == 0 ? GM_EXPORT_CSV
                           : strcmp (format, "json") == 0 ? GM_EXPORT_JSON : GM_EXPORT_LINES,
                           path, self->cancellable, exported_cb, g_object_ref (self));
}

static void
path_chosen_cb (const char *path,
                gpointer    user_data)
{
  const char *format = g_object_get_data (user_data, "export-format");

  gtk_widget_activate_action (user_data, "results.export-to", "(s^ay)", format, path);
}

static void
export_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);
  const char *format = g_variant_get_string (parameter, NULL);
  g_autofree char *file = g_strdup_printf ("%s.%s", gm_run_get_name (self->run), format);

  g_object_set_data_full (G_OBJECT (self), "export-format", g_strdup (format), g_free);
  g_strdelimit (file, "/", '-');
  gm_dialog_save_file (widget, _("Export Results"), file, path_chosen_cb, self);
}

static void
show_group_action (GtkWidget  *widget,
                   const char *name,
                   GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);

  self->group = g_variant_get_uint32 (parameter);
  gm_results_page_begin_search (self);
}

/* The groups and, below them, only what they are made of. */
static void
show_failures_action (GtkWidget  *widget,
                      const char *name,
                      GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);

  gtk_drop_down_set_selected (self->status, GM_RESULTS_NOT_OK);
  gtk_toggle_button_set_active (self->groups_button, TRUE);
}

static void
show_item_action (GtkWidget  *widget,
                  const char *name,
                  GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);
  guint row;

  if (self->data == NULL || !gm_results_index_find (gm_run_data_get_results (self->data),
                                                    g_variant_get_uint64 (parameter), &row))
    return;
  gtk_selection_model_unselect_all (self->selection);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->model)); i++)
    if (gm_row_model_get_number (self->model, i) == row)
      {
        gtk_selection_model_select_item (self->selection, i, TRUE);
        gtk_widget_activate_action (gtk_widget_get_last_child (GTK_WIDGET (self->view)),
                                    "list.scroll-to-item", "u", i);
        return;
      }
  gm_item_details_show (self->details, self->run, row);
  adw_flap_set_reveal_flap (self->flap, TRUE);
}

static void
close_details_action (GtkWidget  *widget,
                      const char *name,
                      GVariant   *parameter)
{
  GmResultsPage *self = GM_RESULTS_PAGE (widget);

  gtk_selection_model_unselect_all (self->selection);
  adw_flap_set_reveal_flap (self->flap, FALSE);
}

void
gm_results_page_install_actions (GtkWidgetClass *klass)
{
  gtk_widget_class_install_action (klass, "results.retry-group", "u", retry_group_action);
  gtk_widget_class_install_action (klass, "results.retry-all", NULL, retry_all_action);
  gtk_widget_class_install_action (klass, "results.retry-selected", NULL, retry_selected_action);
  gtk_widget_class_install_action (klass, "results.copy", NULL, copy_action);
  gtk_widget_class_install_action (klass, "results.export", "s", export_action);
  gtk_widget_class_install_action (klass, "results.export-to", "(say)", export_to_action);
  gtk_widget_class_install_action (klass, "results.show-group", "u", show_group_action);
  gtk_widget_class_install_action (klass, "results.show-failures", NULL, show_failures_action);
  gtk_widget_class_install_action (klass, "results.show-item", "t", show_item_action);
  gtk_widget_class_install_action (klass, "results.close-details", NULL, close_details_action);
  gtk_widget_class_add_binding_action (klass, GDK_KEY_Escape, 0, "results.close-details", NULL);
}

void
gm_results_page_update_actions (GmResultsPage *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GmResultsIndex *index = self->data != NULL ? gm_run_data_get_results (self->data) : NULL;
  g_autoptr(GtkBitset) selected = gtk_selection_model_get_selection (self->selection);
  gboolean live = self->run != NULL && gm_run_get_live (self->run);
  gboolean failed = index != NULL && gm_results_index_count (index, GM_STATUS_OK)
                                     < gm_results_index_get_n_rows (index);

  gtk_widget_action_set_enabled (widget, "results.retry-group", live);
  gtk_widget_action_set_enabled (widget, "results.retry-all", failed);
  gtk_widget_action_set_enabled (widget, "results.retry-selected",
                                 live && !gtk_bitset_is_empty (selected));
  gtk_widget_action_set_enabled (widget, "results.copy", !gtk_bitset_is_empty (selected));
}
