/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-joinable-queue.h"

#include "mp-error.h"
#include "mp-queue-private.h"
#include "mp-shareable.h"
#include "mp-watch-private.h"

/**
 * MpJoinableQueue:
 *
 * An #MpQueue that knows how many of its values were not only taken, but done.
 *
 * Who takes a value calls mp_joinable_queue_task_done() when it is ready with it, and
 * mp_joinable_queue_join() waits until that was called for every value that was ever put.
 *
 * A process that dies with values in its hands never says that they are done. Nobody waits for
 * that: mp_joinable_queue_join() ends when all others are done, and tells of it with
 * %MP_ERROR_WORKER_LOST, where in Python it would hang. Of more than 64 processes that have values
 * at a time only 64 are known; for the others, give it a timeout.
 */
struct _MpJoinableQueue
{
  MpQueue parent_instance;
};

G_DEFINE_FINAL_TYPE (MpJoinableQueue, mp_joinable_queue, MP_TYPE_QUEUE)
MP_REGISTER_SHAREABLE_TYPE (mp_joinable_queue)

static void
mp_joinable_queue_class_init (MpJoinableQueueClass *klass)
{
}

static void
mp_joinable_queue_init (MpJoinableQueue *self)
{
}

/**
 * mp_joinable_queue_new: (constructor)
 * @max_size: how many values can be in it, 0 for as many as there is memory for
 * @error: return location for an error
 *
 * Makes a queue, empty.
 *
 * Returns: (transfer full): the queue, or %NULL as mp_queue_new() fails
 */
MpJoinableQueue *
mp_joinable_queue_new (guint64   max_size,
                       GError  **error)
{
  return _mp_queue_new (MP_TYPE_JOINABLE_QUEUE, max_size, error);
}

/* How many values were put and are not done. */
static guint64
count_unfinished (MpQueueState *state)
{
  guint64 n_done = _mp_takers_count (&state->takers);

  return atomic_load (&state->fifo.put.count) - n_done;
}

/**
 * mp_joinable_queue_task_done:
 * @self: a queue
 * @error: return location for an error
 *
 * Says that a value that was taken is done.
 *
 * Returns: %FALSE with %MP_ERROR_NOT_OWNED if it was called more often than values were put
 */
gboolean
mp_joinable_queue_task_done (MpJoinableQueue  *self,
                             GError          **error)
{
  MpQueuePrivate *priv = _mp_queue_get_private (MP_QUEUE (self));
  gboolean possible;

  g_return_val_if_fail (MP_IS_JOINABLE_QUEUE (self), FALSE);

  _mp_mutex_enter (&priv->state->mutex, -1);
  possible = count_unfinished (priv->state) > 0;
  if (possible)
    {
      _mp_segment_ring (priv->segment);
      _mp_takers_done (&priv->state->takers);
      _mp_segment_ring (priv->segment);
    }
  _mp_mutex_unlock (&priv->state->mutex);

  if (!possible)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED,
                         "task_done() called too many times");
  return possible;
}

/* What was in the hands of the dead is as good as done. */
static void
bury (MpQueuePrivate *queue,
      MpWatch        *watch)
{
  MpQueueState *state = queue->state;

  if (_mp_queue_enter_get (queue, 0, watch) == MP_ACQUIRED_NOT)
    return;
  _mp_mutex_enter (&state->mutex, -1);
  _mp_takers_take_back (&state->takers);
  _mp_segment_ring (queue->segment);
  _mp_mutex_unlock (&state->mutex);
  _mp_gate_leave (&state->fifo.get.gate, queue->segment);
}

static gboolean
try_join (gpointer  data,
          MpWatch  *watch)
{
  MpQueuePrivate *queue = data;
  MpQueueState *state = queue->state;

  if (count_unfinished (state) == 0)
    return TRUE;
  if (_mp_takers_watch (&state->takers, watch))
    bury (queue, watch);
  if (count_unfinished (state) == 0)
    return TRUE;
  if (watch != NULL)
    _mp_watch_owner (watch, &state->mutex);
  return FALSE;
}

/* All is done. Returns: FALSE with an error if it is so as somebody has died */
static gboolean
tell (MpQueuePrivate  *queue,
      GError         **error)
{
  guint32 n_lost = atomic_exchange (&queue->state->takers.n_lost, 0);

  if (n_lost == 0)
    return TRUE;
  g_set_error (error, MP_ERROR, MP_ERROR_WORKER_LOST,
               "All that could be done is done, but processes have died with %u values that they"
               " had taken", n_lost);
  return FALSE;
}

/**
 * mp_joinable_queue_join:
 * @self: a queue
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits until all values that were put are done, or were taken by processes that are dead now.
 *
 * Returns: %TRUE if they are; %FALSE without an error if @timeout has passed, with
 *   %MP_ERROR_WORKER_LOST if some never will be, which one of those who join is told once, with
 *   %MP_ERROR_FAILED if there are too many open descriptors to wait
 */
gboolean
mp_joinable_queue_join (MpJoinableQueue  *self,
                        gint64            timeout,
                        GError          **error)
{
  MpQueuePrivate *priv = _mp_queue_get_private (MP_QUEUE (self));

  g_return_val_if_fail (MP_IS_JOINABLE_QUEUE (self), FALSE);

  return _mp_wait (self, try_join, priv, timeout, error) && tell (priv, error);
}

static void
keep (gpointer data)
{
}

/**
 * mp_joinable_queue_join_async:
 * @self: a queue
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when all values that were put are done
 * @user_data: data for @callback
 *
 * Waits in the thread-default main context, without a thread.
 */
void
mp_joinable_queue_join_async (MpJoinableQueue     *self,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  MpQueuePrivate *priv = _mp_queue_get_private (MP_QUEUE (self));

  g_return_if_fail (MP_IS_JOINABLE_QUEUE (self));

  _mp_wait_async (self, try_join, priv, keep, cancellable, callback, user_data);
}

/**
 * mp_joinable_queue_join_finish:
 * @self: a queue
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_joinable_queue_join_async().
 *
 * Returns: %TRUE if all values are done, %FALSE with %MP_ERROR_WORKER_LOST as
 *   mp_joinable_queue_join(), with %G_IO_ERROR_CANCELLED if it was cancelled
 */
gboolean
mp_joinable_queue_join_finish (MpJoinableQueue  *self,
                               GAsyncResult     *result,
                               GError          **error)
{
  gpointer queue;

  g_return_val_if_fail (MP_IS_JOINABLE_QUEUE (self) && MP_IS_WAIT (result), FALSE);

  return _mp_wait_finish (result, &queue, error) && tell (queue, error);
}
