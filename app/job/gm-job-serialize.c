/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "gm-job.h"

#include "gm-glob.h"
#include "gm-json.h"
#include "gm-parser.h"
#include "gm-template.h"

static char *
to_text (JsonNode *node,
         gboolean  pretty)
{
  GString *text = g_string_new (NULL);

  if (pretty)
    gm_json_append_pretty (text, node);
  else
    gm_json_append_node (text, node);

  return g_string_free (text, FALSE);
}

/**
 * gm_job_to_json:
 * @job: a job
 * @pretty: for people, indented
 *
 * The job as it was written: the same members in the same order, nothing added.
 *
 * Returns: (transfer full): JSON
 */
char *
gm_job_to_json (GmJob    *job,
                gboolean  pretty)
{
  return to_text (job->root, pretty);
}

static void
set_strings (JsonObject *object,
             const char *name,
             char      **strings)
{
  JsonArray *array = json_array_new ();

  for (char **string = strings; *string != NULL; string++)
    json_array_add_string_element (array, *string);
  json_object_set_array_member (object, name, array);
}

static JsonObject *
task_to_object (GmTask *task)
{
  JsonObject *object = json_object_new ();
  const char *kind = gm_task_kind_to_string (task->kind);
  g_autofree char *function = NULL;

  switch (task->kind)
    {
    case GM_TASK_COMMAND:
      set_strings (object, kind, task->argv);
      json_object_set_boolean_member (object, "stdin", task->is_stdin);
      break;
    case GM_TASK_SHELL:
      json_object_set_string_member (object, kind, task->shell);
      break;
    case GM_TASK_FUNCTION:
      function = g_strconcat (task->module != NULL ? task->module : "builtin", ":", task->symbol,
                              NULL);
      json_object_set_string_member (object, kind, function);
      break;
    case GM_TASK_WORKER:
      set_strings (object, kind, task->argv);
      break;
    default:
      g_assert_not_reached ();
    }

  return object;
}

/* Absolute, but with "/./" where what was written begins, as that is what the items are. */
static void
set_patterns (JsonObject  *object,
              const char  *name,
              GmInputSpec *spec)
{
  g_autofree char *escaped = gm_glob_escape (spec->base_dir);
  const char *prefix = spec->kind == GM_INPUT_GLOB ? escaped : spec->base_dir;
  JsonArray *array = json_array_new ();

  for (char **pattern = spec->patterns; *pattern != NULL; pattern++)
    {
      g_autofree char *absolute = NULL;

      if (!g_path_is_absolute (*pattern))
        absolute = g_strconcat (prefix, "/./", *pattern, NULL);
      json_array_add_string_element (array, absolute != NULL ? absolute : *pattern);
    }
  json_object_set_array_member (object, name, array);
}

static void
set_range (JsonObject  *object,
           GmInputSpec *spec)
{
  JsonArray *array = json_array_new ();

  json_array_add_int_element (array, spec->start);
  json_array_add_int_element (array, spec->stop);
  json_array_add_int_element (array, spec->step);
  json_object_set_array_member (object, "range", array);
}

static void
set_arguments (JsonObject *object,
               GPtrArray  *arguments)
{
  JsonArray *lists = json_array_new ();

  for (guint i = 0; i < arguments->len; i++)
    {
      GPtrArray *words = g_ptr_array_index (arguments, i);
      JsonArray *list = json_array_new ();

      for (guint j = 0; j < words->len; j++)
        {
          gsize size;
          const char *bytes = g_bytes_get_data (g_ptr_array_index (words, j), &size);
          g_autofree char *word = g_strndup (bytes != NULL ? bytes : "", size);
          g_autofree char *encoded = NULL;
          JsonObject *base64;

          if (g_utf8_validate (word, -1, NULL))
            {
              json_array_add_string_element (list, word);
              continue;
            }
          encoded = g_base64_encode ((const guchar *) bytes, size);
          base64 = json_object_new ();
          json_object_set_string_member (base64, "base64", encoded);
          json_array_add_object_element (list, base64);
        }
      json_array_add_array_element (lists, list);
    }
  json_object_set_array_member (object, "arguments", lists);
}

static JsonObject *inputs_to_object (GmInputSpec *spec);

static void
set_product (JsonObject  *object,
             GmInputSpec *spec)
{
  JsonObject *product = json_object_new ();

  for (guint i = 0; i < spec->names->len; i++)
    json_object_set_object_member (product, g_ptr_array_index (spec->names, i),
                                   inputs_to_object (g_ptr_array_index (spec->columns, i)));
  json_object_set_object_member (object, "product", product);
}

static JsonObject *
inputs_to_object (GmInputSpec *spec)
{
  JsonObject *object = json_object_new ();
  const char *path = spec->path != NULL ? spec->path : "-";

  switch (spec->kind)
    {
    case GM_INPUT_RANGE:
      set_range (object, spec);
      break;
    case GM_INPUT_ITEMS:
      json_object_set_array_member (object, "items", json_array_ref (spec->items));
      break;
    case GM_INPUT_GLOB:
      set_patterns (object, "glob", spec);
      break;
    case GM_INPUT_FILES:
      set_patterns (object, "files", spec);
      break;
    case GM_INPUT_LINES:
      json_object_set_string_member (object, "lines", path);
      json_object_set_string_member (object, "separator", spec->nul_separated ? "NUL" : "\n");
      break;
    case GM_INPUT_CSV:
      json_object_set_string_member (object, "csv", path);
      json_object_set_boolean_member (object, "header", spec->header);
      break;
    case GM_INPUT_JSONL:
      json_object_set_string_member (object, "jsonl", path);
      break;
    case GM_INPUT_PRODUCT:
      set_product (object, spec);
      break;
    case GM_INPUT_ARGUMENTS:
      set_arguments (object, spec->arguments);
      break;
    default:
      g_assert_not_reached ();
    }

  return object;
}

static void
set_number (JsonObject *object,
            const char *name,
            double      value)
{
  if (value < 1e15 && value == trunc (value))
    json_object_set_int_member (object, name, (gint64) value);
  else
    json_object_set_double_member (object, name, value);
}

static void
set_percent (JsonObject *object,
             const char *name,
             double      value)
{
  g_autoptr(GString) text = g_string_new (NULL);

  gm_json_append_double (text, value);
  if (g_str_has_suffix (text->str, ".0"))
    g_string_truncate (text, text->len - 2);
  g_string_append_c (text, '%');
  json_object_set_string_member (object, name, text->str);
}

static void
set_count_or_auto (JsonObject *object,
                   const char *name,
                   gint64      count)
{
  if (count > 0)
    json_object_set_int_member (object, name, count);
  else
    json_object_set_string_member (object, name, "auto");
}

/* What begins with a replacement string may be absolute once it is expanded; it stays as it is, and
 * `folder` says what it is relative to. */
static void
set_template_path (JsonObject *object,
                   const char *name,
                   const char *text,
                   const char *base_dir)
{
  g_autofree char *escaped = gm_template_escape (base_dir);
  g_autofree char *absolute = NULL;

  if (text == NULL)
    absolute = g_steal_pointer (&escaped);
  else if (*text != '/' && *text != '{')
    absolute = g_build_filename (escaped, text, NULL);
  json_object_set_string_member (object, name, absolute != NULL ? absolute : text);
}

static void
set_cwd (JsonObject *object,
         GmJob      *job)
{
  g_autofree char *absolute = NULL;

  if (job->task.kind == GM_TASK_COMMAND || job->task.kind == GM_TASK_SHELL)
    {
      set_template_path (object, "cwd", job->cwd, job->base_dir);
      return;
    }
  absolute = gm_job_resolve_path (job, job->cwd != NULL ? job->cwd : ".");
  json_object_set_string_member (object, "cwd", absolute);
}

static void
set_pool (JsonObject *object,
          GmJob      *job)
{
  set_count_or_auto (object, "processes", job->processes);
  json_object_set_string_member (object, "start_method",
                                 gm_start_method_to_string (job->start_method));
  set_count_or_auto (object, "chunksize", job->chunksize);
  if (job->timeout > 0)
    set_number (object, "timeout", job->timeout);
  if (job->task_timeout > 0)
    set_number (object, "task_timeout", job->task_timeout);
  if (job->task_timeout_percent > 0)
    set_percent (object, "task_timeout", job->task_timeout_percent);
  json_object_set_int_member (object, "retries", job->retries);
  set_number (object, "retry_delay", job->retry_delay);
  if (job->max_tasks_per_child > 0)
    json_object_set_int_member (object, "max_tasks_per_child", job->max_tasks_per_child);
  json_object_set_boolean_member (object, "ordered", job->ordered);
}

static void
set_outcome_rules (JsonObject *object,
                   GmJob      *job)
{
  JsonArray *codes = json_array_new ();

  for (guint i = 0; i < job->ok_exit_codes->len; i++)
    json_array_add_int_element (codes, g_array_index (job->ok_exit_codes, int, i));
  json_object_set_array_member (object, "ok_exit_codes", codes);
  if (job->creates != NULL)
    set_template_path (object, "creates", job->creates, job->base_dir);
  if (job->on_error == GM_ON_ERROR_STOP_AFTER)
    {
      JsonObject *rule = json_object_new ();

      if (job->stop_after > 0)
        json_object_set_int_member (rule, "stop_after", job->stop_after);
      else
        set_percent (rule, "stop_after", job->stop_after_percent);
      json_object_set_object_member (object, "on_error", rule);
    }
  else
    json_object_set_string_member (object, "on_error", gm_on_error_to_string (job->on_error));
}

static void
set_surroundings (JsonObject *object,
                  GmJob      *job)
{
  JsonObject *env = json_object_new ();

  set_cwd (object, job);
  for (guint i = 0; i < job->env_names->len; i++)
    json_object_set_string_member (env, g_ptr_array_index (job->env_names, i),
                                   g_ptr_array_index (job->env_values, i));
  json_object_set_object_member (object, "env", env);
  if (job->has_nice)
    json_object_set_int_member (object, "nice", job->nice);
  if (job->memory_limit > 0)
    json_object_set_int_member (object, "memory_limit", job->memory_limit);
  if (job->min_free_memory > 0)
    json_object_set_int_member (object, "min_free_memory", job->min_free_memory);
  json_object_set_string_member (object, "log_level", gm_log_level_to_string (job->log_level));
  if (job->results != NULL)
    json_object_set_string_member (object, "results", job->results);
  json_object_set_string_member (object, "engine", gm_engine_kind_to_string (job->engine));
}

/**
 * gm_job_to_json_resolved:
 * @job: a job
 * @pretty: for people, indented
 *
 * The job as run: all defaults filled in, paths absolute. Wherever it is read again, it gives the
 * same items in the same order and runs them in the same way.
 *
 * Returns: (transfer full): JSON
 */
char *
gm_job_to_json_resolved (GmJob    *job,
                         gboolean  pretty)
{
  JsonObject *object = json_object_new ();
  g_autoptr(JsonNode) node = json_node_init_object (json_node_alloc (), object);

  json_object_unref (object);
  json_object_set_int_member (object, "mpjob", 1);
  json_object_set_string_member (object, "name", job->name);
  if (job->description != NULL)
    json_object_set_string_member (object, "description", job->description);
  json_object_set_string_member (object, "folder", job->base_dir);
  json_object_set_object_member (object, "task", task_to_object (&job->task));
  json_object_set_object_member (object, "inputs", inputs_to_object (job->inputs));
  set_pool (object, job);
  set_outcome_rules (object, job);
  set_surroundings (object, job);

  return to_text (node, pretty);
}
