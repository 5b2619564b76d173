/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-run-private.h"

/* Speaking to the runner of a live run. */

/* Snapshots a second: for a page that shows workers, and for a line in a list. */
#define HZ_WATCHED 10
#define HZ_LISTED 1

static void
closed_cb (GmRun *self)
{
  g_clear_object (&self->client);
  gm_run_load (self);
}

static void
watching_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(JsonNode) answer = gm_run_client_call_finish (GM_RUN_CLIENT (object), result, NULL);
}

/* Connects, asks for more or fewer snapshots, or hangs up: nobody looks, nothing is said. */
void
gm_run_update_client (GmRun *self)
{
  JsonObject *params;

  if (self->pid == 0 || (self->watchers == 0 && self->listeners == 0))
    {
      if (self->client != NULL)
        {
          g_signal_handlers_disconnect_by_data (self->client, self);
          gm_run_client_close (self->client);
        }
      g_clear_object (&self->client);
      return;
    }
  if (self->client == NULL)
    {
      self->client = gm_run_client_new (self->dir, NULL);
      if (self->client == NULL)
        return;
      g_signal_connect_object (self->client, "snapshot", G_CALLBACK (gm_run_take_snapshot), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (self->client, "closed", G_CALLBACK (closed_cb), self,
                               G_CONNECT_SWAPPED);
    }
  params = json_object_new ();
  json_object_set_int_member (params, "hz", self->watchers > 0 ? HZ_WATCHED : HZ_LISTED);
  gm_run_client_call_async (self->client, "watch",
                            json_node_init_object (json_node_alloc (), params), NULL, watching_cb,
                            NULL);
  json_object_unref (params);
}

static void
answered_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GError *error = NULL;
  JsonNode *answer = gm_run_client_call_finish (GM_RUN_CLIENT (object), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, answer, (GDestroyNotify) json_node_unref);
}

/**
 * gm_run_set_listed:
 * @self: a run
 * @listed: whether a list shows it now
 *
 * While at least one does, snapshots come once a second. Each %TRUE needs a %FALSE later.
 */
void
gm_run_set_listed (GmRun    *self,
                   gboolean  listed)
{
  g_return_if_fail (listed || self->listeners > 0);

  self->listeners += listed ? 1 : -1;
  if (self->monitor != NULL)
    gm_run_update_client (self);
}

/**
 * gm_run_set_watched:
 * @self: a run
 * @watched: whether somebody looks at it now
 *
 * While at least one looks, snapshots come ten times a second. Each %TRUE needs a %FALSE later.
 */
void
gm_run_set_watched (GmRun    *self,
                    gboolean  watched)
{
  g_return_if_fail (watched || self->watchers > 0);

  self->watchers += watched ? 1 : -1;
  if (!self->loaded)
    gm_run_load (self);
  gm_run_update_client (self);
}

/**
 * gm_run_call_async:
 * @self: a run
 * @method: of the control protocol
 * @params: (nullable) (transfer full): its parameters
 * @cancellable: (nullable): to stop waiting for the answer
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks the runner for something.
 */
void
gm_run_call_async (GmRun               *self,
                   const char          *method,
                   JsonNode            *params,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr(GmRunClient) client = self->client != NULL ? g_object_ref (self->client) : NULL;
  GError *error = NULL;

  g_task_set_source_tag (task, gm_run_call_async);
  if (client == NULL)
    client = gm_run_client_new (self->dir, &error);
  if (client == NULL)
    {
      g_clear_pointer (&params, json_node_unref);
      g_task_return_error (task, error);
      return;
    }
  gm_run_client_call_async (client, method, params, cancellable, answered_cb,
                            g_steal_pointer (&task));
}

/**
 * gm_run_call_finish:
 * @self: a run
 * @result: what the callback got
 * @error: return location for an error, in the runner's words if it refused
 *
 * Returns: (transfer full): the result of the method, or %NULL
 */
JsonNode *
gm_run_call_finish (GmRun         *self,
                    GAsyncResult  *result,
                    GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
