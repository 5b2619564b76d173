/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <mp.h>
#include <sys/wait.h>

#include "test-util.h"

/* What the pool's test programs share. */

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

/* Adds @function once for each start method. */
static inline void
add_for_each_method (const char       *name,
                     GTestDataFunc     function)
{
  const char *const *methods = mp_get_all_start_methods ();

  for (guint i = 0; methods[i] != NULL; i++)
    {
      g_autofree char *path = g_strdup_printf ("/pool/%s/%s", name, methods[i]);

      g_test_add_data_func (path, methods[i], function);
    }
}
