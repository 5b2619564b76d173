/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-shareable-list-private.h"

#include "mp-error.h"
#include "mp-list-value-private.h"
#include "mp-mutex-private.h"

/* What is in a shareable list: read, set, looked for. */

static guint8 *
place_of (MpShareableList *self,
          guint            i,
          guint            copy)
{
  return (guint8 *) _mp_list_get_header (self) + self->offsets[i] + copy * self->capacities[i];
}

/* Nobody else reads or sets until unlock(). */
static gboolean
lock (MpShareableList  *self,
      GError          **error)
{
  MpListHeader *header = _mp_list_get_header (self);

  if (header == NULL)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED, "The list is closed");
  else if (_mp_mutex_enter (&header->mutex, -1) == MP_ACQUIRED_NOT)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE, "The list's memory is damaged");
  else
    return TRUE;
  return FALSE;
}

static void
unlock (MpShareableList *self)
{
  _mp_mutex_unlock (&_mp_list_get_header (self)->mutex);
}

/* What is there now, for as long as the list is locked. */
static void
peek (MpShareableList *self,
      guint            i,
      MpListValue     *value)
{
  MpListItem *item = &_mp_list_get_header (self)->items[i];
  guint current = atomic_load (&item->current) & 1;

  value->kind = item->copies[current].kind;
  value->size = MIN (item->copies[current].size, self->capacities[i]);
  value->data = place_of (self, i, current);
}

/* The last store is the commit. @value fits. */
static void
put (MpShareableList   *self,
     guint              i,
     const MpListValue *value)
{
  MpListItem *item = &_mp_list_get_header (self)->items[i];
  guint next = ~atomic_load (&item->current) & 1;

  item->copies[next] = (MpListCopy) { value->kind, value->size };
  if (value->size > 0)
    memcpy (place_of (self, i, next), value->data, value->size);
  atomic_store (&item->current, next);
}

/* Counts from the end if it is negative. */
static gboolean
find_place (MpShareableList  *self,
            gssize            index,
            guint            *place,
            GError          **error)
{
  gssize from_start = index < 0 ? index + (gssize) self->n_items : index;

  if (from_start >= 0 && from_start < (gssize) self->n_items)
    {
      *place = from_start;
      return TRUE;
    }
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
               "Index %" G_GSSIZE_FORMAT " is out of range: the list has %u values", index,
               self->n_items);
  return FALSE;
}

/**
 * mp_shareable_list_get:
 * @self: a list
 * @index: which value, from 0; from the end, which is -1, if it is negative
 * @error: return location for an error
 *
 * Gets a value: an `x`, `d`, `b`, `s`, `ay`, or `mv` for nothing.
 *
 * Returns: (transfer full): a copy of the value, or %NULL with %MP_ERROR_FAILED if @index is out of
 *   range, %MP_ERROR_CLOSED if its memory is closed, %MP_ERROR_BAD_MESSAGE if that is damaged
 */
GVariant *
mp_shareable_list_get (MpShareableList  *self,
                       gssize            index,
                       GError          **error)
{
  MpListValue value;
  GVariant *variant;
  guint place;

  g_return_val_if_fail (MP_IS_SHAREABLE_LIST (self), NULL);

  if (!find_place (self, index, &place, error) || !lock (self, error))
    return NULL;
  peek (self, place, &value);
  variant = _mp_list_value_to_variant (&value, error);
  unlock (self);
  return variant;
}

/**
 * mp_shareable_list_set:
 * @self: a list
 * @index: where, as for mp_shareable_list_get()
 * @value: what, of any kind that a list can have. Consumed if floating
 * @error: return location for an error
 *
 * Sets a value. Others see it as a whole or not at all, also if this process is killed meanwhile.
 *
 * Returns: %FALSE with %MP_ERROR_TOO_SHORT if the place is too short for it; %MP_ERROR_FAILED if
 *   @index is out of range or a list can't have such a value; %MP_ERROR_CLOSED if its memory is
 *   closed. The list is as before then
 */
gboolean
mp_shareable_list_set (MpShareableList  *self,
                       gssize            index,
                       GVariant         *value,
                       GError          **error)
{
  g_autoptr (GVariant) owned = NULL;
  MpListValue encoded;
  guint place;

  g_return_val_if_fail (MP_IS_SHAREABLE_LIST (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  owned = g_variant_ref_sink (value);
  if (!find_place (self, index, &place, error) || !_mp_list_value_init (&encoded, value, error))
    return FALSE;
  if (encoded.size > self->capacities[place])
    {
      g_set_error (error, MP_ERROR, MP_ERROR_TOO_SHORT,
                   "Place %u of the list has room for %" G_GSIZE_FORMAT " bytes, the value has %"
                   G_GSIZE_FORMAT, place, self->capacities[place], encoded.size);
      return FALSE;
    }
  if (!lock (self, error))
    return FALSE;
  put (self, place, &encoded);
  unlock (self);
  return TRUE;
}

/* Counts what is equal to @value, as far as the first one if @first is wanted. */
static gssize
search (MpShareableList  *self,
        GVariant         *value,
        gssize           *first,
        GError          **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  MpListValue wanted, found;
  gssize n = 0;

  if (!_mp_list_value_init (&wanted, value, error) || !lock (self, error))
    return -1;
  for (guint i = 0; i < self->n_items && (first == NULL || n == 0); i++)
    {
      peek (self, i, &found);
      if (!_mp_list_value_equal (&wanted, &found))
        continue;
      n++;
      if (first != NULL)
        *first = i;
    }
  unlock (self);
  return n;
}

/**
 * mp_shareable_list_count:
 * @self: a list
 * @value: what to count. Consumed if floating
 * @error: return location for an error
 *
 * Counts the values that are equal to @value, at one moment. As in Python the integer 1, the double
 * 1.0 and %TRUE are equal; a string and its bytes are not.
 *
 * Returns: how many there are, or -1 with %MP_ERROR_FAILED if a list can't have such a value,
 *   %MP_ERROR_CLOSED if its memory is closed
 */
gssize
mp_shareable_list_count (MpShareableList  *self,
                         GVariant         *value,
                         GError          **error)
{
  g_return_val_if_fail (MP_IS_SHAREABLE_LIST (self), -1);
  g_return_val_if_fail (value != NULL, -1);

  return search (self, value, NULL, error);
}

/**
 * mp_shareable_list_index:
 * @self: a list
 * @value: what to look for. Consumed if floating
 * @error: return location for an error
 *
 * Finds the first value that is equal to @value, see mp_shareable_list_count().
 *
 * Returns: its index, or -1 with %MP_ERROR_NOT_FOUND if there is none, otherwise as
 *   mp_shareable_list_count() fails
 */
gssize
mp_shareable_list_index (MpShareableList  *self,
                         GVariant         *value,
                         GError          **error)
{
  gssize first = -1;

  g_return_val_if_fail (MP_IS_SHAREABLE_LIST (self), -1);
  g_return_val_if_fail (value != NULL, -1);

  if (search (self, value, &first, error) == 0)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_FOUND, "The list has no such value");
  return first;
}

/**
 * mp_shareable_list_get_format:
 * @self: a list
 * @error: return location for an error
 *
 * Describes what is in the list now, in the letters of Python's `struct` as Python's list does: `q`
 * for an integer, `d` for a double, `xxxxxxx?` for a truth value, `xxxxxx?x` for nothing, `8s` for
 * a string or bytes in a place of 8 bytes.
 *
 * Returns: (transfer full): the formats of all values in a row, or %NULL with %MP_ERROR_CLOSED if
 *   its memory is closed
 */
char *
mp_shareable_list_get_format (MpShareableList  *self,
                              GError          **error)
{
  g_autoptr (GString) format = g_string_new (NULL);
  MpListValue value;

  g_return_val_if_fail (MP_IS_SHAREABLE_LIST (self), NULL);

  if (!lock (self, error))
    return NULL;
  for (guint i = 0; i < self->n_items; i++)
    {
      peek (self, i, &value);
      if (value.kind == MP_LIST_STRING || value.kind == MP_LIST_BYTES)
        g_string_append_printf (format, "%" G_GSIZE_FORMAT "s", self->capacities[i]);
      else
        g_string_append (format, value.kind == MP_LIST_BOOL ? "xxxxxxx?"
                                 : value.kind == MP_LIST_INT ? "q"
                                 : value.kind == MP_LIST_FLOAT ? "d" : "xxxxxx?x");
    }
  unlock (self);
  return g_string_free (g_steal_pointer (&format), FALSE);
}
