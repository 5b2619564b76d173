/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-barrier.h"

#include "mp-error.h"
#include "mp-function.h"
#include "mp-gate-private.h"
#include "mp-identity-private.h"
#include "mp-poll-private.h"
#include "mp-shareable.h"
#include "mp-shared-object-private.h"
#include "mp-watch-private.h"

/**
 * MpBarrier:
 *
 * Where a number of processes, or threads, wait until all of them have come; then they go on
 * together, and it can be used again.
 *
 * If one of them waits for too long, or is killed while it waits, the barrier is broken, and all
 * get %MP_ERROR_BROKEN_BARRIER until it is reset: with Python's they would wait for ever for one
 * who is dead. One that dies before it comes is not known here: that is what timeouts are for.
 */

#define MAX_PARTIES (1 << 20)
#define MAX_ACTION  120

/* The word: the round << 32 | whether it is broken << 31 | how many have come. */
#define BROKEN ((guint64) 1 << 31)

/* In shared memory. Changed inside the gate, read anywhere; the store of the word is the commit. */
typedef struct
{
  MpGate          gate;
  _Atomic guint64 word;
  _Atomic guint64 n_resets;
  _Atomic guint64 reset_round;  /* that the last reset has ended */
  guint32         parties;
  gint64          timeout;
  char            action[MAX_ACTION];
  _Atomic guint64 waiters[];    /* their identities */
} State;

struct _MpBarrier
{
  MpSharedObject parent_instance;
};

G_DEFINE_FINAL_TYPE (MpBarrier, mp_barrier, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_barrier)

static inline State *
get_state (gpointer self)
{
  return _mp_shared_object_get_memory (self);
}

static inline guint64
size_for (guint parties)
{
  return sizeof (State) + parties * (guint64) sizeof (guint64);
}

static gboolean
mp_barrier_unpack (MpSharedObject  *self,
                   GVariant        *more,
                   GError         **error)
{
  return _mp_shared_object_fits (self, size_for (get_state (self)->parties));
}

static void
mp_barrier_class_init (MpBarrierClass *klass)
{
  MpSharedObjectClass *shared_class = MP_SHARED_OBJECT_CLASS (klass);

  shared_class->what = "a barrier";
  shared_class->size = sizeof (State);
  shared_class->unpack = mp_barrier_unpack;
}

static void
mp_barrier_init (MpBarrier *self)
{
}

static inline guint64
round_of (guint64 word)
{
  return word >> 32;
}

static inline guint
count_of (guint64 word)
{
  return word & (BROKEN - 1);
}

static inline guint64
next_round (guint64 word)
{
  return (round_of (word) + 1) << 32;
}

/* Inside the gate. */
static void
set_word (MpBarrier *self,
          guint64    word)
{
  _mp_segment_ring (_mp_shared_object_get_segment (self));
  atomic_store (&get_state (self)->word, word);
  _mp_segment_ring (_mp_shared_object_get_segment (self));
}

static void
break_it (MpBarrier *self)
{
  set_word (self, atomic_load (&get_state (self)->word) | BROKEN);
}

/* Returns: FALSE if it was put off for longer than @deadline */
static gboolean
enter (MpBarrier *self,
       gint64     deadline,
       MpWatch   *watch)
{
  MpAcquired acquired = _mp_gate_enter (&get_state (self)->gate, deadline, watch);

  if (acquired == MP_ACQUIRED_OWNER_DIED)
    break_it (self);
  return acquired != MP_ACQUIRED_NOT;
}

static void
leave (MpBarrier *self)
{
  _mp_gate_leave (&get_state (self)->gate, _mp_shared_object_get_segment (self));
}

typedef struct
{
  MpBarrier *self;
  guint64    round;
  guint64    n_resets;
  guint      index;
  gint64     deadline;  /* for the gate */
  gboolean   came;
  GError    *failure;   /* owned */
} Wait;

/* Whether something has ended the round. */
static gboolean
is_over (Wait *wait)
{
  guint64 word = atomic_load (&get_state (wait->self)->word);

  return round_of (word) != wait->round || (word & BROKEN) != 0;
}

/* Breaks it for those who wait. */
static void
give_up (Wait *wait)
{
  enter (wait->self, -1, NULL);
  if (!is_over (wait))
    break_it (wait->self);
  leave (wait->self);
}

/* Names a waiter of the round. If it is dead the barrier is broken. Returns: whether it is over */
static gboolean
look_after (Wait    *wait,
            guint    index,
            MpWatch *watch)
{
  MpBarrier *self = wait->self;
  guint64 identity = atomic_load (&get_state (self)->waiters[index]);

  if (_mp_identity_is_alive (identity))
    {
      if (watch != NULL)
        _mp_watch_identity (watch, identity);
    }
  else
    give_up (wait);
  return is_over (wait);
}

/* Each waiter looks after the one who came before it, and so none can die unseen but the last; and
 * all after that one when it was to come and run the action. */
static gboolean
try_pass (gpointer  data,
          MpWatch  *watch)
{
  Wait *wait = data;
  MpBarrier *self = wait->self;
  guint parties = get_state (self)->parties;

  if (watch == NULL || is_over (wait))
    return is_over (wait);
  /* Who died inside has not rung, maybe. */
  if (!enter (self, wait->deadline, watch))
    return FALSE;
  leave (self);
  if (wait->index > 0 && look_after (wait, wait->index - 1, watch))
    return TRUE;
  if (count_of (atomic_load (&get_state (self)->word)) == parties)
    look_after (wait, parties - 1, watch);
  return is_over (wait);
}

/* Comes, unless all have come and the last one is still at the action. */
static gboolean
try_come (gpointer  data,
          MpWatch  *watch)
{
  Wait *wait = data;
  MpBarrier *self = wait->self;
  State *state = get_state (self);
  gboolean done;
  guint64 word;

  if (!enter (self, wait->deadline, watch))
    return FALSE;
  word = atomic_load (&state->word);
  wait->round = round_of (word);
  wait->n_resets = atomic_load (&state->n_resets);
  wait->index = count_of (word);
  done = (word & BROKEN) != 0 || wait->index < state->parties;
  if (done && (word & BROKEN) == 0)
    {
      atomic_store (&state->waiters[wait->index], _mp_identity_get_own ());
      set_word (self, word + 1);
    }
  leave (self);
  /* One that comes behind a dead one breaks it; it may be the last, and then nobody else would. */
  if (wait->index > 0 && !is_over (wait))
    look_after (wait, wait->index - 1, watch);
  return done;
}

/* What the last one does that comes. */
static void
let_pass (Wait *wait)
{
  MpBarrier *self = wait->self;

  if (get_state (self)->action[0] != '\0')
    {
      MpFunction action = mp_function_lookup (get_state (self)->action);
      g_autoptr (GVariant) nothing = action != NULL ? action (NULL, &wait->failure) : NULL;

      if (action == NULL)
        g_set_error (&wait->failure, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                     "The barrier's action “%s” is not registered here", get_state (self)->action);
    }

  enter (self, -1, NULL);
  if (!is_over (wait))
    {
      if (wait->failure == NULL)
        set_word (self, next_round (atomic_load (&get_state (self)->word)));
      else
        break_it (self);
    }
  leave (self);
}

static gboolean
try_wait (gpointer  data,
          MpWatch  *watch)
{
  Wait *wait = data;

  if (!wait->came)
    {
      wait->came = try_come (wait, watch);
      if (wait->came && !is_over (wait) && wait->index + 1 == get_state (wait->self)->parties)
        let_pass (wait);
    }
  return wait->came && (is_over (wait) || try_pass (wait, watch));
}

/* Whether the round ended with all having come. If there was more than one reset since, nobody can
 * say any more, and it counts as broken. */
static gboolean
has_passed (Wait *wait)
{
  State *state = get_state (wait->self);

  if (round_of (atomic_load (&state->word)) == wait->round)
    return FALSE;
  switch (atomic_load (&state->n_resets) - wait->n_resets)
    {
    case 0: return TRUE;
    case 1: return atomic_load (&state->reset_round) != wait->round;
    default: return FALSE;
    }
}

/* Of a wait that came to its end, in time or not. */
static void
stop_waiting (Wait *wait)
{
  if (wait->came && !is_over (wait))
    give_up (wait);
}

static int
take_result (Wait    *wait,
             GError **error)
{
  if (wait->failure != NULL)
    g_propagate_error (error, g_steal_pointer (&wait->failure));
  else if (wait->came && has_passed (wait))
    return wait->index;
  else
    g_set_error_literal (error, MP_ERROR, MP_ERROR_BROKEN_BARRIER, "The barrier is broken");
  return -1;
}

static void
on_ended (MpWait   *async,
          gpointer  data)
{
  stop_waiting (data);
  _mp_wait_give_result (async);
}

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  stop_waiting (wait);
  g_clear_error (&wait->failure);
  g_free (wait);
}

/**
 * mp_barrier_new:
 * @parties: how many have to come
 * @action: (nullable): name of a registered function that the last one runs before all go on
 * @timeout: how long each waits that says nothing else, in microseconds, -1 for ever
 * @error: return location for an error
 *
 * Makes a barrier.
 *
 * Returns: (transfer full): the barrier, or %NULL with %MP_ERROR_FAILED if there are no parties, or
 *   too many of them or of open descriptors; %MP_ERROR_NOT_REGISTERED if there is no such action
 */
MpBarrier *
mp_barrier_new (guint        parties,
                const char  *action,
                gint64       timeout,
                GError     **error)
{
  MpBarrier *self;
  State *state;

  if (parties == 0 || parties > MAX_PARTIES)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "A barrier is for 1 to %d parties, not for %u",
                   MAX_PARTIES, parties);
      return NULL;
    }
  if (action != NULL && (mp_function_lookup (action) == NULL || strlen (action) >= MAX_ACTION))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "No function “%s” is registered: write MP_REGISTER_FUNCTION after it", action);
      return NULL;
    }
  self = _mp_shared_object_new (MP_TYPE_BARRIER, size_for (parties), error);
  if (self == NULL)
    return NULL;
  state = get_state (self);
  _mp_gate_init (&state->gate);
  state->parties = parties;
  state->timeout = timeout;
  g_strlcpy (state->action, action != NULL ? action : "", MAX_ACTION);
  return self;
}

/**
 * mp_barrier_wait:
 * @self: a barrier
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for as long as the barrier says
 * @error: return location for an error
 *
 * Waits until all have come.
 *
 * Returns: a number from 0, another one for each of them; -1 with %MP_ERROR_BROKEN_BARRIER if the
 *   barrier is broken, or was reset: by somebody, by time, by a death or by an action that failed;
 *   for the one that ran it, with the action's own error; with %MP_ERROR_FAILED if there are too
 *   many open descriptors to wait
 */
int
mp_barrier_wait (MpBarrier  *self,
                 gint64      timeout,
                 GError    **error)
{
  Wait wait = { .self = self };

  g_return_val_if_fail (MP_IS_BARRIER (self), -1);

  if (timeout < 0)
    timeout = get_state (self)->timeout;
  wait.deadline = timeout == 0 ? 0 : _mp_deadline_of_timeout (timeout);
  _mp_wait (self, try_wait, &wait, timeout, &wait.failure);
  stop_waiting (&wait);
  return take_result (&wait, error);
}

/**
 * mp_barrier_wait_async:
 * @self: a barrier
 * @cancellable: (nullable): to stop waiting, which breaks the barrier
 * @callback: (scope async): called when all have come, or the barrier is broken
 * @user_data: data for @callback
 *
 * Comes, and waits until all have come, in the thread-default main context, without a thread, for
 * as long as the barrier says. The last one runs the action before this returns. Whoever drops the
 * main context while it waits breaks the barrier, too.
 */
void
mp_barrier_wait_async (MpBarrier           *self,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  Wait *wait;

  g_return_if_fail (MP_IS_BARRIER (self));

  wait = g_new0 (Wait, 1);
  wait->self = self;
  wait->deadline = MP_LONG_AGO;
  _mp_wait_async_full (self, try_wait, wait, wait_free, get_state (self)->timeout, on_ended,
                       cancellable, callback, user_data);
}

/**
 * mp_barrier_wait_finish:
 * @self: a barrier
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_barrier_wait_async().
 *
 * Returns: as mp_barrier_wait() does; -1 with %G_IO_ERROR_CANCELLED if it was cancelled: if it had
 *   come already, the barrier is broken for all
 */
int
mp_barrier_wait_finish (MpBarrier     *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  gpointer data;
  Wait *wait;
  GError *failure = NULL;

  g_return_val_if_fail (MP_IS_BARRIER (self) && MP_IS_WAIT (result), -1);

  _mp_wait_finish (result, &data, &failure);
  wait = data;
  if (failure != NULL)
    wait->failure = failure;
  return take_result (wait, error);
}

/**
 * mp_barrier_reset:
 * @self: a barrier
 *
 * Makes the barrier as new. Those who wait get %MP_ERROR_BROKEN_BARRIER.
 */
void
mp_barrier_reset (MpBarrier *self)
{
  guint64 word;

  g_return_if_fail (MP_IS_BARRIER (self));

  enter (self, -1, NULL);
  word = atomic_load (&get_state (self)->word);
  if (count_of (word) > 0 || (word & BROKEN) != 0)
    {
      atomic_store (&get_state (self)->reset_round, round_of (word));
      atomic_fetch_add (&get_state (self)->n_resets, 1);
      set_word (self, next_round (word));
    }
  leave (self);
}

/**
 * mp_barrier_abort:
 * @self: a barrier
 *
 * Breaks the barrier: those who wait, and those who come, get %MP_ERROR_BROKEN_BARRIER until it is
 * reset.
 */
void
mp_barrier_abort (MpBarrier *self)
{
  g_return_if_fail (MP_IS_BARRIER (self));

  enter (self, -1, NULL);
  break_it (self);
  leave (self);
}

/**
 * mp_barrier_get_parties:
 * @self: a barrier
 *
 * Gets how many it takes to pass.
 *
 * Returns: how many have to come
 */
guint
mp_barrier_get_parties (MpBarrier *self)
{
  g_return_val_if_fail (MP_IS_BARRIER (self), 0);

  return get_state (self)->parties;
}

/**
 * mp_barrier_get_n_waiting:
 * @self: a barrier
 *
 * Gets how many wait at the barrier now.
 *
 * Returns: how many wait at this moment, 0 if it is broken
 */
guint
mp_barrier_get_n_waiting (MpBarrier *self)
{
  guint64 word;

  g_return_val_if_fail (MP_IS_BARRIER (self), 0);

  word = atomic_load (&get_state (self)->word);
  return (word & BROKEN) != 0 ? 0 : count_of (word);
}

/**
 * mp_barrier_get_broken:
 * @self: a barrier
 *
 * Tells whether the barrier is broken.
 *
 * Returns: whether it is broken
 */
gboolean
mp_barrier_get_broken (MpBarrier *self)
{
  g_return_val_if_fail (MP_IS_BARRIER (self), FALSE);

  return (atomic_load (&get_state (self)->word) & BROKEN) != 0;
}
