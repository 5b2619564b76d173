/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-condition.h"

#include "mp-error.h"
#include "mp-lock-private.h"
#include "mp-mutex-private.h"
#include "mp-poll-private.h"
#include "mp-shareable.h"
#include "mp-shared-object-private.h"
#include "mp-watch-private.h"

/**
 * MpCondition:
 *
 * Lets processes wait until another one says that something has changed, which a lock protects.
 *
 * A notification goes to those who have waited longest, and only to those who live: a process that
 * was killed while it waited keeps nobody from being notified, and nobody waits for its
 * acknowledgement, which makes Python's `notify` hang. One that is killed after it was notified
 * takes that notification with it.
 *
 * 128 threads can wait at a time.
 */

#define N_WAITERS 128

typedef enum
{
  WAITER_NONE,
  WAITER_WAITS,
  WAITER_NOTIFIED,
} WaiterState;

/* Changed by who has the lock. */
typedef struct
{
  /* Held while it waits. That nobody has it shows that the waiter has died, without a question to
   * the kernel. */
  pthread_mutex_t life;
  guint64         ticket;  /* the order in which they came */
  _Atomic guint32 state;
} Waiter;

/* In shared memory */
typedef struct
{
  guint64 next_ticket;
  Waiter  waiters[N_WAITERS];
} State;

struct _MpCondition
{
  MpSharedObject  parent_instance;

  MpLock         *lock;  /* owned */
};

G_DEFINE_FINAL_TYPE (MpCondition, mp_condition, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_condition)

static inline State *
get_state (gpointer self)
{
  return _mp_shared_object_get_memory (self);
}

static void
mp_condition_finalize (GObject *object)
{
  g_clear_object (&MP_CONDITION (object)->lock);

  G_OBJECT_CLASS (mp_condition_parent_class)->finalize (object);
}

static GVariant *
mp_condition_pack (MpSharedObject *self)
{
  return mp_shareable_to_variant (MP_SHAREABLE (MP_CONDITION (self)->lock));
}

static gboolean
mp_condition_unpack (MpSharedObject  *self,
                     GVariant        *more,
                     GError         **error)
{
  MP_CONDITION (self)->lock = mp_shareable_from_variant (more, MP_TYPE_LOCK, error);
  return MP_CONDITION (self)->lock != NULL;
}

static void
mp_condition_class_init (MpConditionClass *klass)
{
  MpSharedObjectClass *shared_class = MP_SHARED_OBJECT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = mp_condition_finalize;
  shared_class->what = "a condition";
  shared_class->size = sizeof (State);
  shared_class->pack = mp_condition_pack;
  shared_class->unpack = mp_condition_unpack;
}

static void
mp_condition_init (MpCondition *self)
{
}

static gboolean
check_lock (MpCondition  *self,
            GError      **error)
{
  if (_mp_mutex_is_mine (_mp_lock_get_mutex (self->lock)))
    return TRUE;
  g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED,
                       "This thread must have the condition's lock for that");
  return FALSE;
}

/* The lock is held. A place is free, too, if who waited there has died. */
static Waiter *
add_waiter (MpCondition  *self,
            GError      **error)
{
  for (guint i = 0; i < N_WAITERS; i++)
    {
      Waiter *waiter = &get_state (self)->waiters[i];

      if (_mp_mutex_get_owner (&waiter->life) == 0
          && _mp_mutex_lock (&waiter->life, 0, NULL) != MP_ACQUIRED_NOT)
        {
          waiter->ticket = get_state (self)->next_ticket++;
          atomic_store (&waiter->state, WAITER_WAITS);
          return waiter;
        }
    }
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "%d threads wait for the condition already",
               N_WAITERS);
  return NULL;
}

/* Returns: NULL if nobody waits */
static Waiter *
find_oldest (State *state)
{
  Waiter *oldest = NULL;

  for (guint i = 0; i < N_WAITERS; i++)
    {
      Waiter *waiter = &state->waiters[i];

      if (atomic_load (&waiter->state) == WAITER_WAITS
          && (oldest == NULL || waiter->ticket < oldest->ticket)
          && _mp_mutex_get_owner (&waiter->life) != 0)
        oldest = waiter;
    }
  return oldest;
}

typedef struct
{
  MpCondition *self;
  Waiter      *waiter;
  guint        depth;     /* how often this thread had the lock */

  /* Owned */
  GError      *failure;
  MpWait      *async;     /* until the lock has been acquired again */

  MpAcquired   acquired;  /* so the lock was */
  gboolean     notified;
} Wait;

static gboolean
start_waiting (Wait    *wait,
               GError **error)
{
  if (!check_lock (wait->self, error))
    return FALSE;
  wait->waiter = add_waiter (wait->self, error);
  if (wait->waiter == NULL)
    return FALSE;
  wait->depth = _mp_lock_leave (wait->self->lock);
  return TRUE;
}

static void
stop_waiting (Wait *wait)
{
  atomic_store (&wait->waiter->state, WAITER_NONE);
  _mp_mutex_unlock (&wait->waiter->life);
  wait->waiter = NULL;
}

/* When the lock has been acquired again. */
static void
come_back (Wait *wait)
{
  if (wait->acquired == MP_ACQUIRED_OWNER_DIED && wait->failure == NULL)
    g_set_error_literal (&wait->failure, MP_ERROR, MP_ERROR_OWNER_DIED,
                         "A process died while it had the condition's lock");
  wait->notified = wait->failure == NULL
                   && atomic_load (&wait->waiter->state) == WAITER_NOTIFIED;
  stop_waiting (wait);
}

static gboolean
try_wait (gpointer  data,
          MpWatch  *watch)
{
  Wait *wait = data;

  /* It could not begin, or was notified. */
  if (wait->waiter == NULL || atomic_load (&wait->waiter->state) == WAITER_NOTIFIED)
    return TRUE;
  if (watch != NULL)
    _mp_watch_owner (watch, _mp_lock_get_mutex (wait->self->lock));
  return FALSE;
}

static gboolean
try_come_back (gpointer  data,
               MpWatch  *watch)
{
  Wait *wait = data;

  wait->acquired = _mp_lock_try_come_back (wait->self->lock, wait->depth, watch);
  return wait->acquired != MP_ACQUIRED_NOT;
}

static void
on_back (MpWait   *for_lock,
         gpointer  data)
{
  Wait *wait = data;

  /* There were no descriptors to wait with. */
  if (wait->acquired == MP_ACQUIRED_NOT)
    wait->acquired = _mp_lock_come_back (wait->self->lock, wait->depth);
  come_back (wait);
  _mp_wait_give_result (wait->async);
}

static void
drop_async (gpointer data)
{
  g_object_unref (((Wait *) data)->async);
}

/* Notified or not, the lock is acquired again. */
static void
on_ended (MpWait   *async,
          gpointer  data)
{
  Wait *wait = data;

  if (wait->waiter == NULL)
    {
      _mp_wait_give_result (async);
      return;
    }
  wait->async = g_object_ref (async);
  _mp_wait_async_full (wait->self->lock, try_come_back, wait, drop_async, -1, on_back, NULL, NULL,
                       NULL);
}

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  if (wait->waiter != NULL)
    stop_waiting (wait);
  g_clear_error (&wait->failure);
  g_free (wait);
}

/**
 * mp_condition_new:
 * @lock: (nullable): the lock, %NULL for one of its own that its owner can acquire again
 * @error: return location for an error
 *
 * Makes a condition.
 *
 * Returns: (transfer full): the condition, or %NULL with %MP_ERROR_FAILED if there are too many
 *   open descriptors or there is no memory
 */
MpCondition *
mp_condition_new (MpLock  *lock,
                  GError **error)
{
  g_autoptr (MpCondition) self = NULL;

  g_return_val_if_fail (lock == NULL || MP_IS_LOCK (lock), NULL);

  self = _mp_shared_object_new (MP_TYPE_CONDITION, sizeof (State), error);
  if (self == NULL)
    return NULL;
  self->lock = lock != NULL ? g_object_ref (lock) : (MpLock *) mp_rlock_new (error);
  if (self->lock == NULL)
    return NULL;
  for (guint i = 0; i < N_WAITERS; i++)
    _mp_mutex_init (&get_state (self)->waiters[i].life);
  return g_steal_pointer (&self);
}

/**
 * mp_condition_get_lock:
 * @self: a condition
 *
 * Gets the lock of the condition.
 *
 * Returns: (transfer none): its lock, to be held around all else
 */
MpLock *
mp_condition_get_lock (MpCondition *self)
{
  g_return_val_if_fail (MP_IS_CONDITION (self), NULL);

  return self->lock;
}

/**
 * mp_condition_wait:
 * @self: a condition, whose lock this thread has
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Releases the lock, however often this thread has it, waits to be notified, and acquires it again,
 * which may take longer than @timeout.
 *
 * Returns: %TRUE if it was notified; %FALSE without an error if it was not within @timeout; %FALSE
 *   with %MP_ERROR_OWNER_DIED if a process died while it had the lock: this thread has it all the
 *   same, and whatever it waits for should be looked at; with %MP_ERROR_NOT_OWNED if it did not
 *   have the lock, %MP_ERROR_FAILED if there are too many waiters or open descriptors
 */
gboolean
mp_condition_wait (MpCondition  *self,
                   gint64        timeout,
                   GError      **error)
{
  Wait wait = { .self = self };

  g_return_val_if_fail (MP_IS_CONDITION (self), FALSE);

  if (!start_waiting (&wait, error))
    return FALSE;
  _mp_wait (self, try_wait, &wait, timeout, &wait.failure);
  wait.acquired = _mp_lock_come_back (self->lock, wait.depth);
  come_back (&wait);
  if (wait.failure != NULL)
    g_propagate_error (error, g_steal_pointer (&wait.failure));
  return wait.notified;
}

/**
 * mp_condition_wait_async:
 * @self: a condition, whose lock this thread has
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when this thread has the lock again
 * @user_data: data for @callback
 *
 * Releases the lock before it returns, waits to be notified in the thread-default main context,
 * without a thread, and acquires the lock again, for the thread that runs that context, which must
 * be this one. Whoever waits until something is so looks at it in @callback, and calls this again.
 *
 * The lock is acquired again, and @callback called then, also if it was cancelled. Only if this
 * thread did not have the lock it has not got it then either.
 */
void
mp_condition_wait_async (MpCondition         *self,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  Wait *wait;

  g_return_if_fail (MP_IS_CONDITION (self));

  wait = g_new0 (Wait, 1);
  wait->self = self;
  start_waiting (wait, &wait->failure);
  _mp_wait_async_full (self, try_wait, wait, wait_free, -1, on_ended, cancellable, callback,
                       user_data);
}

/**
 * mp_condition_wait_finish:
 * @self: a condition
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_condition_wait_async().
 *
 * Returns: %TRUE if it was notified, even if it was cancelled, too; %FALSE with
 *   %G_IO_ERROR_CANCELLED if it was cancelled before, or with an error as mp_condition_wait()
 */
gboolean
mp_condition_wait_finish (MpCondition   *self,
                          GAsyncResult  *result,
                          GError       **error)
{
  g_autoptr (GError) failure = NULL;
  gpointer data;
  Wait *wait;

  g_return_val_if_fail (MP_IS_CONDITION (self) && MP_IS_WAIT (result), FALSE);

  _mp_wait_finish (result, &data, &failure);
  wait = data;
  if (wait->notified)
    return TRUE;
  if (wait->failure != NULL)
    g_propagate_error (error, g_steal_pointer (&wait->failure));
  else
    g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/**
 * mp_condition_wait_for:
 * @self: a condition, whose lock this thread has
 * @predicate: (scope call): what is waited for
 * @user_data: data for @predicate
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits, and waits again, until @predicate is so.
 *
 * Returns: %TRUE if it is; %FALSE without an error if @timeout has passed before, with one as
 *   mp_condition_wait() fails, but for a process that died with the lock: then it goes on
 */
gboolean
mp_condition_wait_for (MpCondition  *self,
                       MpPredicate   predicate,
                       gpointer      user_data,
                       gint64        timeout,
                       GError      **error)
{
  gint64 deadline = _mp_deadline_of_timeout (timeout);

  g_return_val_if_fail (MP_IS_CONDITION (self), FALSE);
  g_return_val_if_fail (predicate != NULL, FALSE);

  if (!check_lock (self, error))
    return FALSE;
  while (!predicate (user_data))
    {
      g_autoptr (GError) failure = NULL;
      gint64 rest = deadline < 0 ? -1 : MAX (deadline - g_get_monotonic_time (), 0);

      if (rest == 0)
        return FALSE;
      if (mp_condition_wait (self, rest, &failure) || failure == NULL
          || g_error_matches (failure, MP_ERROR, MP_ERROR_OWNER_DIED))
        continue;
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  return TRUE;
}

/**
 * mp_condition_notify:
 * @self: a condition, whose lock this thread has
 * @n: how many to notify at most
 * @error: return location for an error
 *
 * Lets those go on that have waited longest. They do when they have the lock. It never blocks.
 *
 * Returns: %FALSE with %MP_ERROR_NOT_OWNED if this thread does not have the lock
 */
gboolean
mp_condition_notify (MpCondition  *self,
                     guint         n,
                     GError      **error)
{
  Waiter *waiter;

  g_return_val_if_fail (MP_IS_CONDITION (self), FALSE);

  if (!check_lock (self, error))
    return FALSE;
  while (n-- > 0 && (waiter = find_oldest (get_state (self))) != NULL)
    {
      _mp_segment_ring (_mp_shared_object_get_segment (self));
      atomic_store (&waiter->state, WAITER_NOTIFIED);
      _mp_segment_ring (_mp_shared_object_get_segment (self));
    }
  return TRUE;
}

/**
 * mp_condition_notify_all:
 * @self: a condition, whose lock this thread has
 * @error: return location for an error
 *
 * Lets all go on that wait.
 *
 * Returns: %FALSE with %MP_ERROR_NOT_OWNED if this thread does not have the lock
 */
gboolean
mp_condition_notify_all (MpCondition  *self,
                         GError      **error)
{
  return mp_condition_notify (self, G_MAXUINT, error);
}
