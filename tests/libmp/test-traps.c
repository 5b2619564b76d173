/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the original's documentation warns of, and where it hangs: queues and ends. */
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "pool-test.h"

#define LARGE (1 << 20)

static GVariant *
make_large (void)
{
  guint8 *data = memset (g_malloc (LARGE), 'x', LARGE);

  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, LARGE, TRUE, g_free, data);
}

static MpProcess *
start_with (gconstpointer  method,
            const char    *function,
            MpQueue       *queue)
{
  g_autoptr(GError) error = NULL;
  MpProcess *process = mp_process_new_full (mp_context_get (method, NULL), NULL, function,
                                            mp_shareable_to_variant (MP_SHAREABLE (queue)));

  g_assert_true (mp_process_start (process, &error));
  g_assert_no_error (error);
  return process;
}

static int
join (MpProcess *process)
{
  int exit_code = -1000;

  g_assert_true (mp_process_join (process, -1, NULL));
  g_assert_true (mp_process_get_exit_code (process, &exit_code));
  return exit_code;
}

static GVariant *
put_large (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpQueue) queue = mp_shareable_from_variant (args, MP_TYPE_QUEUE, error);

  if (queue != NULL)
    mp_queue_put (queue, make_large (), -1, error);
  return NULL;
}
MP_REGISTER_FUNCTION (put_large)

/* Holds the queue's locks most of the time. */
static GVariant *
pass_round (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpQueue) queue = mp_shareable_from_variant (args, MP_TYPE_QUEUE, error);

  for (;;)
    {
      g_autoptr(GVariant) value = mp_queue_get (queue, -1, NULL);

      if (value == NULL || !mp_queue_put (queue, value, -1, error))
        return NULL;
    }
}
MP_REGISTER_FUNCTION (pass_round)

static void
assert_large (MpQueue *queue)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = mp_queue_get (queue, -1, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_size (value), ==, LARGE);
}

/* Python's would wait for the child, which waits for somebody to read. */
static void
test_join_before_get (gconstpointer method)
{
  g_autoptr(MpQueue) queue = mp_queue_new (0, NULL);
  g_autoptr(MpProcess) process = start_with (method, "put_large", queue);

  g_assert_cmpint (join (process), ==, 0);
  assert_large (queue);
  g_assert_true (mp_queue_is_empty (queue));
}

/* One is stopped wherever it is, perhaps with a lock of the queue; who waits for that is terminated
 * all the same, and when the first is gone the queue is as good as before. */
static void
test_terminate_beside_a_lock (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 500 : 12;

  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr(MpQueue) queue = mp_queue_new (0, NULL);
      g_autoptr(MpProcess) holder = NULL;
      g_autoptr(MpProcess) waiter = NULL;
      g_autoptr(GVariant) value = NULL;

      for (guint k = 0; k < 3; k++)
        g_assert_true (mp_queue_put (queue, make_large (), -1, NULL));
      holder = start_with (method, "pass_round", queue);
      waiter = start_with (method, "pass_round", queue);
      for (guint k = g_test_rand_int_range (0, 5); k > 0; k--)
        {
          value = mp_queue_get (queue, -1, NULL);
          g_assert_true (mp_queue_put (queue, value, -1, NULL));
          g_clear_pointer (&value, g_variant_unref);
        }
      kill (mp_process_get_pid (holder), SIGSTOP);
      mp_process_terminate (waiter, NULL);
      g_assert_cmpint (join (waiter), ==, -SIGTERM);
      mp_process_kill (holder, NULL);
      g_assert_cmpint (join (holder), ==, -SIGKILL);

      while ((value = mp_queue_get (queue, 0, NULL)) != NULL)
        {
          g_assert_cmpuint (g_variant_get_size (value), ==, LARGE);
          g_variant_unref (value);
        }
      g_assert_true (mp_queue_put (queue, make_large (), -1, NULL));
      assert_large (queue);
    }
}

static void
test_many_queues (void)
{
  guint before = count_descriptors ();

  for (guint i = 0; i < 10000; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(MpQueue) queue = mp_queue_new (0, &error);

      g_assert_no_error (error);
      if (i % 100 == 0)
        g_assert_true (mp_queue_put (queue, g_variant_new_uint32 (i), -1, NULL));
      if (i % 2 == 0)
        mp_queue_close (queue);
    }
  g_assert_cmpuint (count_descriptors (), ==, before);
}

/* Tells in words how it went, as an error would have its item's name before it. */
static GVariant *
use_pool (GVariant  *args,
          GError   **error)
{
  g_autoptr(MpPool) pool = mp_pool_new (NULL, 2);
  g_autoptr(GError) refusal = NULL;
  g_autoptr(GVariant) value = mp_pool_map (pool, "echo", range (3), 1, &refusal);

  if (g_error_matches (refusal, MP_ERROR, MP_ERROR_PROCESS))
    return g_variant_new_string ("refused");
  return g_variant_new_string (value != NULL ? "worked" : refusal->message);
}
MP_REGISTER_FUNCTION (use_pool)

/* As in Python a worker, which is a daemon, has no children: it is told so at once. */
static void
test_nested_pools (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);

  assert_value (mp_pool_map (pool, "use_pool", range (4), 1, NULL),
                "['refused', 'refused', 'refused', 'refused']");
  end_pool (pool);
}

static gboolean
on_signal (int          fd,
           GIOCondition condition,
           gpointer     user_data)
{
  struct signalfd_siginfo info;

  g_assert_cmpint (read (fd, &info, sizeof info), ==, sizeof info);
  mp_pool_terminate (user_data);
  return G_SOURCE_CONTINUE;
}

/* A program that ends its pool when it gets a signal, from its main loop. */
static void
test_terminate_by_signal (gconstpointer method)
{
  sigset_t signals;
  int fd;

  sigemptyset (&signals);
  sigaddset (&signals, SIGUSR1);
  sigprocmask (SIG_BLOCK, &signals, NULL);
  fd = signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr(MpPool) pool = new_pool (method, 2);
      g_autoptr(MpAsyncResult) stuck = NULL;
      g_autoptr(MpAsyncResult) behind = NULL;
      g_autoptr(GError) error = NULL;
      guint source = g_unix_fd_add (fd, G_IO_IN, on_signal, pool);

      stuck = mp_pool_map_async (pool, "wait_long", range (2), 1, NULL, NULL, NULL, NULL);
      behind = mp_pool_map_async (pool, "echo", range (1000), 1, NULL, NULL, NULL, NULL);
      for (guint k = i % 3; k > 0; k--)
        g_main_context_iteration (NULL, FALSE);
      kill (getpid (), SIGUSR1);
      if (i % 2 == 0)
        kill (getpid (), SIGUSR1);
      while (!mp_async_result_ready (stuck) || !mp_async_result_ready (behind))
        g_main_context_iteration (NULL, TRUE);
      g_assert_null (mp_async_result_get (stuck, -1, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
      end_pool (pool);
      g_source_remove (source);
    }
  close (fd);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  g_test_add_func ("/traps/many-queues", test_many_queues);
  add_for_each_method ("join-before-get", test_join_before_get);
  add_for_each_method ("terminate-beside-a-lock", test_terminate_beside_a_lock);
  add_for_each_method ("nested-pools", test_nested_pools);
  add_for_each_method ("terminate-by-signal", test_terminate_by_signal);
  return g_test_run ();
}
