/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "pool-test.h"

/* What a pool's methods promise, under each start method. */

static GVariant *
square (GVariant  *args,
        GError   **error)
{
  gint64 n = g_variant_get_int64 (args);

  return g_variant_new_int64 (n * n);
}
MP_REGISTER_FUNCTION (square)

static GVariant *
multiply (GVariant  *args,
          GError   **error)
{
  gint64 a, b;

  g_variant_get (args, "(xx)", &a, &b);
  return g_variant_new_int64 (a * b);
}
MP_REGISTER_FUNCTION (multiply)

static GVariant *
refuse_odd (GVariant  *args,
            GError   **error)
{
  gint64 n = g_variant_get_int64 (args);

  if (n % 2 == 0)
    return g_variant_new_int64 (n);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%" G_GINT64_FORMAT " is odd", n);
  return NULL;
}
MP_REGISTER_FUNCTION (refuse_odd)

static GVariant *
nothing (GVariant  *args,
         GError   **error)
{
  return NULL;
}
MP_REGISTER_FUNCTION (nothing)

static GVariant *
blob (GVariant  *args,
      GError   **error)
{
  gsize size = g_variant_get_int64 (args);
  guint8 *data = g_malloc (size + 1);

  memset (data, size & 0xff, size);
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, size, TRUE, g_free, data);
}
MP_REGISTER_FUNCTION (blob)

static GVariant *
read_byte (GVariant  *args,
           GError   **error)
{
  char byte;

  if (read (kept_fd, &byte, 1) != 1)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_EOF, "no byte");
  return NULL;
}
MP_REGISTER_FUNCTION (read_byte)

static GVariant *
write_byte (GVariant  *args,
            GError   **error)
{
  if (write (kept_fd, "x", 1) != 1)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_EOF, "no byte");
  return NULL;
}
MP_REGISTER_FUNCTION (write_byte)

static GVariant *
own_pid (GVariant  *args,
         GError   **error)
{
  return g_variant_new_int64 (getpid ());
}
MP_REGISTER_FUNCTION (own_pid)

static void
test_map (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 3);

  assert_value (mp_pool_map (pool, "square", range (10), 0, NULL),
                "[int64 0, 1, 4, 9, 16, 25, 36, 49, 64, 81]");
  assert_value (mp_pool_map (pool, "square", range (10), 4, NULL),
                "[int64 0, 1, 4, 9, 16, 25, 36, 49, 64, 81]");
  assert_value (mp_pool_map (pool, "square", range (0), 1, NULL), "@av []");
  assert_value (mp_pool_map (pool, "echo", g_variant_new_parsed ("['a', 'b']"), 1, NULL),
                "['a', 'b']");
  assert_value (mp_pool_map (pool, "echo", g_variant_new_parsed ("[<1>, <'b'>, <(2, true)>]"), 1,
                             NULL),
                "[<1>, <'b'>, <(2, true)>]");
  assert_value (mp_pool_map (pool, "echo", g_variant_new_parsed ("[true, false]"), 0, NULL),
                "[true, false]");
  assert_value (mp_pool_map (pool, "echo", g_variant_new_parsed ("[int16 -3, 4, 500]"), 0, NULL),
                "[int16 -3, 4, 500]");
  assert_value (mp_pool_map (pool, "echo", g_variant_new_parsed ("[uint32 1, 2, 300000]"), 1, NULL),
                "[uint32 1, 2, 300000]");
  assert_value (mp_pool_map (pool, "echo", g_variant_new_parsed ("[byte 1, 2, 255]"), 1, NULL),
                "[byte 1, 2, 255]");
  assert_value (mp_pool_map (pool, "nothing", range (2), 0, NULL), "[@mv nothing, nothing]");
  assert_value (mp_pool_starmap (pool, "multiply",
                                 g_variant_new_parsed ("[(int64 2, int64 3), (4, 5)]"), 0, NULL),
                "[int64 6, 20]");
  end_pool (pool);
}

static GVariant *
dawdle (GVariant  *args,
        GError   **error)
{
  g_usleep (100);
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (dawdle)

static void
on_first (GVariant *value,
          gpointer  user_data)
{
  mp_pool_terminate (user_data);
}

/* More items than are ever on their way at once: all come back in order, and a pool that ends in
 * the middle of them ends the map. */
static void
test_map_many (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpAsyncResult) first = NULL;
  g_autoptr(GError) error = NULL;

  for (guint chunksize = 0; chunksize < 8; chunksize += 7)
    {
      g_autoptr(GVariant) items = g_variant_ref_sink (range (100003));
      g_autoptr(GVariant) values = mp_pool_map (pool, "echo", items, chunksize, &error);

      g_assert_no_error (error);
      g_assert_true (g_variant_equal (values, items));
    }
  first = mp_pool_apply_async (pool, "dawdle", g_variant_new_int64 (0), on_first, NULL, pool, NULL);
  g_assert_null (mp_pool_map (pool, "dawdle", range (100003), 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
  end_pool (pool);
}

static void
test_apply (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(GError) error = NULL;

  assert_value (mp_pool_apply (pool, "square", g_variant_new_int64 (7), NULL), "int64 49");
  assert_value (mp_pool_apply (pool, "echo", g_variant_new_parsed ("{'k': <[1.5]>}"), NULL),
                "{'k': <[1.5]>}");
  assert_value (mp_pool_apply (pool, "nothing", NULL, NULL), "@mv nothing");
  g_assert_null (mp_pool_apply (pool, "no_such_function", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
  end_pool (pool);
}

static void
test_errors (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  result = mp_pool_map_async (pool, "refuse_odd", range (4), 1, NULL, NULL, NULL, NULL);
  g_assert_null (mp_async_result_get (result, -1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "PoolWorker-"));
  g_assert_nonnull (strstr (error->message, " is odd"));
  g_assert_true (mp_async_result_ready (result));
  g_assert_false (mp_async_result_successful (result));
  end_pool (pool);
}

static void
count_value (GVariant *value,
             gpointer  user_data)
{
  int *counts = user_data;

  counts[0]++;
}

static void
count_error (const GError *error,
             gpointer      user_data)
{
  int *counts = user_data;

  counts[1]++;
}

static void
test_callbacks (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpAsyncResult) good = NULL;
  g_autoptr(MpAsyncResult) bad = NULL;
  int counts[2] = { 0, 0 };

  good = mp_pool_map_async (pool, "square", range (3), 1, count_value, count_error, counts, NULL);
  bad = mp_pool_apply_async (pool, "refuse_odd", g_variant_new_int64 (1), count_value,
                             count_error, counts, NULL);
  /* From the main loop, as a program with one would get them. */
  while (counts[0] + counts[1] < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (counts[0], ==, 1);
  g_assert_cmpint (counts[1], ==, 1);
  g_assert_true (mp_async_result_ready (good) && mp_async_result_ready (bad));
  end_pool (pool);
}

static void
test_timeout (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  int fds[2];

  open_pipe (fds);
  mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[0]));
  result = mp_pool_apply_async (pool, "read_byte", NULL, NULL, NULL, NULL, NULL);
  g_assert_null (mp_async_result_get (result, 1000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_assert_false (mp_async_result_wait (result, 0));
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  assert_value (mp_async_result_get (result, -1, NULL), "@mv nothing");
  close_pipe (fds);
  end_pool (pool);
}

/* The workers go on while the caller is busy elsewhere, and its results are there when it asks. */
static void
test_progress (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpAsyncResult) result = NULL;
  char bytes[1000];
  int fds[2];

  open_pipe (fds);
  mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[1]));
  result = mp_pool_map_async (pool, "write_byte", range (sizeof bytes), 1, NULL, NULL, NULL, NULL);
  for (gsize n = 0; n < sizeof bytes;)
    {
      gssize got = read (fds[0], bytes, sizeof bytes - n);

      g_assert_cmpint (got, >, 0);
      n += got;
    }
  g_assert_true (mp_async_result_wait (result, -1));
  g_assert_true (mp_async_result_successful (result));
  close_pipe (fds);
  end_pool (pool);
}

static GVariant *
endless (gpointer user_data)
{
  gint64 *next = user_data;

  return g_variant_new_int64 ((*next)++);
}

static GVariant *
first_hundred (gpointer user_data)
{
  gint64 *next = user_data;

  return *next < 100 ? g_variant_new_int64 ((*next)++) : NULL;
}

static void
test_imap (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 3);
  g_autoptr(MpPoolIter) ordered = NULL;
  g_autoptr(MpPoolIter) unordered = NULL;
  gint64 next = 0, sum = 0;
  GVariant *value;

  ordered = mp_pool_imap (pool, "square", first_hundred, &next, NULL, 3, NULL);
  for (gint64 i = 0; i < 100; i++)
    {
      g_assert_true (mp_pool_iter_next (ordered, -1, &value, NULL));
      g_assert_cmpint (g_variant_get_int64 (value), ==, i * i);
      g_variant_unref (value);
    }
  g_assert_true (mp_pool_iter_next (ordered, -1, &value, NULL));
  g_assert_null (value);

  next = 0;
  unordered = mp_pool_imap_unordered (pool, "echo", first_hundred, &next, NULL, 0, NULL);
  while (mp_pool_iter_next (unordered, -1, &value, NULL) && value != NULL)
    {
      sum += g_variant_get_int64 (value);
      g_variant_unref (value);
    }
  g_assert_cmpint (sum, ==, 4950);
  end_pool (pool);
}

/* An endless source is read only a little ahead; dropping the iterator and ending the pool works
 * with results that nobody took. */
static void
test_imap_bounded (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  MpPoolIter *iter;
  GVariant *value;
  gint64 next = 0;

  iter = mp_pool_imap (pool, "square", endless, &next, NULL, 1, NULL);
  for (gint64 i = 0; i < 50; i++)
    {
      g_assert_true (mp_pool_iter_next (iter, -1, &value, NULL));
      g_assert_cmpint (g_variant_get_int64 (value), ==, i * i);
      g_variant_unref (value);
    }
  g_assert_cmpint (next, <, 1000);
  end_pool (pool);
  g_object_unref (iter);
}

static void
test_imap_error (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpPoolIter) iter = NULL;
  gint64 next = 0;

  iter = mp_pool_imap (pool, "refuse_odd", first_hundred, &next, NULL, 1, NULL);
  for (gint64 i = 0; i < 100; i++)
    {
      g_autoptr(GVariant) value = NULL;
      g_autoptr(GError) error = NULL;

      g_assert_true (mp_pool_iter_next (iter, -1, &value, &error) == (i % 2 == 0));
      if (i % 2 == 0)
        g_assert_cmpint (g_variant_get_int64 (value), ==, i);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    }
  end_pool (pool);
}

/* Items and results from nothing to many megabytes, while nobody collects. */
static void
test_sizes (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  gint64 sizes[] = { 0, 1, 7, 8, 4095, 16384, 16385, 65536, 1 << 20, 8 << 20 };
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GVariant) echoed = NULL;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ax"));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    g_variant_builder_add (&builder, "x", sizes[i]);
  result = mp_pool_map (pool, "blob", g_variant_builder_end (&builder), 3, NULL);
  g_assert_cmpstr (g_variant_get_type_string (result), ==, "aay");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GVariant) bytes = g_variant_get_child_value (result, i);
      gsize n;
      const guint8 *data = g_variant_get_fixed_array (bytes, &n, 1);

      g_assert_cmpuint (n, ==, sizes[i]);
      g_assert_true (n == 0 || data[n - 1] == (sizes[i] & 0xff));
    }
  echoed = mp_pool_map (pool, "echo", result, 1, NULL);
  g_assert_true (g_variant_equal (echoed, result));
  end_pool (pool);
}

static void
test_many_large_results (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(GVariant) items = NULL;
  g_autoptr(GVariant) result = NULL;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ax"));
  for (guint i = 0; i < 400; i++)
    g_variant_builder_add (&builder, "x", (gint64) 300000 + i);
  result = mp_pool_map (pool, "blob", g_variant_builder_end (&builder), 5, NULL);
  g_assert_cmpuint (g_variant_n_children (result), ==, 400);
  end_pool (pool);
}

static void
test_max_tasks (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 3);
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GHashTable) counts = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  guint unfinished = 0;
  gpointer count;

  mp_pool_set_max_tasks_per_child (pool, 2);
  result = mp_pool_map (pool, "own_pid", range (60), 7, NULL);
  for (guint i = 0; i < 60; i++)
    {
      gint64 pid;

      g_variant_get_child (result, i, "x", &pid);
      count = g_hash_table_lookup (counts, GINT_TO_POINTER (pid));
      g_hash_table_insert (counts, GINT_TO_POINTER (pid),
                           GUINT_TO_POINTER (GPOINTER_TO_UINT (count) + 1));
    }
  g_hash_table_iter_init (&iter, counts);
  /* A worker is replaced after two items and not before: one that has done fewer is still there. */
  while (g_hash_table_iter_next (&iter, NULL, &count))
    {
      g_assert_cmpuint (GPOINTER_TO_UINT (count), <=, 2);
      unfinished += GPOINTER_TO_UINT (count) < 2;
    }
  g_assert_cmpuint (unfinished, <=, 3);
  end_pool (pool);
}

static void
test_resize (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpAsyncResult) result = NULL;
  MpPoolStats stats;
  char bytes[64] = { 0 };
  int fds[2];

  open_pipe (fds);
  mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[0]));
  result = mp_pool_map_async (pool, "read_byte", range (sizeof bytes), 4, NULL, NULL, NULL, NULL);
  mp_pool_resize (pool, 5);
  do
    {
      mp_async_result_wait (result, 1000);
      mp_pool_get_stats (pool, &stats);
    }
  while (stats.running < 5);
  g_assert_cmpuint (stats.workers, ==, 5);
  g_assert_cmpuint (stats.queued, ==, sizeof bytes - 5);
  mp_pool_resize (pool, 2);
  g_assert_cmpint (write (fds[1], bytes, sizeof bytes), ==, sizeof bytes);
  g_assert_true (mp_async_result_wait (result, -1));
  g_assert_true (mp_async_result_successful (result));
  /* Those that were to go have finished their item first. */
  do
    {
      g_main_context_iteration (NULL, TRUE);
      mp_pool_get_stats (pool, &stats);
    }
  while (stats.workers > 2);
  close_pipe (fds);
  end_pool (pool);
}

static void
test_states (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  assert_value (mp_pool_apply (pool, "echo", g_variant_new_int64 (1), NULL), "int64 1");
  g_assert_false (mp_pool_join (pool, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  result = mp_pool_map_async (pool, "square", range (100), 1, NULL, NULL, NULL, NULL);
  mp_pool_close (pool);
  g_assert_null (mp_pool_apply (pool, "echo", g_variant_new_int64 (1), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  /* What was submitted before is still done. */
  g_assert_true (mp_pool_join (pool, -1, NULL));
  g_assert_true (mp_async_result_successful (result));
}

/* Nothing is left of a pool: no descriptor, no process, no thread. */
static void
test_nothing_left (gconstpointer method)
{
  guint before = 0;

  for (guint i = 0; i < 12; i++)
    {
      g_autoptr(MpPool) pool = NULL;

      if (i == 2)
        before = count_descriptors ();
      pool = new_pool (method, 2);
      g_variant_unref (mp_pool_apply (pool, "square", g_variant_new_int64 (i), NULL));
      if (i % 2 == 0)
        end_pool (pool);
    }
  g_assert_cmpuint (count_descriptors (), ==, before);
  /* Only the fork server may remain. */
  for (;;)
    {
      siginfo_t info = { 0 };

      if (waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
        break;
      g_error ("process %d was left as a zombie", (int) info.si_pid);
    }
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  add_for_each_method ("map", test_map);
  add_for_each_method ("map-many", test_map_many);
  add_for_each_method ("apply", test_apply);
  add_for_each_method ("errors", test_errors);
  add_for_each_method ("callbacks", test_callbacks);
  add_for_each_method ("timeout", test_timeout);
  add_for_each_method ("progress", test_progress);
  add_for_each_method ("imap", test_imap);
  add_for_each_method ("imap-bounded", test_imap_bounded);
  add_for_each_method ("imap-error", test_imap_error);
  add_for_each_method ("sizes", test_sizes);
  add_for_each_method ("many-large-results", test_many_large_results);
  add_for_each_method ("max-tasks", test_max_tasks);
  add_for_each_method ("resize", test_resize);
  add_for_each_method ("states", test_states);
  add_for_each_method ("nothing-left", test_nothing_left);
  return g_test_run ();
}
