/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-run-info.h"

#include "gm-fields.h"
#include "gm-json.h"
#include "gm-run-lock.h"
#include "gm-runs.h"

/* Returns: (nullable) (transfer full): NULL without an error if there is no such file yet */
static JsonNode *
read_object (const char  *dir,
             const char  *name,
             GError     **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) cause = NULL;
  g_autoptr(JsonNode) node = NULL;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, &cause))
    {
      if (!g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_propagate_error (error, g_steal_pointer (&cause));
      return NULL;
    }
  node = gm_json_parse (text, size, NULL, &cause);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    return g_steal_pointer (&node);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "“%s” can't be understood: %s", path,
               cause != NULL ? cause->message : "it is not an object");
  return NULL;
}

static void
read_state (GmRunInfo  *self,
            JsonObject *object)
{
  gm_run_state_from_string (gm_field_get_string (object, "state", ""), &self->state);
  self->id = g_strdup (gm_field_get_string (object, "id", NULL));
  self->name = g_strdup (gm_field_get_string (object, "name", NULL));
  self->pid = gm_field_get_int (object, "pid", 0);
  self->total = gm_field_get_int (object, "total", -1);
  self->done = gm_field_get_int (object, "done", 0);
  self->ok = gm_field_get_int (object, "ok", 0);
  self->failed = gm_field_get_int (object, "failed", 0);
  self->started = gm_field_get_double (object, "started", 0);
  self->ended = gm_field_get_double (object, "ended", 0);
  self->exit_code = gm_field_get_int (object, "exit_code", -1);
}

/* A run that was ended before it could write its first state has left its job, at least. */
static void
fill_in_names (GmRunInfo *self)
{
  if (self->id == NULL)
    self->id = g_path_get_basename (self->dir);
  if (self->name == NULL)
    {
      g_autoptr(JsonNode) job = read_object (self->dir, "job.json", NULL);

      if (job != NULL)
        self->name = g_strdup (gm_field_get_string (json_node_get_object (job), "name", NULL));
    }
  if (self->name == NULL)
    self->name = g_strdup (self->id);
}

/**
 * gm_run_info_read:
 * @dir: the folder of a run
 * @error: return location for an error
 *
 * Reads what the run last said of itself, which is at most a second old. A run that says nothing
 * (yet) is running if somebody holds it, otherwise interrupted.
 *
 * Not for a run that this process holds: looking at the lock would let go of it.
 *
 * Returns: (transfer full): that, or %NULL if it can't be read
 */
GmRunInfo *
gm_run_info_read (const char  *dir,
                  GError     **error)
{
  g_autoptr(GmRunInfo) self = g_new0 (GmRunInfo, 1);
  g_autoptr(GError) cause = NULL;
  g_autoptr(JsonNode) node = NULL;
  pid_t holder = 0;

  self->dir = g_canonicalize_filename (dir, NULL);
  self->total = -1;
  self->exit_code = -1;
  /* The lock first: who ends after that has written its last state. */
  self->live = gm_run_is_live (self->dir, &holder);
  node = read_object (self->dir, "state.json", &cause);
  if (node != NULL)
    read_state (self, json_node_get_object (node));
  else if (cause != NULL || !gm_run_is_one (self->dir))
    {
      if (cause != NULL)
        g_propagate_error (error, g_steal_pointer (&cause));
      else
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "“%s” is not a run", dir);
      return NULL;
    }
  fill_in_names (self);
  if (self->live && holder > 0)
    self->pid = holder;
  if (!self->live && (self->state == GM_RUN_RUNNING || self->state == GM_RUN_PAUSED))
    self->state = GM_RUN_INTERRUPTED;
  return g_steal_pointer (&self);
}

/**
 * gm_run_info_free:
 * @self: (transfer full): what a run says of itself
 */
void
gm_run_info_free (GmRunInfo *self)
{
  g_free (self->id);
  g_free (self->dir);
  g_free (self->name);
  g_free (self);
}

static void
append_string (GString    *out,
               const char *name,
               const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  g_string_append (out, name);
  gm_json_append_string (out, valid, -1);
}

static void
append_int_or_null (GString    *out,
                    const char *name,
                    gint64      value)
{
  g_string_append (out, name);
  if (value >= 0)
    gm_json_append_int (out, value);
  else
    g_string_append (out, "null");
}

static void
append_moment_or_null (GString    *out,
                       const char *name,
                       double      value)
{
  g_string_append (out, name);
  if (value > 0)
    gm_json_append_double (out, value);
  else
    g_string_append (out, "null");
}

/**
 * gm_run_info_append_json:
 * @self: what a run says of itself
 * @out: where it goes
 *
 * Appends an object of one line with `id`, `dir`, `name` and the fields of state.json.
 */
void
gm_run_info_append_json (GmRunInfo *self,
                         GString   *out)
{
  append_string (out, "{\"id\":", self->id);
  append_string (out, ",\"dir\":", self->dir);
  append_string (out, ",\"name\":", self->name);
  append_string (out, ",\"state\":", gm_run_state_to_string (self->state));
  append_int_or_null (out, ",\"pid\":", self->pid > 0 ? self->pid : -1);
  append_int_or_null (out, ",\"total\":", self->total);
  append_int_or_null (out, ",\"done\":", self->done);
  append_int_or_null (out, ",\"ok\":", self->ok);
  append_int_or_null (out, ",\"failed\":", self->failed);
  append_moment_or_null (out, ",\"started\":", self->started);
  append_moment_or_null (out, ",\"ended\":", self->ended);
  append_int_or_null (out, ",\"exit_code\":", self->exit_code);
  g_string_append_c (out, '}');
}
