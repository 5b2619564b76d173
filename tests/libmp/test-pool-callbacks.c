/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "pool-test.h"

/* What those may do, and what happens to those, whom a pool calls back. */

typedef struct
{
  MpPool *pool;
  guint   values;
  guint   errors;
} Called;

static void
on_value (GVariant *value,
          gpointer  user_data)
{
  Called *self = user_data;

  self->values++;
}

static void
on_error (const GError *error,
          gpointer      user_data)
{
  Called *self = user_data;

  self->errors++;
}

static guint64
count_submitted (MpPool *pool)
{
  MpPoolStats stats;

  mp_pool_get_stats (pool, &stats);
  return stats.queued + stats.running + stats.done;
}

static void
expect_refusal (MpPool *pool)
{
  guint64 before = count_submitted (pool);
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_pool_apply (pool, "echo", g_variant_new_int64 (1), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  g_assert_null (mp_pool_map (pool, "echo", range (3), 1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_assert_cmpuint (count_submitted (pool), ==, before);
}

static void
block_on_pool (GVariant *value,
               gpointer  user_data)
{
  Called *self = user_data;

  expect_refusal (self->pool);
  self->values++;
}

/* What can't be waited for is not begun either. */
static void
test_blocking (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpAsyncResult) result = NULL;
  Called self = { .pool = pool };

  result = mp_pool_apply_async (pool, "echo", g_variant_new_int64 (0), block_on_pool, NULL, &self,
                                NULL);
  assert_value (mp_async_result_get (result, -1, NULL), "int64 0");
  assert_value (mp_pool_apply (pool, "echo", g_variant_new_int64 (2), NULL), "int64 2");
  g_assert_cmpuint (self.values, ==, 1);
  end_pool (pool);
}

static void
block_on_terminated (const GError *error,
                     gpointer      user_data)
{
  Called *self = user_data;

  expect_refusal (self->pool);
  self->errors++;
}

/* Also in those that are called because the pool ends. */
static void
test_blocking_at_end (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpAsyncResult) running = NULL;
  g_autoptr(MpAsyncResult) result = NULL;
  Called self = { .pool = pool };

  running = mp_pool_apply_async (pool, "wait_long", NULL, NULL, NULL, NULL, NULL);
  result = mp_pool_apply_async (pool, "echo", g_variant_new_int64 (0), NULL, block_on_terminated,
                                &self, NULL);
  mp_pool_terminate (pool);
  g_assert_true (mp_async_result_wait (result, -1));
  g_assert_cmpuint (self.errors, ==, 1);
  end_pool (pool);
}

static gboolean
on_idle (gpointer user_data)
{
  guint *n = user_data;

  *n += 1;
  return *n < 3;
}

static void
run_loop (GVariant *value,
          gpointer  user_data)
{
  Called *self = user_data;
  guint n = 0;

  g_timeout_add (1, on_idle, &n);
  while (n < 3)
    g_main_context_iteration (NULL, TRUE);
  self->values++;
}

/* A callback that shows a dialog, say: the pool is not called anew meanwhile, and goes on then. */
static void
test_nested_loop (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpAsyncResult) first = NULL;
  g_autoptr(MpAsyncResult) second = NULL;
  Called self = { .pool = pool };

  first = mp_pool_apply_async (pool, "echo", g_variant_new_int64 (0), run_loop, NULL, &self, NULL);
  second = mp_pool_map_async (pool, "echo", range (3), 1, run_loop, NULL, &self, NULL);
  assert_value (mp_async_result_get (second, -1, NULL), "[int64 0, 1, 2]");
  assert_value (mp_async_result_get (first, -1, NULL), "int64 0");
  g_clear_object (&first);
  first = mp_pool_apply_async (pool, "echo", g_variant_new_int64 (1), run_loop, NULL, &self, NULL);
  while (self.values < 3)
    g_main_context_iteration (NULL, TRUE);
  end_pool (pool);
}

/* However soon there is a result, nobody is called before he has the object. */
static void
test_nothing_to_do (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(MpAsyncResult) dropped = NULL;
  Called self = { .pool = pool };

  result = mp_pool_map_async (pool, "echo", range (0), 1, on_value, on_error, &self, NULL);
  g_assert_cmpuint (self.values, ==, 0);
  while (self.values == 0)
    g_main_context_iteration (NULL, TRUE);
  assert_value (mp_async_result_get (result, -1, NULL), "@av []");
  dropped = mp_pool_map_async (pool, "echo", range (0), 1, on_value, on_error, &self, NULL);
  g_clear_object (&dropped);
  end_pool (pool);
  g_assert_cmpuint (self.values, ==, 2);
  g_assert_cmpuint (self.errors, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  add_for_each_method ("blocking", test_blocking);
  add_for_each_method ("blocking-at-end", test_blocking_at_end);
  add_for_each_method ("nested-loop", test_nested_loop);
  add_for_each_method ("nothing-to-do", test_nothing_to_do);
  return g_test_run ();
}
