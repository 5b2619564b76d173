/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-row-model.h"

/**
 * GmRow:
 *
 * The number of a row in an index; what the row says is asked of the index.
 */
struct _GmRow
{
  GObject     parent_instance;

  GmRowModel *model;     /* borrowed; NULL: it is gone */
  guint       number;
};

/**
 * GmRowModel:
 *
 * Rows of an index, in some order. An object exists only for a row that somebody looks at, and it
 * is the same as long as it lives, so that what is said of a row reaches the widget that shows it.
 */
struct _GmRowModel
{
  GObject     parent_instance;

  /* Owned */
  GArray     *rows;  /* of guint32; shared with who finds them, and it may have more already; NULL:
                      * all rows of the index in their own order */
  GHashTable *live;  /* of number → GmRow, borrowed */

  guint       n;     /* of the rows: those that there are */
};

static guint
get_number (GArray *rows,
            guint   position)
{
  return rows != NULL ? g_array_index (rows, guint32, position) : position;
}

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GmRow, gm_row, G_TYPE_OBJECT)

static void
gm_row_finalize (GObject *object)
{
  GmRow *self = GM_ROW (object);

  if (self->model != NULL)
    g_hash_table_remove (self->model->live, GUINT_TO_POINTER (self->number));

  G_OBJECT_CLASS (gm_row_parent_class)->finalize (object);
}

static void
gm_row_class_init (GmRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_row_finalize;

  /**
   * GmRow::changed:
   *
   * The index says something else of it now.
   */
  signals[CHANGED] = g_signal_new ("changed", GM_TYPE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
gm_row_init (GmRow *self)
{
}

/**
 * gm_row_get_number:
 * @self: a row
 *
 * Returns: which row of the index it is
 */
guint
gm_row_get_number (GmRow *self)
{
  return self->number;
}

static GType
get_item_type (GListModel *model)
{
  return GM_TYPE_ROW;
}

static guint
get_n_items (GListModel *model)
{
  return GM_ROW_MODEL (model)->n;
}

static gpointer
get_item (GListModel *model,
          guint       position)
{
  GmRowModel *self = GM_ROW_MODEL (model);
  guint number;
  GmRow *row;

  if (position >= self->n)
    return NULL;
  number = get_number (self->rows, position);
  row = g_hash_table_lookup (self->live, GUINT_TO_POINTER (number));
  if (row != NULL)
    return g_object_ref (row);
  row = g_object_new (GM_TYPE_ROW, NULL);
  row->model = self;
  row->number = number;
  g_hash_table_insert (self->live, GUINT_TO_POINTER (number), row);

  return row;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (GmRowModel, gm_row_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
gm_row_model_finalize (GObject *object)
{
  GmRowModel *self = GM_ROW_MODEL (object);
  GHashTableIter iter;
  gpointer row;

  g_hash_table_iter_init (&iter, self->live);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    GM_ROW (row)->model = NULL;
  g_hash_table_unref (self->live);
  g_clear_pointer (&self->rows, g_array_unref);

  G_OBJECT_CLASS (gm_row_model_parent_class)->finalize (object);
}

static void
gm_row_model_class_init (GmRowModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_row_model_finalize;
}

static void
gm_row_model_init (GmRowModel *self)
{
  self->live = g_hash_table_new (NULL, NULL);
}

GmRowModel *
gm_row_model_new (void)
{
  return g_object_new (GM_TYPE_ROW_MODEL, NULL);
}

/**
 * gm_row_model_get_number:
 * @self: a model
 * @position: of a row
 *
 * Returns: which row of the index it is
 */
guint
gm_row_model_get_number (GmRowModel *self,
                         guint       position)
{
  g_return_val_if_fail (position < self->n, 0);

  return get_number (self->rows, position);
}

/**
 * gm_row_model_show:
 * @self: a model
 * @rows: (nullable): of guint32; not copied: it may grow until the next call, but not change
 *   otherwise. %NULL: all rows of the index in their own order
 * @n: how many of them there are
 *
 * Has these rows from now on. Only what lies between an equal beginning and an equal end is
 * reported as changed, so that selection and scroll position survive.
 */
void
gm_row_model_show (GmRowModel *self,
                   GArray     *rows,
                   guint       n)
{
  g_autoptr(GArray) old = g_steal_pointer (&self->rows);
  guint before = self->n, least = MIN (before, n), start = old == rows ? least : 0, end = 0;

  self->rows = rows != NULL ? g_array_ref (rows) : NULL;
  self->n = n;
  while (start < least && get_number (old, start) == get_number (rows, start))
    start++;
  while (end < least - start
         && get_number (old, before - 1 - end) == get_number (rows, n - 1 - end))
    end++;
  if (before != n || start < least)
    g_list_model_items_changed (G_LIST_MODEL (self), start, before - start - end,
                                n - start - end);
}

/**
 * gm_row_model_touch:
 * @self: a model
 *
 * Has those rows shown anew that somebody looks at.
 */
void
gm_row_model_touch (GmRowModel *self)
{
  g_autoptr(GList) live = g_hash_table_get_values (self->live);

  for (GList *l = live; l != NULL; l = l->next)
    g_signal_emit (l->data, signals[CHANGED], 0);
}
