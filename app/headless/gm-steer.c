/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "gm-steer.h"

#include "gm-escape.h"
#include "gm-json.h"
#include "gm-old-runs.h"
#include "gm-report.h"
#include "gm-run-client.h"
#include "gm-run-lock.h"
#include "gm-runner.h"

/* What the command line says to a run that somebody else has started. */

/* An answer that is waited for. */
typedef struct
{
  JsonNode *result;
  GError   *error;
  gboolean  is_here;
} Answer;

/**
 * gm_steer_read_state:
 * @dir: a run directory that nobody holds
 * @error: return location for an error
 *
 * Returns: (transfer full): what is left of it; a run that did not end by itself is interrupted
 */
GmSnapshot *
gm_steer_read_state (const char  *dir,
                     GError     **error)
{
  g_autofree char *path = g_build_filename (dir, "state.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr(JsonNode) node = NULL;
  GmSnapshot *state;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error)
      || (node = gm_json_parse (text, length, NULL, error)) == NULL
      || (state = gm_snapshot_new_from_json (node, error)) == NULL)
    return NULL;
  if (state->state == GM_RUN_RUNNING || state->state == GM_RUN_PAUSED)
    state->state = GM_RUN_INTERRUPTED;
  return state;
}

static void
on_answer (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Answer *answer = user_data;

  answer->result = gm_run_client_call_finish (GM_RUN_CLIENT (object), result, &answer->error);
  answer->is_here = TRUE;
}

static JsonNode *
call (GmRunClient  *client,
      const char   *method,
      JsonNode     *params,
      GError      **error)
{
  Answer answer = { NULL };

  gm_run_client_call_async (client, method, params, NULL, on_answer, &answer);
  while (!answer.is_here)
    g_main_context_iteration (NULL, TRUE);
  if (answer.error != NULL)
    g_propagate_error (error, answer.error);
  return answer.result;
}

static void
print_workers (const GmSnapshot *snapshot)
{
  for (guint i = 0; i < snapshot->workers->len; i++)
    {
      const GmSnapshotWorker *worker = g_ptr_array_index (snapshot->workers, i);
      g_autoptr(GString) item = g_string_new (NULL);

      if (worker->has_index)
        g_string_printf (item, "item %" G_GUINT64_FORMAT " ", worker->index);
      if (worker->item != NULL)
        gm_escape_controls (item, worker->item, strlen (worker->item));
      if (worker->progress >= 0)
        g_string_append_printf (item, "  %.0f%%", 100 * worker->progress);
      if (worker->note != NULL)
        {
          g_string_append (item, "  ");
          gm_escape_controls (item, worker->note, strlen (worker->note));
        }
      printf ("%4u  pid %-8d %-8s %6.1f%% CPU %8.1f MiB  %s\n", worker->slot, (int) worker->pid,
              gm_worker_state_to_string (worker->state), worker->cpu_percent,
              worker->rss / (1024.0 * 1024.0), item->str);
    }
}

/* For people. */
static void
print_status (const GmSnapshot *snapshot)
{
  g_autoptr(GString) name = g_string_new (NULL);

  gm_escape_controls (name, snapshot->name, strlen (snapshot->name));
  printf ("%s  %s\n%s", snapshot->id, name->str, gm_run_state_to_string (snapshot->state));
  printf (": %" G_GUINT64_FORMAT, snapshot->done);
  if (snapshot->total_known)
    printf (" of %" G_GUINT64_FORMAT, snapshot->total);
  printf (" done, %" G_GUINT64_FORMAT " ok, %" G_GUINT64_FORMAT " failed", snapshot->ok,
          snapshot->failed);
  if (snapshot->exit_code >= 0)
    printf (", exit code %d", snapshot->exit_code);
  else if (snapshot->workers->len > 0)
    printf (", %" G_GUINT64_FORMAT " running, %.1f/s", snapshot->running, snapshot->rate);
  if (snapshot->eta >= 0)
    printf (", %.0f s left", snapshot->eta);
  printf ("\n");
  if (snapshot->counters != NULL)
    {
      g_autoptr(GString) counters = g_string_new (NULL);

      gm_escape_controls (counters, snapshot->counters, strlen (snapshot->counters));
      printf ("%s\n", counters->str);
    }
  print_workers (snapshot);
}

static int
show (const GmSnapshot *snapshot,
      gboolean          json)
{
  g_autoptr(GString) text = g_string_new (NULL);

  if (json)
    {
      gm_snapshot_append (snapshot, text);
      puts (text->str);
    }
  else
    print_status (snapshot);

  return gm_finish_printing ();
}

static int
status (GmRunClient     *client,
        const char      *dir,
        const GmOptions *options)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = NULL;
  g_autoptr(GmSnapshot) snapshot = NULL;

  /* A run that ends just now is no longer live. */
  if (client != NULL)
    node = call (client, "status", NULL, NULL);
  snapshot = node != NULL ? gm_snapshot_new_from_json (node, &error)
                          : gm_steer_read_state (dir, &error);
  if (snapshot == NULL)
    {
      gm_report (error->message);
      return GM_EXIT_USAGE;
    }

  return show (snapshot, options->json);
}

/**
 * gm_steer_report_dead:
 * @run: what the command line calls the run
 * @dir: its directory
 * @cause: what happened when it was spoken to
 *
 * Says why a run can't be reached.
 */
void
gm_steer_report_dead (const char   *run,
                      const char   *dir,
                      const GError *cause)
{
  g_autoptr(GmSnapshot) state = gm_steer_read_state (dir, NULL);
  g_autofree char *message = NULL;

  if (state == NULL)
    message = g_strdup_printf ("%s is not the directory of a run", run);
  else if (gm_run_is_live (dir, NULL))
    message = g_strdup_printf ("the run %s is live, but does not answer: %s", run, cause->message);
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
           || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)
           || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CLOSED))
    message = g_strdup_printf ("the run %s is not live: it is %s", run,
                               gm_run_state_to_string (state->state));
  else
    message = g_strdup (cause->message);
  gm_report (message);
}

static JsonNode *
make_params (const GmOptions *options)
{
  JsonObject *object;
  JsonNode *node;

  if (options->mode != GM_MODE_RESIZE)
    return NULL;
  object = json_object_new ();
  json_object_set_int_member (object, "processes", (gint64) options->processes);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, object);

  return node;
}

/**
 * gm_steer:
 * @options: what to do with which run
 *
 * Returns: the exit code
 */
int
gm_steer (const GmOptions *options)
{
  static const char *const methods[] = {
    [GM_MODE_CANCEL] = "cancel",
    [GM_MODE_DRAIN] = "drain",
    [GM_MODE_PAUSE] = "pause",
    [GM_MODE_UNPAUSE] = "resume",
    [GM_MODE_RESIZE] = "resize",
  };
  g_autoptr(GError) error = NULL;
  g_autofree char *dir = gm_old_run_find (options->run, &error);
  g_autoptr(GmRunClient) client = NULL;
  g_autoptr(JsonNode) result = NULL;

  if (dir == NULL)
    {
      gm_report (error->message);
      return GM_EXIT_USAGE;
    }
  client = gm_run_client_new (dir, &error);
  if (options->mode == GM_MODE_STATUS)
    return status (client, dir, options);
  if (client != NULL)
    result = call (client, methods[options->mode], make_params (options), &error);
  if (result != NULL)
    return GM_EXIT_OK;
  if (error->domain == GM_RUN_CLIENT_ERROR)
    gm_report (error->message);
  else
    gm_steer_report_dead (options->run, dir, error);

  return GM_EXIT_USAGE;
}
