/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Locks between processes, some of which die while they have them. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

static MpLock *
lock_of (GVariant *args)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (args, 0);
  g_autoptr(GError) error = NULL;
  MpLock *lock = mp_shareable_from_variant (value, MP_TYPE_LOCK, &error);

  g_assert_no_error (error);
  return lock;
}

static MpConnection *
connection_of (GVariant *args)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (args, 1);
  g_autoptr(GError) error = NULL;
  MpConnection *connection = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, &error);

  g_assert_no_error (error);
  return connection;
}

static GVariant *
lock_args (MpLock       *lock,
           MpConnection *connection)
{
  return g_variant_new ("(@(sv)@(sv))", mp_shareable_to_variant (MP_SHAREABLE (lock)),
                        mp_shareable_to_variant (MP_SHAREABLE (connection)));
}

static GVariant *
hold_and_stay (GVariant  *args,
               GError   **error)
{
  g_autoptr(MpLock) lock = lock_of (args);
  g_autoptr(MpConnection) connection = connection_of (args);

  g_assert_cmpint (mp_lock_acquire (lock, -1, error), !=, MP_ACQUIRED_NOT);
  send_value (connection, g_variant_new_boolean (TRUE));
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (hold_and_stay)

static GVariant *
take_often (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpLock) lock = lock_of (args);

  for (;;)
    {
      g_assert_cmpint (mp_lock_acquire (lock, -1, error), !=, MP_ACQUIRED_NOT);
      g_assert_true (mp_lock_release (lock, error));
    }
  return NULL;
}
MP_REGISTER_FUNCTION (take_often)

static MpProcess *
start_holder (gconstpointer  method,
              MpLock        *lock)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(GVariant) told = NULL;
  MpProcess *process;

  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "hold_and_stay", lock_args (lock, theirs));
  told = receive (ours);
  return process;
}

/* Makes a lock of its own, sends it and has it. */
static GVariant *
send_and_hold (GVariant  *args,
               GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  g_autoptr(MpLock) lock = mp_lock_new (error);

  g_assert_cmpint (mp_lock_acquire (lock, -1, error), ==, MP_ACQUIRED);
  send_value (connection, mp_shareable_to_variant (MP_SHAREABLE (lock)));
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (send_and_hold)

/* Nothing of a lock stays here because another process has it. */
static void
test_dropped (gconstpointer method)
{
  g_autoptr(MpLock) none = mp_lock_new (NULL);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) value = NULL;
  MpLock *lock;
  guint before;

  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "send_and_hold", lock_args (none, theirs));
  before = count_descriptors ();
  value = receive (ours);
  lock = mp_shareable_from_variant (value, MP_TYPE_LOCK, NULL);
  g_assert_true (mp_lock_get_locked (lock));
  g_object_unref (lock);
  g_clear_pointer (&value, g_variant_unref);
  g_assert_cmpuint (count_descriptors (), ==, before);
  mp_process_kill (process, NULL);
  join (process);
}

static void
test_owner_dies (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpLock) lock = mp_lock_new (&error);
  g_autoptr(MpProcess) process = start_holder (method, lock);

  g_assert_true (mp_lock_get_locked (lock));
  g_assert_cmpint (mp_lock_acquire (lock, 0, &error), ==, MP_ACQUIRED_NOT);
  g_assert_cmpint (mp_lock_acquire (lock, 1000, &error), ==, MP_ACQUIRED_NOT);
  g_assert_no_error (error);
  g_assert_false (mp_lock_release (lock, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
  g_clear_error (&error);

  mp_process_kill (process, NULL);
  g_assert_cmpint (mp_lock_acquire (lock, -1, &error), ==, MP_ACQUIRED_OWNER_DIED);
  g_assert_true (mp_lock_release (lock, &error));
  g_assert_cmpint (mp_lock_acquire (lock, -1, &error), ==, MP_ACQUIRED);
  g_assert_true (mp_lock_release (lock, &error));
  g_assert_cmpint (join (process), ==, -SIGKILL);
}

static void
on_acquired (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  MpAcquired *acquired = user_data;

  *acquired = mp_lock_acquire_finish (MP_LOCK (source), result, &error);
  if (*acquired == MP_ACQUIRED_NOT)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A main loop that waits for the lock is told of the death, too, and can stop waiting. */
static void
test_async (gconstpointer method)
{
  const MpAcquired none = -1;
  g_autoptr(MpLock) lock = mp_lock_new (NULL);
  g_autoptr(MpProcess) process = start_holder (method, lock);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  MpAcquired first = none;
  MpAcquired second = none;
  guint descriptors;

  mp_lock_acquire_async (lock, cancellable, on_acquired, &first);
  g_cancellable_cancel (cancellable);
  while (first == none)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (first, ==, MP_ACQUIRED_NOT);
  descriptors = count_descriptors ();

  mp_lock_acquire_async (lock, NULL, on_acquired, &second);
  mp_process_kill (process, NULL);
  while (second == none)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (second, ==, MP_ACQUIRED_OWNER_DIED);
  g_assert_true (mp_lock_release (lock, NULL));
  g_assert_cmpint (count_descriptors (), ==, descriptors);
  join (process);
}

static void
on_refused (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  GError **error = user_data;

  g_assert_cmpint (mp_lock_acquire_finish (MP_LOCK (source), result, error), ==, MP_ACQUIRED_NOT);
  g_assert_nonnull (*error);
}

/* Without a descriptor to watch the owner with there is an error, not a loop that tries for ever. */
static void
test_unwatched_owner (gconstpointer method)
{
  g_autoptr(MpLock) lock = mp_lock_new (NULL);
  g_autoptr(MpProcess) process = start_holder (method, lock);
  g_autoptr(GError) error = NULL;
  GArray *taken;

  /* The main context has all it needs after the first time; the last one is for the epoll. */
  g_main_context_iteration (NULL, FALSE);
  taken = take_descriptors (1);
  mp_lock_acquire_async (lock, NULL, on_refused, &error);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  free_descriptors (taken);
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, g_strerror (EMFILE)));
  mp_process_kill (process, NULL);
  join (process);
}

/* Killed at any instant of taking and giving back: nobody hangs. */
static void
test_killed (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 334 : 34;
  g_autoptr(MpLock) lock = mp_lock_new (NULL);

  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr(MpConnection) ours = NULL;
      g_autoptr(MpConnection) theirs = NULL;
      g_autoptr(MpProcess) first = NULL;
      g_autoptr(MpProcess) second = NULL;

      make_pipe (FALSE, &ours, &theirs);
      first = start_new (method, "take_often", lock_args (lock, theirs));
      second = start_new (method, "take_often", lock_args (lock, theirs));
      for (int n = g_test_rand_int_range (0, 3000); n > 0; n--)
        {
          g_assert_cmpint (mp_lock_acquire (lock, -1, NULL), !=, MP_ACQUIRED_NOT);
          g_assert_true (mp_lock_release (lock, NULL));
        }
      mp_process_kill (first, NULL);
      mp_process_kill (second, NULL);
      g_assert_cmpint (mp_lock_acquire (lock, -1, NULL), !=, MP_ACQUIRED_NOT);
      g_assert_true (mp_lock_release (lock, NULL));
      g_assert_cmpint (join (first), ==, -SIGKILL);
      g_assert_cmpint (join (second), ==, -SIGKILL);
    }
}

static void
test_again (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpLock) lock = mp_lock_new (&error);
  g_autoptr(MpRLock) rlock = mp_rlock_new (&error);

  g_assert_cmpint (mp_lock_acquire (lock, -1, &error), ==, MP_ACQUIRED);
  g_assert_cmpint (mp_lock_acquire (lock, 0, &error), ==, MP_ACQUIRED_NOT);
  g_assert_no_error (error);
  g_assert_cmpint (mp_lock_acquire (lock, -1, &error), ==, MP_ACQUIRED_NOT);
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  g_assert_true (mp_lock_release (lock, &error));
  g_assert_false (mp_lock_release (lock, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
  g_clear_error (&error);

  for (int i = 0; i < 3; i++)
    g_assert_cmpint (mp_lock_acquire (MP_LOCK (rlock), -1, &error), ==, MP_ACQUIRED);
  for (int i = 0; i < 3; i++)
    {
      g_assert_true (mp_lock_get_locked (MP_LOCK (rlock)));
      g_assert_true (mp_lock_release (MP_LOCK (rlock), &error));
    }
  g_assert_false (mp_lock_get_locked (MP_LOCK (rlock)));
  g_assert_false (mp_lock_release (MP_LOCK (rlock), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
}

/* However many there are. */
static void
test_descriptors (void)
{
  g_autoptr(MpLock) first = mp_lock_new (NULL);
  g_autoptr(GPtrArray) locks = g_ptr_array_new_with_free_func (g_object_unref);
  guint before = count_descriptors ();

  for (guint i = 0; i < 10000; i++)
    g_ptr_array_add (locks, mp_lock_new (NULL));
  g_assert_cmpuint (count_descriptors (), <=, before + 4);
  g_ptr_array_set_size (locks, 0);
  g_assert_cmpuint (count_descriptors (), <=, before + 2);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lock/again", test_again);
  g_test_add_func ("/lock/descriptors", test_descriptors);
  add_for_methods ("lock", "owner-dies", test_owner_dies);
  add_for_methods ("lock", "async", test_async);
  add_for_methods ("lock", "dropped", test_dropped);
  add_for_methods ("lock", "unwatched-owner", test_unwatched_owner);
  add_for_methods ("lock", "killed", test_killed);
  return g_test_run ();
}
