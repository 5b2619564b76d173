/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A gate that threads are put off from, under ThreadSanitizer: none of them may sleep for ever. */
#include <errno.h>

#include "mp-gate-private.h"

#define N_THREADS  4
#define N_TIMES    3000

static MpGate gate;
static guint n_inside;  /* guarded by the gate */
static guint n_put_off;

/* Instead of a segment's bell and of watching processes. */
static guint n_rings;
static pthread_mutex_t bell_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;

void
_mp_segment_ring (MpSegment *segment)
{
  pthread_mutex_lock (&bell_mutex);
  n_rings++;
  pthread_cond_broadcast (&bell);
  pthread_mutex_unlock (&bell_mutex);
}

gboolean
_mp_watch_owner (MpWatch         *watch,
                 pthread_mutex_t *mutex)
{
  return _mp_mutex_get_owner (mutex) != 0;
}

/* ThreadSanitizer does not know this one. Nobody here waits that long. */
int
pthread_mutex_clocklock (pthread_mutex_t       *mutex,
                         clockid_t              clock,
                         const struct timespec *end)
{
  int result = pthread_mutex_trylock (mutex);

  return result == EBUSY ? ETIMEDOUT : result;
}

static guint
listen_to_bell (void)
{
  guint heard;

  pthread_mutex_lock (&bell_mutex);
  heard = n_rings;
  pthread_mutex_unlock (&bell_mutex);
  return heard;
}

static void
sleep_until_rung (guint heard)
{
  pthread_mutex_lock (&bell_mutex);
  n_put_off++;
  while (n_rings == heard)
    pthread_cond_wait (&bell, &bell_mutex);
  pthread_mutex_unlock (&bell_mutex);
}

static gpointer
pass_gate (gpointer data)
{
  MpWatch watch = { 0 };

  for (guint i = 0; i < N_TIMES;)
    {
      guint heard = listen_to_bell ();

      if (_mp_gate_enter (&gate, MP_LONG_AGO, &watch) == MP_ACQUIRED_NOT)
        {
          sleep_until_rung (heard);
          continue;
        }
      n_inside++;
      if (i++ % 8 == 0)
        g_usleep (1);
      _mp_gate_leave (&gate, NULL);
    }
  return NULL;
}

int
main (void)
{
  pthread_t threads[N_THREADS];

  _mp_gate_init (&gate);
  for (guint i = 0; i < N_THREADS; i++)
    g_assert_cmpint (pthread_create (&threads[i], NULL, pass_gate, NULL), ==, 0);
  for (guint i = 0; i < N_THREADS; i++)
    pthread_join (threads[i], NULL);
  g_assert_cmpuint (n_inside, ==, N_THREADS * N_TIMES);
  g_assert_cmpuint (n_put_off, >, 0);
  return 0;
}
