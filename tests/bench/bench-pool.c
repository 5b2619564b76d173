/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Measures the pool; prints one figure a line: NAME VALUE. The twin of bench_pool.py. */

#include <mp.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void
map (MpPool     *pool,
     const char *name,
     gint64      n,
     guint       chunksize)
{
  GVariant *items = range (n);
  double start = now ();

  g_variant_unref (mp_pool_map (pool, "nothing", items, chunksize, NULL));
  printf ("%s %.0f\n", name, n / (now () - start));
}

static void
apply (MpPool *pool)
{
  double start = now ();
  guint n = 5000;

  for (guint i = 0; i < n; i++)
    g_variant_unref (mp_pool_apply (pool, "nothing", g_variant_new_int64 (i), NULL));
  printf ("apply-round-trip-us %.2f\n", (now () - start) / n * 1e6);
}

static void
first_result (MpContext *context)
{
  double start = now ();
  g_autoptr(MpPool) pool = mp_pool_new (context, 2);

  g_variant_unref (mp_pool_apply (pool, "nothing", g_variant_new_int64 (1), NULL));
  printf ("first-result-ms %.3f\n", (now () - start) * 1e3);
  mp_pool_terminate (pool);
  mp_pool_join (pool, -1, NULL);
}

/* The limit for a round trip: two processes that wake each other by eventfds. */
static void
ping_pong (void)
{
  int there = eventfd (0, 0), back = eventfd (0, 0);
  guint64 value = 1;
  guint n = 5000;
  pid_t pid = fork ();

  if (pid == 0)
    {
      for (guint i = 0; i < n; i++)
        if (read (there, &value, sizeof value) < 0 || write (back, &value, sizeof value) < 0)
          _exit (1);
      _exit (0);
    }

  double start = now ();

  for (guint i = 0; i < n; i++)
    if (write (there, &value, sizeof value) < 0 || read (back, &value, sizeof value) < 0)
      break;
  printf ("eventfd-ping-pong-us %.2f\n", (now () - start) / n * 1e6);
  waitpid (pid, NULL, 0);
  close (there);
  close (back);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);

  g_autoptr(MpContext) context = mp_context_get (argc > 1 ? argv[1] : "fork", NULL);
  g_autoptr(MpPool) pool = NULL;

  ping_pong ();
  first_result (context);
  pool = mp_pool_new (context, 2);
  mp_pool_start (pool, NULL);
  map (pool, "warm-up", 1000, 1);
  map (pool, "map-chunksize-1", 1000000, 1);
  map (pool, "map-default", 2000000, 0);
  apply (pool);
  mp_pool_close (pool);
  mp_pool_join (pool, -1, NULL);
  return 0;
}
