/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections within one process: what is sent is received, what can't be is an error. */
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "process-test.h"

static void
assert_fails (GError **error,
              MpError  code)
{
  g_assert_error (*error, MP_ERROR, (int) code);
  g_clear_error (error);
}

static void
test_values (void)
{
  static const char *const texts[] = {
    "42", "()", "@as []", "@mv nothing", "<(1, 'two', [3.0])>", "{'a': <1>, 'b': <'two'>}", "@ay b''",
  };
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;

  make_pipe (TRUE, &first, &second);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GVariant) value = g_variant_ref_sink (g_variant_new_parsed (texts[i]));
      g_autoptr(GVariant) received = NULL;
      g_autoptr(GVariant) returned = NULL;

      send_value (first, value);
      received = receive (second);
      g_assert_true (g_variant_equal (value, received));
      send_value (second, received);
      returned = receive (first);
      g_assert_true (g_variant_equal (value, returned));
    }
}

static void
test_sizes (void)
{
  static const gsize sizes[] = { 0, 1, 7, 4096, 65535, 65536, 65537, 1 << 20, (1 << 23) + 3 };
  g_autoptr(MpConnection) reader = NULL;
  g_autoptr(MpConnection) writer = NULL;
  g_autoptr(GError) error = NULL;
  guint descriptors;

  make_pipe (FALSE, &reader, &writer);
  descriptors = count_descriptors ();
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *data = g_malloc (sizes[i] + 1);
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(GVariant) value = NULL;
      gsize size;

      for (gsize j = 0; j < sizes[i]; j++)
        data[j] = j * 7 + i;
      g_assert_true (mp_connection_send_bytes (writer, data, sizes[i], &error));
      g_assert_true (mp_connection_poll (reader, 0, NULL));
      bytes = mp_connection_recv_bytes (reader, G_MAXSIZE, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), data, sizes[i]);

      send_value (writer, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, sizes[i], 1));
      value = receive (reader);
      g_assert_cmpmem (g_variant_get_fixed_array (value, &size, 1), size, data, sizes[i]);
    }
  g_assert_cmpuint (count_descriptors (), ==, descriptors);
}

static void
test_limits (void)
{
  g_autoptr(MpConnection) reader = NULL;
  g_autoptr(MpConnection) writer = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GVariant) value = NULL;
  char buffer[8] = "";

  make_pipe (FALSE, &reader, &writer);
  mp_connection_send_bytes (writer, "too long", 8, NULL);
  mp_connection_send_bytes (writer, "not", 3, NULL);
  g_assert_null (mp_connection_recv_bytes (reader, 7, &error));
  assert_fails (&error, MP_ERROR_BAD_MESSAGE);
  bytes = mp_connection_recv_bytes (reader, 3, &error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "not", 3);

  /* What did not fit is still there. */
  mp_connection_send_bytes (writer, "12345", 5, NULL);
  g_assert_cmpint (mp_connection_recv_bytes_into (reader, buffer, 4, &error), ==, -1);
  assert_fails (&error, MP_ERROR_TOO_SHORT);
  g_assert_true (mp_connection_poll (reader, 0, &error));
  g_assert_cmpint (mp_connection_recv_bytes_into (reader, buffer, 5, &error), ==, 5);
  g_assert_cmpstr (buffer, ==, "12345");
  g_assert_false (mp_connection_poll (reader, 0, &error));
  g_assert_no_error (error);

  /* So is what was of the other kind. */
  send_value (writer, g_variant_new_int32 (5));
  g_assert_null (mp_connection_recv_bytes (reader, G_MAXSIZE, &error));
  assert_fails (&error, MP_ERROR_BAD_MESSAGE);
  value = receive (reader);
  g_assert_cmpint (g_variant_get_int32 (value), ==, 5);
  mp_connection_send_bytes (writer, "x", 1, NULL);
  g_assert_null (mp_connection_recv (reader, &error));
  assert_fails (&error, MP_ERROR_BAD_MESSAGE);
  g_assert_cmpint (mp_connection_recv_bytes_into (reader, buffer, 1, &error), ==, 1);
}

static void
test_directions (void)
{
  g_autoptr(MpConnection) reader = NULL;
  g_autoptr(MpConnection) writer = NULL;
  g_autoptr(GError) error = NULL;

  make_pipe (FALSE, &reader, &writer);
  g_assert_true (mp_connection_get_readable (reader) && !mp_connection_get_writable (reader));
  g_assert_true (mp_connection_get_writable (writer) && !mp_connection_get_readable (writer));
  g_assert_false (mp_connection_send (reader, g_variant_new_int32 (1), &error));
  g_assert_cmpstr (error->message, ==, "connection is read-only");
  assert_fails (&error, MP_ERROR_CLOSED);
  g_assert_null (mp_connection_recv (writer, &error));
  g_assert_cmpstr (error->message, ==, "connection is write-only");
  assert_fails (&error, MP_ERROR_CLOSED);
  g_assert_false (mp_connection_poll (writer, 0, &error));
  assert_fails (&error, MP_ERROR_CLOSED);
}

static void
test_closed (void)
{
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = NULL;

  make_pipe (TRUE, &first, &second);
  g_assert_false (mp_connection_poll (first, 0, &error));
  g_assert_false (mp_connection_poll (first, 1000, &error));
  g_assert_no_error (error);

  /* What was sent before the end arrives, although the other did not read what it was sent. */
  send_value (first, g_variant_new_int32 (1));
  send_value (second, g_variant_new_int32 (2));
  mp_connection_close (second);
  mp_connection_close (second);
  g_assert_true (mp_connection_get_closed (second));
  g_assert_cmpint (mp_connection_get_fd (second), ==, -1);
  value = receive (first);
  g_assert_cmpint (g_variant_get_int32 (value), ==, 2);
  g_assert_true (mp_connection_poll (first, -1, &error));
  expect_eof (first);
  expect_eof (first);

  g_assert_false (mp_connection_send (first, g_variant_new_int32 (1), &error));
  assert_fails (&error, MP_ERROR_BROKEN_PIPE);
  g_assert_false (mp_connection_send (second, g_variant_new_int32 (1), &error));
  g_assert_cmpstr (error->message, ==, "handle is closed");
  assert_fails (&error, MP_ERROR_CLOSED);
}

/* Descriptors travel in messages, and those that nobody takes go with the message. */
static void
test_descriptors (void)
{
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;
  g_autoptr(MpConnection) inner = NULL;
  g_autoptr(MpConnection) outer = NULL;
  g_autoptr(MpConnection) travelled = NULL;
  g_autoptr(MpConnection) again = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) child = NULL;
  g_autoptr(GVariant) greeting = NULL;
  guint before;
  int fd, same, none, number;

  make_pipe (TRUE, &first, &second);
  make_pipe (TRUE, &inner, &outer);
  before = count_descriptors ();

  fd = mp_connection_get_fd (inner);
  send_value (first, g_variant_new ("(hhih)", fd, fd, 4711, -1));
  value = receive (second);
  g_variant_get (value, "(hhih)", &fd, &same, &number, &none);
  g_assert_cmpint (fd, ==, same);
  g_assert_cmpint (fd, !=, mp_connection_get_fd (inner));
  g_assert_cmpint (none, ==, -1);
  g_assert_cmpint (number, ==, 4711);
  g_assert_cmpuint (count_descriptors (), ==, before + 1);
  g_clear_pointer (&value, g_variant_unref);
  g_assert_cmpuint (count_descriptors (), ==, before);

  send_value (first, g_variant_new ("(sv)", "a connection", mp_shareable_to_variant (MP_SHAREABLE (inner))));
  mp_connection_close (inner);
  value = receive (second);
  child = g_variant_get_child_value (value, 1);
  g_clear_pointer (&value, g_variant_unref);
  value = g_variant_get_variant (child);
  travelled = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, NULL);
  again = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, NULL);
  g_assert_true (travelled == again);
  g_clear_pointer (&value, g_variant_unref);
  g_clear_pointer (&child, g_variant_unref);
  send_value (outer, g_variant_new_string ("hello"));
  greeting = receive (travelled);
  g_assert_cmpstr (g_variant_get_string (greeting, NULL), ==, "hello");
  g_clear_object (&again);
  g_clear_object (&travelled);
  expect_eof (outer);
  g_assert_cmpuint (count_descriptors (), ==, before - 1);
}

static void
test_handles (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;
  g_autoptr(GVariant) number = g_variant_ref_sink (g_variant_new_int32 (3));
  g_autoptr(GVariant) closed = NULL;
  int fd, stolen, duplicate;

  make_pipe (TRUE, &first, &second);
  g_assert_null (mp_shareable_from_variant (number, MP_TYPE_CONNECTION, &error));
  assert_fails (&error, MP_ERROR_BAD_MESSAGE);
  closed = g_variant_ref_sink (mp_shareable_to_variant (MP_SHAREABLE (second)));
  mp_connection_close (second);
  g_assert_null (mp_shareable_from_variant (closed, MP_TYPE_CONNECTION, &error));
  assert_fails (&error, MP_ERROR_CLOSED);
  g_assert_false (mp_connection_send (first, closed, &error));
  assert_fails (&error, MP_ERROR_CLOSED);

  g_clear_object (&second);
  g_clear_object (&first);
  make_pipe (TRUE, &first, &second);
  send_value (first, g_variant_new ("h", mp_connection_get_fd (first)));
  {
    g_autoptr(GVariant) value = receive (second);

    fd = g_variant_get_handle (value);
    stolen = mp_handle_steal (fd);
    duplicate = mp_handle_steal (fd);
  }
  g_assert_cmpint (stolen, ==, fd);
  g_assert_cmpint (duplicate, !=, fd);
  g_assert_cmpint (fcntl (stolen, F_GETFD), ==, FD_CLOEXEC);
  g_assert_cmpint (fcntl (duplicate, F_GETFD), ==, FD_CLOEXEC);
  close (stolen);
  close (duplicate);
  g_assert_cmpint (mp_handle_steal (stolen), ==, -1);
}

/* Somebody at the other end who does not play by the rules: an error each time, and no leak. */
static void
send_raw (int         socket,
          const void *data,
          gsize       size,
          const int  *fds,
          guint       n_fds)
{
  char control[CMSG_SPACE (8 * sizeof (int))] = { 0 };
  struct iovec part = { (void *) data, size };
  struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };

  if (n_fds > 0)
    {
      struct cmsghdr *header;

      packet.msg_control = control;
      packet.msg_controllen = CMSG_SPACE (n_fds * sizeof (int));
      header = CMSG_FIRSTHDR (&packet);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (n_fds * sizeof (int));
      memcpy (CMSG_DATA (header), fds, n_fds * sizeof (int));
    }
  g_assert_cmpint (sendmsg (socket, &packet, 0), ==, size);
}

static void
test_hostile (void)
{
  /* Kind, in memory, length of the type (2), size (4), content, type. */
  static const struct { const char *bytes; gsize size; guint n_fds; } cases[] = {
    { "x", 1, 0 },
    { "\1\0\1\0\4\0\0\0", 8, 0 },
    { "\1\0\1\0\4\0\0\0" "1234" "!", 13, 0 },
    { "\1\0\1\0\4\0\0\0" "1234" "*", 13, 0 },
    { "\1\0\2\0\4\0\0\0" "1234" "a{", 14, 0 },
    { "\1\0\1\0\3\0\0\0" "123" "i", 12, 0 },
    { "\1\0\1\0\2\0\0\0" "no" "s", 11, 0 },
    { "\1\0\2\0\3\0\0\0" "\7\7\7" "as", 13, 0 },
    { "\7\0\1\0\4\0\0\0" "1234" "i", 13, 0 },
    { "\1\0\1\0\377\377\377\377" "1234" "i", 13, 0 },
    { "\1\1\1\0\0\0\0\0" "i", 9, 0 },
    { "\1\1\1\0\0\0\0\0" "i", 9, 1 },
    { "\1\0\1\0\4\0\0\0" "\5\0\0\0" "h", 13, 0 },
    { "\1\0\2\0\10\0\0\0" "\5\0\0\0\6\0\0\0" "ah", 18, 1 },
  };
  g_autoptr(MpConnection) good = NULL;
  g_autoptr(MpConnection) bad = NULL;
  guint before;
  int fds[3];

  make_pipe (TRUE, &good, &bad);
  /* Memory that its sender could still shrink, and a pipe. */
  fds[0] = memfd_create ("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  g_assert_no_errno (ftruncate (fds[0], 4));
  open_pipe (fds + 1);
  before = count_descriptors ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) value = NULL;

      send_raw (mp_connection_get_fd (bad), cases[i].bytes, cases[i].size, fds, cases[i].n_fds);
      value = mp_connection_recv (good, &error);
      g_assert_null (value);
      assert_fails (&error, MP_ERROR_BAD_MESSAGE);
      g_assert_cmpuint (count_descriptors (), ==, before);

      /* The next is none the worse for it. */
      send_value (bad, g_variant_new_int32 (i));
      value = receive (good);
      g_assert_cmpint (g_variant_get_int32 (value), ==, i);
    }
  send_raw (mp_connection_get_fd (bad), "\1\1\1\0\0\0\0\0" "i", 9, fds + 1, 1);
  g_assert_null (mp_connection_recv (good, NULL));
  g_assert_cmpuint (count_descriptors (), ==, before);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
}

/* Bytes at random: never a crash, never a leak. */
static void
test_random (void)
{
  g_autoptr(MpConnection) good = NULL;
  g_autoptr(MpConnection) bad = NULL;
  guint before;

  make_pipe (TRUE, &good, &bad);
  before = count_descriptors ();
  for (int i = 0; i < 20000; i++)
    {
      guint8 packet[64];
      gsize size = g_test_rand_int_range (1, sizeof packet);
      gsize type_length = g_test_rand_int_range (0, 6);
      g_autoptr(GVariant) value = NULL;

      for (gsize j = 0; j < sizeof packet; j++)
        packet[j] = g_test_rand_int_range (0, 8);
      if (size > 8 + type_length)
        {
          const guint8 header[8] = { 1, 0, type_length, 0, size - 8 - type_length };

          memcpy (packet, header, 8);
          for (gsize j = size - type_length; j < size; j++)
            packet[j] = "aahsv(i){}mydx"[g_test_rand_int_range (0, 14)];
        }
      send_raw (mp_connection_get_fd (bad), packet, size, NULL, 0);
      value = mp_connection_recv (good, NULL);
      if (value != NULL)
        {
          g_autofree char *text = g_variant_print (value, TRUE);

          g_assert_nonnull (text);
        }
      else if (mp_connection_poll (good, 0, NULL))
        {
          g_autoptr(GBytes) bytes = mp_connection_recv_bytes (good, G_MAXSIZE, NULL);

          g_assert_nonnull (bytes);
        }
    }
  g_assert_cmpuint (count_descriptors (), ==, before);
}

static void
test_too_many_descriptors (void)
{
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) most = NULL;
  g_autoptr(GVariant) received = NULL;
  GVariantBuilder builder;
  int fds[253];
  guint before;

  make_pipe (TRUE, &first, &second);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ah"));
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      fds[i] = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
      g_variant_builder_add (&builder, "h", fds[i]);
      if (i == G_N_ELEMENTS (fds) - 2)
        {
          most = g_variant_ref_sink (g_variant_builder_end (&builder));
          g_variant_builder_init (&builder, G_VARIANT_TYPE ("ah"));
          for (guint j = 0; j <= i; j++)
            g_variant_builder_add (&builder, "h", fds[j]);
        }
    }
  before = count_descriptors ();
  g_assert_false (mp_connection_send (first, g_variant_builder_end (&builder), &error));
  assert_fails (&error, MP_ERROR_BAD_MESSAGE);
  send_value (first, most);
  received = receive (second);
  g_assert_cmpuint (g_variant_n_children (received), ==, G_N_ELEMENTS (fds) - 1);
  g_assert_cmpuint (count_descriptors (), ==, before + G_N_ELEMENTS (fds) - 1);
  g_clear_pointer (&received, g_variant_unref);
  g_assert_cmpuint (count_descriptors (), ==, before);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/connection/values", test_values);
  g_test_add_func ("/connection/sizes", test_sizes);
  g_test_add_func ("/connection/limits", test_limits);
  g_test_add_func ("/connection/directions", test_directions);
  g_test_add_func ("/connection/closed", test_closed);
  g_test_add_func ("/connection/descriptors", test_descriptors);
  g_test_add_func ("/connection/handles", test_handles);
  g_test_add_func ("/connection/hostile", test_hostile);
  g_test_add_func ("/connection/random", test_random);
  g_test_add_func ("/connection/too-many-descriptors", test_too_many_descriptors);

  return g_test_run ();
}
