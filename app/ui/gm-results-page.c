/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-results-page-private.h"

#include "gm-results-columns.h"
#include "gm-text.h"
#include "gm-widget.h"

/* Looked at between two turns of the main loop. */
#define SLICE_ROWS 10000

/* Found rows are shown at most so often before all are found: microseconds. */
#define SHOW_INTERVAL 200000

/* While results come in, an order other than theirs is made anew at most so often: microseconds. */
#define SEARCH_INTERVAL (2 * G_USEC_PER_SEC)

G_DEFINE_FINAL_TYPE (GmResultsPage, gm_results_page, GM_TYPE_RUN_PAGE)

static void
update_summary (GmResultsPage *self)
{
  GmResultsIndex *index = gm_run_data_get_results (self->data);
  g_autofree char *shown = gm_text_number (g_list_model_get_n_items (G_LIST_MODEL (self->model)));
  g_autofree char *all = gm_text_number (gm_results_index_get_n_rows (index));
  g_autoptr(GString) text = g_string_new (NULL);
  GtkBitset *selected = gtk_selection_model_get_selection (self->selection);

  g_string_printf (text, _("Showing %s of %s"), shown, all);
  if (self->group != GM_NO_GROUP)
    {
      g_autofree char *error =
        gm_text_escape (gm_results_index_get_group (index, self->group)->text);

      g_string_append_printf (text, " · %s", error);
    }
  if (gtk_bitset_get_size (selected) > 1)
    {
      g_autofree char *n = gm_text_number ((gint64) gtk_bitset_get_size (selected));

      g_string_append (text, " · ");
      g_string_append_printf (text, _("%s selected"), n);
    }
  gtk_bitset_unref (selected);
  if (gm_run_data_is_reading (self->data) || self->idle != 0)
    g_string_append (text, _(" · Reading…"));
  gtk_label_set_text (self->summary, text->str);
}

/* What was found is shown when it is all there; what only has to be appended now and then. */
static void
show_found (GmResultsPage *self,
            gboolean       is_over)
{
  gint64 now = g_get_monotonic_time ();

  if (!is_over && (self->swap || !gm_results_search_can_go_on (self->search_job)
                   || now - self->shown < SHOW_INTERVAL))
    return;
  self->swap = FALSE;
  self->shown = now;
  gm_row_model_show (self->model, gm_results_search_get_rows (self->search_job),
                     gm_results_search_get_n_found (self->search_job));
}

static gboolean
search_cb (gpointer user_data)
{
  GmResultsPage *self = user_data;
  gboolean more = gm_results_search_advance (self->search_job, SLICE_ROWS);

  show_found (self, !more);
  if (more)
    return G_SOURCE_CONTINUE;
  self->idle = 0;
  update_summary (self);

  return G_SOURCE_REMOVE;
}

static void
go_on (GmResultsPage *self)
{
  if (self->idle == 0)
    self->idle = g_idle_add_full (GDK_PRIORITY_REDRAW, search_cb, self, NULL);
}

/* What is shown stays until there is something else. */
void
gm_results_page_begin_search (GmResultsPage *self)
{
  static const guint statuses[] = {
    0, 1 << GM_STATUS_OK,
    1 << GM_STATUS_ERROR | 1 << GM_STATUS_CRASHED | 1 << GM_STATUS_TIMEOUT
      | 1 << GM_STATUS_CANCELLED,
    1 << GM_STATUS_ERROR, 1 << GM_STATUS_CRASHED, 1 << GM_STATUS_TIMEOUT, 1 << GM_STATUS_CANCELLED,
  };
  GmResultsQuery query = { .group = self->group };

  if (self->data == NULL)
    return;
  gm_results_columns_get_sort (self->view, &query.sort, &query.descending);
  query.statuses = statuses[MIN (gtk_drop_down_get_selected (self->status),
                                 G_N_ELEMENTS (statuses) - 1)];
  query.text = (char *) gtk_editable_get_text (GTK_EDITABLE (self->search));
  g_clear_pointer (&self->search_job, gm_results_search_free);
  self->search_job = gm_results_search_new (gm_run_data_get_results (self->data), &query);
  self->searched = g_get_monotonic_time ();
  self->swap = TRUE;
  go_on (self);
}

static void
query_changed_cb (GmResultsPage *self)
{
  self->group = GM_NO_GROUP;
  gm_results_page_begin_search (self);
}

static void
sorter_changed_cb (GmResultsPage *self)
{
  gm_results_page_begin_search (self);
}

/* There is more, or something else. */
static void
gm_results_page_data_changed (GmRunPage *page)
{
  GmResultsPage *self = GM_RESULTS_PAGE (page);
  GmResultsIndex *index = gm_run_data_get_results (self->data);
  guint changes = gm_results_index_get_changes (index);

  gtk_stack_set_visible_child_name (self->stack, gm_results_index_get_n_rows (index) > 0
                                                   ? "results" : "empty");
  if (self->search_job == NULL
      || (self->idle == 0 && !gm_results_search_can_go_on (self->search_job)
          && (!gm_run_data_is_reading (self->data)
              || g_get_monotonic_time () - self->searched > SEARCH_INTERVAL)))
    gm_results_page_begin_search (self);
  else if (gm_results_search_can_go_on (self->search_job))
    go_on (self);
  if (changes != self->changes)
    gm_row_model_touch (self->model);
  self->changes = changes;
  gm_failures_update (self->failures, index);
  if (gtk_widget_get_mapped (GTK_WIDGET (self->durations)))
    gm_durations_update (self->durations, index);
  gm_results_page_update_actions (self);
  update_summary (self);
}

static void
show_item_cb (GmResultsPage *self,
              guint64        index)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "results.show-item", "t", index);
}

static void
durations_map_cb (GmResultsPage *self)
{
  if (self->data != NULL)
    gm_durations_update (self->durations, gm_run_data_get_results (self->data));
}

static void
selection_changed_cb (GmResultsPage *self)
{
  g_autoptr(GtkBitset) selected = gtk_selection_model_get_selection (self->selection);

  if (gtk_bitset_get_size (selected) == 1)
    gm_item_details_show (self->details, self->run,
                          gm_row_model_get_number (self->model,
                                                   gtk_bitset_get_minimum (selected)));
  adw_flap_set_reveal_flap (self->flap, gtk_bitset_get_size (selected) == 1);
  gm_results_page_update_actions (self);
  update_summary (self);
}

static void
activate_cb (GmResultsPage *self,
             guint          position)
{
  gtk_selection_model_select_item (self->selection, position, TRUE);
}

static void
gm_results_page_show_run (GmRunPage *page,
                          GmRun     *run)
{
  GmResultsPage *self = GM_RESULTS_PAGE (page);

  if (self->data != NULL)
    g_signal_handlers_disconnect_by_func (self->data, show_item_cb, self);
  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_pointer (&self->search_job, gm_results_search_free);
  gm_row_model_show (self->model, NULL, 0);
  adw_flap_set_reveal_flap (self->flap, FALSE);
  self->group = GM_NO_GROUP;
  self->changes = 0;
  self->run = run;
  self->data = gm_run_page_get_data (page);
  gm_results_columns_set_index (self->view, run != NULL ? gm_run_data_get_results (self->data)
                                                        : NULL);
  if (run != NULL)
    g_signal_connect_object (self->data, "show-item", G_CALLBACK (show_item_cb), self,
                             G_CONNECT_SWAPPED);
}

static void
gm_results_page_dispose (GObject *object)
{
  g_cancellable_cancel (GM_RESULTS_PAGE (object)->cancellable);

  G_OBJECT_CLASS (gm_results_page_parent_class)->dispose (object);
}

static void
gm_results_page_finalize (GObject *object)
{
  GmResultsPage *self = GM_RESULTS_PAGE (object);

  g_clear_object (&self->cancellable);
  g_clear_object (&self->selection);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (gm_results_page_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/gtk_mp/GtkMp/gm-results-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, search);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, status);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, groups_button);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, durations);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, failures);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, flap);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, view);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, details);
  gtk_widget_class_bind_template_child (widget_class, GmResultsPage, summary);
  gtk_widget_class_bind_template_callback (widget_class, query_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, activate_cb);
}

static void
gm_results_page_class_init (GmResultsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GmRunPageClass *page_class = GM_RUN_PAGE_CLASS (klass);

  object_class->dispose = gm_results_page_dispose;
  object_class->finalize = gm_results_page_finalize;
  page_class->parts = 1 << GM_RUN_DATA_RESULTS | 1 << GM_RUN_DATA_EVENTS;
  page_class->show_run = gm_results_page_show_run;
  page_class->data_changed = gm_results_page_data_changed;

  g_type_ensure (GM_TYPE_DURATIONS);
  g_type_ensure (GM_TYPE_FAILURES);
  g_type_ensure (GM_TYPE_ITEM_DETAILS);
  bind_template (widget_class);
  gm_results_page_install_actions (widget_class);
}

static void
gm_results_page_init (GmResultsPage *self)
{
  self->group = GM_NO_GROUP;
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gm_widget_begin_at_first_column (GTK_WIDGET (self->view));
  gm_results_columns_add (self->view);
  self->model = gm_row_model_new ();
  self->selection = GTK_SELECTION_MODEL (
    gtk_multi_selection_new (g_object_ref (G_LIST_MODEL (self->model))));
  gtk_column_view_set_model (self->view, self->selection);
  g_signal_connect_object (self->selection, "selection-changed",
                           G_CALLBACK (selection_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_column_view_get_sorter (self->view), "changed",
                           G_CALLBACK (sorter_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->durations, "map", G_CALLBACK (durations_map_cb), self,
                           G_CONNECT_SWAPPED);
}
