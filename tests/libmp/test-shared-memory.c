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

/* Of a manager: attached to in another process, by what it was given and by its name. */
static GVariant *
use_both (GVariant  *args,
          GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(MpShareableList) list = mp_shareable_from_variant (first, MP_TYPE_SHAREABLE_LIST, error);
  g_autoptr(MpSharedMemory) memory = NULL;
  const char *name;

  g_variant_get_child (args, 1, "&s", &name);
  memory = list != NULL ? mp_shared_memory_attach (name, error) : NULL;
  if (memory != NULL && mp_shareable_list_set (list, 0, g_variant_new_int64 (7), error))
    strcpy (mp_shared_memory_get_data (memory), "seen");
  return NULL;
}
MP_REGISTER_FUNCTION (use_both)

static void
test_manager (gconstpointer method)
{
  g_autoptr(MpSharedMemoryManager) manager = mp_shared_memory_manager_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSharedMemory) memory = mp_shared_memory_manager_create_memory (manager, 100, &error);
  g_autoptr(MpShareableList) list =
    mp_shared_memory_manager_create_list (manager, g_variant_new_parsed ("(int64 1, 'two')"), &error);
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) item = NULL;
  g_autofree char *list_name = NULL;

  g_assert_no_error (error);
  list_name = g_strdup (mp_shared_memory_get_name (mp_shareable_list_get_memory (list)));
  process = start_new (method, "use_both",
                       g_variant_new ("(@(sv)s)", mp_shareable_to_variant (MP_SHAREABLE (list)),
                                      mp_shared_memory_get_name (memory)));
  g_assert_cmpint (join (process), ==, 0);
  g_assert_cmpstr (mp_shared_memory_get_data (memory), ==, "seen");
  item = mp_shareable_list_get (list, 0, &error);
  g_assert_cmpint (g_variant_get_int64 (item), ==, 7);
  /* One that has been unlinked already is no trouble. */
  g_assert_true (mp_shared_memory_unlink (mp_shareable_list_get_memory (list), &error));
  mp_shared_memory_manager_shutdown (manager);
  mp_shared_memory_manager_shutdown (manager);
  expect_no_memory (mp_shared_memory_get_name (memory));
  expect_no_memory (list_name);
  g_assert_null (mp_shared_memory_manager_create_memory (manager, 100, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
}

/* Says the names of what it has made, and ends as it is told. */
static GVariant *
manage (GVariant  *args,
        GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (first, MP_TYPE_CONNECTION, error);
  MpSharedMemoryManager *manager = mp_shared_memory_manager_new ();
  gboolean killed;

  g_variant_get_child (args, 1, "b", &killed);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(MpSharedMemory) memory = mp_shared_memory_manager_create_memory (manager, 10, error);

      mp_connection_send (connection, g_variant_new_string (mp_shared_memory_get_name (memory)), error);
    }
  g_variant_unref (mp_connection_recv (connection, error));
  if (killed)
    raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (manage)

/* At the end of its process nothing is left, whether that was orderly or not. */
static void
test_manager_ends (gconstpointer method)
{
  for (guint killed = 0; killed < 2; killed++)
    {
      g_autoptr(MpConnection) ours = NULL;
      g_autoptr(MpConnection) theirs = NULL;
      g_autoptr(MpProcess) process = NULL;
      char *names[3];

      make_pipe (TRUE, &ours, &theirs);
      process = start_new (method, "manage",
                           g_variant_new ("(@(sv)b)", mp_shareable_to_variant (MP_SHAREABLE (theirs)), killed));
      for (guint i = 0; i < 3; i++)
        {
          g_autoptr(GVariant) name = receive (ours);

          names[i] = g_variant_dup_string (name, NULL);
          g_object_unref (wait_for_memory (names[i]));
        }
      mp_connection_send (ours, g_variant_new_boolean (TRUE), NULL);
      g_assert_cmpint (join (process), ==, killed ? -SIGKILL : 0);
      for (guint i = 0; i < 3; i++)
        {
          MpSharedMemory *other;

          while (killed && (other = mp_shared_memory_attach (names[i], NULL)) != NULL)
            {
              g_object_unref (other);
              g_usleep (1000);
            }
          expect_no_memory (names[i]);
          g_free (names[i]);
        }
    }
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
  add_for_methods ("shared-memory", "manager", test_manager);
  add_for_methods ("shared-memory", "manager-ends", test_manager_ends);
  return g_test_run ();
}
