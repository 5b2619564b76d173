/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shared memory, with names and without, of processes that may be killed. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "process-test.h"

static MpSharedMemory *
create (const char *name)
{
  g_autoptr(GError) error = NULL;
  MpSharedMemory *memory = mp_shared_memory_create (name, 10000, &error);

  g_assert_no_error (error);
  return memory;
}

static char *
new_name (void)
{
  return g_strdup_printf ("mp-test-%d-%u", getpid (), g_random_int ());
}

static void
expect_no_memory (const char *name)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_shared_memory_attach (name, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_FOUND);
}

static GVariant *
write_hello (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpSharedMemory) memory = mp_shareable_from_variant (args, MP_TYPE_SHARED_MEMORY, error);

  g_assert_cmpuint (mp_shared_memory_get_size (memory), ==, 10000);
  strcpy (mp_shared_memory_get_data (memory), "hello");
  return NULL;
}
MP_REGISTER_FUNCTION (write_hello)

static GVariant *
attach_and_write (GVariant  *args,
                  GError   **error)
{
  g_autoptr(MpSharedMemory) memory = NULL;

  memory = mp_shared_memory_attach (g_variant_get_string (args, NULL), error);
  g_assert_cmpuint (mp_shared_memory_get_size (memory), ==, 10000);
  strcpy (mp_shared_memory_get_data (memory), "attached");
  return NULL;
}
MP_REGISTER_FUNCTION (attach_and_write)

/* Creates, or attaches to what is there, and stays. */
static GVariant *
create_and_stay (GVariant  *args,
                 GError   **error)
{
  g_autoptr(MpSharedMemory) memory = create (g_variant_get_string (args, NULL));

  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (create_and_stay)

static MpSharedMemory *
wait_for_memory (const char *name)
{
  MpSharedMemory *memory;

  while ((memory = mp_shared_memory_attach (name, NULL)) == NULL)
    g_usleep (1000);
  return memory;
}

static void
test_anonymous (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSharedMemory) memory = mp_shared_memory_new (10000, &error);
  g_autoptr(MpProcess) process = NULL;

  g_assert_no_error (error);
  g_assert_null (mp_shared_memory_get_name (memory));
  process = start_new (method, "write_hello", mp_shareable_to_variant (MP_SHAREABLE (memory)));
  g_assert_cmpint (join (process), ==, 0);
  g_assert_cmpstr (mp_shared_memory_get_data (memory), ==, "hello");
  g_assert_false (mp_shared_memory_unlink (memory, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_FOUND);
}

static void
test_named (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *name = new_name ();
  g_autoptr(MpSharedMemory) memory = create (name);
  g_autoptr(MpProcess) process = start_new (method, "attach_and_write", g_variant_new_string (name));

  g_assert_cmpint (join (process), ==, 0);
  g_assert_cmpstr (mp_shared_memory_get_data (memory), ==, "attached");
  g_assert_null (mp_shared_memory_create (name, 1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_EXISTS);
  g_clear_error (&error);

  /* That who was attached has gone takes nothing away. */
  g_object_unref (mp_shared_memory_attach (name, &error));
  g_assert_no_error (error);
  g_assert_true (mp_shared_memory_unlink (memory, &error));
  expect_no_memory (name);
  g_assert_cmpstr (mp_shared_memory_get_data (memory), ==, "attached");
  g_assert_false (mp_shared_memory_unlink (memory, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_FOUND);
}

static void
test_killed (gconstpointer method)
{
  g_autofree char *name = new_name ();
  g_autoptr(MpProcess) process = start_new (method, "create_and_stay", g_variant_new_string (name));
  g_autoptr(MpSharedMemory) memory = wait_for_memory (name);
  MpSharedMemory *other;

  mp_process_kill (process, NULL);
  g_assert_cmpint (join (process), ==, -SIGKILL);
  while ((other = mp_shared_memory_attach (name, NULL)) != NULL)
    {
      g_object_unref (other);
      g_usleep (1000);
    }
  /* Who is attached has it. */
  strcpy (mp_shared_memory_get_data (memory), "mine");
  g_assert_cmpstr (mp_shared_memory_get_data (memory), ==, "mine");
}

static void
test_alone (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSharedMemory) memory = create (NULL);
  guint before = count_descriptors ();

  expect_no_memory ("mp-test-no-such-memory");
  g_assert_null (mp_shared_memory_new (0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_shared_memory_create ("a/b", 1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_true (g_str_has_prefix (mp_shared_memory_get_name (memory), "psm_"));
  for (guint i = 0; i < 10000; i++)
    g_assert_cmpint (((char *) mp_shared_memory_get_data (memory))[i], ==, 0);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr(MpSharedMemory) named = create (NULL);

      g_assert_true (mp_shared_memory_unlink (named, &error));
      mp_shared_memory_close (named);
      g_assert_null (mp_shared_memory_get_data (named));
    }
  g_assert_cmpuint (count_descriptors (), ==, before);
  g_assert_true (mp_shared_memory_unlink (memory, &error));
  /* Nobody is left who looked after the names. */
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/shared-memory/alone", test_alone);
  add_for_methods ("shared-memory", "anonymous", test_anonymous);
  add_for_methods ("shared-memory", "named", test_named);
  add_for_methods ("shared-memory", "killed", test_killed);
  return g_test_run ();
}
