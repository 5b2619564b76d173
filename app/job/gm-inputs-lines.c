/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-inputs-private.h"

typedef struct
{
  GmInputs base;
  gboolean nul_separated;
} Lines;

static GmInputsStatus
lines_next (GmInputs  *base,
            GmItem    *item,
            GError   **error)
{
  Lines *self = (Lines *) base;
  gboolean ended;
  char *line;
  gsize len;
  GmInputsStatus status = gm_reader_next (base->reader, &line, &len, &ended, error);

  if (status != GM_INPUTS_ITEM)
    return status;
  if (line == NULL)
    {
      gm_item_set_bad (item, base, gm_reader_get_number (base->reader), "the line is too long");
      return GM_INPUTS_ITEM;
    }
  if (!self->nul_separated && ended && len > 0 && line[len - 1] == '\r')
    line[--len] = '\0';
  if (memchr (line, '\0', len) != NULL)
    gm_item_set_bad (item, base, gm_reader_get_number (base->reader),
                     "a NUL byte in the line (is \"separator\" \"NUL\" meant?)");
  else
    gm_item_set_string (item, base, line, len);

  return GM_INPUTS_ITEM;
}

/**
 * gm_inputs_open_lines:
 * @opening: what is opened
 *
 * The lines of a file or of standard input, or what is between its NUL bytes.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_lines (GmOpening *opening)
{
  Lines *self = gm_inputs_alloc (sizeof (Lines));

  self->base.next = lines_next;
  self->base.free = gm_inputs_release;
  self->nul_separated = opening->spec->nul_separated;
  if (!gm_inputs_open_reader (&self->base, opening, self->nul_separated ? '\0' : '\n'))
    {
      gm_inputs_free (&self->base);
      return NULL;
    }

  return &self->base;
}
