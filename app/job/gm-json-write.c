/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "gm-json.h"

#include "gm-json-private.h"

/* An array or object that fits is written on one line. */
#define PRETTY_WIDTH 80

#define ROW_PLAIN 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
#define ROW_NONE  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

const guint8 gm_json_plain_bytes[256] = {
  ROW_NONE, ROW_NONE,
  1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  /* not the quote */
  ROW_PLAIN, ROW_PLAIN,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1,  /* not the backslash */
  ROW_PLAIN, ROW_PLAIN,
  ROW_NONE, ROW_NONE, ROW_NONE, ROW_NONE, ROW_NONE, ROW_NONE, ROW_NONE, ROW_NONE,
};

/**
 * gm_json_utf8_length:
 * @p: where a character begins
 * @end: the end of the text
 *
 * Returns: how many bytes the character has, 0 if it is not UTF-8
 */
guint
gm_json_utf8_length (const char *p,
                     const char *end)
{
  const guchar *s = (const guchar *) p;
  guint len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3
            : s[0] < 0xf5 ? 4 : 0;

  if (len == 0 || (gsize) (end - p) < len)
    return 0;
  for (guint i = 1; i < len; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  /* Overlong forms, surrogates, beyond U+10FFFF. */
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)
      || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;

  return len;
}

/**
 * gm_json_append_char:
 * @out: where it goes
 * @c: a character of a string
 *
 * Appends @c, escaped if it must be.
 */
void
gm_json_append_char (GString  *out,
                     gunichar  c)
{
  static const char special[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";
  const char *found;

  if (c >= 0x80)
    {
      g_string_append_unichar (out, c);
      return;
    }
  if (gm_json_is_plain (c))
    {
      g_string_append_c (out, c);
      return;
    }

  found = c == 0 ? NULL : strchr (special, c);
  g_string_append_c (out, '\\');
  if (found != NULL)
    g_string_append_c (out, letters[found - special]);
  else
    g_string_append_printf (out, "u%04x", c);
}

/**
 * gm_json_append_string:
 * @out: where it goes
 * @string: UTF-8 text
 * @len: its length in bytes, or -1 if it ends with NUL
 *
 * Appends @string as a JSON string. What can't be in one, bytes that are not UTF-8 and NUL, becomes
 * U+FFFD, so the output is JSON whatever comes in.
 */
void
gm_json_append_string (GString    *out,
                       const char *string,
                       gssize      len)
{
  const char *end = string + (len < 0 ? strlen (string) : (gsize) len);
  const char *p = string;

  g_string_append_c (out, '"');
  while (p < end)
    {
      const char *run = p;
      guint n = 0;

      while (p < end && (gm_json_is_plain (*p) || (n = gm_json_utf8_length (p, end)) > 1))
        {
          p += MAX (n, 1);
          n = 0;
        }
      g_string_append_len (out, run, p - run);
      if (p == end)
        break;
      gm_json_append_char (out, *p == '\0' || n == 0 ? 0xfffd : (guchar) *p);
      p++;
    }
  g_string_append_c (out, '"');
}

/* The fewest significant digits that read back as value, as "d.ddde+XX" without trailing zeros. */
static void
format_shortest (char   *buffer,
                 gsize   size,
                 double  value)
{
  /* 15 digits always survive the way to a double and back, unless it is subnormal. */
  int precision = fabs (value) < 2.2250738585072014e-308 ? 0 : 14;

  for (; precision < 17; precision++)
    {
      char format[8];
      int unused_exponent;

      g_snprintf (format, sizeof format, "%%.%de", precision);
      g_ascii_formatd (buffer, size, format, value);
      if (g_ascii_strtod (buffer, NULL) == value)
        return;
      /* Below a power of two the doubles are denser: the digits above may do where the nearest
       * don't. */
      if (precision == 15 && fabs (frexp (value, &unused_exponent)) == 0.5)
        {
          char *last = strchr (buffer, 'e') - 1;

          if (*last != '9')
            {
              ++*last;
              if (g_ascii_strtod (buffer, NULL) == value)
                return;
            }
        }
    }
}

/**
 * gm_json_append_double:
 * @out: where it goes
 * @value: a finite number
 *
 * Appends @value with the fewest digits that read back equal, always with a dot or an exponent, so
 * that it stays a double. What is not finite has no JSON form: callers check, null is written.
 */
void
gm_json_append_double (GString *out,
                       double   value)
{
  char buffer[40];
  char digits[20];
  int n_digits = 0;
  int exponent;
  const char *p = buffer;

  if (!isfinite (value))
    {
      g_string_append (out, "null");
      return;
    }
  if (fabs (value) < 1e15 && value == trunc (value) && !(value == 0 && signbit (value)))
    {
      gm_json_append_int (out, (gint64) value);
      g_string_append (out, ".0");
      return;
    }

  format_shortest (buffer, sizeof buffer, value);
  if (*p == '-')
    g_string_append_c (out, *p++);
  for (; *p != 'e'; p++)
    if (*p != '.')
      digits[n_digits++] = *p;
  exponent = (int) g_ascii_strtoll (p + 1, NULL, 10);
  while (n_digits > 1 && digits[n_digits - 1] == '0')
    n_digits--;

  if (exponent < -4 || exponent >= 16)
    {
      g_string_append_c (out, digits[0]);
      if (n_digits > 1)
        g_string_append_c (out, '.');
      g_string_append_len (out, digits + 1, n_digits - 1);
      g_string_append_printf (out, "e%c%02d", exponent < 0 ? '-' : '+', ABS (exponent));
      return;
    }

  if (exponent < 0)
    g_string_append_len (out, "0.0000", 1 - exponent);
  else
    g_string_append_c (out, digits[0]);
  for (int i = exponent < 0 ? 0 : 1; i < MAX (n_digits, exponent + 2); i++)
    {
      if (i == exponent + 1 && exponent >= 0)
        g_string_append_c (out, '.');
      g_string_append_c (out, i < n_digits ? digits[i] : '0');
    }
}

/**
 * gm_json_append_int:
 * @out: where it goes
 * @value: any integer
 *
 * Appends @value in decimal.
 */
void
gm_json_append_int (GString *out,
                    gint64   value)
{
  char buffer[24];
  char *p = buffer + sizeof buffer;
  guint64 rest = value < 0 ? -(guint64) value : (guint64) value;

  do
    {
      *--p = '0' + rest % 10;
      rest /= 10;
    }
  while (rest > 0);
  if (value < 0)
    *--p = '-';

  g_string_append_len (out, p, buffer + sizeof buffer - p);
}

static void
append_scalar (GString  *out,
               JsonNode *node)
{
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      gm_json_append_string (out, json_node_get_string (node), -1);
      break;
    case G_TYPE_INT64:
      gm_json_append_int (out, json_node_get_int (node));
      break;
    case G_TYPE_DOUBLE:
      gm_json_append_double (out, json_node_get_double (node));
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
      break;
    default:
      g_string_append (out, "null");
      break;
    }
}

typedef struct
{
  const char *comma;
  const char *colon;
} Separators;

static void
append_separated (GString          *out,
                  JsonNode         *node,
                  const Separators *separators)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      const char *name;
      JsonNode *value;
      gboolean first = TRUE;

      g_string_append_c (out, '{');
      json_object_iter_init_ordered (&iter, json_node_get_object (node));
      while (json_object_iter_next_ordered (&iter, &name, &value))
        {
          if (!first)
            g_string_append (out, separators->comma);
          first = FALSE;
          gm_json_append_string (out, name, -1);
          g_string_append (out, separators->colon);
          append_separated (out, value, separators);
        }
      g_string_append_c (out, '}');
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      g_string_append_c (out, '[');
      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          if (i > 0)
            g_string_append (out, separators->comma);
          append_separated (out, json_array_get_element (array, i), separators);
        }
      g_string_append_c (out, ']');
    }
  else
    append_scalar (out, node);
}

/**
 * gm_json_append_node:
 * @out: where it goes
 * @node: a node
 *
 * Appends @node and what is in it, compactly.
 */
void
gm_json_append_node (GString  *out,
                     JsonNode *node)
{
  append_separated (out, node, &(Separators) { ",", ":" });
}

static void
append_line_start (GString *out,
                   guint    indent)
{
  g_string_append_c (out, '\n');
  for (guint i = 0; i < indent; i++)
    g_string_append (out, "  ");
}

static void append_indented (GString  *out,
                             JsonNode *node,
                             guint     indent);

static void
append_indented_object (GString    *out,
                        JsonObject *object,
                        guint       indent)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;
  gboolean first = TRUE;

  g_string_append_c (out, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &value))
    {
      if (!first)
        g_string_append_c (out, ',');
      first = FALSE;
      append_line_start (out, indent + 1);
      gm_json_append_string (out, name, -1);
      g_string_append (out, ": ");
      append_indented (out, value, indent + 1);
    }
  append_line_start (out, indent);
  g_string_append_c (out, '}');
}

static void
append_indented (GString  *out,
                 JsonNode *node,
                 guint     indent)
{
  gsize before = out->len;

  append_separated (out, node, &(Separators) { ", ", ": " });
  if (indent > 0 && out->len - before + 2 * indent <= PRETTY_WIDTH)
    return;

  if (JSON_NODE_HOLDS_OBJECT (node) && json_object_get_size (json_node_get_object (node)) > 0)
    {
      g_string_truncate (out, before);
      append_indented_object (out, json_node_get_object (node), indent);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) > 0)
    {
      JsonArray *array = json_node_get_array (node);

      g_string_truncate (out, before);
      g_string_append_c (out, '[');
      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          if (i > 0)
            g_string_append_c (out, ',');
          append_line_start (out, indent + 1);
          append_indented (out, json_array_get_element (array, i), indent + 1);
        }
      append_line_start (out, indent);
      g_string_append_c (out, ']');
    }
}

/**
 * gm_json_append_pretty:
 * @out: where it goes
 * @node: a node
 *
 * Appends @node for people: indented, with what fits on one line on one line, and a newline at the
 * end.
 */
void
gm_json_append_pretty (GString  *out,
                       JsonNode *node)
{
  append_indented (out, node, 0);
  g_string_append_c (out, '\n');
}
