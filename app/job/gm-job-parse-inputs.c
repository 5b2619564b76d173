/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-parser.h"

#include "gm-glob.h"

static gboolean
read_range (GmParser    *self,
            JsonNode    *node,
            GmInputSpec *spec)
{
  const char *expected = "[stop], [start, stop] or [start, stop, step]";
  gint64 numbers[3];
  JsonArray *array;
  guint n;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return gm_parser_fail_expected (self, expected, node);
  array = json_node_get_array (node);
  n = json_array_get_length (array);
  if (n < 1 || n > 3)
    return gm_parser_fail (self, "expected %s, got %u numbers", expected, n);
  for (guint i = 0; i < n; i++)
    {
      gsize mark = gm_parser_enter_element (self, i);

      if (!gm_parser_get_integer (self, json_array_get_element (array, i), G_MININT64, G_MAXINT64,
                                  "an integer", &numbers[i]))
        return FALSE;
      if (i == 2 && numbers[i] == 0)
        return gm_parser_fail (self, "expected a step that is not 0");
      gm_parser_leave (self, mark);
    }

  spec->start = n > 1 ? numbers[0] : 0;
  spec->stop = numbers[n > 1 ? 1 : 0];
  spec->step = n > 2 ? numbers[2] : 1;

  return TRUE;
}

static gboolean
read_items (GmParser    *self,
            JsonNode    *node,
            GmInputSpec *spec)
{
  JsonArray *array;

  if (!gm_parser_get_array (self, node, &array))
    return FALSE;
  spec->items = json_array_ref (array);

  return TRUE;
}

/* Job files written by a run have absolute paths; "/./" stands where what was written begins. */
static void
make_relative (char       **patterns,
               const char  *base_dir)
{
  g_autofree char *prefix = g_strconcat (base_dir, "/./", NULL);

  for (char **p = patterns; *p != NULL; p++)
    if (g_str_has_prefix (*p, prefix) && (*p)[strlen (prefix)] != '\0')
      {
        char *relative = g_strdup (*p + strlen (prefix));

        g_free (*p);
        *p = relative;
      }
}

static gboolean
check_not_empty (GmParser  *self,
                 char     **patterns)
{
  for (guint i = 0; patterns[i] != NULL; i++)
    if (*patterns[i] == '\0')
      {
        gm_parser_enter_element (self, i);
        return gm_parser_fail (self, "expected a path, got an empty string");
      }

  return TRUE;
}

static gboolean
read_glob (GmParser    *self,
           JsonNode    *node,
           GmInputSpec *spec)
{
  g_autofree char *escaped = gm_glob_escape (self->job->base_dir);
  const char *pattern;

  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      if (!gm_parser_get_strings (self, node, "a pattern or an array of patterns",
                                  &spec->patterns)
          || !check_not_empty (self, spec->patterns))
        return FALSE;
    }
  else if (json_node_get_value_type (node) != G_TYPE_STRING)
    return gm_parser_fail_expected (self, "a pattern or an array of patterns", node);
  else if (!gm_parser_get_text (self, node, &pattern))
    return FALSE;
  else
    {
      spec->patterns = g_new0 (char *, 2);
      spec->patterns[0] = g_strdup (pattern);
    }

  spec->base_dir = g_strdup (self->job->base_dir);
  make_relative (spec->patterns, escaped);

  return TRUE;
}

static gboolean
read_files (GmParser    *self,
            JsonNode    *node,
            GmInputSpec *spec)
{
  JsonArray *array;

  if (!gm_parser_get_array (self, node, &array))
    return FALSE;
  spec->base_dir = g_strdup (self->job->base_dir);
  if (json_array_get_length (array) == 0)
    {
      spec->patterns = g_new0 (char *, 1);
      return TRUE;
    }
  if (!gm_parser_get_strings (self, node, "an array of paths", &spec->patterns)
      || !check_not_empty (self, spec->patterns))
    return FALSE;
  make_relative (spec->patterns, self->job->base_dir);

  return TRUE;
}

/* "-" is standard input; a file of that name is "./-". */
static gboolean
read_stream (GmParser    *self,
             JsonNode    *node,
             GmInputSpec *spec)
{
  const char *path;

  if (!gm_parser_get_text (self, node, &path))
    return FALSE;
  if (strcmp (path, "-") != 0)
    spec->path = gm_job_resolve_path (self->job, path);

  return TRUE;
}

static gboolean
read_option (GmParser    *self,
             const char  *name,
             JsonNode    *node,
             GmInputSpec *spec)
{
  if (strcmp (name, "header") == 0)
    {
      if (spec->kind != GM_INPUT_CSV)
        return gm_parser_fail (self, "only \"csv\" can have \"header\"");
      return gm_parser_get_boolean (self, node, &spec->header);
    }

  if (spec->kind != GM_INPUT_LINES)
    return gm_parser_fail (self, "only \"lines\" can have \"separator\"");
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      spec->nul_separated = strcmp (json_node_get_string (node), "NUL") == 0;
      if (spec->nul_separated || strcmp (json_node_get_string (node), "\n") == 0)
        return TRUE;
    }

  return gm_parser_fail_expected (self, "\"\\n\" or \"NUL\"", node);
}

static gboolean read_inputs (GmParser     *self,
                             JsonNode     *node,
                             gboolean      column,
                             GmInputSpec **spec);

static gboolean
read_product (GmParser    *self,
              JsonNode    *node,
              GmInputSpec *spec)
{
  JsonObject *object;
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (!gm_parser_get_object (self, node, &object))
    return FALSE;
  if (json_object_get_size (object) == 0)
    return gm_parser_fail (self, "expected at least one name with its values, "
                           "got an empty object");

  spec->names = g_ptr_array_new_with_free_func (g_free);
  spec->columns = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_input_spec_free);
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &value))
    {
      gsize mark = gm_parser_enter_member (self, name);
      GmInputSpec *column;

      if (!read_inputs (self, value, TRUE, &column))
        return FALSE;
      g_ptr_array_add (spec->names, g_strdup (name));
      g_ptr_array_add (spec->columns, column);
      gm_parser_leave (self, mark);
    }

  return TRUE;
}

/* GLib's decoder passes over what it doesn't know; what it has understood is written in one way. */
static GBytes *
decode (const char *base64)
{
  gsize size;
  guchar *data = g_base64_decode (base64, &size);
  g_autofree char *again = g_base64_encode (data, size);
  g_autoptr(GBytes) bytes = g_bytes_new_take (data, size);

  return strcmp (again, base64) == 0 ? g_steal_pointer (&bytes) : NULL;
}

/* A string, or {"base64": "..."} of one that is not UTF-8. */
static gboolean
read_argument (GmParser   *self,
               JsonNode   *node,
               GPtrArray  *list)
{
  static const char * const known[] = { "base64", NULL };
  g_autoptr(GBytes) bytes = NULL;
  const char *string;

  if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      string = json_node_get_string (node);
      g_ptr_array_add (list, g_bytes_new (string, strlen (string)));
      return TRUE;
    }
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return gm_parser_fail_expected (self, "a string or {\"base64\": ...}", node);
  if (!gm_parser_check_keys (self, json_node_get_object (node), known))
    return FALSE;
  node = json_object_get_member (json_node_get_object (node), "base64");
  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return gm_parser_fail (self, "expected {\"base64\": ...} with a string");

  bytes = decode (json_node_get_string (node));
  if (bytes == NULL)
    return gm_parser_fail (self, "expected base64, got \"%s\"", json_node_get_string (node));
  if (memchr (g_bytes_get_data (bytes, NULL), '\0', g_bytes_get_size (bytes)) != NULL)
    return gm_parser_fail (self, "an argument can't hold a NUL byte");
  g_ptr_array_add (list, g_steal_pointer (&bytes));

  return TRUE;
}

static gboolean
read_arguments (GmParser    *self,
                JsonNode    *node,
                GmInputSpec *spec)
{
  JsonArray *lists;
  JsonArray *words;

  if (!gm_parser_get_array (self, node, &lists))
    return FALSE;
  if (json_array_get_length (lists) == 0)
    return gm_parser_fail (self, "expected an array of arrays of strings, got an empty array");

  spec->arguments = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < json_array_get_length (lists); i++)
    {
      GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      gsize mark = gm_parser_enter_element (self, i);

      g_ptr_array_add (spec->arguments, list);
      if (!gm_parser_get_array (self, json_array_get_element (lists, i), &words))
        return FALSE;
      for (guint j = 0; j < json_array_get_length (words); j++)
        {
          gsize inner = gm_parser_enter_element (self, j);

          if (!read_argument (self, json_array_get_element (words, j), list))
            return FALSE;
          gm_parser_leave (self, inner);
        }
      gm_parser_leave (self, mark);
    }

  return TRUE;
}

/* In the order of GmInputKind. */
static const char * const kinds[] = {
  "range", "items", "glob", "files", "lines", "csv", "jsonl", "product", "arguments", NULL
};
static gboolean (* const readers[]) (GmParser *self, JsonNode *node, GmInputSpec *spec) = {
  read_range, read_items, read_glob, read_files, read_stream, read_stream, read_stream,
  read_product, read_arguments
};

static gboolean
read_kind (GmParser    *self,
           JsonObject  *object,
           GmInputSpec *spec)
{
  static const char * const options[] = { "header", "separator" };
  gsize mark = gm_parser_enter_member (self, kinds[spec->kind]);

  if (!readers[spec->kind] (self, json_object_get_member (object, kinds[spec->kind]), spec))
    return FALSE;
  gm_parser_leave (self, mark);

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (json_object_has_member (object, options[i]))
      {
        mark = gm_parser_enter_member (self, options[i]);
        if (!read_option (self, options[i], json_object_get_member (object, options[i]), spec))
          return FALSE;
        gm_parser_leave (self, mark);
      }

  return TRUE;
}

/* What can be known before it starts, and gone through again. */
static const char * const column_kinds[] = { "range", "items", "glob", "files", NULL };

static gboolean
check_keys (GmParser   *self,
            JsonObject *object,
            gboolean    column)
{
  static const char * const known[] = {
    "range", "items", "glob", "files", "lines", "csv", "jsonl", "product", "arguments",
    "header", "separator", NULL
  };

  for (guint i = GM_INPUT_LINES; column && kinds[i] != NULL; i++)
    if (json_object_has_member (object, kinds[i]))
      {
        gm_parser_enter_member (self, kinds[i]);
        return gm_parser_fail (self, "the values of a product can only be an array or "
                               "one of range, items, glob, files");
      }

  return gm_parser_check_keys (self, object, column ? column_kinds : known);
}

static gboolean
read_inputs (GmParser     *self,
             JsonNode     *node,
             gboolean      column,
             GmInputSpec **spec)
{
  g_autoptr(GmInputSpec) result = NULL;
  guint kind;

  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      result = gm_input_spec_new (GM_INPUT_ITEMS);
      if (!read_items (self, node, result))
        return FALSE;
    }
  else if (!JSON_NODE_HOLDS_OBJECT (node))
    return gm_parser_fail_expected (self, "an array of items or an object of one of the input "
                                    "kinds", node);
  else
    {
      JsonObject *object = json_node_get_object (node);

      if (!check_keys (self, object, column)
          || !gm_parser_get_kind (self, object, column ? column_kinds : kinds, &kind))
        return FALSE;
      result = gm_input_spec_new (kind);
      result->header = kind == GM_INPUT_CSV;
      if (!read_kind (self, object, result))
        return FALSE;
    }
  *spec = g_steal_pointer (&result);

  return TRUE;
}

/**
 * gm_parser_read_inputs:
 * @self: a parser
 * @node: the inputs, an object or an array
 *
 * Fills `inputs` of the job. Looks at no file.
 *
 * Returns: whether they are inputs; if not, the error is set
 */
gboolean
gm_parser_read_inputs (GmParser *self,
                       JsonNode *node)
{
  return read_inputs (self, node, FALSE, &self->job->inputs);
}
