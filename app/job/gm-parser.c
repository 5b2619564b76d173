/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "gm-parser.h"

#include "gm-json.h"

/**
 * gm_parser_enter_member:
 * @self: a parser
 * @name: the key of a member of the object at hand
 *
 * Goes down to a member, for error messages.
 *
 * Returns: what gm_parser_leave() needs to come back
 */
gsize
gm_parser_enter_member (GmParser   *self,
                        const char *name)
{
  gsize mark = self->path->len;
  gboolean plain = *name != '\0' && !g_ascii_isdigit (*name);

  for (const char *p = name; *p != '\0'; p++)
    plain = plain && (g_ascii_isalnum (*p) || *p == '_' || *p == '-');
  if (plain)
    g_string_append_printf (self->path, ".%s", name);
  else
    {
      g_string_append_c (self->path, '[');
      gm_json_append_string (self->path, name, -1);
      g_string_append_c (self->path, ']');
    }

  return mark;
}

/**
 * gm_parser_enter_element:
 * @self: a parser
 * @index: of an element of the array at hand
 *
 * Goes down to an element, for error messages.
 *
 * Returns: what gm_parser_leave() needs to come back
 */
gsize
gm_parser_enter_element (GmParser *self,
                         guint     index)
{
  gsize mark = self->path->len;

  g_string_append_printf (self->path, "[%u]", index);

  return mark;
}

/**
 * gm_parser_leave:
 * @self: a parser
 * @mark: what entering gave
 *
 * Goes back up.
 */
void
gm_parser_leave (GmParser *self,
                 gsize     mark)
{
  g_string_truncate (self->path, mark);
}

/**
 * gm_parser_fail:
 * @self: a parser
 * @format: what is wrong with the value at hand
 * @...: for @format
 *
 * Sets the error, with the place in front.
 *
 * Returns: %FALSE
 */
gboolean
gm_parser_fail (GmParser   *self,
                const char *format,
                ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  if (self->option != NULL)
    g_set_error (self->error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID, "%s: %s", self->option, message);
  else
    gm_job_set_error (self->job, self->error, self->path->str, "%s", message);

  return FALSE;
}

static const char *
describe_type (JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return "an object";
    case JSON_NODE_ARRAY:
      return "an array";
    case JSON_NODE_NULL:
      return "null";
    case JSON_NODE_VALUE:
    default:
      break;
    }
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      return "a string";
    case G_TYPE_BOOLEAN:
      return json_node_get_boolean (node) ? "true" : "false";
    default:
      return "a number";
    }
}

static gboolean
fail_expected_value (GmParser   *self,
                     const char *expected,
                     JsonNode   *node)
{
  g_autoptr(GString) got = g_string_new (NULL);

  gm_json_append_node (got, node);

  return gm_parser_fail (self, "expected %s, got %s", expected, got->str);
}

/**
 * gm_parser_fail_expected:
 * @self: a parser
 * @expected: what should be there, with an article
 * @node: what is there: numbers and strings are quoted, the rest named by its type
 *
 * Sets the error.
 *
 * Returns: %FALSE
 */
gboolean
gm_parser_fail_expected (GmParser   *self,
                         const char *expected,
                         JsonNode   *node)
{
  if (JSON_NODE_HOLDS_VALUE (node))
    return fail_expected_value (self, expected, node);

  return gm_parser_fail (self, "expected %s, got %s", expected, describe_type (node));
}

/* A mismatch of types names the types. */
static gboolean
fail_type (GmParser   *self,
           const char *expected,
           JsonNode   *node)
{
  if (self->option != NULL)
    return fail_expected_value (self, expected, node);

  return gm_parser_fail (self, "expected %s, got %s", expected, describe_type (node));
}

/* How many letters must be changed, added or dropped; letter case and - for _ cost nothing. */
static guint
edit_distance (const char *a,
               const char *b)
{
  guint row[32];
  guint n = strlen (b);

  if (n >= G_N_ELEMENTS (row))
    return G_MAXUINT;
  for (guint j = 0; j <= n; j++)
    row[j] = j;
  for (guint i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i + 1;
      for (guint j = 1; j <= n; j++)
        {
          char c = a[i] == '-' ? '_' : g_ascii_tolower (a[i]);
          guint changed = diagonal + (c != b[j - 1]);

          diagonal = row[j];
          row[j] = MIN (changed, MIN (row[j - 1], row[j]) + 1);
        }
    }

  return row[n];
}

/**
 * gm_parser_fail_unknown:
 * @self: a parser, at the object
 * @key: the unknown key in it
 * @known: (array zero-terminated=1): the keys there are
 *
 * Sets the error, with the nearest of @known if one is near.
 *
 * Returns: %FALSE
 */
gboolean
gm_parser_fail_unknown (GmParser           *self,
                        const char         *key,
                        const char * const *known)
{
  guint best_distance = MAX (strlen (key) / 3, 1);
  const char *best = NULL;
  g_autofree char *list = NULL;

  for (guint i = 0; known[i] != NULL; i++)
    {
      guint distance = edit_distance (key, known[i]);

      if (distance <= best_distance && (best == NULL || distance < best_distance))
        {
          best = known[i];
          best_distance = distance;
        }
    }

  gm_parser_enter_member (self, key);
  if (best != NULL)
    return gm_parser_fail (self, "unknown key, did you mean \"%s\"?", best);
  list = g_strjoinv (", ", (char **) known);

  return gm_parser_fail (self, "unknown key, expected one of %s", list);
}

/**
 * gm_parser_get_string:
 * @self: a parser
 * @node: the value at hand
 * @value: (out) (transfer none): what it holds
 *
 * Returns: whether it is a string, empty or not; if not, the error is set
 */
gboolean
gm_parser_get_string (GmParser    *self,
                      JsonNode    *node,
                      const char **value)
{
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    return fail_type (self, "a string", node);
  *value = json_node_get_string (node);

  return TRUE;
}

/**
 * gm_parser_get_text:
 * @self: a parser
 * @node: the value at hand
 * @value: (out) (transfer none): what it holds
 *
 * Returns: whether it is a string with something in it; if not, the error is set
 */
gboolean
gm_parser_get_text (GmParser    *self,
                    JsonNode    *node,
                    const char **value)
{
  const char *string = NULL;

  if (!gm_parser_get_string (self, node, &string))
    return FALSE;
  if (*string == '\0')
    return gm_parser_fail (self, "expected a string that is not empty");
  *value = string;

  return TRUE;
}

/**
 * gm_parser_get_integer:
 * @self: a parser
 * @node: the value at hand
 * @min: the least
 * @max: the greatest
 * @expected: what is expected, in words
 * @value: (out): the integer
 *
 * Returns: whether it is an integer in the range; if not, the error is set
 */
gboolean
gm_parser_get_integer (GmParser   *self,
                       JsonNode   *node,
                       gint64      min,
                       gint64      max,
                       const char *expected,
                       gint64     *value)
{
  gint64 number;

  if (json_node_get_value_type (node) != G_TYPE_INT64)
    return gm_parser_fail_expected (self, expected, node);
  number = json_node_get_int (node);
  if (number < min || number > max)
    return fail_expected_value (self, expected, node);
  *value = number;

  return TRUE;
}

/**
 * gm_parser_get_boolean:
 * @self: a parser
 * @node: the value at hand
 * @value: (out): what it holds
 *
 * Returns: whether it is a boolean; if not, the error is set
 */
gboolean
gm_parser_get_boolean (GmParser *self,
                       JsonNode *node,
                       gboolean *value)
{
  if (json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return gm_parser_fail_expected (self, "true or false", node);
  *value = json_node_get_boolean (node);

  return TRUE;
}

/**
 * gm_parser_get_number:
 * @node: a node
 * @value: (out): what it holds
 *
 * Returns: whether @node is a number, integer or not
 */
gboolean
gm_parser_get_number (JsonNode *node,
                      double   *value)
{
  GType type = json_node_get_value_type (node);

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = type == G_TYPE_INT64 ? (double) json_node_get_int (node) : json_node_get_double (node);

  return TRUE;
}

/**
 * gm_parser_get_percent:
 * @node: a node
 * @value: (out): 12.5 for "12.5%"
 *
 * Returns: whether @node is a string of a number above 0 and a percent sign
 */
gboolean
gm_parser_get_percent (JsonNode *node,
                       double   *value)
{
  const char *string;
  char *end;
  double number;

  if (json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  string = json_node_get_string (node);
  if (!g_ascii_isdigit (*string) || string[strspn (string, "0123456789.")] != '%')
    return FALSE;
  number = g_ascii_strtod (string, &end);
  if (strcmp (end, "%") != 0 || !(number > 0) || !isfinite (number))
    return FALSE;
  *value = number;

  return TRUE;
}

/* "a", "b" or "c" */
static char *
list_choices (const char * const *choices,
              const char         *last)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; choices[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append (list, choices[i + 1] != NULL ? ", " : last);
      g_string_append_printf (list, "\"%s\"", choices[i]);
    }

  return g_string_free (list, FALSE);
}

/**
 * gm_parser_get_choice:
 * @self: a parser
 * @node: the value at hand
 * @choices: (array zero-terminated=1): the words it may be
 * @value: (out): which it is
 *
 * Returns: whether it is one of them; if not, the error is set
 */
gboolean
gm_parser_get_choice (GmParser           *self,
                      JsonNode           *node,
                      const char * const *choices,
                      guint              *value)
{
  g_autofree char *list = NULL;

  if (json_node_get_value_type (node) == G_TYPE_STRING)
    for (guint i = 0; choices[i] != NULL; i++)
      if (strcmp (choices[i], json_node_get_string (node)) == 0)
        {
          *value = i;
          return TRUE;
        }
  list = list_choices (choices, " or ");

  return gm_parser_fail_expected (self, list, node);
}

/**
 * gm_parser_get_strings:
 * @self: a parser
 * @node: the value at hand
 * @expected: what is expected, in words
 * @value: (out) (transfer full): the strings
 *
 * Returns: whether it is an array of one string or more; if not, the error is set
 */
gboolean
gm_parser_get_strings (GmParser     *self,
                       JsonNode     *node,
                       const char   *expected,
                       char       ***value)
{
  g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return fail_type (self, expected, node);
  array = json_node_get_array (node);
  if (json_array_get_length (array) == 0)
    return gm_parser_fail (self, "expected %s, got an empty array", expected);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      gsize mark = gm_parser_enter_element (self, i);
      const char *string = NULL;

      if (!gm_parser_get_string (self, json_array_get_element (array, i), &string))
        return FALSE;
      g_ptr_array_add (strings, g_strdup (string));
      gm_parser_leave (self, mark);
    }
  g_ptr_array_add (strings, NULL);
  *value = (char **) g_ptr_array_free (g_steal_pointer (&strings), FALSE);

  return TRUE;
}

/**
 * gm_parser_get_array:
 * @self: a parser
 * @node: the value at hand
 * @value: (out) (transfer none): what it holds
 *
 * Returns: whether it is an array; if not, the error is set
 */
gboolean
gm_parser_get_array (GmParser   *self,
                     JsonNode   *node,
                     JsonArray **value)
{
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return fail_type (self, "an array", node);
  *value = json_node_get_array (node);

  return TRUE;
}

/**
 * gm_parser_get_object:
 * @self: a parser
 * @node: the value at hand
 * @value: (out) (transfer none): what it holds
 *
 * Returns: whether it is an object; if not, the error is set
 */
gboolean
gm_parser_get_object (GmParser    *self,
                      JsonNode    *node,
                      JsonObject **value)
{
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail_type (self, "an object", node);
  *value = json_node_get_object (node);

  return TRUE;
}

/**
 * gm_parser_get_kind:
 * @self: a parser
 * @object: the object at hand
 * @kinds: (array zero-terminated=1): the keys of which it must have one
 * @kind: (out): the one it has
 *
 * Returns: whether it has exactly one; if not, the error is set
 */
gboolean
gm_parser_get_kind (GmParser           *self,
                    JsonObject         *object,
                    const char * const *kinds,
                    guint              *kind)
{
  g_autofree char *list = list_choices (kinds, " and ");
  int found = -1;

  for (guint i = 0; kinds[i] != NULL; i++)
    {
      if (!json_object_has_member (object, kinds[i]))
        continue;
      if (found >= 0)
        return gm_parser_fail (self, "expected exactly one of %s, got \"%s\" and \"%s\"",
                               list, kinds[found], kinds[i]);
      found = i;
    }
  if (found < 0)
    return gm_parser_fail (self, "expected exactly one of %s, got none", list);
  *kind = found;

  return TRUE;
}

/**
 * gm_parser_check_keys:
 * @self: a parser
 * @object: the object at hand
 * @known: (array zero-terminated=1): the keys it may have
 *
 * Returns: whether it has no others; if not, the error is set
 */
gboolean
gm_parser_check_keys (GmParser           *self,
                      JsonObject         *object,
                      const char * const *known)
{
  JsonObjectIter iter;
  const char *name;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, NULL))
    if (!g_strv_contains (known, name))
      return gm_parser_fail_unknown (self, name, known);

  return TRUE;
}
