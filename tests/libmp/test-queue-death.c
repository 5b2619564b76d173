/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes that hand values on from one queue to another are killed at any instant: each value
 * arrives whole, at most once, and only what a dead process had in its hands is missing. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

#define N_WORKERS 3
#define QUEUE_SIZE 40

static guint
rounds (void)
{
  return g_getenv ("GTK_MP_TEST_FULL") != NULL ? 1000 : 60;
}

static MpQueue *
queue_of (GVariant *args,
          guint     n)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (args, n);
  g_autoptr(GError) error = NULL;
  MpQueue *queue = mp_shareable_from_variant (value, MP_TYPE_QUEUE, &error);

  g_assert_no_error (error);
  return queue;
}

static GVariant *
hand_on (GVariant  *args,
         GError   **error)
{
  g_autoptr(MpQueue) in = queue_of (args, 0);
  g_autoptr(MpQueue) out = queue_of (args, 1);

  for (;;)
    {
      g_autoptr(GVariant) value = mp_queue_get (in, -1, NULL);

      if (value == NULL || !mp_queue_put (out, value, -1, error))
        return NULL;
    }
}
MP_REGISTER_FUNCTION (hand_on)

/* A number, and bytes of a length by chance with their checksum. */
static GVariant *
make_message (guint64 number)
{
  int size = g_test_rand_int_range (0, 1 << g_test_rand_int_range (1, number % 50 == 0 ? 18 : 10));
  guint8 *bytes = g_malloc (size + 1);
  g_autofree char *sum = NULL;

  for (int i = 0; i < size; i++)
    bytes[i] = number + i * 7;
  sum = g_compute_checksum_for_data (G_CHECKSUM_MD5, bytes, size);
  return g_variant_new ("(ts@ay)", number, sum,
                        g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, bytes, size, TRUE,
                                                 g_free, bytes));
}

static guint64
check_message (GVariant *message)
{
  g_autoptr(GVariant) bytes = NULL;
  g_autofree char *sum = NULL;
  const char *wanted;
  guint64 number;

  g_variant_get (message, "(t&s@ay)", &number, &wanted, &bytes);
  sum = g_compute_checksum_for_data (G_CHECKSUM_MD5, g_variant_get_data (bytes),
                                     g_variant_get_size (bytes));
  g_assert_cmpstr (sum, ==, wanted);
  return number;
}

typedef struct
{
  MpQueue    *in;
  MpQueue    *out;
  GHashTable *arrived;
  guint64     n_sent;
} Test;

static MpProcess *
start_worker (gconstpointer  method,
              Test          *test)
{
  return start_new (method, "hand_on",
                    g_variant_new ("(@(sv)@(sv))",
                                   mp_shareable_to_variant (MP_SHAREABLE (test->in)),
                                   mp_shareable_to_variant (MP_SHAREABLE (test->out))));
}

static gboolean
receive_one (Test   *test,
             gint64  timeout)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) message = mp_queue_get (test->out, timeout, &error);

  if (message == NULL)
    {
      g_assert_error (error, MP_ERROR, MP_ERROR_EMPTY);
      return FALSE;
    }
  g_assert_true (g_hash_table_add (test->arrived, GSIZE_TO_POINTER (check_message (message) + 1)));
  return TRUE;
}

static void
send_one (Test *test)
{
  g_autoptr(GVariant) message = g_variant_ref_sink (make_message (test->n_sent));

  while (!mp_queue_put (test->in, message, 0, NULL))
    receive_one (test, 1000);
  test->n_sent++;
}

static void
test_killed (gconstpointer method)
{
  g_autoptr(MpQueue) in = mp_queue_new (QUEUE_SIZE, NULL);
  g_autoptr(MpQueue) out = mp_queue_new (QUEUE_SIZE, NULL);
  g_autoptr(GHashTable) arrived = g_hash_table_new (NULL, NULL);
  Test test = { in, out, arrived, 0 };
  MpProcess *workers[N_WORKERS];
  guint n_killed = rounds ();

  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = start_worker (method, &test);
  for (guint i = 0; i < n_killed; i++)
    {
      MpProcess **worker = &workers[i % N_WORKERS];

      for (int n = g_test_rand_int_range (0, 100); n > 0; n--)
        {
          send_one (&test);
          if (n % 3 > 0)
            receive_one (&test, 0);
        }
      mp_process_kill (*worker, NULL);
      g_assert_cmpint (join (*worker), ==, -SIGKILL);
      g_object_unref (*worker);
      *worker = start_worker (method, &test);
    }

  /* Those who live go on as if nothing had been. */
  for (guint i = 0; i < 2 * QUEUE_SIZE; i++)
    send_one (&test);
  while (g_hash_table_size (arrived) < test.n_sent - n_killed)
    receive_one (&test, -1);
  mp_queue_shut_down (in);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      while (mp_process_is_alive (workers[i]))
        receive_one (&test, 10000);
      g_assert_cmpint (join (workers[i]), ==, 0);
      g_object_unref (workers[i]);
    }
  while (receive_one (&test, 0))
    ;
  g_assert_cmpuint (g_hash_table_size (arrived), <=, test.n_sent);
  g_test_message ("%" G_GUINT64_FORMAT " sent, %u missing after %u kills", test.n_sent,
                  (guint) test.n_sent - g_hash_table_size (arrived), n_killed);
}

/* A joinable queue: values are taken, and each is done. */

static GVariant *
do_tasks (GVariant  *args,
          GError   **error)
{
  g_autoptr(MpQueue) queue = queue_of (args, 0);

  for (;;)
    {
      g_autoptr(GVariant) value = mp_queue_get (queue, -1, NULL);

      if (value == NULL)
        return NULL;
      check_message (value);
      g_assert_true (mp_joinable_queue_task_done (MP_JOINABLE_QUEUE (queue), NULL));
    }
}
MP_REGISTER_FUNCTION (do_tasks)

/* Takes three, is done with one, says so, and does nothing more. */
static GVariant *
take_three (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpQueue) queue = queue_of (args, 0);
  g_autoptr(MpQueue) told = queue_of (args, 1);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GVariant) value = mp_queue_get (queue, -1, error);

      g_assert_nonnull (value);
    }
  g_assert_true (mp_joinable_queue_task_done (MP_JOINABLE_QUEUE (queue), error));
  g_assert_true (mp_queue_put (told, g_variant_new_boolean (TRUE), -1, error));
  g_usleep (600 * G_USEC_PER_SEC);
  return NULL;
}
MP_REGISTER_FUNCTION (take_three)

static MpProcess *
start_taker (gconstpointer  method,
             const char    *function,
             gpointer       queue,
             gpointer       told)
{
  return start_new (method, function,
                    g_variant_new ("(@(sv)@(sv))", mp_shareable_to_variant (MP_SHAREABLE (queue)),
                                   mp_shareable_to_variant (MP_SHAREABLE (told))));
}

static gpointer
kill_soon (gpointer process)
{
  g_usleep (50000);
  mp_process_kill (process, NULL);
  return NULL;
}

/* Both who is joining when a taker is killed and who joins later go on, and one is told. */
static void
test_taker_dies (gconstpointer method)
{
  for (guint later = 0; later < 2; later++)
    {
      g_autoptr(MpJoinableQueue) queue = mp_joinable_queue_new (0, NULL);
      g_autoptr(MpQueue) told = mp_queue_new (0, NULL);
      g_autoptr(GError) error = NULL;
      g_autoptr(MpProcess) process = start_taker (method, "take_three", queue, told);
      g_autoptr(GVariant) value = NULL;
      g_autoptr(GThread) killer = NULL;

      for (guint i = 0; i < 3; i++)
        g_assert_true (mp_queue_put (MP_QUEUE (queue), g_variant_new_int64 (i), -1, NULL));
      value = mp_queue_get (told, -1, NULL);
      g_assert_false (mp_joinable_queue_join (queue, 1000, &error));
      g_assert_no_error (error);
      if (later)
        {
          mp_process_kill (process, NULL);
          join (process);
        }
      else
        {
          killer = g_thread_new ("killer", kill_soon, process);
        }
      g_assert_false (mp_joinable_queue_join (queue, -1, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_WORKER_LOST);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, " 2 "));
      g_clear_error (&error);
      if (killer != NULL)
        g_thread_join (g_steal_pointer (&killer));

      g_assert_true (mp_joinable_queue_join (queue, -1, &error));
      g_assert_false (mp_joinable_queue_task_done (queue, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
      join (process);
    }
}

/* However many are killed, who joins goes on, and no value counts as done twice. */
static void
test_joined (gconstpointer method)
{
  g_autoptr(MpJoinableQueue) queue = mp_joinable_queue_new (0, NULL);
  MpProcess *workers[N_WORKERS];
  guint n_killed = rounds ();
  guint64 n_sent = 0;

  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = start_taker (method, "do_tasks", queue, queue);
  for (guint i = 0; i < n_killed; i++)
    {
      MpProcess **worker = &workers[i % N_WORKERS];
      g_autoptr(GError) error = NULL;

      for (int n = g_test_rand_int_range (0, 100); n > 0; n--)
        g_assert_true (mp_queue_put (MP_QUEUE (queue), make_message (n_sent++), -1, NULL));
      mp_process_kill (*worker, NULL);
      g_assert_cmpint (join (*worker), ==, -SIGKILL);
      g_object_unref (*worker);
      *worker = start_taker (method, "do_tasks", queue, queue);
      if (i % 10 > 0)
        continue;
      if (!mp_joinable_queue_join (queue, -1, &error))
        g_assert_error (error, MP_ERROR, MP_ERROR_WORKER_LOST);
      g_assert_true (mp_queue_is_empty (MP_QUEUE (queue)));
      g_assert_false (mp_joinable_queue_task_done (queue, NULL));
    }
  mp_joinable_queue_join (queue, -1, NULL);
  g_assert_false (mp_joinable_queue_task_done (queue, NULL));
  mp_queue_shut_down (MP_QUEUE (queue));
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpint (join (workers[i]), ==, 0);
      g_object_unref (workers[i]);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("queue-death", "killed", test_killed);
  add_for_methods ("queue-death", "taker-dies", test_taker_dies);
  add_for_methods ("queue-death", "joined", test_joined);
  return g_test_run ();
}
