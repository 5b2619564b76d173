/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "gm-json-variant.h"

#include "gm-json-private.h"
#include "gm-json.h"

/* GVariant reads nothing that is nested deeper than 128 levels once it is serialised. */
#define MAX_VARIANT_DEPTH 120

/* A result nested deeper could not be read back. */
#define MAX_JSON_DEPTH 500

static GVariant *read_value (const char **p,
                             guint        depth,
                             GString     *scratch,
                             GError     **error);

static GVariant *
read_array (const char **p,
            guint        depth,
            GString     *scratch,
            GError     **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (++*p; **p != ']'; *p += **p == ',')
    {
      GVariant *value = read_value (p, depth + 2, scratch, error);

      if (value == NULL)
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
      g_variant_builder_add_value (&builder, g_variant_new_variant (value));
    }
  ++*p;

  return g_variant_builder_end (&builder);
}

static GVariant *
read_object (const char **p,
             guint        depth,
             GString     *scratch,
             GError     **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (++*p; **p != '}'; *p += **p == ',')
    {
      GVariant *key;
      GVariant *value;

      g_string_truncate (scratch, 0);
      *p = gm_json_unescape (scratch, *p) + 1;
      key = g_variant_ref_sink (g_variant_new_string (scratch->str));
      value = read_value (p, depth + 3, scratch, error);
      if (value != NULL)
        g_variant_builder_add_value (&builder,
                                     g_variant_new_dict_entry (key, g_variant_new_variant (value)));
      g_variant_unref (key);
      if (value == NULL)
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
    }
  ++*p;

  return g_variant_builder_end (&builder);
}

/* A floating value from checked, compact text. */
static GVariant *
read_value (const char **p,
            guint        depth,
            GString     *scratch,
            GError     **error)
{
  const char *start = *p;

  if (depth > MAX_VARIANT_DEPTH)
    {
      g_set_error_literal (error, GM_JSON_ERROR, GM_JSON_ERROR_VALUE,
                           "the value is nested too deeply for a function");
      return NULL;
    }

  if (*start == '[')
    return read_array (p, depth, scratch, error);
  if (*start == '{')
    return read_object (p, depth, scratch, error);

  *p = gm_json_skip (start);
  switch (*start)
    {
    case '"':
      g_string_truncate (scratch, 0);
      gm_json_unescape (scratch, start);
      return g_variant_new_string (scratch->str);
    case 't':
    case 'f':
      return g_variant_new_boolean (*start == 't');
    case 'n':
      return g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL);
    default:
      if (start + strcspn (start, ".eE,]}") < *p)
        return g_variant_new_double (g_ascii_strtod (start, NULL));
      return g_variant_new_int64 (g_ascii_strtoll (start, NULL, 10));
    }
}

/* Most items: an integer or a string that needs no second look. */
static GVariant *
read_simple (const char *text,
             gsize       len)
{
  gint64 value = 0;
  gsize i;

  if (len >= 2 && text[0] == '"' && text[len - 1] == '"')
    {
      for (i = 1; i < len - 1; i++)
        if (!gm_json_is_plain (text[i]))
          return NULL;
      return g_variant_new_take_string (g_strndup (text + 1, len - 2));
    }
  if (len == 0 || len > 18 || (text[0] == '0' && len > 1))
    return NULL;
  for (i = 0; i < len; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return NULL;
      value = value * 10 + (text[i] - '0');
    }

  return g_variant_new_int64 (value);
}

/**
 * gm_json_to_variant:
 * @text: JSON
 * @len: its length
 * @error: return location for an error
 *
 * Gives a JSON value the type functions get it in: integers `x`, other numbers `d`, strings `s`,
 * booleans `b`, null `mv`, arrays `av`, objects `a{sv}`.
 *
 * Returns: (transfer full): the value, not floating, or %NULL if @text is not JSON or nested deeper
 *   than a #GVariant can be
 */
GVariant *
gm_json_to_variant (const char  *text,
                    gsize        len,
                    GError     **error)
{
  g_autoptr(GString) compact = NULL;
  g_autoptr(GString) scratch = NULL;
  GVariant *value = read_simple (text, len);
  GmJsonPosition position;
  const char *p;

  if (value != NULL)
    return g_variant_ref_sink (value);

  compact = g_string_sized_new (len);
  if (!gm_json_compact (compact, text, len, &position, error))
    {
      g_prefix_error (error, "%u:%u: ", position.line, position.column);
      return NULL;
    }
  scratch = g_string_new (NULL);
  p = compact->str;
  value = read_value (&p, 1, scratch, error);

  return value != NULL ? g_variant_ref_sink (value) : NULL;
}

static gboolean append_value (GString   *out,
                              GVariant  *value,
                              guint      depth,
                              GError   **error);

static gboolean
append_double (GString  *out,
               double    value,
               GError  **error)
{
  if (!isfinite (value))
    {
      g_set_error (error, GM_JSON_ERROR, GM_JSON_ERROR_VALUE,
                   "a number that is %s has no JSON form",
                   isnan (value) ? "not a number (NaN)" : "infinite");
      return FALSE;
    }
  gm_json_append_double (out, value);

  return TRUE;
}

static gboolean
append_uint64 (GString  *out,
               guint64   value,
               GError  **error)
{
  if (value > G_MAXINT64)
    {
      g_set_error (error, GM_JSON_ERROR, GM_JSON_ERROR_VALUE,
                   "the integer %" G_GUINT64_FORMAT " is above 9223372036854775807", value);
      return FALSE;
    }
  gm_json_append_int (out, value);

  return TRUE;
}

/* Object keys are strings: what is not one is written as its JSON text. */
static gboolean
append_key (GString     *out,
            GVariant    *key,
            GHashTable  *seen,
            guint        depth,
            GError     **error)
{
  g_autoptr(GString) name = g_string_new (NULL);

  if (g_variant_is_of_type (key, G_VARIANT_TYPE_STRING)
      || g_variant_is_of_type (key, G_VARIANT_TYPE_OBJECT_PATH)
      || g_variant_is_of_type (key, G_VARIANT_TYPE_SIGNATURE))
    g_string_append (name, g_variant_get_string (key, NULL));
  else if (!append_value (name, key, depth, error))
    return FALSE;

  gm_json_append_string (out, name->str, name->len);
  if (seen != NULL && !g_hash_table_add (seen, g_strdup (name->str)))
    {
      g_set_error (error, GM_JSON_ERROR, GM_JSON_ERROR_VALUE,
                   "the key \"%s\" is there twice", name->str);
      return FALSE;
    }

  return TRUE;
}

static gboolean
append_entry (GString     *out,
              GVariant    *entry,
              GHashTable  *seen,
              guint        depth,
              GError     **error)
{
  g_autoptr(GVariant) key = g_variant_get_child_value (entry, 0);
  g_autoptr(GVariant) value = g_variant_get_child_value (entry, 1);

  if (!append_key (out, key, seen, depth, error))
    return FALSE;
  g_string_append_c (out, ':');

  return append_value (out, value, depth + 1, error);
}

static gboolean
append_dictionary (GString   *out,
                   GVariant  *value,
                   guint      depth,
                   GError   **error)
{
  gsize n = g_variant_n_children (value);
  g_autoptr(GHashTable) seen = NULL;

  if (n > 1)
    seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_string_append_c (out, '{');
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (value, i);

      if (i > 0)
        g_string_append_c (out, ',');
      if (!append_entry (out, entry, seen, depth, error))
        return FALSE;
    }
  g_string_append_c (out, '}');

  return TRUE;
}

/* A bytestring ends with its only NUL; one that is text becomes a string. */
static gboolean
append_bytestring (GString  *out,
                   GVariant *value)
{
  gsize size;
  const char *bytes = g_variant_get_fixed_array (value, &size, 1);

  if (size == 0 || bytes[size - 1] != '\0' || !g_utf8_validate_len (bytes, size - 1, NULL))
    return FALSE;
  gm_json_append_string (out, bytes, size - 1);

  return TRUE;
}

static gboolean
append_sequence (GString   *out,
                 GVariant  *value,
                 guint      depth,
                 GError   **error)
{
  gsize n = g_variant_n_children (value);

  g_string_append_c (out, '[');
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr(GVariant) child = g_variant_get_child_value (value, i);

      if (i > 0)
        g_string_append_c (out, ',');
      if (!append_value (out, child, depth + 1, error))
        return FALSE;
    }
  g_string_append_c (out, ']');

  return TRUE;
}

static gboolean
append_container (GString   *out,
                  GVariant  *value,
                  guint      depth,
                  GError   **error)
{
  GVariantClass kind = g_variant_classify (value);

  if (depth > MAX_JSON_DEPTH)
    {
      g_set_error (error, GM_JSON_ERROR, GM_JSON_ERROR_VALUE,
                   "nested more than %d levels deep", MAX_JSON_DEPTH);
      return FALSE;
    }

  if (kind == G_VARIANT_CLASS_VARIANT || kind == G_VARIANT_CLASS_MAYBE)
    {
      g_autoptr(GVariant) child = NULL;

      if (g_variant_n_children (value) == 1)
        child = g_variant_get_child_value (value, 0);
      if (child != NULL)
        return append_value (out, child, depth + 1, error);
      g_string_append (out, "null");
      return TRUE;
    }
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
    return append_dictionary (out, value, depth, error);
  if (kind == G_VARIANT_CLASS_DICT_ENTRY)
    {
      g_string_append_c (out, '{');
      if (!append_entry (out, value, NULL, depth, error))
        return FALSE;
      g_string_append_c (out, '}');
      return TRUE;
    }
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING) && append_bytestring (out, value))
    return TRUE;

  return append_sequence (out, value, depth, error);
}

static gboolean
append_value (GString   *out,
              GVariant  *value,
              guint      depth,
              GError   **error)
{
  gsize len;
  const char *string;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      g_string_append (out, g_variant_get_boolean (value) ? "true" : "false");
      return TRUE;
    case G_VARIANT_CLASS_BYTE:
      gm_json_append_int (out, g_variant_get_byte (value));
      return TRUE;
    case G_VARIANT_CLASS_INT16:
      gm_json_append_int (out, g_variant_get_int16 (value));
      return TRUE;
    case G_VARIANT_CLASS_UINT16:
      gm_json_append_int (out, g_variant_get_uint16 (value));
      return TRUE;
    case G_VARIANT_CLASS_INT32:
      gm_json_append_int (out, g_variant_get_int32 (value));
      return TRUE;
    case G_VARIANT_CLASS_UINT32:
      gm_json_append_int (out, g_variant_get_uint32 (value));
      return TRUE;
    case G_VARIANT_CLASS_INT64:
      gm_json_append_int (out, g_variant_get_int64 (value));
      return TRUE;
    case G_VARIANT_CLASS_UINT64:
      return append_uint64 (out, g_variant_get_uint64 (value), error);
    case G_VARIANT_CLASS_HANDLE:
      gm_json_append_int (out, g_variant_get_handle (value));
      return TRUE;
    case G_VARIANT_CLASS_DOUBLE:
      return append_double (out, g_variant_get_double (value), error);
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
      string = g_variant_get_string (value, &len);
      gm_json_append_string (out, string, len);
      return TRUE;
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
      return append_container (out, value, depth, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

/**
 * gm_json_append_variant:
 * @out: where it goes
 * @value: any value
 * @error: return location for an error
 *
 * Appends @value as JSON, the way back from gm_json_to_variant(). What that doesn't make is taken
 * too: the other integers are numbers, a maybe is its value or null, a variant what is in it, a
 * tuple an array, a dictionary with whatever keys an object, an `ay` that ends with NUL and is
 * UTF-8 a string.
 *
 * Returns: %FALSE if JSON has no form for it: a number that is not finite, an integer beyond int64,
 *   the same key twice. @out is then as it was
 */
gboolean
gm_json_append_variant (GString   *out,
                        GVariant  *value,
                        GError   **error)
{
  gsize before = out->len;

  if (append_value (out, value, 1, error))
    return TRUE;
  g_string_truncate (out, before);

  return FALSE;
}
