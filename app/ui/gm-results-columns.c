/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-results-columns.h"

#include "gm-format.h"
#include "gm-row-model.h"
#include "gm-text.h"
#include "gm-widget.h"

/* What the cells of the table of results say. The index is asked when a row is shown; what only
 * the file knows is read then. */

/* More of an item or an output does not fit into a cell. */
#define MAX_CELL 300

typedef enum
{
  COLUMN_INDEX,
  COLUMN_ITEM,
  COLUMN_STATUS,
  COLUMN_DURATION,
  COLUMN_ATTEMPTS,
  COLUMN_WORKER,
  COLUMN_OUTPUT,
  N_COLUMNS
} Column;

static const struct
{
  const char *title;
  int         sort;    /* GmResultsSort, -1: none */
  gboolean    is_number;
  gboolean    expand;
  int         least;   /* characters */
  int         width;
  const char *action;  /* shows a column that is of interest to few; NULL: it is always there */
} columns[] = {
  [COLUMN_INDEX] = { N_("Index"), GM_RESULTS_SORT_INDEX, TRUE, FALSE, 4, 7 },
  [COLUMN_ITEM] = { N_("Item"), -1, FALSE, TRUE, 14, 30 },
  [COLUMN_STATUS] = { N_("Status"), GM_RESULTS_SORT_STATUS, FALSE, FALSE, 8, 9 },
  [COLUMN_DURATION] = { N_("Duration"), GM_RESULTS_SORT_DURATION, TRUE, FALSE, 8, 9 },
  [COLUMN_ATTEMPTS] = { N_("Attempts"), GM_RESULTS_SORT_ATTEMPTS, TRUE, FALSE, 2, 3, "attempts" },
  [COLUMN_WORKER] = { N_("Worker"), GM_RESULTS_SORT_WORKER, FALSE, FALSE, 8, 9, "worker" },
  [COLUMN_OUTPUT] = { N_("Result or Output"), -1, FALSE, TRUE, 14, 30 },
};

/* Who was asked last to compare: how the view's sorter is found out about, which has no getter. */
static int asked;

typedef struct _Source Source;

/* What the cells of a column are made from. */
typedef struct
{
  Source *source;  /* borrowed */
  Column  column;
} Cells;

/* What the file says of the row that was asked for last: the cells of a row are shown one after the
 * other. */
struct _Source
{
  Cells           columns[N_COLUMNS];
  GmResultsIndex *index;    /* borrowed; NULL: none is shown */
  char           *item;
  char           *output;
  guint           row;
  guint           changes;  /* of the index, when it was read */
  gboolean        read;
};

static void
source_free (gpointer data)
{
  Source *source = data;

  g_free (source->item);
  g_free (source->output);
  g_free (source);
}

static char *
dup_value (const GmMembers *member)
{
  g_autoptr(GString) text = g_string_new (NULL);

  if (!gm_members_get_text (member, text))
    g_string_append_len (text, member->value, member->value_size);
  /* The end of a single line is nothing to show. */
  if (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate (text, text->len - 1);
  if (text->len > MAX_CELL)
    g_string_truncate (text, MAX_CELL);

  return gm_text_escape (text->str);
}

static gboolean
is_output (const GmMembers *member)
{
  static const char * const names[] = {
    "error", "result", "stdout", "stderr", "stdout_file", "stdout_base64",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (gm_members_is (member, names[i]) && member->value_size > 2 - (i == 1) * 2)
      return TRUE;

  return FALSE;
}

/* The item, and the first thing that came of it. */
static void
read_line (Source *source,
           guint   row)
{
  guint changes = gm_results_index_get_changes (source->index);
  gboolean is_error = FALSE;
  GmMembers member;
  const char *line;
  gsize size;

  if (source->read && source->row == row && source->changes == changes)
    return;
  g_clear_pointer (&source->item, g_free);
  g_clear_pointer (&source->output, g_free);
  source->row = row;
  source->changes = changes;
  source->read = TRUE;
  line = gm_results_index_peek_line (source->index, row, &size);
  if (line == NULL)
    return;
  gm_members_init (&member, line, size);
  while (gm_members_next (&member))
    if (source->item == NULL && (gm_members_is (&member, "item")
                                 || gm_members_is (&member, "item_base64")))
      source->item = dup_value (&member);
    else if (source->output == NULL && is_output (&member))
      {
        is_error = gm_members_is (&member, "error");
        source->output = dup_value (&member);
      }
    /* What a command says of its failure tells more than how it ended. */
    else if (is_error && gm_members_is (&member, "stderr") && member.value_size > 2)
      {
        g_free (source->output);
        source->output = dup_value (&member);
      }
    else if (source->output != NULL && !is_error)
      break;
}

static char *
dup_text (Source *source,
          guint   row,
          Column  column)
{
  const GmResultsRow *r = gm_results_index_get_row (source->index, row);

  switch (column)
    {
    case COLUMN_INDEX:
      return gm_text_number ((gint64) r->index);
    case COLUMN_STATUS:
      return g_strdup (gm_format_status (r->status));
    case COLUMN_DURATION:
      return r->started != 0 ? gm_format_duration (r->duration) : NULL;
    case COLUMN_ATTEMPTS:
      return gm_text_number (r->attempts);
    case COLUMN_WORKER:
      return gm_format_worker (gm_results_index_get_worker (source->index, r->worker));
    case COLUMN_ITEM:
    case COLUMN_OUTPUT:
      read_line (source, row);
      return g_strdup (column == COLUMN_ITEM ? source->item : source->output);
    case N_COLUMNS:
    default:
      return NULL;
    }
}

static void
show (GtkListItem *list_item)
{
  GtkWidget *label = gtk_list_item_get_child (list_item);
  const Cells *cells = g_object_get_data (G_OBJECT (label), "cells");
  Source *source = cells->source;
  GmRow *row = gtk_list_item_get_item (list_item);
  g_autofree char *text = NULL;
  guint number;

  if (row == NULL || source->index == NULL)
    return;
  number = gm_row_get_number (row);
  if (number >= gm_results_index_get_n_rows (source->index))
    return;
  text = dup_text (source, number, cells->column);
  if (g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (label)), text) != 0)
    gtk_inscription_set_text (GTK_INSCRIPTION (label), text);
  if (cells->column == COLUMN_STATUS)
    gm_widget_set_style (
      label, gm_format_style (gm_results_index_get_row (source->index, number)->status));
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item,
          gpointer                  user_data)
{
  const Cells *cells = user_data;
  Column column = cells->column;
  GtkWidget *label = gtk_inscription_new (NULL);

  /* Of a path it is mostly the end that says which. */
  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (label),
                                     column == COLUMN_ITEM
                                       ? GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_START
                                       : GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_inscription_set_min_chars (GTK_INSCRIPTION (label), columns[column].least);
  gtk_inscription_set_nat_chars (GTK_INSCRIPTION (label), columns[column].width);
  gtk_inscription_set_xalign (GTK_INSCRIPTION (label), columns[column].is_number ? 1 : 0);
  if (columns[column].is_number)
    gtk_widget_add_css_class (label, "numeric");
  g_object_set_data (G_OBJECT (label), "cells", user_data);
  gtk_list_item_set_child (list_item, label);
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *list_item,
         gpointer                  user_data)
{
  g_signal_connect_object (gtk_list_item_get_item (list_item), "changed", G_CALLBACK (show),
                           list_item, G_CONNECT_SWAPPED);
  show (list_item);
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GtkListItem              *list_item,
           gpointer                  user_data)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (list_item), show, list_item);
}

static int
ask_cb (gconstpointer a,
        gconstpointer b,
        gpointer      user_data)
{
  asked = GPOINTER_TO_INT (user_data);

  return -1;
}

/* The menu of every title says which columns there are. */
static void
add_menu (GtkColumnView *view)
{
  GListModel *all = gtk_column_view_get_columns (view);
  g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new ();
  g_autoptr(GMenu) menu = g_menu_new ();

  for (int i = 0; i < N_COLUMNS; i++)
    {
      g_autoptr(GtkColumnViewColumn) column = g_list_model_get_item (all, i);
      g_autoptr(GPropertyAction) action = NULL;
      g_autofree char *name = NULL;

      gtk_column_view_column_set_header_menu (column, G_MENU_MODEL (menu));
      if (columns[i].action == NULL)
        continue;
      gtk_column_view_column_set_visible (column, FALSE);
      action = g_property_action_new (columns[i].action, column, "visible");
      g_action_map_add_action (G_ACTION_MAP (actions), G_ACTION (action));
      name = g_strconcat ("columns.", columns[i].action, NULL);
      g_menu_append (menu, _(columns[i].title), name);
    }
  gtk_widget_insert_action_group (GTK_WIDGET (view), "columns", G_ACTION_GROUP (actions));
}

/**
 * gm_results_columns_add:
 * @view: an empty table
 */
void
gm_results_columns_add (GtkColumnView *view)
{
  Source *source = g_new0 (Source, 1);

  g_object_set_data_full (G_OBJECT (view), "results-source", source, source_free);
  for (int i = 0; i < N_COLUMNS; i++)
    {
      GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
      g_autoptr(GtkColumnViewColumn) column = gtk_column_view_column_new (_(columns[i].title),
                                                                          factory);

      source->columns[i].source = source;
      source->columns[i].column = i;
      g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), &source->columns[i]);
      g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
      g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
      gtk_column_view_column_set_expand (column, columns[i].expand);
      gtk_column_view_column_set_resizable (column, TRUE);
      if (columns[i].sort >= 0)
        {
          GtkCustomSorter *sorter = gtk_custom_sorter_new (ask_cb, GINT_TO_POINTER (i), NULL);

          gtk_column_view_column_set_sorter (column, GTK_SORTER (sorter));
          g_object_unref (sorter);
        }
      gtk_column_view_append_column (view, column);
      if (columns[i].is_number)
        gm_widget_align_title (GTK_WIDGET (view), i);
    }
  add_menu (view);
}

/**
 * gm_results_columns_set_index:
 * @view: the table
 * @index: (nullable): what its rows are rows of; it must live as long as the table shows it
 */
void
gm_results_columns_set_index (GtkColumnView  *view,
                              GmResultsIndex *index)
{
  Source *source = g_object_get_data (G_OBJECT (view), "results-source");

  source->index = index;
  source->read = FALSE;
}

/**
 * gm_results_columns_get_sort:
 * @view: the table
 * @sort: (out): by what
 * @descending: (out): which way
 *
 * Returns: whether a column was chosen to sort by
 */
gboolean
gm_results_columns_get_sort (GtkColumnView *view,
                             GmResultsSort *sort,
                             gboolean      *descending)
{
  g_autoptr(GmRowModel) one = gm_row_model_new ();
  g_autoptr(GmRowModel) other = gm_row_model_new ();
  GtkOrdering ordering;

  asked = -1;
  ordering = gtk_sorter_compare (gtk_column_view_get_sorter (view), one, other);
  *sort = asked < 0 ? GM_RESULTS_SORT_ENDED : columns[asked].sort;
  *descending = ordering == GTK_ORDERING_LARGER;

  return asked >= 0;
}
