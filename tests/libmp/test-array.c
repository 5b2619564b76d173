/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values and arrays between processes. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

#define LONG_LENGTH 1000000

static GVariant *
count_up (GVariant  *args,
          GError   **error)
{
  g_autoptr(MpArray) array = mp_shareable_from_variant (args, MP_TYPE_ARRAY, error);
  int *numbers = mp_array_get_pointer (array);

  for (guint i = 0; i < 1000; i++)
    {
      MpLock *lock = mp_array_get_lock (array);

      g_assert_cmpint (mp_lock_acquire (lock, -1, error), !=, MP_ACQUIRED_NOT);
      numbers[0]++;
      numbers[mp_array_get_length (array) - 1]++;
      mp_lock_release (lock, error);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (count_up)

/* Two numbers that are the same whenever the lock is released by who holds it in life. */
static GVariant *
keep_equal (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpArray) array = mp_shareable_from_variant (args, MP_TYPE_ARRAY, error);
  volatile gint64 *numbers = mp_array_get_pointer (array);
  MpLock *lock = mp_array_get_lock (array);

  for (;;)
    {
      if (mp_lock_acquire (lock, -1, NULL) == MP_ACQUIRED_OWNER_DIED)
        numbers[1] = numbers[0];
      if (numbers[0] != numbers[1])
        abort ();
      numbers[0]++;
      numbers[1]++;
      mp_lock_release (lock, NULL);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (keep_equal)

static MpArray *
new_array (char    typecode,
           guint64 length)
{
  g_autoptr(GError) error = NULL;
  MpArray *array = mp_array_new (typecode, length, &error);

  g_assert_no_error (error);
  return array;
}

static void
test_types (void)
{
  static const struct
  {
    char  typecode;
    gsize size;
  } types[] = {
    { 'c', 1 }, { 'b', 1 }, { 'B', 1 }, { 'h', 2 }, { 'H', 2 }, { 'i', 4 }, { 'I', 4 },
    { 'l', sizeof (long) }, { 'L', sizeof (long) }, { 'q', 8 }, { 'Q', 8 }, { 'f', 4 }, { 'd', 8 },
  };
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr(MpArray) array = new_array (types[i].typecode, 100);
      g_autoptr(MpValue) value = mp_value_new (types[i].typecode, &error);

      g_assert_cmpuint (mp_array_get_item_size (array), ==, types[i].size);
      g_assert_cmpuint (mp_array_get_length (array), ==, 100);
      g_assert_cmpint (mp_array_get_typecode (array), ==, types[i].typecode);
      for (guint at = 0; at < 100 * types[i].size; at++)
        g_assert_cmpint (((char *) mp_array_get_pointer (array))[at], ==, 0);
      g_assert_cmpint (mp_value_get_typecode (value), ==, types[i].typecode);
      g_assert_cmpint (*(char *) mp_value_get_pointer (value), ==, 0);
    }
  g_assert_null (mp_array_new ('x', 1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_value_new ('x', &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_array_new ('d', G_MAXUINT64, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
}

static void
test_raw (void)
{
  g_autoptr(MpArray) raw = mp_array_new_with_lock ('d', 0, NULL, NULL);
  g_autoptr(MpLock) lock = mp_lock_new (NULL);
  g_autoptr(MpArray) with_lock = mp_array_new_with_lock ('d', 3, lock, NULL);

  g_assert_null (mp_array_get_lock (raw));
  g_assert_true (mp_array_get_lock (with_lock) == lock);
  g_assert_cmpuint (mp_array_get_length (raw), ==, 0);
}

static void
test_processes (gconstpointer method)
{
  static const guint64 lengths[] = { 2, LONG_LENGTH };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr(MpArray) array = new_array ('i', lengths[i]);
      GVariant *args = g_variant_ref_sink (mp_shareable_to_variant (MP_SHAREABLE (array)));
      g_autoptr(MpProcess) first = start_new (method, "count_up", args);
      g_autoptr(MpProcess) second = start_new (method, "count_up", args);
      int *numbers = mp_array_get_pointer (array);

      g_assert_cmpint (join (first), ==, 0);
      g_assert_cmpint (join (second), ==, 0);
      g_assert_cmpint (numbers[0], ==, 2000);
      g_assert_cmpint (numbers[lengths[i] - 1], ==, 2000);
      g_variant_unref (args);
    }
}

static void
test_killed (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 500 : 20;
  g_autoptr(MpArray) array = new_array ('q', 2);
  gint64 *numbers = mp_array_get_pointer (array);

  for (guint i = 0; i < rounds; i++)
    {
      MpProcess *processes[2];
      gint64 before = numbers[0];

      for (guint n = 0; n < 2; n++)
        processes[n] = start_new (method, "keep_equal",
                                  mp_shareable_to_variant (MP_SHAREABLE (array)));
      while (*(volatile gint64 *) numbers < before + g_test_rand_int_range (1, 1000))
        g_usleep (10);
      for (guint n = 0; n < 2; n++)
        {
          mp_process_kill (processes[n], NULL);
          g_assert_cmpint (join (processes[n]), ==, -SIGKILL);
          g_object_unref (processes[n]);
        }
      if (mp_lock_acquire (mp_array_get_lock (array), -1, NULL) == MP_ACQUIRED_OWNER_DIED)
        numbers[1] = numbers[0];
      g_assert_cmpint (numbers[0], ==, numbers[1]);
      mp_lock_release (mp_array_get_lock (array), NULL);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/array/types", test_types);
  g_test_add_func ("/array/raw", test_raw);
  add_for_methods ("array", "processes", test_processes);
  add_for_methods ("array", "killed", test_killed);
  return g_test_run ();
}
