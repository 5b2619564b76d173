/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "mp-lock.h"

#include "mp-error.h"
#include "mp-lock-private.h"
#include "mp-mutex-private.h"
#include "mp-poll-private.h"
#include "mp-shareable.h"
#include "mp-shared-object-private.h"
#include "mp-watch-private.h"

/**
 * MpLock:
 *
 * A lock that processes, and their threads, share.
 *
 * It belongs to the thread that has acquired it. If that one dies, killed or not, the lock goes to
 * the next that waits for it, or asks for it, and that one is told: mp_lock_acquire() returns
 * %MP_ACQUIRED_OWNER_DIED, once. What the lock protects may be half changed then. Python's lock
 * would stay locked for ever.
 *
 * For this it has to be known whose the lock is, so only that thread can release it, where Python
 * lets anybody do that. To let one process go on when another one says so use an #MpEvent, or an
 * #MpSemaphore.
 *
 * Nothing is left of a lock when the last process that has it is gone.
 */

/**
 * MpRLock:
 *
 * A lock that the thread which has it can acquire again: it has to be released as often. The
 * functions are those of #MpLock.
 */

/* In shared memory */
typedef struct
{
  pthread_mutex_t mutex;
  guint32         depth;      /* how often its owner has it */
  guint32         recursive;  /* whether that can be more than once */
} State;

struct _MpRLock
{
  MpLock parent_instance;
};

G_DEFINE_TYPE (MpLock, mp_lock, MP_TYPE_SHARED_OBJECT)
MP_REGISTER_SHAREABLE_TYPE (mp_lock)

G_DEFINE_FINAL_TYPE (MpRLock, mp_rlock, MP_TYPE_LOCK)
MP_REGISTER_SHAREABLE_TYPE (mp_rlock)

static inline State *
get_state (gpointer self)
{
  return _mp_shared_object_get_memory (self);
}

/* For every use: to find out what an MpRLock is derived from takes GObject a fifth of that. */
static inline gboolean
is_lock (gpointer self)
{
  return (self != NULL && G_TYPE_FROM_INSTANCE (self) == MP_TYPE_RLOCK) || MP_IS_LOCK (self);
}

static gboolean
is_thread_here (pid_t thread)
{
  g_autofree char *path = NULL;

  if (thread == 0 || thread == getpid () || thread == gettid ())
    return thread != 0;
  path = g_strdup_printf ("/proc/self/task/%d", (int) thread);
  return access (path, F_OK) == 0 || errno != ENOENT;
}

static void
mp_lock_finalize (GObject *object)
{
  State *state = get_state (object);

  /* The kernel knows a lock that a thread here has by its address: it must stay mapped. */
  if (state != NULL && is_thread_here (_mp_mutex_get_owner (&state->mutex)))
    _mp_shared_object_get_private (object)->place.segment = NULL;

  G_OBJECT_CLASS (mp_lock_parent_class)->finalize (object);
}

static void
mp_lock_class_init (MpLockClass *klass)
{
  MpSharedObjectClass *shared_class = MP_SHARED_OBJECT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = mp_lock_finalize;
  shared_class->what = "a lock";
  shared_class->size = sizeof (State);
}

static void
mp_lock_init (MpLock *self)
{
}

static void
mp_rlock_class_init (MpRLockClass *klass)
{
}

static void
mp_rlock_init (MpRLock *self)
{
}

static gpointer
lock_new (GType    type,
          GError **error)
{
  MpLock *self = _mp_shared_object_new (type, sizeof (State), error);

  if (self == NULL)
    return NULL;
  _mp_mutex_init (&get_state (self)->mutex);
  get_state (self)->recursive = type == MP_TYPE_RLOCK;
  return self;
}

static MpAcquired
acquire (State  *state,
         gint64  deadline,
         int    *error_number)
{
  MpAcquired acquired = _mp_mutex_lock (&state->mutex, deadline, error_number);

  if (G_LIKELY (acquired != MP_ACQUIRED_NOT))
    {
      state->depth = 1;
      return acquired;
    }
  if (*error_number == EDEADLK && state->recursive && state->depth < G_MAXUINT32)
    {
      state->depth++;
      return MP_ACQUIRED;
    }
  return MP_ACQUIRED_NOT;
}

pthread_mutex_t *
_mp_lock_get_mutex (MpLock *self)
{
  return &get_state (self)->mutex;
}

/* Of a lock that this thread has. Returns: how often */
guint
_mp_lock_leave (MpLock *self)
{
  State *state = get_state (self);
  guint depth = state->depth;

  _mp_mutex_unlock (&state->mutex);
  _mp_segment_ring (_mp_shared_object_get_segment (self));
  return depth;
}

MpAcquired
_mp_lock_come_back (MpLock *self,
                    guint   depth)
{
  State *state = get_state (self);
  MpAcquired acquired = _mp_mutex_lock (&state->mutex, -1, NULL);

  state->depth = depth;
  return acquired;
}

/* For a wait. */
MpAcquired
_mp_lock_try_come_back (MpLock  *self,
                        guint    depth,
                        MpWatch *watch)
{
  State *state = get_state (self);
  MpAcquired acquired;
  int error_number;

  do
    acquired = acquire (state, 0, &error_number);
  while (acquired == MP_ACQUIRED_NOT && watch != NULL && !_mp_watch_owner (watch, &state->mutex));
  /* Somebody else in this thread may have it, too. */
  if (acquired != MP_ACQUIRED_NOT)
    state->depth += depth - 1;
  return acquired;
}

/**
 * mp_lock_new:
 * @error: return location for an error
 *
 * Makes a lock. It is released.
 *
 * Returns: (transfer full): the lock, or %NULL with %MP_ERROR_FAILED if there are too many open
 *   descriptors or there is no memory
 */
MpLock *
mp_lock_new (GError **error)
{
  return lock_new (MP_TYPE_LOCK, error);
}

/**
 * mp_rlock_new: (constructor)
 * @error: return location for an error
 *
 * Makes a lock that its owner can acquire again.
 *
 * Returns: (transfer full): the lock, or %NULL as mp_lock_new() fails
 */
MpRLock *
mp_rlock_new (GError **error)
{
  return lock_new (MP_TYPE_RLOCK, error);
}

/**
 * mp_lock_acquire:
 * @self: a lock
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Acquires the lock. May be called from any thread, which owns the lock then.
 *
 * Returns: %MP_ACQUIRED, or %MP_ACQUIRED_OWNER_DIED if who had it died with it: in both cases this
 *   thread has the lock; %MP_ACQUIRED_NOT, which is 0, without an error if it was not to be had
 *   within @timeout, or with %MP_ERROR_PROCESS if this thread has it already, cannot have it again
 *   and would wait for ever
 */
MpAcquired
mp_lock_acquire (MpLock  *self,
                 gint64   timeout,
                 GError **error)
{
  MpAcquired acquired;
  int error_number;

  g_return_val_if_fail (is_lock (self), MP_ACQUIRED_NOT);

  acquired = acquire (get_state (self),
                      timeout <= 0 ? CLAMP (timeout, -1, 0) : _mp_deadline_of_timeout (timeout),
                      &error_number);
  if (acquired == MP_ACQUIRED_NOT && error_number == EDEADLK && timeout < 0)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS,
                         "This thread has the lock already and would wait for itself for ever");
  return acquired;
}

typedef struct
{
  MpLock     *self;
  MpAcquired  acquired;
} Wait;

static gboolean
try_acquire (gpointer  data,
             MpWatch  *watch)
{
  Wait *wait = data;

  wait->acquired = _mp_lock_try_come_back (wait->self, 1, watch);
  return wait->acquired != MP_ACQUIRED_NOT;
}

/**
 * mp_lock_acquire_async:
 * @self: a lock
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when the lock is this thread's
 * @user_data: data for @callback
 *
 * Acquires the lock without blocking: it is waited for in the thread-default main context, and
 * belongs to the thread that runs that one. No thread is started. Of several that wait this way any
 * may be the next.
 */
void
mp_lock_acquire_async (MpLock              *self,
                       GCancellable        *cancellable,
                       GAsyncReadyCallback  callback,
                       gpointer             user_data)
{
  Wait *wait;

  g_return_if_fail (MP_IS_LOCK (self));

  wait = g_new0 (Wait, 1);
  wait->self = self;
  _mp_wait_async (self, try_acquire, wait, g_free, cancellable, callback, user_data);
}

/**
 * mp_lock_acquire_finish:
 * @self: a lock
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends mp_lock_acquire_async().
 *
 * Returns: as mp_lock_acquire() does; %MP_ACQUIRED_NOT with %G_IO_ERROR_CANCELLED if it was
 *   cancelled, with %MP_ERROR_FAILED if there are too many open descriptors to wait: the lock is
 *   not this thread's then
 */
MpAcquired
mp_lock_acquire_finish (MpLock        *self,
                        GAsyncResult  *result,
                        GError       **error)
{
  gpointer wait;

  g_return_val_if_fail (MP_IS_LOCK (self) && MP_IS_WAIT (result), MP_ACQUIRED_NOT);

  return _mp_wait_finish (result, &wait, error) ? ((Wait *) wait)->acquired : MP_ACQUIRED_NOT;
}

/**
 * mp_lock_release:
 * @self: a lock
 * @error: return location for an error
 *
 * Releases the lock, or one of the times that this thread has it.
 *
 * Returns: %FALSE with %MP_ERROR_NOT_OWNED if this thread does not have it
 */
gboolean
mp_lock_release (MpLock  *self,
                 GError **error)
{
  State *state;

  g_return_val_if_fail (is_lock (self), FALSE);

  state = get_state (self);
  if (state->recursive && state->depth > 1 && _mp_mutex_is_mine (&state->mutex))
    {
      state->depth--;
      return TRUE;
    }
  if (G_LIKELY (_mp_mutex_unlock (&state->mutex)))
    {
      _mp_segment_ring (_mp_shared_object_get_segment (self));
      return TRUE;
    }

  g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED,
                       _mp_mutex_get_owner (&state->mutex) == 0
                         ? "The lock is released already"
                         : "The lock belongs to another thread or process");
  return FALSE;
}

/**
 * mp_lock_get_locked:
 * @self: a lock
 *
 * Tells whether somebody has the lock now.
 *
 * Returns: whether somebody has it at this moment
 */
gboolean
mp_lock_get_locked (MpLock *self)
{
  g_return_val_if_fail (MP_IS_LOCK (self), FALSE);

  return _mp_mutex_get_owner (&get_state (self)->mutex) != 0;
}
