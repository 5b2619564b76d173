/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gm-control-client.h"
#include "gm-json.h"
#include "gm-snapshot.h"

#include "fuzz.h"

/* What comes over the control socket. The first byte says in what pieces the rest arrives: requests
 * at once get the same answers as in pieces, each a whole line. The rest is also what a run may
 * have told a watcher: what is understood of it is understood again when it is told on. */

/* So much always fits into a socket that nobody reads. */
#define MAX_SIZE 16384

typedef struct
{
  GmControlClient *client;  /* NULL once it has left */
  GString         *output;
  int              fd;      /* our end */
} Side;

/* Methods with every kind of parameters, and without. */
static gboolean
on_call (const char  *method,
         JsonObject  *params,
         GString     *result,
         gpointer     user_data,
         GError     **error)
{
  static const char *const names[] = { "n", "pid", NULL };
  gint64 n = 0;

  if (!g_str_equal (method, "status") && !g_str_equal (method, "resize"))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "There is no method \"%s\"", method);
      return FALSE;
    }
  if (!gm_params_check (params, names, error)
      || (g_str_equal (method, "resize") && !gm_params_get_int (params, "n", &n, error)))
    return FALSE;
  if (n < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "It can't be done");
      return FALSE;
    }
  g_string_append_printf (result, "{\"n\":%" G_GINT64_FORMAT "}", n);
  return TRUE;
}

static void
on_snapshot (GString  *out,
             gpointer  user_data)
{
  g_string_append (out, "{}");
}

static void
on_gone (GmControlClient *client,
         gpointer         user_data)
{
  Side *side = user_data;

  g_assert_true (side->client == client);
  gm_control_client_free (g_steal_pointer (&side->client));
}

/* Lets the other side do what it can, and reads what it says. */
static void
exchange (Side *side)
{
  char piece[4096];
  gssize n;

  do
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      n = recv (side->fd, piece, sizeof piece, MSG_DONTWAIT);
      if (n > 0)
        g_string_append_len (side->output, piece, n);
    }
  while (n > 0);
}

/* Whatever is said is a message in a line of its own. Snapshots come when there is time for them. */
static char *
take_answers (GString *output)
{
  g_autoptr(GString) answers = g_string_new (NULL);
  g_auto(GStrv) lines = g_strsplit (output->str, "\n", -1);

  g_assert_cmpuint (strlen (output->str), ==, output->len);
  g_assert_true (output->len == 0 || output->str[output->len - 1] == '\n');
  for (guint i = 0; output->len > 0 && lines[i + 1] != NULL; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(JsonNode) node = gm_json_parse (lines[i], strlen (lines[i]), NULL, &error);
      JsonObject *object;

      g_assert_no_error (error);
      object = json_node_get_object (node);
      g_assert_cmpstr (json_object_get_string_member (object, "jsonrpc"), ==, "2.0");
      g_assert_cmpint (json_object_has_member (object, "result")
                       + json_object_has_member (object, "error")
                       + json_object_has_member (object, "method"), ==, 1);
      if (!json_object_has_member (object, "method"))
        g_string_append_printf (answers, "%s\n", lines[i]);
    }

  return g_strdup (answers->str);
}

static char *
ask (const guint8 *data,
     gsize         size,
     gsize         piece)
{
  static const GmControlFuncs funcs = { .call = on_call, .snapshot = on_snapshot };
  g_autoptr(GString) output = g_string_new (NULL);
  Side side = { .output = output };
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  side.client = gm_control_client_new (fds[0], &funcs, NULL, on_gone, &side);
  side.fd = fds[1];
  for (gsize done = 0; done < size; done += MIN (piece, size - done))
    {
      gsize length = MIN (piece, size - done);

      g_assert_cmpint (send (side.fd, data + done, length, MSG_NOSIGNAL), ==, length);
      exchange (&side);
    }
  shutdown (side.fd, SHUT_WR);
  exchange (&side);
  /* Who watches is told more; everybody else is done with. */
  g_clear_pointer (&side.client, gm_control_client_free);
  close (side.fd);

  return take_answers (output);
}

static char *
tell (JsonNode *node)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GmSnapshot) snapshot = gm_snapshot_new_from_json (node, &error);
  g_autoptr(GString) out = g_string_new (NULL);

  if (snapshot == NULL)
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
      return NULL;
    }
  gm_snapshot_append (snapshot, out);

  return g_strdup (out->str);
}

static void
check_snapshot (const char *text,
                gsize       size)
{
  g_autoptr(JsonNode) node = gm_json_parse (text, size, NULL, NULL);
  g_autofree char *first = node != NULL ? tell (node) : NULL;
  g_autofree char *second = NULL;
  g_autoptr(JsonNode) again = NULL;
  g_autoptr(GError) error = NULL;

  if (first == NULL)
    return;
  again = gm_json_parse (first, strlen (first), NULL, &error);
  g_assert_no_error (error);
  second = tell (again);
  g_assert_cmpstr (second, ==, first);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        size_t        size)
{
  g_autofree char *at_once = NULL;
  g_autofree char *in_pieces = NULL;

  if (size == 0 || size > MAX_SIZE)
    return 0;
  at_once = ask (data + 1, size - 1, size);
  in_pieces = ask (data + 1, size - 1, 1 + *data);
  g_assert_cmpstr (in_pieces, ==, at_once);
  check_snapshot ((const char *) data + 1, size - 1);

  return 0;
}
