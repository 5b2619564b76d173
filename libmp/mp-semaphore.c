/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-semaphore.h"

#include "mp-error.h"
#include "mp-gate-private.h"
#include "mp-identity-private.h"
#include "mp-poll-private.h"
#include "mp-shareable.h"
#include "mp-shared-object-private.h"
#include "mp-watch-private.h"

/**
 * MpSemaphore:
 *
 * A number of units that processes acquire and release.
 *
 * A unit that was acquired belongs to the process until that releases it, or, if it has none,
 * another process does so for it. If a process dies, killed or not, its units go to those who wait
 * for one, or ask for one, and they are told: mp_semaphore_acquire() returns
 * %MP_ACQUIRED_OWNER_DIED. With Python's semaphore they would be gone.
 *
 * So what a process acquires and means never to release comes back when it dies. To hand signals
 * from process to process use an #MpQueue, or an #MpEvent.
 *
 * Of the units that more than 64 processes hold at a time only those of 64 are known, and come
 * back.
 */

/**
 * MpBoundedSemaphore:
 *
 * A semaphore that never has more units than it began with: to release one too many is an error.
 * The functions are those of #MpSemaphore.
 */

#define N_HOLDERS  64
#define MAX_VALUE  G_MAXINT32

/* Changed inside the gate, read anywhere. */
typedef struct
{
  _Atomic guint64 identity;
  _Atomic guint64 count;     /* its store is the commit; who has none is no holder */
} Holder;

/* In shared memory. The gate guards all, but the value may be read at any time. */
typedef struct
{
  MpGate          gate;
  _Atomic guint32 value;     /* the total without what holders have */
  guint32         total;
  guint32         bound;
  guint32         n_orphans; /* come from the dead, and nobody has been told yet */
  Holder          holders[N_HOLDERS];
} State;

struct _MpBoundedSemaphore
{
  MpSemaphore parent_instance;
};

G_DEFINE_TYPE (MpSemaphore, mp_semaphore, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_semaphore)

G_DEFINE_FINAL_TYPE (MpBoundedSemaphore, mp_bounded_semaphore, MP_TYPE_SEMAPHORE)
MP_REGISTER_SHAREABLE_TYPE (mp_bounded_semaphore)

static inline State *
get_state (gpointer self)
{
  return _mp_shared_object_get_memory (self);
}

static void
mp_semaphore_class_init (MpSemaphoreClass *klass)
{
  MpSharedObjectClass *shared_class = MP_SHARED_OBJECT_CLASS (klass);

  shared_class->what = "a semaphore";
  shared_class->size = sizeof (State);
}

static void
mp_semaphore_init (MpSemaphore *self)
{
}

static void
mp_bounded_semaphore_class_init (MpBoundedSemaphoreClass *klass)
{
}

static void
mp_bounded_semaphore_init (MpBoundedSemaphore *self)
{
}

static gpointer
semaphore_new (GType     type,
               guint     value,
               guint     bound,
               GError  **error)
{
  MpSemaphore *self;
  State *state;

  if (value > MAX_VALUE)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "A semaphore can have %d units at most",
                   MAX_VALUE);
      return NULL;
    }
  self = _mp_shared_object_new (type, sizeof (State), error);
  if (self == NULL)
    return NULL;
  state = get_state (self);
  _mp_gate_init (&state->gate);
  atomic_init (&state->value, value);
  state->total = value;
  state->bound = bound;
  return self;
}

/* What is with the holders is the truth; who died inside may not have come to the value. */
static void
count_value (State *state)
{
  guint64 held = 0;

  for (guint i = 0; i < N_HOLDERS; i++)
    held += state->holders[i].count;
  atomic_store (&state->value, state->total - held);
}

/* Returns: FALSE if it was put off for longer than @deadline */
static gboolean
enter (State   *state,
       gint64   deadline,
       MpWatch *watch)
{
  MpAcquired acquired = _mp_gate_enter (&state->gate, deadline, watch);

  if (acquired == MP_ACQUIRED_OWNER_DIED)
    count_value (state);
  return acquired != MP_ACQUIRED_NOT;
}

/* Inside the gate. */
static inline void
add_count (Holder *holder,
           int     difference)
{
  guint64 count = atomic_load_explicit (&holder->count, memory_order_relaxed);

  atomic_store_explicit (&holder->count, count + difference, memory_order_release);
}

/* Of this process, or a free place for it. Returns: NULL if there is none */
static Holder *
find_own (State *state)
{
  guint64 identity = _mp_identity_get_own ();
  Holder *unused = NULL;

  for (guint i = 0; i < N_HOLDERS; i++)
    {
      Holder *holder = &state->holders[i];

      if (holder->count > 0 && holder->identity == identity)
        return holder;
      if (holder->count == 0 && unused == NULL)
        unused = holder;
      /* Places are used from the front, and most semaphores have few holders. */
      if (holder->identity == 0)
        break;
    }
  if (unused != NULL && unused->identity != identity)
    unused->identity = identity;
  return unused;
}

/* Returns: NULL if nobody has any */
static Holder *
find_any (State *state)
{
  for (guint i = 0; i < N_HOLDERS; i++)
    {
      if (state->holders[i].count > 0)
        return &state->holders[i];
    }
  return NULL;
}

/* Names those who have units, outside of the gate: whoever gives one back rings.
 * Returns: which of them are dead */
static guint64
look_after_holders (State   *state,
                    MpWatch *watch)
{
  guint64 dead = 0;

  for (guint i = 0; i < N_HOLDERS; i++)
    {
      Holder *holder = &state->holders[i];

      if (holder->count == 0)
        continue;
      if (!_mp_identity_is_alive (holder->identity))
        dead |= (guint64) 1 << i;
      else if (watch != NULL)
        _mp_watch_identity (watch, holder->identity);
    }
  return dead;
}

/* Inside the gate: takes back what they have that were dead a moment ago. */
static void
take_back (MpSemaphore *self,
           guint64      dead)
{
  State *state = get_state (self);

  for (guint i = 0; i < N_HOLDERS && dead >> i != 0; i++)
    {
      Holder *holder = &state->holders[i];

      if ((dead >> i & 1) == 0 || holder->count == 0 || _mp_identity_is_alive (holder->identity))
        continue;
      _mp_segment_ring (_mp_shared_object_get_segment (self));
      state->n_orphans += holder->count;
      holder->count = 0;
      count_value (state);
      _mp_segment_ring (_mp_shared_object_get_segment (self));
    }
}

/* Inside the gate, and there is a unit. */
static MpAcquired
take (State *state)
{
  Holder *own = find_own (state);

  if (own != NULL)
    add_count (own, 1);
  else
    state->total--;
  atomic_fetch_sub (&state->value, 1);
  if (state->n_orphans == 0)
    return MP_ACQUIRED;
  state->n_orphans--;
  return MP_ACQUIRED_OWNER_DIED;
}

/**
 * mp_semaphore_new:
 * @value: how many units there are
 * @error: return location for an error
 *
 * Makes a semaphore.
 *
 * Returns: (transfer full): the semaphore, or %NULL with %MP_ERROR_FAILED if there are too many
 *   units or open descriptors, or there is no memory
 */
MpSemaphore *
mp_semaphore_new (guint    value,
                  GError **error)
{
  return semaphore_new (MP_TYPE_SEMAPHORE, value, MAX_VALUE, error);
}

/**
 * mp_bounded_semaphore_new: (constructor)
 * @value: how many units there are, and will be at most
 * @error: return location for an error
 *
 * Makes a semaphore that checks that not more is released than was acquired.
 *
 * Returns: (transfer full): the semaphore, or %NULL as mp_semaphore_new() fails
 */
MpBoundedSemaphore *
mp_bounded_semaphore_new (guint    value,
                          GError **error)
{
  return semaphore_new (MP_TYPE_BOUNDED_SEMAPHORE, value, value, error);
}

typedef struct
{
  MpSemaphore *self;
  gint64       deadline;  /* for the gate */
  gboolean     thorough;  /* looks after the dead without a watch, too */
  MpAcquired   acquired;
} Wait;

static gboolean
try_acquire (gpointer  data,
             MpWatch  *watch)
{
  Wait *wait = data;
  State *state = get_state (wait->self);
  guint64 dead = 0;

  if (watch == NULL && !wait->thorough && atomic_load (&state->value) == 0)
    return FALSE;
  do
    {
      if (!enter (state, wait->deadline, watch))
        return FALSE;
      take_back (wait->self, dead);
      if (atomic_load (&state->value) > 0)
        wait->acquired = take (state);
      _mp_gate_leave (&state->gate, _mp_shared_object_get_segment (wait->self));
      if (wait->acquired != MP_ACQUIRED_NOT)
        return TRUE;
      dead = watch != NULL || wait->thorough ? look_after_holders (state, watch) : 0;
    }
  while (dead != 0);
  return FALSE;
}

/**
 * mp_semaphore_acquire:
 * @self: a semaphore
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Acquires a unit. May be called from any thread.
 *
 * Returns: %MP_ACQUIRED, or %MP_ACQUIRED_OWNER_DIED if a process died with the unit: in both cases
 *   this process has it; %MP_ACQUIRED_NOT, which is 0, without an error if there was none within
 *   @timeout, or with %MP_ERROR_FAILED if there are too many open descriptors to wait
 */
MpAcquired
mp_semaphore_acquire (MpSemaphore  *self,
                      gint64        timeout,
                      GError      **error)
{
  Wait wait = { self, 0, timeout == 0, MP_ACQUIRED_NOT };

  g_return_val_if_fail (MP_IS_SEMAPHORE (self), MP_ACQUIRED_NOT);

  if (timeout != 0)
    wait.deadline = _mp_deadline_of_timeout (timeout);
  if (!try_acquire (&wait, NULL) && timeout != 0)
    _mp_wait (self, try_acquire, &wait, timeout, error);
  return wait.acquired;
}

/**
 * mp_semaphore_acquire_async:
 * @self: a semaphore
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when this process has a unit
 * @user_data: data for @callback
 *
 * Acquires a unit in the thread-default main context, without a thread.
 */
void
mp_semaphore_acquire_async (MpSemaphore         *self,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  Wait *wait;

  g_return_if_fail (MP_IS_SEMAPHORE (self));

  wait = g_new (Wait, 1);
  *wait = (Wait) { self, MP_LONG_AGO, FALSE, MP_ACQUIRED_NOT };
  _mp_wait_async (self, try_acquire, wait, g_free, cancellable, callback, user_data);
}

/**
 * mp_semaphore_acquire_finish:
 * @self: a semaphore
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_semaphore_acquire_async().
 *
 * Returns: as mp_semaphore_acquire() does; %MP_ACQUIRED_NOT with %G_IO_ERROR_CANCELLED if it was
 *   cancelled: no unit was acquired then
 */
MpAcquired
mp_semaphore_acquire_finish (MpSemaphore   *self,
                             GAsyncResult  *result,
                             GError       **error)
{
  gpointer wait;

  g_return_val_if_fail (MP_IS_SEMAPHORE (self) && MP_IS_WAIT (result), MP_ACQUIRED_NOT);

  return _mp_wait_finish (result, &wait, error) ? ((Wait *) wait)->acquired : MP_ACQUIRED_NOT;
}

/**
 * mp_semaphore_release:
 * @self: a semaphore
 * @error: return location for an error
 *
 * Releases a unit: one that this process has acquired, or else one that another process has, or
 * else, if it is not bounded, a new one.
 *
 * Returns: %FALSE with %MP_ERROR_NOT_OWNED if all are released already
 */
gboolean
mp_semaphore_release (MpSemaphore  *self,
                      GError      **error)
{
  State *state = get_state (self);
  gboolean possible;

  g_return_val_if_fail (MP_IS_SEMAPHORE (self), FALSE);

  enter (state, -1, NULL);
  possible = atomic_load (&state->value) < state->bound;
  if (possible)
    {
      Holder *holder = find_own (state);

      if (holder == NULL || holder->count == 0)
        holder = find_any (state);
      _mp_segment_ring (_mp_shared_object_get_segment (self));
      if (holder != NULL)
        add_count (holder, -1);
      else
        state->total++;
      atomic_fetch_add (&state->value, 1);
      _mp_segment_ring (_mp_shared_object_get_segment (self));
    }
  _mp_gate_leave (&state->gate, _mp_shared_object_get_segment (self));

  if (!possible)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED,
                         "semaphore or lock released too many times");
  return possible;
}

/**
 * mp_semaphore_get_value:
 * @self: a semaphore
 *
 * Gets how often it could be acquired now.
 *
 * Returns: how many units can be acquired at this moment
 */
guint
mp_semaphore_get_value (MpSemaphore *self)
{
  g_return_val_if_fail (MP_IS_SEMAPHORE (self), 0);

  return atomic_load (&get_state (self)->value);
}
