/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-line-buffer.h"

/**
 * gm_line_buffer_init:
 * @self: a buffer
 *
 * Begins with nothing in it.
 */
void
gm_line_buffer_init (GmLineBuffer *self)
{
  *self = (GmLineBuffer) { .text = g_string_new (NULL) };
}

/**
 * gm_line_buffer_clear:
 * @self: a buffer
 *
 * Frees what is in it.
 */
void
gm_line_buffer_clear (GmLineBuffer *self)
{
  g_string_free (self->text, TRUE);
}

/**
 * gm_line_buffer_next:
 * @self: a buffer
 * @length: (out): how many bytes the line has
 *
 * Takes the next whole line, without its end.
 *
 * Returns: (nullable): the line, until more is appended or it is asked for the next one; %NULL if
 *   there is none
 */
const char *
gm_line_buffer_next (GmLineBuffer *self,
                     gsize        *length)
{
  const char *line = self->text->str + self->start;
  gsize rest = self->text->len - self->start;
  const char *end = memchr (line + self->scanned, '\n', rest - self->scanned);

  if (end == NULL)
    {
      g_string_erase (self->text, 0, self->start);
      self->start = 0;
      self->scanned = rest;
      return NULL;
    }
  *length = end - line;
  self->start += *length + 1;
  self->scanned = 0;
  return line;
}

/**
 * gm_line_buffer_has_unseen:
 * @self: a buffer
 *
 * Returns: whether there is something in which gm_line_buffer_next() has not looked for a line
 */
gboolean
gm_line_buffer_has_unseen (GmLineBuffer *self)
{
  return self->text->len - self->start > self->scanned;
}

/**
 * gm_line_buffer_get_begun:
 * @self: a buffer
 *
 * Returns: how many bytes of a line are known that has no end yet
 */
gsize
gm_line_buffer_get_begun (GmLineBuffer *self)
{
  return self->scanned;
}
