/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "gm-inputs-private.h"

typedef struct
{
  GmInputs   base;
  GPtrArray *words;  /* of GBytes */
  guint      i;
} Words;

static GmInputsStatus
words_next (GmInputs  *base,
            GmItem    *item,
            GError   **error)
{
  Words *self = (Words *) base;
  const char *word;
  gsize size;

  if (self->i == self->words->len)
    return GM_INPUTS_END;
  word = g_bytes_get_data (g_ptr_array_index (self->words, self->i++), &size);
  gm_item_set_string (item, base, word != NULL ? word : "", size);

  return GM_INPUTS_ITEM;
}

static void
words_free (GmInputs *base)
{
  g_ptr_array_unref (((Words *) base)->words);
  gm_inputs_release (base);
}

/**
 * gm_inputs_open_words:
 * @opening: what is opened
 *
 * What stood after the one ":::" of a command line.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_words (GmOpening *opening)
{
  Words *self = gm_inputs_alloc (sizeof (Words));

  self->base.next = words_next;
  self->base.free = words_free;
  self->base.can_reopen = FALSE;
  self->words = g_ptr_array_ref (g_ptr_array_index (opening->spec->arguments, 0));
  self->base.total = self->words->len;

  return &self->base;
}
