/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-value.h"

#include "mp-cells-private.h"
#include "mp-shareable.h"

/**
 * MpValue:
 *
 * A number in shared memory, of a C type that a typecode names, as in Python: `c` `b` `B` are a
 * char, signed and unsigned, `h` `H` a short, `i` `I` an int, `l` `L` a long, `q` `Q` a long long,
 * `f` a float and `d` a double.
 *
 * C reads and writes it through mp_value_get_pointer(). What is more than one reading or writing,
 * to add to it for example, is done while the lock is held.
 */

struct _MpValue
{
  MpCells parent_instance;
};

G_DEFINE_FINAL_TYPE (MpValue, mp_value, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_value)

static void
mp_value_class_init (MpValueClass *klass)
{
  _mp_cells_class_init (klass, "a value");
}

static void
mp_value_init (MpValue *self)
{
}

/**
 * mp_value_new:
 * @typecode: the type of the number
 * @error: return location for an error
 *
 * Makes a value, 0, with a lock of its own that its owner can acquire again.
 *
 * Returns: (transfer full): the value, or %NULL with %MP_ERROR_FAILED if there is no such type, or
 *   there are too many open descriptors
 */
MpValue *
mp_value_new (char     typecode,
              GError **error)
{
  g_autoptr (MpRLock) lock = mp_rlock_new (error);

  return lock != NULL ? mp_value_new_with_lock (typecode, MP_LOCK (lock), error) : NULL;
}

/**
 * mp_value_new_with_lock:
 * @typecode: the type of the number
 * @lock: (nullable): its lock, %NULL for none: what Python calls a raw value
 * @error: return location for an error
 *
 * Makes a value, 0.
 *
 * Returns: (transfer full): the value, or %NULL as mp_value_new() fails
 */
MpValue *
mp_value_new_with_lock (char     typecode,
                        MpLock  *lock,
                        GError **error)
{
  g_return_val_if_fail (lock == NULL || MP_IS_LOCK (lock), NULL);

  return _mp_cells_new (MP_TYPE_VALUE, typecode, 1, lock, error);
}

/**
 * mp_value_get_pointer: (skip)
 * @self: a value
 *
 * Gets where the value lies, for code that takes the lock itself.
 *
 * Returns: (transfer none): the number in shared memory, as long as @self lives
 */
gpointer
mp_value_get_pointer (MpValue *self)
{
  g_return_val_if_fail (MP_IS_VALUE (self), NULL);

  return _mp_shared_object_get_memory (self);
}

/**
 * mp_value_get_typecode:
 * @self: a value
 *
 * Gets the type of the value, as Python's module array calls it.
 *
 * Returns: the type of the number
 */
char
mp_value_get_typecode (MpValue *self)
{
  g_return_val_if_fail (MP_IS_VALUE (self), 0);

  return self->parent_instance.typecode;
}

/**
 * mp_value_get_lock:
 * @self: a value
 *
 * Gets the lock that goes with the value.
 *
 * Returns: (transfer none) (nullable): its lock, if it has one
 */
MpLock *
mp_value_get_lock (MpValue *self)
{
  g_return_val_if_fail (MP_IS_VALUE (self), NULL);

  return self->parent_instance.lock;
}
