/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-simple-queue.h"

#include "mp-queue.h"
#include "mp-shareable-private.h"

/**
 * MpSimpleQueue:
 *
 * A queue that can put, get, and no more: an #MpQueue without limits of size and time. A process
 * that is killed in the middle of either keeps nobody waiting and leaves no half value.
 */
struct _MpSimpleQueue
{
  GObject  parent_instance;

  MpQueue *queue;  /* owned */
};

static void mp_simple_queue_shareable_init (MpShareableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MpSimpleQueue, mp_simple_queue, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MP_TYPE_SHAREABLE,
                                                      mp_simple_queue_shareable_init))
MP_REGISTER_SHAREABLE_TYPE (mp_simple_queue)

static void
mp_simple_queue_finalize (GObject *object)
{
  g_clear_object (&MP_SIMPLE_QUEUE (object)->queue);

  G_OBJECT_CLASS (mp_simple_queue_parent_class)->finalize (object);
}

static void
mp_simple_queue_class_init (MpSimpleQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_simple_queue_finalize;
}

static void
mp_simple_queue_init (MpSimpleQueue *self)
{
}

static GVariant *
mp_simple_queue_to_variant (MpShareable *shareable)
{
  return mp_shareable_to_variant (MP_SHAREABLE (MP_SIMPLE_QUEUE (shareable)->queue));
}

/* Takes @queue, which may be NULL. */
static gpointer
simple_queue_take (MpQueue *queue)
{
  MpSimpleQueue *self;

  if (queue == NULL)
    return NULL;
  self = g_object_new (MP_TYPE_SIMPLE_QUEUE, NULL);
  self->queue = queue;
  return self;
}

static MpShareable *
mp_simple_queue_from_variant (GType      type,
                              GVariant  *variant,
                              GError   **error)
{
  return simple_queue_take (mp_shareable_from_variant (variant, MP_TYPE_QUEUE, error));
}

static void
mp_simple_queue_shareable_init (MpShareableInterface *iface)
{
  iface->to_variant = mp_simple_queue_to_variant;
  iface->from_variant = mp_simple_queue_from_variant;
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
  return simple_queue_take (mp_queue_new (0, error));
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

  return mp_queue_put (self->queue, value, -1, error);
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

  return mp_queue_get (self->queue, -1, error);
}

/**
 * mp_simple_queue_is_empty:
 * @self: a queue
 *
 * Returns: whether nothing is in it at this moment
 */
gboolean
mp_simple_queue_is_empty (MpSimpleQueue *self)
{
  g_return_val_if_fail (MP_IS_SIMPLE_QUEUE (self), TRUE);

  return mp_queue_is_empty (self->queue);
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

  mp_queue_close (self->queue);
}
