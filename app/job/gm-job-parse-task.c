/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-parser.h"

#define BUILTIN_PREFIX "builtin:"

static const char * const kinds[] = { "command", "shell", "function", "worker", NULL };

static gboolean
read_words (GmParser *self,
            JsonNode *node)
{
  GmTask *task = &self->job->task;

  if (!gm_parser_get_strings (self, node, "an array of a program and its arguments", &task->argv))
    return FALSE;
  if (*task->argv[0] == '\0')
    {
      gm_parser_enter_element (self, 0);
      return gm_parser_fail (self, "expected the name of a program, got an empty string");
    }

  return TRUE;
}

static gboolean
read_shell (GmParser *self,
            JsonNode *node)
{
  const char *text;

  if (!gm_parser_get_text (self, node, &text))
    return FALSE;
  self->job->task.shell = g_strdup (text);

  return TRUE;
}

static gboolean
read_builtin (GmParser   *self,
              const char *name)
{
  static const char * const builtins[] = {
    "square", "sleep", "sha256", "count_primes", "echo", NULL
  };

  if (!g_strv_contains (builtins, name))
    {
      g_autofree char *list = g_strjoinv (", ", (char **) builtins);

      return gm_parser_fail (self, "there is no builtin function \"%s\", only %s", name, list);
    }
  self->job->task.symbol = g_strdup (name);

  return TRUE;
}

static gboolean
is_symbol (const char *name)
{
  return (g_ascii_isalpha (*name) || *name == '_')
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_") == strlen (name);
}

static gboolean
read_function (GmParser *self,
               JsonNode *node)
{
  const char *text;
  const char *colon;
  g_autofree char *path = NULL;

  if (!gm_parser_get_string (self, node, &text))
    return FALSE;
  if (g_str_has_prefix (text, BUILTIN_PREFIX))
    return read_builtin (self, text + strlen (BUILTIN_PREFIX));

  colon = strrchr (text, ':');
  if (colon == NULL || colon == text || !is_symbol (colon + 1))
    return gm_parser_fail_expected (self, "\"module.so:symbol\" or \"builtin:NAME\"", node);
  path = g_strndup (text, colon - text);
  self->job->task.module = gm_job_resolve_path (self->job, path);
  self->job->task.symbol = g_strdup (colon + 1);

  return TRUE;
}

static gboolean
read_stdin (GmParser *self,
            JsonNode *node)
{
  if (self->job->task.kind != GM_TASK_COMMAND)
    return gm_parser_fail (self, "only a \"command\" can have \"stdin\"");

  return gm_parser_get_boolean (self, node, &self->job->task.is_stdin);
}

/**
 * gm_parser_read_task:
 * @self: a parser
 * @node: the task object
 *
 * Fills `task` of the job.
 *
 * Returns: whether it is one; if not, the error is set
 */
gboolean
gm_parser_read_task (GmParser *self,
                     JsonNode *node)
{
  static const char * const known[] = {
    "command", "shell", "function", "worker", "stdin", NULL
  };
  static gboolean (* const read[]) (GmParser *self, JsonNode *node) = {
    read_words, read_shell, read_function, read_words
  };
  JsonObject *object;
  guint kind;
  gsize mark;

  if (!gm_parser_get_object (self, node, &object)
      || !gm_parser_check_keys (self, object, known)
      || !gm_parser_get_kind (self, object, kinds, &kind))
    return FALSE;

  self->job->task.kind = kind;
  mark = gm_parser_enter_member (self, kinds[kind]);
  if (!read[kind] (self, json_object_get_member (object, kinds[kind])))
    return FALSE;
  gm_parser_leave (self, mark);
  if (!json_object_has_member (object, "stdin"))
    return TRUE;

  mark = gm_parser_enter_member (self, "stdin");
  if (!read_stdin (self, json_object_get_member (object, "stdin")))
    return FALSE;
  gm_parser_leave (self, mark);

  return TRUE;
}
