/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <stdlib.h>

#include "pool-test.h"

/* How pools are ended, and interrupted, while they work. */

static void
on_term (int number)
{
  _exit (7);
}

/* Says that it is there, and leaves in its own way if it is let. */
static GVariant *
leave_politely (GVariant  *args,
                GError   **error)
{
  signal (SIGTERM, on_term);
  tell_test ();
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (leave_politely)

/* Says that it is there, and stays. */
static GVariant *
hold_out (GVariant  *args,
          GError   **error)
{
  signal (SIGTERM, SIG_IGN);
  tell_test ();
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (hold_out)

static void
on_exit_of_worker (MpPool     *pool,
                   guint       slot,
                   int         pid,
                   const char *name,
                   int         wait_status,
                   guint       reason,
                   gboolean    has_tag,
                   guint64     tag,
                   gpointer    user_data)
{
  g_assert_cmpuint (reason, ==, MP_WORKER_EXIT_CANCELLED);
  g_array_append_val (user_data, wait_status);
}

/* Two workers in the midst of @function, and items behind them. */
typedef struct
{
  MpPool        *pool;
  MpAsyncResult *running;
  MpAsyncResult *queued;
  GArray        *statuses;  /* how the workers ended */
  int            fds[2];
} Busy;

static void
busy_init (Busy          *busy,
           gconstpointer  method,
           const char    *function)
{
  g_autoptr(GError) error = NULL;
  char told[2];

  open_pipe (busy->fds);
  busy->statuses = g_array_new (FALSE, FALSE, sizeof (int));
  busy->pool = new_pool (method, 2);
  mp_pool_set_initializer (busy->pool, "keep_fd", g_variant_new_handle (busy->fds[1]));
  g_signal_connect (busy->pool, "worker-exited", G_CALLBACK (on_exit_of_worker), busy->statuses);
  busy->running = mp_pool_map_async (busy->pool, function, range (2), 1, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  busy->queued = mp_pool_map_async (busy->pool, "echo", range (100), 1, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint n = 0; n < 2; n++)
    g_assert_cmpint (read (busy->fds[0], told, 1), ==, 1);
}

static void
assert_cancelled (MpAsyncResult *result)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_async_result_get (result, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
}

/* Everything outstanding is told, nothing more is taken, nobody is left. */
static void
busy_end (Busy *busy)
{
  g_autoptr(GError) error = NULL;

  assert_cancelled (busy->queued);
  assert_cancelled (busy->running);
  g_assert_true (mp_pool_join (busy->pool, -1, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (busy->statuses->len, ==, 2);
  g_assert_null (mp_pool_apply (busy->pool, "echo", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  end_pool (busy->pool);

  close_pipe (busy->fds);
  g_array_unref (busy->statuses);
  g_object_unref (busy->queued);
  g_object_unref (busy->running);
  g_object_unref (busy->pool);
}

static void
test_terminate_workers (gconstpointer method)
{
  Busy busy;

  busy_init (&busy, method, "leave_politely");
  mp_pool_terminate_workers (busy.pool);
  mp_pool_terminate_workers (busy.pool);
  assert_cancelled (busy.running);
  for (guint i = 0; i < 2; i++)
    {
      int status = g_array_index (busy.statuses, int, i);

      g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 7);
    }
  busy_end (&busy);
}

/* They get no chance to leave in their own way. */
static void
test_kill_workers (gconstpointer method)
{
  for (guint i = 0; i < 2; i++)
    {
      Busy busy;

      busy_init (&busy, method, i == 0 ? "leave_politely" : "hold_out");
      /* Also where the other way was begun. */
      if (i == 1)
        mp_pool_terminate (busy.pool);
      mp_pool_kill_workers (busy.pool);
      mp_pool_kill_workers (busy.pool);
      assert_cancelled (busy.running);
      for (guint k = 0; k < 2; k++)
        {
          int status = g_array_index (busy.statuses, int, k);

          g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
        }
      busy_end (&busy);
    }
}

/* What was done keeps its result, and a pool that has not begun has nobody to end. */
static void
test_kill_idle (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpPool) unused = new_pool (method, 2);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  mp_pool_kill_workers (unused);
  g_assert_null (mp_pool_apply (unused, "echo", NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  end_pool (unused);

  result = mp_pool_map_async (pool, "echo", range (2), 1, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (mp_async_result_wait (result, -1));
  mp_pool_kill_workers (pool);
  end_pool (pool);
  assert_value (mp_async_result_get (result, -1, NULL), "[int64 0, 1]");
}

static volatile sig_atomic_t interrupted;

static void
on_int (int number)
{
  interrupted = 1;
}

static GVariant *
wait_for_interrupt (GVariant  *args,
                    GError   **error)
{
  sigset_t blocked, before;

  sigemptyset (&blocked);
  sigaddset (&blocked, SIGINT);
  sigprocmask (SIG_BLOCK, &blocked, &before);
  signal (SIGINT, on_int);
  tell_test ();
  while (!interrupted)
    sigsuspend (&before);
  sigprocmask (SIG_SETMASK, &before, NULL);
  return g_variant_new_string ("interrupted");
}
MP_REGISTER_FUNCTION (wait_for_interrupt)

/* Runs a program of its own, that has no handler. Returns how it ended. */
static GVariant *
run_program (GVariant  *args,
             GError   **error)
{
  pid_t *place = mp_pool_worker_get_child_pid ();
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      signal (SIGINT, SIG_DFL);
      setsid ();
      tell_test ();
      for (;;)
        pause ();
    }
  *place = child;
  tell_test ();
  while (waitpid (child, &status, 0) < 0)
    ;
  *place = 0;
  return g_variant_new_int32 (WIFSIGNALED (status) ? -WTERMSIG (status) : 0);
}
MP_REGISTER_FUNCTION (run_program)

/* It reaches the function, or its program, and the pool goes on. */
static void
test_interrupt_workers (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  const char *functions[] = { "wait_for_interrupt", "run_program" };
  const char *values[] = { "'interrupted'", "-2" };
  g_autoptr(GError) error = NULL;
  MpWorkerInfo before, after;
  int fds[2];
  char told;

  open_pipe (fds);
  mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[1]));
  assert_value (mp_pool_apply (pool, "echo", g_variant_new_string ("ready"), &error), "'ready'");
  mp_pool_get_workers (pool, &before, 1);
  mp_pool_interrupt_workers (pool);
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      g_autoptr(MpAsyncResult) result = mp_pool_apply_async (pool, functions[i], NULL, NULL, NULL,
                                                             NULL, &error);

      g_assert_no_error (error);
      for (guint n = 0; n <= i; n++)
        g_assert_cmpint (read (fds[0], &told, 1), ==, 1);
      mp_pool_interrupt_workers (pool);
      assert_value (mp_async_result_get (result, -1, &error), values[i]);
    }
  mp_pool_get_workers (pool, &after, 1);
  g_assert_cmpint (after.pid, ==, before.pid);
  end_pool (pool);
  close_pipe (fds);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  add_for_each_method ("terminate-workers", test_terminate_workers);
  add_for_each_method ("kill-workers", test_kill_workers);
  add_for_each_method ("kill-idle", test_kill_idle);
  add_for_each_method ("interrupt-workers", test_interrupt_workers);
  return g_test_run ();
}
