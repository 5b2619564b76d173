/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "gm-inputs-private.h"
#include "gm-json.h"

typedef struct
{
  GmInputs   base;
  JsonArray *items;
  guint      i;
} Items;

static GmInputsStatus
items_next (GmInputs  *base,
            GmItem    *item,
            GError   **error)
{
  Items *self = (Items *) base;

  if (self->i == json_array_get_length (self->items))
    return GM_INPUTS_END;
  g_string_truncate (base->text, 0);
  gm_json_append_node (base->text, json_array_get_element (self->items, self->i++));
  gm_item_set_text (item, base);

  return GM_INPUTS_ITEM;
}

static void
items_free (GmInputs *base)
{
  json_array_unref (((Items *) base)->items);
  gm_inputs_release (base);
}

/**
 * gm_inputs_open_items:
 * @opening: what is opened
 *
 * The elements of an array.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_items (GmOpening *opening)
{
  Items *self = gm_inputs_alloc (sizeof (Items));

  self->base.next = items_next;
  self->base.free = items_free;
  self->items = json_array_ref (opening->spec->items);
  self->base.total = json_array_get_length (self->items);

  return &self->base;
}
