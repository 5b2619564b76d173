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
  GArray     *rows;  /* of guint32 */
  GHashTable *live;  /* of number → GmRow, borrowed */
};

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
  return GM_ROW_MODEL (model)->rows->len;
}

static gpointer
get_item (GListModel *model,
          guint       position)
{
  GmRowModel *self = GM_ROW_MODEL (model);
  guint number;
  GmRow *row;

  if (position >= self->rows->len)
    return NULL;
  number = g_array_index (self->rows, guint32, position);
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
  g_array_unref (self->rows);

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
  self->rows = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->live = g_hash_table_new (NULL, NULL);
}

GmRowModel *
gm_row_model_new (void)
{
  return g_object_new (GM_TYPE_ROW_MODEL, NULL);
}

/**
 * gm_row_model_get_rows:
 * @self: a model
 *
 * Returns: (transfer none): the numbers (guint32) of its rows
 */
GArray *
gm_row_model_get_rows (GmRowModel *self)
{
  return self->rows;
}

/**
 * gm_row_model_set_rows:
 * @self: a model
 * @rows: of guint32; copied
 *
 * Only what lies between an equal beginning and an equal end is reported as changed, so that
 * selection and scroll position survive.
 */
void
gm_row_model_set_rows (GmRowModel *self,
                       GArray     *rows)
{
  g_autoptr(GArray) old = g_steal_pointer (&self->rows);
  guint least = MIN (old->len, rows->len), start = 0, end = 0;

  self->rows = g_array_copy (rows);
  while (start < least
         && g_array_index (old, guint32, start) == g_array_index (rows, guint32, start))
    start++;
  while (end < least - start && g_array_index (old, guint32, old->len - 1 - end)
                                == g_array_index (rows, guint32, rows->len - 1 - end))
    end++;
  if (old->len != rows->len || start < least)
    g_list_model_items_changed (G_LIST_MODEL (self), start, old->len - start - end,
                                rows->len - start - end);
}

/**
 * gm_row_model_append:
 * @self: a model
 * @rows: of guint32
 * @from: the first of @rows to append
 */
void
gm_row_model_append (GmRowModel *self,
                     GArray     *rows,
                     guint       from)
{
  guint before = self->rows->len;

  if (from >= rows->len)
    return;
  g_array_append_vals (self->rows, &g_array_index (rows, guint32, from), rows->len - from);
  g_list_model_items_changed (G_LIST_MODEL (self), before, 0, rows->len - from);
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
