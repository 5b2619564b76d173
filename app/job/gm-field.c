/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-field.h"

/* A letter or "_", then letters, digits, "_", "-". Letters are those of all scripts. */
static const char *
skip_name (const char *p)
{
  const char *start = p;

  for (;;)
    {
      gunichar c = g_utf8_get_char (p);

      if (!(c == '_' || g_unichar_isalpha (c)
            || (p > start && (c == '-' || g_unichar_isdigit (c)))))
        return p;
      p = g_utf8_next_char (p);
    }
}

static const char *
skip_part (const char *p,
           GmPathPart *part)
{
  *part = GM_PATH_WHOLE;
  if (p[0] == '.')
    *part = GM_PATH_NO_EXTENSION;
  else if (p[0] == '/' && p[1] == '/')
    *part = GM_PATH_FOLDER;
  else if (p[0] == '/' && p[1] == '.')
    *part = GM_PATH_STEM;
  else if (p[0] == '/')
    *part = GM_PATH_BASE;
  switch (*part)
    {
    case GM_PATH_NO_EXTENSION:
    case GM_PATH_BASE:
      return p + 1;
    case GM_PATH_FOLDER:
    case GM_PATH_STEM:
      return p + 2;
    case GM_PATH_WHOLE:
    default:
      return p;
    }
}

/**
 * gm_field_scan:
 * @text: text at an opening brace
 * @field: (out) (transfer full): the replacement string there
 *
 * Returns: (transfer none) (nullable): what follows the replacement string, or %NULL if the brace
 *   is just a brace
 */
const char *
gm_field_scan (const char  *text,
               GmField    **field)
{
  const char *start = text + 1;
  const char *p = start;
  GmField found = { .kind = GM_FIELD_ITEM };

  if (*p == '#' || *p == '%')
    found.kind = *p++ == '#' ? GM_FIELD_INDEX : GM_FIELD_SLOT;
  else if (g_ascii_isdigit (*p))
    {
      guint64 column = g_ascii_strtoull (p, (char **) &p, 10);

      found.kind = GM_FIELD_COLUMN;
      found.column = (guint) MIN (column, G_MAXUINT);
    }
  else if (skip_name (p) > p)
    {
      found.kind = GM_FIELD_MEMBER;
      p = skip_name (p);
    }

  if (found.kind == GM_FIELD_MEMBER)
    found.name = g_strndup (start, p - start);
  if (found.kind != GM_FIELD_INDEX && found.kind != GM_FIELD_SLOT)
    p = skip_part (p, &found.part);
  if (*p != '}')
    {
      g_free (found.name);
      return NULL;
    }
  found.text = g_strndup (text, p + 1 - text);
  *field = g_memdup2 (&found, sizeof found);

  return p + 1;
}

/**
 * gm_field_free:
 * @field: (transfer full): a replacement string
 *
 * Frees it.
 */
void
gm_field_free (GmField *field)
{
  g_free (field->name);
  g_free (field->text);
  g_free (field);
}

/* Where the extension's dot is, or len. */
static gsize
find_extension (const char *path,
                gsize       base,
                gsize       len)
{
  const char *dot = memrchr (path + base, '.', len - base);

  if (dot == NULL || dot == path + base || (len - base == 2 && path[base] == '.'))
    return len;

  return dot - path;
}

/**
 * gm_path_part_append:
 * @out: where it goes
 * @part: which part
 * @path: a path, any bytes
 * @len: its length
 *
 * Appends a part of @path. An extension is what follows the last dot of the base name, unless that
 * is its first character; slashes at the end don't count.
 */
void
gm_path_part_append (GString    *out,
                     GmPathPart  part,
                     const char *path,
                     gsize       len)
{
  gsize base;

  if (part == GM_PATH_WHOLE)
    {
      g_string_append_len (out, path, len);
      return;
    }

  while (len > 1 && path[len - 1] == '/')
    len--;
  for (base = len; base > 0 && path[base - 1] != '/'; base--)
    ;
  if (len == 1 && base == 1)
    base = 0;

  switch (part)
    {
    case GM_PATH_NO_EXTENSION:
      g_string_append_len (out, path, find_extension (path, base, len));
      break;
    case GM_PATH_BASE:
      g_string_append_len (out, path + base, len - base);
      break;
    case GM_PATH_STEM:
      g_string_append_len (out, path + base, find_extension (path, base, len) - base);
      break;
    case GM_PATH_FOLDER:
      while (base > 1 && path[base - 1] == '/')
        base--;
      if (base > 0 || (len == 1 && *path == '/'))
        g_string_append_len (out, path, MAX (base, 1));
      else
        g_string_append_c (out, '.');
      break;
    case GM_PATH_WHOLE:
    default:
      g_assert_not_reached ();
    }
}
