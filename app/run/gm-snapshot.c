/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>

#include "gm-snapshot.h"

#include "gm-fields.h"
#include "gm-json.h"
#include "gm-line.h"

static const char *const worker_states[] = {
  [GM_WORKER_STARTING] = "starting",
  [GM_WORKER_IDLE] = "idle",
  [GM_WORKER_BUSY] = "busy",
  [GM_WORKER_STOPPED] = "stopped",
  [GM_WORKER_EXITING] = "exiting",
};

/**
 * gm_worker_state_to_string:
 * @state: the state of a worker
 *
 * Returns: its word in a snapshot
 */
const char *
gm_worker_state_to_string (GmWorkerState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (worker_states), NULL);

  return worker_states[state];
}

static void
worker_free (gpointer data)
{
  GmSnapshotWorker *worker = data;

  g_free (worker->worker);
  g_free (worker->item);
  g_free (worker->note);
  g_free (worker);
}

/**
 * gm_snapshot_new:
 *
 * Returns: (transfer full): an empty one, to be filled in
 */
GmSnapshot *
gm_snapshot_new (void)
{
  GmSnapshot *self = g_rc_box_new0 (GmSnapshot);

  self->exit_code = -1;
  self->eta = -1;
  self->workers = g_ptr_array_new_with_free_func (worker_free);
  return self;
}

/**
 * gm_snapshot_ref:
 * @self: a snapshot
 *
 * Returns: (transfer full): the same, once more owned
 */
GmSnapshot *
gm_snapshot_ref (GmSnapshot *self)
{
  return g_rc_box_acquire (self);
}

static void
snapshot_clear (gpointer data)
{
  GmSnapshot *self = data;

  g_free (self->id);
  g_free (self->name);
  g_free (self->counters);
  g_ptr_array_unref (self->workers);
}

/**
 * gm_snapshot_unref:
 * @self: (transfer full): a snapshot
 */
void
gm_snapshot_unref (GmSnapshot *self)
{
  g_rc_box_release_full (self, snapshot_clear);
}

/**
 * gm_snapshot_add_worker:
 * @self: a snapshot that is being made
 *
 * Returns: (transfer none): a new last worker, to be filled in
 */
GmSnapshotWorker *
gm_snapshot_add_worker (GmSnapshot *self)
{
  GmSnapshotWorker *worker = g_new0 (GmSnapshotWorker, 1);

  worker->progress = -1;
  g_ptr_array_add (self->workers, worker);
  return worker;
}

static void
add_null (GString    *out,
          const char *name)
{
  g_string_append_printf (out, ",\"%s\":null", name);
}

static void
add_int_or_null (GString    *out,
                 const char *name,
                 gboolean    known,
                 gint64      value)
{
  if (known)
    gm_line_add_int (out, name, value);
  else
    add_null (out, name);
}

static void
add_moment_or_null (GString    *out,
                    const char *name,
                    gint64      moment)
{
  if (moment > 0)
    gm_line_add_moment (out, name, moment);
  else
    add_null (out, name);
}

static void
append_worker (GString                *out,
               const GmSnapshotWorker *worker)
{
  g_string_append (out, "{\"worker\":");
  gm_json_append_string (out, worker->worker, -1);
  gm_line_add_int (out, "pid", worker->pid);
  gm_line_add_int (out, "slot", worker->slot);
  gm_line_add_string (out, "state", gm_worker_state_to_string (worker->state));
  add_int_or_null (out, "index", worker->has_index, worker->index);
  g_string_append (out, ",\"item\":");
  g_string_append (out, worker->item != NULL ? worker->item : "null");
  add_moment_or_null (out, "since", worker->since);
  gm_line_add_int (out, "done", worker->done);
  gm_line_add_int (out, "failed", worker->failed);
  gm_line_add_double (out, "cpu_percent", worker->cpu_percent);
  gm_line_add_int (out, "rss", worker->rss);
  add_int_or_null (out, "child_pid", worker->child_pid > 0, worker->child_pid);
  if (worker->progress >= 0)
    gm_line_add_double (out, "progress", worker->progress);
  if (worker->note != NULL)
    gm_line_add_string (out, "note", worker->note);
  g_string_append_c (out, '}');
}

/**
 * gm_snapshot_append:
 * @self: a snapshot
 * @out: where it goes
 *
 * Appends the JSON object, first what `state.json` has.
 */
void
gm_snapshot_append (const GmSnapshot *self,
                    GString          *out)
{
  g_string_append (out, "{\"id\":");
  gm_json_append_string (out, self->id, -1);
  gm_line_add_string (out, "name", self->name);
  gm_line_add_string (out, "state", gm_run_state_to_string (self->state));
  gm_line_add_int (out, "pid", self->pid);
  add_int_or_null (out, "total", self->total_known, self->total);
  gm_line_add_int (out, "done", self->done);
  gm_line_add_int (out, "ok", self->ok);
  gm_line_add_int (out, "failed", self->failed);
  add_moment_or_null (out, "started", self->started);
  add_moment_or_null (out, "ended", self->ended);
  add_int_or_null (out, "exit_code", self->exit_code >= 0, self->exit_code);
  gm_line_add_int (out, "queued", self->queued);
  gm_line_add_int (out, "running", self->running);
  gm_line_add_double (out, "rate", self->rate);
  if (self->eta >= 0)
    gm_line_add_double (out, "eta", self->eta);
  else
    add_null (out, "eta");
  gm_line_add_int (out, "processes", self->processes);
  g_string_append_printf (out, ",\"stopping\":%s", self->stopping ? "true" : "false");
  gm_line_add_double (out, "cpu_percent", self->cpu_percent);
  gm_line_add_int (out, "rss", self->rss);
  if (self->counters != NULL)
    g_string_append_printf (out, ",\"counters\":%s", self->counters);
  g_string_append (out, ",\"workers\":[");
  for (guint i = 0; i < self->workers->len; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      append_worker (out, g_ptr_array_index (self->workers, i));
    }
  g_string_append (out, "]}");
}

static gint64
get_moment (JsonObject *object,
            const char *name)
{
  double seconds = gm_field_get_double (object, name, 0);

  return seconds > 0 && seconds < 1e12 ? (gint64) (seconds * G_USEC_PER_SEC + 0.5) : 0;
}

static char *
dup_json (JsonNode *node)
{
  g_autoptr(GString) text = g_string_new (NULL);

  gm_json_append_node (text, node);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
read_worker (GmSnapshot *self,
             JsonObject *object)
{
  GmSnapshotWorker *worker = gm_snapshot_add_worker (self);
  JsonNode *item = json_object_get_member (object, "item");
  const char *state = gm_field_get_string (object, "state", "");

  worker->worker = g_strdup (gm_field_get_string (object, "worker", ""));
  worker->pid = (pid_t) gm_field_get_int (object, "pid", 0);
  worker->child_pid = (pid_t) gm_field_get_int (object, "child_pid", 0);
  worker->slot = (guint) gm_field_get_int (object, "slot", 0);
  for (guint i = 0; i < G_N_ELEMENTS (worker_states); i++)
    if (g_str_equal (state, worker_states[i]))
      worker->state = i;
  worker->has_index = gm_field_has_int (object, "index");
  worker->index = gm_field_get_int (object, "index", 0);
  if (worker->has_index && item != NULL)
    worker->item = dup_json (item);
  worker->since = get_moment (object, "since");
  worker->done = gm_field_get_int (object, "done", 0);
  worker->failed = gm_field_get_int (object, "failed", 0);
  worker->cpu_percent = gm_field_get_double (object, "cpu_percent", 0);
  worker->rss = gm_field_get_int (object, "rss", 0);
  worker->progress = gm_field_get_double (object, "progress", -1);
  worker->note = g_strdup (gm_field_get_string (object, "note", NULL));
}

static void
read_workers (GmSnapshot *self,
              JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "workers");
  JsonArray *workers;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return;
  workers = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (workers); i++)
    {
      JsonNode *element = json_array_get_element (workers, i);

      if (JSON_NODE_HOLDS_OBJECT (element))
        read_worker (self, json_node_get_object (element));
    }
}

static void
read_counters (GmSnapshot *self,
               JsonObject *object)
{
  JsonNode *counters = json_object_get_member (object, "counters");

  if (counters != NULL && JSON_NODE_HOLDS_OBJECT (counters))
    self->counters = dup_json (counters);
  self->total_known = gm_field_has_int (object, "total");
  self->total = gm_field_get_int (object, "total", 0);
  self->done = gm_field_get_int (object, "done", 0);
  self->ok = gm_field_get_int (object, "ok", 0);
  self->failed = gm_field_get_int (object, "failed", 0);
  self->queued = gm_field_get_int (object, "queued", 0);
  self->running = gm_field_get_int (object, "running", 0);
  self->rate = gm_field_get_double (object, "rate", 0);
  self->eta = gm_field_get_double (object, "eta", -1);
  self->processes = (guint) gm_field_get_int (object, "processes", 0);
  self->stopping = gm_field_get_boolean (object, "stopping");
  self->cpu_percent = gm_field_get_double (object, "cpu_percent", 0);
  self->rss = gm_field_get_int (object, "rss", 0);
}

/**
 * gm_snapshot_new_from_json:
 * @node: an answer of `status`, the parameters of a `snapshot`, or `state.json`
 * @error: return location for an error
 *
 * Returns: (transfer full): the snapshot, or %NULL with %G_IO_ERROR_INVALID_DATA
 */
GmSnapshot *
gm_snapshot_new_from_json (JsonNode  *node,
                           GError   **error)
{
  g_autoptr(GmSnapshot) self = gm_snapshot_new ();
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  if (object == NULL
      || !gm_run_state_from_string (gm_field_get_string (object, "state", ""), &self->state))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                           "This is not the state of a run");
      return NULL;
    }
  self->id = g_strdup (gm_field_get_string (object, "id", ""));
  self->name = g_strdup (gm_field_get_string (object, "name", ""));
  self->pid = (pid_t) gm_field_get_int (object, "pid", 0);
  self->started = get_moment (object, "started");
  self->ended = get_moment (object, "ended");
  self->exit_code = (int) gm_field_get_int (object, "exit_code", -1);
  read_counters (self, object);
  read_workers (self, object);
  return g_steal_pointer (&self);
}
