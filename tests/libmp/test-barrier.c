/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Barriers between processes, some of which die while they wait. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

static GVariant *
count_up (GVariant  *args,
          GError   **error)
{
  return NULL;
}
MP_REGISTER_FUNCTION (count_up)

static GVariant *
fail_always (GVariant  *args,
             GError   **error)
{
  g_set_error_literal (error, MP_ERROR, MP_ERROR_TIMEOUT, "it fails");
  return NULL;
}
MP_REGISTER_FUNCTION (fail_always)

static GVariant *
die_in_action (GVariant  *args,
               GError   **error)
{
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (die_in_action)

static MpBarrier *
new_barrier (guint       parties,
             const char *action)
{
  g_autoptr(GError) error = NULL;
  MpBarrier *barrier = mp_barrier_new (parties, action, -1, &error);

  g_assert_no_error (error);
  return barrier;
}

static MpBarrier *
barrier_of (GVariant *args)
{
  g_autoptr(GError) error = NULL;
  MpBarrier *barrier = mp_shareable_from_variant (args, MP_TYPE_BARRIER, &error);

  g_assert_no_error (error);
  return barrier;
}

/* Exits by 1 if the barrier is or gets broken. */
static GVariant *
wait_rounds (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpBarrier) barrier = barrier_of (args);

  for (guint i = 0; i < 50; i++)
    {
      if (mp_barrier_wait (barrier, -1, NULL) < 0)
        exit (1);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (wait_rounds)

static GVariant *
wait_for_ever (GVariant  *args,
               GError   **error)
{
  g_autoptr(MpBarrier) barrier = barrier_of (args);

  while (mp_barrier_wait (barrier, -1, NULL) >= 0)
    ;
  exit (1);
}
MP_REGISTER_FUNCTION (wait_for_ever)

static void
expect_broken (MpBarrier *barrier,
               gint64     timeout)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (mp_barrier_wait (barrier, timeout, &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_BROKEN_BARRIER);
  g_assert_true (mp_barrier_get_broken (barrier));
}

static MpProcess *
start_waiter (gconstpointer  method,
              const char    *function,
              MpBarrier     *barrier)
{
  return start_new (method, function, mp_shareable_to_variant (MP_SHAREABLE (barrier)));
}

static void
wait_for_waiters (MpBarrier *barrier,
                  guint      n)
{
  while (mp_barrier_get_n_waiting (barrier) < n)
    g_usleep (1000);
}

static void
test_alone (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpBarrier) single = new_barrier (1, "count_up");
  g_autoptr(MpBarrier) failing = new_barrier (1, "fail_always");
  g_autoptr(MpBarrier) barrier = new_barrier (2, NULL);

  g_assert_cmpuint (mp_barrier_get_parties (barrier), ==, 2);
  g_assert_null (mp_barrier_new (0, NULL, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_barrier_new (2, "no such function", -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
  g_clear_error (&error);

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (mp_barrier_wait (single, -1, &error), ==, 0);
  g_assert_cmpint (mp_barrier_wait (failing, -1, &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  expect_broken (failing, -1);

  expect_broken (barrier, 1000);
  expect_broken (barrier, -1);
  mp_barrier_reset (barrier);
  g_assert_false (mp_barrier_get_broken (barrier));
  mp_barrier_abort (barrier);
  expect_broken (barrier, -1);
}

static void
test_rounds (gconstpointer method)
{
  g_autoptr(MpBarrier) barrier = new_barrier (3, "count_up");
  g_autoptr(MpProcess) first = start_waiter (method, "wait_rounds", barrier);
  g_autoptr(MpProcess) second = start_waiter (method, "wait_rounds", barrier);

  for (guint i = 0; i < 50; i++)
    g_assert_cmpint (mp_barrier_wait (barrier, -1, NULL), >=, 0);
  g_assert_cmpint (join (first), ==, 0);
  g_assert_cmpint (join (second), ==, 0);
  g_assert_cmpuint (mp_barrier_get_n_waiting (barrier), ==, 0);
}

/* The others learn of it although nobody else comes, whichever of them it was that died but the
 * last; and for that one as soon as somebody comes. */
static void
test_waiter_dies (gconstpointer method)
{
  for (guint killed = 0; killed < 3; killed++)
    {
      g_autoptr(MpBarrier) barrier = new_barrier (4, NULL);
      MpProcess *processes[3];

      for (guint i = 0; i < 3; i++)
        {
          processes[i] = start_waiter (method, "wait_rounds", barrier);
          wait_for_waiters (barrier, i + 1);
        }
      mp_process_kill (processes[killed], NULL);
      g_assert_cmpint (join (processes[killed]), ==, -SIGKILL);
      if (killed == 2)
        expect_broken (barrier, -1);
      for (guint i = 0; i < 3; i++)
        {
          if (i != killed)
            g_assert_cmpint (join (processes[i]), ==, 1);
          g_object_unref (processes[i]);
        }
      g_assert_true (mp_barrier_get_broken (barrier));
    }
}

static void
test_action_dies (gconstpointer method)
{
  g_autoptr(MpBarrier) barrier = new_barrier (3, "die_in_action");
  g_autoptr(MpProcess) first = start_waiter (method, "wait_rounds", barrier);
  g_autoptr(MpProcess) second = NULL;
  g_autoptr(MpProcess) third = NULL;

  wait_for_waiters (barrier, 1);
  second = start_waiter (method, "wait_rounds", barrier);
  wait_for_waiters (barrier, 2);
  third = start_waiter (method, "wait_rounds", barrier);
  g_assert_cmpint (join (third), ==, -SIGKILL);
  g_assert_cmpint (join (first), ==, 1);
  g_assert_cmpint (join (second), ==, 1);
}

static void
test_reset (gconstpointer method)
{
  g_autoptr(MpBarrier) barrier = new_barrier (2, NULL);
  g_autoptr(MpProcess) process = start_waiter (method, "wait_rounds", barrier);

  wait_for_waiters (barrier, 1);
  mp_barrier_reset (barrier);
  g_assert_cmpint (join (process), ==, 1);
  g_assert_false (mp_barrier_get_broken (barrier));
}

static void
expect_async_error (MpBarrier     *barrier,
                    GAsyncResult **result,
                    GQuark         domain,
                    int            code)
{
  g_autoptr(GError) error = NULL;

  wait_for_result (result);
  g_assert_cmpint (mp_barrier_wait_finish (barrier, *result, &error), ==, -1);
  g_assert_error (error, domain, code);
  g_clear_object (result);
}

static void
test_async (gconstpointer method)
{
  g_autoptr(MpBarrier) barrier = new_barrier (3, "count_up");
  g_autoptr(MpProcess) first = start_waiter (method, "wait_rounds", barrier);
  g_autoptr(MpProcess) second = start_waiter (method, "wait_rounds", barrier);
  GAsyncResult *result = NULL;

  for (guint i = 0; i < 50; i++)
    {
      mp_barrier_wait_async (barrier, NULL, keep_result, &result);
      g_assert_null (result);
      wait_for_result (&result);
      g_assert_cmpint (mp_barrier_wait_finish (barrier, result, NULL), >=, 0);
      g_clear_object (&result);
    }
  g_assert_cmpint (join (first), ==, 0);
  g_assert_cmpint (join (second), ==, 0);
}

/* It sees the death of the one before it, and its own end breaks the barrier for the others. */
static void
test_async_broken (gconstpointer method)
{
  g_autoptr(MpBarrier) barrier = new_barrier (3, NULL);
  g_autoptr(MpBarrier) hasty = mp_barrier_new (2, NULL, 1000, NULL);
  g_autoptr(MpProcess) first = start_waiter (method, "wait_rounds", barrier);
  g_autoptr(MpProcess) second = NULL;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;

  wait_for_waiters (barrier, 1);
  mp_barrier_wait_async (barrier, NULL, keep_result, &result);
  mp_process_kill (first, NULL);
  expect_async_error (barrier, &result, MP_ERROR, MP_ERROR_BROKEN_BARRIER);
  g_assert_cmpint (join (first), ==, -SIGKILL);

  mp_barrier_reset (barrier);
  second = start_waiter (method, "wait_rounds", barrier);
  wait_for_waiters (barrier, 1);
  mp_barrier_wait_async (barrier, cancellable, keep_result, &result);
  g_cancellable_cancel (cancellable);
  expect_async_error (barrier, &result, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (join (second), ==, 1);

  /* One that is cancelled before it comes breaks nothing. */
  mp_barrier_reset (barrier);
  mp_barrier_wait_async (barrier, cancellable, keep_result, &result);
  expect_async_error (barrier, &result, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (mp_barrier_get_broken (barrier));

  mp_barrier_wait_async (hasty, NULL, keep_result, &result);
  expect_async_error (hasty, &result, MP_ERROR, MP_ERROR_BROKEN_BARRIER);
  g_assert_true (mp_barrier_get_broken (hasty));
}

/* Killed at any instant: those who wait get to know, and after a reset all is well. */
static void
test_killed (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 334 : 20;
  g_autoptr(MpBarrier) barrier = new_barrier (3, NULL);

  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr(MpProcess) first = start_waiter (method, "wait_for_ever", barrier);
      g_autoptr(MpProcess) second = start_waiter (method, "wait_for_ever", barrier);

      for (int n = g_test_rand_int_range (1, 50); n > 0; n--)
        g_assert_cmpint (mp_barrier_wait (barrier, -1, NULL), >=, 0);
      mp_process_kill (first, NULL);
      g_assert_cmpint (join (first), ==, -SIGKILL);
      /* It may have come and died before the other one did, or not at all. */
      mp_barrier_wait (barrier, 1000, NULL);
      while (!mp_barrier_get_broken (barrier))
        mp_barrier_wait (barrier, 1000, NULL);
      g_assert_cmpint (join (second), ==, 1);
      mp_barrier_reset (barrier);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/barrier/alone", test_alone);
  add_for_methods ("barrier", "rounds", test_rounds);
  add_for_methods ("barrier", "waiter-dies", test_waiter_dies);
  add_for_methods ("barrier", "action-dies", test_action_dies);
  add_for_methods ("barrier", "reset", test_reset);
  add_for_methods ("barrier", "async", test_async);
  add_for_methods ("barrier", "async-broken", test_async_broken);
  add_for_methods ("barrier", "killed", test_killed);
  return g_test_run ();
}
