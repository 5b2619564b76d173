/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-values.h"

#include "gm-job.h"
#include "gm-json.h"

/* How much of an item a message shows. */
#define MAX_SHOWN 60

struct _GmValues
{
  /* Borrowed from the item */
  GmItem      item;
  const char *text;  /* the item as it is inserted; may be in `scratch` */
  gsize       size;

  /* Owned */
  GString    *scratch;
  GString    *member;

  gint64      index;
  int         slot;
};

/**
 * gm_values_new:
 *
 * Returns: (transfer full): values of no item yet
 */
GmValues *
gm_values_new (void)
{
  GmValues *self = g_new0 (GmValues, 1);

  self->scratch = g_string_new (NULL);
  self->member = g_string_new (NULL);

  return self;
}

/**
 * gm_values_free:
 * @self: (transfer full): values
 *
 * Frees them.
 */
void
gm_values_free (GmValues *self)
{
  g_string_free (self->scratch, TRUE);
  g_string_free (self->member, TRUE);
  g_free (self);
}

/**
 * gm_values_set:
 * @self: values
 * @item: an item that is not bad; it must stay until the next call
 * @index: its index, from 0
 * @slot: the worker's slot, from 1
 *
 * Makes them those of @item.
 */
void
gm_values_set (GmValues     *self,
               const GmItem *item,
               gint64        index,
               int           slot)
{
  self->item = *item;
  self->index = index;
  self->slot = slot;
  self->text = item->data;
  self->size = item->size;
  if (item->kind != GM_ITEM_JSON || *item->data != '"')
    return;

  if (memchr (item->data, '\\', item->size) == NULL)
    {
      self->text = item->data + 1;
      self->size = item->size - 2;
      return;
    }
  g_string_truncate (self->scratch, 0);
  gm_json_unescape (self->scratch, item->data);
  self->text = self->scratch->str;
  self->size = self->scratch->len;
}

static const char *
find_column (const char *array,
             guint       column)
{
  for (const char *p = array + 1; *p != ']'; p += *p == ',')
    {
      if (--column == 0)
        return p;
      p = gm_json_skip (p);
    }

  return NULL;
}

static gboolean
fail (GmValues       *self,
      const GmField  *field,
      const char     *what,
      GError        **error)
{
  g_autofree char *start = g_strndup (self->item.data, MIN (self->item.size, MAX_SHOWN));
  g_autofree char *shown = g_utf8_make_valid (start, -1);

  g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT, "%s: %s: %s%s",
               field->text, what, shown, self->item.size > MAX_SHOWN ? "..." : "");

  return FALSE;
}

static gboolean
append_member (GmValues       *self,
               const GmField  *field,
               GString        *out,
               GError        **error)
{
  gboolean by_name = field->kind == GM_FIELD_MEMBER;
  const char *value = NULL;

  if (self->item.kind == GM_ITEM_JSON && *self->item.data == (by_name ? '{' : '['))
    {
      if (by_name)
        value = gm_json_find_member (self->item.data, field->name);
      else if (field->column > 0)
        value = find_column (self->item.data, field->column);
      if (value == NULL)
        return fail (self, field, by_name ? "the item has no such member"
                                          : "the item has not so many columns", error);
    }
  else
    return fail (self, field, by_name ? "the item is not an object" : "the item is not an array",
                 error);

  if (*value != '"')
    {
      gm_path_part_append (out, field->part, value, gm_json_skip (value) - value);
      return TRUE;
    }
  g_string_truncate (self->member, 0);
  gm_json_unescape (self->member, value);
  gm_path_part_append (out, field->part, self->member->str, self->member->len);

  return TRUE;
}

/**
 * gm_values_append_field:
 * @self: values
 * @field: a replacement string
 * @out: where it goes
 * @error: return location for an error
 *
 * Appends what @field stands for: strings as they are, everything else as JSON.
 *
 * Returns: %FALSE with #GM_JOB_ERROR_BAD_INPUT if the item has no such member or column
 */
gboolean
gm_values_append_field (GmValues       *self,
                        const GmField  *field,
                        GString        *out,
                        GError        **error)
{
  switch (field->kind)
    {
    case GM_FIELD_ITEM:
      gm_path_part_append (out, field->part, self->text, self->size);
      return TRUE;
    case GM_FIELD_INDEX:
      gm_json_append_int (out, self->index + 1);
      return TRUE;
    case GM_FIELD_SLOT:
      gm_json_append_int (out, self->slot);
      return TRUE;
    case GM_FIELD_MEMBER:
    case GM_FIELD_COLUMN:
      return append_member (self, field, out, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

/**
 * gm_values_append_item:
 * @self: values
 * @out: where it goes
 *
 * Appends the item as `{}` stands for it.
 */
void
gm_values_append_item (GmValues *self,
                       GString  *out)
{
  g_string_append_len (out, self->text, self->size);
}
