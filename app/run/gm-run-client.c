/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-run-client.h"

#include "gm-json.h"
#include "gm-line-buffer.h"
#include "gm-run-info.h"
#include "gm-run-socket.h"

/**
 * GmRunClient:
 *
 * Speaks with a live run through its socket: JSON-RPC 2.0, a message a line.
 *
 * Nothing blocks and there is no thread: all happens in the main context that was thread-default
 * when it was made. A run that ends, or dies, closes it; then what was asked fails with
 * %G_IO_ERROR_CLOSED, and so does what is asked later.
 */

#define READ_SIZE (64 * 1024)

/* So much at a time, then the main loop has its turn. */
#define READS_PER_TURN 16

/* A question without an answer. */
typedef struct
{
  GTask   *task;          /* owned */
  GSource *cancellation;  /* owned, nullable */
} Call;

struct _GmRunClient
{
  GObject parent_instance;

  /* Owned */
  GMainContext *context;
  GHashTable   *calls;         /* id → Call */
  GmLineBuffer  input;
  GString      *output;
  GSource      *read_source;
  GSource      *write_source;  /* while there is output */

  int           fd;            /* -1: closed */
  gint64        last_id;
};

enum
{
  SNAPSHOT,
  CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GmRunClient, gm_run_client, G_TYPE_OBJECT)
G_DEFINE_QUARK (gm-run-client-error-quark, gm_run_client_error)

static void
destroy_source (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_clear_pointer (&call->cancellation, destroy_source);
  g_clear_object (&call->task);
  g_free (call);
}

/* Ends the connection; @error is why, if that is worth telling. */
static void
shut (GmRunClient  *self,
      const GError *error)
{
  g_autoptr(GHashTable) calls = g_steal_pointer (&self->calls);
  GHashTableIter iter;
  Call *call;

  self->calls = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, call_free);
  g_clear_pointer (&self->read_source, destroy_source);
  g_clear_pointer (&self->write_source, destroy_source);
  if (self->fd < 0)
    return;
  close (self->fd);
  self->fd = -1;
  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &call))
    g_task_return_new_error (call->task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s",
                             error != NULL ? error->message
                                           : "The run has ended, or its connection was lost");
  g_signal_emit (self, signals[CLOSED], 0, error);
}

static void
gm_run_client_dispose (GObject *object)
{
  GmRunClient *self = GM_RUN_CLIENT (object);

  /* Calls keep the client: there are none left that could hear of it. */
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->read_source, destroy_source);
  g_clear_pointer (&self->write_source, destroy_source);
  G_OBJECT_CLASS (gm_run_client_parent_class)->dispose (object);
}

static void
gm_run_client_finalize (GObject *object)
{
  GmRunClient *self = GM_RUN_CLIENT (object);

  g_hash_table_unref (self->calls);
  gm_line_buffer_clear (&self->input);
  g_string_free (self->output, TRUE);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (gm_run_client_parent_class)->finalize (object);
}

static void
gm_run_client_class_init (GmRunClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gm_run_client_dispose;
  object_class->finalize = gm_run_client_finalize;

  /**
   * GmRunClient::snapshot:
   * @self: a client
   * @snapshot: (type gpointer): a GmSnapshot, to be referenced by who keeps it
   *
   * The run tells how far it is, after the method `watch`.
   */
  signals[SNAPSHOT] = g_signal_new ("snapshot", GM_TYPE_RUN_CLIENT, G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  /**
   * GmRunClient::closed:
   * @self: a client
   * @error: (nullable): what went wrong, %NULL if the run closed the connection
   *
   * Emitted once.
   */
  signals[CLOSED] = g_signal_new ("closed", GM_TYPE_RUN_CLIENT, G_SIGNAL_RUN_LAST, 0,
                                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
gm_run_client_init (GmRunClient *self)
{
  self->fd = -1;
  self->context = g_main_context_ref_thread_default ();
  self->calls = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, call_free);
  gm_line_buffer_init (&self->input);
  self->output = g_string_new (NULL);
}

static void
shut_with (GmRunClient *self,
           int          code,
           const char  *message)
{
  g_autoptr(GError) error = g_error_new_literal (G_IO_ERROR, code, message);

  shut (self, error);
}

/* What the other side says of a call that failed. */
static GError *
make_error (JsonNode *node)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonNode *code = object != NULL ? json_object_get_member (object, "code") : NULL;
  JsonNode *message = object != NULL ? json_object_get_member (object, "message") : NULL;
  const char *text = "The run answered an error without a message";

  if (message != NULL && json_node_get_value_type (message) == G_TYPE_STRING)
    text = json_node_get_string (message);
  return g_error_new_literal (GM_RUN_CLIENT_ERROR,
                              code != NULL && json_node_get_value_type (code) == G_TYPE_INT64
                              ? (int) json_node_get_int (code) : 0, text);
}

static void
on_answer (GmRunClient *self,
           JsonObject  *message)
{
  JsonNode *id = json_object_get_member (message, "id");
  JsonNode *result = json_object_get_member (message, "result");
  JsonNode *error = json_object_get_member (message, "error");
  gint64 number;
  g_autoptr(GTask) task = NULL;
  Call *call;

  /* An error that answers no question is about the connection. */
  if (error != NULL && (id == NULL || JSON_NODE_HOLDS_NULL (id)))
    {
      g_autoptr(GError) reason = make_error (error);

      shut (self, reason);
      return;
    }
  if (id == NULL || json_node_get_value_type (id) != G_TYPE_INT64)
    return;
  number = json_node_get_int (id);
  call = g_hash_table_lookup (self->calls, &number);
  if (call == NULL)
    return;
  task = g_object_ref (call->task);
  g_hash_table_remove (self->calls, &number);
  if (error != NULL)
    g_task_return_error (task, make_error (error));
  else
    g_task_return_pointer (task, result != NULL ? json_node_copy (result)
                                                : json_node_new (JSON_NODE_NULL),
                           (GDestroyNotify) json_node_unref);
}

static void
on_message (GmRunClient *self,
            JsonObject  *message)
{
  JsonNode *method = json_object_get_member (message, "method");
  JsonNode *params = json_object_get_member (message, "params");
  g_autoptr(GmSnapshot) snapshot = NULL;

  if (method == NULL)
    {
      on_answer (self, message);
      return;
    }
  if (json_node_get_value_type (method) != G_TYPE_STRING || params == NULL
      || !g_str_equal (json_node_get_string (method), "snapshot"))
    return;
  snapshot = gm_snapshot_new_from_json (params, NULL);
  if (snapshot != NULL)
    g_signal_emit (self, signals[SNAPSHOT], 0, snapshot);
}

static void
on_line (GmRunClient *self,
         const char  *line,
         gsize        length)
{
  g_autoptr(JsonNode) node = gm_json_parse (line, length, NULL, NULL);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    on_message (self, json_node_get_object (node));
  else
    shut_with (self, G_IO_ERROR_INVALID_DATA, "The run said something that is not JSON");
}

static void
take_lines (GmRunClient *self)
{
  const char *line;
  gsize length;

  while (self->fd >= 0 && (line = gm_line_buffer_next (&self->input, &length)) != NULL)
    on_line (self, line, length);
  if (self->fd >= 0 && gm_line_buffer_get_begun (&self->input) > GM_RUN_MAX_LINE)
    shut_with (self, G_IO_ERROR_INVALID_DATA, "The run said a line that never ends");
}

static gboolean
on_readable (int          fd,
             GIOCondition condition,
             gpointer     user_data)
{
  g_autoptr(GmRunClient) self = g_object_ref (user_data);

  for (int i = 0; i < READS_PER_TURN && self->fd >= 0; i++)
    {
      GString *text = self->input.text;
      gsize before = text->len;
      gssize n;

      g_string_set_size (text, before + READ_SIZE);
      n = recv (fd, text->str + before, READ_SIZE, 0);
      g_string_truncate (text, before + MAX (n, 0));
      if (n > 0)
        take_lines (self);
      else if (n < 0 && (errno == EAGAIN || errno == EINTR))
        break;
      else
        shut (self, NULL);
    }
  return G_SOURCE_CONTINUE;
}

static GSource *
watch (GmRunClient      *self,
       GIOCondition      condition,
       GUnixFDSourceFunc func,
       const char       *name)
{
  GSource *source = g_unix_fd_source_new (self->fd, condition);

  g_source_set_callback (source, G_SOURCE_FUNC (func), self, NULL);
  g_source_set_name (source, name);
  g_source_attach (source, self->context);
  return source;
}

static gboolean on_writable (int          fd,
                             GIOCondition condition,
                             gpointer     user_data);

static void
flush (GmRunClient *self)
{
  gssize n = 1;

  while (self->output->len > 0 && n > 0)
    {
      n = send (self->fd, self->output->str, self->output->len, MSG_NOSIGNAL);
      if (n > 0)
        g_string_erase (self->output, 0, n);
      else if (errno == EINTR)
        n = 1;
      else if (errno != EAGAIN)
        g_string_truncate (self->output, 0); /* reading tells that the run is gone */
    }
  if (self->output->len > 0 && self->write_source == NULL)
    self->write_source = watch (self, G_IO_OUT, on_writable, "gm-run-client-write");
  else if (self->output->len == 0)
    g_clear_pointer (&self->write_source, destroy_source);
}

static gboolean
on_writable (int          fd,
             GIOCondition condition,
             gpointer     user_data)
{
  flush (user_data);
  return G_SOURCE_CONTINUE;
}

/**
 * gm_run_client_new:
 * @dir: a run directory
 * @error: return location for an error
 *
 * Connects to the run that is live in @dir. Does not block.
 *
 * Returns: (transfer full): the client, or %NULL if there is no run or it is not live
 */
GmRunClient *
gm_run_client_new (const char  *dir,
                   GError     **error)
{
  g_autoptr(GmRunClient) self = NULL;
  g_autoptr(GmRunInfo) info = NULL;
  int fd;

  g_return_val_if_fail (dir != NULL, NULL);

  /* The id is what the run says of itself: the folder may have been moved. */
  info = gm_run_info_read (dir, error);
  if (info == NULL)
    return NULL;
  fd = gm_run_socket_connect (dir, info->id, error);
  if (fd < 0)
    return NULL;
  self = g_object_new (GM_TYPE_RUN_CLIENT, NULL);
  self->fd = fd;
  self->read_source = watch (self, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable,
                             "gm-run-client-read");
  return g_steal_pointer (&self);
}

/**
 * gm_run_client_is_open:
 * @self: a client
 *
 * Returns: whether it is connected
 */
gboolean
gm_run_client_is_open (GmRunClient *self)
{
  g_return_val_if_fail (GM_IS_RUN_CLIENT (self), FALSE);

  return self->fd >= 0;
}

/**
 * gm_run_client_close:
 * @self: a client
 *
 * Closes the connection; #GmRunClient::closed is emitted if it was open. The run goes on.
 */
void
gm_run_client_close (GmRunClient *self)
{
  g_return_if_fail (GM_IS_RUN_CLIENT (self));

  g_object_ref (self);
  shut (self, NULL);
  g_object_unref (self);
}

static gboolean
on_cancelled (GCancellable *cancellable,
              gpointer      user_data)
{
  g_autoptr(GTask) task = g_object_ref (user_data);
  GmRunClient *self = g_task_get_source_object (task);

  g_hash_table_remove (self->calls, g_task_get_task_data (task));
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* Has the call fail when it is cancelled; what the run does about it is not called back. */
static GSource *
watch_cancellation (GmRunClient  *self,
                    GTask        *task,
                    GCancellable *cancellable)
{
  GSource *source = g_cancellable_source_new (cancellable);

  g_source_set_callback (source, G_SOURCE_FUNC (on_cancelled), task, NULL);
  g_source_set_name (source, "gm-run-client-cancel");
  g_source_attach (source, self->context);
  return source;
}

static void
write_call (GmRunClient *self,
            const char  *method,
            JsonNode    *params)
{
  g_string_append (self->output, "{\"jsonrpc\":\"2.0\",\"id\":");
  gm_json_append_int (self->output, self->last_id);
  g_string_append (self->output, ",\"method\":");
  gm_json_append_string (self->output, method, -1);
  if (params != NULL)
    {
      g_string_append (self->output, ",\"params\":");
      gm_json_append_node (self->output, params);
    }
  g_string_append (self->output, "}\n");
}

/**
 * gm_run_client_call_async:
 * @self: a client
 * @method: a method of the control socket
 * @params: (nullable) (transfer full): its parameters, an object
 * @cancellable: (nullable): stops waiting for the answer
 * @callback: called when there is one
 * @user_data: for @callback
 *
 * Asks the run for something. Answers come in the order of the questions.
 */
void
gm_run_client_call_async (GmRunClient         *self,
                          const char          *method,
                          JsonNode            *params,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr(JsonNode) owned_params = params;
  g_autoptr(GTask) task = NULL;
  Call *call;

  g_return_if_fail (GM_IS_RUN_CLIENT (self) && method != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, gm_run_client_call_async);
  g_task_set_name (task, method);
  if (self->fd < 0)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The run is not live any more");
      return;
    }
  self->last_id++;
  g_task_set_task_data (task, g_memdup2 (&self->last_id, sizeof self->last_id), g_free);
  call = g_new0 (Call, 1);
  call->task = g_object_ref (task);
  if (cancellable != NULL)
    call->cancellation = watch_cancellation (self, task, cancellable);
  g_hash_table_insert (self->calls, g_memdup2 (&self->last_id, sizeof self->last_id), call);
  write_call (self, method, owned_params);
  flush (self);
}

/**
 * gm_run_client_call_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full): the result, or %NULL with #GM_RUN_CLIENT_ERROR, its message that of the
 *   run; %G_IO_ERROR_CLOSED if the run ended; %G_IO_ERROR_CANCELLED
 */
JsonNode *
gm_run_client_call_finish (GmRunClient   *self,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
