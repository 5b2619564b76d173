/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-log-page.h"

#include "gm-dialogs.h"
#include "gm-row-model.h"
#include "gm-run-data.h"
#include "gm-text.h"
#include "gm-widget.h"

/* Looked at between two turns of the main loop. */
#define SLICE_LINES 20000

/* More processes than this are not offered to filter by. */
#define MAX_PROCESSES 1000

/* What a run and its workers report. */
struct _GmLogPage
{
  GmRunPage parent_instance;

  /* Owned */
  GmRowModel        *model;
  GtkSelectionModel *selection;
  GArray            *found;      /* of guint32: the lines that match, as far as is known;
                                  * NULL: all do */
  char              *text;       /* what to search for, folded; NULL: nothing */

  /* Borrowed */
  GmRunData         *data;       /* of the run */

  /* Template children */
  GtkStack          *stack;
  GtkSearchEntry    *search;
  GtkDropDown       *level;
  GtkDropDown       *process;
  GtkStringList     *processes;
  GtkScrolledWindow *scrolled;
  GtkListView       *view;
  GtkButton         *follow_button;
  GtkLabel          *summary;

  guint              next;       /* line to look at */
  guint              idle;
  gboolean           follows;    /* the end is kept in view */
};

G_DEFINE_FINAL_TYPE (GmLogPage, gm_log_page, GM_TYPE_RUN_PAGE)

static GmLogIndex *
get_index (GmLogPage *self)
{
  return self->data != NULL ? gm_run_data_get_log (self->data) : NULL;
}

static void
update_summary (GmLogPage *self)
{
  g_autofree char *shown = gm_text_number (g_list_model_get_n_items (G_LIST_MODEL (self->model)));
  g_autofree char *all = gm_text_number (gm_log_index_get_n_lines (get_index (self)));
  g_autofree char *text = g_strdup_printf (_("Showing %s of %s lines"), shown, all);

  gtk_label_set_text (self->summary, text);
}

static void
scroll_to_end (GmLogPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->model));

  if (n > 0)
    gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", n - 1);
}

/* Only once it has a size can a list be scrolled. */
static gboolean
scroll_cb (GtkWidget     *view,
           GdkFrameClock *clock,
           gpointer       user_data)
{
  scroll_to_end (user_data);

  return G_SOURCE_REMOVE;
}

/* Returns: the one that is chosen; 0: all */
static guint
get_process (GmLogPage *self)
{
  guint process = gtk_drop_down_get_selected (self->process);

  return process != GTK_INVALID_LIST_POSITION ? process : 0;
}

static gboolean
matches (GmLogPage *self,
         guint      line)
{
  static const guint levels[] = { 0, GM_LOG_INFO, GM_LOG_WARNING, GM_LOG_ERROR };
  const GmLogLine *l = gm_log_index_get_line (get_index (self), line);
  guint process = get_process (self);
  g_autofree char *text = NULL;
  g_autofree char *folded = NULL;

  if (l->level < levels[MIN (gtk_drop_down_get_selected (self->level), G_N_ELEMENTS (levels) - 1)])
    return FALSE;
  if (process > 0 && l->process != process)
    return FALSE;
  if (self->text == NULL)
    return TRUE;
  text = gm_log_index_dup_text (get_index (self), line);
  folded = g_utf8_casefold (text, -1);

  return strstr (folded, self->text) != NULL;
}

static gboolean
filter_cb (gpointer user_data)
{
  GmLogPage *self = user_data;
  guint n = gm_log_index_get_n_lines (get_index (self));
  guint end = self->found != NULL ? MIN (n, self->next + SLICE_LINES) : n;

  for (; self->found != NULL && self->next < end; self->next++)
    if (matches (self, self->next))
      g_array_append_val (self->found, self->next);
  if (end < n)
    return G_SOURCE_CONTINUE;
  self->next = n;
  self->idle = 0;
  gm_row_model_show (self->model, self->found, self->found != NULL ? self->found->len : n);
  update_summary (self);

  return G_SOURCE_REMOVE;
}

static void
go_on (GmLogPage *self)
{
  if (self->idle == 0 && self->data != NULL)
    self->idle = g_idle_add_full (GDK_PRIORITY_REDRAW, filter_cb, self, NULL);
}

/* What is shown stays until all that matches now is found. */
static void
begin (GmLogPage *self)
{
  g_clear_pointer (&self->found, g_array_unref);
  if (self->text != NULL || gtk_drop_down_get_selected (self->level) > 0 || get_process (self) > 0)
    self->found = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->next = 0;
}

static void
filter_changed_cb (GmLogPage *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search));

  g_clear_pointer (&self->text, g_free);
  if (*text != '\0')
    self->text = g_utf8_casefold (text, -1);
  begin (self);
  go_on (self);
}

/* The first of the index, which stands for what was printed, is "All" here. */
static void
add_processes (GmLogPage *self)
{
  GmLogIndex *index = get_index (self);
  guint n = MIN (gm_log_index_get_n_processes (index), MAX_PROCESSES);

  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->processes)); i < n; i++)
    {
      g_autofree char *name = gm_text_escape (gm_log_index_get_process (index, i));

      gtk_string_list_append (self->processes, name);
    }
}

static void
gm_log_page_data_changed (GmRunPage *page)
{
  GmLogPage *self = GM_LOG_PAGE (page);

  gtk_stack_set_visible_child_name (self->stack, gm_log_index_get_n_lines (get_index (self)) > 0
                                                   ? "log" : "empty");
  add_processes (self);
  if (self->next < gm_log_index_get_n_lines (get_index (self)))
    go_on (self);
}

static void
scrolled_cb (GmLogPage *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);
  double end = gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment);

  self->follows = gtk_adjustment_get_value (adjustment) >= end - 30;
  gtk_widget_set_visible (GTK_WIDGET (self->follow_button), !self->follows);
}

/* The list knows how long it is only when it has been laid out. */
static void
resized_cb (GmLogPage *self)
{
  if (self->follows)
    gtk_widget_add_tick_callback (GTK_WIDGET (self->view), scroll_cb, self, NULL);
}

static void
follow_clicked_cb (GmLogPage *self)
{
  self->follows = TRUE;
  scroll_to_end (self);
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item,
          gpointer                  user_data)
{
  GtkWidget *label = gtk_inscription_new (NULL);

  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (label),
                                     GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_inscription_set_min_chars (GTK_INSCRIPTION (label), 30);
  gtk_list_item_set_child (list_item, label);
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *list_item,
         gpointer                  user_data)
{
  GmLogPage *self = user_data;
  GtkWidget *label = gtk_list_item_get_child (list_item);
  guint line = gm_row_get_number (gtk_list_item_get_item (list_item));
  g_autofree char *text = NULL;
  g_autofree char *escaped = NULL;
  const char *style = NULL;
  guint level;

  if (get_index (self) == NULL)
    return;
  level = gm_log_index_get_line (get_index (self), line)->level;
  text = gm_log_index_dup_text (get_index (self), line);
  escaped = gm_text_escape (text);
  gtk_inscription_set_text (GTK_INSCRIPTION (label), escaped);
  if (level != GM_LOG_INFO)
    style = level >= GM_LOG_ERROR ? "error" : level > GM_LOG_INFO ? "warning" : "dim-label";
  gm_widget_set_style (label, style);
}

/* Selected lines, or all that are shown. */
static char *
dup_chosen (GmLogPage *self)
{
  g_autoptr(GtkBitset) selected = gtk_selection_model_get_selection (self->selection);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->model));
  gboolean all = gtk_bitset_is_empty (selected);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    if (all || gtk_bitset_contains (selected, i))
      {
        g_autofree char *text = gm_log_index_dup_text (get_index (self),
                                                       gm_row_model_get_number (self->model, i));

        g_string_append (out, text);
        g_string_append_c (out, '\n');
      }

  return g_string_free (out, FALSE);
}

static void
copy_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  GmLogPage *self = GM_LOG_PAGE (widget);
  g_autofree char *text = NULL;

  if (self->data == NULL)
    return;
  text = dup_chosen (self);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
}

static void
save_to (const char *path,
         gpointer    user_data)
{
  GmLogPage *self = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  if (self->data == NULL)
    return;
  text = dup_chosen (self);
  if (!g_file_set_contents (path, text, -1, &error))
    gtk_label_set_text (self->summary, error->message);
}

static void
save_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  gm_dialog_save_file (widget, _("Save Log"), "log.txt", save_to, widget);
}

/* `log.save-to` is what the file dialog ends in. */
static void
save_to_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  save_to (g_variant_get_bytestring (parameter), widget);
}

static void
gm_log_page_show_run (GmRunPage *page,
                      GmRun     *run)
{
  GmLogPage *self = GM_LOG_PAGE (page);

  g_clear_handle_id (&self->idle, g_source_remove);
  begin (self);
  gm_row_model_show (self->model, NULL, 0);
  self->follows = TRUE;
  gtk_string_list_splice (self->processes, 1,
                          g_list_model_get_n_items (G_LIST_MODEL (self->processes)) - 1, NULL);
  self->data = gm_run_page_get_data (page);
}

static void
gm_log_page_finalize (GObject *object)
{
  GmLogPage *self = GM_LOG_PAGE (object);

  g_clear_object (&self->selection);
  g_clear_object (&self->model);
  g_clear_pointer (&self->found, g_array_unref);
  g_clear_pointer (&self->text, g_free);

  G_OBJECT_CLASS (gm_log_page_parent_class)->finalize (object);
}

static void
gm_log_page_class_init (GmLogPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GmRunPageClass *page_class = GM_RUN_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gm_log_page_finalize;
  page_class->parts = 1 << GM_RUN_DATA_LOG;
  page_class->show_run = gm_log_page_show_run;
  page_class->data_changed = gm_log_page_data_changed;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/gtk_mp/GtkMp/gm-log-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, stack);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, search);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, level);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, process);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, processes);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, scrolled);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, view);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, follow_button);
  gtk_widget_class_bind_template_child (widget_class, GmLogPage, summary);
  gtk_widget_class_bind_template_callback (widget_class, filter_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, follow_clicked_cb);
  gtk_widget_class_install_action (widget_class, "log.copy", NULL, copy_action);
  gtk_widget_class_install_action (widget_class, "log.save", NULL, save_action);
  gtk_widget_class_install_action (widget_class, "log.save-to", "ay", save_to_action);
}

static void
gm_log_page_init (GmLogPage *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  self->model = gm_row_model_new ();
  self->follows = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (factory, "setup", G_CALLBACK (setup_cb), self, 0);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, 0);
  self->selection = GTK_SELECTION_MODEL (
    gtk_multi_selection_new (g_object_ref (G_LIST_MODEL (self->model))));
  gtk_list_view_set_factory (self->view, factory);
  gtk_list_view_set_model (self->view, self->selection);
  g_object_unref (factory);
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scrolled), "value-changed",
                           G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scrolled), "changed",
                           G_CALLBACK (resized_cb), self, G_CONNECT_SWAPPED);
}
