/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-array.h"

#include "mp-cells-private.h"
#include "mp-shareable.h"

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
  MpCells parent_instance;
};

G_DEFINE_FINAL_TYPE (MpArray, mp_array, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_array)

static void
mp_array_class_init (MpArrayClass *klass)
{
  _mp_cells_class_init (klass, "an array");
}

static void
mp_array_init (MpArray *self)
{
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
  g_return_val_if_fail (lock == NULL || MP_IS_LOCK (lock), NULL);

  return _mp_cells_new (MP_TYPE_ARRAY, typecode, length, lock, error);
}

/**
 * mp_array_get_pointer: (skip)
 * @self: an array
 *
 * Gets where the items lie, for code that takes the lock itself.
 *
 * Returns: (transfer none): the first number in shared memory, as long as @self lives
 */
gpointer
mp_array_get_pointer (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), NULL);

  return _mp_shared_object_get_memory (self);
}

/**
 * mp_array_get_length:
 * @self: an array
 *
 * Gets the number of items.
 *
 * Returns: how many numbers it has
 */
guint64
mp_array_get_length (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), 0);

  return self->parent_instance.length;
}

/**
 * mp_array_get_item_size:
 * @self: an array
 *
 * Gets the size of an item.
 *
 * Returns: how many bytes one number has
 */
gsize
mp_array_get_item_size (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), 0);

  return _mp_typecode_size (self->parent_instance.typecode);
}

/**
 * mp_array_get_typecode:
 * @self: an array
 *
 * Gets the type of the items, as Python's module array calls it.
 *
 * Returns: the type of the numbers
 */
char
mp_array_get_typecode (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), 0);

  return self->parent_instance.typecode;
}

/**
 * mp_array_get_lock:
 * @self: an array
 *
 * Gets the lock that goes with the array.
 *
 * Returns: (transfer none) (nullable): its lock, if it has one
 */
MpLock *
mp_array_get_lock (MpArray *self)
{
  g_return_val_if_fail (MP_IS_ARRAY (self), NULL);

  return self->parent_instance.lock;
}
