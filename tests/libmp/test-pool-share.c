/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

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

/* The initializer's descriptors are the pool's: for the workers of now and of later. */
static void
test_initializer (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  char bytes[4];
  int fds[2];

  open_pipe (fds);
  mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[1]));
  mp_pool_set_max_tasks_per_child (pool, 1);
  close (fds[1]);
  assert_value (mp_pool_map (pool, "say", range (4), 1, NULL), "[int64 0, 1, 2, 3]");
  end_pool (pool);
  g_assert_cmpint (read (fds[0], bytes, sizeof bytes), ==, sizeof bytes);
  g_clear_object (&pool);
  /* And nobody's any more. */
  g_assert_cmpint (read (fds[0], bytes, 1), ==, 0);
  close (fds[0]);
}

static GVariant *
say (GVariant  *args,
     GError   **error)
{
  tell_test ();
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (say)

static GVariant *
set_event (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpEvent) event = mp_shareable_from_variant (args, MP_TYPE_EVENT, error);

  if (event != NULL)
    mp_event_set (event);
  return NULL;
}
MP_REGISTER_FUNCTION (set_event)

static GVariant *
send_hello (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpConnection) connection = NULL;

  connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  if (connection != NULL)
    mp_connection_send (connection, g_variant_new_string ("hello"), error);
  return NULL;
}
MP_REGISTER_FUNCTION (send_hello)

/* So are its shared objects, of which the caller needs none any more. */
static void
test_initializer_objects (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpPool) other = new_pool (method, 1);
  g_autoptr(MpEvent) event = mp_event_new (NULL);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;

  mp_pool_set_initializer (pool, "set_event", mp_shareable_to_variant (MP_SHAREABLE (event)));
  g_assert_true (mp_pool_start (pool, NULL));
  g_assert_true (mp_event_wait (event, -1, NULL));
  end_pool (pool);

  g_assert_true (mp_pipe (FALSE, &ours, &theirs, NULL));
  mp_pool_set_initializer (other, "send_hello", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  g_clear_object (&theirs);
  g_assert_true (mp_pool_start (other, NULL));
  assert_value (mp_connection_recv (ours, NULL), "'hello'");
  end_pool (other);
}

static void
expect_pipe (int first,
             int second)
{
  struct stat statuses[2];

  g_assert_no_errno (fstat (first, &statuses[0]));
  g_assert_no_errno (fstat (second, &statuses[1]));
  g_assert_cmpuint (statuses[0].st_ino, ==, statuses[1].st_ino);
}

/* It has its descriptor for as long as this takes. */
static void
on_outcome (const MpOutcome *outcome,
            gpointer         user_data)
{
  int *fd = user_data;

  g_assert_cmpint (outcome->status, ==, MP_OUTCOME_OK);
  expect_pipe (g_variant_get_handle (outcome->result), *fd);
  *fd = -1;
}

static GVariant *
one_handle (gpointer user_data)
{
  int *fd = user_data;
  int handle = *fd;

  *fd = -1;
  return handle < 0 ? NULL : g_variant_new ("(sv)", "x", g_variant_new_handle (handle));
}

static GVariant *
return_handle (GVariant  *args,
               GError   **error)
{
  return g_variant_new ("(h)", kept_fd);
}
MP_REGISTER_FUNCTION (return_handle)

/* Items and results of all kinds have descriptors and shared objects. */
static void
test_items (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpEvent) event = mp_event_new (NULL);
  g_autoptr(MpPoolIter) iter = NULL;
  g_autoptr(MpPoolFeed) feed = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) boxed = NULL;
  g_autoptr(GVariant) returned = NULL;
  GVariant *value = NULL;
  int fds[2], given, fed, got;

  open_pipe (fds);
  given = fed = fds[0];
  mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[1]));
  g_variant_unref (mp_pool_apply (pool, "set_event",
                                  mp_shareable_to_variant (MP_SHAREABLE (event)), &error));
  g_assert_no_error (error);
  g_assert_true (mp_event_is_set (event));

  feed = mp_pool_open_feed (pool, "echo", 1, on_outcome, NULL, &fed, NULL);
  mp_pool_feed_push (feed, 0, g_variant_new_handle (fds[0]));
  mp_pool_feed_flush (feed);
  while (fed >= 0)
    g_main_context_iteration (NULL, TRUE);

  iter = mp_pool_imap (pool, "echo", one_handle, &given, NULL, 1, NULL);
  g_assert_true (mp_pool_iter_next (iter, -1, &value, &error));
  g_variant_get (value, "(sv)", NULL, &boxed);
  expect_pipe (g_variant_get_handle (boxed), fds[0]);
  g_variant_unref (value);

  returned = mp_pool_apply (pool, "return_handle", NULL, &error);
  g_assert_no_error (error);
  g_variant_get (returned, "(h)", &got);
  expect_pipe (got, fds[1]);
  /* What is closed is only a number. */
  assert_value (mp_pool_apply (pool, "echo", g_variant_new_handle (-1), NULL), "handle -1");
  end_pool (pool);
  close_pipe (fds);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  g_test_add_func ("/pool/copy", test_copy);
  add_for_each_method ("initializer", test_initializer);
  add_for_each_method ("initializer-objects", test_initializer_objects);
  add_for_each_method ("items", test_items);
  return g_test_run ();
}
