/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-preview.h"

#include "gm-invocation.h"
#include "gm-json.h"
#include "gm-text.h"

#define SHOWN 5
#define COUNT_AT_MOST 1000000

/* A job and where to read it, for the thread: jobs belong to one thread at a time. */
typedef struct
{
  char *text;
  char *base_dir;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->text);
  g_free (request->base_dir);
  g_free (request);
}

/* `$.inputs.glob: nothing matches`, as gm_job_set_error() words it. */
static void
take_error (GmPreview    *self,
            const GError *error)
{
  const char *place = strstr (error->message, "$.");
  const char *end = place != NULL ? strstr (place, ": ") : NULL;

  g_free (self->error);
  g_free (self->error_path);
  self->error = g_strdup (end != NULL ? end + 2 : error->message);
  self->error_path = end != NULL ? g_strndup (place, end - place) : NULL;
}

static void
append_word (GString    *line,
             const char *word)
{
  g_autofree char *quoted = NULL;

  if (*word != '\0' && strpbrk (word, " \t\n'\"\\$`*?[]{}()<>|&;~#!") == NULL)
    {
      g_string_append (line, word);
      return;
    }
  quoted = g_shell_quote (word);
  g_string_append (line, quoted);
}

static char *
describe (GmJob              *job,
          const GmInvocation *invocation,
          const GmItem       *item)
{
  g_autoptr(GString) line = g_string_new (NULL);

  if (invocation->argv == NULL && job->task.argv != NULL)
    {
      for (guint i = 0; job->task.argv[i] != NULL; i++)
        {
          append_word (line, job->task.argv[i]);
          g_string_append_c (line, ' ');
        }
      g_string_append_printf (line, "← %s", item->data);
    }
  else if (invocation->argv == NULL)
    g_string_append_printf (line, "%s (%s)", job->task.symbol, item->data);
  else if (job->task.kind == GM_TASK_SHELL)
    {
      for (guint i = 0; invocation->env != NULL && invocation->env[i] != NULL; i++)
        if (g_str_has_prefix (invocation->env[i], "GTK_MP_V"))
          {
            const char *value = strchr (invocation->env[i], '=') + 1;

            g_string_append_len (line, invocation->env[i], value - invocation->env[i]);
            append_word (line, value);
            g_string_append_c (line, ' ');
          }
      g_string_append (line, invocation->argv[2]);
    }
  else
    for (guint i = 0; invocation->argv[i] != NULL; i++)
      {
        if (i > 0)
          g_string_append_c (line, ' ');
        append_word (line, invocation->argv[i]);
      }

  return gm_text_escape (line->str);
}

/* So many can still be overlooked in a menu. */
#define MAX_COLUMNS 20

static GStrv
find_columns (const GmItem *item)
{
  g_autoptr(GStrvBuilder) columns = g_strv_builder_new ();
  g_autoptr(JsonNode) node = gm_json_parse (item->data, item->size, NULL, NULL);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    {
      g_autoptr(GList) names = json_object_get_members (json_node_get_object (node));
      guint n = 0;

      for (GList *l = names; l != NULL && n < MAX_COLUMNS; l = l->next, n++)
        g_strv_builder_add (columns, l->data);
    }
  else if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      guint n = json_array_get_length (json_node_get_array (node));

      for (guint i = 1; i <= MIN (n, MAX_COLUMNS); i++)
        {
          g_autofree char *number = g_strdup_printf ("%u", i);

          g_strv_builder_add (columns, number);
        }
    }

  return g_strv_builder_end (columns);
}

static void
add_item (GmPreview    *self,
          GmJob        *job,
          GmInvoker    *invoker,
          const GmItem *item)
{
  GmInvocation invocation = { NULL };
  g_autoptr(GError) error = NULL;

  g_ptr_array_add (self->items, gm_text_escape (item->data));
  if (self->columns == NULL && item->kind == GM_ITEM_JSON)
    self->columns = find_columns (item);
  if (item->kind == GM_ITEM_BAD)
    {
      g_ptr_array_add (self->commands, g_strdup_printf ("✗ %s", item->data));
      return;
    }
  if (!gm_invoker_expand (invoker, item, self->items->len - 1, 1, &invocation, &error))
    {
      g_ptr_array_add (self->commands, g_strdup_printf ("✗ %s", error->message));
      return;
    }
  g_ptr_array_add (self->commands, describe (job, &invocation, item));
  if (self->cwd == NULL)
    self->cwd = g_strdup (invocation.cwd);
  if (self->creates == NULL)
    self->creates = g_strdup (invocation.creates);
}

/* The runner refuses a program that it can't find: told while it is being written. */
static void
check_program (GmPreview *self,
               GmJob     *job)
{
  const char *key = gm_task_kind_to_string (job->task.kind);
  const char *program = job->task.argv != NULL ? job->task.argv[0] : NULL;
  g_autofree char *found = NULL;

  if (self->error != NULL || program == NULL || strchr (program, '{') != NULL
      || g_ptr_array_find_with_equal_func (job->env_names, "PATH", g_str_equal, NULL))
    return;
  if (strchr (program, '/') == NULL)
    found = g_find_program_in_path (program);
  else
    {
      found = g_canonicalize_filename (program, self->cwd != NULL ? self->cwd : job->base_dir);
      if (!g_file_test (found, G_FILE_TEST_IS_EXECUTABLE))
        g_clear_pointer (&found, g_free);
    }
  if (found != NULL)
    return;
  self->error = g_strdup_printf (_("There is no program “%s”"), program);
  self->error_path = g_strdup_printf ("$.task.%s[0]", key);
}

static void
read_items (GmPreview    *self,
            GmJob        *job,
            GmInvoker    *invoker,
            GmInputs     *inputs,
            GCancellable *cancellable)
{
  g_autoptr(GError) error = NULL;
  GmItem item;
  GmInputsStatus status = GM_INPUTS_ITEM;
  gint64 n = 0;

  self->total = gm_inputs_get_total (inputs);
  while (!g_cancellable_is_cancelled (cancellable)
         && (n < SHOWN || (self->total < 0 && n < COUNT_AT_MOST)))
    {
      status = gm_inputs_next (inputs, &item, &error);
      if (status != GM_INPUTS_ITEM)
        break;
      if (n++ < SHOWN)
        add_item (self, job, invoker, &item);
    }
  if (status == GM_INPUTS_ERROR)
    take_error (self, error);
  self->has_more = self->total < 0 && status == GM_INPUTS_ITEM;
  if (self->total < 0 && status != GM_INPUTS_WAIT)
    self->total = n;
}

static void
preview_thread (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Request *request = task_data;
  g_autoptr(GmPreview) self = g_new0 (GmPreview, 1);
  g_autoptr(GError) error = NULL;
  g_autoptr(GmJob) job = NULL;
  g_autoptr(GmInvoker) invoker = NULL;
  g_autoptr(GmInputs) inputs = NULL;

  self->total = -1;
  self->items = g_ptr_array_new_with_free_func (g_free);
  self->commands = g_ptr_array_new_with_free_func (g_free);
  job = gm_job_new_from_data (request->text, strlen (request->text), NULL, request->base_dir,
                              &error);
  if (job != NULL)
    invoker = gm_invoker_new (job, &error);
  if (invoker != NULL && job->inputs->kind == GM_INPUT_LINES && job->inputs->path == NULL)
    g_set_error_literal (&error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID,
                         _("$.inputs.lines: standard input can’t be read in a window: "
                           "name a file"));
  else if (invoker != NULL)
    inputs = gm_inputs_open (job, -1, &error);
  if (inputs != NULL)
    read_items (self, job, invoker, inputs, cancellable);
  if (inputs != NULL)
    gm_invoker_check (invoker, inputs, &error);
  if (error != NULL)
    take_error (self, error);
  if (inputs != NULL)
    check_program (self, job);

  g_task_return_pointer (task, g_steal_pointer (&self), (GDestroyNotify) gm_preview_free);
}

/**
 * gm_preview_async:
 * @text: text of a valid job file
 * @base_dir: what its relative paths are relative to
 * @cancellable: (nullable): to do without the answer
 * @callback: called when it is known
 * @user_data: for @callback
 *
 * Finds out what a job would do. Files may be slow: this is done on another thread.
 */
void
gm_preview_async (const char          *text,
                  const char          *base_dir,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request = g_new (Request, 1);

  *request = (Request) { g_strdup (text), g_strdup (base_dir) };
  g_task_set_source_tag (task, gm_preview_async);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, preview_thread);
}

/**
 * gm_preview_finish:
 * @result: what the callback got
 * @error: return location for an error: it was cancelled
 *
 * Returns: (transfer full): what the job would do, or why it can't
 */
GmPreview *
gm_preview_finish (GAsyncResult  *result,
                   GError       **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gm_preview_free:
 * @self: (transfer full): a preview
 */
void
gm_preview_free (GmPreview *self)
{
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->commands, g_ptr_array_unref);
  g_strfreev (self->columns);
  g_free (self->cwd);
  g_free (self->creates);
  g_free (self->error);
  g_free (self->error_path);
  g_free (self);
}
