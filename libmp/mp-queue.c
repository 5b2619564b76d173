/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-queue-private.h"

#include "mp-error.h"
#include "mp-joinable-queue.h"
#include "mp-shareable.h"
#include "mp-shared-object-private.h"

/**
 * MpQueue:
 *
 * A queue of values in shared memory, that several processes put into and get from. The order is
 * that in which the values were put.
 *
 * A value is in the queue when mp_queue_put() returns, and there it stays, whatever becomes of the
 * process: there is no thread that feeds a pipe, as in Python, so nothing gets lost at exit,
 * joining a process never waits for somebody to read, and there is no `join_thread` or
 * `cancel_join_thread` to call.
 *
 * A process may be killed at any instant of putting or getting, and the others go on. What it was
 * just putting is in the queue or is not, what it was just getting is still there, or gone with it:
 * at most that one value is lost.
 *
 * The memory grows to what is in the queue at a time, to 4 GiB at most; then mp_queue_put() waits,
 * as it does for @max_size. A value can have 1 GiB. Where address space is limited both are less.
 *
 * Descriptors in a value, and those of an #MpShareable, go along with it: what they name stays open
 * while the value is in the queue, whoever put it there may close it, and end. Of such values a few
 * hundred can be in the queue at a time, then mp_queue_put() waits as it does for a full one.
 */

#define LARGEST   ((guint64) 4 << 30)
#define SMALLEST  ((guint64) 1 << 20)
/* Whole pages, so that they can be given back. */
#define START     4096

G_STATIC_ASSERT (MP_SEGMENT_HEADER + sizeof (MpQueueState) <= START);

G_DEFINE_TYPE_WITH_PRIVATE (MpQueue, mp_queue, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_queue)

MpQueuePrivate *
_mp_queue_get_private (MpQueue *self)
{
  return mp_queue_get_instance_private (self);
}

/* Of a queue that has its place. */
static void
find_parts (gpointer self)
{
  MpQueuePrivate *priv = _mp_queue_get_private (self);
  guint8 *base;

  priv->joinable = MP_IS_JOINABLE_QUEUE (self);
  priv->segment = _mp_shared_object_get_segment (self);
  priv->state = _mp_shared_object_get_memory (self);
  base = _mp_segment_get_base (priv->segment);
  priv->fifo = (MpFifo) {
    .state = &priv->state->fifo,
    .base = base + START,
    .memory = _mp_segment_get_memory (priv->segment),
    .start = START,
    .size = _mp_segment_get_size (priv->segment) - START,
  };
}

/* The sockets by which descriptors go along with values. */
static GVariant *
mp_queue_pack (MpSharedObject *self)
{
  const int *pair = _mp_segment_get_pair (_mp_shared_object_get_segment (self));

  return g_variant_new ("(hh)", pair[0], pair[1]);
}

static gboolean
mp_queue_unpack (MpSharedObject  *self,
                 GVariant        *more,
                 GError         **error)
{
  MpPlace *place = &_mp_shared_object_get_private (self)->place;

  int pair[2];

  if (place->offset != MP_SEGMENT_HEADER || _mp_segment_get_size (place->segment) < SMALLEST
      || more == NULL || !g_variant_is_of_type (more, G_VARIANT_TYPE ("(hh)")))
    return FALSE;
  g_variant_get (more, "(hh)", &pair[0], &pair[1]);
  if (!_mp_segment_take_pair (place->segment, pair))
    return FALSE;
  find_parts (self);
  return TRUE;
}

static void
mp_queue_class_init (MpQueueClass *klass)
{
  MpSharedObjectClass *shared_class = MP_SHARED_OBJECT_CLASS (klass);

  shared_class->what = "a queue";
  shared_class->size = sizeof (MpQueueState);
  shared_class->pack = mp_queue_pack;
  shared_class->unpack = mp_queue_unpack;
}

static void
mp_queue_init (MpQueue *self)
{
}

gpointer
_mp_queue_new (GType     type,
               guint64   max_size,
               GError  **error)
{
  MpSegment *segment = _mp_segment_new (LARGEST, SMALLEST, error);
  MpQueue *self;
  MpQueuePrivate *priv;

  if (segment == NULL)
    return NULL;
  if (!_mp_segment_make_pair (segment, error))
    {
      _mp_segment_unref (segment);
      return NULL;
    }
  self = g_object_new (type, NULL);
  _mp_shared_object_get_private (self)->place = (MpPlace) {
    segment, MP_SEGMENT_HEADER, (guint8 *) _mp_segment_get_base (segment) + MP_SEGMENT_HEADER,
  };
  find_parts (self);
  priv = _mp_queue_get_private (self);
  _mp_fifo_init (&priv->fifo, max_size > 0 ? max_size : G_MAXUINT64);
  _mp_mutex_init (&priv->state->mutex);
  return self;
}

gboolean
_mp_queue_check_open (MpQueue  *self,
                      GError  **error)
{
  if (!g_atomic_int_get (&_mp_shared_object_get_private (self)->closed))
    return TRUE;
  g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED, "The queue is closed in this process");
  return FALSE;
}

/**
 * mp_queue_new:
 * @max_size: how many values can be in it, 0 for as many as there is memory for
 * @error: return location for an error
 *
 * Makes a queue, empty.
 *
 * Returns: (transfer full): the queue, or %NULL with %MP_ERROR_FAILED if there are too many open
 *   descriptors or there is no memory
 */
MpQueue *
mp_queue_new (guint64   max_size,
              GError  **error)
{
  return _mp_queue_new (MP_TYPE_QUEUE, max_size, error);
}

/**
 * mp_queue_get_size:
 * @self: a queue
 *
 * Counts the items that are in the queue now.
 *
 * Returns: how many values are in it at this moment: Python's `qsize`
 */
guint64
mp_queue_get_size (MpQueue *self)
{
  g_return_val_if_fail (MP_IS_QUEUE (self), 0);

  return _mp_fifo_count (&_mp_queue_get_private (self)->fifo);
}

/**
 * mp_queue_get_max_size:
 * @self: a queue
 *
 * Gets how many items fit.
 *
 * Returns: how many values can be in it, 0 if only memory limits that
 */
guint64
mp_queue_get_max_size (MpQueue *self)
{
  guint64 max_size;

  g_return_val_if_fail (MP_IS_QUEUE (self), 0);

  max_size = _mp_queue_get_private (self)->state->fifo.max_records;
  return max_size != G_MAXUINT64 ? max_size : 0;
}

/**
 * mp_queue_is_empty:
 * @self: a queue
 *
 * Tells whether there is nothing to get now.
 *
 * Returns: whether nothing is in it at this moment
 */
gboolean
mp_queue_is_empty (MpQueue *self)
{
  return mp_queue_get_size (self) == 0;
}

/**
 * mp_queue_is_full:
 * @self: a queue
 *
 * Tells whether nothing can be put now.
 *
 * Returns: whether there are as many values in it as can be, at this moment
 */
gboolean
mp_queue_is_full (MpQueue *self)
{
  g_return_val_if_fail (MP_IS_QUEUE (self), FALSE);

  return mp_queue_get_size (self) >= _mp_queue_get_private (self)->state->fifo.max_records;
}

/**
 * mp_queue_shut_down:
 * @self: a queue
 *
 * Ends the queue for all processes: nothing more can be put, what is in it can still be got, and
 * then whoever gets, or waits for something to get, is told that it is the end. So nobody needs to
 * put a last value for each getter.
 */
void
mp_queue_shut_down (MpQueue *self)
{
  MpQueuePrivate *priv = _mp_queue_get_private (self);

  g_return_if_fail (MP_IS_QUEUE (self));

  _mp_gate_enter (&priv->state->fifo.put.gate, -1, NULL);
  _mp_segment_ring (priv->segment);
  atomic_store (&priv->state->shut, TRUE);
  _mp_segment_ring (priv->segment);
  _mp_gate_leave (&priv->state->fifo.put.gate, priv->segment);
}

/**
 * mp_queue_close:
 * @self: a queue
 *
 * Says that this process will neither put nor get any more: both fail with %MP_ERROR_CLOSED from
 * now on. Others go on. The memory is released with the last process's last object.
 */
void
mp_queue_close (MpQueue *self)
{
  g_return_if_fail (MP_IS_QUEUE (self));

  g_atomic_int_set (&_mp_shared_object_get_private (self)->closed, TRUE);
}
