/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-queue-private.h"

#include "mp-error.h"
#include "mp-fds-private.h"
#include "mp-futex-private.h"
#include "mp-payload-private.h"
#include "mp-poll-private.h"
#include "mp-watch-private.h"

/* How values get into a queue and out of it. */

#define LINGER 1000

typedef enum
{
  DONE,
  BUSY,   /* another one is at it */
  NOT,    /* full, or empty */
  ENDED,  /* shut down */
} Outcome;

typedef struct
{
  /* Borrowed */
  MpQueue        *object;
  MpQueuePrivate *queue;

  gint64          deadline;  /* for the gate */
  Outcome         outcome;
  MpFifoRecord    record;

  /* Owned */
  GVariant       *value;     /* to put */
  guint8         *bytes;     /* that were got */
  GArray         *fds;       /* to put, borrowed descriptors; or that were got, owned ones */
  GError         *error;     /* known before it began */
} Transfer;

static void
transfer_clear (Transfer *transfer)
{
  if (transfer->fds != NULL && transfer->value == NULL)
    _mp_fds_close (g_steal_pointer (&transfer->fds));
  g_clear_pointer (&transfer->fds, g_array_unref);
  g_clear_pointer (&transfer->value, g_variant_unref);
  g_clear_pointer (&transfer->bytes, g_free);
  g_clear_error (&transfer->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Transfer, transfer_clear)

static void
transfer_free (gpointer data)
{
  transfer_clear (data);
  g_free (data);
}

static Transfer
new_get (MpQueue *self)
{
  Transfer transfer = { .object = self, .queue = _mp_queue_get_private (self) };

  _mp_queue_check_open (self, &transfer.error);
  return transfer;
}

static gboolean
make_record (Transfer  *transfer,
             GVariant  *value,
             GError   **error)
{
  g_autoptr (GError) failure = NULL;
  MpPayload payload;
  gsize length;

  if (_mp_payload_pack_scalar (value, &payload))
    {
      transfer->record = (MpFifoRecord) { .type = payload.type, .data = payload.data };
      return TRUE;
    }
  transfer->fds = _mp_payload_collect_fds (value, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  length = _mp_payload_size (value) + (transfer->fds != NULL ? sizeof (guint64) : 0);
  if (length > MP_MAX_PAYLOAD || !_mp_fifo_has_room_for (&transfer->queue->fifo, length))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "A value of %" G_GSIZE_FORMAT " bytes is too large for a queue", length);
      return FALSE;
    }
  transfer->record = (MpFifoRecord) { .length = length, .data = g_variant_get_size (value) };
  return TRUE;
}

/* Takes @value if it is floating. */
static Transfer
new_put (MpQueue  *self,
         GVariant *value)
{
  Transfer transfer = new_get (self);

  transfer.value = g_variant_ref_sink (value);
  if (transfer.error == NULL)
    make_record (&transfer, value, &transfer.error);
  return transfer;
}

/*
 * Values with descriptors have a number behind their bytes, and under that number the descriptors
 * are in the socket, in the order of the records. They are sent before the value is put, and looked
 * at before it is taken; from the socket they are taken last. So whoever dies may leave some that
 * belong to no value, which are dropped by who meets them, but never a value without them.
 */

/* The getters' gate; who died inside is cleared up after. */
MpAcquired
_mp_queue_enter_get (MpQueuePrivate *self,
                     gint64          deadline,
                     MpWatch        *watch)
{
  MpFifoState *fifo = &self->state->fifo;
  MpAcquired acquired = _mp_gate_enter (&fifo->get.gate, deadline, watch);

  if (acquired == MP_ACQUIRED_OWNER_DIED && self->joinable)
    _mp_takers_mend (&self->state->takers, atomic_load (&fifo->get.count));
  return acquired;
}

/* The getters' gate is free for those who put: nobody who has it waits for this one. */
static void
drop_left_over (MpQueuePrivate *queue)
{
  if (_mp_queue_enter_get (queue, 0, NULL) == MP_ACQUIRED_NOT)
    return;
  while (_mp_fifo_count (&queue->fifo) == 0
         && _mp_fds_drop (_mp_segment_get_pair (queue->segment)[1]))
    ;
  _mp_gate_leave (&queue->state->fifo.get.gate, queue->segment);
}

/* Returns: DONE, with an error if they can't be sent */
static Outcome
send_fds (Transfer *transfer)
{
  MpQueuePrivate *queue = transfer->queue;
  int socket = _mp_segment_get_pair (queue->segment)[0];
  guint64 number = ++queue->state->n_sent;

  if (_mp_fds_send (socket, MSG_DONTWAIT, number, transfer->fds))
    return DONE;
  if (errno == EAGAIN && _mp_fifo_count (&queue->fifo) == 0)
    {
      drop_left_over (queue);
      if (_mp_fds_send (socket, MSG_DONTWAIT, number, transfer->fds))
        return DONE;
    }
  if (errno == EAGAIN)
    return NOT;
  g_set_error (&transfer->error, MP_ERROR, MP_ERROR_FAILED,
               "Could not pass on the descriptors of a value: %s", g_strerror (errno));
  return DONE;
}

static void
write_value (Transfer *transfer,
             guint8   *at)
{
  MpFifoRecord *record = (MpFifoRecord *) at - 1;
  guint64 number = transfer->queue->state->n_sent;
  MpPayload payload = { 0 };

  _mp_payload_store (transfer->value, 0, at, &payload);
  record->type = payload.type;
  if (transfer->fds == NULL)
    return;
  record->type = MP_VALUE_HANDLES;
  memcpy (at + record->length - sizeof number, &number, sizeof number);
}

static Outcome
put_inside (Transfer *transfer)
{
  MpQueuePrivate *queue = transfer->queue;
  guint8 *at;

  if (atomic_load_explicit (&queue->state->shut, memory_order_relaxed))
    return ENDED;
  at = _mp_fifo_reserve (&queue->fifo, &transfer->record);
  if (at == NULL)
    return NOT;
  if (G_UNLIKELY (transfer->fds != NULL))
    {
      Outcome sent = send_fds (transfer);

      if (sent != DONE || transfer->error != NULL)
        return sent;
    }
  if (transfer->record.type == MP_VALUE_NONE)
    write_value (transfer, at);
  _mp_segment_ring (queue->segment);
  _mp_fifo_publish (&queue->fifo, &transfer->record);
  _mp_segment_ring (queue->segment);
  return DONE;
}

static Outcome
put_now (Transfer *transfer,
         MpWatch  *watch)
{
  MpGate *gate = &transfer->queue->state->fifo.put.gate;
  Outcome outcome;

  if (_mp_gate_enter (gate, transfer->deadline, watch) == MP_ACQUIRED_NOT)
    return BUSY;
  outcome = put_inside (transfer);
  _mp_gate_leave (gate, transfer->queue->segment);
  return outcome;
}

/* Looks at the descriptors of the oldest value; they stay where they are. Returns: FALSE with an
 * error if they can't be had now */
static gboolean
peek_fds (Transfer     *transfer,
          const guint8 *at)
{
  int socket = _mp_segment_get_pair (transfer->queue->segment)[1];
  MpFifoRecord *record = &transfer->record;
  guint64 wanted = 0;
  guint64 number = 0;

  if (record->length >= sizeof wanted)
    memcpy (&wanted, at + record->length - sizeof wanted, sizeof wanted);
  for (;;)
    {
      GArray *fds = _mp_fds_receive (socket, MSG_DONTWAIT | MSG_PEEK, &number);

      if (fds == NULL && errno != EAGAIN)
        {
          g_set_error (&transfer->error, MP_ERROR, MP_ERROR_FAILED,
                       "Could not take the descriptors of a value: %s", g_strerror (errno));
          return FALSE;
        }
      transfer->fds = fds;
      if (fds != NULL && number == wanted)
        return TRUE;
      g_clear_pointer (&transfer->fds, _mp_fds_close);
      /* Without them it is a damaged value: its descriptors' numbers mean nothing. */
      if (fds == NULL || number > wanted)
        {
          *record = (MpFifoRecord) { 0 };
          return TRUE;
        }
      _mp_fds_drop (socket);
    }
}

static Outcome
get_inside (Transfer *transfer)
{
  MpQueuePrivate *queue = transfer->queue;
  MpFifoRecord *record = &transfer->record;
  guint8 *at;

  if (!_mp_fifo_look (&queue->fifo, record, &at))
    return NOT;
  if (record->length > MP_MAX_PAYLOAD)
    *record = (MpFifoRecord) { 0 };
  if (G_UNLIKELY (record->type == MP_VALUE_HANDLES) && !peek_fds (transfer, at))
    return DONE;
  transfer->bytes = g_memdup2 (at, record->length);
  if (queue->joinable)
    _mp_takers_take (&queue->state->takers, atomic_load (&queue->state->fifo.get.count));
  _mp_segment_ring (queue->segment);
  _mp_fifo_remove (&queue->fifo);
  if (G_UNLIKELY (transfer->fds != NULL))
    _mp_fds_drop (_mp_segment_get_pair (queue->segment)[1]);
  _mp_segment_ring (queue->segment);
  return DONE;
}

static Outcome
get_now (Transfer *transfer,
         MpWatch  *watch)
{
  MpQueueState *state = transfer->queue->state;
  gboolean shut = atomic_load (&state->shut);
  Outcome outcome;

  /* Nothing is put after it was shut down. */
  if (_mp_fifo_is_empty (&transfer->queue->fifo))
    return shut ? ENDED : NOT;
  if (_mp_queue_enter_get (transfer->queue, transfer->deadline, watch) == MP_ACQUIRED_NOT)
    return BUSY;
  outcome = get_inside (transfer);
  _mp_gate_leave (&state->fifo.get.gate, transfer->queue->segment);
  return outcome;
}

/* Whoever is at it has a moment to be ready. */
static void
linger (pthread_mutex_t *mutex)
{
  for (guint i = 0; i < LINGER && _mp_mutex_get_owner (mutex) != 0; i++)
    _mp_relax ();
}

/* Tries once. For a wait it names who is inside @other, the gate of the other side, and may be
 * about to change what this one waits for. */
static gboolean
try_transfer (Transfer  *transfer,
              Outcome  (*transfer_now) (Transfer *transfer,
                                        MpWatch  *watch),
              MpGate    *other,
              MpWatch   *watch)
{
  if (transfer->error != NULL)
    return TRUE;
  transfer->outcome = transfer_now (transfer, watch);
  if (transfer->outcome == NOT && watch != NULL)
    {
      linger (&other->mutex);
      _mp_watch_owner (watch, &other->mutex);
      transfer->outcome = transfer_now (transfer, watch);
    }
  return transfer->outcome == DONE || transfer->outcome == ENDED;
}

static gboolean
try_put (gpointer  data,
         MpWatch  *watch)
{
  Transfer *transfer = data;
  MpFifoState *state = &transfer->queue->state->fifo;

  return try_transfer (transfer, put_now, &state->get.gate, watch);
}

static gboolean
try_get (gpointer  data,
         MpWatch  *watch)
{
  Transfer *transfer = data;
  MpFifoState *state = &transfer->queue->state->fifo;

  return try_transfer (transfer, get_now, &state->put.gate, watch);
}

static gboolean
run (Transfer  *transfer,
     MpTry      attempt,
     gint64     timeout,
     GError   **error)
{
  gint64 deadline = timeout <= 0 ? CLAMP (timeout, -1, 0) : _mp_deadline_of_timeout (timeout);

  transfer->deadline = deadline;
  if (attempt (transfer, NULL))
    return TRUE;
  if (timeout > 0)
    timeout = MAX (deadline - g_get_monotonic_time (), 0);
  return timeout != 0
         && _mp_wait (transfer->object, attempt, transfer, timeout, error);
}

static void
run_async (MpQueue             *self,
           Transfer             transfer,
           MpTry                attempt,
           GCancellable        *cancellable,
           GAsyncReadyCallback  callback,
           gpointer             user_data)
{
  transfer.deadline = MP_LONG_AGO;
  _mp_wait_async (self, attempt, g_memdup2 (&transfer, sizeof transfer), transfer_free, cancellable,
                  callback, user_data);
}

/* Returns: whether it was done. @waited: whether the wait came to an end, @error is set if not for
 * time. */
static gboolean
end (Transfer    *transfer,
     gboolean     waited,
     MpError      when_not,
     const char  *why_not,
     MpError      when_ended,
     const char  *why_ended,
     GError     **error)
{
  if (waited && transfer->error != NULL)
    g_propagate_error (error, g_steal_pointer (&transfer->error));
  else if (waited && transfer->outcome == ENDED)
    g_set_error_literal (error, MP_ERROR, when_ended, why_ended);
  else if (waited)
    return TRUE;
  else if (error != NULL && *error == NULL)
    g_set_error_literal (error, MP_ERROR, when_not, why_not);
  return FALSE;
}

static gboolean
end_put (Transfer  *transfer,
         gboolean   waited,
         GError   **error)
{
  return end (transfer, waited, MP_ERROR_FULL, "The queue is full",
              MP_ERROR_CLOSED, "The queue is shut down", error);
}

static GVariant *
end_get (Transfer  *transfer,
         gboolean   waited,
         GError   **error)
{
  const MpFifoRecord *record = &transfer->record;
  MpPayload payload = { .data = record->data, .type = record->type };

  if (!end (transfer, waited, MP_ERROR_EMPTY, "The queue is empty",
            MP_ERROR_EOF, "The queue is shut down and nothing is left in it", error))
    return NULL;
  if (_mp_payload_is_scalar (record->type))
    return g_variant_ref_sink (_mp_payload_unpack_scalar (&payload));
  return _mp_payload_decode (record->type, g_steal_pointer (&transfer->bytes), record->data,
                             record->type == MP_VALUE_HANDLES ? record->length - sizeof (guint64)
                                                              : record->length,
                             g_steal_pointer (&transfer->fds), error);
}

/**
 * mp_queue_put:
 * @self: a queue
 * @value: what to put, taken if it is floating
 * @timeout: how long to wait for room, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Puts a value. May be called from any thread. With a @timeout of 0 this is Python's `put_nowait`.
 *
 * Returns: %TRUE when the value is in the queue; %FALSE with %MP_ERROR_FULL if it was full for the
 *   whole of @timeout, %MP_ERROR_CLOSED if it is closed or shut down, or a descriptor in the value
 *   is not open, %MP_ERROR_BAD_MESSAGE if the value is too large or has more than 253 descriptors,
 *   %MP_ERROR_FAILED if it has a standard one, or too many are open to wait, or under way
 */
gboolean
mp_queue_put (MpQueue   *self,
              GVariant  *value,
              gint64     timeout,
              GError   **error)
{
  g_return_val_if_fail (MP_IS_QUEUE (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  g_auto (Transfer) transfer = new_put (self, value);

  return end_put (&transfer, run (&transfer, try_put, timeout, error), error);
}

/**
 * mp_queue_put_async:
 * @self: a queue
 * @value: what to put, taken if it is floating
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the value is in the queue
 * @user_data: data for @callback
 *
 * Puts a value as soon as there is room, in the thread-default main context, without a thread. Its
 * descriptors have to be open until then.
 */
void
mp_queue_put_async (MpQueue             *self,
                    GVariant            *value,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_return_if_fail (MP_IS_QUEUE (self));
  g_return_if_fail (value != NULL);

  run_async (self, new_put (self, value), try_put, cancellable, callback, user_data);
}

/**
 * mp_queue_put_finish:
 * @self: a queue
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_queue_put_async().
 *
 * Returns: as mp_queue_put() does; %FALSE with %G_IO_ERROR_CANCELLED if it was cancelled: the value
 *   is not in the queue then
 */
gboolean
mp_queue_put_finish (MpQueue       *self,
                     GAsyncResult  *result,
                     GError       **error)
{
  gboolean done;
  gpointer transfer;

  g_return_val_if_fail (MP_IS_QUEUE (self) && MP_IS_WAIT (result), FALSE);

  done = _mp_wait_finish (result, &transfer, error);
  return end_put (transfer, done, error);
}

/**
 * mp_queue_get:
 * @self: a queue
 * @timeout: how long to wait for a value, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Takes the oldest value out of the queue. May be called from any thread. With a @timeout of 0 this
 * is Python's `get_nowait`.
 *
 * Returns: (transfer full): the value, or %NULL with %MP_ERROR_EMPTY if there was none for the
 *   whole of @timeout, %MP_ERROR_CLOSED if the queue is closed, %MP_ERROR_EOF if it is shut down
 *   and nothing is left, %MP_ERROR_BAD_MESSAGE if the value was damaged (it is gone then),
 *   %MP_ERROR_FAILED if there are too many open descriptors to wait, or to take those of the value
 *   (it stays then)
 */
GVariant *
mp_queue_get (MpQueue  *self,
              gint64    timeout,
              GError  **error)
{
  g_return_val_if_fail (MP_IS_QUEUE (self), NULL);

  g_auto (Transfer) transfer = new_get (self);

  return end_get (&transfer, run (&transfer, try_get, timeout, error), error);
}

/**
 * mp_queue_get_async:
 * @self: a queue
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when a value was taken
 * @user_data: data for @callback
 *
 * Takes the oldest value as soon as there is one, in the thread-default main context, without a
 * thread. Whoever does not ask for it with mp_queue_get_finish() has lost it.
 */
void
mp_queue_get_async (MpQueue             *self,
                    GCancellable        *cancellable,
                    GAsyncReadyCallback  callback,
                    gpointer             user_data)
{
  g_return_if_fail (MP_IS_QUEUE (self));

  run_async (self, new_get (self), try_get, cancellable, callback, user_data);
}

/**
 * mp_queue_get_finish:
 * @self: a queue
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_queue_get_async().
 *
 * Returns: (transfer full): as mp_queue_get() does; %NULL with %G_IO_ERROR_CANCELLED if it was
 *   cancelled: nothing was taken then
 */
GVariant *
mp_queue_get_finish (MpQueue       *self,
                     GAsyncResult  *result,
                     GError       **error)
{
  gboolean done;
  gpointer transfer;

  g_return_val_if_fail (MP_IS_QUEUE (self) && MP_IS_WAIT (result), NULL);

  done = _mp_wait_finish (result, &transfer, error);
  return end_get (transfer, done, error);
}
