/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <linux/futex.h>
#include <time.h>
#include <unistd.h>

#include "mp-mutex-private.h"

#include "mp-futex-private.h"

#define SPIN          100
#define BUSY_AT_MOST  (G_USEC_PER_SEC / 10)

void
_mp_mutex_init (pthread_mutex_t *mutex)
{
  pthread_mutexattr_t attributes;

  pthread_mutexattr_init (&attributes);
  pthread_mutexattr_setpshared (&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust (&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_settype (&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init (mutex, &attributes);
  pthread_mutexattr_destroy (&attributes);
}

static int
lock_until (pthread_mutex_t *mutex,
            gint64           deadline)
{
  struct timespec end = { deadline / G_USEC_PER_SEC, deadline % G_USEC_PER_SEC * 1000 };

  if (deadline < 0)
    return pthread_mutex_lock (mutex);
  if (deadline == 0)
    return pthread_mutex_trylock (mutex);
  return pthread_mutex_clocklock (mutex, CLOCK_MONOTONIC, &end);
}

/* @deadline: on the monotonic clock, -1 for never, 0 to try only. If this thread has it already,
 * @error_number is EDEADLK. */
MpAcquired
_mp_mutex_lock (pthread_mutex_t *mutex,
                gint64           deadline,
                int             *error_number)
{
  int result = lock_until (mutex, deadline);

  if (error_number != NULL)
    *error_number = result;
  if (G_LIKELY (result == 0))
    return MP_ACQUIRED;
  if (result != EOWNERDEAD)
    return MP_ACQUIRED_NOT;
  pthread_mutex_consistent (mutex);
  return MP_ACQUIRED_OWNER_DIED;
}

/* Locks what nobody has for long. @deadline: as above, but 0 is as long as it can be busy by
 * chance: whoever has it may just not be running. */
MpAcquired
_mp_mutex_enter (pthread_mutex_t *mutex,
                 gint64           deadline)
{
  for (guint i = 0; i < SPIN; i++)
    {
      MpAcquired acquired = MP_ACQUIRED_NOT;

      if (_mp_mutex_get_owner (mutex) == 0)
        acquired = _mp_mutex_lock (mutex, 0, NULL);
      if (acquired != MP_ACQUIRED_NOT)
        return acquired;
      _mp_relax ();
    }
  if (deadline == 0)
    deadline = g_get_monotonic_time () + BUSY_AT_MOST;
  return _mp_mutex_lock (mutex, deadline, NULL);
}

/* Returns: FALSE if this thread does not have it */
gboolean
_mp_mutex_unlock (pthread_mutex_t *mutex)
{
  return pthread_mutex_unlock (mutex) == 0;
}

/* The thread that has it now, 0 for none. That the first word holds it is the kernel's rule for
 * robust mutexes. */
pid_t
_mp_mutex_get_owner (pthread_mutex_t *mutex)
{
  return __atomic_load_n ((guint32 *) mutex, __ATOMIC_SEQ_CST) & FUTEX_TID_MASK;
}

gboolean
_mp_mutex_is_mine (pthread_mutex_t *mutex)
{
  return _mp_mutex_get_owner (mutex) == gettid ();
}
