/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "pool-test.h"

/* What Python's pool is known to hang on, and other violent ends. */

static void
close_everything (void)
{
  for (int fd = 0; fd < 4096; fd++)
    close (fd);
}

static volatile int sink;

static void
exhaust_stack (int depth)
{
  volatile char page[4096];

  page[0] = depth;
  if (sink >= 0)
    exhaust_stack (depth + 1);
  sink += page[0];
}

/* The odd ones out of (name, item): item 13 dies in the way that is named. */
static GVariant *
die_at_13 (GVariant  *args,
           GError   **error)
{
  const char *how;
  gint64 n;

  g_variant_get (args, "(&sx)", &how, &n);
  if (n != 13)
    return g_variant_new_int64 (n);
  if (strcmp (how, "kill") == 0)
    raise (SIGKILL);
  if (strcmp (how, "stop") == 0)
    raise (SIGSTOP);
  if (strcmp (how, "abort") == 0)
    abort ();
  if (strcmp (how, "exit") == 0)
    exit (0);
  if (strcmp (how, "_exit") == 0)
    _exit (3);
  if (strcmp (how, "stack") == 0)
    exhaust_stack (0);
  if (strcmp (how, "close") == 0)
    close_everything ();
  return g_variant_new_int64 (n);
}
MP_REGISTER_FUNCTION (die_at_13)

static GVariant *
named_range (const char *how,
             gint64      n)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sx)"));
  for (gint64 i = 0; i < n; i++)
    g_variant_builder_add (&builder, "(sx)", how, i);
  return g_variant_builder_end (&builder);
}

typedef struct
{
  guint   ok;
  guint   failed;
  guint64 failed_tag;
  GError *error;
  int     wait_status;
} Tally;

static void
tally (const MpOutcome *outcome,
       gpointer         user_data)
{
  Tally *self = user_data;

  if (outcome->status == MP_OUTCOME_OK)
    {
      self->ok++;
      return;
    }
  self->failed++;
  self->failed_tag = outcome->tag;
  self->wait_status = outcome->wait_status;
  g_clear_error (&self->error);
  self->error = g_error_copy (outcome->error);
}

/* 40 items in chunks of 10: whatever the 13th does, the other 39 are ok. */
static void
check_violent_end (gconstpointer  method,
                   const char    *how,
                   Tally         *self)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpPoolFeed) feed = NULL;
  g_autoptr(GVariant) items = g_variant_ref_sink (named_range (how, 40));

  if (strcmp (how, "stop") == 0)
    mp_pool_set_task_timeout (pool, G_USEC_PER_SEC / 5);
  feed = mp_pool_open_feed (pool, "die_at_13", 10, tally, NULL, self, NULL);
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr(GVariant) item = g_variant_get_child_value (items, i);

      mp_pool_feed_push (feed, i, item);
    }
  mp_pool_feed_flush (feed);
  drain (feed);
  g_assert_cmpuint (self->ok + self->failed, ==, 40);
  end_pool (pool);
}

static void
test_violent_ends (gconstpointer method)
{
  const char *ways[] = { "kill", "abort", "exit", "_exit", "stack", "stop" };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      Tally outcome = { 0 };

      check_violent_end (method, ways[i], &outcome);
      g_assert_cmpuint (outcome.failed, ==, 1);
      g_assert_cmpuint (outcome.failed_tag, ==, 13);
      if (strcmp (ways[i], "stop") == 0)
        g_assert_error (outcome.error, MP_ERROR, MP_ERROR_TASK_TIMEOUT);
      else
        g_assert_error (outcome.error, MP_ERROR, MP_ERROR_WORKER_LOST);
      if (strcmp (ways[i], "kill") == 0)
        g_assert_cmpint (WTERMSIG (outcome.wait_status), ==, SIGKILL);
      if (strcmp (ways[i], "abort") == 0)
        g_assert_cmpint (WTERMSIG (outcome.wait_status), ==, SIGABRT);
      if (strcmp (ways[i], "_exit") == 0)
        g_assert_cmpint (WEXITSTATUS (outcome.wait_status), ==, 3);
      g_clear_error (&outcome.error);
    }
}

/* Without descriptors a worker can still commit: no item is lost, the worker is replaced. */
static void
test_closes_everything (gconstpointer method)
{
  Tally outcome = { 0 };

  check_violent_end (method, "close", &outcome);
  g_assert_cmpuint (outcome.ok, ==, 40);
}

/* Dies as often as there is something to read. */
static GVariant *
die_while_told (GVariant  *args,
                GError   **error)
{
  char byte;

  if (read (kept_fd, &byte, 1) == 1)
    raise (SIGKILL);
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (die_while_told)

/* The item is tried again so often and no more. */
static void
test_retries_suffice (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(GError) error = NULL;
  int fds[2];

  g_assert_no_errno (pipe2 (fds, O_CLOEXEC | O_NONBLOCK));
  mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[0]));
  mp_pool_set_retries (pool, 2);
  g_assert_cmpint (write (fds[1], "12", 2), ==, 2);
  assert_value (mp_pool_apply (pool, "die_while_told", g_variant_new_int64 (5), &error), "int64 5");
  g_assert_cmpint (write (fds[1], "123", 3), ==, 3);
  g_assert_null (mp_pool_apply (pool, "die_while_told", g_variant_new_int64 (5), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_WORKER_LOST);
  end_pool (pool);
  close (fds[0]);
  close (fds[1]);
}

static void
test_retries (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GError) error = NULL;

  mp_pool_set_retries (pool, 2);
  result = mp_pool_map (pool, "die_at_13", named_range ("kill", 30), 4, &error);
  g_assert_null (result);
  g_assert_error (error, MP_ERROR, MP_ERROR_WORKER_LOST);
  end_pool (pool);
}

/* A worker that is killed while it has nothing to do is replaced, and ending the pool works. */
static void
test_idle_death (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  MpWorkerInfo workers[2];

  for (guint i = 0; i < 5; i++)
    {
      assert_value (mp_pool_map (pool, "echo", range (4), 1, NULL), "[int64 0, 1, 2, 3]");
      for (guint n = mp_pool_get_workers (pool, workers, 2); n > 0; n--)
        kill (workers[n - 1].pid, SIGKILL);
    }
  assert_value (mp_pool_map (pool, "echo", range (2), 1, NULL), "[int64 0, 1]");
  g_assert_cmpuint (mp_pool_get_workers (pool, workers, 2), >, 0);
  kill (workers[0].pid, SIGKILL);
  mp_pool_terminate (pool);
  g_assert_true (mp_pool_join (pool, -1, NULL));
}

/* One idle worker is stopped: what it was woken for is run by the other. */
static void
test_stopped_while_idle (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  MpWorkerInfo workers[2];

  assert_value (mp_pool_map (pool, "echo", range (2), 1, NULL), "[int64 0, 1]");
  g_assert_cmpuint (mp_pool_get_workers (pool, workers, 2), ==, 2);
  kill (workers[0].pid, SIGSTOP);
  for (guint i = 0; i < 3; i++)
    assert_value (mp_pool_map (pool, "echo", range (2), 1, NULL), "[int64 0, 1]");
  kill (workers[0].pid, SIGCONT);
  end_pool (pool);
}

/* The only worker is stopped before it can begin anything, and then while it has nothing to do. */
static void
test_stopped_early (gconstpointer method)
{
  g_autoptr(MpPool) pool = mp_pool_new (mp_context_get (method, NULL), 1);
  MpWorkerInfo worker;

  mp_pool_set_task_timeout (pool, G_USEC_PER_SEC / 2);
  g_assert_true (mp_pool_start (pool, NULL));
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (mp_pool_get_workers (pool, &worker, 1), ==, 1);
      kill (worker.pid, SIGSTOP);
      assert_value (mp_pool_map (pool, "echo", range (2), 1, NULL), "[int64 0, 1]");
    }
  end_pool (pool);
}

/* Ctrl-C reaches every process of the terminal: workers leave the decision to the parent, also
 * those that have only just started. */
static void
test_interrupt (gconstpointer method)
{
  g_autoptr(MpPool) pool = mp_pool_new (mp_context_get (method, NULL), 2);
  MpWorkerInfo before[2], after[2];

  g_assert_true (mp_pool_start (pool, NULL));
  g_assert_cmpuint (mp_pool_get_workers (pool, before, 2), ==, 2);
  kill (before[0].pid, SIGINT);
  kill (before[1].pid, SIGINT);
  assert_value (mp_pool_map (pool, "echo", range (3), 1, NULL), "[int64 0, 1, 2]");
  g_assert_cmpuint (mp_pool_get_workers (pool, after, 2), ==, 2);
  g_assert_cmpint (after[0].pid, ==, before[0].pid);
  g_assert_cmpint (after[1].pid, ==, before[1].pid);
  end_pool (pool);
}

static GVariant *
refuse (GVariant  *args,
        GError   **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "not today");
  return NULL;
}
MP_REGISTER_FUNCTION (refuse)

static GVariant *
perish (GVariant  *args,
        GError   **error)
{
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (perish)

static void
count_worker (MpPool     *pool,
              guint       slot,
              int         pid,
              const char *name,
              gpointer    user_data)
{
  guint *n = user_data;

  *n += 1;
}

/* One error, and no endless respawning. */
static void
test_failing_initializer (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  guint n_workers = 0;

  g_signal_connect (pool, "worker-started", G_CALLBACK (count_worker), &n_workers);
  mp_pool_set_initializer (pool, "refuse", NULL);
  result = mp_pool_map_async (pool, "echo", range (100), 1, NULL, NULL, NULL, NULL);
  g_assert_null (mp_async_result_get (result, -1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_nonnull (strstr (error->message, "initializer"));
  g_clear_error (&error);
  g_assert_null (mp_pool_apply (pool, "echo", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_cmpuint (n_workers, <=, 4);
  end_pool (pool);
}

static void
test_early_deaths (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(GError) error = NULL;
  guint n_workers = 0;

  g_signal_connect (pool, "worker-started", G_CALLBACK (count_worker), &n_workers);
  mp_pool_set_initializer (pool, "perish", NULL);
  g_assert_null (mp_pool_map (pool, "echo", range (100), 1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_BROKEN);
  g_assert_cmpuint (n_workers, <=, 12);
  end_pool (pool);
}

/* get() after terminate() returns, and so does everything else, however often it is done. */
static void
test_terminate (gconstpointer method)
{
  for (guint i = 0; i < 30; i++)
    {
      g_autoptr(MpPool) pool = new_pool (method, 2);
      g_autoptr(MpAsyncResult) waiting = NULL;
      g_autoptr(MpAsyncResult) queued = NULL;
      g_autoptr(GError) error = NULL;
      MpPoolStats stats;

      waiting = mp_pool_map_async (pool, "wait_long", range (2), 1, NULL, NULL, NULL, NULL);
      queued = mp_pool_map_async (pool, "echo", range (1000), 1, NULL, NULL, NULL, NULL);
      if (i % 3 != 0)
        do
          {
            mp_async_result_wait (waiting, 500);
            mp_pool_get_stats (pool, &stats);
          }
        while (stats.running < 2);
      mp_pool_terminate (pool);
      g_assert_null (mp_async_result_get (waiting, -1, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
      g_clear_error (&error);
      g_assert_null (mp_async_result_get (queued, -1, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
      g_assert_true (mp_pool_join (pool, -1, NULL));
    }
}

static GVariant *
large_then_maybe_die (GVariant  *args,
                      GError   **error)
{
  gint64 n = g_variant_get_int64 (args);
  guint8 *data = g_malloc0 (1 << 20);

  if (n % 20 == 19)
    raise (SIGKILL);
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, 1 << 20, TRUE, g_free, data);
}
MP_REGISTER_FUNCTION (large_then_maybe_die)

/* Deaths among large results: there is no pipe that could be left half full. */
static void
test_death_with_large_results (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  Tally outcome = { 0 };
  g_autoptr(MpPoolFeed) feed = NULL;

  feed = mp_pool_open_feed (pool, "large_then_maybe_die", 3, tally, NULL, &outcome, NULL);
  for (gint64 i = 0; i < 100; i++)
    mp_pool_feed_push (feed, i, g_variant_new_int64 (i));
  mp_pool_feed_flush (feed);
  drain (feed);
  g_assert_cmpuint (outcome.ok, ==, 95);
  g_assert_cmpuint (outcome.failed, ==, 5);
  g_clear_error (&outcome.error);
  end_pool (pool);
}

/* Runs a program that never ends, until somebody ends it. Gives the pid of the worker. */
static GVariant *
run_program (GVariant  *args,
             GError   **error)
{
  pid_t pid = 0;

  if (g_variant_get_int64 (args) == 0)
    {
      pid = fork ();
      if (pid == 0)
        {
          signal (SIGTERM, SIG_DFL);
          setsid ();
          for (;;)
            raise (SIGSTOP);
        }
      *mp_pool_worker_get_child_pid () = pid;
      waitpid (pid, NULL, 0);
      *mp_pool_worker_get_child_pid () = 0;
    }
  return g_variant_new_int64 (getpid ());
}
MP_REGISTER_FUNCTION (run_program)

static void
note_pid (const MpOutcome *outcome,
          gpointer         user_data)
{
  gint64 *pids = user_data;

  g_assert_cmpint (outcome->status, ==, MP_OUTCOME_OK);
  pids[outcome->tag] = g_variant_get_int64 (outcome->result);
}

/* The program of an item takes too long, and its worker is to go: it must not begin the next item,
 * which would be ended with it. */
static void
test_late_program (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpPoolFeed) feed = NULL;
  gint64 pids[3] = { 0 };

  mp_pool_set_task_timeout (pool, G_USEC_PER_SEC / 5);
  feed = mp_pool_open_feed (pool, "run_program", 3, note_pid, NULL, pids, NULL);
  for (gint64 i = 0; i < 3; i++)
    mp_pool_feed_push (feed, i, g_variant_new_int64 (i));
  mp_pool_feed_flush (feed);
  drain (feed);
  g_assert_cmpint (pids[1], !=, pids[0]);
  g_assert_cmpint (pids[2], ==, pids[1]);
  end_pool (pool);
}

/* Kills at random instants; what is lost is exactly what was running, and is run again here. */

#define KILL_ITEMS 20000

typedef struct
{
  MpPool     *pool;
  MpPoolFeed *feed;
  guint8      seen[KILL_ITEMS];
  guint       done;
  guint       lost;
  guint       kills;
  gboolean    spare_starting;
} Massacre;

/* From nothing to 60 kB, so that results lie in records, blocks and extents. */
static GVariant *
massacre_item (guint64 n)
{
  g_autofree char *text = g_strnfill (n % 50 == 0 ? n * 7919 % 60000 : n % 30, 'x');

  return g_variant_new ("(xs)", (gint64) n, text);
}

static void
survive (const MpOutcome *outcome,
         gpointer         user_data)
{
  Massacre *self = user_data;
  g_autoptr(GVariant) expected = NULL;

  if (outcome->status == MP_OUTCOME_LOST)
    {
      g_assert_true (outcome->started);
      g_assert_cmpint (WTERMSIG (outcome->wait_status), ==, SIGKILL);
      self->lost++;
      mp_pool_feed_push (self->feed, outcome->tag, massacre_item (outcome->tag));
      return;
    }
  g_assert_cmpint (outcome->status, ==, MP_OUTCOME_OK);
  expected = g_variant_ref_sink (massacre_item (outcome->tag));
  g_assert_true (g_variant_equal (outcome->result, expected));
  g_assert_false (self->seen[outcome->tag]);
  self->seen[outcome->tag] = TRUE;
  self->done++;
}

/* A pool gives up when too many in a row die before they are ready, which is not the matter here:
 * after one that was starting, the next to die is one that was not. */
static gboolean
kill_somebody (gpointer user_data)
{
  Massacre *self = user_data;
  MpWorkerInfo workers[8];
  guint n = mp_pool_get_workers (self->pool, workers, G_N_ELEMENTS (workers));
  MpWorkerInfo *victim = n > 0 ? &workers[g_test_rand_int_range (0, n)] : NULL;

  if (victim != NULL && !(victim->state == MP_WORKER_STARTING && self->spare_starting))
    {
      self->spare_starting = victim->state == MP_WORKER_STARTING;
      kill (victim->pid, SIGKILL);
      self->kills++;
    }
  return G_SOURCE_CONTINUE;
}

static GVariant *
take_a_moment (GVariant  *args,
               GError   **error)
{
  gint64 end, n;

  g_variant_get (args, "(xs)", &n, NULL);
  end = g_get_monotonic_time () + 20 + n % 200;
  while (g_get_monotonic_time () < end)
    ;
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (take_a_moment)

static void
test_massacre (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 4);
  g_autofree Massacre *self = g_new0 (Massacre, 1);
  g_autoptr(MpPoolFeed) feed = NULL;
  guint64 next = 0;
  guint killer;

  feed = mp_pool_open_feed (pool, "take_a_moment", 7, survive, NULL, self, NULL);
  self->pool = pool;
  self->feed = feed;
  killer = g_timeout_add (10, kill_somebody, self);
  while (self->done < KILL_ITEMS)
    {
      for (guint room = mp_pool_feed_get_room (feed); room > 0 && next < KILL_ITEMS; room--, next++)
        mp_pool_feed_push (feed, next, massacre_item (next));
      mp_pool_feed_flush (feed);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (killer);
  g_assert_cmpuint (self->kills, >, 10);
  g_assert_cmpuint (self->lost, <=, self->kills);
  end_pool (pool);
}

/* The pool of a program that is killed: its workers go with it. */
static GVariant *
orphan_maker (GVariant  *args,
              GError   **error)
{
  g_autoptr(MpPool) pool = NULL;
  const char *method;
  gint32 fd;

  g_variant_get (args, "(&sh)", &method, &fd);
  pool = new_pool (method, 3);
  mp_pool_set_initializer (pool, "hold_fd", g_variant_new_handle (fd));
  mp_pool_start (pool, NULL);
  close (fd);
  mp_pool_map (pool, "wait_long", range (3), 1, NULL);
  return NULL;
}
MP_REGISTER_FUNCTION (orphan_maker)

static GVariant *
hold_fd (GVariant  *args,
         GError   **error)
{
  if (write (g_variant_get_handle (args), "x", 1) != 1)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_EOF, "no byte");
  return NULL;
}
MP_REGISTER_FUNCTION (hold_fd)

static void
test_parent_killed (gconstpointer method)
{
  g_autoptr(MpProcess) process = NULL;
  char byte;
  int fds[2];

  open_pipe (fds);
  process = mp_process_new ("orphan_maker", g_variant_new ("(sh)", method, fds[1]));
  g_assert_true (mp_process_start (process, NULL));
  close (fds[1]);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (read (fds[0], &byte, 1), ==, 1);
  mp_process_kill (process, NULL);
  /* The end of the pipe comes when the last worker is gone. */
  g_assert_cmpint (read (fds[0], &byte, 1), ==, 0);
  close (fds[0]);
  mp_process_join (process, -1, NULL);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  add_for_each_method ("violent-ends", test_violent_ends);
  add_for_each_method ("closes-everything", test_closes_everything);
  add_for_each_method ("retries", test_retries);
  add_for_each_method ("retries-suffice", test_retries_suffice);
  add_for_each_method ("idle-death", test_idle_death);
  add_for_each_method ("stopped-while-idle", test_stopped_while_idle);
  add_for_each_method ("stopped-early", test_stopped_early);
  add_for_each_method ("interrupt", test_interrupt);
  add_for_each_method ("failing-initializer", test_failing_initializer);
  add_for_each_method ("early-deaths", test_early_deaths);
  add_for_each_method ("terminate", test_terminate);
  add_for_each_method ("death-with-large-results", test_death_with_large_results);
  add_for_each_method ("late-program", test_late_program);
  add_for_each_method ("massacre", test_massacre);
  add_for_each_method ("parent-killed", test_parent_killed);
  return g_test_run ();
}
