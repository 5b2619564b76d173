/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "gm-members.h"

#include "gm-json.h"

/* A million lines are walked over to find three numbers in each: nothing is allocated, and what is
 * not asked for is only stepped over. */

/* A moment of so many microseconds can still be added to a duration. */
#define MAX_SCALED G_GINT64_CONSTANT (9000000000000000000)

/* Returns: (nullable): behind the string that begins at @p, %NULL if it doesn't end */
static const char *
skip_string (const char *p,
             const char *end)
{
  for (p++; p < end; p++)
    {
      p = memchr (p, '"', end - p);
      if (p == NULL)
        return NULL;
      const char *slash = p;

      while (slash[-1] == '\\')
        slash--;
      if ((p - slash) % 2 == 0)
        return p + 1;
    }

  return NULL;
}

/* Returns: (nullable): behind the value that begins at @p */
static const char *
skip_value (const char *p,
            const char *end)
{
  guint depth = 0;

  while (p != NULL && p < end)
    switch (*p)
      {
      case '"':
        p = skip_string (p, end);
        if (depth == 0)
          return p;
        break;
      case '{':
      case '[':
        depth++;
        p++;
        break;
      case '}':
      case ']':
        if (depth == 0)
          return p;
        p++;
        if (--depth == 0)
          return p;
        break;
      case ',':
        if (depth == 0)
          return p;
        p++;
        break;
      default:
        p++;
      }

  return depth == 0 ? p : NULL;
}

/**
 * gm_members_init:
 * @self: a walk
 * @line: an object of one line, whole or not
 * @size: its length without the newline
 *
 * Begins before the first member.
 */
void
gm_members_init (GmMembers  *self,
                 const char *line,
                 gsize       size)
{
  memset (self, 0, sizeof *self);
  self->p = line;
  self->end = line + size;
  if (size > 0 && *line == '{')
    self->p++;
  else
    self->p = self->end;
}

/**
 * gm_members_next:
 * @self: a walk
 *
 * Returns: whether there is one more member; %FALSE also where the line is no object
 */
gboolean
gm_members_next (GmMembers *self)
{
  const char *p = self->p, *after;

  if (p < self->end && *p == ',')
    p++;
  if (p >= self->end || *p != '"')
    return FALSE;
  after = skip_string (p, self->end);
  if (after == NULL || after >= self->end || *after != ':')
    return FALSE;
  self->name = p + 1;
  self->name_size = after - 2 - p;
  self->value = after + 1;
  after = skip_value (self->value, self->end);
  if (after == NULL || after == self->value)
    return FALSE;
  self->value_size = after - self->value;
  self->p = after;

  return TRUE;
}

/**
 * gm_members_get_int:
 * @self: a walk that is at a member
 *
 * Returns: its value; 0 if that is no integer
 */
gint64
gm_members_get_int (const GmMembers *self)
{
  return gm_members_get_scaled (self, 0);
}

/* What is not plain decimal digits, as 1.5e-07 is not. */
static gint64
scale_slowly (const GmMembers *self,
              int              digits)
{
  char text[64];
  double value;

  if (self->value_size >= sizeof text)
    return 0;
  memcpy (text, self->value, self->value_size);
  text[self->value_size] = '\0';
  value = g_ascii_strtod (text, NULL) * pow (10, digits);

  return fabs (value) <= MAX_SCALED ? llround (value) : 0;
}

/**
 * gm_members_get_scaled:
 * @self: a walk that is at a member
 * @digits: how many digits behind the point to keep
 *
 * Returns: its value as an integer in units of 10^-@digits; 0 if it is no number, or too large
 */
gint64
gm_members_get_scaled (const GmMembers *self,
                       int              digits)
{
  guint64 value = 0;
  int behind = -1;

  if (self->value_size > 18 + 1)
    return scale_slowly (self, digits);
  for (gsize i = 0; i < self->value_size; i++)
    {
      char c = self->value[i];

      if (c == '.' && behind < 0)
        behind = 0;
      else if (!g_ascii_isdigit (c))
        return scale_slowly (self, digits);
      else if (behind < 0 || behind++ < digits)
        value = value * 10 + (c - '0');
    }
  for (behind = CLAMP (behind, 0, digits); behind < digits; behind++)
    {
      if (value > MAX_SCALED / 10)
        return 0;
      value *= 10;
    }

  return (gint64) MIN (value, G_MAXINT64);
}

/**
 * gm_members_get_text:
 * @self: a walk that is at a member
 * @out: where to append it
 *
 * Appends valid UTF-8, or nothing.
 *
 * Returns: %FALSE if the value is no string, or not a good one
 */
gboolean
gm_members_get_text (const GmMembers *self,
                     GString         *out)
{
  g_autofree char *text = NULL;

  if (self->value_size < 2 || *self->value != '"'
      || !g_utf8_validate_len (self->value, self->value_size, NULL))
    return FALSE;
  if (memchr (self->value, '\\', self->value_size) == NULL)
    {
      g_string_append_len (out, self->value + 1, self->value_size - 2);
      return TRUE;
    }
  text = g_strndup (self->value, self->value_size);

  return gm_json_unescape (out, text) != NULL;
}
