/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Descriptors and shared objects that go through queues. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "process-test.h"

#include "mp-fds-private.h"
#include "mp-shared-object-private.h"

static MpQueue *
new_queue (guint64 max_size)
{
  g_autoptr(GError) error = NULL;
  MpQueue *queue = mp_queue_new (max_size, &error);

  g_assert_no_error (error);
  return queue;
}

static gpointer
object_of (GVariant *value,
           GType     type)
{
  g_autoptr(GError) error = NULL;
  gpointer object = mp_shareable_from_variant (value, type, &error);

  g_assert_no_error (error);
  return object;
}

static GVariant *
variant_of (gpointer object)
{
  return mp_shareable_to_variant (MP_SHAREABLE (object));
}

static GVariant *
get (MpQueue *queue)
{
  g_autoptr(GError) error = NULL;
  GVariant *value = mp_queue_get (queue, -1, &error);

  g_assert_no_error (error);
  return value;
}

/* A value that names a file which holds the same number. Returns: whether it was put */
static gboolean
put_numbered (MpQueue  *queue,
              guint64   number,
              gint64    timeout,
              GError  **error)
{
  int fd = memfd_create ("numbered", MFD_CLOEXEC);
  gboolean done;

  g_assert_no_errno (fd);
  g_assert_cmpint (write (fd, &number, sizeof number), ==, sizeof number);
  done = mp_queue_put (queue, g_variant_new ("(th)", number, fd), timeout, error);
  close (fd);
  return done;
}

static guint64
check_numbered (GVariant *value)
{
  guint64 number, found;
  int fd;

  g_variant_get (value, "(th)", &number, &fd);
  g_assert_cmpint (pread (fd, &found, sizeof found, 0), ==, sizeof found);
  g_assert_cmpuint (found, ==, number);
  return number;
}

/* Gets a lock and a connection, and says through that how often it could get the lock. */
static GVariant *
use_what_comes (GVariant  *args,
                GError   **error)
{
  g_autoptr(MpQueue) queue = object_of (args, MP_TYPE_QUEUE);
  g_autoptr(GVariant) value = get (queue);
  g_autoptr(GVariant) first = NULL;
  g_autoptr(GVariant) second = NULL;

  g_variant_get (value, "(@(sv)@(sv))", &first, &second);

  g_autoptr(MpLock) lock = object_of (first, MP_TYPE_LOCK);
  g_autoptr(MpConnection) connection = object_of (second, MP_TYPE_CONNECTION);

  g_assert_cmpint (mp_lock_acquire (lock, 0, error), ==, MP_ACQUIRED_NOT);
  send_value (connection, g_variant_new_int32 (0));
  g_assert_cmpint (mp_lock_acquire (lock, -1, error), ==, MP_ACQUIRED);
  send_value (connection, g_variant_new_int32 (1));
  return NULL;
}
MP_REGISTER_FUNCTION (use_what_comes)

static void
test_objects (gconstpointer method)
{
  g_autoptr(MpQueue) queue = new_queue (0);
  g_autoptr(MpLock) lock = mp_lock_new (NULL);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = start_new (method, "use_what_comes", variant_of (queue));
  g_autoptr(GVariant) before = NULL;
  g_autoptr(GVariant) after = NULL;

  make_pipe (FALSE, &ours, &theirs);
  g_assert_cmpint (mp_lock_acquire (lock, -1, NULL), ==, MP_ACQUIRED);
  g_assert_true (mp_queue_put (queue, g_variant_new ("(@(sv)@(sv))", variant_of (lock),
                                                     variant_of (theirs)), -1, NULL));
  g_clear_object (&theirs);
  before = receive (ours);
  g_assert_cmpint (g_variant_get_int32 (before), ==, 0);
  g_assert_true (mp_lock_release (lock, NULL));
  after = receive (ours);
  g_assert_cmpint (g_variant_get_int32 (after), ==, 1);
  g_assert_cmpint (join (process), ==, 0);
}

/* Puts one end of a pipe, sends into the other, and ends. */
static GVariant *
put_and_end (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpQueue) queue = object_of (args, MP_TYPE_QUEUE);
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;

  make_pipe (FALSE, &first, &second);
  send_value (second, g_variant_new_string ("left behind"));
  mp_queue_put (queue, variant_of (first), -1, error);
  mp_queue_put (queue, variant_of (queue), -1, error);
  return NULL;
}
MP_REGISTER_FUNCTION (put_and_end)

static void
test_putter_gone (gconstpointer method)
{
  g_autoptr(MpQueue) queue = new_queue (0);
  g_autoptr(MpProcess) process = start_new (method, "put_and_end", variant_of (queue));
  g_autoptr(GVariant) first = NULL;
  g_autoptr(GVariant) second = NULL;
  g_autoptr(GVariant) message = NULL;

  g_assert_cmpint (join (process), ==, 0);
  first = get (queue);
  second = get (queue);

  g_autoptr(MpConnection) connection = object_of (first, MP_TYPE_CONNECTION);
  g_autoptr(MpQueue) itself = object_of (second, MP_TYPE_QUEUE);

  message = receive (connection);
  g_assert_cmpstr (g_variant_get_string (message, NULL), ==, "left behind");
  g_assert_true (mp_queue_put (itself, g_variant_new_int32 (7), 0, NULL));
  g_assert_cmpuint (mp_queue_get_size (queue), ==, 1);
}

static GVariant *
get_numbered (GVariant  *args,
              GError   **error)
{
  g_autoptr(MpQueue) queue = object_of (args, MP_TYPE_QUEUE);

  for (;;)
    {
      g_autoptr(GVariant) value = mp_queue_get (queue, -1, NULL);

      if (value == NULL)
        return NULL;
      check_numbered (value);
    }
}
MP_REGISTER_FUNCTION (get_numbered)

static GVariant *
put_often (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpQueue) queue = object_of (args, MP_TYPE_QUEUE);

  for (guint64 i = 0; ; i++)
    {
      put_numbered (queue, (guint64) getpid () << 32 | i, -1, NULL);
      mp_queue_put (queue, g_variant_new ("(tv)", i, g_variant_new_handle (-1)), -1, NULL);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (put_often)

static GVariant *
get_often (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpQueue) queue = object_of (args, MP_TYPE_QUEUE);

  for (;;)
    {
      g_autoptr(GVariant) value = get (queue);

      if (g_variant_is_of_type (value, G_VARIANT_TYPE ("(th)")))
        check_numbered (value);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (get_often)

/* As many as the socket takes, then it is full, and goes on as they are got. */
static void
test_full (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpQueue) queue = new_queue (0);
  g_autoptr(MpProcess) process = NULL;
  guint before = count_descriptors ();
  guint n = 0;

  while (put_numbered (queue, n, 0, &error))
    n++;
  g_assert_error (error, MP_ERROR, MP_ERROR_FULL);
  g_assert_cmpuint (n, >, 100);
  g_assert_true (mp_queue_put (queue, g_variant_new_int32 (1), 0, NULL));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GVariant) value = get (queue);

      g_assert_cmpuint (check_numbered (value), ==, i);
    }
  g_variant_unref (get (queue));
  g_assert_cmpuint (count_descriptors (), ==, before);

  process = start_new (method, "get_numbered", variant_of (queue));
  for (guint i = 0; i < 3 * n; i++)
    g_assert_true (put_numbered (queue, i, -1, NULL));
  mp_queue_shut_down (queue);
  g_assert_cmpint (join (process), ==, 0);
}

/* What killed putters have left in the socket neither fills it for ever nor gets into a value. */
static void
test_left_over (void)
{
  g_autoptr(MpQueue) queue = new_queue (0);
  g_autoptr(GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  int socket = _mp_segment_get_pair (_mp_shared_object_get_segment (queue))[0];
  int fd = STDERR_FILENO;

  g_array_append_val (fds, fd);
  for (guint i = 0; i < 3; i++)
    g_assert_true (_mp_fds_send (socket, MSG_DONTWAIT, 0, fds));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GVariant) value = NULL;

      g_assert_true (put_numbered (queue, i, 0, NULL));
      value = get (queue);
      g_assert_cmpuint (check_numbered (value), ==, i);
      while (i == 0 && _mp_fds_send (socket, MSG_DONTWAIT, 0, fds))
        ;
    }
}

/* A value stays in the queue while there is no room for its descriptors. */
static void
test_no_room (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpQueue) queue = new_queue (0);
  g_autoptr(GVariant) value = NULL;
  GArray *taken;

  g_assert_true (put_numbered (queue, 5, 0, NULL));
  taken = take_descriptors (0);
  g_assert_null (mp_queue_get (queue, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_assert_cmpuint (mp_queue_get_size (queue), ==, 1);
  free_descriptors (taken);
  value = get (queue);
  g_assert_cmpuint (check_numbered (value), ==, 5);
}

static void
test_killed (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 334 : 15;
  g_autoptr(MpQueue) queue = new_queue (50);

  for (guint i = 0; i < rounds; i++)
    {
      static const char *const functions[] = { "put_often", "get_often", "put_often" };
      MpProcess *processes[3];
      guint got = 0;

      for (guint n = 0; n < 3; n++)
        processes[n] = start_new (method, functions[n], variant_of (queue));
      for (guint n = g_test_rand_int_range (20, 200); n > 0; n--)
        {
          g_autoptr(GVariant) value = get (queue);

          if (g_variant_is_of_type (value, G_VARIANT_TYPE ("(th)")))
            check_numbered (value);
        }
      for (guint n = 0; n < 2; n++)
        mp_process_kill (processes[n], NULL);
      while (got < 30)
        {
          g_autoptr(GVariant) value = get (queue);

          if (g_variant_is_of_type (value, G_VARIANT_TYPE ("(th)"))
              && check_numbered (value) >> 32 == (guint64) mp_process_get_pid (processes[2]))
            got++;
        }
      mp_process_kill (processes[2], NULL);
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

  add_for_methods ("carry-queue", "objects", test_objects);
  add_for_methods ("carry-queue", "putter-gone", test_putter_gone);
  add_for_methods ("carry-queue", "full", test_full);
  g_test_add_func ("/carry-queue/left-over", test_left_over);
  g_test_add_func ("/carry-queue/no-room", test_no_room);
  add_for_methods ("carry-queue", "killed", test_killed);
  return g_test_run ();
}
