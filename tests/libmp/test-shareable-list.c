/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists in shared memory, of processes that may be killed. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

static MpShareableList *
new_list (const char *text)
{
  g_autoptr(GError) error = NULL;
  MpShareableList *list = mp_shareable_list_new (g_variant_new_parsed (text), &error);

  g_assert_no_error (error);
  return list;
}

static void
expect (MpShareableList *list,
        gssize           index,
        const char      *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) expected = g_variant_ref_sink (g_variant_new_parsed (text));
  g_autoptr(GVariant) value = mp_shareable_list_get (list, index, &error);

  g_assert_no_error (error);
  g_assert_cmpvariant (value, expected);
}

static void
set (MpShareableList *list,
     gssize           index,
     const char      *text)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (mp_shareable_list_set (list, index, g_variant_new_parsed (text), &error));
  g_assert_no_error (error);
}

static void
refuse (MpShareableList *list,
        gssize           index,
        const char      *text,
        int              code)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (mp_shareable_list_set (list, index, g_variant_new_parsed (text), &error));
  g_assert_error (error, MP_ERROR, code);
}

static void
expect_format (MpShareableList *list,
               const char      *expected)
{
  g_autofree char *format = mp_shareable_list_get_format (list, NULL);

  g_assert_cmpstr (format, ==, expected);
}

#define EVERYTHING "[<int64 1>, <2.5>, <true>, <'abc'>, <b'xy'>, <@mv nothing>, <'12345678'>]"

static void
test_values (void)
{
  g_autoptr(MpShareableList) list = new_list (EVERYTHING);
  g_autoptr(MpShareableList) words = new_list ("['a', '']");
  g_autoptr(MpShareableList) tuple = new_list ("(byte 1, int16 -2, uint16 3, -4, uint32 5, uint64 6)");
  g_autoptr(MpShareableList) empty = new_list ("@ai []");

  g_assert_cmpuint (mp_shareable_list_get_length (list), ==, 7);
  expect (list, 0, "int64 1");
  expect (list, 1, "2.5");
  expect (list, 2, "true");
  expect (list, 3, "'abc'");
  /* With its zero byte, which Python's forgets. */
  expect (list, 4, "b'xy'");
  expect (list, 5, "@mv nothing");
  expect (list, -1, "'12345678'");
  expect (list, -7, "int64 1");
  expect_format (list, "qdxxxxxxx?8s8sxxxxxx?x16s");
  expect (words, 1, "''");
  for (gssize i = 0; i < 6; i++)
    {
      const char *numbers[] = { "int64 1", "int64 -2", "int64 3", "int64 -4", "int64 5", "int64 6" };

      expect (tuple, i, numbers[i]);
    }
  g_assert_cmpuint (mp_shareable_list_get_length (empty), ==, 0);
  expect_format (empty, "");
}

static void
test_set (void)
{
  g_autoptr(MpShareableList) list = new_list (EVERYTHING);
  g_autoptr(GError) error = NULL;

  set (list, 0, "'abcdefgh'");
  set (list, 3, "7");
  set (list, 5, "-1.5");
  set (list, -1, "'1234567890123456'");
  set (list, 4, "@ay [0x00, 0x00]");
  expect (list, 0, "'abcdefgh'");
  expect (list, 3, "int64 7");
  expect (list, 4, "@ay [0x00, 0x00]");
  expect (list, 5, "-1.5");
  expect (list, 6, "'1234567890123456'");
  expect_format (list, "8sdxxxxxxx?q8sd16s");

  refuse (list, 0, "'123456789'", MP_ERROR_TOO_SHORT);
  refuse (list, 3, "'éééééé'", MP_ERROR_TOO_SHORT);
  refuse (list, 7, "1", MP_ERROR_FAILED);
  refuse (list, -8, "1", MP_ERROR_FAILED);
  refuse (list, 0, "uint64 9223372036854775808", MP_ERROR_FAILED);
  refuse (list, 0, "[1, 2]", MP_ERROR_FAILED);
  refuse (list, 0, "@mi 1", MP_ERROR_FAILED);
  expect (list, 0, "'abcdefgh'");
  expect (list, 3, "int64 7");
  g_assert_null (mp_shareable_list_get (list, -8, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_shareable_list_get (list, G_MINSSIZE, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_shareable_list_new (g_variant_new_parsed ("[[1]]"), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
}

static void
test_search (void)
{
  g_autoptr(MpShareableList) list =
    new_list ("[<1>, <1.0>, <true>, <'1'>, <b'1'>, <@ay [0x31]>, <int64 9007199254740993>, <@mv nothing>]");
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (mp_shareable_list_count (list, g_variant_new_int32 (1), NULL), ==, 3);
  g_assert_cmpint (mp_shareable_list_count (list, g_variant_new_double (1), NULL), ==, 3);
  g_assert_cmpint (mp_shareable_list_count (list, g_variant_new_string ("1"), NULL), ==, 1);
  g_assert_cmpint (mp_shareable_list_count (list, g_variant_new_double (2), NULL), ==, 0);
  g_assert_cmpint (mp_shareable_list_index (list, g_variant_new_boolean (TRUE), NULL), ==, 0);
  g_assert_cmpint (mp_shareable_list_index (list, g_variant_new_string ("1"), NULL), ==, 3);
  g_assert_cmpint (mp_shareable_list_index (list, g_variant_new_parsed ("@ay [0x31]"), NULL), ==, 5);
  g_assert_cmpint (mp_shareable_list_index (list, g_variant_new_parsed ("@mv nothing"), NULL), ==, 7);
  /* No double is that number. */
  g_assert_cmpint (mp_shareable_list_count (list, g_variant_new_double (9007199254740992.0), NULL),
                   ==, 0);
  g_assert_cmpint (mp_shareable_list_index (list, g_variant_new_string ("no"), &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_cmpint (mp_shareable_list_count (list, g_variant_new_parsed ("[1]"), &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);

  mp_shared_memory_close (mp_shareable_list_get_memory (list));
  g_assert_null (mp_shareable_list_get (list, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (mp_shareable_list_count (list, g_variant_new_int32 (1), &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
}

/* Gets a list, as a value or by its name, and changes it. */
static GVariant *
change (GVariant  *args,
        GError   **error)
{
  g_autoptr(MpShareableList) list = NULL;

  if (g_variant_is_of_type (args, G_VARIANT_TYPE_STRING))
    list = mp_shareable_list_attach (g_variant_get_string (args, NULL), error);
  else
    list = mp_shareable_from_variant (args, MP_TYPE_SHAREABLE_LIST, error);
  if (list == NULL)
    return NULL;
  expect (list, 3, "'abc'");
  set (list, 3, "'child'");
  set (list, 0, "@mv nothing");
  return NULL;
}
MP_REGISTER_FUNCTION (change)

static void
test_processes (gconstpointer method)
{
  g_autofree char *name = g_strdup_printf ("mp-test-%d-%u", getpid (), g_random_int ());

  for (guint by_name = 0; by_name < 2; by_name++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(MpShareableList) list = NULL;
      g_autoptr(MpProcess) process = NULL;

      if (by_name)
        list = mp_shareable_list_create (name, g_variant_new_parsed (EVERYTHING), &error);
      else
        list = mp_shareable_list_new (g_variant_new_parsed (EVERYTHING), &error);
      g_assert_no_error (error);
      process = start_new (method, "change",
                           by_name ? g_variant_new_string (name)
                                   : mp_shareable_to_variant (MP_SHAREABLE (list)));
      g_assert_cmpint (join (process), ==, 0);
      expect (list, 3, "'child'");
      expect (list, 0, "@mv nothing");
      if (by_name)
        {
          g_assert_null (mp_shareable_list_create (name, g_variant_new_parsed ("[1]"), &error));
          g_assert_error (error, MP_ERROR, MP_ERROR_EXISTS);
          g_assert_true (mp_shared_memory_unlink (mp_shareable_list_get_memory (list), NULL));
        }
    }
}

/* Whatever somebody may have written there is an error, and nobody reads beyond its end. */
static void
test_damaged (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr(MpShareableList) list = new_list (EVERYTHING);
      MpSharedMemory *memory = mp_shareable_list_get_memory (list);
      g_autofree char *name = g_strdup_printf ("mp-test-%d-%u", getpid (), i);
      g_autoptr(MpSharedMemory) named = NULL;
      g_autoptr(MpShareableList) other = NULL;
      gsize size = mp_shared_memory_get_size (memory);
      guint8 *data;

      if (i % 100 != 0 || !can_start_processes ())
        {
          /* Not where the mutex lies: what a wild one does is not known. */
          data = mp_shared_memory_get_data (memory);
          data[g_test_rand_int_range (64, size)] = g_test_rand_int_range (0, 256);
          for (gssize k = 0; k < 7; k++)
            {
              g_autoptr(GError) error = NULL;
              g_autoptr(GVariant) value = mp_shareable_list_get (list, k, &error);

              g_assert_true ((value != NULL) != (error != NULL));
            }
          continue;
        }
      named = mp_shared_memory_create (name, i / 10 + 1, NULL);
      data = mp_shared_memory_get_data (named);
      memcpy (data, mp_shared_memory_get_data (memory), MIN (size, i / 10 + 1));
      if (i / 10 + 1 < size)
        g_assert_null (mp_shareable_list_attach (name, NULL));
      else
        g_assert_nonnull ((other = mp_shareable_list_attach (name, NULL)));
      g_assert_true (mp_shared_memory_unlink (named, NULL));
    }
}

#define LONG 4000

static GVariant *
make_long (char letter)
{
  g_autofree char *text = g_strnfill (LONG, letter);

  return g_variant_new_string (text);
}

/* Sets the same place to one long string after the other, until it is killed. */
static GVariant *
set_for_ever (GVariant  *args,
              GError   **error)
{
  g_autoptr(MpShareableList) list = mp_shareable_from_variant (args, MP_TYPE_SHAREABLE_LIST, error);

  for (guint i = 0;; i++)
    if (!mp_shareable_list_set (list, 0, make_long ('a' + i % 26), error))
      return NULL;
}
MP_REGISTER_FUNCTION (set_for_ever)

static void
check_whole (MpShareableList *list)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = mp_shareable_list_get (list, 0, &error);
  const char *text;

  g_assert_no_error (error);
  text = g_variant_get_string (value, NULL);
  g_assert_cmpuint (strlen (text), ==, LONG);
  for (guint i = 1; i < LONG; i++)
    g_assert_cmpint (text[i], ==, text[0]);
}

/* Others see a value as a whole, whoever sets it and is killed over it. */
static void
test_killed (gconstpointer method)
{
  GVariant *first = make_long ('A');
  g_autoptr(MpShareableList) list = mp_shareable_list_new (g_variant_new_array (NULL, &first, 1), NULL);
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 300 : 30;

  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr(MpProcess) one = NULL;
      g_autoptr(MpProcess) two = NULL;
      g_autoptr(GVariant) before = mp_shareable_list_get (list, 0, NULL);
      gboolean changed = FALSE;

      one = start_new (method, "set_for_ever", mp_shareable_to_variant (MP_SHAREABLE (list)));
      two = start_new (method, "set_for_ever", mp_shareable_to_variant (MP_SHAREABLE (list)));
      for (guint k = 0; k < 100 || !changed; k++)
        {
          g_autoptr(GVariant) now = mp_shareable_list_get (list, 0, NULL);

          changed |= !g_variant_equal (now, before);
          check_whole (list);
        }
      mp_process_kill (one, NULL);
      g_assert_cmpint (join (one), ==, -SIGKILL);
      check_whole (list);
      mp_process_kill (two, NULL);
      g_assert_cmpint (join (two), ==, -SIGKILL);
      check_whole (list);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shareable-list/values", test_values);
  g_test_add_func ("/shareable-list/set", test_set);
  g_test_add_func ("/shareable-list/search", test_search);
  g_test_add_func ("/shareable-list/damaged", test_damaged);
  add_for_methods ("shareable-list", "processes", test_processes);
  add_for_methods ("shareable-list", "killed", test_killed);
  return g_test_run ();
}
