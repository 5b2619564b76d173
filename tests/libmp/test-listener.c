/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes that find each other by an address, and strangers that try to. */
#include <arpa/inet.h>
#include <gio/gunixinputstream.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "process-test.h"

#define SECONDS(n) ((gint64) (n) * G_USEC_PER_SEC)

static const char *const families[] = { "@", "127.0.0.1:0" };

static GBytes *
key (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static MpListener *
listen_at (const char *address,
           GBytes     *authkey)
{
  g_autoptr(GError) error = NULL;
  MpListener *listener = mp_listener_new (g_str_equal (address, "@") ? NULL : address, authkey, &error);

  g_assert_no_error (error);
  return listener;
}

static MpConnection *
accept_next (MpListener *listener)
{
  g_autoptr(GError) error = NULL;
  MpConnection *connection = mp_listener_accept (listener, SECONDS (60), &error);

  g_assert_no_error (error);
  return connection;
}

/* Echoes values until the end of file. */
static GVariant *
talk (GVariant  *args,
      GError   **error)
{
  g_autoptr(GBytes) authkey = key ("secret");
  g_autoptr(MpConnection) connection = NULL;

  connection = mp_client (g_variant_get_string (args, NULL), authkey, SECONDS (60), error);
  while (connection != NULL)
    {
      g_autoptr(GVariant) value = mp_connection_recv (connection, NULL);

      if (value == NULL || !mp_connection_send (connection, value, error))
        break;
    }
  return NULL;
}
MP_REGISTER_FUNCTION (talk)

static void
check_echo (MpConnection *connection,
            gsize         size)
{
  g_autofree char *text = g_strnfill (size, 'x');
  GVariant *nothing = g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL);
  g_autoptr(GVariant) sent = g_variant_ref_sink (g_variant_new ("(sv)", text, nothing));
  g_autoptr(GVariant) back = NULL;

  send_value (connection, sent);
  back = receive (connection);
  g_assert_true (g_variant_equal (sent, back));
}

static void
test_talk (gconstpointer method)
{
  g_autoptr(GBytes) authkey = key ("secret");

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autoptr(MpListener) listener = listen_at (families[i], authkey);
      g_autoptr(MpConnection) connection = NULL;
      g_autoptr(MpProcess) process = NULL;

      process = start_new (method, "talk", g_variant_new_string (mp_listener_get_address (listener)));
      connection = accept_next (listener);
      g_assert_nonnull (mp_listener_get_last_accepted (listener));
      check_echo (connection, 0);
      check_echo (connection, 1000);
      check_echo (connection, 3000000);
      mp_connection_close (connection);
      g_assert_cmpint (join (process), ==, 0);
    }
}

/* Says by its exit code whether it was let in. */
static GVariant *
connect_with (GVariant  *args,
              GError   **error)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(GBytes) authkey = NULL;
  const char *address, *secret;

  g_variant_get (args, "(&s&s)", &address, &secret);
  authkey = key (secret);
  connection = mp_client (address, authkey, SECONDS (60), NULL);
  exit (connection != NULL ? 10 : 11);
}
MP_REGISTER_FUNCTION (connect_with)

static void
test_wrong_key (void)
{
  g_autoptr(GBytes) authkey = key ("secret");

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autoptr(MpListener) listener = listen_at (families[i], authkey);
      g_autoptr(MpConnection) connection = NULL;
      g_autoptr(MpProcess) wrong = NULL;
      g_autoptr(MpProcess) right = NULL;
      g_autoptr(GError) error = NULL;
      const char *address = mp_listener_get_address (listener);

      wrong = start_new ("fork", "connect_with", g_variant_new ("(ss)", address, "secreT"));
      g_assert_null (mp_listener_accept (listener, SECONDS (60), &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_AUTHENTICATION);
      g_assert_cmpstr (error->message, ==, "digest received was wrong");
      g_assert_cmpint (join (wrong), ==, 11);

      right = start_new ("fork", "connect_with", g_variant_new ("(ss)", address, "secret"));
      connection = accept_next (listener);
      g_assert_cmpint (join (right), ==, 10);
    }
}

/* A listener without the key is found out by the client. */
static GVariant *
serve_falsely (GVariant  *args,
               GError   **error)
{
  g_autoptr(MpConnection) control = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  g_autoptr(MpListener) listener = mp_listener_new (NULL, NULL, error);
  g_autoptr(GBytes) authkey = key ("guess");
  g_autoptr(MpConnection) connection = NULL;

  mp_connection_send (control, g_variant_new_string (mp_listener_get_address (listener)), error);
  connection = mp_listener_accept (listener, SECONDS (60), error);
  /* It lets everybody in, and has to prove itself all the same. */
  if (connection != NULL)
    {
      g_autoptr(GBytes) digest = NULL;
      const char *challenge = "#CHALLENGE#{sha256}" "0123456789012345678901234567890123456789";

      mp_connection_send_bytes (connection, challenge, strlen (challenge), error);
      digest = mp_connection_recv_bytes (connection, 200, error);
      mp_connection_send_bytes (connection, "#WELCOME#", 9, error);
      g_clear_error (error);
      mp_answer_challenge (connection, authkey, SECONDS (60), error);
      if (g_error_matches (*error, MP_ERROR, MP_ERROR_AUTHENTICATION))
        g_clear_error (error);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (serve_falsely)

static void
test_false_listener (void)
{
  g_autoptr(MpConnection) control = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GBytes) authkey = key ("secret");
  g_autoptr(GVariant) address = NULL;
  g_autoptr(GError) error = NULL;

  make_pipe (TRUE, &control, &theirs);
  process = start_new ("fork", "serve_falsely", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  address = receive (control);
  connection = mp_client (g_variant_get_string (address, NULL), authkey, SECONDS (60), &error);
  g_assert_error (error, MP_ERROR, MP_ERROR_AUTHENTICATION);
  g_assert_null (connection);
  g_assert_cmpint (join (process), ==, 0);
}

/* A socket that is connected to @listener and keeps to no rule. */
static int
connect_raw (MpListener *listener)
{
  const char *address = mp_listener_get_address (listener);
  const char *colon = strrchr (address, ':');
  struct sockaddr_in inet = { .sin_family = AF_INET };
  struct sockaddr_un local = { .sun_family = AF_UNIX };
  int fd;

  if (colon != NULL)
    {
      fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      inet.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
      inet.sin_port = htons (atoi (colon + 1));
      g_assert_no_errno (connect (fd, (struct sockaddr *) &inet, sizeof inet));
      return fd;
    }
  fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  memcpy (local.sun_path + 1, address + 1, strlen (address + 1));
  g_assert_no_errno (connect (fd, (struct sockaddr *) &local,
                              offsetof (struct sockaddr_un, sun_path) + strlen (address)));
  return fd;
}

static void
say (int           fd,
     gconstpointer data,
     gsize         size)
{
  g_assert_cmpint (send (fd, data, size, MSG_NOSIGNAL), ==, size);
}

/* Whatever strangers do, who has the key is let in, and nobody waits for them. */
static void
test_strangers (void)
{
  static const guint8 half_header[] = { 0, 0, 0 };
  static const guint8 giant[] = { 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'x' };
  static const guint8 value[] = { 1, 0, 1, 0, 4, 0, 0, 0, 1, 2, 3, 4, 'u' };
  static const guint8 in_memory[] = { 0, 1, 0, 0, 0, 0, 0, 0 };
  g_autoptr(GBytes) authkey = key ("secret");

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autoptr(MpListener) listener = listen_at (families[i], authkey);
      g_autoptr(MpConnection) connection = NULL;
      g_autoptr(MpProcess) process = NULL;
      guint refused = 0;
      int fds[6];

      for (guint j = 0; j < 6; j++)
        fds[j] = connect_raw (listener);
      say (fds[1], half_header, sizeof half_header);
      say (fds[2], giant, sizeof giant);
      say (fds[3], value, sizeof value);
      say (fds[4], in_memory, sizeof in_memory);
      close (fds[5]);
      process = start_new ("fork", "connect_with",
                           g_variant_new ("(ss)", mp_listener_get_address (listener), "secret"));
      while (connection == NULL)
        {
          g_autoptr(GError) error = NULL;

          connection = mp_listener_accept (listener, SECONDS (60), &error);
          if (connection == NULL)
            g_assert_error (error, MP_ERROR, MP_ERROR_AUTHENTICATION);
          refused += connection == NULL;
        }
      g_assert_cmpint (join (process), ==, 10);
      /* A packet is never continued: half a header is refused there, too. */
      g_assert_cmpuint (refused, ==, i == 0 ? 4 : 3);
      for (guint j = 0; j < 5; j++)
        close (fds[j]);
    }
}

/* A hundred that are silent don't keep others out. */
static void
test_silent_crowd (void)
{
  g_autoptr(GBytes) authkey = key ("secret");
  g_autoptr(MpListener) listener = listen_at ("@", authkey);
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) process = NULL;
  int fds[100];

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = connect_raw (listener);
  process = start_new ("fork", "connect_with",
                       g_variant_new ("(ss)", mp_listener_get_address (listener), "secret"));
  connection = accept_next (listener);
  g_assert_cmpint (join (process), ==, 10);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
}

/* Who is through may still send nonsense: it is an error of that connection. */
static void
test_nonsense (void)
{
  static const guint8 giant[] = { 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'x' };
  static const guint8 no_type[] = { 1, 0, 0, 0, 0, 0, 0, 0 };
  static const guint8 not_normal[] = { 1, 0, 1, 0, 1, 0, 0, 0, 7, 'b' };
  static const guint8 handle[] = { 1, 0, 1, 0, 4, 0, 0, 0, 9, 0, 0, 0, 'h' };
  static const struct { const guint8 *data; gsize size; } cases[] = {
    { giant, sizeof giant }, { no_type, sizeof no_type }, { not_normal, sizeof not_normal },
    { handle, sizeof handle },
  };

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
        {
          g_autoptr(MpListener) listener = listen_at (families[i], NULL);
          int fd = connect_raw (listener);
          g_autoptr(MpConnection) connection = accept_next (listener);
          g_autoptr(GError) error = NULL;

          say (fd, cases[j].data, cases[j].size);
          g_assert_null (mp_connection_recv (connection, &error));
          g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
          close (fd);
        }
    }
}

/* A giant that is announced and does not come is the end of file, and takes no memory. */
static void
test_announced (void)
{
  static const guint8 announced[] = { 0, 0, 0, 0, 0, 0, 0, 0x40, 'x' };
  g_autoptr(MpListener) listener = listen_at ("127.0.0.1:0", NULL);
  int fd = connect_raw (listener);
  g_autoptr(MpConnection) connection = accept_next (listener);
  g_autoptr(GError) error = NULL;

  say (fd, announced, sizeof announced);
  close (fd);
  g_assert_null (mp_connection_recv_bytes (connection, G_MAXSIZE, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
}

/* Descriptors pass over a local socket, and are refused over a network. */
static void
test_descriptors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autoptr(MpListener) listener = listen_at (families[i], NULL);
      g_autoptr(MpConnection) client = mp_client (mp_listener_get_address (listener), NULL, -1, NULL);
      g_autoptr(MpConnection) connection = accept_next (listener);
      g_autoptr(MpConnection) mine = NULL;
      g_autoptr(MpConnection) yours = NULL;
      g_autoptr(MpConnection) arrived = NULL;
      g_autoptr(GVariant) value = NULL;
      g_autoptr(GError) error = NULL;

      make_pipe (TRUE, &mine, &yours);
      if (i == 0)
        {
          send_value (client, mp_shareable_to_variant (MP_SHAREABLE (yours)));
          mp_connection_close (yours);
          value = receive (connection);
          arrived = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, NULL);
          send_value (arrived, g_variant_new_int32 (5));
          g_clear_pointer (&value, g_variant_unref);
          value = receive (mine);
          g_assert_cmpint (g_variant_get_int32 (value), ==, 5);
        }
      else
        {
          g_assert_false (mp_connection_send (client, mp_shareable_to_variant (MP_SHAREABLE (yours)), &error));
          g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
        }
    }
}

static void
test_addresses (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autoptr(MpListener) listener = listen_at (path, NULL);
  g_autoptr(MpListener) inet = listen_at (":0", NULL);
  g_autoptr(MpConnection) client = mp_client (path, NULL, -1, NULL);
  GStatBuf status;

  g_assert_nonnull (client);
  g_assert_no_errno (g_stat (path, &status));
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  g_assert_null (mp_listener_new (path, NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  mp_listener_close (listener);
  mp_listener_close (listener);
  g_assert_cmpint (g_access (path, F_OK), ==, -1);
  g_assert_null (mp_listener_accept (listener, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_true (g_str_has_prefix (mp_listener_get_address (inet), "127.0.0.1:"));
  g_assert_null (mp_listener_accept (inet, 1000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&error);

  g_assert_null (mp_client (path, NULL, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (mp_client ("nonsense", NULL, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (mp_listener_new ("@", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_assert_no_errno (g_rmdir (folder));
}

static void
test_async (void)
{
  g_autoptr(GBytes) authkey = key ("secret");
  g_autoptr(MpListener) listener = listen_at ("@", authkey);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GAsyncResult) result = NULL;
      g_autoptr(MpConnection) connection = NULL;

      mp_listener_accept_async (listener, cancellable, keep_result, &result);
      if (i == 0)
        process = start_new (NULL, "connect_with",
                             g_variant_new ("(ss)", mp_listener_get_address (listener), "secret"));
      else
        g_cancellable_cancel (cancellable);
      wait_for_result (&result);
      connection = mp_listener_accept_finish (listener, result, &error);
      if (i == 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  g_assert_cmpint (join (process), ==, 10);
}

static GPtrArray *
wait_for (gpointer *objects,
          guint     n_objects,
          gint64    timeout)
{
  g_autoptr(GError) error = NULL;
  GPtrArray *ready = mp_connection_wait (objects, n_objects, timeout, &error);

  g_assert_no_error (error);
  return ready;
}

static void
test_wait (void)
{
  g_autoptr(MpListener) listener = listen_at ("@", NULL);
  g_autoptr(MpConnection) first = NULL;
  g_autoptr(MpConnection) second = NULL;
  g_autoptr(MpConnection) control = NULL;
  g_autoptr(MpConnection) client = NULL;
  g_autoptr(MpProcess) process = start_staying (NULL, "stay", FALSE, &control);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GPtrArray) ready = NULL;
  g_autoptr(GError) error = NULL;
  char buffer[2];
  int fds[2];

  make_pipe (TRUE, &first, &second);
  open_pipe (fds);
  stream = g_unix_input_stream_new (fds[0], TRUE);
  gpointer objects[] = { listener, first, process, stream };

  ready = wait_for (objects, 4, 0);
  g_assert_cmpuint (ready->len, ==, 0);
  g_clear_pointer (&ready, g_ptr_array_unref);

  /* One message that a call has left is ready, though it is not in the descriptor any more. */
  mp_connection_send_bytes (second, "long", 4, NULL);
  g_assert_cmpint (mp_connection_recv_bytes_into (first, buffer, sizeof buffer, NULL), ==, -1);
  ready = wait_for (objects, 4, -1);
  g_assert_cmpuint (ready->len, ==, 1);
  g_assert_true (ready->pdata[0] == first);
  g_clear_pointer (&ready, g_ptr_array_unref);

  client = mp_client (mp_listener_get_address (listener), NULL, -1, NULL);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  mp_connection_close (control);
  g_assert_cmpint (join (process), ==, 0);
  ready = wait_for (objects, 4, -1);
  g_assert_cmpuint (ready->len, ==, 4);
  g_clear_pointer (&ready, g_ptr_array_unref);
  close (fds[1]);

  mp_connection_close (first);
  g_assert_null (mp_connection_wait (objects, 4, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
}

/* A host that vanishes without a word would keep what it holds of a manager for ever otherwise. */
static void
test_vanished_host (void)
{
  g_autoptr(MpListener) listener = listen_at ("127.0.0.1:0", NULL);
  g_autoptr(MpConnection) client = mp_client (mp_listener_get_address (listener), NULL, -1, NULL);
  g_autoptr(MpConnection) accepted = accept_next (listener);
  MpConnection *const ends[] = { client, accepted };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      int fd = mp_connection_get_fd (ends[i]);
      int value = 0;
      socklen_t size = sizeof value;

      g_assert_cmpint (getsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size), ==, 0);
      g_assert_cmpint (value, ==, 1);
      g_assert_cmpint (getsockopt (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size), ==, 0);
      g_assert_cmpint (value, >, 0);
      g_assert_cmpint (value, <=, 120000);
      g_assert_cmpint (getsockopt (fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &size), ==, 0);
      g_assert_cmpint (value, <=, 60);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("listener-talk", "talk", test_talk);
  g_test_add_func ("/listener/wrong-key", test_wrong_key);
  g_test_add_func ("/listener/false-listener", test_false_listener);
  g_test_add_func ("/listener/strangers", test_strangers);
  g_test_add_func ("/listener/silent-crowd", test_silent_crowd);
  g_test_add_func ("/listener/nonsense", test_nonsense);
  g_test_add_func ("/listener/announced", test_announced);
  g_test_add_func ("/listener/descriptors", test_descriptors);
  g_test_add_func ("/listener/addresses", test_addresses);
  g_test_add_func ("/listener/vanished-host", test_vanished_host);
  /* GLib starts a thread for these: no fork after them. */
  g_test_add_func ("/listener-threads/async", test_async);
  g_test_add_func ("/listener-threads/wait", test_wait);

  return g_test_run ();
}
