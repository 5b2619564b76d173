/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>

#include "pool-test.h"

/* Pools of threads: what a pool does, in one process. */

static guint
count_threads (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static GVariant *
sum (GVariant  *args,
     GError   **error)
{
  gint64 x, y;

  g_variant_get (args, "(xx)", &x, &y);
  return g_variant_new_int64 (x + y);
}
MP_REGISTER_FUNCTION (sum)

/* Another thread of the test's own process. */
static GVariant *
where (GVariant  *args,
       GError   **error)
{
  guint slot;

  g_assert_true (mp_pool_worker_get_slot (&slot));
  return g_variant_new ("(iu)", (gint32) getpid (), slot);
}
MP_REGISTER_FUNCTION (where)

static GVariant *
fail_on_odd (GVariant  *args,
             GError   **error)
{
  gint64 x = g_variant_get_int64 (args);

  if (x % 2 == 0)
    return g_variant_ref (args);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%d is odd", (int) x);
  return NULL;
}
MP_REGISTER_FUNCTION (fail_on_odd)

static GVariant *
next_number (gpointer user_data)
{
  gint64 *next = user_data;

  return *next < 100 ? g_variant_new_int64 ((*next)++) : NULL;
}

static void
count (GVariant *value,
       gpointer  user_data)
{
  ++*(guint *) user_data;
}

static void
count_error (const GError *error,
             gpointer      user_data)
{
  *(guint *) user_data += 100;
}

static void
test_interface (void)
{
  g_autoptr(MpPool) pool = mp_pool_new_threads (3);
  g_autoptr(MpAsyncResult) good = NULL;
  g_autoptr(MpAsyncResult) bad = NULL;
  g_autoptr(MpPoolIter) iter = NULL;
  g_autoptr(GVariant) place = NULL;
  g_autoptr(GError) error = NULL;
  guint called = 0, slot, n = 0;
  gint64 next = 0;
  gint32 pid;
  GVariant *value;

  assert_value (mp_pool_map (pool, "echo", range (5), 2, NULL), "[int64 0, 1, 2, 3, 4]");
  assert_value (mp_pool_starmap (pool, "sum", g_variant_new_parsed ("[(int64 1, int64 2)]"), 0,
                                 NULL), "[int64 3]");
  place = mp_pool_apply (pool, "where", NULL, &error);
  g_assert_no_error (error);
  g_variant_get (place, "(iu)", &pid, &slot);
  g_assert_cmpint (pid, ==, getpid ());
  g_assert_cmpuint (slot, <, 3);
  g_assert_false (mp_pool_worker_get_slot (&slot));

  good = mp_pool_map_async (pool, "echo", range (50), 0, count, count_error, &called, NULL);
  bad = mp_pool_map_async (pool, "fail_on_odd", range (50), 0, count, count_error, &called, NULL);
  g_assert_true (mp_async_result_wait (good, -1) && mp_async_result_wait (bad, -1));
  g_assert_cmpuint (called, ==, 101);
  g_assert_null (mp_async_result_get (bad, -1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (g_str_has_prefix (error->message, "ThreadPoolWorker-"));

  iter = mp_pool_imap (pool, "echo", next_number, &next, NULL, 3, NULL);
  while (mp_pool_iter_next (iter, -1, &value, NULL) && value != NULL)
    {
      g_assert_cmpint (g_variant_get_int64 (value), ==, n++);
      g_variant_unref (value);
    }
  g_assert_cmpuint (n, ==, 100);
  mp_pool_resize (pool, 1);
  mp_pool_resize (pool, 5);
  assert_value (mp_pool_map (pool, "echo", range (3), 1, NULL), "[int64 0, 1, 2]");
  end_pool (pool);
  g_clear_error (&error);
  g_assert_null (mp_pool_apply (pool, "echo", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
}

static GMutex mutex;
static GCond cond;
static guint arrived;
static gboolean let_go;

/* Two at once, or they wait for ever. */
static GVariant *
meet (GVariant  *args,
      GError   **error)
{
  g_mutex_lock (&mutex);
  arrived++;
  g_cond_broadcast (&cond);
  while (arrived < 2 || !let_go)
    g_cond_wait (&cond, &mutex);
  g_mutex_unlock (&mutex);
  return g_variant_new_string ("met");
}
MP_REGISTER_FUNCTION (meet)

static void
wait_for_two (void)
{
  g_mutex_lock (&mutex);
  while (arrived < 2)
    g_cond_wait (&cond, &mutex);
  g_mutex_unlock (&mutex);
}

static void
let_them_go (void)
{
  g_mutex_lock (&mutex);
  let_go = TRUE;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&mutex);
}

/* What runs is let run; what has not begun is cancelled at once. */
static void
test_terminate (gconstpointer kills)
{
  g_autoptr(MpPool) pool = mp_pool_new_threads (2);
  g_autoptr(MpAsyncResult) running = NULL;
  g_autoptr(MpAsyncResult) queued = NULL;
  g_autoptr(GError) error = NULL;
  MpWorkerInfo workers[2];
  MpPoolStats stats;

  arrived = 0;
  let_go = FALSE;
  running = mp_pool_map_async (pool, "meet", range (2), 1, NULL, NULL, NULL, NULL);
  queued = mp_pool_map_async (pool, "echo", range (100), 1, NULL, NULL, NULL, NULL);
  wait_for_two ();
  g_assert_null (mp_async_result_get (running, 1000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&error);
  mp_pool_get_stats (pool, &stats);
  g_assert_cmpuint (stats.running, ==, 2);
  g_assert_cmpuint (stats.queued, ==, 100);
  g_assert_cmpuint (mp_pool_get_workers (pool, workers, 2), ==, 2);
  g_assert_cmpint (workers[1].state, ==, MP_WORKER_BUSY);
  g_assert_cmpint (workers[1].pid, ==, getpid ());
  g_assert_false (mp_pool_kill_worker (pool, workers[1].pid, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  mp_pool_interrupt_workers (pool);
  /* If it did anything, nobody would be left to tell. */
  mp_pool_set_paused (pool, TRUE);

  if (GPOINTER_TO_INT (kills))
    mp_pool_kill_workers (pool);
  else
    mp_pool_terminate (pool);
  g_assert_null (mp_async_result_get (queued, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (mp_pool_join (pool, 1000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  let_them_go ();
  assert_value (mp_async_result_get (running, -1, NULL), "['met', 'met']");
  end_pool (pool);
}

/* Each thread gets descriptors of its own, and closes those that it does not take. */
static GVariant *
look_at_fd (GVariant  *args,
            GError   **error)
{
  if (write (g_variant_get_handle (args), "x", 1) != 1)
    g_error ("%s", g_strerror (errno));
  return NULL;
}
MP_REGISTER_FUNCTION (look_at_fd)

static void
test_initializer (void)
{
  guint descriptors = count_descriptors ();
  guint threads = count_threads ();
  char buffer[16];
  int fds[2];

  open_pipe (fds);
  for (guint i = 0; i < 2; i++)
    {
      MpPool *pool = mp_pool_new_threads (2);

      mp_pool_set_max_tasks_per_child (pool, 2);
      mp_pool_set_initializer (pool, "look_at_fd", g_variant_new_handle (fds[1]));
      /* Two, and one after the second and the fourth each. */
      assert_value (mp_pool_map (pool, "echo", range (5), 1, NULL), "[int64 0, 1, 2, 3, 4]");
      if (i == 0)
        end_pool (pool);
      g_object_unref (pool);
    }
  close (fds[1]);
  g_assert_cmpint (read (fds[0], buffer, sizeof buffer), >=, 6);
  g_assert_cmpint (read (fds[0], buffer, sizeof buffer), ==, 0);
  close (fds[0]);
  g_assert_cmpuint (count_descriptors (), ==, descriptors);
  g_assert_cmpuint (count_threads (), ==, threads);
}

static GVariant *
refuse (GVariant  *args,
        GError   **error)
{
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "not today");
  return NULL;
}
MP_REGISTER_FUNCTION (refuse)

static void
test_failing_initializer (void)
{
  g_autoptr(MpPool) pool = mp_pool_new_threads (2);
  g_autoptr(GError) error = NULL;

  mp_pool_set_initializer (pool, "refuse", NULL);
  g_assert_null (mp_pool_map (pool, "echo", range (10), 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  end_pool (pool);
}

static void
test_refused (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(MpPool) pool = mp_pool_new_threads (2);
      g_autoptr(GError) error = NULL;

      if (i == 0)
        mp_pool_set_task_timeout (pool, 1);
      else if (i == 1)
        mp_pool_set_worker_output (pool, STDOUT_FILENO);
      else
        mp_pool_set_guarded (pool, "A=b");
      g_assert_false (mp_pool_start (pool, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
      g_clear_error (&error);
      g_assert_null (mp_pool_apply (pool, "echo", NULL, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
    }
}

/* A pool of processes inside a thread of another pool: nobody else runs its main context. */
static GVariant *
nest (GVariant  *args,
      GError   **error)
{
  g_autoptr(MpPool) pool = new_pool ("spawn", 2);
  GVariant *value = mp_pool_map (pool, "echo", range (g_variant_get_int64 (args)), 1, error);

  if (value != NULL)
    end_pool (pool);
  return value;
}
MP_REGISTER_FUNCTION (nest)

static void
test_nested (void)
{
  g_autoptr(MpPool) pool = mp_pool_new_threads (2);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  result = mp_pool_map_async (pool, "nest", range (3), 1, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  while (!mp_async_result_ready (result))
    g_main_context_iteration (NULL, TRUE);
  assert_value (mp_async_result_get (result, -1, NULL), "[<@av []>, <[int64 0]>, <[int64 0, 1]>]");
  end_pool (pool);
}

static GVariant *
make_large (GVariant  *args,
            GError   **error)
{
  gsize size = 10 << 20;
  guint8 *data = memset (g_malloc (size), 7, size);

  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, size, TRUE, g_free, data);
}
MP_REGISTER_FUNCTION (make_large)

static void
test_large (void)
{
  g_autoptr(MpPool) pool = mp_pool_new_threads (2);
  g_autoptr(GVariant) values = mp_pool_map (pool, "make_large", range (20), 1, NULL);

  g_assert_cmpuint (g_variant_n_children (values), ==, 20);
  g_assert_cmpuint (g_variant_get_size (values), >=, 200 << 20);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  g_test_add_func ("/pool-thread/interface", test_interface);
  g_test_add_data_func ("/pool-thread/terminate", GINT_TO_POINTER (FALSE), test_terminate);
  g_test_add_data_func ("/pool-thread/kill-workers", GINT_TO_POINTER (TRUE), test_terminate);
  g_test_add_func ("/pool-thread/initializer", test_initializer);
  g_test_add_func ("/pool-thread/failing-initializer", test_failing_initializer);
  g_test_add_func ("/pool-thread/refused", test_refused);
  if (can_start_processes ())
    g_test_add_func ("/pool-thread/nested", test_nested);
  g_test_add_func ("/pool-thread/large", test_large);
  return g_test_run ();
}
