/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-shareable-list-private.h"

#include "mp-error.h"
#include "mp-list-value-private.h"
#include "mp-mutex-private.h"
#include "mp-shareable-private.h"

/**
 * MpShareableList:
 *
 * A list of numbers, truth values, strings, bytes and nothing that several processes have in their
 * memory, Python's `ShareableList`. It has a fixed length, and each place a fixed size, by the
 * values it is made of: whatever fits there can be set, of whatever kind.
 *
 * A place is read and set as a whole. A process that dies while it sets one leaves the value that
 * was there. Python's gets mixtures then, and when two set at once; it also forgets zero bytes at
 * the end of what is stored, and takes indexes that are out of range.
 *
 * It may be used from any thread.
 */

#define MAGIC      G_GUINT64_CONSTANT (0x317473696c2d706d)
#define STATE_TYPE MP_SHAREABLE_TYPE_STRING
#define ALIGNMENT  8

static void mp_shareable_list_shareable_init (MpShareableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MpShareableList, mp_shareable_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MP_TYPE_SHAREABLE,
                                                      mp_shareable_list_shareable_init))
MP_REGISTER_SHAREABLE_TYPE (mp_shareable_list)

static void
mp_shareable_list_finalize (GObject *object)
{
  MpShareableList *self = MP_SHAREABLE_LIST (object);

  g_clear_object (&self->memory);
  g_free (self->capacities);
  g_free (self->offsets);

  G_OBJECT_CLASS (mp_shareable_list_parent_class)->finalize (object);
}

static void
mp_shareable_list_class_init (MpShareableListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_shareable_list_finalize;
}

static void
mp_shareable_list_init (MpShareableList *self)
{
}

/* Reads from the memory where everything lies. Returns FALSE if it is no list. */
static gboolean
read_layout (MpShareableList *self)
{
  MpListHeader *header = _mp_list_get_header (self);
  gsize size = mp_shared_memory_get_size (self->memory);
  gsize at;

  if (size < sizeof (MpListHeader) || atomic_load (&header->magic) != MAGIC)
    return FALSE;
  if (header->n_items > MIN ((size - sizeof (MpListHeader)) / sizeof (MpListItem), G_MAXUINT / 2))
    return FALSE;
  self->n_items = header->n_items;
  self->capacities = g_new (gsize, self->n_items);
  self->offsets = g_new (gsize, self->n_items);
  at = sizeof (MpListHeader) + self->n_items * sizeof (MpListItem);
  for (guint i = 0; i < self->n_items; i++)
    {
      self->capacities[i] = header->items[i].capacity;
      self->offsets[i] = at;
      if (self->capacities[i] < ALIGNMENT || self->capacities[i] > (size - at) / 2)
        return FALSE;
      at += 2 * self->capacities[i];
    }
  return TRUE;
}

/* Takes @memory. */
static MpShareableList *
open_list (MpSharedMemory  *memory,
           GError         **error)
{
  g_autoptr (MpShareableList) self = g_object_new (MP_TYPE_SHAREABLE_LIST, NULL);
  const char *name = mp_shared_memory_get_name (memory);

  self->memory = memory;
  if (_mp_list_get_header (self) == NULL)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED, "The memory of the list is closed");
  else if (read_layout (self))
    return g_steal_pointer (&self);
  else
    g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                 "Shared memory “%s” is no shareable list, or not yet", name != NULL ? name : "");
  return NULL;
}

static GVariant *
mp_shareable_list_to_variant (MpShareable *shareable)
{
  return mp_shareable_to_variant (MP_SHAREABLE (MP_SHAREABLE_LIST (shareable)->memory));
}

static MpShareable *
mp_shareable_list_from_variant (GType      type,
                                GVariant  *state,
                                GError   **error)
{
  MpSharedMemory *memory;

  if (!_mp_shareable_check_state (state, STATE_TYPE, "a shareable list", error))
    return NULL;
  memory = mp_shareable_from_variant (state, MP_TYPE_SHARED_MEMORY, error);
  return memory != NULL ? (MpShareable *) open_list (memory, error) : NULL;
}

static void
mp_shareable_list_shareable_init (MpShareableInterface *iface)
{
  iface->to_variant = mp_shareable_list_to_variant;
  iface->from_variant = mp_shareable_list_from_variant;
}

/* Python's sizes: strings and bytes have room for one more at least. */
static gsize
capacity_for (const MpListValue *value)
{
  if (value->kind == MP_LIST_STRING || value->kind == MP_LIST_BYTES)
    return (value->size / ALIGNMENT + 1) * ALIGNMENT;
  return ALIGNMENT;
}

/* Returns: (transfer full): element @i of @items, without the variant around it */
static GVariant *
get_element (GVariant *items,
             gsize     i)
{
  g_autoptr (GVariant) element = g_variant_get_child_value (items, i);

  return g_variant_is_of_type (element, G_VARIANT_TYPE_VARIANT) ? g_variant_get_variant (element)
                                                                : g_steal_pointer (&element);
}

/* Returns: how much memory a list of @items needs, 0 if it can't be */
static gsize
measure (GVariant  *items,
         GError   **error)
{
  gsize size = sizeof (MpListHeader);

  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) element = get_element (items, i);
      MpListValue value;

      if (!_mp_list_value_init (&value, element, error))
        return 0;
      size += sizeof (MpListItem) + 2 * capacity_for (&value);
    }
  return size;
}

/* Makes a list in @memory, which is zeroed and large enough. */
static MpShareableList *
fill (MpSharedMemory  *memory,
      GVariant        *items,
      GError         **error)
{
  MpListHeader *header = mp_shared_memory_get_data (memory);
  guint8 *at = (guint8 *) &header->items[g_variant_n_children (items)];

  _mp_mutex_init (&header->mutex);
  header->n_items = g_variant_n_children (items);
  for (gsize i = 0; i < header->n_items; i++)
    {
      g_autoptr (GVariant) element = get_element (items, i);
      MpListItem *item = &header->items[i];
      MpListValue value;

      if (!_mp_list_value_init (&value, element, error))
        return NULL;
      item->capacity = capacity_for (&value);
      item->copies[0] = (MpListCopy) { value.kind, value.size };
      if (value.size > 0)
        memcpy (at, value.data, value.size);
      at += 2 * item->capacity;
    }
  atomic_store (&header->magic, MAGIC);
  return open_list (g_object_ref (memory), error);
}

/**
 * mp_shareable_list_new:
 * @items: an array or a tuple of values, or of variants with values: integers of up to 64 bits with
 *   a sign, `d`, `b`, `s`, `ay` and maybes that are nothing. Consumed if floating
 * @error: return location for an error
 *
 * Makes a list in memory without a name. It goes to other processes inside values, as an
 * #MpShareable, and is released when the last of them is gone.
 *
 * Returns: (transfer full): the list, or %NULL with %MP_ERROR_FAILED if it can't have such values,
 *   or there is no memory to be had
 */
MpShareableList *
mp_shareable_list_new (GVariant  *items,
                       GError   **error)
{
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (MpSharedMemory) memory = NULL;
  gsize size;

  g_return_val_if_fail (items != NULL && g_variant_is_container (items), NULL);

  owned = g_variant_ref_sink (items);
  size = measure (items, error);
  memory = size > 0 ? mp_shared_memory_new (size, error) : NULL;
  return memory != NULL ? fill (memory, items, error) : NULL;
}

/**
 * mp_shareable_list_create:
 * @name: (nullable): its name, %NULL for one by chance
 * @items: as for mp_shareable_list_new(). Consumed if floating
 * @error: return location for an error
 *
 * Makes a list in memory that has a name, see mp_shared_memory_create().
 *
 * Returns: (transfer full): the list, or %NULL with an error as mp_shared_memory_create() and
 *   mp_shareable_list_new() have
 */
MpShareableList *
mp_shareable_list_create (const char  *name,
                          GVariant    *items,
                          GError     **error)
{
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (MpSharedMemory) memory = NULL;
  gsize size;

  g_return_val_if_fail (items != NULL && g_variant_is_container (items), NULL);

  owned = g_variant_ref_sink (items);
  size = measure (items, error);
  memory = size > 0 ? mp_shared_memory_create (name, size, error) : NULL;
  return memory != NULL ? fill (memory, items, error) : NULL;
}

/**
 * mp_shareable_list_attach:
 * @name: the name of the memory of a list that another process has created
 * @error: return location for an error
 *
 * Attaches to a list that has a name.
 *
 * Returns: (transfer full): the list, or %NULL with %MP_ERROR_BAD_MESSAGE if what has that name is
 *   no list, or is still being made; %MP_ERROR_NOT_FOUND or %MP_ERROR_FAILED as
 *   mp_shared_memory_attach() fails
 */
MpShareableList *
mp_shareable_list_attach (const char  *name,
                          GError     **error)
{
  MpSharedMemory *memory;

  g_return_val_if_fail (name != NULL, NULL);

  memory = mp_shared_memory_attach (name, error);
  return memory != NULL ? open_list (memory, error) : NULL;
}

/**
 * mp_shareable_list_get_length:
 * @self: a list
 *
 * Gets the number of items.
 *
 * Returns: how many values it has
 */
guint
mp_shareable_list_get_length (MpShareableList *self)
{
  g_return_val_if_fail (MP_IS_SHAREABLE_LIST (self), 0);

  return self->n_items;
}

/**
 * mp_shareable_list_get_memory:
 * @self: a list
 *
 * Gets the memory that the list lies in.
 *
 * Returns: (transfer none): the memory it lies in: to get its name, to unlink or to close it
 */
MpSharedMemory *
mp_shareable_list_get_memory (MpShareableList *self)
{
  g_return_val_if_fail (MP_IS_SHAREABLE_LIST (self), NULL);

  return self->memory;
}
