/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-simple-queue.h"

#include "mp-queue-private.h"
#include "mp-shareable.h"

/**
 * MpSimpleQueue:
 *
 * A queue that can put, get, and no more: an #MpQueue without limits of size and time. A process
 * that is killed in the middle of either keeps nobody waiting and leaves no half value.
 */
struct _MpSimpleQueue
{
  MpQueue parent_instance;
};

G_DEFINE_FINAL_TYPE (MpSimpleQueue, mp_simple_queue, MP_TYPE_QUEUE)
MP_REGISTER_SHAREABLE_TYPE (mp_simple_queue)

static void
mp_simple_queue_class_init (MpSimpleQueueClass *klass)
{
}

static void
mp_simple_queue_init (MpSimpleQueue *self)
{
}

/**
 * mp_simple_queue_new:
 * @error: return location for an error
 *
 * Makes a queue, empty.
 *
 * Returns: (transfer full): the queue, or %NULL as mp_queue_new() fails
 */
MpSimpleQueue *
mp_simple_queue_new (GError **error)
{
  return _mp_queue_new (MP_TYPE_SIMPLE_QUEUE, 0, error);
}

/**
 * mp_simple_queue_put:
 * @self: a queue
 * @value: what to put, taken if it is floating
 * @error: return location for an error
 *
 * Puts a value.
 *
 * Returns: %TRUE when the value is in the queue, %FALSE as mp_queue_put() fails
 */
gboolean
mp_simple_queue_put (MpSimpleQueue  *self,
                     GVariant       *value,
                     GError        **error)
{
  g_return_val_if_fail (MP_IS_SIMPLE_QUEUE (self), FALSE);

  return mp_queue_put (MP_QUEUE (self), value, -1, error);
}

/**
 * mp_simple_queue_get:
 * @self: a queue
 * @error: return location for an error
 *
 * Waits for a value and takes it out of the queue.
 *
 * Returns: (transfer full): the oldest value, or %NULL as mp_queue_get() fails
 */
GVariant *
mp_simple_queue_get (MpSimpleQueue  *self,
                     GError        **error)
{
  g_return_val_if_fail (MP_IS_SIMPLE_QUEUE (self), NULL);

  return mp_queue_get (MP_QUEUE (self), -1, error);
}

/**
 * mp_simple_queue_is_empty:
 * @self: a queue
 *
 * Tells whether there is nothing to get now.
 *
 * Returns: whether nothing is in it at this moment
 */
gboolean
mp_simple_queue_is_empty (MpSimpleQueue *self)
{
  g_return_val_if_fail (MP_IS_SIMPLE_QUEUE (self), TRUE);

  return mp_queue_is_empty (MP_QUEUE (self));
}

/**
 * mp_simple_queue_close:
 * @self: a queue
 *
 * Says that this process will neither put nor get any more, as mp_queue_close() does.
 */
void
mp_simple_queue_close (MpSimpleQueue *self)
{
  g_return_if_fail (MP_IS_SIMPLE_QUEUE (self));

  mp_queue_close (MP_QUEUE (self));
}
