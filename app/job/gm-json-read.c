/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-json.h"

/* Reading text that is known to be JSON: but for escapes nothing is checked here. */

/**
 * gm_json_skip_space:
 * @text: checked JSON
 *
 * Returns: (transfer none): the first character of @text that is not space
 */
const char *
gm_json_skip_space (const char *text)
{
  while (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t')
    text++;

  return text;
}

static const char *
skip_string (const char *p)
{
  for (p++; *p != '"'; p++)
    if (*p == '\\')
      p++;

  return p + 1;
}

/**
 * gm_json_skip:
 * @text: checked JSON, at the first character of a value
 *
 * Returns: (transfer none): what follows the value
 */
const char *
gm_json_skip (const char *text)
{
  const char *p = text;
  guint depth = 0;

  do
    {
      if (*p == '"')
        p = skip_string (p);
      else if (*p == '[' || *p == '{')
        depth++, p++;
      else if (*p == ']' || *p == '}')
        depth--, p++;
      else if (depth > 0)
        p++;
      else
        return p + strcspn (p, ",]} \n\r\t");
    }
  while (depth > 0);

  return p;
}

/**
 * gm_json_find_member:
 * @object: an object as gm_json_compact() writes it
 * @name: a name that needs no escapes
 *
 * Returns: (transfer none) (nullable): where the value of that name begins in @object
 */
const char *
gm_json_find_member (const char *object,
                     const char *name)
{
  gsize len = strlen (name);

  /* Each member is `"name":value` and a comma or the closing brace. */
  for (const char *p = object + 1; *p == '"'; p += *p == ',')
    {
      const char *value = gm_json_skip (p) + 1;

      if ((gsize) (value - p) == len + 3 && memcmp (p + 1, name, len) == 0)
        return value;
      p = gm_json_skip (value);
    }

  return NULL;
}

/* The number of a `\uXXXX` at @p, or -1; the NUL at the end of a text is no digit. */
static int
read_unit (const char *p)
{
  int unit = 0;

  if (p[0] != '\\' || p[1] != 'u')
    return -1;
  for (int i = 2; i < 6; i++)
    {
      if (!g_ascii_isxdigit (p[i]))
        return -1;
      unit = unit * 16 + g_ascii_xdigit_value (p[i]);
    }

  return unit;
}

/* Returns: (nullable): what follows the escape at @p, %NULL if it stands for no character */
static const char *
unescape_one (GString    *out,
              const char *p)
{
  static const char letters[] = "\"\\/bfnrt";
  static const char meant[] = "\"\\/\b\f\n\r\t";
  const char *found;
  int unit, low;

  if (p[1] != 'u')
    {
      found = p[1] == '\0' ? NULL : strchr (letters, p[1]);
      if (found == NULL)
        return NULL;
      g_string_append_c (out, meant[found - letters]);
      return p + 2;
    }

  unit = read_unit (p);
  if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
    return NULL;
  if (unit < 0xd800 || unit > 0xdbff)
    {
      g_string_append_unichar (out, unit);
      return p + 6;
    }
  low = read_unit (p + 6);
  if (low < 0xdc00 || low > 0xdfff)
    return NULL;
  g_string_append_unichar (out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));

  return p + 12;
}

/**
 * gm_json_unescape:
 * @out: where the characters go
 * @text: JSON, checked or not, at the opening quote of a string
 *
 * Appends what the string stands for. Nothing is read beyond the end of @text; where the string is
 * not closed or an escape is bad, @out is as it was.
 *
 * Returns: (transfer none) (nullable): what follows the string; never %NULL for checked JSON
 */
const char *
gm_json_unescape (GString    *out,
                  const char *text)
{
  gsize before = out->len;
  const char *p = text + 1;

  while (p != NULL)
    {
      gsize run = strcspn (p, "\"\\");

      g_string_append_len (out, p, run);
      p += run;
      if (*p == '"')
        return p + 1;
      p = *p == '\\' ? unescape_one (out, p) : NULL;
    }
  g_string_truncate (out, before);

  return NULL;
}

static JsonNode *build_value (const char **p,
                              GString     *scratch);

static JsonNode *
build_object (const char **p,
              GString     *scratch)
{
  JsonObject *object = json_object_new ();
  JsonNode *node = json_node_init_object (json_node_alloc (), object);

  json_object_unref (object);
  for (++*p; **p != '}'; *p += **p == ',')
    {
      g_autofree char *name = NULL;

      g_string_truncate (scratch, 0);
      *p = gm_json_unescape (scratch, *p) + 1;
      name = g_strdup (scratch->str);
      json_object_set_member (object, name, build_value (p, scratch));
    }
  ++*p;

  return node;
}

static JsonNode *
build_array (const char **p,
             GString     *scratch)
{
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_init_array (json_node_alloc (), array);

  json_array_unref (array);
  for (++*p; **p != ']'; *p += **p == ',')
    json_array_add_element (array, build_value (p, scratch));
  ++*p;

  return node;
}

static JsonNode *
build_scalar (const char **p,
              GString     *scratch)
{
  JsonNode *node = json_node_alloc ();
  const char *start = *p;
  const char *end = gm_json_skip (start);

  *p = end;
  switch (*start)
    {
    case '"':
      g_string_truncate (scratch, 0);
      gm_json_unescape (scratch, start);
      return json_node_init_string (node, scratch->str);
    case 't':
    case 'f':
      return json_node_init_boolean (node, *start == 't');
    case 'n':
      return json_node_init_null (node);
    default:
      if (start + strcspn (start, ".eE,]}") < end)
        return json_node_init_double (node, g_ascii_strtod (start, NULL));
      return json_node_init_int (node, g_ascii_strtoll (start, NULL, 10));
    }
}

static JsonNode *
build_value (const char **p,
             GString     *scratch)
{
  if (**p == '{')
    return build_object (p, scratch);
  if (**p == '[')
    return build_array (p, scratch);

  return build_scalar (p, scratch);
}

/**
 * gm_json_parse:
 * @text: any bytes
 * @len: how many
 * @position: (out) (optional): where it is wrong
 * @error: return location for an error
 *
 * As gm_json_compact(), but makes nodes. json-glib's own parser is not used: it takes what is not
 * JSON and changes values (integers beyond int64, strings with \u0000).
 *
 * Returns: (transfer full): the value, or %NULL
 */
JsonNode *
gm_json_parse (const char      *text,
               gsize            len,
               GmJsonPosition  *position,
               GError         **error)
{
  g_autoptr(GString) compact = g_string_sized_new (len);
  g_autoptr(GString) scratch = NULL;
  const char *p;

  if (!gm_json_compact (compact, text, len, position, error))
    return NULL;

  scratch = g_string_new (NULL);
  p = compact->str;

  return build_value (&p, scratch);
}

/* One step of a path: moves text from a container to the value the step names. */
static const char *
step_to_member (const char *text,
                const char *name)
{
  g_autoptr(GString) key = g_string_new (NULL);

  if (*text != '{')
    return NULL;
  for (text = gm_json_skip_space (text + 1); *text != '}';)
    {
      g_string_truncate (key, 0);
      text = gm_json_skip_space (gm_json_unescape (key, text));
      text = gm_json_skip_space (text + 1);
      if (strcmp (key->str, name) == 0)
        return text;
      text = gm_json_skip_space (gm_json_skip (text));
      if (*text == ',')
        text = gm_json_skip_space (text + 1);
    }

  return NULL;
}

static const char *
step_to_element (const char *text,
                 guint64     index)
{
  if (*text != '[')
    return NULL;
  for (text = gm_json_skip_space (text + 1); *text != ']'; index--)
    {
      if (index == 0)
        return text;
      text = gm_json_skip_space (gm_json_skip (text));
      if (*text == ',')
        text = gm_json_skip_space (text + 1);
    }

  return NULL;
}

/**
 * gm_json_find_line:
 * @text: checked JSON
 * @path: a path such as `$.task.command[0]` or `$.env["a b"]`
 *
 * Looks for the value again, which only errors need, so that no line is kept for each value.
 *
 * Returns: the line where the value begins, from 1; where @path leads nowhere, that of the last
 *   value on the way
 */
guint
gm_json_find_line (const char *text,
                   const char *path)
{
  const char *at = gm_json_skip_space (text);
  guint line = 1;

  for (path++; *path != '\0';)
    {
      g_autoptr(GString) name = g_string_new (NULL);
      const char *next;

      if (path[0] == '[' && path[1] != '"')
        {
          next = step_to_element (at, g_ascii_strtoull (path + 1, (char **) &path, 10));
          path++;
        }
      else
        {
          if (path[0] == '[')
            path = gm_json_unescape (name, path + 1) + 1;
          else
            {
              gsize len = strcspn (++path, ".[");

              g_string_append_len (name, path, len);
              path += len;
            }
          next = step_to_member (at, name->str);
        }
      if (next == NULL)
        break;
      at = next;
    }
  for (const char *p = text; p < at; p++)
    line += *p == '\n';

  return line;
}
