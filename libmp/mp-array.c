/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-array.h"

#include "mp-cells-private.h"
#include "mp-shareable-private.h"

/**
 * MpArray:
 *
 * Numbers in shared memory, one after the other, of a type that a typecode names as for #MpValue.
 *
 * C reads and writes them through mp_array_get_pointer(), which is aligned for any type: structures
 * lie in an array of the typecode `c`, of their size. What is more than one reading or writing is
 * done while the lock is held.
 *
 * A long array, of more than 64 KiB, is memory of its own, of which only what is written to is
 * there. It is released when the last process has no object of it any more.
 */
struct _MpArray
{
  GObject parent_instance;

  MpCells cells;
};

static void mp_array_shareable_init (MpShareableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MpArray, mp_array, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MP_TYPE_SHAREABLE, mp_array_shareable_init))
MP_REGISTER_SHAREABLE_TYPE (mp_array)

static void
mp_array_finalize (GObject *object)
{
  _mp_cells_clear (&MP_ARRAY (object)->cells);

  G_OBJECT_CLASS (mp_array_parent_class)->finalize (object);
}

static void
mp_array_class_init (MpArrayClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_array_finalize;
}

static void
mp_array_init (MpArray *self)
{
}

static GVariant *
mp_array_to_variant (MpShareable *shareable)
{
  return _mp_cells_to_variant (&MP_ARRAY (shareable)->cells);
}

static MpShareable *
mp_array_from_variant (GType      type,
                       GVariant  *state,
                       GError   **error)
{
  g_autoptr (MpArray) self = g_object_new (type, NULL);

  if (!_mp_cells_from_variant (&self->cells, state, "an array", error))
    return NULL;
  return MP_SHAREABLE (g_steal_pointer (&self));
}

static void
mp_array_shareable_init (MpShareableInterface *iface)
{
  iface->to_variant = mp_array_to_variant;
  iface->from_variant = mp_array_from_variant;
}

/**
 * mp_array_new:
 * @typecode: the type of the numbers
 * @length: how many
 * @error: return location for an error
 *
 * Makes an array of zeros, with a lock of its own that its owner can acquire again.
 *
 * Returns: (transfer full): the array, or %NULL with %MP_ERROR_FAILED if there is no such type, or
 *   there are too many open descriptors or there is no memory
 */
MpArray *
mp_array_new (char      typecode,
              guint64   length,
              GError  **error)
{
  g_autoptr (MpRLock) lock = mp_rlock_new (error);

  return lock != NULL ? mp_array_new_with_lock (typecode, length, MP_LOCK (lock), error) : NULL;
}

/**
 * mp_array_new_with_lock:
 * @typecode: the type of the numbers
 * @length: how many
 * @lock: (nullable): its lock, %NULL for none: what Python calls a raw array
 * @error: return location for an error
 *
 * Makes an array of zeros.
 *
 * Returns: (transfer full): the array, or %NULL as mp_array_new() fails
 */
MpArray *
mp_array_new_with_lock (char      typecode,
                        guint64   length,
                        MpLock   *lock,
                        GError  **error)
{
  g_autoptr (MpArray) self = NULL;

  g_return_val_if_fail (lock == NULL || MP_IS_LOCK (lock), NULL);

  self = g_object_new (MP_TYPE_ARRAY, NULL);
  if (!_mp_cells_init (&self->cells, typecode, length, lock, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * mp_array_get_pointer: (skip)
 * @self: an array
 *
 * Returns: (transfer none): the first number in shared memory, as long as @self lives
 */
gpointer
mp_array_get_pointer (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), NULL);

  return self->cells.place.memory;
}

/**
 * mp_array_get_length:
 * @self: an array
 *
 * Returns: how many numbers it has
 */
guint64
mp_array_get_length (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), 0);

  return self->cells.length;
}

/**
 * mp_array_get_item_size:
 * @self: an array
 *
 * Returns: how many bytes one number has
 */
gsize
mp_array_get_item_size (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), 0);

  return _mp_typecode_size (self->cells.typecode);
}

/**
 * mp_array_get_typecode:
 * @self: an array
 *
 * Returns: the type of the numbers
 */
char
mp_array_get_typecode (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), 0);

  return self->cells.typecode;
}

/**
 * mp_array_get_lock:
 * @self: an array
 *
 * Returns: (transfer none) (nullable): its lock, if it has one
 */
MpLock *
mp_array_get_lock (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), NULL);

  return self->cells.lock;
}
