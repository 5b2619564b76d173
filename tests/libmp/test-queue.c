/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Queues, alone and between processes. */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "process-test.h"

static MpQueue *
new_queue (guint64 max_size)
{
  g_autoptr(GError) error = NULL;
  MpQueue *queue = mp_queue_new (max_size, &error);

  g_assert_no_error (error);
  return queue;
}

static void
put (MpQueue  *queue,
     GVariant *value)
{
  g_autoptr(GError) error = NULL;

  mp_queue_put (queue, value, -1, &error);
  g_assert_no_error (error);
}

static GVariant *
get (MpQueue *queue)
{
  g_autoptr(GError) error = NULL;
  GVariant *value = mp_queue_get (queue, -1, &error);

  g_assert_no_error (error);
  return value;
}

static gint64
get_number (MpQueue *queue)
{
  g_autoptr(GVariant) value = get (queue);

  return g_variant_get_int64 (value);
}

static gpointer
object_of (GVariant *args,
           guint     n,
           GType     type)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (args, n);
  g_autoptr(GError) error = NULL;
  gpointer object = mp_shareable_from_variant (value, type, &error);

  g_assert_no_error (error);
  return object;
}

static GVariant *
args_of (gpointer first,
         gpointer second)
{
  return g_variant_new ("(@(sv)@(sv))", mp_shareable_to_variant (first),
                        mp_shareable_to_variant (second));
}

/* Gives back what it gets until the end. */
static GVariant *
give_back (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpQueue) in = object_of (args, 0, MP_TYPE_QUEUE);
  g_autoptr(MpQueue) out = object_of (args, 1, MP_TYPE_QUEUE);
  g_autoptr(GError) end = NULL;

  for (;;)
    {
      g_autoptr(GVariant) value = mp_queue_get (in, -1, &end);

      if (value == NULL)
        break;
      put (out, value);
    }
  g_assert_error (end, MP_ERROR, MP_ERROR_EOF);
  return NULL;
}
MP_REGISTER_FUNCTION (give_back)

static GVariant *
give_back_simply (GVariant  *args,
                  GError   **error)
{
  g_autoptr(MpSimpleQueue) in = object_of (args, 0, MP_TYPE_SIMPLE_QUEUE);
  g_autoptr(MpSimpleQueue) out = object_of (args, 1, MP_TYPE_SIMPLE_QUEUE);
  g_autoptr(GVariant) value = mp_simple_queue_get (in, error);

  mp_simple_queue_put (out, value, error);
  return NULL;
}
MP_REGISTER_FUNCTION (give_back_simply)

static GVariant *
put_and_die (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpQueue) queue = object_of (args, 0, MP_TYPE_QUEUE);

  put (queue, g_variant_new_int64 (4711));
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (put_and_die)

static GVariant *
do_tasks (GVariant  *args,
          GError   **error)
{
  g_autoptr(MpJoinableQueue) queue = object_of (args, 0, MP_TYPE_JOINABLE_QUEUE);

  for (;;)
    {
      g_autoptr(GVariant) value = mp_queue_get (MP_QUEUE (queue), -1, NULL);

      if (value == NULL)
        return NULL;
      g_assert_true (mp_joinable_queue_task_done (queue, NULL));
    }
}
MP_REGISTER_FUNCTION (do_tasks)

static void
expect_put_error (MpQueue  *queue,
                  GVariant *value,
                  gint64    timeout,
                  int       code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (mp_queue_put (queue, value, timeout, &error));
  g_assert_error (error, MP_ERROR, code);
}

static void
expect_get_error (MpQueue *queue,
                  gint64   timeout,
                  int      code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_queue_get (queue, timeout, &error));
  g_assert_error (error, MP_ERROR, code);
}

static void
test_alone (void)
{
  g_autoptr(MpQueue) queue = new_queue (3);

  g_assert_true (mp_queue_is_empty (queue));
  g_assert_cmpuint (mp_queue_get_max_size (queue), ==, 3);
  expect_get_error (queue, 0, MP_ERROR_EMPTY);
  expect_get_error (queue, 1000, MP_ERROR_EMPTY);
  for (gint64 i = 0; i < 3; i++)
    {
      g_assert_false (mp_queue_is_full (queue));
      put (queue, g_variant_new_int64 (i));
      g_assert_cmpuint (mp_queue_get_size (queue), ==, i + 1);
    }
  g_assert_true (mp_queue_is_full (queue));
  expect_put_error (queue, g_variant_new_int64 (3), 0, MP_ERROR_FULL);
  expect_put_error (queue, g_variant_new_int64 (3), 1000, MP_ERROR_FULL);
  for (gint64 i = 0; i < 3; i++)
    g_assert_cmpint (get_number (queue), ==, i);
  expect_get_error (queue, 0, MP_ERROR_EMPTY);

  put (queue, g_variant_new_int64 (1));
  mp_queue_shut_down (queue);
  expect_put_error (queue, g_variant_new_int64 (3), -1, MP_ERROR_CLOSED);
  g_assert_cmpint (get_number (queue), ==, 1);
  expect_get_error (queue, -1, MP_ERROR_EOF);

  mp_queue_close (queue);
  expect_put_error (queue, g_variant_new_int64 (3), -1, MP_ERROR_CLOSED);
  expect_get_error (queue, -1, MP_ERROR_CLOSED);
}

/* Whatever its type is, and whether it lies in the record or behind it. */
static void
test_values (void)
{
  static const char *const texts[] = {
    "true", "byte 0x07", "int16 -5", "uint16 5", "-7", "uint32 7", "int64 -9", "uint64 9", "0.5",
    "'text'", "b'bytes'", "@ay []", "()", "@mi nothing", "@mmi just nothing", "[1, 2, 3]",
    "{'a': <1>, 'b': <'two'>}", "(1, ['x'], <(true, 2.5)>)", "@as []",
  };
  g_autoptr(MpQueue) queue = new_queue (0);

  g_assert_cmpuint (mp_queue_get_max_size (queue), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    put (queue, g_variant_new_parsed (texts[i]));
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GVariant) wanted = g_variant_ref_sink (g_variant_new_parsed (texts[i]));
      g_autoptr(GVariant) value = get (queue);

      g_assert_cmpvariant (value, wanted);
    }
}

static void
test_refused (void)
{
  g_autoptr(MpQueue) queue = new_queue (0);

  expect_put_error (queue, g_variant_new_handle (0), -1, MP_ERROR_FAILED);
  expect_put_error (queue, g_variant_new_handle (1000000), -1, MP_ERROR_CLOSED);
  g_assert_true (mp_queue_is_empty (queue));
  put (queue, g_variant_new_variant (g_variant_new_handle (-1)));
}

static GVariant *
make_bytes (gsize  size,
            guint8 first)
{
  guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = first + i;
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, bytes, size, TRUE, g_free, bytes);
}

static void
expect_bytes (MpQueue *queue,
              gsize    size,
              guint8   first)
{
  g_autoptr(GVariant) wanted = g_variant_ref_sink (make_bytes (size, first));
  g_autoptr(GVariant) value = get (queue);

  g_assert_true (g_variant_equal (value, wanted));
}

/* Grows and shrinks, and the memory is walked round in all ways; the model is a GQueue. */
static void
test_lengths (void)
{
  g_autoptr(MpQueue) queue = new_queue (0);
  g_autoptr(GQueue) model = g_queue_new ();
  int target = 0;

  for (guint i = 0; i < 20000; i++)
    {
      if (i % 1000 == 0)
        target = g_test_rand_int_range (0, 3) * g_test_rand_int_range (1, 300);
      if (g_test_rand_int_range (0, 600) < 300 + target - (int) g_queue_get_length (model))
        {
          int size = 1 << g_test_rand_int_range (0, g_test_rand_int_range (1, 17));

          size = g_test_rand_int_range (0, size + 1);
          put (queue, make_bytes (size, i));
          g_queue_push_tail (model, GINT_TO_POINTER (size));
          g_queue_push_tail (model, GINT_TO_POINTER (i));
        }
      else if (!g_queue_is_empty (model))
        {
          int size = GPOINTER_TO_INT (g_queue_pop_head (model));

          expect_bytes (queue, size, GPOINTER_TO_INT (g_queue_pop_head (model)));
        }
      g_assert_cmpuint (mp_queue_get_size (queue), ==, g_queue_get_length (model) / 2);
    }
}

static void
test_large (void)
{
  g_autoptr(MpQueue) queue = new_queue (0);

  for (guint i = 0; i < 3; i++)
    put (queue, make_bytes ((gsize) 20 << 20, i));
  for (guint i = 0; i < 3; i++)
    {
      expect_bytes (queue, (gsize) 20 << 20, i);
      put (queue, make_bytes (i, 0));
    }
  for (guint i = 0; i < 3; i++)
    expect_bytes (queue, i, 0);
}

/* How much memory the queue has, in KiB. */
static guint64
memory_of (MpQueue *queue)
{
  g_autoptr(GVariant) variant = g_variant_ref_sink (mp_shareable_to_variant (MP_SHAREABLE (queue)));
  g_autoptr(GVariant) state = NULL;
  struct stat status;
  int fd;

  g_variant_get (variant, "(sv)", NULL, &state);
  g_variant_get (state, "((hht)mv)", &fd, NULL, NULL, NULL);
  g_assert_no_errno (fstat (fd, &status));
  return status.st_blocks / 2;
}

/* A queue that is never long stays small, and one that was long becomes so again. */
static void
test_memory (void)
{
  g_autoptr(MpQueue) queue = new_queue (0);

  for (guint i = 0; i < 20000; i++)
    {
      put (queue, g_variant_new_int64 (i));
      g_assert_cmpint (get_number (queue), ==, i);
    }
  g_assert_cmpuint (memory_of (queue), <, 256);

  for (guint i = 0; i < 200000; i++)
    put (queue, g_variant_new_int64 (i));
  g_assert_cmpuint (memory_of (queue), >, 2000);
  for (guint i = 0; i < 200000; i++)
    g_assert_cmpint (get_number (queue), ==, i);
  for (guint i = 0; i < 1000000 && (i % 1000 > 0 || memory_of (queue) >= 256); i++)
    {
      put (queue, g_variant_new_int64 (i));
      g_assert_cmpint (get_number (queue), ==, i);
    }
  g_assert_cmpuint (memory_of (queue), <, 256);
}

static void
on_put (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  int *told = user_data;

  mp_queue_put_finish (MP_QUEUE (source), result, &error);
  *told = error != NULL ? error->code : 0;
}

typedef struct
{
  GVariant *value;
  int       code;
} Got;

static void
on_got (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  Got *got = user_data;

  got->value = mp_queue_get_finish (MP_QUEUE (source), result, &error);
  got->code = error != NULL ? error->code : 0;
}

static Got
get_async (MpQueue *queue)
{
  Got got = { NULL, -1 };

  mp_queue_get_async (queue, NULL, on_got, &got);
  while (got.code < 0)
    g_main_context_iteration (NULL, TRUE);
  return got;
}

static void
test_async (gconstpointer method)
{
  g_autoptr(MpQueue) in = new_queue (1);
  g_autoptr(MpQueue) out = new_queue (1);
  g_autoptr(MpProcess) process = start_new (method, "give_back", args_of (in, out));
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Got cancelled = { NULL, -1 };
  Got got;
  int told[20];

  mp_queue_get_async (out, cancellable, on_got, &cancelled);
  g_cancellable_cancel (cancellable);
  while (cancelled.code < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (cancelled.code, ==, G_IO_ERROR_CANCELLED);

  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    {
      told[i] = -1;
      mp_queue_put_async (in, g_variant_new ("(us)", i, "number"), NULL, on_put, &told[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    {
      got = get_async (out);
      g_assert_nonnull (got.value);
      g_variant_unref (got.value);
    }
  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    {
      while (told[i] < 0)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (told[i], ==, 0);
    }
  mp_queue_shut_down (in);
  g_assert_cmpint (join (process), ==, 0);
  mp_queue_shut_down (out);
  got = get_async (out);
  g_assert_cmpint (got.code, ==, MP_ERROR_EOF);
}

static void
test_processes (gconstpointer method)
{
  g_autoptr(MpQueue) in = new_queue (10);
  g_autoptr(MpQueue) out = new_queue (0);
  g_autoptr(MpProcess) first = start_new (method, "give_back", args_of (in, out));
  g_autoptr(MpProcess) second = start_new (method, "give_back", args_of (in, out));
  gint64 sum = 0;

  for (gint64 i = 0; i < 5000; i++)
    put (in, g_variant_new_int64 (i));
  for (gint64 i = 0; i < 5000; i++)
    sum += get_number (out);
  g_assert_cmpint (sum, ==, 5000 * 4999 / 2);
  mp_queue_shut_down (in);
  g_assert_cmpint (join (first), ==, 0);
  g_assert_cmpint (join (second), ==, 0);
}

static void
test_simple (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSimpleQueue) in = mp_simple_queue_new (&error);
  g_autoptr(MpSimpleQueue) out = mp_simple_queue_new (&error);
  g_autoptr(MpProcess) process = start_new (method, "give_back_simply", args_of (in, out));
  g_autoptr(GVariant) value = NULL;

  g_assert_true (mp_simple_queue_is_empty (out));
  g_assert_true (mp_simple_queue_put (in, g_variant_new ("(ms)", NULL), &error));
  value = mp_simple_queue_get (out, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (value), ==, "(ms)");
  g_assert_true (mp_simple_queue_is_empty (in));
  mp_simple_queue_close (in);
  g_assert_false (mp_simple_queue_put (in, value, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  g_assert_cmpint (join (process), ==, 0);
}

/* What a process that is dead now has put is there. */
static void
test_put_and_die (gconstpointer method)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr(MpQueue) queue = new_queue (0);
      g_autoptr(MpProcess) process = start_new (method, "put_and_die", args_of (queue, queue));

      g_assert_cmpint (get_number (queue), ==, 4711);
      g_assert_cmpint (join (process), ==, -SIGKILL);
    }
}

static void
test_joinable (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpJoinableQueue) queue = mp_joinable_queue_new (5, &error);
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) value = NULL;

  g_assert_true (mp_joinable_queue_join (queue, 0, &error));
  put (MP_QUEUE (queue), g_variant_new_int64 (0));
  value = get (MP_QUEUE (queue));
  g_assert_false (mp_joinable_queue_join (queue, 1000, &error));
  g_assert_no_error (error);
  g_assert_true (mp_joinable_queue_task_done (queue, &error));
  g_assert_false (mp_joinable_queue_task_done (queue, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);

  process = start_new (method, "do_tasks", args_of (queue, queue));
  for (guint i = 0; i < 300; i++)
    {
      for (guint n = i % 3; n < 3; n++)
        put (MP_QUEUE (queue), g_variant_new_int64 (i));
      g_assert_true (mp_joinable_queue_join (queue, -1, NULL));
      g_assert_true (mp_queue_is_empty (MP_QUEUE (queue)));
    }
  mp_queue_shut_down (MP_QUEUE (queue));
  g_assert_cmpint (join (process), ==, 0);
}

static void
test_descriptors (void)
{
  guint before = count_descriptors ();

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(MpQueue) queue = new_queue (0);
      g_autoptr(GVariant) value = g_variant_ref_sink (mp_shareable_to_variant (MP_SHAREABLE (queue)));
      g_autoptr(MpQueue) again = mp_shareable_from_variant (value, MP_TYPE_QUEUE, NULL);

      put (queue, g_variant_new_int64 (i));
      g_assert_cmpint (get_number (again), ==, i);
    }
  g_assert_cmpuint (count_descriptors (), ==, before);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/queue/alone", test_alone);
  g_test_add_func ("/queue/values", test_values);
  g_test_add_func ("/queue/refused", test_refused);
  g_test_add_func ("/queue/lengths", test_lengths);
  g_test_add_func ("/queue/large", test_large);
  g_test_add_func ("/queue/memory", test_memory);
  g_test_add_func ("/queue/descriptors", test_descriptors);
  add_for_methods ("queue", "async", test_async);
  add_for_methods ("queue", "processes", test_processes);
  add_for_methods ("queue", "simple", test_simple);
  add_for_methods ("queue", "put-and-die", test_put_and_die);
  add_for_methods ("queue", "joinable", test_joinable);
  return g_test_run ();
}
