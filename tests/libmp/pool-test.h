/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <mp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "test-util.h"

/* What the pool's test programs share: each includes it once, functions for workers and all. */

static GVariant *
echo (GVariant  *args,
      GError   **error)
{
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (echo)

/* Until it is killed. */
static GVariant *
wait_long (GVariant  *args,
           GError   **error)
{
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (wait_long)

/* The initializer of pools whose functions talk to the test. */
static int kept_fd = -1;

static GVariant *
keep_fd (GVariant  *args,
         GError   **error)
{
  kept_fd = mp_handle_steal (g_variant_get_handle (args));
  return NULL;
}
MP_REGISTER_FUNCTION (keep_fd)

static inline void
tell_test (void)
{
  if (write (kept_fd, "x", 1) != 1)
    abort ();
}

static inline GVariant *
range (gint64 n)
{
  gint64 *values = g_new (gint64, MAX (n, 1));

  for (gint64 i = 0; i < n; i++)
    values[i] = i;
  return g_variant_new_from_data (G_VARIANT_TYPE ("ax"), values, n * sizeof (gint64), TRUE,
                                  g_free, values);
}

static inline MpPool *
new_pool (gconstpointer method,
          guint         processes)
{
  g_autoptr(GError) error = NULL;
  MpContext *context = mp_context_get (method, &error);

  g_assert_no_error (error);
  return mp_pool_new (context, processes);
}

/* Takes @value. */
static inline void
assert_value (GVariant   *value,
              const char *text)
{
  g_autoptr(GVariant) expected = g_variant_ref_sink (g_variant_new_parsed (text));
  g_autofree char *printed = value != NULL ? g_variant_print (value, TRUE) : g_strdup ("NULL");

  if (value == NULL || !g_variant_equal (value, expected))
    g_error ("expected %s, got %s", text, printed);
  g_variant_unref (value);
}

/* Ends @pool in order and checks that nobody is left. */
static inline void
end_pool (MpPool *pool)
{
  g_autoptr(GError) error = NULL;
  MpPoolStats stats;

  mp_pool_close (pool);
  mp_pool_join (pool, -1, &error);
  g_assert_no_error (error);
  mp_pool_get_stats (pool, &stats);
  g_assert_cmpuint (stats.workers, ==, 0);
  g_assert_cmpuint (stats.queued, ==, 0);
  g_assert_cmpuint (stats.running, ==, 0);
}

/* Lets the main loop run, as a program with one would, until @feed has an outcome for each item. */
static inline void
drain (MpPoolFeed *feed)
{
  while (mp_pool_feed_get_pending (feed) > 0)
    g_main_context_iteration (NULL, TRUE);
}

/* The first thing in main. */
static inline void
begin_tests (int    *argc,
             char ***argv)
{
  struct rlimit no_core = { 0, 0 };

  mp_init (argc, argv);
  g_test_init (argc, argv, NULL);
  setrlimit (RLIMIT_CORE, &no_core);
}

/* Adds @function once for each start method. */
static inline void
add_for_each_method (const char       *name,
                     GTestDataFunc     function)
{
  const char *const *methods = mp_get_all_start_methods ();

  for (guint i = 0; methods[i] != NULL && can_start_processes (); i++)
    {
      g_autofree char *path = g_strdup_printf ("/pool/%s/%s", name, methods[i]);

      g_test_add_data_func (path, methods[i], function);
    }
}
