/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "pool-test.h"

/* Instants that no test would hit by chance: a worker is held right after it has committed an item,
 * where it looks whether its bell is still the one it was given. */

/* What a worker says; what lets one go on that is to be held, that is held, that waits. */
enum { TOLD, HOLD, RELEASE, GO, N_PIPES };

static int kept_fds[N_PIPES];
static gboolean armed;
static off_t most_memory = G_MAXINT64;

static void
tell (char what)
{
  if (write (kept_fds[TOLD], &what, 1) != 1)
    abort ();
}

static void
let_another (guint pipe)
{
  if (write (kept_fds[pipe], "x", 1) != 1)
    abort ();
}

static void
wait_to_be_let (guint pipe)
{
  char byte;

  if (read (kept_fds[pipe], &byte, 1) != 1)
    abort ();
}

static gboolean
sleeps (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return strstr (text, ") S ") != NULL;
}

/* Takes the place of the C library's, for what memory a pool can have. */
int
ftruncate (int   fd,
           off_t size)
{
  if (size <= most_memory)
    return syscall (SYS_ftruncate, fd, size);
  errno = ENOMEM;
  return -1;
}

/* Takes the place of the C library's. */
int
fstat (int          fd,
       struct stat *status)
{
  if (armed)
    {
      armed = FALSE;
      tell ('h');
      wait_to_be_let (RELEASE);
    }
  return fstatat (fd, "", status, AT_EMPTY_PATH);
}

static GVariant *
keep_pipes (GVariant  *args,
            GError   **error)
{
  for (guint i = 0; i < N_PIPES; i++)
    g_variant_get_child (args, i, "h", &kept_fds[i]);
  return NULL;
}
MP_REGISTER_FUNCTION (keep_pipes)

/* Gives the pid of the worker. */
static GVariant *
take_part (GVariant  *args,
           GError   **error)
{
  const char *what;

  g_variant_get (args, "(&say)", &what, NULL);
  if (!g_str_equal (what, "return"))
    tell ('b');
  if (g_str_equal (what, "hold"))
    wait_to_be_let (HOLD);
  if (g_str_equal (what, "wait"))
    wait_to_be_let (GO);
  armed = g_str_equal (what, "hold");
  return g_variant_new_int64 (getpid ());
}
MP_REGISTER_FUNCTION (take_part)

static GVariant *
give_much (GVariant  *args,
           GError   **error)
{
  gsize size = 300 << 10;
  gpointer data = g_malloc0 (size);

  tell ('b');
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, size, TRUE, g_free, data);
}
MP_REGISTER_FUNCTION (give_much)

typedef struct
{
  MpPool     *pool;
  MpPoolFeed *feed;
  int         pipes[N_PIPES][2];
  guint       seen[32];       /* by tag */
  guint       cancelled[32];
} Race;

static void
on_outcome (const MpOutcome *outcome,
            gpointer         user_data)
{
  Race *self = user_data;

  self->seen[outcome->tag]++;
  if (outcome->status == MP_OUTCOME_CANCELLED)
    {
      self->cancelled[outcome->tag]++;
      return;
    }
  g_assert_cmpint (outcome->status, ==, MP_OUTCOME_OK);
  g_assert_cmpint (g_variant_get_int64 (outcome->result), ==, outcome->pid);
}

static GVariant *
pipe_ends (Race *self)
{
  return g_variant_new ("(hhhh)", self->pipes[TOLD][1], self->pipes[HOLD][0],
                        self->pipes[RELEASE][0], self->pipes[GO][0]);
}

static void
race_init (Race          *self,
           gconstpointer  method,
           guint          processes,
           guint          chunksize)
{
  for (guint i = 0; i < N_PIPES; i++)
    open_pipe (self->pipes[i]);
  self->pool = new_pool (method, processes);
  mp_pool_set_initializer (self->pool, "keep_pipes", pipe_ends (self));
  self->feed = mp_pool_open_feed (self->pool, "take_part", chunksize, on_outcome, NULL, self, NULL);
}

static void
race_clear (Race *self)
{
  drain (self->feed);
  end_pool (self->pool);
  g_clear_object (&self->feed);
  g_clear_object (&self->pool);
  for (guint i = 0; i < N_PIPES; i++)
    close_pipe (self->pipes[i]);
}

/* A quarter of a block each. */
static void
push (Race       *self,
      guint64     tag,
      const char *what)
{
  static const char filler[16000];
  GVariant *bytes = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, filler, sizeof filler, 1);

  mp_pool_feed_push (self->feed, tag, g_variant_new ("(s@ay)", what, bytes));
}

static void
expect_told (Race *self,
             char  expected)
{
  char told;

  g_assert_cmpint (read (self->pipes[TOLD][0], &told, 1), ==, 1);
  g_assert_cmpint (told, ==, expected);
}

static void
let_go_on (Race  *self,
           guint  pipe)
{
  g_assert_cmpint (write (self->pipes[pipe][1], "x", 1), ==, 1);
}

/* Does all there is to do, until every worker sleeps and the pool has told them that it does. */
static void
settle (Race *self)
{
  MpWorkerInfo workers[2];

  for (guint n = mp_pool_get_workers (self->pool, workers, 2); n > 0; n--)
    while (!sleeps (workers[n - 1].pid))
      g_main_context_iteration (NULL, FALSE);
  for (guint quiet = 0; quiet < 2;)
    quiet = g_main_context_iteration (NULL, FALSE) ? 0 : quiet + 1;
}

/* Items are cancelled under a worker that has not come to them yet. When it does, their places must
 * not hold others that are not its own. */
static void
test_cancelled_ahead (gconstpointer method)
{
  Race self = { 0 };

  race_init (&self, method, 2, 4);
  push (&self, 0, "hold");
  for (guint64 tag = 1; tag <= 4; tag++)
    push (&self, tag, "return");
  mp_pool_feed_flush (self.feed);
  expect_told (&self, 'b');
  mp_pool_feed_cancel_all (self.feed);
  while (mp_pool_feed_get_pending (self.feed) > 4)
    g_main_context_iteration (NULL, TRUE);
  settle (&self);
  let_go_on (&self, HOLD);
  expect_told (&self, 'h');
  settle (&self);

  /* The rest of the second block, and a whole one. */
  for (guint64 tag = 5; tag <= 7; tag++)
    push (&self, tag, "return");
  mp_pool_feed_flush (self.feed);
  push (&self, 8, "wait");
  for (guint64 tag = 9; tag <= 11; tag++)
    push (&self, tag, "return");
  mp_pool_feed_flush (self.feed);
  expect_told (&self, 'b');
  let_go_on (&self, RELEASE);
  push (&self, 12, "tell");
  mp_pool_feed_flush (self.feed);
  expect_told (&self, 'b');
  let_go_on (&self, GO);
  race_clear (&self);
  for (guint64 tag = 0; tag <= 12; tag++)
    {
      g_assert_cmpuint (self.seen[tag], ==, 1);
      if (tag != 4)
        g_assert_cmpuint (self.cancelled[tag], ==, tag >= 1 && tag <= 3);
    }
}

/* Once the test sleeps, lets the worker finish that is to be held, and then the other one. */
static GVariant *
conduct (GVariant  *args,
         GError   **error)
{
  char byte = 0;

  keep_pipes (args, NULL);
  wait_to_be_let (RELEASE);
  while (!sleeps (getppid ()))
    g_usleep (1000);
  let_another (HOLD);
  if (read (kept_fds[TOLD], &byte, 1) != 1 || byte != 'h')
    abort ();
  let_another (GO);
  return NULL;
}
MP_REGISTER_FUNCTION (conduct)

/* A worker that stops just when it is about to wake the parent does not keep others from it. */
static void
test_held_before_ringing (gconstpointer method)
{
  Race self = { 0 };
  g_autoptr(MpProcess) process = NULL;

  race_init (&self, method, 2, 1);
  push (&self, 0, "hold");
  mp_pool_feed_flush (self.feed);
  expect_told (&self, 'b');
  push (&self, 1, "wait");
  mp_pool_feed_flush (self.feed);
  expect_told (&self, 'b');
  process = mp_process_new ("conduct", g_variant_new ("(hhhh)", self.pipes[TOLD][0],
                                                      self.pipes[HOLD][1], self.pipes[RELEASE][0],
                                                      self.pipes[GO][1]));
  g_assert_true (mp_process_start (process, NULL));
  settle (&self);
  let_go_on (&self, RELEASE);
  while (self.seen[1] == 0)
    g_main_context_iteration (NULL, TRUE);
  let_go_on (&self, RELEASE);
  mp_process_join (process, -1, NULL);
  race_clear (&self);
}

/* The worker makes a second large result while the first one is taken. */
static void
ask_for_more (GVariant *value,
              gpointer  user_data)
{
  Race *self = user_data;
  g_autoptr(MpAsyncResult) second = NULL;
  MpWorkerInfo worker;

  second = mp_pool_apply_async (self->pool, "give_much", NULL, NULL, NULL, NULL, NULL);
  expect_told (self, 'b');
  g_assert_cmpuint (mp_pool_get_workers (self->pool, &worker, 1), ==, 1);
  while (!sleeps (worker.pid))
    g_usleep (1000);
}

/* One that waits for room for its result is told when there is. Each has a MiB only. */
static void
test_room_for_results (gconstpointer method)
{
  Race self = { 0 };
  g_autoptr(MpAsyncResult) first = NULL;

  most_memory = 1 << 30;
  race_init (&self, method, 1, 1);
  most_memory = G_MAXINT64;
  first = mp_pool_apply_async (self.pool, "give_much", NULL, ask_for_more, NULL, &self, NULL);
  expect_told (&self, 'b');
  g_assert_true (mp_async_result_wait (first, -1));
  race_clear (&self);
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  add_for_each_method ("cancelled-ahead", test_cancelled_ahead);
  add_for_each_method ("held-before-ringing", test_held_before_ringing);
  add_for_each_method ("room-for-results", test_room_for_results);
  return g_test_run ();
}
