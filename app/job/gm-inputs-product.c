/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-inputs-private.h"
#include "gm-json.h"
#include "gm-parser.h"

/* One name with its values, kept as JSON texts one after the other. Ranges are computed. */
typedef struct
{
  char    *prefix;   /* what stands before the value in the item */
  GString *texts;
  GArray  *ends;     /* of gsize: where each text ends */
  gint64   start;    /* of a range */
  gint64   step;
  gint64   count;
  gint64   i;        /* the value at hand */
} Column;

typedef struct
{
  GmInputs   base;
  GPtrArray *columns;  /* of Column */
  gboolean   named;    /* objects, else arrays */
  gint64     left;
} Product;

static void
column_free (Column *column)
{
  g_free (column->prefix);
  if (column->texts != NULL)
    g_string_free (column->texts, TRUE);
  g_clear_pointer (&column->ends, g_array_unref);
  g_free (column);
}

static void
append_value (GString *out,
              Column  *column)
{
  gsize start;

  if (column->texts == NULL)
    {
      /* What is added may be beyond int64 where the sum is not. */
      gm_json_append_int (out, (gint64) ((guint64) column->start
                                         + (guint64) column->i * (guint64) column->step));
      return;
    }
  start = column->i > 0 ? g_array_index (column->ends, gsize, column->i - 1) : 0;
  g_string_append_len (out, column->texts->str + start,
                       g_array_index (column->ends, gsize, column->i) - start);
}

/* The last name is the fastest. */
static void
advance (Product *self)
{
  for (guint i = self->columns->len; i-- > 0;)
    {
      Column *column = g_ptr_array_index (self->columns, i);

      if (++column->i < column->count)
        return;
      column->i = 0;
    }
}

static GmInputsStatus
product_next (GmInputs  *base,
              GmItem    *item,
              GError   **error)
{
  Product *self = (Product *) base;
  GString *text = base->text;

  if (self->left == 0)
    return GM_INPUTS_END;
  self->left--;
  g_string_truncate (text, 0);
  for (guint i = 0; i < self->columns->len; i++)
    {
      Column *column = g_ptr_array_index (self->columns, i);

      g_string_append (text, column->prefix);
      append_value (text, column);
    }
  g_string_append_c (text, self->named ? '}' : ']');
  gm_item_set_text (item, base);
  advance (self);

  return GM_INPUTS_ITEM;
}

static void
product_free (GmInputs *base)
{
  g_ptr_array_unref (((Product *) base)->columns);
  gm_inputs_release (base);
}

static Column *
add_column (Product    *self,
            const char *name)
{
  Column *column = g_new0 (Column, 1);
  GString *prefix = g_string_new (NULL);

  g_string_append_c (prefix, self->columns->len > 0 ? ',' : self->named ? '{' : '[');
  if (name != NULL)
    {
      gm_json_append_string (prefix, name, -1);
      g_string_append_c (prefix, ':');
    }
  column->prefix = g_string_free (prefix, FALSE);
  g_ptr_array_add (self->columns, column);

  return column;
}

/* Reads all values of a column. */
static gboolean
fill_column (Column    *column,
             GmOpening *opening)
{
  g_autoptr(GmInputs) inputs = gm_inputs_open_spec (opening);
  GmItem item;

  if (inputs == NULL)
    return FALSE;
  column->count = inputs->total;
  if (opening->spec->kind == GM_INPUT_RANGE)
    {
      column->start = opening->spec->start;
      column->step = opening->spec->step;
      return TRUE;
    }

  column->texts = g_string_new (NULL);
  column->ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  while (gm_inputs_next (inputs, &item, NULL) == GM_INPUTS_ITEM)
    {
      gsize end;

      if (item.kind != GM_ITEM_JSON)
        {
          g_autofree char *shown = g_utf8_make_valid (item.data, item.size);

          return gm_opening_fail (opening, "\"%s\" is not UTF-8 and can't be part of a combination",
                                  shown);
        }
      g_string_append_len (column->texts, item.data, item.size);
      end = column->texts->len;
      g_array_append_val (column->ends, end);
    }

  return TRUE;
}

static gboolean
fill_named (Product   *self,
            GmOpening *opening)
{
  GmInputSpec *spec = opening->spec;

  for (guint i = 0; i < spec->columns->len; i++)
    {
      static const char * const kinds[] = { ".range", "", ".glob", ".files" };
      const char *name = g_ptr_array_index (spec->names, i);
      g_autoptr(GString) path = g_string_new (opening->path);
      GmParser place = { .path = path };
      GmOpening inner = *opening;

      inner.spec = g_ptr_array_index (spec->columns, i);
      gm_parser_enter_member (&place, name);
      g_string_append (path, kinds[inner.spec->kind]);
      inner.path = path->str;
      if (!fill_column (add_column (self, name), &inner))
        return FALSE;
    }

  return TRUE;
}

/* Several ":::" of a command line. */
static gboolean
fill_arguments (Product   *self,
                GmOpening *opening)
{
  GPtrArray *lists = opening->spec->arguments;

  for (guint i = 0; i < lists->len; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s[%u]", opening->path, i);
      g_autoptr(GPtrArray) one = g_ptr_array_new ();
      GmInputSpec spec = { .kind = GM_INPUT_ARGUMENTS, .arguments = one };
      GmOpening inner = *opening;

      g_ptr_array_add (one, g_ptr_array_index (lists, i));
      inner.spec = &spec;
      inner.path = path;
      if (!fill_column (add_column (self, NULL), &inner))
        return FALSE;
    }

  return TRUE;
}

static gboolean
multiply (Product   *self,
          GmOpening *opening)
{
  guint64 total = 1;
  gboolean empty = FALSE;

  for (guint i = 0; i < self->columns->len; i++)
    empty |= ((Column *) g_ptr_array_index (self->columns, i))->count == 0;
  for (guint i = 0; i < self->columns->len && !empty; i++)
    {
      Column *column = g_ptr_array_index (self->columns, i);

      if (!g_uint64_checked_mul (&total, total, column->count) || total > G_MAXINT64)
        return gm_opening_fail (opening, "more than %" G_GINT64_FORMAT " combinations", G_MAXINT64);
    }
  self->left = empty ? 0 : (gint64) total;
  self->base.total = self->left;

  return TRUE;
}

/**
 * gm_inputs_open_product:
 * @opening: what is opened
 *
 * Every combination of the values of several names, or of several lists of words.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_product (GmOpening *opening)
{
  Product *self = gm_inputs_alloc (sizeof (Product));

  self->base.next = product_next;
  self->base.free = product_free;
  self->base.can_reopen = opening->spec->kind == GM_INPUT_PRODUCT;
  self->named = opening->spec->kind == GM_INPUT_PRODUCT;
  self->columns = g_ptr_array_new_with_free_func ((GDestroyNotify) column_free);
  if (!(self->named ? fill_named (self, opening) : fill_arguments (self, opening))
      || !multiply (self, opening))
    {
      gm_inputs_free (&self->base);
      return NULL;
    }

  return &self->base;
}
