/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "gm-parser.h"

#define FORMAT_VERSION 1

typedef struct
{
  const char *name;
  gboolean  (*read) (GmParser *self,
                     JsonNode *node);
} Key;

static gboolean
read_version (GmParser *self,
              JsonNode *node)
{
  gint64 version;

  if (!gm_parser_get_integer (self, node, 1, G_MAXINT64, "the format version 1", &version))
    return FALSE;
  if (version > FORMAT_VERSION)
    return gm_parser_fail (self, "made for a newer version of gtk-mp: format %" G_GINT64_FORMAT
                           ", this one reads %d", version, FORMAT_VERSION);

  return TRUE;
}

static gboolean
read_string (GmParser  *self,
             JsonNode  *node,
             char     **field)
{
  const char *string;

  if (!gm_parser_get_string (self, node, &string))
    return FALSE;
  g_free (*field);
  *field = g_strdup (string);

  return TRUE;
}

static gboolean
read_name (GmParser *self,
           JsonNode *node)
{
  return read_string (self, node, &self->job->name);
}

static gboolean
read_description (GmParser *self,
                  JsonNode *node)
{
  return read_string (self, node, &self->job->description);
}

/* A path that is not empty, as written. */
static gboolean
read_path (GmParser  *self,
           JsonNode  *node,
           char     **field)
{
  const char *path;

  return gm_parser_get_text (self, node, &path) && read_string (self, node, field);
}

/* Read before the others, as they depend on it. */
static gboolean
read_folder (GmParser *self,
             JsonNode *node)
{
  const char *path;
  char *folder;

  if (!gm_parser_get_text (self, node, &path))
    return FALSE;
  folder = gm_job_resolve_path (self->job, path);
  g_free (self->job->base_dir);
  self->job->base_dir = folder;

  return TRUE;
}

/* A count, or "auto", which is 0. */
static gboolean
read_count_or_auto (GmParser *self,
                    JsonNode *node,
                    gint64   *field)
{
  if (json_node_get_value_type (node) == G_TYPE_STRING
      && strcmp (json_node_get_string (node), "auto") == 0)
    {
      *field = 0;
      return TRUE;
    }

  return gm_parser_get_integer (self, node, 1, G_MAXINT64,
                                "an integer of at least 1 or \"auto\"", field);
}

static gboolean
read_processes (GmParser *self,
                JsonNode *node)
{
  return read_count_or_auto (self, node, &self->job->processes);
}

static gboolean
read_chunksize (GmParser *self,
                JsonNode *node)
{
  return read_count_or_auto (self, node, &self->job->chunksize);
}

static gboolean
read_start_method (GmParser *self,
                   JsonNode *node)
{
  static const char * const methods[] = { "fork", "spawn", "forkserver", NULL };
  guint method;

  if (!gm_parser_get_choice (self, node, methods, &method))
    return FALSE;
  self->job->start_method = method;

  return TRUE;
}

static gboolean
read_timeout (GmParser *self,
              JsonNode *node)
{
  double seconds;

  if (!gm_parser_get_number (node, &seconds) || seconds <= 0)
    return gm_parser_fail_expected (self, "a number of seconds above 0", node);
  self->job->timeout = seconds;

  return TRUE;
}

static gboolean
read_task_timeout (GmParser *self,
                   JsonNode *node)
{
  double value;

  self->job->task_timeout = 0;
  self->job->task_timeout_percent = 0;
  if (gm_parser_get_percent (node, &value))
    self->job->task_timeout_percent = value;
  else if (gm_parser_get_number (node, &value) && value > 0)
    self->job->task_timeout = value;
  else
    return gm_parser_fail_expected (self, "a number of seconds above 0 or a string such as "
                                    "\"300%\" of the median duration", node);

  return TRUE;
}

static gboolean
read_retries (GmParser *self,
              JsonNode *node)
{
  return gm_parser_get_integer (self, node, 0, G_MAXINT64, "an integer of at least 0",
                                &self->job->retries);
}

static gboolean
read_retry_delay (GmParser *self,
                  JsonNode *node)
{
  double seconds;

  if (!gm_parser_get_number (node, &seconds) || seconds < 0)
    return gm_parser_fail_expected (self, "a number of seconds of at least 0", node);
  self->job->retry_delay = seconds;

  return TRUE;
}

static gboolean
read_ok_exit_codes (GmParser *self,
                    JsonNode *node)
{
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return gm_parser_fail_expected (self, "an array of exit codes", node);
  array = json_node_get_array (node);
  g_array_set_size (self->job->ok_exit_codes, 0);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      gsize mark = gm_parser_enter_element (self, i);
      gint64 number;
      int code;

      if (!gm_parser_get_integer (self, json_array_get_element (array, i), 0, 255,
                                  "an integer from 0 to 255", &number))
        return FALSE;
      code = (int) number;
      g_array_append_val (self->job->ok_exit_codes, code);
      gm_parser_leave (self, mark);
    }

  return TRUE;
}

static gboolean
read_creates (GmParser *self,
              JsonNode *node)
{
  return read_path (self, node, &self->job->creates);
}

static gboolean
read_stop_after (GmParser *self,
                 JsonNode *node)
{
  static const char * const known[] = { "stop_after", NULL };
  JsonObject *object = json_node_get_object (node);
  JsonNode *value;

  if (!gm_parser_check_keys (self, object, known))
    return FALSE;
  value = json_object_get_member (object, "stop_after");
  if (value == NULL)
    return gm_parser_fail (self, "expected the key \"stop_after\", got an empty object");

  gm_parser_enter_member (self, "stop_after");
  self->job->on_error = GM_ON_ERROR_STOP_AFTER;
  self->job->stop_after = 0;
  self->job->stop_after_percent = 0;
  if (json_node_get_value_type (value) == G_TYPE_INT64 && json_node_get_int (value) >= 1)
    self->job->stop_after = json_node_get_int (value);
  else if (!gm_parser_get_percent (value, &self->job->stop_after_percent)
           || self->job->stop_after_percent > 100)
    return gm_parser_fail_expected (self, "an integer of at least 1 or a string such as "
                                    "\"10%\", of at most 100%", value);

  return TRUE;
}

static gboolean
read_on_error (GmParser *self,
               JsonNode *node)
{
  static const char * const choices[] = { "continue", "stop", "pause", NULL };
  const char *string;

  if (JSON_NODE_HOLDS_OBJECT (node))
    return read_stop_after (self, node);
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      string = json_node_get_string (node);
      for (guint i = 0; choices[i] != NULL; i++)
        if (strcmp (string, choices[i]) == 0)
          {
            self->job->on_error = i;
            return TRUE;
          }
    }

  return gm_parser_fail_expected (self, self->option != NULL
                                  ? "continue, stop, pause, a number or a percentage"
                                  : "\"continue\", \"stop\", \"pause\" or {\"stop_after\": ...}",
                                  node);
}

static gboolean
read_max_tasks_per_child (GmParser *self,
                          JsonNode *node)
{
  return gm_parser_get_integer (self, node, 1, G_MAXINT64, "an integer of at least 1",
                                &self->job->max_tasks_per_child);
}

static gboolean
read_ordered (GmParser *self,
              JsonNode *node)
{
  gboolean ordered;

  if (!gm_parser_get_boolean (self, node, &ordered))
    return FALSE;
  self->job->ordered = ordered;

  return TRUE;
}

static gboolean
read_cwd (GmParser *self,
          JsonNode *node)
{
  return read_path (self, node, &self->job->cwd);
}

static gboolean
read_env (GmParser *self,
          JsonNode *node)
{
  JsonObject *object;
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (!gm_parser_get_object (self, node, &object))
    return FALSE;
  g_ptr_array_set_size (self->job->env_names, 0);
  g_ptr_array_set_size (self->job->env_values, 0);
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &value))
    {
      gsize mark = gm_parser_enter_member (self, name);
      const char *string;

      if (*name == '\0' || strchr (name, '=') != NULL)
        return gm_parser_fail (self, "the name of an environment variable can't be empty or have "
                               "\"=\" in it");
      if (!gm_parser_get_string (self, value, &string))
        return FALSE;
      g_ptr_array_add (self->job->env_names, g_strdup (name));
      g_ptr_array_add (self->job->env_values, g_strdup (string));
      gm_parser_leave (self, mark);
    }

  return TRUE;
}

static gboolean
read_nice (GmParser *self,
           JsonNode *node)
{
  gint64 nice;

  if (!gm_parser_get_integer (self, node, -20, 19, "an integer from -20 to 19", &nice))
    return FALSE;
  self->job->nice = (int) nice;
  self->job->has_nice = TRUE;

  return TRUE;
}

/* "512M", "1.5G", "2GiB"; 1K is 1024 bytes. */
static gboolean
parse_size (const char *string,
            guint64    *bytes)
{
  static const char units[] = "kmgt";
  const char *digits_end = string + strspn (string, "0123456789.");
  const char *unit = *digits_end != '\0' ? strchr (units, g_ascii_tolower (*digits_end)) : NULL;
  char *end;
  double size;

  if (!g_ascii_isdigit (*string) || unit == NULL)
    return FALSE;
  size = g_ascii_strtod (string, &end);
  if (end++ != digits_end)
    return FALSE;
  if (*end != '\0' && g_ascii_strcasecmp (end, "b") != 0 && g_ascii_strcasecmp (end, "ib") != 0)
    return FALSE;
  for (const char *p = units; p <= unit; p++)
    size *= 1024;
  if (!(size >= 1 && size < (double) G_MAXINT64))
    return FALSE;
  *bytes = (guint64) size;

  return TRUE;
}

static gboolean
read_memory (GmParser *self,
             JsonNode *node,
             guint64  *field)
{
  GType type = json_node_get_value_type (node);

  if (type == G_TYPE_INT64 && json_node_get_int (node) >= 1)
    *field = json_node_get_int (node);
  else if (type != G_TYPE_STRING || !parse_size (json_node_get_string (node), field))
    return gm_parser_fail_expected (self, "a number of bytes of at least 1 or a string such as "
                                    "\"512M\" or \"2G\"", node);

  return TRUE;
}

static gboolean
read_memory_limit (GmParser *self,
                   JsonNode *node)
{
  return read_memory (self, node, &self->job->memory_limit);
}

static gboolean
read_min_free_memory (GmParser *self,
                      JsonNode *node)
{
  return read_memory (self, node, &self->job->min_free_memory);
}

static gboolean
read_log_level (GmParser *self,
                JsonNode *node)
{
  static const char * const levels[] = { "DEBUG", "INFO", "WARNING", "ERROR", NULL };
  guint level;

  if (!gm_parser_get_choice (self, node, levels, &level))
    return FALSE;
  self->job->log_level = 10 * (level + 1);

  return TRUE;
}

static gboolean
read_results (GmParser *self,
              JsonNode *node)
{
  const char *path;

  if (!gm_parser_get_text (self, node, &path))
    return FALSE;
  g_free (self->job->results);
  self->job->results = gm_job_resolve_path (self->job, path);

  return TRUE;
}

static gboolean
read_engine (GmParser *self,
             JsonNode *node)
{
  static const char * const engines[] = { "local", "slurm", NULL };
  guint engine;

  if (!gm_parser_get_choice (self, node, engines, &engine))
    return FALSE;
  self->job->engine = engine;

  return TRUE;
}

static const Key keys[] = {
  { "mpjob", read_version },
  { "name", read_name },
  { "description", read_description },
  { "folder", read_folder },
  { "task", gm_parser_read_task },
  { "inputs", gm_parser_read_inputs },
  { "processes", read_processes },
  { "start_method", read_start_method },
  { "chunksize", read_chunksize },
  { "timeout", read_timeout },
  { "task_timeout", read_task_timeout },
  { "retries", read_retries },
  { "retry_delay", read_retry_delay },
  { "ok_exit_codes", read_ok_exit_codes },
  { "creates", read_creates },
  { "on_error", read_on_error },
  { "max_tasks_per_child", read_max_tasks_per_child },
  { "ordered", read_ordered },
  { "cwd", read_cwd },
  { "env", read_env },
  { "nice", read_nice },
  { "memory_limit", read_memory_limit },
  { "min_free_memory", read_min_free_memory },
  { "log_level", read_log_level },
  { "results", read_results },
  { "engine", read_engine },
};

static const Key *
find_key (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, name) == 0)
      return &keys[i];

  return NULL;
}

static gboolean
read_member (GmParser   *self,
             const char *name,
             JsonNode   *node)
{
  const Key *key = find_key (name);
  gsize mark;

  if (key == NULL)
    {
      const char *known[G_N_ELEMENTS (keys) + 1] = { NULL };

      for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
        known[i] = keys[i].name;
      return gm_parser_fail_unknown (self, name, known);
    }

  mark = gm_parser_enter_member (self, name);
  if (!key->read (self, node))
    return FALSE;
  gm_parser_leave (self, mark);

  return TRUE;
}

/**
 * gm_parser_read_job:
 * @self: a parser, its job with the defaults in it
 * @root: the whole file
 *
 * Fills the fields of the job. The first thing that is wrong in the order of the file is reported,
 * but a file of a newer version as such.
 *
 * Returns: whether all is as it should be; if not, the error is set
 */
gboolean
gm_parser_read_job (GmParser *self,
                    JsonNode *root)
{
  static const char * const required[] = { "mpjob", "task", "inputs" };
  static const char * const first[] = { "mpjob", "folder" };
  JsonObject *object;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (!gm_parser_get_object (self, root, &object))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    if (json_object_has_member (object, first[i])
        && !read_member (self, first[i], json_object_get_member (object, first[i])))
      return FALSE;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    if (strcmp (name, "mpjob") != 0 && strcmp (name, "folder") != 0
        && !read_member (self, name, node))
      return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (required); i++)
    if (!json_object_has_member (object, required[i]))
      return gm_parser_fail (self, "expected the key \"%s\"%s", required[i],
                             i == 0 ? ": 1, which makes it a job file" : "");

  return TRUE;
}
