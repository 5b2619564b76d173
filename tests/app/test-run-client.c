/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gm-run-client.h"
#include "gm-run-socket.h"

/* A run of the test's own: its folder, its socket, and what a client does meanwhile. */
typedef struct
{
  char        *dir;
  char        *socket_path;
  int          listener;
  int          peer;
  GmRunClient *client;
  JsonNode    *result;
  GError      *error;
  GmSnapshot  *snapshot;
  guint        n_answers;
  guint        n_closed;
} Fixture;

static void
on_snapshot (GmRunClient *client,
             GmSnapshot  *snapshot,
             Fixture     *self)
{
  g_clear_pointer (&self->snapshot, gm_snapshot_unref);
  self->snapshot = gm_snapshot_ref (snapshot);
}

static void
on_closed (GmRunClient  *client,
           const GError *error,
           Fixture      *self)
{
  self->n_closed++;
}

static void
on_answer (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Fixture *self = user_data;

  g_clear_error (&self->error);
  g_clear_pointer (&self->result, json_node_unref);
  self->result = gm_run_client_call_finish (GM_RUN_CLIENT (object), result, &self->error);
  self->n_answers++;
}

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  g_autofree char *state = NULL;
  g_autoptr(GError) error = NULL;
  const char text[] = "{\"id\":\"the-run\",\"state\":\"running\"}\n";

  g_unsetenv ("XDG_RUNTIME_DIR");
  self->dir = g_dir_make_tmp ("gtk-mp-XXXXXX", NULL);
  state = g_build_filename (self->dir, "state.json", NULL);
  g_assert_true (g_file_set_contents (state, text, -1, NULL));
  self->listener = gm_run_socket_listen (self->dir, "the-run", &self->socket_path, &error);
  g_assert_no_error (error);
  self->client = gm_run_client_new (self->dir, &error);
  g_assert_no_error (error);
  g_signal_connect (self->client, "snapshot", G_CALLBACK (on_snapshot), self);
  g_signal_connect (self->client, "closed", G_CALLBACK (on_closed), self);
  self->peer = accept (self->listener, NULL, NULL);
  g_assert_cmpint (self->peer, >=, 0);
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_autofree char *state = g_build_filename (self->dir, "state.json", NULL);

  g_assert_finalize_object (self->client);
  if (self->peer >= 0)
    close (self->peer);
  close (self->listener);
  g_unlink (self->socket_path);
  g_unlink (state);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->socket_path);
  g_free (self->dir);
  g_clear_error (&self->error);
  g_clear_pointer (&self->result, json_node_unref);
  g_clear_pointer (&self->snapshot, gm_snapshot_unref);
}

static void
say (Fixture    *self,
     const char *text)
{
  g_assert_cmpint (send (self->peer, text, strlen (text), MSG_NOSIGNAL), ==, strlen (text));
}

static void
wait_for (const guint *count,
          guint        wanted)
{
  while (*count < wanted)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_call (Fixture       *self,
           gconstpointer  data)
{
  char question[256] = "";
  JsonNode *params = json_from_string ("{\"hz\":10}", NULL);

  gm_run_client_call_async (self->client, "watch", params, NULL, on_answer, self);
  g_assert_cmpint (recv (self->peer, question, sizeof question - 1, 0), >, 0);
  g_assert_cmpstr (question, ==,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"watch\",\"params\":{\"hz\":10}}\n");
  /* In pieces, with a notification and an answer to somebody else between. */
  say (self, "{\"jsonrpc\":\"2.0\",\"method\":\"snapshot\",\"params\":{\"state\":\"running\","
             "\"done\":7}}\n{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":1}\n{\"jsonrpc\":\"2.0\",");
  while (self->snapshot == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (self->snapshot->done, ==, 7);
  g_assert_cmpuint (self->n_answers, ==, 0);
  say (self, "\"id\":1,\"result\":{\"a\":1}}\n");
  wait_for (&self->n_answers, 1);
  g_assert_no_error (self->error);
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (self->result), "a"), ==, 1);
}

static void
test_error (Fixture       *self,
            gconstpointer  data)
{
  gm_run_client_call_async (self->client, "pause", NULL, NULL, on_answer, self);
  say (self, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"not now\"}}\n");
  wait_for (&self->n_answers, 1);
  g_assert_error (self->error, GM_RUN_CLIENT_ERROR, -32000);
  g_assert_cmpstr (self->error->message, ==, "not now");
}

static void
test_death (Fixture       *self,
            gconstpointer  data)
{
  gm_run_client_call_async (self->client, "status", NULL, NULL, on_answer, self);
  gm_run_client_call_async (self->client, "status", NULL, NULL, on_answer, self);
  close (self->peer);
  self->peer = -1;
  wait_for (&self->n_answers, 2);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_cmpuint (self->n_closed, ==, 1);
  g_assert_false (gm_run_client_is_open (self->client));
  gm_run_client_call_async (self->client, "status", NULL, NULL, on_answer, self);
  wait_for (&self->n_answers, 3);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_cmpuint (self->n_closed, ==, 1);
}

static void
test_nonsense (Fixture       *self,
               gconstpointer  data)
{
  gm_run_client_call_async (self->client, "status", NULL, NULL, on_answer, self);
  say (self, "[1,2]\n");
  wait_for (&self->n_closed, 1);
  wait_for (&self->n_answers, 1);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_endless (Fixture       *self,
              gconstpointer  data)
{
  g_autofree char *piece = g_strnfill (4096, '[');

  while (self->n_closed == 0)
    {
      send (self->peer, piece, 4096, MSG_NOSIGNAL | MSG_DONTWAIT);
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
test_cancel (Fixture       *self,
             gconstpointer  data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  gm_run_client_call_async (self->client, "status", NULL, cancellable, on_answer, self);
  g_cancellable_cancel (cancellable);
  wait_for (&self->n_answers, 1);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  say (self, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}\n");
  gm_run_client_call_async (self->client, "status", NULL, NULL, on_answer, self);
  say (self, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":2}\n");
  wait_for (&self->n_answers, 2);
  g_assert_cmpint (json_node_get_int (self->result), ==, 2);
}

/* A reader that does not read: what is asked waits in memory, and all of it arrives. */
static void
test_slow_run (Fixture       *self,
               gconstpointer  data)
{
  g_autofree char *text = g_strnfill (100000, 'x');
  guint n_lines = 0;
  char buffer[65536];

  for (int i = 0; i < 20; i++)
    {
      JsonNode *params = json_node_new (JSON_NODE_VALUE);

      json_node_set_string (params, text);
      gm_run_client_call_async (self->client, "echo", params, NULL, on_answer, self);
    }
  while (n_lines < 20)
    {
      gssize n = recv (self->peer, buffer, sizeof buffer, MSG_DONTWAIT);

      for (gssize i = 0; i < n; i++)
        n_lines += buffer[i] == '\n';
      g_main_context_iteration (NULL, FALSE);
    }
  gm_run_client_close (self->client);
  wait_for (&self->n_answers, 20);
}

static void
test_nobody (void)
{
  g_autofree char *dir = g_dir_make_tmp ("gtk-mp-XXXXXX", NULL);
  g_autofree char *state = g_build_filename (dir, "state.json", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_null (gm_run_client_new (dir, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (state, "{\"id\":\"a\",\"state\":\"running\"}", -1, NULL));
  g_assert_null (gm_run_client_new (dir, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_unlink (state);
  g_rmdir (dir);
}

/* A path that is too long for the address of a socket. */
static void
test_long_path (void)
{
  g_autofree char *top = g_dir_make_tmp ("gtk-mp-XXXXXX", NULL);
  g_autofree char *name = g_strnfill (200, 'd');
  g_autofree char *dir = g_build_filename (top, name, NULL);
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  int listener, fd;

  g_assert_cmpint (g_mkdir (dir, 0700), ==, 0);
  listener = gm_run_socket_listen (dir, "run", &path, &error);
  g_assert_no_error (error);
  fd = gm_run_socket_connect (dir, "run", &error);
  g_assert_no_error (error);
  close (fd);
  close (listener);
  /* What is left over is refused, and replaced. */
  g_assert_cmpint (gm_run_socket_connect (dir, "run", &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_free (g_steal_pointer (&path));
  listener = gm_run_socket_listen (dir, "run", &path, NULL);
  g_assert_cmpint (listener, >=, 0);
  close (listener);
  g_unlink (path);
  g_rmdir (dir);
  g_rmdir (top);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) \
  g_test_add ("/run-client/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("call", test_call);
  ADD ("error", test_error);
  ADD ("death", test_death);
  ADD ("nonsense", test_nonsense);
  ADD ("endless", test_endless);
  ADD ("cancel", test_cancel);
  ADD ("slow-run", test_slow_run);
#undef ADD
  g_test_add_func ("/run-client/nobody", test_nobody);
  g_test_add_func ("/run-client/long-path", test_long_path);
  return g_test_run ();
}
