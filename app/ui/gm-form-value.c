/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-form-value.h"

#include "gm-json.h"

G_DEFINE_ENUM_TYPE (GmFormKind, gm_form_kind,
  G_DEFINE_ENUM_VALUE (GM_FORM_TEXT, "text"),
  G_DEFINE_ENUM_VALUE (GM_FORM_NUMBER, "number"),
  G_DEFINE_ENUM_VALUE (GM_FORM_WORDS, "words"),
  G_DEFINE_ENUM_VALUE (GM_FORM_SCRIPT, "script"),
  G_DEFINE_ENUM_VALUE (GM_FORM_LINES, "lines"),
  G_DEFINE_ENUM_VALUE (GM_FORM_ITEMS, "items"),
  G_DEFINE_ENUM_VALUE (GM_FORM_NUMBERS, "numbers"),
  G_DEFINE_ENUM_VALUE (GM_FORM_ENV, "env"),
  G_DEFINE_ENUM_VALUE (GM_FORM_PRODUCT, "product"),
  G_DEFINE_ENUM_VALUE (GM_FORM_SWITCH, "switch"),
  G_DEFINE_ENUM_VALUE (GM_FORM_CHOICE, "choice"))

static gboolean
is_string (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

/* A string as it is, unless it would be read back as something else. */
static void
append_plain (GString  *out,
              JsonNode *node)
{
  g_autoptr(JsonNode) read_back = NULL;
  const char *text;

  if (!is_string (node))
    {
      gm_json_append_node (out, node);
      return;
    }
  text = json_node_get_string (node);
  read_back = gm_json_parse (text, strlen (text), NULL, NULL);
  if (read_back != NULL || strchr (text, '\n') != NULL)
    gm_json_append_node (out, node);
  else
    g_string_append (out, text);
}

static JsonNode *
read_plain (const char *text)
{
  JsonNode *node = gm_json_parse (text, strlen (text), NULL, NULL);

  return node != NULL ? node : json_node_init_string (json_node_alloc (), text);
}

static void
append_elements (GString    *out,
                 GmFormKind  kind,
                 JsonArray  *array)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (i > 0)
        g_string_append (out, kind == GM_FORM_WORDS ? " " : kind == GM_FORM_NUMBERS ? ", " : "\n");
      if (kind == GM_FORM_WORDS && is_string (element))
        {
          const char *word = json_node_get_string (element);
          g_autofree char *quoted = g_shell_quote (word);

          g_string_append (out, *word != '\0' && strpbrk (word, " \t\n'\"\\$`#") == NULL ? word
                                                                                         : quoted);
        }
      else if (kind == GM_FORM_LINES && is_string (element))
        g_string_append (out, json_node_get_string (element));
      else
        append_plain (out, element);
    }
}

static void
append_members (GString    *out,
                GmFormKind  kind,
                JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (out->len > 0)
        g_string_append_c (out, '\n');
      g_string_append_printf (out, kind == GM_FORM_ENV ? "%s=" : "%s: ", name);
      if (kind == GM_FORM_ENV && is_string (node))
        g_string_append (out, json_node_get_string (node));
      else
        gm_json_append_node (out, node);
    }
}

/**
 * gm_form_value_to_text:
 * @kind: how it is written
 * @node: (nullable): a value of a job file, also a wrong one
 *
 * Returns: (transfer full): what a field shows
 */
char *
gm_form_value_to_text (GmFormKind  kind,
                       JsonNode   *node)
{
  GString *out = g_string_new (NULL);

  if (node == NULL)
    return g_string_free (out, FALSE);
  if (is_string (node))
    g_string_append (out, json_node_get_string (node));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    append_elements (out, kind, json_node_get_array (node));
  else if (JSON_NODE_HOLDS_OBJECT (node) && (kind == GM_FORM_ENV || kind == GM_FORM_PRODUCT))
    append_members (out, kind, json_node_get_object (node));
  else
    gm_json_append_node (out, node);

  return g_string_free (out, FALSE);
}

static JsonNode *
take_array (JsonArray *array)
{
  JsonNode *node = json_node_init_array (json_node_alloc (), array);

  json_array_unref (array);

  return node;
}

static JsonNode *
read_words (const char  *text,
            GError     **error)
{
  g_auto(GStrv) words = NULL;
  g_autoptr(GError) local_error = NULL;
  JsonArray *array;

  if (!g_shell_parse_argv (text, NULL, &words, &local_error)
      && !g_error_matches (local_error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                           _("A quotation mark has no partner"));
      return NULL;
    }
  array = json_array_new ();
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    json_array_add_string_element (array, words[i]);

  return take_array (array);
}

static JsonNode *
read_elements (GmFormKind  kind,
               const char *text)
{
  g_auto(GStrv) lines = g_strsplit_set (text, kind == GM_FORM_NUMBERS ? ", " : "\n", -1);
  JsonArray *array = json_array_new ();

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (*lines[i] == '\0')
        continue;
      if (kind == GM_FORM_LINES)
        json_array_add_string_element (array, lines[i]);
      else
        json_array_add_element (array, read_plain (lines[i]));
    }

  return take_array (array);
}

/* `1, 2, 3` is short for the array. */
static JsonNode *
read_list (const char *text)
{
  g_auto(GStrv) words = NULL;
  JsonNode *node = gm_json_parse (text, strlen (text), NULL, NULL);
  JsonArray *array;

  if (node != NULL && !JSON_NODE_HOLDS_VALUE (node))
    return node;
  g_clear_pointer (&node, json_node_unref);
  words = g_strsplit (text, ",", -1);
  array = json_array_new ();
  for (guint i = 0; words[i] != NULL; i++)
    json_array_add_element (array, read_plain (g_strstrip (words[i])));

  return take_array (array);
}

static JsonNode *
read_members (GmFormKind   kind,
              const char  *text,
              GError     **error)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr(JsonObject) object = json_object_new ();

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *separator = strchr (lines[i], kind == GM_FORM_ENV ? '=' : ':');

      if (*lines[i] == '\0')
        continue;
      if (separator == NULL)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       kind == GM_FORM_ENV ? _("Line %u: expected NAME=value")
                                           : _("Line %u: expected “name: value, value, …”"), i + 1);
          return NULL;
        }
      *separator++ = '\0';
      if (kind == GM_FORM_ENV)
        json_object_set_string_member (object, lines[i], separator);
      else
        json_object_set_member (object, g_strstrip (lines[i]), read_list (g_strstrip (separator)));
    }

  return json_node_init_object (json_node_alloc (), object);
}

/**
 * gm_form_value_from_text:
 * @kind: how it is written
 * @text: what stands in a field
 * @node: (out) (nullable) (transfer full): the value; %NULL for the default
 * @error: return location for an error
 *
 * Whether the value is allowed is for the job to say; only what can't be told as JSON is an error.
 *
 * Returns: %FALSE if @text can't be understood
 */
gboolean
gm_form_value_from_text (GmFormKind   kind,
                         const char  *text,
                         JsonNode   **node,
                         GError     **error)
{
  gboolean required = kind == GM_FORM_WORDS || kind == GM_FORM_SCRIPT || kind == GM_FORM_LINES
                      || kind == GM_FORM_ITEMS || kind == GM_FORM_PRODUCT;

  *node = NULL;
  if (*text == '\0' && !required)
    return TRUE;
  switch (kind)
    {
    case GM_FORM_NUMBER:
      *node = read_plain (text);
      if (!JSON_NODE_HOLDS_VALUE (*node))
        *node = json_node_init_string (*node, text);
      break;
    case GM_FORM_WORDS:
      *node = read_words (text, error);
      break;
    case GM_FORM_LINES:
    case GM_FORM_ITEMS:
    case GM_FORM_NUMBERS:
      *node = read_elements (kind, text);
      break;
    case GM_FORM_ENV:
    case GM_FORM_PRODUCT:
      *node = read_members (kind, text, error);
      break;
    case GM_FORM_TEXT:
    case GM_FORM_SCRIPT:
    case GM_FORM_SWITCH:
    case GM_FORM_CHOICE:
    default:
      *node = json_node_init_string (json_node_alloc (), text);
      break;
    }

  return *node != NULL;
}
