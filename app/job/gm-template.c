/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-template.h"

struct _GmTemplate
{
  GString   *literals;  /* all literal text, one after the other */
  GArray    *lengths;   /* of gsize: how much of it comes before each field */
  GPtrArray *fields;    /* of GmField */
};

/**
 * gm_template_new:
 * @text: UTF-8 text with replacement strings
 *
 * Compiles @text. Every text is a template: braces that make no replacement string are literal.
 *
 * Returns: (transfer full): the template
 */
GmTemplate *
gm_template_new (const char *text)
{
  GmTemplate *self = g_new0 (GmTemplate, 1);
  const char *p = text;
  gsize before = 0;

  self->literals = g_string_new (NULL);
  self->lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->fields = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_field_free);
  while (*p != '\0')
    {
      const char *next = NULL;
      GmField *field;

      if ((*p == '{' || *p == '}') && p[1] == *p)
        p++;
      else if (*p == '{')
        next = gm_field_scan (p, &field);
      if (next == NULL)
        {
          g_string_append_c (self->literals, *p++);
          continue;
        }
      before = self->literals->len - before;
      g_array_append_val (self->lengths, before);
      before = self->literals->len;
      g_ptr_array_add (self->fields, field);
      p = next;
    }

  return self;
}

/**
 * gm_template_free:
 * @self: (transfer full): a template
 *
 * Frees it.
 */
void
gm_template_free (GmTemplate *self)
{
  g_string_free (self->literals, TRUE);
  g_array_unref (self->lengths);
  g_ptr_array_unref (self->fields);
  g_free (self);
}

/**
 * gm_template_n_fields:
 * @self: a template
 *
 * Returns: how many replacement strings it has; with none it is the same for each item
 */
guint
gm_template_n_fields (GmTemplate *self)
{
  return self->fields->len;
}

/**
 * gm_template_get_field:
 * @self: a template
 * @i: which, from 0
 *
 * Returns: (transfer none): the replacement string
 */
const GmField *
gm_template_get_field (GmTemplate *self,
                       guint       i)
{
  return g_ptr_array_index (self->fields, i);
}

/**
 * gm_template_expand:
 * @self: a template
 * @values: the item
 * @out: where it goes
 * @error: return location for an error
 *
 * Appends the text with the values in it.
 *
 * Returns: %FALSE with #GM_JOB_ERROR_BAD_INPUT if the item lacks one of them
 */
gboolean
gm_template_expand (GmTemplate  *self,
                    GmValues    *values,
                    GString     *out,
                    GError     **error)
{
  const char *literal = self->literals->str;

  for (guint i = 0; i < self->fields->len; i++)
    {
      gsize len = g_array_index (self->lengths, gsize, i);

      g_string_append_len (out, literal, len);
      literal += len;
      if (!gm_values_append_field (values, g_ptr_array_index (self->fields, i), out, error))
        return FALSE;
    }
  g_string_append_len (out, literal, self->literals->str + self->literals->len - literal);

  return TRUE;
}

/**
 * gm_template_escape:
 * @text: any text
 *
 * Returns: (transfer full): the template that stands for @text itself
 */
char *
gm_template_escape (const char *text)
{
  GString *escaped = g_string_new (NULL);

  for (; *text != '\0'; text++)
    {
      if (*text == '{' || *text == '}')
        g_string_append_c (escaped, *text);
      g_string_append_c (escaped, *text);
    }

  return g_string_free (escaped, FALSE);
}
