/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-worker-table-private.h"

#include "gm-text.h"
#include "gm-widget.h"

/**
 * GmWorkerTable:
 *
 * The workers of a run and the processes below them, and what can be done to those that are
 * selected.
 */
G_DEFINE_FINAL_TYPE (GmWorkerTable, gm_worker_table, GTK_TYPE_WIDGET)

static const struct
{
  const char *title;
  int         least;  /* characters */
  int         width;
  gboolean    is_number;
  gboolean    expand;
} columns[GM_WORKER_N_COLUMNS] = {
  [GM_WORKER_COLUMN_SLOT] = { N_("Slot"), 2, 3, FALSE, FALSE },
  [GM_WORKER_COLUMN_NAME] = { N_("Process"), 8, 12, FALSE, TRUE },
  [GM_WORKER_COLUMN_PID] = { N_("PID"), 6, 7, TRUE, FALSE },
  [GM_WORKER_COLUMN_STATE] = { N_("State"), 6, 9, FALSE, FALSE },
  [GM_WORKER_COLUMN_ITEM] = { N_("Item"), 10, 30, FALSE, TRUE },
  [GM_WORKER_COLUMN_SINCE] = { N_("For"), 4, 5, TRUE, FALSE },
  [GM_WORKER_COLUMN_DONE] = { N_("Done"), 3, 5, TRUE, FALSE },
  [GM_WORKER_COLUMN_FAILED] = { N_("Errors"), 3, 5, TRUE, FALSE },
  [GM_WORKER_COLUMN_CPU] = { N_("CPU"), 3, 5, TRUE, FALSE },
  [GM_WORKER_COLUMN_MEMORY] = { N_("Memory"), 8, 9, TRUE, FALSE },
  [GM_WORKER_COLUMN_THREADS] = { N_("Threads"), 3, 4, TRUE, FALSE },
  [GM_WORKER_COLUMN_FILES] = { N_("Files"), 3, 4, TRUE, FALSE },
  [GM_WORKER_COLUMN_IO] = { N_("I/O"), 8, 9, TRUE, FALSE },
};

static void
show (GtkListItem *list_item)
{
  GtkTreeListRow *tree_row = gtk_list_item_get_item (list_item);
  g_autoptr(GmWorkerRow) row = tree_row != NULL ? gtk_tree_list_row_get_item (tree_row) : NULL;
  GtkWidget *child = gtk_list_item_get_child (list_item);
  GtkWidget *label = GTK_IS_TREE_EXPANDER (child)
                       ? gtk_tree_expander_get_child (GTK_TREE_EXPANDER (child)) : child;
  int column = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (label), "column"));
  const char *text;
  gboolean slow, marked;

  if (row == NULL)
    return;
  text = gm_worker_row_get_text (row, column);
  if (g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (label)), text) != 0)
    gtk_inscription_set_text (GTK_INSCRIPTION (label), text);
  slow = gm_worker_row_is_slow (row)
         && (column == GM_WORKER_COLUMN_SINCE || column == GM_WORKER_COLUMN_STATE);
  marked = gtk_widget_has_css_class (label, "warning");
  if (slow && !marked)
    gtk_widget_add_css_class (label, "warning");
  else if (!slow && marked)
    gtk_widget_remove_css_class (label, "warning");
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item,
          gpointer                  user_data)
{
  int column = GPOINTER_TO_INT (user_data);
  GtkWidget *label = gtk_inscription_new (NULL);

  /* Of a path it is mostly the end that says which. */
  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (label),
                                     column == GM_WORKER_COLUMN_ITEM
                                       ? GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_START
                                       : GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_inscription_set_min_chars (GTK_INSCRIPTION (label), columns[column].least);
  gtk_inscription_set_nat_chars (GTK_INSCRIPTION (label), columns[column].width);
  gtk_inscription_set_xalign (GTK_INSCRIPTION (label), columns[column].is_number ? 1 : 0);
  if (columns[column].is_number)
    gtk_widget_add_css_class (label, "numeric");
  g_object_set_data (G_OBJECT (label), "column", GINT_TO_POINTER (column));
  if (column == GM_WORKER_COLUMN_SLOT)
    {
      GtkWidget *expander = gtk_tree_expander_new ();

      gtk_tree_expander_set_child (GTK_TREE_EXPANDER (expander), label);
      gtk_list_item_set_child (list_item, expander);
    }
  else
    gtk_list_item_set_child (list_item, label);
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *list_item,
         gpointer                  user_data)
{
  GtkTreeListRow *tree_row = gtk_list_item_get_item (list_item);
  GtkWidget *child = gtk_list_item_get_child (list_item);
  g_autoptr(GObject) row = gtk_tree_list_row_get_item (tree_row);

  if (GTK_IS_TREE_EXPANDER (child))
    gtk_tree_expander_set_list_row (GTK_TREE_EXPANDER (child), tree_row);
  g_signal_connect_object (row, gm_worker_row_get_signal (GPOINTER_TO_INT (user_data)),
                           G_CALLBACK (show), list_item, G_CONNECT_SWAPPED);
  show (list_item);
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GtkListItem              *list_item,
           gpointer                  user_data)
{
  g_autoptr(GObject) row = gtk_tree_list_row_get_item (gtk_list_item_get_item (list_item));

  if (row != NULL)
    g_signal_handlers_disconnect_by_func (row, show, list_item);
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      user_data)
{
  int column = GPOINTER_TO_INT (user_data);
  double first = gm_worker_row_get_number ((GmWorkerRow *) a, column);
  double second = gm_worker_row_get_number ((GmWorkerRow *) b, column);

  return first < second ? -1 : first > second;
}

static GListModel *
create_children (gpointer item,
                 gpointer user_data)
{
  return g_object_ref (gm_worker_row_get_children (item));
}

static void
add_columns (GmWorkerTable *self)
{
  for (int i = 0; i < GM_WORKER_N_COLUMNS; i++)
    {
      GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
      g_autoptr(GtkColumnViewColumn) column = gtk_column_view_column_new (_(columns[i].title),
                                                                          factory);
      g_autoptr(GtkSorter) sorter =
        GTK_SORTER (gtk_custom_sorter_new (compare, GINT_TO_POINTER (i), NULL));

      g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), GINT_TO_POINTER (i));
      g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), GINT_TO_POINTER (i));
      g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
      gtk_column_view_column_set_sorter (column, sorter);
      gtk_column_view_column_set_resizable (column, TRUE);
      gtk_column_view_column_set_expand (column, columns[i].expand);
      gtk_column_view_append_column (self->view, column);
      if (columns[i].is_number)
        gm_widget_align_title (GTK_WIDGET (self->view), i);
    }
}

static void
build_model (GmWorkerTable *self)
{
  GtkTreeListModel *tree;
  GtkSorter *sorter;
  GtkSortListModel *sorted;

  tree = gtk_tree_list_model_new (g_object_ref (G_LIST_MODEL (self->rows)), FALSE, FALSE,
                                  create_children, NULL, NULL);
  sorter = GTK_SORTER (
    gtk_tree_list_row_sorter_new (g_object_ref (gtk_column_view_get_sorter (self->view))));
  sorted = gtk_sort_list_model_new (G_LIST_MODEL (tree), sorter);
  self->selection = GTK_SELECTION_MODEL (gtk_multi_selection_new (G_LIST_MODEL (sorted)));
  gtk_column_view_set_model (self->view, self->selection);
}

static void
gm_worker_table_dispose (GObject *object)
{
  GmWorkerTable *self = GM_WORKER_TABLE (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->run);
  g_clear_object (&self->rows);
  g_clear_object (&self->selection);
  g_clear_object (&self->cancellable);

  G_OBJECT_CLASS (gm_worker_table_parent_class)->dispose (object);
}

static void
gm_worker_table_class_init (GmWorkerTableClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_worker_table_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gm_worker_table_install_actions (widget_class);
}

static void
gm_worker_table_init (GmWorkerTable *self)
{
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  GtkWidget *bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  g_autoptr(GMenuModel) menu = gm_worker_table_new_menu ();

  self->cancellable = g_cancellable_new ();
  self->rows = g_list_store_new (GM_TYPE_WORKER_ROW);
  self->view = GTK_COLUMN_VIEW (gtk_column_view_new (NULL));
  gtk_widget_set_name (GTK_WIDGET (self->view), "workers-view");
  gtk_widget_add_css_class (GTK_WIDGET (self->view), "data-table");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Workers"), -1);
  add_columns (self);
  build_model (self);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), GTK_WIDGET (self->view));
  gm_widget_begin_at_first_column (GTK_WIDGET (self->view));
  gtk_widget_set_vexpand (scrolled, TRUE);
  /* No label: that would lay out the whole window each time it changes. */
  self->total = gtk_inscription_new (NULL);
  gtk_widget_set_name (self->total, "workers-total");
  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (self->total),
                                     GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_widget_set_hexpand (self->total, TRUE);
  gtk_widget_set_valign (self->total, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (self->total, "numeric");
  gtk_widget_add_css_class (self->total, "heading");
  self->menu = gtk_menu_button_new ();
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (self->menu), menu);
  gtk_menu_button_set_label (GTK_MENU_BUTTON (self->menu), _("_Selected"));
  gtk_menu_button_set_use_underline (GTK_MENU_BUTTON (self->menu), TRUE);
  gtk_widget_add_css_class (self->menu, "flat");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->menu), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Selected Workers"), -1);
  gtk_widget_set_margin_start (bar, 12);
  gtk_widget_set_margin_end (bar, 6);
  gtk_box_append (GTK_BOX (bar), self->total);
  gtk_box_append (GTK_BOX (bar), self->menu);
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_box_append (GTK_BOX (self->box), scrolled);
  gtk_box_append (GTK_BOX (self->box), gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_box_append (GTK_BOX (self->box), bar);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  g_signal_connect_object (self->selection, "selection-changed",
                           G_CALLBACK (gm_worker_table_update_actions), self, G_CONNECT_SWAPPED);
  gm_worker_table_update_actions (self);
}

static void
update_total (GmWorkerTable    *self,
              const GmSnapshot *snapshot)
{
  guint busy = 0;
  g_autofree char *memory = g_format_size_full (snapshot->rss, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *text = NULL;

  for (guint i = 0; i < snapshot->workers->len; i++)
    {
      const GmSnapshotWorker *worker = g_ptr_array_index (snapshot->workers, i);

      busy += worker->state == GM_WORKER_BUSY;
    }
  text = g_strdup_printf (_("%u workers, %u busy · CPU %.0f %% · %s"), snapshot->workers->len,
                          busy, snapshot->cpu_percent, memory);
  if (g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (self->total)), text) != 0)
    gtk_inscription_set_text (GTK_INSCRIPTION (self->total), text);
}

/**
 * gm_worker_table_update:
 * @self: the table
 * @run: (nullable): whose workers
 * @snapshot: (nullable): what is known of them
 * @usual: nanoseconds that hardly an item takes longer than; 0: not known
 *
 * Rows keep their place; only the texts that have changed are set.
 */
void
gm_worker_table_update (GmWorkerTable    *self,
                        GmRun            *run,
                        const GmSnapshot *snapshot,
                        gint64            usual)
{
  guint n = snapshot != NULL ? snapshot->workers->len : 0;
  guint had = g_list_model_get_n_items (G_LIST_MODEL (self->rows));
  gint64 now = g_get_real_time ();

  if (g_set_object (&self->run, run))
    gm_worker_table_update_actions (self);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GmWorkerRow) row = i < had ? g_list_model_get_item (G_LIST_MODEL (self->rows), i)
                                           : gm_worker_row_new ();

      gm_worker_row_set_worker (row, snapshot, g_ptr_array_index (snapshot->workers, i), now,
                                usual);
      if (i >= had)
        g_list_store_append (self->rows, row);
    }
  if (n < had)
    g_list_store_splice (self->rows, n, had - n, NULL, 0);
  if (snapshot != NULL)
    update_total (self, snapshot);
}

/**
 * gm_worker_table_read_proc:
 * @self: the table
 *
 * Threads, open files, I/O and descendants, which only /proc knows.
 */
void
gm_worker_table_read_proc (GmWorkerTable *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->rows)); i++)
    {
      g_autoptr(GmWorkerRow) row = g_list_model_get_item (G_LIST_MODEL (self->rows), i);

      gm_worker_row_read_proc (row);
    }
}
