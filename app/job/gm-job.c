/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-job.h"

#include "gm-invocation.h"
#include "gm-json.h"
#include "gm-parser.h"

/**
 * GmJob:
 *
 * A job file, read and checked: what to run, on what, how. Its fields are read-only; a change is
 * another job, made from the JSON of this one, so that there is one way to check them all.
 *
 * Reference counting is atomic, the rest belongs to one thread at a time.
 */

G_DEFINE_QUARK (gm-job-error-quark, gm_job_error)

static GmJob *
job_new (const char *file,
         const char *base_dir,
         GBytes     *source)
{
  g_autofree char *basename = file != NULL ? g_path_get_basename (file) : g_strdup ("job");
  GmJob *job = g_new0 (GmJob, 1);
  int success = 0;

  g_atomic_ref_count_init (&job->ref_count);
  job->file = g_strdup (file);
  job->file_dir = g_canonicalize_filename (base_dir, NULL);
  job->base_dir = g_strdup (job->file_dir);
  job->source = source != NULL ? g_bytes_ref (source) : NULL;
  job->name = g_utf8_make_valid (basename, -1);
  job->start_method = GM_START_FORKSERVER;
  job->ok_exit_codes = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_append_val (job->ok_exit_codes, success);
  job->env_names = g_ptr_array_new_with_free_func (g_free);
  job->env_values = g_ptr_array_new_with_free_func (g_free);
  job->log_level = GM_LOG_WARNING;
  job->ordered = TRUE;

  return job;
}

/* Takes the root. */
static GmJob *
job_take_root (GmJob       *job,
               JsonNode    *root,
               const char  *option,
               GError     **error)
{
  g_autoptr(GmJob) owned = job;
  g_autoptr(GString) path = g_string_new ("$");
  g_autoptr(GmInvoker) invoker = NULL;
  GmParser parser = { .job = job, .path = path, .option = option, .error = error };

  job->root = root;
  if (!gm_parser_read_job (&parser, root))
    return NULL;
  /* Also the templates must be right. */
  invoker = gm_invoker_new (job, error);
  if (invoker == NULL)
    return NULL;

  return g_steal_pointer (&owned);
}

/**
 * gm_job_new_from_data:
 * @text: a job file's content, any bytes
 * @len: its length
 * @display_name: (nullable): the file's name as the user gave it, for messages and as the default
 *   of `name`
 * @base_dir: what relative paths are relative to
 * @error: return location for an error
 *
 * Reads and checks a job. Errors are #GM_JOB_ERROR_INVALID and begin with file, line and path:
 * `job.mpjob:4: $.task.command[0]: expected a string, got a number`.
 *
 * Returns: (transfer full): the job, or %NULL
 */
GmJob *
gm_job_new_from_data (const char  *text,
                      gsize        len,
                      const char  *display_name,
                      const char  *base_dir,
                      GError     **error)
{
  g_autoptr(GBytes) source = NULL;
  g_autoptr(GError) local_error = NULL;
  GmJsonPosition position;
  JsonNode *root = gm_json_parse (text, len, &position, &local_error);
  char *copy;

  if (root == NULL)
    {
      g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID, "%s:%u:%u: %s",
                   display_name != NULL ? display_name : "job",
                   position.line, position.column, local_error->message);
      return NULL;
    }
  copy = g_strndup (text, len);
  source = g_bytes_new_take (copy, len);

  return job_take_root (job_new (display_name, base_dir, source), root, NULL, error);
}

/**
 * gm_job_new_from_file:
 * @path: (type filename): a job file
 * @error: return location for an error
 *
 * As gm_job_new_from_data(); relative paths are relative to the folder of the file.
 *
 * Returns: (transfer full): the job, or %NULL
 */
GmJob *
gm_job_new_from_file (const char  *path,
                      GError     **error)
{
  g_autofree char *text = NULL;
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *folder = g_path_get_dirname (absolute);
  g_autoptr(GError) local_error = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, &local_error))
    {
      g_set_error_literal (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID, local_error->message);
      return NULL;
    }

  return gm_job_new_from_data (text, len, path, folder, error);
}

static JsonNode *
argument_to_node (const char *word)
{
  g_autofree char *encoded = NULL;
  JsonNode *node = json_node_alloc ();
  JsonObject *object;

  if (g_utf8_validate (word, -1, NULL))
    return json_node_init_string (node, word);

  encoded = g_base64_encode ((const guchar *) word, strlen (word));
  object = json_object_new ();
  json_object_set_string_member (object, "base64", encoded);
  json_node_init (node, JSON_NODE_OBJECT);
  json_node_take_object (node, object);

  return node;
}

/* The input lists: one for each ":::", or the lines of standard input if there is none. */
static JsonObject *
words_to_inputs (const char * const *words)
{
  JsonObject *inputs = json_object_new ();
  JsonArray *lists = NULL;
  JsonArray *list = NULL;

  if (*words == NULL)
    {
      json_object_set_string_member (inputs, "lines", "-");
      return inputs;
    }

  lists = json_array_new ();
  for (; *words != NULL; words++)
    if (strcmp (*words, ":::") == 0)
      {
        list = json_array_new ();
        json_array_add_array_element (lists, list);
      }
    else
      json_array_add_element (list, argument_to_node (*words));
  json_object_set_array_member (inputs, "arguments", lists);

  return inputs;
}

/**
 * gm_job_new_from_words:
 * @words: (array zero-terminated=1): `COMMAND [ARG…] [::: INPUT…]…`, what follows `--` on the
 *   command line
 * @base_dir: the current folder
 * @error: return location for an error
 *
 * Makes a job of a command line. Without `:::` its inputs are the lines of standard input; several
 * give arrays of every combination.
 *
 * Returns: (transfer full): the job, or %NULL
 */
GmJob *
gm_job_new_from_words (const char * const  *words,
                       const char          *base_dir,
                       GError             **error)
{
  g_autofree char *name = NULL;
  g_autofree char *valid_name = NULL;
  JsonObject *root = json_object_new ();
  JsonObject *task = json_object_new ();
  JsonArray *command = json_array_new ();
  JsonNode *node = json_node_init_object (json_node_alloc (), root);

  json_object_unref (root);
  json_object_set_int_member (root, "mpjob", 1);
  if (*words != NULL)
    {
      name = g_path_get_basename (*words);
      valid_name = g_utf8_make_valid (name, -1);
      json_object_set_string_member (root, "name", valid_name);
    }
  json_object_set_array_member (task, "command", command);
  json_object_set_object_member (root, "task", task);
  for (; *words != NULL && strcmp (*words, ":::") != 0; words++)
    {
      if (!g_utf8_validate (*words, -1, NULL))
        {
          g_autofree char *shown = g_utf8_make_valid (*words, -1);

          g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID,
                       "the word \"%s\" of the command is not UTF-8", shown);
          json_node_unref (node);
          return NULL;
        }
      json_array_add_string_element (command, *words);
    }
  json_object_set_object_member (root, "inputs", words_to_inputs (words));

  return job_take_root (job_new (NULL, base_dir, NULL), node, NULL, error);
}

/**
 * gm_job_ref:
 * @job: a job
 *
 * Returns: (transfer full): @job
 */
GmJob *
gm_job_ref (GmJob *job)
{
  g_atomic_ref_count_inc (&job->ref_count);

  return job;
}

/**
 * gm_job_unref:
 * @job: (transfer full): a job
 *
 * Drops a reference; the last one frees it.
 */
void
gm_job_unref (GmJob *job)
{
  if (!g_atomic_ref_count_dec (&job->ref_count))
    return;

  g_free (job->file);
  g_free (job->base_dir);
  g_free (job->file_dir);
  g_free (job->name);
  g_free (job->description);
  g_strfreev (job->task.argv);
  g_free (job->task.shell);
  g_free (job->task.module);
  g_free (job->task.symbol);
  gm_input_spec_free (job->inputs);
  g_array_unref (job->ok_exit_codes);
  g_free (job->creates);
  g_free (job->cwd);
  g_ptr_array_unref (job->env_names);
  g_ptr_array_unref (job->env_values);
  g_free (job->results);
  g_clear_pointer (&job->root, json_node_unref);
  g_clear_pointer (&job->source, g_bytes_unref);
  g_free (job);
}

/* The members themselves are shared: nobody changes them. */
static JsonNode *
root_with_member (GmJob      *job,
                  const char *key,
                  JsonNode   *value)
{
  JsonObject *object = json_object_new ();
  JsonNode *root = json_node_init_object (json_node_alloc (), object);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_unref (object);
  json_object_iter_init_ordered (&iter, json_node_get_object (job->root));
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (strcmp (name, key) != 0)
        json_object_set_member (object, name, json_node_copy (node));
      else if (value != NULL)
        json_object_set_member (object, name, json_node_copy (value));
    }
  if (value != NULL && !json_object_has_member (object, key))
    json_object_set_member (object, key, json_node_copy (value));

  return root;
}

/**
 * gm_job_with_member:
 * @job: a job
 * @key: a key of job files
 * @value: (nullable): what it shall be, or %NULL to leave it out
 * @error: return location for an error
 *
 * The job as it would be with another value, for forms. Errors begin with the path, as the lines of
 * the file are those of another text now.
 *
 * Returns: (transfer full): the new job, or %NULL if it would not be a valid one
 */
GmJob *
gm_job_with_member (GmJob       *job,
                    const char  *key,
                    JsonNode    *value,
                    GError     **error)
{
  GmJob *changed = job_new (job->file, job->file_dir, NULL);

  return job_take_root (changed, root_with_member (job, key, value), NULL, error);
}

static JsonNode *
option_to_node (const char *key,
                const char *text)
{
  JsonNode *node = NULL;
  JsonNode *wrapped;
  JsonObject *object;
  double unused;

  if (strcmp (key, "name") != 0)
    node = gm_json_parse (text, strlen (text), NULL, NULL);
  if (node != NULL && !gm_parser_get_number (node, &unused))
    g_clear_pointer (&node, json_node_unref);
  if (node == NULL)
    {
      g_autofree char *valid = g_utf8_make_valid (text, -1);

      node = json_node_init_string (json_node_alloc (), valid);
    }
  if (strcmp (key, "on_error") != 0
      || (!gm_parser_get_number (node, &unused) && !gm_parser_get_percent (node, &unused)))
    return node;

  object = json_object_new ();
  json_object_set_member (object, "stop_after", node);
  wrapped = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);

  return wrapped;
}

/**
 * gm_job_with_option:
 * @job: a job
 * @key: a key of job files whose value is a word or a number: `task_timeout`
 * @text: what the user wrote: `2.5` or `300%`; for `on_error` also a number or percentage
 * @error: return location for an error
 *
 * The job with a value from the command line. Errors begin with the option: `--task-timeout=x: `.
 *
 * Returns: (transfer full): the new job, or %NULL if the value is not allowed
 */
GmJob *
gm_job_with_option (GmJob       *job,
                    const char  *key,
                    const char  *text,
                    GError     **error)
{
  g_autoptr(JsonNode) value = option_to_node (key, text);
  g_autofree char *dashed = g_strdelimit (g_strdup (key), "_", '-');
  g_autofree char *shown = g_utf8_make_valid (text, -1);
  g_autofree char *option = g_strdup_printf ("--%s=%s", dashed, shown);
  GmJob *changed = job_new (job->file, job->file_dir, job->source);

  return job_take_root (changed, root_with_member (job, key, value), option, error);
}

/**
 * gm_job_set_error:
 * @job: a job
 * @error: return location for an error
 * @path: where in the job: `$.task.command[0]`
 * @format: what is wrong there
 * @...: for @format
 *
 * Sets a #GM_JOB_ERROR_INVALID that begins with file, line and path, for what only shows when the
 * world is looked at: a program that can't be found, a file that is not there.
 */
void
gm_job_set_error (GmJob       *job,
                  GError     **error,
                  const char  *path,
                  const char  *format,
                  ...)
{
  va_list args;

  va_start (args, format);
  gm_job_set_error_valist (job, error, path, format, args);
  va_end (args);
}

/**
 * gm_job_set_error_valist:
 * @job: a job
 * @error: return location for an error
 * @path: of the value that is wrong
 * @format: what is wrong
 * @args: for @format
 *
 * As gm_job_set_error().
 */
void
gm_job_set_error_valist (GmJob       *job,
                         GError     **error,
                         const char  *path,
                         const char  *format,
                         va_list      args)
{
  g_autofree char *message = g_strdup_vprintf (format, args);

  if (job->source != NULL && job->file != NULL)
    g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID, "%s:%u: %s: %s", job->file,
                 gm_json_find_line (g_bytes_get_data (job->source, NULL), path), path, message);
  else
    g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID, "%s: %s", path, message);
}

/**
 * gm_job_resolve_path:
 * @job: a job
 * @path: a path as written in it
 *
 * Makes it absolute, without looking at what is there: ".." after a link is not ours to resolve.
 *
 * Returns: (transfer full): the path
 */
char *
gm_job_resolve_path (GmJob      *job,
                     const char *path)
{
  while (path[0] == '.' && path[1] == '/')
    for (path += 2; *path == '/'; path++)
      ;
  if (*path == '\0' || strcmp (path, ".") == 0)
    return g_strdup (job->base_dir);
  if (g_path_is_absolute (path))
    return g_strdup (path);

  return g_build_filename (job->base_dir, path, NULL);
}
