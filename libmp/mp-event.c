/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "mp-event.h"

#include "mp-shareable.h"
#include "mp-shared-object-private.h"
#include "mp-watch-private.h"

/**
 * MpEvent:
 *
 * A flag that processes wait for.
 *
 * Each setting of the flag has a number, so that who waits does not miss one that is cleared again
 * at once, as it can in Python; and mp_event_set() takes no lock, so that a signal handler may call
 * it. A process that is killed in the middle of anything keeps nobody waiting.
 */

#define N_SETTERS 14

/* In shared memory: a cache line. */
typedef struct
{
  _Atomic guint64 word;                /* how often it was set << 1 | whether it is */
  _Atomic gint32  setters[N_SETTERS];  /* processes that are setting it, or were when they died */
} State;

struct _MpEvent
{
  MpSharedObject parent_instance;
};

G_DEFINE_FINAL_TYPE (MpEvent, mp_event, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_event)

static inline State *
get_state (gpointer self)
{
  return _mp_shared_object_get_memory (self);
}

static void
mp_event_class_init (MpEventClass *klass)
{
  MpSharedObjectClass *shared_class = MP_SHARED_OBJECT_CLASS (klass);

  shared_class->what = "an event";
  shared_class->size = sizeof (State);
}

static void
mp_event_init (MpEvent *self)
{
}

/**
 * mp_event_new:
 * @error: return location for an error
 *
 * Makes an event. It is not set.
 *
 * Returns: (transfer full): the event, or %NULL with %MP_ERROR_FAILED if there are too many open
 *   descriptors or there is no memory
 */
MpEvent *
mp_event_new (GError **error)
{
  return _mp_shared_object_new (MP_TYPE_EVENT, sizeof (State), error);
}

/**
 * mp_event_is_set:
 * @self: an event
 *
 * Tells whether the event is set, without waiting.
 *
 * Returns: whether the flag is set at this moment
 */
gboolean
mp_event_is_set (MpEvent *self)
{
  g_return_val_if_fail (MP_IS_EVENT (self), FALSE);

  return (atomic_load (&get_state (self)->word) & 1) != 0;
}

/* Async-signal-safe, as all of the setting is. Of more than a few at a time the last one counts. */
static _Atomic gint32 *
enter_setter (State *state)
{
  gint32 own = getpid ();
  int saved_errno = errno;
  _Atomic gint32 *place = NULL;

  for (guint i = 0; i < N_SETTERS && place == NULL; i++)
    {
      gint32 there = atomic_load (&state->setters[i]);

      if ((there == 0 || (there != own && kill (there, 0) < 0 && errno == ESRCH))
          && atomic_compare_exchange_strong (&state->setters[i], &there, own))
        place = &state->setters[i];
    }
  errno = saved_errno;
  if (place != NULL)
    return place;
  atomic_store (&state->setters[0], own);
  return &state->setters[0];
}

/**
 * mp_event_set:
 * @self: an event
 *
 * Sets the flag: everybody who waits for it goes on. May be called from a signal handler.
 */
void
mp_event_set (MpEvent *self)
{
  State *state;
  _Atomic gint32 *setter;
  guint64 word;
  gint32 own;

  g_return_if_fail (MP_IS_EVENT (self));

  /* Whoever sleeps watches this process from here on, in case it does not come to the second. */
  state = get_state (self);
  setter = enter_setter (state);
  _mp_segment_ring (_mp_shared_object_get_segment (self));
  word = atomic_load (&state->word);
  while ((word & 1) == 0
         && !atomic_compare_exchange_weak (&state->word, &word, (word + 2) | 1))
    ;
  _mp_segment_ring (_mp_shared_object_get_segment (self));
  own = getpid ();
  atomic_compare_exchange_strong (setter, &own, 0);
}

/**
 * mp_event_clear:
 * @self: an event
 *
 * Clears the flag. May be called from a signal handler.
 */
void
mp_event_clear (MpEvent *self)
{
  g_return_if_fail (MP_IS_EVENT (self));

  atomic_fetch_and (&get_state (self)->word, ~(guint64) 1);
}

typedef struct
{
  State   *state;
  guint64  before;
} Wait;

static gboolean
try_wait (gpointer  data,
          MpWatch  *watch)
{
  Wait *wait = data;
  guint64 word = atomic_load (&wait->state->word);

  if ((word & 1) != 0 || word >> 1 != wait->before >> 1)
    return TRUE;

  for (guint i = 0; i < N_SETTERS && watch != NULL; i++)
    {
      pid_t setter = atomic_load (&wait->state->setters[i]);

      if (setter != 0 && setter != getpid ())
        _mp_watch_pid (watch, setter);
    }
  return FALSE;
}

/**
 * mp_event_wait:
 * @self: an event
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits until the flag is set, or was set since the call.
 *
 * Returns: %TRUE if it is or was; %FALSE without an error if @timeout has passed, with
 *   %MP_ERROR_FAILED if there are too many open descriptors to wait
 */
gboolean
mp_event_wait (MpEvent  *self,
               gint64    timeout,
               GError  **error)
{
  Wait wait;

  g_return_val_if_fail (MP_IS_EVENT (self), FALSE);

  wait = (Wait) { get_state (self), atomic_load (&get_state (self)->word) };
  return _mp_wait (self, try_wait, &wait, timeout, error);
}

/**
 * mp_event_wait_async:
 * @self: an event
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the flag is or was set
 * @user_data: data for @callback
 *
 * Waits in the thread-default main context, without a thread.
 */
void
mp_event_wait_async (MpEvent             *self,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  Wait *wait;

  g_return_if_fail (MP_IS_EVENT (self));

  wait = g_new (Wait, 1);
  *wait = (Wait) { get_state (self), atomic_load (&get_state (self)->word) };
  _mp_wait_async (self, try_wait, wait, g_free, cancellable, callback, user_data);
}

/**
 * mp_event_wait_finish:
 * @self: an event
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_event_wait_async().
 *
 * Returns: %TRUE if the flag is or was set, %FALSE with %G_IO_ERROR_CANCELLED if it was cancelled,
 *   with %MP_ERROR_FAILED as mp_event_wait()
 */
gboolean
mp_event_wait_finish (MpEvent       *self,
                      GAsyncResult  *result,
                      GError       **error)
{
  gpointer wait;

  g_return_val_if_fail (MP_IS_EVENT (self) && MP_IS_WAIT (result), FALSE);

  return _mp_wait_finish (result, &wait, error);
}
