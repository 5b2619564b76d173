/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-invocation.h"

#include "gm-json.h"
#include "gm-parser.h"
#include "gm-shell.h"
#include "gm-template.h"

struct _GmInvoker
{
  /* Owned */
  GmJob      *job;
  GPtrArray  *words;          /* of GmTemplate; NULL but for commands */
  GmShell    *shell;          /* or NULL */
  GPtrArray  *env;            /* of GmTemplate: NAME=value */
  GmTemplate *cwd;
  GmTemplate *creates;        /* or NULL */
  GmValues   *values;

  /* The invocation at hand */
  GString    *text;           /* its strings, each with a NUL after it */
  GArray     *offsets;        /* of gsize: where they are */
  GPtrArray  *argv;
  GPtrArray  *env_strings;
  GString    *input;
  char       *cwd_path;
  char       *creates_path;

  gboolean    appends_item;   /* as the last argument */
};

/* Whether a name or column can be there, from what the job says alone. */
static gboolean
node_has_field (JsonNode      *node,
                const GmField *field)
{
  if (field->kind == GM_FIELD_MEMBER)
    return JSON_NODE_HOLDS_OBJECT (node)
           && json_object_has_member (json_node_get_object (node), field->name);

  return JSON_NODE_HOLDS_ARRAY (node)
         && json_array_get_length (json_node_get_array (node)) >= field->column;
}

static gboolean
items_can_have (JsonArray     *items,
                const GmField *field)
{
  guint n = json_array_get_length (items);

  for (guint i = 0; i < n; i++)
    if (node_has_field (json_array_get_element (items, i), field))
      return TRUE;

  return n == 0;
}

static gboolean
spec_can_have (GmInputSpec   *spec,
               const GmField *field)
{
  gboolean by_name = field->kind == GM_FIELD_MEMBER;

  if (!by_name && field->kind != GM_FIELD_COLUMN)
    return TRUE;
  if (!by_name && field->column == 0)
    return FALSE;

  switch (spec->kind)
    {
    case GM_INPUT_RANGE:
    case GM_INPUT_GLOB:
    case GM_INPUT_FILES:
    case GM_INPUT_LINES:
      return FALSE;
    case GM_INPUT_ITEMS:
      return items_can_have (spec->items, field);
    case GM_INPUT_CSV:
      return by_name == spec->header;
    case GM_INPUT_PRODUCT:
      return by_name && g_ptr_array_find_with_equal_func (spec->names, field->name, g_str_equal,
                                                          NULL);
    case GM_INPUT_ARGUMENTS:
      return !by_name && spec->arguments->len > 1 && field->column <= spec->arguments->len;
    case GM_INPUT_JSONL:
    default:
      return TRUE;
    }
}

static gboolean
check_field (GmInvoker      *self,
             GmInputs       *inputs,
             const GmField  *field,
             const char     *path,
             GError        **error)
{
  g_autofree char *bare = NULL;

  if (spec_can_have (self->job->inputs, field)
      && (inputs == NULL || field->kind != GM_FIELD_MEMBER
          || gm_inputs_can_have (inputs, field->name)))
    return TRUE;

  bare = g_strndup (field->text + 1, strlen (field->text) - 2);
  gm_job_set_error (self->job, error, path, "the items have no %s for %s; write {{%s}} for a "
                    "literal brace", field->kind == GM_FIELD_MEMBER ? "member" : "column",
                    field->text, bare);

  return FALSE;
}

static gboolean
check_template (GmInvoker   *self,
                GmInputs    *inputs,
                GmTemplate  *template,
                const char  *path,
                GError     **error)
{
  for (guint i = 0; i < gm_template_n_fields (template); i++)
    if (!check_field (self, inputs, gm_template_get_field (template, i), path, error))
      return FALSE;

  return TRUE;
}

static gboolean
check_env (GmInvoker  *self,
           GmInputs   *inputs,
           GError    **error)
{
  for (guint i = 0; i < self->env->len; i++)
    {
      g_autoptr(GString) path = g_string_new ("$.env");
      GmParser place = { .path = path };

      gm_parser_enter_member (&place, g_ptr_array_index (self->job->env_names, i));
      if (!check_template (self, inputs, g_ptr_array_index (self->env, i), path->str, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
check_names (GmInvoker  *self,
             GmInputs   *inputs,
             GError    **error)
{
  for (guint i = 0; self->words != NULL && i < self->words->len; i++)
    {
      g_autofree char *path = g_strdup_printf ("$.task.command[%u]", i);

      if (!check_template (self, inputs, g_ptr_array_index (self->words, i), path, error))
        return FALSE;
    }
  for (guint i = 0; self->shell != NULL && i < self->shell->fields->len; i++)
    if (!check_field (self, inputs, g_ptr_array_index (self->shell->fields, i), "$.task.shell",
                      error))
      return FALSE;

  return check_env (self, inputs, error)
         && check_template (self, inputs, self->cwd, "$.cwd", error)
         && (self->creates == NULL
             || check_template (self, inputs, self->creates, "$.creates", error));
}

static gboolean
compile_task (GmInvoker  *self,
              GError    **error)
{
  GmTask *task = &self->job->task;
  g_autofree char *message = NULL;

  if (task->kind == GM_TASK_COMMAND)
    {
      self->words = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_template_free);
      self->appends_item = !task->is_stdin;
      for (char **word = task->argv; *word != NULL; word++)
        {
          GmTemplate *template = gm_template_new (*word);

          g_ptr_array_add (self->words, template);
          self->appends_item = self->appends_item && gm_template_n_fields (template) == 0;
        }
    }
  else if (task->kind == GM_TASK_SHELL)
    {
      self->shell = gm_shell_new (task->shell, &message);
      if (self->shell == NULL)
        {
          gm_job_set_error (self->job, error, "$.task.shell", "%s", message);
          return FALSE;
        }
    }

  return TRUE;
}

/* Text of functions and workers is taken as it is. */
static GmTemplate *
compile_text (GmInvoker  *self,
              const char *text)
{
  gboolean has_fields = self->job->task.kind == GM_TASK_COMMAND
                        || self->job->task.kind == GM_TASK_SHELL;
  g_autofree char *escaped = has_fields ? NULL : gm_template_escape (text);

  return gm_template_new (has_fields ? text : escaped);
}

/**
 * gm_invoker_new:
 * @job: a job
 * @error: return location for an error
 *
 * Compiles the templates of @job and checks the names in them as far as the job itself tells which
 * there are. Every #GmJob has passed this.
 *
 * Returns: (transfer full): what makes invocations of its items, or %NULL with
 *   #GM_JOB_ERROR_INVALID
 */
GmInvoker *
gm_invoker_new (GmJob   *job,
                GError **error)
{
  g_autoptr(GmInvoker) self = g_new0 (GmInvoker, 1);

  self->job = gm_job_ref (job);
  self->values = gm_values_new ();
  self->text = g_string_new (NULL);
  self->input = g_string_new (NULL);
  self->offsets = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->argv = g_ptr_array_new ();
  self->env_strings = g_ptr_array_new ();
  self->env = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_template_free);
  for (guint i = 0; i < job->env_names->len; i++)
    g_ptr_array_add (self->env, compile_text (self, g_ptr_array_index (job->env_values, i)));
  self->cwd = compile_text (self, job->cwd != NULL ? job->cwd : ".");
  if (job->creates != NULL)
    self->creates = gm_template_new (job->creates);

  if (!compile_task (self, error) || !check_names (self, NULL, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * gm_invoker_free:
 * @invoker: (transfer full): an invoker
 *
 * Frees it and the invocation it made last.
 */
void
gm_invoker_free (GmInvoker *invoker)
{
  g_clear_pointer (&invoker->words, g_ptr_array_unref);
  g_clear_pointer (&invoker->shell, gm_shell_free);
  g_ptr_array_unref (invoker->env);
  gm_template_free (invoker->cwd);
  g_clear_pointer (&invoker->creates, gm_template_free);
  gm_values_free (invoker->values);
  g_string_free (invoker->text, TRUE);
  g_string_free (invoker->input, TRUE);
  g_array_unref (invoker->offsets);
  g_ptr_array_unref (invoker->argv);
  g_ptr_array_unref (invoker->env_strings);
  g_free (invoker->cwd_path);
  g_free (invoker->creates_path);
  gm_job_unref (invoker->job);
  g_free (invoker);
}

/**
 * gm_invoker_check:
 * @invoker: an invoker
 * @inputs: the inputs of its job
 * @error: return location for an error
 *
 * Checks the names in the templates once more, now that the heading of a table is known.
 *
 * Returns: %FALSE with #GM_JOB_ERROR_INVALID if there is one that no item can have
 */
gboolean
gm_invoker_check (GmInvoker  *invoker,
                  GmInputs   *inputs,
                  GError    **error)
{
  return check_names (invoker, inputs, error);
}

/* Strings are laid into one buffer; pointers to them are taken when it grows no more. */
static void
begin_string (GmInvoker *self)
{
  gsize offset = self->text->len;

  g_array_append_val (self->offsets, offset);
}

static void
end_string (GmInvoker *self)
{
  g_string_append_c (self->text, '\0');
}

static gboolean
lay_argv (GmInvoker  *self,
          GError    **error)
{
  for (guint i = 0; i < self->words->len; i++)
    {
      begin_string (self);
      if (!gm_template_expand (g_ptr_array_index (self->words, i), self->values, self->text, error))
        return FALSE;
      end_string (self);
    }
  if (self->appends_item)
    {
      begin_string (self);
      gm_values_append_item (self->values, self->text);
      end_string (self);
    }

  return TRUE;
}

static gboolean
lay_env (GmInvoker  *self,
         GError    **error)
{
  for (guint i = 0; i < self->env->len; i++)
    {
      begin_string (self);
      g_string_append (self->text, g_ptr_array_index (self->job->env_names, i));
      g_string_append_c (self->text, '=');
      if (!gm_template_expand (g_ptr_array_index (self->env, i), self->values, self->text, error))
        return FALSE;
      end_string (self);
    }
  for (guint i = 0; self->shell != NULL && i < self->shell->fields->len; i++)
    {
      begin_string (self);
      g_string_append (self->text, "GTK_MP_V");
      gm_json_append_int (self->text, i + 1);
      g_string_append_c (self->text, '=');
      if (!gm_values_append_field (self->values, g_ptr_array_index (self->shell->fields, i),
                                   self->text, error))
        return FALSE;
      end_string (self);
    }

  return TRUE;
}

static void
collect (GmInvoker *self,
         GPtrArray *strings,
         guint      from,
         guint      to)
{
  for (guint i = from; i < to; i++)
    g_ptr_array_add (strings, self->text->str + g_array_index (self->offsets, gsize, i));
  g_ptr_array_add (strings, NULL);
}

static gboolean
expand_path (GmInvoker   *self,
             const char  *key,
             GmTemplate  *template,
             char       **path,
             GError     **error)
{
  /* One without replacement strings stays as it is. */
  if (*path != NULL && gm_template_n_fields (template) == 0)
    return TRUE;

  g_string_truncate (self->input, 0);
  if (!gm_template_expand (template, self->values, self->input, error))
    return FALSE;
  if (self->input->len == 0)
    {
      g_set_error (error, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT, "\"%s\" is empty for this item",
                   key);
      return FALSE;
    }
  g_free (*path);
  *path = gm_job_resolve_path (self->job, self->input->str);

  return TRUE;
}

static gboolean
expand (GmInvoker  *self,
        GError    **error)
{
  guint n_argv;

  g_string_truncate (self->text, 0);
  g_array_set_size (self->offsets, 0);
  g_ptr_array_set_size (self->argv, 0);
  g_ptr_array_set_size (self->env_strings, 0);
  if (self->words != NULL && !lay_argv (self, error))
    return FALSE;
  n_argv = self->offsets->len;
  if (!lay_env (self, error)
      || !expand_path (self, "cwd", self->cwd, &self->cwd_path, error)
      || (self->creates != NULL
          && !expand_path (self, "creates", self->creates, &self->creates_path, error)))
    return FALSE;

  if (self->shell != NULL)
    {
      g_ptr_array_add (self->argv, (char *) "/bin/sh");
      g_ptr_array_add (self->argv, (char *) "-c");
      g_ptr_array_add (self->argv, self->shell->text);
    }
  collect (self, self->argv, 0, n_argv);
  collect (self, self->env_strings, n_argv, self->offsets->len);

  return TRUE;
}

/**
 * gm_invoker_expand:
 * @invoker: an invoker
 * @item: an item of its job
 * @index: its index, from 0
 * @slot: the slot of the worker, from 1
 * @invocation: (out caller-allocates): what to start, theirs until the next call
 * @error: return location for an error
 *
 * Puts @item into the templates. Functions and workers get no `argv` and no `input`.
 *
 * Returns: %FALSE with #GM_JOB_ERROR_BAD_INPUT if the item is bad or lacks a name
 */
gboolean
gm_invoker_expand (GmInvoker     *invoker,
                   const GmItem  *item,
                   gint64         index,
                   int            slot,
                   GmInvocation  *invocation,
                   GError       **error)
{
  GmTaskKind kind = invoker->job->task.kind;
  gboolean starts = kind == GM_TASK_COMMAND || kind == GM_TASK_SHELL;

  if (item->kind == GM_ITEM_BAD)
    {
      g_set_error_literal (error, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT, item->data);
      return FALSE;
    }
  gm_values_set (invoker->values, item, index, slot);
  if (!expand (invoker, error))
    return FALSE;

  *invocation = (GmInvocation) {
    .argv = starts ? (const char * const *) invoker->argv->pdata : NULL,
    .env = (const char * const *) invoker->env_strings->pdata,
    .cwd = invoker->cwd_path,
    .creates = invoker->creates_path,
  };
  if (invoker->job->task.is_stdin)
    {
      g_string_truncate (invoker->input, 0);
      gm_values_append_item (invoker->values, invoker->input);
      g_string_append_c (invoker->input, '\n');
      invocation->input = invoker->input->str;
      invocation->input_size = invoker->input->len;
    }

  return TRUE;
}
