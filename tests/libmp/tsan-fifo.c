/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The memory of a queue used by threads, some of which die at it, under ThreadSanitizer: it sees
 * what is read without having been given on by the stores that say so. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mp-fifo-private.h"

/* That the kernel gives a mutex on ThreadSanitizer does not see. */
void __tsan_release (void *address);

#define SIZE       ((guint64) 16 << 20)
#define N_RECORDS  20000
#define N_PUTTERS  2
#define N_GETTERS  2
#define DIE_EACH   97

static MpFifo fifo;
static _Atomic guint n_got;

/* Nobody sleeps here. */
void
_mp_segment_ring (MpSegment *segment)
{
}

gboolean
_mp_watch_owner (MpWatch         *watch,
                 pthread_mutex_t *mutex)
{
  return FALSE;
}

static MpFifoRecord
make_record (guint number)
{
  return (MpFifoRecord) { .type = 'v', .length = number % 13 * (number % 7) * 40, .data = number };
}

static void
put (guint    number,
     gboolean die)
{
  MpFifoRecord record = make_record (number);
  guint8 *at = NULL;

  while (at == NULL)
    {
      _mp_gate_enter (&fifo.state->put.gate, -1, NULL);
      at = _mp_fifo_reserve (&fifo, &record);
      if (at != NULL)
        memset (at, number, record.length);
      /* The thread ends with the mutex. */
      if (die)
        {
          __tsan_release (&fifo.state->put.gate.mutex);
          return;
        }
      if (at != NULL)
        _mp_fifo_publish (&fifo, &record);
      _mp_gate_leave (&fifo.state->put.gate, NULL);
    }
}

static gpointer
put_and_die (gpointer data)
{
  put (GPOINTER_TO_UINT (data), TRUE);
  return NULL;
}

static gpointer
get_and_die (gpointer data)
{
  MpFifoRecord record;
  guint8 *at;

  _mp_gate_enter (&fifo.state->get.gate, -1, NULL);
  _mp_fifo_look (&fifo, &record, &at);
  __tsan_release (&fifo.state->get.gate.mutex);
  return NULL;
}

static void
run_to_death (gpointer (*function) (gpointer), gpointer data)
{
  pthread_t thread;

  g_assert_cmpint (pthread_create (&thread, NULL, function, data), ==, 0);
  pthread_join (thread, NULL);
}

static gpointer
run_putter (gpointer data)
{
  for (guint i = GPOINTER_TO_UINT (data); i < N_RECORDS; i += N_PUTTERS)
    {
      if (i % DIE_EACH == 0)
        run_to_death (put_and_die, GUINT_TO_POINTER (i + 1));
      put (i, FALSE);
    }
  return NULL;
}

static gboolean
get (void)
{
  MpFifoRecord record;
  guint8 *at;
  gboolean got;

  _mp_gate_enter (&fifo.state->get.gate, -1, NULL);
  got = _mp_fifo_look (&fifo, &record, &at);
  if (got)
    {
      MpFifoRecord wanted = make_record (record.data);

      g_assert_cmpuint (record.length, ==, wanted.length);
      for (guint i = 0; i < record.length; i++)
        g_assert_cmpuint (at[i], ==, record.data & 0xff);
      _mp_fifo_remove (&fifo);
      atomic_fetch_add (&n_got, 1);
    }
  _mp_gate_leave (&fifo.state->get.gate, NULL);
  return got;
}

static gpointer
run_getter (gpointer data)
{
  while (atomic_load (&n_got) < N_RECORDS)
    {
      if (!get ())
        g_thread_yield ();
      else if (atomic_load (&n_got) % DIE_EACH == 0)
        run_to_death (get_and_die, NULL);
    }
  return NULL;
}

int
main (void)
{
  pthread_t threads[N_PUTTERS + N_GETTERS];
  guint8 *base;

  fifo.memory = memfd_create ("fifo", MFD_CLOEXEC);
  g_assert_cmpint (ftruncate (fifo.memory, SIZE), ==, 0);
  base = mmap (NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fifo.memory, 0);
  g_assert_true (base != MAP_FAILED);
  fifo.state = (MpFifoState *) base;
  fifo.start = 4096;
  fifo.base = base + fifo.start;
  fifo.size = SIZE - fifo.start;
  _mp_fifo_init (&fifo, 50);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmpint (pthread_create (&threads[i], NULL, i < N_PUTTERS ? run_putter : run_getter,
                                     GUINT_TO_POINTER (i)), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    pthread_join (threads[i], NULL);
  g_assert_cmpuint (n_got, ==, N_RECORDS);
  g_assert_cmpuint (_mp_fifo_count (&fifo), ==, 0);
  return 0;
}
