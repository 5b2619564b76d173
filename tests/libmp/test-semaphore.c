/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Semaphores between processes, some of which die while they have units. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

static MpSemaphore *
new_semaphore (guint value)
{
  g_autoptr(GError) error = NULL;
  MpSemaphore *semaphore = mp_semaphore_new (value, &error);

  g_assert_no_error (error);
  return semaphore;
}

static MpSemaphore *
semaphore_of (GVariant *args)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (args, 0);
  g_autoptr(GError) error = NULL;
  MpSemaphore *semaphore = mp_shareable_from_variant (value, MP_TYPE_SEMAPHORE, &error);

  g_assert_no_error (error);
  return semaphore;
}

static GVariant *
args_of (MpSemaphore  *semaphore,
         MpConnection *connection)
{
  return g_variant_new ("(@(sv)@(sv))", mp_shareable_to_variant (MP_SHAREABLE (semaphore)),
                        mp_shareable_to_variant (MP_SHAREABLE (connection)));
}

/* Acquires two, says so and stays. */
static GVariant *
hold_two (GVariant  *args,
          GError   **error)
{
  g_autoptr(MpSemaphore) semaphore = semaphore_of (args);
  g_autoptr(GVariant) value = g_variant_get_child_value (args, 1);
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, NULL);

  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, error), !=, MP_ACQUIRED_NOT);
  send_value (connection, g_variant_new_boolean (TRUE));
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (hold_two)

static GVariant *
take_units (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpSemaphore) semaphore = semaphore_of (args);

  for (;;)
    {
      g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, error), !=, MP_ACQUIRED_NOT);
      g_assert_true (mp_semaphore_release (semaphore, error));
    }
  return NULL;
}
MP_REGISTER_FUNCTION (take_units)

static MpProcess *
start_holder (gconstpointer  method,
              MpSemaphore   *semaphore)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(GVariant) told = NULL;
  MpProcess *process;

  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "hold_two", args_of (semaphore, theirs));
  told = receive (ours);
  return process;
}

static void
test_alone (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSemaphore) semaphore = new_semaphore (2);
  g_autoptr(MpBoundedSemaphore) bounded = mp_bounded_semaphore_new (1, &error);

  g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, &error), ==, MP_ACQUIRED);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, &error), ==, MP_ACQUIRED);
  g_assert_cmpuint (mp_semaphore_get_value (semaphore), ==, 0);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, &error), ==, MP_ACQUIRED_NOT);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 1000, &error), ==, MP_ACQUIRED_NOT);
  for (guint i = 0; i < 3; i++)
    g_assert_true (mp_semaphore_release (semaphore, &error));
  g_assert_cmpuint (mp_semaphore_get_value (semaphore), ==, 3);
  g_assert_no_error (error);

  g_assert_cmpint (mp_semaphore_acquire (MP_SEMAPHORE (bounded), -1, &error), ==, MP_ACQUIRED);
  g_assert_true (mp_semaphore_release (MP_SEMAPHORE (bounded), &error));
  g_assert_false (mp_semaphore_release (MP_SEMAPHORE (bounded), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
  g_clear_error (&error);
  g_assert_null (mp_semaphore_new (G_MAXUINT, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
}

static void
test_holder_dies (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSemaphore) semaphore = new_semaphore (2);
  g_autoptr(MpProcess) process = start_holder (method, semaphore);

  g_assert_cmpuint (mp_semaphore_get_value (semaphore), ==, 0);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 1000, &error), ==, MP_ACQUIRED_NOT);
  mp_process_kill (process, NULL);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, &error), ==, MP_ACQUIRED_OWNER_DIED);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, &error), ==, MP_ACQUIRED_OWNER_DIED);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, &error), ==, MP_ACQUIRED_NOT);
  g_assert_true (mp_semaphore_release (semaphore, &error));
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, &error), ==, MP_ACQUIRED);
  g_assert_cmpint (join (process), ==, -SIGKILL);

  /* Without a wait, too. */
  g_assert_true (mp_semaphore_release (semaphore, &error));
  g_assert_true (mp_semaphore_release (semaphore, &error));
  g_clear_object (&process);
  process = start_holder (method, semaphore);
  mp_process_kill (process, NULL);
  g_assert_cmpint (join (process), ==, -SIGKILL);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, &error), ==, MP_ACQUIRED_OWNER_DIED);
}

/* What another process has acquired can be released for it, once. */
static void
test_released_for (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSemaphore) semaphore = new_semaphore (2);
  g_autoptr(MpProcess) process = start_holder (method, semaphore);

  g_assert_true (mp_semaphore_release (semaphore, &error));
  g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, &error), ==, MP_ACQUIRED);
  mp_process_kill (process, NULL);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, &error), ==, MP_ACQUIRED_OWNER_DIED);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, &error), ==, MP_ACQUIRED_NOT);
  join (process);
}

static void
on_acquired (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  int *acquired = user_data;

  *acquired = mp_semaphore_acquire_finish (MP_SEMAPHORE (source), result, NULL);
}

static void
test_async (gconstpointer method)
{
  g_autoptr(MpSemaphore) semaphore = new_semaphore (2);
  g_autoptr(MpProcess) process = start_holder (method, semaphore);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  int cancelled = -1;
  int acquired = -1;

  mp_semaphore_acquire_async (semaphore, cancellable, on_acquired, &cancelled);
  mp_semaphore_acquire_async (semaphore, NULL, on_acquired, &acquired);
  g_cancellable_cancel (cancellable);
  while (cancelled < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (cancelled, ==, MP_ACQUIRED_NOT);
  mp_process_kill (process, NULL);
  while (acquired < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (acquired, ==, MP_ACQUIRED_OWNER_DIED);
  join (process);
}

/* Killed at any instant of taking and giving back: no unit is lost, none is added. */
static void
test_killed (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 334 : 30;
  g_autoptr(MpSemaphore) semaphore = new_semaphore (2);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;

  make_pipe (FALSE, &ours, &theirs);
  for (guint i = 0; i < rounds; i++)
    {
      MpProcess *processes[3];

      for (guint n = 0; n < 3; n++)
        processes[n] = start_new (method, "take_units", args_of (semaphore, theirs));
      for (int n = g_test_rand_int_range (0, 2000); n > 0; n--)
        {
          g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, NULL), !=, MP_ACQUIRED_NOT);
          g_assert_true (mp_semaphore_release (semaphore, NULL));
        }
      for (guint n = 0; n < 3; n++)
        mp_process_kill (processes[n], NULL);
      for (guint n = 0; n < 2; n++)
        g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, NULL), !=, MP_ACQUIRED_NOT);
      g_assert_cmpint (mp_semaphore_acquire (semaphore, 0, NULL), ==, MP_ACQUIRED_NOT);
      for (guint n = 0; n < 2; n++)
        g_assert_true (mp_semaphore_release (semaphore, NULL));
      for (guint n = 0; n < 3; n++)
        {
          g_assert_cmpint (join (processes[n]), ==, -SIGKILL);
          g_object_unref (processes[n]);
        }
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/semaphore/alone", test_alone);
  add_for_methods ("semaphore", "holder-dies", test_holder_dies);
  add_for_methods ("semaphore", "released-for", test_released_for);
  add_for_methods ("semaphore", "async", test_async);
  add_for_methods ("semaphore", "killed", test_killed);
  return g_test_run ();
}
