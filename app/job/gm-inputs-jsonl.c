/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-inputs-private.h"
#include "gm-json.h"

static gboolean
is_blank (const char *line,
          gsize       len)
{
  return strspn (line, " \t\r") == len;
}

/* Lines with nothing in them hold no value and are passed over. */
static GmInputsStatus
jsonl_next (GmInputs  *self,
            GmItem    *item,
            GError   **error)
{
  g_autoptr(GError) local_error = NULL;
  GmJsonPosition position;
  GmInputsStatus status;
  gint64 number;
  char *line;
  gsize len;

  do
    {
      status = gm_reader_next (self->reader, &line, &len, NULL, error);
      if (status != GM_INPUTS_ITEM)
        return status;
    }
  while (line != NULL && is_blank (line, len));

  number = gm_reader_get_number (self->reader);
  g_string_truncate (self->text, 0);
  if (line == NULL)
    gm_item_set_bad (item, self, number, "the line is too long");
  else if (gm_json_compact (self->text, line, len, &position, &local_error))
    gm_item_set_text (item, self);
  else
    gm_item_set_bad (item, self, number, "column %u: %s", position.column, local_error->message);

  return GM_INPUTS_ITEM;
}

/**
 * gm_inputs_open_jsonl:
 * @opening: what is opened
 *
 * The values of JSON lines.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_jsonl (GmOpening *opening)
{
  GmInputs *self = gm_inputs_alloc (sizeof (GmInputs));

  self->next = jsonl_next;
  self->free = gm_inputs_release;
  if (!gm_inputs_open_reader (self, opening, '\n'))
    {
      gm_inputs_free (self);
      return NULL;
    }

  return self;
}
