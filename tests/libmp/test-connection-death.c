/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections between processes, some of which die while they use them. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

#define N_WRITERS  4
#define N_MESSAGES 400

/* Of any size, and recognisable: each byte tells its writer. */
static gsize
message_size (guint writer,
              guint number)
{
  static const gsize sizes[] = { 16, 100, 5000, 60000, 70000, 300000 };

  return sizes[(writer + number) % G_N_ELEMENTS (sizes)];
}

static GVariant *
write_messages (GVariant  *args,
                GError   **error)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(GVariant) end = NULL;
  guint writer, count;

  g_variant_get (args, "(@(sv)uu)", &end, &writer, &count);
  connection = mp_shareable_from_variant (end, MP_TYPE_CONNECTION, error);
  for (guint i = 0; connection != NULL && i < count; i++)
    {
      gsize size = message_size (writer, i);
      g_autofree char *data = g_malloc (size);

      memset (data, 'a' + writer, size);
      memcpy (data, &i, sizeof i);
      if (!mp_connection_send_bytes (connection, data, size, error))
        break;
    }
  return NULL;
}
MP_REGISTER_FUNCTION (write_messages)

/* Checks one message and returns who wrote it. */
static guint
check_message (GBytes *message,
               guint  *number)
{
  gsize size;
  const char *data = g_bytes_get_data (message, &size);
  guint writer = data[size - 1] - 'a';

  memcpy (number, data, sizeof *number);
  g_assert_cmpuint (writer, <, N_WRITERS);
  g_assert_cmpuint (size, ==, message_size (writer, *number));
  for (gsize i = sizeof *number; i < size; i++)
    g_assert_cmpint (data[i], ==, 'a' + (int) writer);
  return writer;
}

static MpProcess *
start_writer (gconstpointer  method,
              MpConnection  *end,
              guint          writer,
              guint          count)
{
  return start_new (method, "write_messages",
                    g_variant_new ("(@(sv)uu)", mp_shareable_to_variant (MP_SHAREABLE (end)), writer, count));
}

/* Several write to one end without a lock: whole messages, those of each in their order. */
static void
test_concurrent_writers (gconstpointer method)
{
  g_autoptr(MpConnection) reader = NULL;
  g_autoptr(MpConnection) writer = NULL;
  MpProcess *processes[N_WRITERS];
  guint next[N_WRITERS] = { 0 };

  make_pipe (FALSE, &reader, &writer);
  for (guint i = 0; i < N_WRITERS; i++)
    processes[i] = start_writer (method, writer, i, N_MESSAGES);
  mp_connection_close (writer);

  for (guint i = 0; i < N_WRITERS * N_MESSAGES; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GBytes) message = mp_connection_recv_bytes (reader, G_MAXSIZE, &error);
      guint number, from;

      g_assert_no_error (error);
      from = check_message (message, &number);
      g_assert_cmpuint (number, ==, next[from]++);
    }
  expect_eof (reader);
  for (guint i = 0; i < N_WRITERS; i++)
    {
      g_assert_cmpint (join (processes[i]), ==, 0);
      g_object_unref (processes[i]);
    }
}

/* A writer killed at any instant: whole messages up to some point, then the end at once. */
static void
test_killed_writer (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 1000 : 100;

  for (guint round = 0; round < rounds; round++)
    {
      g_autoptr(MpConnection) reader = NULL;
      g_autoptr(MpConnection) writer = NULL;
      g_autoptr(MpProcess) process = NULL;
      g_autoptr(GError) error = NULL;
      guint count = g_test_rand_int_range (1, 40);
      guint number;

      make_pipe (FALSE, &reader, &writer);
      process = start_writer (method, writer, round % N_WRITERS, G_MAXUINT);
      mp_connection_close (writer);
      for (guint i = 0;; i++)
        {
          g_autoptr(GBytes) message = mp_connection_recv_bytes (reader, G_MAXSIZE, &error);

          if (message == NULL)
            break;
          check_message (message, &number);
          g_assert_cmpuint (number, ==, i);
          if (i == count)
            mp_process_kill (process, NULL);
        }
      g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
      g_assert_cmpint (join (process), ==, -SIGKILL);
    }
}

static GVariant *
read_some (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  g_autoptr(GVariant) value = NULL;

  value = mp_connection_recv (connection, error);
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (read_some)

/* A reader that dies is a broken pipe, not a signal, to a writer that waits for it. */
static void
test_killed_reader (gconstpointer method)
{
  g_autoptr(MpConnection) reader = NULL;
  g_autoptr(MpConnection) writer = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GError) error = NULL;

  make_pipe (FALSE, &reader, &writer);
  process = start_new (method, "read_some", mp_shareable_to_variant (MP_SHAREABLE (reader)));
  mp_connection_close (reader);
  while (mp_connection_send (writer, g_variant_new_string ("more"), &error))
    ;
  g_assert_error (error, MP_ERROR, MP_ERROR_BROKEN_PIPE);
  g_assert_cmpint (join (process), ==, -SIGKILL);
}

static GVariant *
echo (GVariant  *args,
      GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  GVariant *value;

  while ((value = mp_connection_recv (connection, NULL)) != NULL)
    {
      mp_connection_send (connection, value, NULL);
      g_variant_unref (value);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (echo)

/* A child has none of the ends it was not given, though it was forked while they were open. */
static void
test_unused_ends (gconstpointer method)
{
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;
  g_autoptr(MpConnection) unrelated = NULL;
  g_autoptr(MpConnection) its_other_end = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) answer = NULL;

  make_pipe (TRUE, &first, &second);
  make_pipe (TRUE, &unrelated, &its_other_end);
  process = start_new (method, "echo", mp_shareable_to_variant (MP_SHAREABLE (second)));
  send_value (first, g_variant_new_string ("there?"));
  answer = receive (first);

  mp_connection_close (its_other_end);
  expect_eof (unrelated);
  mp_connection_close (second);
  mp_connection_close (first);
  g_assert_cmpint (join (process), ==, 0);
}

static GVariant *
pass_on (GVariant  *args,
         GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  g_autoptr(MpConnection) mine = NULL;
  g_autoptr(MpConnection) yours = NULL;

  if (mp_pipe (TRUE, &mine, &yours, error)
      && mp_connection_send (connection, mp_shareable_to_variant (MP_SHAREABLE (yours)), error))
    mp_connection_send (mine, g_variant_new_string ("through the new one"), error);
  return NULL;
}
MP_REGISTER_FUNCTION (pass_on)

/* A connection made in a child reaches its parent through another one. */
static void
test_passed_connection (gconstpointer method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpConnection) passed = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) greeting = NULL;

  make_pipe (TRUE, &ours, &theirs);
  process = start_new (method, "pass_on", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  value = receive (ours);
  passed = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, NULL);
  greeting = receive (passed);
  g_assert_cmpstr (g_variant_get_string (greeting, NULL), ==, "through the new one");
  expect_eof (passed);
  g_assert_cmpint (join (process), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("connection-death", "concurrent-writers", test_concurrent_writers);
  add_for_methods ("connection-death", "killed-writer", test_killed_writer);
  add_for_methods ("connection-death", "killed-reader", test_killed_reader);
  add_for_methods ("connection-death", "unused-ends", test_unused_ends);
  add_for_methods ("connection-death", "passed-connection", test_passed_connection);

  return g_test_run ();
}
