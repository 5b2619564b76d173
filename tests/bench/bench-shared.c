/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is shared by two processes: numbers through a queue, a semaphore acquired and released, a
 * number added to under its lock, by one process and by both. Beside them the barest that C can do
 * for it: a ring of two counters, a POSIX semaphore, a robust mutex. Prints one figure a line, per
 * second or in nanoseconds: WHO FIGURE VALUE. The twin of bench_shared.py. */
#include "config.h"

#include <mp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_ITEMS   1000000
#define N_PAIRS   1000000
#define N_ADDS    300000
#define RING_SIZE 4096

typedef struct
{
  _Atomic guint64 head __attribute__ ((aligned (64)));
  _Atomic guint64 tail __attribute__ ((aligned (64)));
  guint64         slots[RING_SIZE] __attribute__ ((aligned (64)));
  sem_t           semaphore;
  pthread_mutex_t mutex __attribute__ ((aligned (64)));
  guint64         number __attribute__ ((aligned (64)));
} Bare;

static Bare *bare;

static void
show (const char *who,
      const char *figure,
      guint       n,
      gint64      begin)
{
  printf ("%s %s %.0f\n", who, figure,
          n * (double) G_USEC_PER_SEC / (g_get_monotonic_time () - begin));
}

static void
show_ns (const char *who,
         const char *figure,
         guint       n,
         gint64      begin)
{
  printf ("%s %s %.2f\n", who, figure, (g_get_monotonic_time () - begin) * 1e3 / n);
}

static GVariant *
get_items (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpQueue) queue = mp_shareable_from_variant (args, MP_TYPE_QUEUE, error);

  for (guint i = 0; queue != NULL && i < N_ITEMS; i++)
    {
      g_autoptr(GVariant) value = mp_queue_get (queue, -1, error);

      if (value == NULL)
        break;
    }
  return NULL;
}
MP_REGISTER_FUNCTION (get_items)

static gboolean
add (MpValue  *value,
     guint     n,
     GError  **error)
{
  for (guint i = 0; i < n; i++)
    {
      if (mp_lock_acquire (mp_value_get_lock (value), -1, error) == MP_ACQUIRED_NOT)
        return FALSE;
      *(gint64 *) mp_value_get_pointer (value) += 1;
      mp_lock_release (mp_value_get_lock (value), error);
    }
  return TRUE;
}

static GVariant *
add_often (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpValue) value = mp_shareable_from_variant (args, MP_TYPE_VALUE, error);

  if (value != NULL)
    add (value, N_ADDS, error);
  return NULL;
}
MP_REGISTER_FUNCTION (add_often)

static MpProcess *
start (const char  *function,
       gpointer     object,
       GError     **error)
{
  MpProcess *process = mp_process_new_full (mp_context_get ("fork", NULL), NULL, function,
                                            mp_shareable_to_variant (object));

  if (!mp_process_start (process, error))
    g_clear_object (&process);
  return process;
}

static gboolean
measure_queue (GError **error)
{
  g_autoptr(MpQueue) queue = mp_queue_new (0, error);
  g_autoptr(MpProcess) process = queue != NULL ? start ("get_items", queue, error) : NULL;
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; process != NULL && i < N_ITEMS; i++)
    {
      if (!mp_queue_put (queue, g_variant_new_int64 (i), -1, error))
        return FALSE;
    }
  if (process == NULL || !mp_process_join (process, -1, error))
    return FALSE;
  show ("libmp", "queue-items", N_ITEMS, begin);
  return TRUE;
}

static gboolean
measure_semaphore (GError **error)
{
  g_autoptr(MpSemaphore) semaphore = mp_semaphore_new (1, error);
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; semaphore != NULL && i < N_PAIRS; i++)
    {
      if (mp_semaphore_acquire (semaphore, -1, error) == MP_ACQUIRED_NOT
          || !mp_semaphore_release (semaphore, error))
        return FALSE;
    }
  show ("libmp", "semaphore-pairs", N_PAIRS, begin);
  return semaphore != NULL;
}

static gboolean
measure_value (GError **error)
{
  g_autoptr(MpValue) value = mp_value_new ('q', error);
  gint64 begin = g_get_monotonic_time ();
  MpProcess *processes[2] = { NULL, NULL };
  gboolean ok = value != NULL && add (value, N_PAIRS, error);

  show_ns ("libmp", "value-add-ns", N_PAIRS, begin);
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < 2 && ok; i++)
    ok = (processes[i] = start ("add_often", value, error)) != NULL;
  for (guint i = 0; i < 2 && ok; i++)
    ok = mp_process_join (processes[i], -1, error);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&processes[i]);
  if (ok)
    show ("libmp", "value-adds", 2 * N_ADDS, begin);
  return ok;
}

static void
put_bare (void)
{
  for (guint64 i = 0; i < N_ITEMS; i++)
    {
      while (i - atomic_load_explicit (&bare->head, memory_order_acquire) >= RING_SIZE)
        sched_yield ();
      bare->slots[i % RING_SIZE] = i;
      atomic_store_explicit (&bare->tail, i + 1, memory_order_release);
    }
}

static void
get_bare (void)
{
  for (guint64 i = 0; i < N_ITEMS; i++)
    {
      while (atomic_load_explicit (&bare->tail, memory_order_acquire) == i)
        sched_yield ();
      if (bare->slots[i % RING_SIZE] != i)
        _exit (1);
      atomic_store_explicit (&bare->head, i + 1, memory_order_release);
    }
}

static void
add_bare (guint n)
{
  for (guint i = 0; i < n; i++)
    {
      pthread_mutex_lock (&bare->mutex);
      bare->number++;
      pthread_mutex_unlock (&bare->mutex);
    }
}

static void
add_bare_often (void)
{
  add_bare (N_ADDS);
}

/* Two processes, this one and a fork. */
static void
measure_two (const char *figure,
             guint       n,
             void      (*ours) (void),
             void      (*theirs) (void))
{
  gint64 begin = g_get_monotonic_time ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      theirs ();
      _exit (0);
    }
  ours ();
  waitpid (pid, NULL, 0);
  show ("limit", figure, n, begin);
}

static gboolean
measure_bare (void)
{
  pthread_mutexattr_t attributes;
  gint64 begin;

  bare = mmap (NULL, sizeof (Bare), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (bare == MAP_FAILED || sem_init (&bare->semaphore, TRUE, 1) < 0)
    return FALSE;
  pthread_mutexattr_init (&attributes);
  pthread_mutexattr_setpshared (&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust (&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init (&bare->mutex, &attributes);

  measure_two ("queue-items", N_ITEMS, put_bare, get_bare);
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < N_PAIRS; i++)
    {
      sem_wait (&bare->semaphore);
      sem_post (&bare->semaphore);
    }
  show ("limit", "semaphore-pairs", N_PAIRS, begin);
  begin = g_get_monotonic_time ();
  add_bare (N_PAIRS);
  show_ns ("limit", "value-add-ns", N_PAIRS, begin);
  measure_two ("value-adds", 2 * N_ADDS, add_bare_often, add_bare_often);
  return TRUE;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GError) error = NULL;

  mp_init (&argc, &argv);
  if (measure_queue (&error) && measure_semaphore (&error) && measure_value (&error)
      && measure_bare ())
    return 0;
  g_printerr ("%s\n", error != NULL ? error->message : "the bare ones failed");
  return 1;
}
