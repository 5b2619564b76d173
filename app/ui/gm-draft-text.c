/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-draft-text.h"

#include "gm-json.h"
#include "gm-settings.h"

/* Texts of job files: new ones, and changed ones. */

/* What to run, and on what, is for the user to say. */
static const char new_job[] =
  "{\"mpjob\":1,\"name\":\"\",\"task\":{\"command\":[]},\"inputs\":{\"files\":[]}}";

static JsonNode *
parse (const char *text)
{
  return gm_json_parse (text, strlen (text), NULL, NULL);
}

static char *
print (JsonNode *root)
{
  GString *text = g_string_new (NULL);

  gm_json_append_pretty (text, root);
  if (!g_str_has_suffix (text->str, "\n"))
    g_string_append_c (text, '\n');

  return g_string_free (text, FALSE);
}

/**
 * gm_draft_text_append_escaped:
 * @out: a pattern
 * @path: a path
 *
 * Adds the path so that the pattern means just this one.
 */
void
gm_draft_text_append_escaped (GString    *out,
                              const char *path)
{
  for (; *path != '\0'; path++)
    if (strchr ("*?[", *path) != NULL)
      g_string_append_printf (out, "[%c]", *path);
    else
      g_string_append_c (out, *path);
}

/**
 * gm_draft_text_inputs:
 * @paths: (array zero-terminated=1): files and folders
 *
 * Returns: (transfer full): the inputs of a job that stand for them
 */
JsonNode *
gm_draft_text_inputs (const char * const *paths)
{
  g_autoptr(JsonArray) files = json_array_new ();
  g_autoptr(JsonArray) patterns = json_array_new ();
  JsonObject *inputs = json_object_new ();
  JsonNode *node = json_node_init_object (json_node_alloc (), inputs);
  gboolean has_folder = FALSE;

  json_object_unref (inputs);
  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autoptr(GString) pattern = g_string_new (NULL);

      json_array_add_string_element (files, paths[i]);
      gm_draft_text_append_escaped (pattern, paths[i]);
      if (g_file_test (paths[i], G_FILE_TEST_IS_DIR))
        {
          has_folder = TRUE;
          g_string_append (pattern, "/*");
        }
      json_array_add_string_element (patterns, pattern->str);
    }
  if (has_folder)
    json_object_set_array_member (inputs, "glob", g_steal_pointer (&patterns));
  else
    json_object_set_array_member (inputs, "files", g_steal_pointer (&files));

  return node;
}

/**
 * gm_draft_text_new:
 * @paths: (nullable) (array zero-terminated=1): files and folders that shall be its inputs
 *
 * Returns: (transfer full): text of a new job, with the defaults of the settings
 */
char *
gm_draft_text_new (const char * const *paths)
{
  GSettings *settings = gm_settings_get ();
  guint processes = g_settings_get_uint (settings, "processes");
  g_autofree char *start_method = g_settings_get_string (settings, "start-method");
  g_autofree char *name = NULL;
  g_autoptr(JsonNode) root = parse (new_job);
  JsonObject *object = json_node_get_object (root);

  if (paths != NULL && paths[0] != NULL && paths[1] == NULL)
    name = g_path_get_basename (paths[0]);
  json_object_set_string_member (object, "name", name != NULL ? name : _("New Job"));
  if (paths != NULL && paths[0] != NULL)
    json_object_set_member (object, "inputs", gm_draft_text_inputs (paths));
  if (processes > 0)
    json_object_set_int_member (object, "processes", processes);
  if (strcmp (start_method, "forkserver") != 0)
    json_object_set_string_member (object, "start_method", start_method);

  return print (root);
}

/* A new object with the same members in the same order, but for one. */
static JsonNode *
with_member (JsonNode   *node,
             const char *key,
             JsonNode   *value)
{
  JsonObject *object = json_object_new ();
  JsonNode *changed = json_node_init_object (json_node_alloc (), object);
  gboolean seen = FALSE;

  json_object_unref (object);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      const char *name;
      JsonNode *member;

      json_object_iter_init_ordered (&iter, json_node_get_object (node));
      while (json_object_iter_next_ordered (&iter, &name, &member))
        {
          gboolean is_it = strcmp (name, key) == 0;

          seen = seen || is_it;
          if (!is_it)
            json_object_set_member (object, name, json_node_copy (member));
          else if (value != NULL)
            json_object_set_member (object, name, json_node_copy (value));
        }
    }
  if (!seen && value != NULL)
    json_object_set_member (object, key, json_node_copy (value));

  return changed;
}

/**
 * gm_draft_text_with_member:
 * @root: a job
 * @path: `key` or `key/key`
 * @value: (nullable): what shall be there, %NULL for nothing
 *
 * Returns: (transfer full): the text of the job so changed
 */
char *
gm_draft_text_with_member (JsonNode   *root,
                           const char *path,
                           JsonNode   *value)
{
  g_auto(GStrv) keys = g_strsplit (path, "/", 2);
  g_autoptr(JsonNode) inner = NULL;
  g_autoptr(JsonNode) changed = NULL;

  if (keys[1] != NULL)
    {
      JsonNode *old = json_object_get_member (json_node_get_object (root), keys[0]);

      inner = with_member (old, keys[1], value);
      value = inner;
    }
  changed = with_member (root, keys[0], value);

  return print (changed);
}
