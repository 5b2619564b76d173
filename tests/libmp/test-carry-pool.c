/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Descriptors and shared objects in the items and results of pools. */
#include <signal.h>
#include <sys/mman.h>

#include "process-test.h"

static gpointer
object_of (GVariant *value,
           GType     type)
{
  g_autoptr(GError) error = NULL;
  gpointer object = mp_shareable_from_variant (value, type, &error);

  g_assert_no_error (error);
  return object;
}

static GVariant *
variant_of (gpointer object)
{
  return mp_shareable_to_variant (MP_SHAREABLE (object));
}

/* @method: "threads" for workers that are no processes */
static MpPool *
new_pool (const char *method,
          guint       n_workers)
{
  g_autoptr(GError) error = NULL;
  MpPool *pool = g_str_equal (method, "threads")
                   ? mp_pool_new_threads (n_workers)
                   : mp_pool_new (mp_context_get (method, &error), n_workers);

  g_assert_no_error (error);
  g_assert_true (mp_pool_start (pool, &error));
  g_assert_no_error (error);
  return pool;
}

/* A thread may still be letting go of what it was given when its outcome is there. */
static void
end_pool (MpPool **pool)
{
  g_autoptr(GError) error = NULL;

  mp_pool_close (*pool);
  g_assert_true (mp_pool_join (*pool, -1, &error));
  g_assert_no_error (error);
  g_clear_object (pool);
}

/* How many descriptors there are when what the first pool needs for ever is there. */
static guint
count_without_pool (const char *method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);

  end_pool (&pool);
  return count_descriptors ();
}

static int
new_file (guint64 number)
{
  int fd = memfd_create ("numbered", MFD_CLOEXEC);

  g_assert_no_errno (fd);
  g_assert_cmpint (write (fd, &number, sizeof number), ==, sizeof number);
  return fd;
}

static guint64
number_in (int fd)
{
  guint64 number;

  g_assert_cmpint (pread (fd, &number, sizeof number, 0), ==, sizeof number);
  return number;
}

/* Of a lock, a value and a connection: adds to the one under the other, and tells the sum. */
static GVariant *
add_and_tell (GVariant  *args,
              GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr(GVariant) third = g_variant_get_child_value (args, 2);
  g_autoptr(MpLock) lock = object_of (first, MP_TYPE_LOCK);
  g_autoptr(MpValue) value = object_of (second, MP_TYPE_VALUE);
  g_autoptr(MpConnection) connection = object_of (third, MP_TYPE_CONNECTION);
  gint64 *number = mp_value_get_pointer (value);

  g_assert_cmpint (mp_lock_acquire (lock, -1, error), ==, MP_ACQUIRED);
  *number += 1;
  mp_lock_release (lock, error);
  send_value (connection, g_variant_new_string ("done"));
  return g_variant_new_boolean (TRUE);
}
MP_REGISTER_FUNCTION (add_and_tell)

static void
test_items (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpLock) lock = mp_lock_new (NULL);
  g_autoptr(MpValue) value = mp_value_new_with_lock ('q', NULL, NULL);
  guint before = count_without_pool (method);
  g_autoptr(MpPool) pool = new_pool (method, 2);
  MpConnection *connections[20];
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GVariant) all = NULL;
  GVariantBuilder items;

  g_variant_builder_init (&items, G_VARIANT_TYPE ("a((sv)(sv)(sv))"));
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr(MpConnection) theirs = NULL;

      make_pipe (FALSE, &connections[i], &theirs);
      g_variant_builder_add (&items, "(@(sv)@(sv)@(sv))", variant_of (lock), variant_of (value),
                             variant_of (theirs));
      /* It must be there when the map is made, and no longer. */
      g_object_set_data_full (G_OBJECT (connections[i]), "theirs", g_steal_pointer (&theirs),
                              g_object_unref);
    }
  result = mp_pool_map_async (pool, "add_and_tell", g_variant_builder_end (&items), 3, NULL, NULL,
                              NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 20; i++)
    g_object_set_data (G_OBJECT (connections[i]), "theirs", NULL);
  all = mp_async_result_get (result, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (*(gint64 *) mp_value_get_pointer (value), ==, 20);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr(GVariant) told = receive (connections[i]);

      /* Nobody has the other end any more. */
      g_assert_null (mp_connection_recv (connections[i], &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
      g_clear_error (&error);
      g_object_unref (connections[i]);
    }
  end_pool (&pool);
  g_assert_cmpuint (count_descriptors (), ==, before);
}

static GVariant *
same_number (GVariant  *args,
             GError   **error)
{
  guint64 number;
  int fd;

  g_variant_get (args, "(th)", &number, &fd);
  g_assert_cmpuint (number_in (fd), ==, number);
  return g_variant_new ("(th)", number, fd);
}
MP_REGISTER_FUNCTION (same_number)

static GVariant *
next_number (gpointer user_data)
{
  guint64 *next = user_data;
  int fd;

  if (*next == 1000)
    return NULL;
  fd = new_file (*next);
  /* The pool has a duplicate before it asks for the next one. */
  if (*next > 0)
    close (GPOINTER_TO_INT (next[1]));
  next[1] = fd;
  return g_variant_new ("(th)", (*next)++, fd);
}

/* There and back, more than a socket takes at a time, in order. */
static void
test_stream (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  guint before = count_without_pool (method);
  g_autoptr(MpPool) pool = new_pool (method, 2);
  guint64 next[2] = { 0 };
  g_autoptr(MpPoolIter) iter = mp_pool_imap (pool, "same_number", next_number, next, NULL, 1,
                                             &error);

  g_assert_no_error (error);
  for (guint64 i = 0; i < 1000; i++)
    {
      g_autoptr(GVariant) value = NULL;
      guint64 number;
      int fd;

      mp_pool_iter_next (iter, -1, &value, &error);
      g_assert_no_error (error);
      g_variant_get (value, "(th)", &number, &fd);
      g_assert_cmpuint (number, ==, i);
      g_assert_cmpuint (number_in (fd), ==, i);
    }
  close (next[1]);
  g_clear_object (&iter);
  end_pool (&pool);
  g_assert_cmpuint (count_descriptors (), ==, before);
}

static int last_file = -1;

static GVariant *
make_file (GVariant  *args,
           GError   **error)
{
  gint32 number = g_variant_get_int32 (args);
  int fd = new_file (number);
  GVariant *result;

  /* It is sent when the function has returned, so the one before is not needed any more. */
  if (last_file >= 0)
    close (last_file);
  last_file = fd;
  result = number % 2 == 0 ? g_variant_new ("(ih)", number, fd)
                           : g_variant_new ("(vh)", g_variant_new_int32 (number), fd);
  return result;
}
MP_REGISTER_FUNCTION (make_file)

/* A result of several keeps the descriptors of all of them; the parent takes them when it can. */
static void
test_results (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  guint before = count_without_pool (method);
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GVariant) all = NULL;
  GVariantBuilder items;

  g_variant_builder_init (&items, G_VARIANT_TYPE ("ai"));
  for (int i = 0; i < 400; i++)
    g_variant_builder_add (&items, "i", i);
  result = mp_pool_map_async (pool, "make_file", g_variant_builder_end (&items), 50, NULL, NULL,
                              NULL, &error);
  all = mp_async_result_get (result, -1, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 400; i++)
    {
      g_autoptr(GVariant) boxed = g_variant_get_child_value (all, i);
      g_autoptr(GVariant) value = g_variant_get_variant (boxed);
      int fd;

      g_variant_get_child (value, 1, "h", &fd);
      g_assert_cmpuint (number_in (fd), ==, i);
    }
  g_clear_pointer (&all, g_variant_unref);
  g_clear_object (&result);
  end_pool (&pool);
  /* That of a thread. */
  if (last_file >= 0)
    close (last_file);
  g_assert_cmpuint (count_descriptors (), ==, before);
}

/* Of a value and a connection: the first worker to have it dies. */
static GVariant *
die_first (GVariant  *args,
           GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr(MpValue) value = object_of (first, MP_TYPE_VALUE);
  g_autoptr(MpConnection) connection = object_of (second, MP_TYPE_CONNECTION);
  gint64 *number = mp_value_get_pointer (value);

  send_value (connection, g_variant_new_int64 (++*number));
  if (*number < 3)
    raise (SIGKILL);
  return variant_of (value);
}
MP_REGISTER_FUNCTION (die_first)

static void
test_again (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpPool) pool = mp_pool_new (mp_context_get (method, NULL), 2);
  g_autoptr(MpValue) value = mp_value_new_with_lock ('q', NULL, NULL);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(GVariant) result = NULL;
  g_autoptr(MpValue) same = NULL;

  mp_pool_set_retries (pool, 2);
  make_pipe (FALSE, &ours, &theirs);
  result = mp_pool_apply (pool, "die_first",
                          g_variant_new ("(@(sv)@(sv))", variant_of (value), variant_of (theirs)),
                          &error);
  g_assert_no_error (error);
  same = object_of (result, MP_TYPE_VALUE);
  g_assert_cmpint (*(gint64 *) mp_value_get_pointer (same), ==, 3);
  *(gint64 *) mp_value_get_pointer (same) = 4;
  g_assert_cmpint (*(gint64 *) mp_value_get_pointer (value), ==, 4);
  for (gint64 i = 1; i <= 3; i++)
    {
      g_autoptr(GVariant) told = receive (ours);

      g_assert_cmpint (g_variant_get_int64 (told), ==, i);
    }
}

static void
kill_one (MpPool *pool)
{
  MpWorkerInfo workers[2];
  guint n = mp_pool_get_workers (pool, workers, G_N_ELEMENTS (workers));

  g_usleep (g_test_rand_int_range (0, 300));
  if (n > 0)
    kill (workers[0].pid, SIGKILL);
}

/* Workers are killed at any instant: each item has its own descriptor, there and back. */
static void
test_killed (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 100 : 5;
  g_autoptr(GError) error = NULL;
  g_autoptr(MpPool) pool = mp_pool_new (mp_context_get (method, NULL), 2);

  mp_pool_set_retries (pool, 1000);
  mp_pool_start (pool, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr(MpPoolIter) iter = NULL;
      guint64 next[2] = { 0 };

      iter = mp_pool_imap (pool, "same_number", next_number, next, NULL, 1, &error);
      for (guint64 n = 0; n < 1000; n++)
        {
          g_autoptr(GVariant) value = NULL;
          guint64 number;
          int fd;

          mp_pool_iter_next (iter, -1, &value, &error);
          g_assert_no_error (error);
          g_variant_get (value, "(th)", &number, &fd);
          g_assert_cmpuint (number, ==, n);
          g_assert_cmpuint (number_in (fd), ==, n);
          if (n % 100 == 50)
            kill_one (pool);
        }
      close (next[1]);
    }
}

/* An item whose descriptors are not open is an error, and so is such a result. */
static GVariant *
return_closed (GVariant  *args,
               GError   **error)
{
  return g_variant_new_handle (1000000);
}
MP_REGISTER_FUNCTION (return_closed)

static void
test_closed (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(GVariant) value = NULL;

  g_assert_null (mp_pool_apply (pool, "same_number", g_variant_new ("(th)", 1, 1000000), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_null (mp_pool_apply (pool, "return_closed", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("carry-pool", "items", test_items);
  add_for_methods ("carry-pool", "stream", test_stream);
  add_for_methods ("carry-pool", "results", test_results);
  add_for_methods ("carry-pool", "again", test_again);
  add_for_methods ("carry-pool", "killed", test_killed);
  add_for_methods ("carry-pool", "closed", test_closed);
  g_test_add_data_func ("/carry-pool/items/threads", "threads", test_items);
  g_test_add_data_func ("/carry-pool/stream/threads", "threads", test_stream);
  g_test_add_data_func ("/carry-pool/results/threads", "threads", test_results);
  g_test_add_data_func ("/carry-pool/closed/threads", "threads", test_closed);
  return g_test_run ();
}
