/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pool-test.h"

/* Where other pools lose a result, wait for ever or go wrong at their end. */

#define TOO_LARGE (G_GUINT64_CONSTANT (3) << 30)

/* One that says it has an element beyond its end. */
static GVariant *
make_damaged (void)
{
  return g_variant_new_from_data (G_VARIANT_TYPE ("as"), "a\0\377", 3, FALSE, NULL, NULL);
}

static void
unmap (gpointer data)
{
  munmap (data, TOO_LARGE);
}

static GVariant *
make_too_large (void)
{
  void *data = mmap (NULL, TOO_LARGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

  g_assert_true (data != MAP_FAILED);
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, TOO_LARGE, TRUE, unmap, data);
}

static GVariant *
make_complex (void)
{
  g_autofree GVariant **members = g_new (GVariant *, 300);

  for (guint i = 0; i < 300; i++)
    members[i] = g_variant_new_int32 (i);
  return g_variant_new_tuple (members, 300);
}

/* Takes @value. */
static void
assert_complex (GVariant *value)
{
  g_autoptr(GVariant) expected = g_variant_ref_sink (make_complex ());

  g_assert_nonnull (value);
  g_assert_true (g_variant_equal (value, expected));
  g_variant_unref (value);
}

static GVariant *
return_badly (GVariant  *args,
              GError   **error)
{
  switch (g_variant_get_int64 (args))
    {
    case 1:
      return make_damaged ();
    case 2:
      return make_too_large ();
    case 3:
      return make_complex ();
    case 4:
      /* Both: the error counts. */
      g_set_error_literal (error, g_quark_from_string ("nobody-knows"), 77, "bad \377 text");
      return g_variant_new_int64 (4);
    default:
      return g_variant_ref (args);
    }
}
MP_REGISTER_FUNCTION (return_badly)

/* What can't be sent or read is that item's error and nobody else's. */
static void
test_bad_results (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(GError) error = NULL;

  for (gint64 i = 1; i <= 2; i++)
    {
      g_assert_null (mp_pool_apply (pool, "return_badly", g_variant_new_int64 (i), &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
      g_clear_error (&error);
    }
  /* However long its type is called. */
  assert_complex (mp_pool_apply (pool, "return_badly", g_variant_new_int64 (3), &error));
  assert_complex (mp_pool_apply (pool, "echo", make_complex (), &error));
  g_assert_null (mp_pool_apply (pool, "return_badly", g_variant_new_int64 (4), &error));
  g_assert_error (error, g_quark_from_string ("nobody-knows"), 77);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_clear_error (&error);
  g_assert_null (mp_pool_map (pool, "return_badly", range (5), 5, &error));
  g_assert_nonnull (error);
  assert_value (mp_pool_map (pool, "return_badly", range (1), 1, NULL), "[int64 0]");
  end_pool (pool);
}

static GVariant *
bad_item (gpointer user_data)
{
  gint64 i = (*(gint64 *) user_data)++;

  if (i == 3)
    return make_too_large ();
  return i < 6 ? g_variant_new_int64 (i) : NULL;
}

/* The same for what can't be sent to a worker. */
static void
test_bad_items (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpPoolIter) iter = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) end = NULL;
  gint64 next = 0;

  g_assert_null (mp_pool_apply (pool, "echo", make_too_large (), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_pool_apply (pool, "echo", make_damaged (), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
  g_clear_error (&error);

  iter = mp_pool_imap (pool, "echo", bad_item, &next, NULL, 2, NULL);
  for (gint64 i = 0; i < 6; i++)
    {
      g_autoptr(GVariant) value = NULL;

      g_assert_true (mp_pool_iter_next (iter, -1, &value, &error) == (i != 3));
      if (i == 3)
        g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
      else
        g_assert_cmpint (g_variant_get_int64 (value), ==, i);
      g_clear_error (&error);
    }
  g_assert_true (mp_pool_iter_next (iter, -1, &end, NULL));
  g_assert_null (end);
  end_pool (pool);
}

static void
count_outcome (const MpOutcome *outcome,
               gpointer         user_data)
{
  guint *counts = user_data;

  counts[outcome->status]++;
}

/* Whoever names an unknown function is told at once, before anything runs. */
static void
test_not_registered (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  guint counts[5] = { 0 };
  gint64 next = 0;

  for (guint i = 0; i < 5; i++)
    {
      g_autoptr(GError) error = NULL;
      gpointer made = NULL;

      if (i == 0)
        made = mp_pool_apply_async (pool, "unknown", NULL, NULL, NULL, NULL, &error);
      else if (i == 1)
        made = mp_pool_map_async (pool, "unknown", range (3), 1, NULL, NULL, NULL, &error);
      else if (i == 2)
        made = mp_pool_imap (pool, "unknown", bad_item, &next, NULL, 1, &error);
      else if (i == 3)
        made = mp_pool_imap_unordered (pool, "unknown", bad_item, &next, NULL, 1, &error);
      else
        made = mp_pool_open_feed (pool, "unknown", 1, count_outcome, NULL, counts, &error);
      g_assert_null (made);
      g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
      g_assert_nonnull (strstr (error->message, "\"unknown\""));
    }
  g_assert_cmpint (next, ==, 0);
  end_pool (pool);
}

/* Item 0 fails, item 1 dies with an error set that nobody was told. */
static GVariant *
fail_and_die (GVariant  *args,
              GError   **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "set before death");
  if (g_variant_get_int64 (args) == 1)
    raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (fail_and_die)

static void
test_error_then_death (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpPoolFeed) feed = NULL;
  guint counts[5] = { 0 };

  feed = mp_pool_open_feed (pool, "fail_and_die", 3, count_outcome, NULL, counts, NULL);
  for (gint64 i = 0; i < 3; i++)
    mp_pool_feed_push (feed, i, g_variant_new_int64 (i));
  mp_pool_feed_flush (feed);
  drain (feed);
  g_assert_cmpuint (counts[MP_OUTCOME_ERROR], ==, 2);
  g_assert_cmpuint (counts[MP_OUTCOME_LOST], ==, 1);
  end_pool (pool);
}

/* Item 1 tells the test that item 0 has its result, and then ends as item 0 was told. */
static GVariant *
result_then_end (GVariant  *args,
                 GError   **error)
{
  const char *how;
  gint64 n;

  g_variant_get (args, "(&sx)", &how, &n);
  if (n == 0)
    return g_variant_new_string (how);
  if (strcmp (how, "exit") == 0)
    exit (0);
  if (write (kept_fd, "x", 1) != 1)
    abort ();
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (result_then_end)

/* Waits, without the pool's getting to do anything, until its worker is gone. */
static void
wait_for_worker (MpPool   *pool,
                 gboolean  kills)
{
  MpWorkerInfo worker;
  siginfo_t info;

  g_assert_cmpuint (mp_pool_get_workers (pool, &worker, 1), ==, 1);
  if (kills)
    kill (worker.pid, SIGKILL);
  g_assert_no_errno (waitid (P_PID, worker.pid, &info, WEXITED | WNOWAIT));
}

/* What a worker had finished before its end, whatever that was, is never lost. */
static void
test_result_outlives_worker (gconstpointer method)
{
  static const char *const ways[] = { "kill", "exit", "max-tasks" };
  int fds[2];
  char byte;

  open_pipe (fds);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr(MpPool) pool = new_pool (method, 1);
      g_autoptr(MpAsyncResult) first = NULL;
      g_autoptr(MpAsyncResult) second = NULL;
      g_autoptr(GError) error = NULL;
      gboolean is_kill = strcmp (ways[i], "kill") == 0;

      mp_pool_set_initializer (pool, "keep_fd", g_variant_new_handle (fds[1]));
      if (strcmp (ways[i], "max-tasks") == 0)
        mp_pool_set_max_tasks_per_child (pool, 1);
      first = mp_pool_apply_async (pool, "result_then_end", g_variant_new ("(sx)", ways[i], (gint64) 0),
                                   NULL, NULL, NULL, NULL);
      if (strcmp (ways[i], "max-tasks") != 0)
        second = mp_pool_apply_async (pool, "result_then_end",
                                      g_variant_new ("(sx)", ways[i], (gint64) 1),
                                      NULL, NULL, NULL, NULL);
      if (is_kill)
        g_assert_cmpint (read (fds[0], &byte, 1), ==, 1);
      wait_for_worker (pool, is_kill);
      g_variant_unref (mp_async_result_get (first, -1, &error));
      g_assert_no_error (error);
      if (second != NULL)
        {
          g_assert_null (mp_async_result_get (second, -1, &error));
          g_assert_error (error, MP_ERROR, MP_ERROR_WORKER_LOST);
        }
      end_pool (pool);
    }
  close_pipe (fds);
}

static GVariant *
nap (GVariant  *args,
     GError   **error)
{
  g_usleep (g_variant_get_int64 (args) % 7 * 300);
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (nap)

static GVariant *
numbers (gpointer user_data)
{
  return g_variant_new_int64 ((*(gint64 *) user_data)++);
}

/* Done or cancelled, but not left open. */
static void
check_completed (MpAsyncResult *result)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = mp_async_result_get (result, -1, &error);

  if (value == NULL)
    g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
}

static void
check_ends (MpPoolIter *iter)
{
  GVariant *value = NULL;

  do
    {
      g_autoptr(GError) error = NULL;

      g_clear_pointer (&value, g_variant_unref);
      if (mp_pool_iter_next (iter, -1, &value, &error))
        continue;
      g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
      value = g_variant_new_boolean (FALSE);
    }
  while (value != NULL);
}

static void
test_terminate_any_time (gconstpointer method)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr(MpPool) pool = new_pool (method, 2);
      g_autoptr(MpAsyncResult) large = NULL;
      g_autoptr(MpAsyncResult) small = NULL;
      g_autoptr(MpPoolIter) iter = NULL;
      g_autoptr(GError) error = NULL;
      gint64 next = 0;

      if (i % 4 == 3)
        mp_pool_set_max_tasks_per_child (pool, 2);
      large = mp_pool_map_async (pool, "nap", range (10000), 3, NULL, NULL, NULL, NULL);
      small = mp_pool_apply_async (pool, "nap", g_variant_new_int64 (1), NULL, NULL, NULL, NULL);
      iter = mp_pool_imap_unordered (pool, "nap", numbers, &next, NULL, 2, NULL);
      mp_async_result_wait (large, g_test_rand_int_range (0, 60000));
      if (i % 2 == 1)
        mp_pool_close (pool);
      mp_pool_terminate (pool);
      check_completed (large);
      check_completed (small);
      check_completed (large);
      check_ends (iter);
      g_assert_true (mp_pool_join (pool, -1, &error));
      g_assert_null (mp_pool_apply (pool, "nap", g_variant_new_int64 (1), &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
    }
}

static void
test_end_twice (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpAsyncResult) result = NULL;

  result = mp_pool_map_async (pool, "echo", range (3), 1, NULL, NULL, NULL, NULL);
  mp_pool_close (pool);
  mp_pool_close (pool);
  end_pool (pool);
  end_pool (pool);
  for (guint i = 0; i < 2; i++)
    assert_value (mp_async_result_get (result, -1, NULL), "[int64 0, 1, 2]");
  mp_pool_terminate (pool);
  mp_pool_terminate (pool);
  end_pool (pool);
  assert_value (mp_async_result_get (result, 0, NULL), "[int64 0, 1, 2]");
}

#define MORTALS 120

typedef struct
{
  GHashTable *done;  /* pid → items */
  guint       ok;
  guint       lost;
} Recycling;

static GVariant *
die_at_times (GVariant  *args,
              GError   **error)
{
  if (g_variant_get_int64 (args) % 10 == 7)
    raise (SIGKILL);
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (die_at_times)

static void
on_recycled (const MpOutcome *outcome,
             gpointer         user_data)
{
  Recycling *self = user_data;
  gpointer pid = GINT_TO_POINTER (outcome->pid);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->done, pid)) + 1;

  g_hash_table_insert (self->done, pid, GUINT_TO_POINTER (n));
  g_assert_cmpuint (n, <=, 3);
  if (outcome->tag % 10 == 7)
    {
      g_assert_cmpint (outcome->status, ==, MP_OUTCOME_LOST);
      self->lost++;
      return;
    }
  g_assert_cmpint (outcome->status, ==, MP_OUTCOME_OK);
  self->ok++;
}

/* Workers that leave and workers that die are both replaced, and no item goes with the former. */
static void
test_max_tasks_and_deaths (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 3);
  g_autoptr(MpPoolFeed) feed = NULL;
  Recycling self = { .done = g_hash_table_new (NULL, NULL) };

  mp_pool_set_max_tasks_per_child (pool, 3);
  feed = mp_pool_open_feed (pool, "die_at_times", 4, on_recycled, NULL, &self, NULL);
  for (gint64 i = 0; i < MORTALS; i++)
    mp_pool_feed_push (feed, i, g_variant_new_int64 (i));
  mp_pool_feed_flush (feed);
  drain (feed);
  g_assert_cmpuint (self.lost, ==, MORTALS / 10);
  g_assert_cmpuint (self.ok, ==, MORTALS - MORTALS / 10);
  g_hash_table_unref (self.done);
  end_pool (pool);
}

typedef struct
{
  gint64 next;
  gint64 end;
  guint  freed;
} Source;

static GVariant *
source_next (gpointer user_data)
{
  Source *self = user_data;

  return self->next < self->end ? g_variant_new_int64 (self->next++) : NULL;
}

static void
source_free (gpointer user_data)
{
  Source *self = user_data;

  self->freed++;
}

static void
take (MpPoolIter *iter,
      gint64      expected)
{
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (mp_pool_iter_next (iter, -1, &value, &error));
  if (expected < 0)
    g_assert_null (value);
  else
    g_assert_cmpint (g_variant_get_int64 (value), ==, expected);
}

/* An iterator gives what it promised to also when its pool was closed and joined meanwhile. */
static void
test_imap_after_join (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpPoolIter) iter = NULL;
  Source source = { .end = 300 };

  iter = mp_pool_imap (pool, "echo", source_next, &source, source_free, 3, NULL);
  for (gint64 i = 0; i < 100; i++)
    take (iter, i);
  end_pool (pool);
  for (gint64 i = 100; i < 300; i++)
    take (iter, i);
  take (iter, -1);
  take (iter, -1);
  g_assert_cmpuint (source.freed, ==, 1);
  end_pool (pool);
}

/* One that is dropped half way takes its source with it and nothing else. */
static void
test_imap_dropped (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  Source sources[4] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      Source *source = &sources[i];
      MpPoolIter *iter;
      gint64 read;

      source->end = G_MAXINT64;
      if (i % 2 == 0)
        iter = mp_pool_imap (pool, "echo", source_next, source, source_free, 1 + i, NULL);
      else
        iter = mp_pool_imap_unordered (pool, "nap", source_next, source, source_free, 1, NULL);
      for (gint64 n = 0; i % 2 == 0 && n < 20; n++)
        take (iter, n);
      read = source->next;
      g_object_unref (iter);
      assert_value (mp_pool_map (pool, "echo", range (3), 1, NULL), "[int64 0, 1, 2]");
      g_assert_cmpint (source->next, ==, read);
    }
  end_pool (pool);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_assert_cmpuint (sources[i].freed, ==, 1);
}

static volatile sig_atomic_t n_interrupts;

static void
on_interrupt (int number)
{
  n_interrupts++;
}

/* The terminal's process group: whoever is in it gets what Ctrl-C sends. */
static GVariant *
interrupted_group (GVariant  *args,
                   GError   **error)
{
  const char *method = g_variant_get_string (args, NULL);
  g_autoptr(MpPool) pool = NULL;
  g_autoptr(MpAsyncResult) result = NULL;
  MpWorkerInfo workers[2];

  setpgid (0, 0);
  signal (SIGINT, on_interrupt);
  pool = new_pool (method, 2);
  result = mp_pool_map_async (pool, "nap", range (500), 1, NULL, NULL, NULL, NULL);
  for (guint i = 0; i < 5; i++)
    {
      kill (0, SIGINT);
      mp_async_result_wait (result, 20000);
    }
  g_variant_unref (mp_async_result_get (result, -1, error));
  /* Others can still be started. */
  for (guint n = mp_pool_get_workers (pool, workers, 2); n > 0; n--)
    kill (workers[n - 1].pid, SIGKILL);
  assert_value (mp_pool_map (pool, "echo", range (3), 1, NULL), "[int64 0, 1, 2]");
  end_pool (pool);
  exit (n_interrupts == 5 ? 42 : 1);
}
MP_REGISTER_FUNCTION (interrupted_group)

/* The decision is the parent's: when it goes on, its map does too. */
static void
test_interrupted_group (gconstpointer method)
{
  g_autoptr(MpProcess) process = mp_process_new ("interrupted_group", g_variant_new_string (method));
  int exit_code = 0;

  g_assert_true (mp_process_start (process, NULL));
  g_assert_true (mp_process_join (process, -1, NULL));
  g_assert_true (mp_process_get_exit_code (process, &exit_code));
  g_assert_cmpint (exit_code, ==, 42);
}

static GVariant *
kill_myself (GVariant  *args,
             GError   **error)
{
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (kill_myself)

/* Python says nothing at all: who died, of what, over which item. */
static void
test_death_is_told (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autofree char *told = NULL;
  MpWorkerInfo worker;
  char line[4096] = "";
  int fds[2];

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC | O_NONBLOCK), ==, 0);
  mp_log_to_fd (fds[1], MP_LOG_WARNING);
  assert_value (mp_pool_map (pool, "echo", range (1), 1, NULL), "[int64 0]");
  g_assert_cmpuint (mp_pool_get_workers (pool, &worker, 1), ==, 1);
  told = g_strdup_printf ("[WARNING/MainProcess] worker %s (pid %d) killed by SIGKILL while running "
                          "item 0\n", worker.name, (int) worker.pid);
  g_assert_null (mp_pool_map (pool, "kill_myself", range (1), 1, NULL));
  g_assert_cmpint (read (fds[0], line, sizeof line - 1), >, 0);
  g_assert_cmpstr (line, ==, told);
  end_pool (pool);
  mp_log_to_fd (-1, MP_LOG_NOTSET);
  close (fds[0]);
  close (fds[1]);
}

/* More workers than there are bits in a word, or handles that Windows waits for. */
static void
test_many_workers (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 70);
  g_autoptr(GVariant) items = g_variant_ref_sink (range (700));
  g_autoptr(GVariant) values = mp_pool_map (pool, "echo", items, 1, NULL);

  g_assert_true (g_variant_equal (values, items));
  end_pool (pool);
}

/* An iteration that was cut off does not look like one that is over. */
static void
test_imap_terminated (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(MpPoolIter) iter = NULL;
  Source source = { .end = G_MAXINT64 };
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = NULL;

  iter = mp_pool_imap (pool, "echo", source_next, &source, source_free, 1, NULL);
  for (gint64 i = 0; i < 10; i++)
    take (iter, i);
  mp_pool_terminate (pool);
  while (mp_pool_iter_next (iter, -1, &value, &error))
    {
      g_assert_nonnull (value);
      g_clear_pointer (&value, g_variant_unref);
    }
  do
    {
      g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
      g_clear_error (&error);
    }
  while (!mp_pool_iter_next (iter, -1, &value, &error));
  g_assert_null (value);
  g_assert_cmpuint (source.freed, ==, 1);
  end_pool (pool);
}

/* Larger than anything that memory or a number has room for. */
static void
test_huge_chunks (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 1);
  g_autoptr(MpPoolIter) iter = NULL;
  g_autoptr(MpPoolFeed) feed = NULL;
  Source source = { .end = 3000 };
  guint counts[5] = { 0 };

  iter = mp_pool_imap (pool, "echo", source_next, &source, source_free, 1u << 30, NULL);
  for (gint64 i = 0; i < 3000; i++)
    take (iter, i);
  take (iter, -1);
  feed = mp_pool_open_feed (pool, "echo", G_MAXUINT, count_outcome, NULL, counts, NULL);
  g_assert_cmpuint (mp_pool_feed_get_room (feed), >, 0);
  for (gint64 i = 0; i < 3000; i++)
    mp_pool_feed_push (feed, i, g_variant_new_int64 (i));
  mp_pool_feed_flush (feed);
  drain (feed);
  g_assert_cmpuint (counts[MP_OUTCOME_OK], ==, 3000);
  end_pool (pool);
}

/* One of the workers can't be started for want of descriptors: later they all can. */
static void
test_start_again (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 40);
  g_autoptr(GError) error = NULL;
  struct rlimit limit, little;
  MpWorkerInfo worker;

  /* Whatever is there once for all pools. */
  g_variant_unref (mp_pool_apply (pool, "echo", g_variant_new_int64 (0), NULL));
  end_pool (pool);
  g_object_unref (pool);
  pool = new_pool (method, 40);

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &limit));
  little = (struct rlimit) { count_descriptors () + 20, limit.rlim_max };
  setrlimit (RLIMIT_NOFILE, &little);
  g_assert_false (mp_pool_start (pool, &error));
  g_assert_nonnull (error);
  setrlimit (RLIMIT_NOFILE, &limit);
  assert_value (mp_pool_map (pool, "echo", range (3), 1, NULL), "[int64 0, 1, 2]");
  g_assert_cmpuint (mp_pool_get_workers (pool, &worker, 1), ==, 40);
  g_assert_cmpuint (worker.slot, ==, 0);
  end_pool (pool);
}

static gpointer
wait_for_byte (gpointer fd)
{
  char byte;

  return GINT_TO_POINTER (read (GPOINTER_TO_INT (fd), &byte, 1) == 1);
}

static guint
count_threads (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Workers are not forked where another thread may hold a lock; the other ways work. */
static void
test_threads (gconstpointer method)
{
  g_autoptr(MpPool) pool = new_pool (method, 2);
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GError) error = NULL;
  GThread *thread;
  int fds[2];

  g_assert_no_errno (pipe (fds));
  thread = g_thread_new ("other", wait_for_byte, GINT_TO_POINTER (fds[0]));
  result = mp_pool_map (pool, "echo", range (3), 1, &error);
  if (g_str_equal (method, "fork"))
    {
      g_assert_null (result);
      g_assert_error (error, MP_ERROR, MP_ERROR_MULTI_THREADED);
    }
  else
    assert_value (g_steal_pointer (&result), "[int64 0, 1, 2]");
  g_assert_cmpint (write (fds[1], "", 1), ==, 1);
  g_assert_true (g_thread_join (thread) != NULL);
  close (fds[0]);
  close (fds[1]);
  /* One that was joined may be counted a moment longer. */
  while (count_threads () > 1)
    g_usleep (1000);
  assert_value (mp_pool_map (pool, "echo", range (3), 1, NULL), "[int64 0, 1, 2]");
  end_pool (pool);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  add_for_each_method ("bad-results", test_bad_results);
  add_for_each_method ("bad-items", test_bad_items);
  add_for_each_method ("not-registered", test_not_registered);
  add_for_each_method ("error-then-death", test_error_then_death);
  add_for_each_method ("result-outlives-worker", test_result_outlives_worker);
  add_for_each_method ("terminate-any-time", test_terminate_any_time);
  add_for_each_method ("end-twice", test_end_twice);
  add_for_each_method ("max-tasks-and-deaths", test_max_tasks_and_deaths);
  add_for_each_method ("imap-after-join", test_imap_after_join);
  add_for_each_method ("imap-dropped", test_imap_dropped);
  add_for_each_method ("interrupted-group", test_interrupted_group);
  add_for_each_method ("death-is-told", test_death_is_told);
  add_for_each_method ("many-workers", test_many_workers);
  add_for_each_method ("imap-terminated", test_imap_terminated);
  add_for_each_method ("huge-chunks", test_huge_chunks);
  add_for_each_method ("start-again", test_start_again);
  add_for_each_method ("threads", test_threads);
  return g_test_run ();
}
