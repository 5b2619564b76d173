/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "pool-test.h"

/* Pools and what processes share otherwise: descriptors, shared objects, a parent's memory. */

static void
count_value (GVariant *value,
             gpointer  user_data)
{
  guint *n = user_data;

  *n += 1;
}

static MpPool *inherited;
static guint n_values;

/* A forked child that has a main loop of its own, in which its parent's pool hangs. */
static GVariant *
run_copied_loop (GVariant  *args,
                 GError   **error)
{
  g_autoptr(GError) refusal = NULL;

  for (guint i = 0; i < 50; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (200);
    }
  g_assert_cmpuint (n_values, ==, 0);
  g_assert_null (mp_pool_apply (inherited, "echo", NULL, &refusal));
  g_assert_error (refusal, MP_ERROR, MP_ERROR_PROCESS);
  mp_pool_close (inherited);
  mp_pool_terminate (inherited);
  return NULL;
}
MP_REGISTER_FUNCTION (run_copied_loop)

static void
test_copy (void)
{
  g_autoptr(MpPool) pool = new_pool ("fork", 2);
  g_autoptr(MpProcess) process = mp_process_new_full (mp_context_get ("fork", NULL), NULL,
                                                      "run_copied_loop", NULL);
  g_autoptr(MpAsyncResult) result = NULL;
  int exit_code;

  inherited = pool;
  result = mp_pool_map_async (pool, "echo", range (1000), 1, count_value, NULL, &n_values, NULL);
  g_assert_true (mp_process_start (process, NULL));
  g_assert_true (mp_process_join (process, -1, NULL));
  g_assert_true (mp_process_get_exit_code (process, &exit_code));
  g_assert_cmpint (exit_code, ==, 0);
  g_assert_true (mp_async_result_wait (result, -1));
  g_assert_cmpuint (n_values, ==, 1);
  assert_value (mp_pool_map (pool, "echo", range (3), 1, NULL), "[int64 0, 1, 2]");
  end_pool (pool);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  g_test_add_func ("/pool/copy", test_copy);
  return g_test_run ();
}
