/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-control-client.h"

#include "gm-json.h"
#include "gm-line-buffer.h"

/* Whoever does not read is not waited for: answers wait in memory, and while there are many nothing
 * more is read; snapshots are left out. What is sent is always whole lines. */

#define MAX_LINE  (1024 * 1024)  /* without its end */
#define READ_SIZE (16 * 1024)

/* While so much waits to be sent, nothing is read. */
#define MAX_OUTPUT (256 * 1024)

#define MAX_HZ 60.0

/* The codes of JSON-RPC. */
enum
{
  CODE_PARSE = -32700,
  CODE_REQUEST = -32600,
  CODE_METHOD = -32601,
  CODE_PARAMS = -32602,
  CODE_REFUSED = -32000,
};

struct _GmControlClient
{
  /* Owned */
  GmLineBuffer  input;
  GString      *output;
  GSource      *read_source;   /* NULL while nothing is read */
  GSource      *write_source;  /* while there is output, or something to answer yet */
  GSource      *hup_source;    /* of a watcher that says no more */
  GSource      *timer;         /* of a watcher */

  /* Borrowed */
  const GmControlFuncs *funcs;
  gpointer              user_data;
  GmControlGoneFunc     gone;
  gpointer              gone_data;

  int       fd;
  gboolean  said_all; /* the other side will not write any more */
  gboolean  closing;  /* once all is sent */
};

static void
destroy_source (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

void
gm_control_client_free (GmControlClient *self)
{
  g_clear_pointer (&self->read_source, destroy_source);
  g_clear_pointer (&self->write_source, destroy_source);
  g_clear_pointer (&self->hup_source, destroy_source);
  g_clear_pointer (&self->timer, destroy_source);
  /* A worker that was forked meanwhile may still have a copy. */
  shutdown (self->fd, SHUT_RDWR);
  close (self->fd);
  gm_line_buffer_clear (&self->input);
  g_string_free (self->output, TRUE);
  g_free (self);
}

static GSource *
attach (GSource    *source,
        const char *name,
        GSourceFunc func,
        gpointer    data)
{
  g_source_set_callback (source, func, data, NULL);
  g_source_set_name (source, name);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

/* Sends what can be sent. Returns: %FALSE if nobody is there any more */
static gboolean
send_some (GmControlClient *self)
{
  gsize sent = 0;

  while (sent < self->output->len)
    {
      gssize n = send (self->fd, self->output->str + sent, self->output->len - sent,
                       MSG_NOSIGNAL | MSG_DONTWAIT);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        break;
      if (n < 0)
        return FALSE;
      sent += n;
    }
  g_string_erase (self->output, 0, sent);
  return TRUE;
}

static void take_lines (GmControlClient *self);
static gboolean on_readable (int          fd,
                             GIOCondition condition,
                             gpointer     user_data);
static gboolean on_writable (int          fd,
                             GIOCondition condition,
                             gpointer     user_data);

static gboolean
on_hup (int          fd,
        GIOCondition condition,
        gpointer     user_data)
{
  GmControlClient *self = user_data;

  self->gone (self, self->gone_data);
  return G_SOURCE_REMOVE;
}

/* Waits for what there is to wait for now, or says goodbye. The client may be gone afterwards. */
static void
go_on (GmControlClient *self)
{
  gboolean unanswered = !self->closing && gm_line_buffer_has_unseen (&self->input);
  gboolean reads = !self->said_all && !self->closing && !unanswered;

  if (!send_some (self)
      || (self->output->len == 0 && !unanswered
          && (self->closing || (self->said_all && self->timer == NULL))))
    {
      self->gone (self, self->gone_data);
      return;
    }
  if (!reads)
    g_clear_pointer (&self->read_source, destroy_source);
  else if (self->read_source == NULL)
    self->read_source = attach (g_unix_fd_source_new (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR),
                                "gm-control-read", G_SOURCE_FUNC (on_readable), self);
  if (self->output->len == 0 && !unanswered)
    g_clear_pointer (&self->write_source, destroy_source);
  else if (self->write_source == NULL)
    self->write_source = attach (g_unix_fd_source_new (self->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR),
                                 "gm-control-write", G_SOURCE_FUNC (on_writable), self);
  if (self->said_all && self->hup_source == NULL)
    self->hup_source = attach (g_unix_fd_source_new (self->fd, G_IO_HUP | G_IO_ERR),
                               "gm-control-hup", G_SOURCE_FUNC (on_hup), self);
}

static gboolean
on_writable (int          fd,
             GIOCondition condition,
             gpointer     user_data)
{
  GmControlClient *self = user_data;

  if (send_some (self))
    take_lines (self);
  go_on (self);
  return G_SOURCE_CONTINUE;
}

static void
say_snapshot (GmControlClient *self)
{
  g_string_append (self->output, "{\"jsonrpc\":\"2.0\",\"method\":\"snapshot\",\"params\":");
  self->funcs->snapshot (self->output, self->user_data);
  g_string_append (self->output, "}\n");
}

static gboolean
on_timer (gpointer user_data)
{
  GmControlClient *self = user_data;

  /* Who has not read the one before gets the next one. */
  if (self->output->len > 0)
    return G_SOURCE_CONTINUE;
  say_snapshot (self);
  go_on (self);
  return G_SOURCE_CONTINUE;
}

/* The method `watch`, which is about this client alone. */
static gboolean
watch (GmControlClient *self,
       JsonObject      *params,
       GString         *result,
       GError         **error)
{
  static const char *const names[] = { "hz", NULL };
  JsonNode *node = params != NULL ? json_object_get_member (params, "hz") : NULL;
  GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node)
                                                            : G_TYPE_INVALID;
  double hz = 1;

  if (!gm_params_check (params, names, error))
    return FALSE;
  if (type == G_TYPE_INT64 || type == G_TYPE_DOUBLE)
    hz = json_node_get_double (node);
  else if (node != NULL)
    hz = -1;
  if (hz < 0 || (hz > 0 && hz < 0.001) || hz > MAX_HZ)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "\"hz\" has to be a number up to 60, or 0 for no more snapshots");
      return FALSE;
    }
  g_clear_pointer (&self->timer, destroy_source);
  if (hz > 0)
    self->timer = attach (g_timeout_source_new ((guint) (1000 / hz)), "gm-control-watch", on_timer,
                          self);
  g_string_append (result, "{\"hz\":");
  gm_json_append_double (result, hz);
  g_string_append_c (result, '}');
  return TRUE;
}

static void
answer (GmControlClient *self,
        JsonNode        *id,
        const char      *result)
{
  g_string_append (self->output, "{\"jsonrpc\":\"2.0\",\"id\":");
  gm_json_append_node (self->output, id);
  g_string_append_printf (self->output, ",\"result\":%s}\n", result);
}

static void
append_error (GString    *out,
              JsonNode   *id,
              int         code,
              const char *message)
{
  g_string_append (out, "{\"jsonrpc\":\"2.0\",\"id\":");
  if (id != NULL)
    gm_json_append_node (out, id);
  else
    g_string_append (out, "null");
  g_string_append_printf (out, ",\"error\":{\"code\":%d,\"message\":", code);
  gm_json_append_string (out, message, -1);
  g_string_append (out, "}}\n");
}

static int
get_code (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    return CODE_METHOD;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    return CODE_PARAMS;
  return CODE_REFUSED;
}

static void
call (GmControlClient *self,
      JsonNode        *id,
      const char      *method,
      JsonNode        *params)
{
  JsonObject *object = params != NULL && JSON_NODE_HOLDS_OBJECT (params)
                       ? json_node_get_object (params) : NULL;
  gboolean is_watch = g_str_equal (method, "watch");
  g_autoptr(GString) result = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  gboolean ok;

  if (params != NULL && object == NULL
      && (!JSON_NODE_HOLDS_ARRAY (params)
          || json_array_get_length (json_node_get_array (params)) > 0))
    {
      ok = FALSE;
      g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "\"params\" has to be an object");
    }
  else if (is_watch)
    ok = watch (self, object, result, &error);
  else
    ok = self->funcs->call (method, object, result, self->user_data, &error);
  if (id != NULL && ok)
    answer (self, id, result->str);
  else if (id != NULL)
    append_error (self->output, id, get_code (error), error->message);
  if (is_watch && ok && self->timer != NULL)
    say_snapshot (self);
}

static gboolean
is_string (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
         && json_node_get_value_type (node) == G_TYPE_STRING;
}

/* Returns: (nullable): why @object is no request */
static const char *
find_fault (JsonObject *object)
{
  JsonNode *version = json_object_get_member (object, "jsonrpc");
  JsonNode *id = json_object_get_member (object, "id");

  if (!is_string (version) || !g_str_equal (json_node_get_string (version), "2.0"))
    return "A request needs \"jsonrpc\": \"2.0\"";
  if (!is_string (json_object_get_member (object, "method")))
    return "A request needs a \"method\", a string";
  if (id != NULL && !JSON_NODE_HOLDS_NULL (id)
      && (!JSON_NODE_HOLDS_VALUE (id) || json_node_get_value_type (id) == G_TYPE_BOOLEAN))
    return "The \"id\" of a request has to be a number or a string";
  return NULL;
}

static void
on_line (GmControlClient *self,
         const char      *line,
         gsize            length)
{
  GmJsonPosition position;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = NULL;
  g_autofree char *message = NULL;
  JsonObject *object;
  const char *fault;

  /* A pause for breath is no request. */
  if (length == 0 || (length == 1 && line[0] == '\r'))
    return;
  node = gm_json_parse (line, length, &position, &error);
  if (node == NULL)
    {
      message = g_strdup_printf ("This is not JSON: column %u: %s", position.column,
                                 error->message);
      append_error (self->output, NULL, CODE_PARSE, message);
      return;
    }
  object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  fault = object != NULL ? find_fault (object) : "A request is an object, one a line";
  if (fault != NULL)
    append_error (self->output, NULL, CODE_REQUEST, fault);
  else
    call (self, json_object_get_member (object, "id"), json_object_get_string_member (object,
                                                                                      "method"),
          json_object_get_member (object, "params"));
}

/* What follows can't be told from the rest of this line. */
static void
refuse_long_line (GmControlClient *self)
{
  append_error (self->output, NULL, CODE_PARSE, "A line is at most 1 MiB");
  self->closing = TRUE;
}

/* Answers the whole lines that were read, as long as answers are taken. */
static void
take_lines (GmControlClient *self)
{
  const char *line;
  gsize length;

  while (!self->closing && self->output->len <= MAX_OUTPUT
         && (line = gm_line_buffer_next (&self->input, &length)) != NULL)
    {
      if (length > MAX_LINE)
        {
          refuse_long_line (self);
          return;
        }
      on_line (self, line, length);
      if (self->output->len > MAX_OUTPUT && !send_some (self))
        self->closing = TRUE;
    }
  if (!self->closing && gm_line_buffer_get_begun (&self->input) > MAX_LINE)
    refuse_long_line (self);
}

static gboolean
on_readable (int          fd,
             GIOCondition condition,
             gpointer     user_data)
{
  GmControlClient *self = user_data;
  GString *text = self->input.text;
  gsize before = text->len;
  gssize n;

  g_string_set_size (text, before + READ_SIZE);
  n = recv (fd, text->str + before, READ_SIZE, MSG_DONTWAIT);
  g_string_truncate (text, before + MAX (n, 0));
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  if (n < 0)
    {
      self->gone (self, self->gone_data);
      return G_SOURCE_CONTINUE;
    }
  if (n == 0)
    {
      self->said_all = TRUE;
      if (text->len > 0)
        g_string_append_c (text, '\n');
    }
  take_lines (self);
  go_on (self);
  return G_SOURCE_CONTINUE;
}

/**
 * gm_control_client_new:
 * @fd: (transfer full): the connection
 * @funcs: who answers
 * @user_data: for @funcs
 * @gone: frees the client when it has left; it may be called from everywhere but here
 * @gone_data: for @gone
 *
 * Returns: (transfer full): the client, served from the thread-default main context
 */
GmControlClient *
gm_control_client_new (int                   fd,
                       const GmControlFuncs *funcs,
                       gpointer              user_data,
                       GmControlGoneFunc     gone,
                       gpointer              gone_data)
{
  GmControlClient *self = g_new0 (GmControlClient, 1);

  self->fd = fd;
  self->funcs = funcs;
  self->user_data = user_data;
  self->gone = gone;
  self->gone_data = gone_data;
  gm_line_buffer_init (&self->input);
  self->output = g_string_new (NULL);
  self->read_source = attach (g_unix_fd_source_new (fd, G_IO_IN | G_IO_HUP | G_IO_ERR),
                              "gm-control-read", G_SOURCE_FUNC (on_readable), self);
  return self;
}

/**
 * gm_control_client_say_last:
 * @self: a client
 *
 * A watcher is told how it ended, as far as it has room for that now.
 */
void
gm_control_client_say_last (GmControlClient *self)
{
  if (self->timer != NULL)
    say_snapshot (self);
  send_some (self);
}

/**
 * gm_control_refuse:
 * @fd: (transfer full): a connection
 * @why: what to say
 *
 * Says it, once, and hangs up.
 */
void
gm_control_refuse (int         fd,
                   const char *why)
{
  g_autoptr(GString) line = g_string_new (NULL);

  append_error (line, NULL, CODE_REFUSED, why);
  if (send (fd, line->str, line->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_debug ("could not tell why a connection is refused: %s", g_strerror (errno));
  shutdown (fd, SHUT_RDWR);
  close (fd);
}
