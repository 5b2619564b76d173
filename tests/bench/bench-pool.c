/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Measures the pool; prints one figure a line: WHO FIGURE VALUE. The twin of bench_pool.py. */

#include "config.h"

#include <mp.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_TRIPS 3000
#define N_BARE  4000000

typedef struct
{
  _Atomic guint64 claimed __attribute__ ((aligned (64)));
  gint64          items[N_BARE] __attribute__ ((aligned (64)));
  gint64          results[N_BARE];
} Bare;

static GVariant *
nothing (GVariant  *args,
         GError   **error)
{
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (nothing)

static double
now (void)
{
  return g_get_monotonic_time () / (double) G_USEC_PER_SEC;
}

static GVariant *
range (gint64 n)
{
  gint64 *values = g_new (gint64, n);

  for (gint64 i = 0; i < n; i++)
    values[i] = i;
  return g_variant_new_from_data (G_VARIANT_TYPE ("ax"), values, n * sizeof (gint64), TRUE,
                                  g_free, values);
}

/* Returns: items per second */
static double
map (MpPool *pool,
     gint64  n,
     guint   chunksize)
{
  GVariant *items = range (n);
  double start = now ();

  g_variant_unref (mp_pool_map (pool, "nothing", items, chunksize, NULL));
  return n / (now () - start);
}

static void
claim_all (Bare    *bare,
           guint64  chunk)
{
  guint64 first;

  while ((first = atomic_fetch_add (&bare->claimed, chunk)) < N_BARE)
    {
      for (guint64 i = first; i < MIN (first + chunk, N_BARE); i++)
        bare->results[i] = bare->items[i];
    }
}

/* The limit for a map: two processes that claim numbers in memory and store as many. */
static void
bare_map (const char *figure,
          const char *method,
          guint64     chunk)
{
  Bare *bare = mmap (NULL, sizeof (Bare), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t pids[2];
  double start;

  if (bare == MAP_FAILED)
    return;
  memset (bare, 1, sizeof (Bare));
  atomic_store (&bare->claimed, 0);
  start = now ();
  for (guint i = 0; i < G_N_ELEMENTS (pids); i++)
    {
      pids[i] = fork ();
      if (pids[i] == 0)
        {
          claim_all (bare, chunk);
          _exit (0);
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (pids); i++)
    waitpid (pids[i], NULL, 0);
  printf ("limit %s-%s %.0f\n", figure, method, N_BARE / (now () - start));
  munmap (bare, sizeof (Bare));
}

static void
measure_maps (MpPool     *pool,
              const char *method)
{
  double few, many;

  map (pool, 1000, 1);
  printf ("libmp map-chunk-1-%s %.0f\n", method, map (pool, 1000000, 1));
  few = map (pool, 200000, 0);
  many = map (pool, 2000000, 0);
  printf ("libmp map-default-%s %.0f\n", method, many);
  printf ("libmp map-tenfold-%s-cost %.3f\n", method, few / many);
  bare_map ("map-chunk-1", method, 1);
  bare_map ("map-default", method, N_BARE / 8);
}

static void
apply (MpPool     *pool,
       const char *method)
{
  double start = now ();

  for (guint i = 0; i < N_TRIPS; i++)
    g_variant_unref (mp_pool_apply (pool, "nothing", g_variant_new_int64 (i), NULL));
  printf ("libmp apply-%s-us %.2f\n", method, (now () - start) / N_TRIPS * 1e6);
}

static void
first_result (MpContext  *context,
              const char *method)
{
  double start = now ();
  g_autoptr(MpPool) pool = mp_pool_new (context, 2);

  g_variant_unref (mp_pool_apply (pool, "nothing", g_variant_new_int64 (1), NULL));
  printf ("libmp first-result-%s-ms %.3f\n", method, (now () - start) * 1e3);
  mp_pool_terminate (pool);
  mp_pool_join (pool, -1, NULL);
}

static pid_t
spawn_true (void)
{
  char *argv[] = { (char *) "true", NULL };
  pid_t pid = -1;

  posix_spawn (&pid, "/bin/true", NULL, NULL, argv, environ);
  return pid;
}

static pid_t
fork_ringing (int bell)
{
  guint64 one = 1;
  pid_t pid = fork ();

  if (pid == 0)
    _exit (write (bell, &one, sizeof one) < 0);
  return pid;
}

/* The limit for a first result: as many new images and processes, with nothing in them. */
static void
bare_first_result (const char *method)
{
  gboolean spawn = g_str_equal (method, "spawn");
  int bell = eventfd (0, 0);
  double start = now ();
  pid_t pids[2] = { 0 };
  guint64 value;

  if (spawn)
    {
      for (guint i = 0; i < G_N_ELEMENTS (pids); i++)
        pids[i] = spawn_true ();
      waitpid (pids[0], NULL, 0);
    }
  else
    {
      if (g_str_equal (method, "forkserver"))
        waitpid (spawn_true (), NULL, 0);
      for (guint i = 0; i < G_N_ELEMENTS (pids); i++)
        pids[i] = fork_ringing (bell);
      if (read (bell, &value, sizeof value) < 0)
        g_printerr ("The bell is broken\n");
    }
  printf ("limit first-result-%s-ms %.3f\n", method, (now () - start) * 1e3);
  for (guint i = spawn ? 1 : 0; i < G_N_ELEMENTS (pids); i++)
    waitpid (pids[i], NULL, 0);
  close (bell);
}

/* The limit for a round trip: two processes that wake each other by eventfds. */
static void
ping_pong (const char *method)
{
  int there = eventfd (0, 0), back = eventfd (0, 0);
  guint64 value = 1;
  pid_t pid = fork ();

  if (pid == 0)
    {
      for (guint i = 0; i < N_TRIPS; i++)
        if (read (there, &value, sizeof value) < 0 || write (back, &value, sizeof value) < 0)
          _exit (1);
      _exit (0);
    }

  double start = now ();

  for (guint i = 0; i < N_TRIPS; i++)
    if (write (there, &value, sizeof value) < 0 || read (back, &value, sizeof value) < 0)
      break;
  printf ("limit apply-%s-us %.2f\n", method, (now () - start) / N_TRIPS * 1e6);
  waitpid (pid, NULL, 0);
  close (there);
  close (back);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);

  const char *method = argc > 1 ? argv[1] : "fork";
  MpContext *context = mp_context_get (method, NULL);
  g_autoptr(MpPool) pool = NULL;

  if (context == NULL)
    return 1;
  first_result (context, method);
  bare_first_result (method);
  pool = mp_pool_new (context, 2);
  mp_pool_start (pool, NULL);
  measure_maps (pool, method);
  apply (pool, method);
  ping_pong (method);
  mp_pool_close (pool);
  mp_pool_join (pool, -1, NULL);
  return 0;
}
