/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-scanner.h"

const char gm_scanner_newline_message[] =
  "a quote or an expansion that goes on in the next line while a here-document is open";

/**
 * gm_here_document_free:
 * @document: (transfer full): a here-document
 *
 * Frees it.
 */
void
gm_here_document_free (GmHereDocument *document)
{
  g_string_free (document->delimiter, TRUE);
  g_free (document);
}

/**
 * gm_scanner_peek:
 * @self: a scanner
 * @ahead: how far ahead to look
 *
 * Returns: the symbol there, or %GM_SCANNER_END
 */
int
gm_scanner_peek (GmScanner *self,
                 guint      ahead)
{
  guint i = self->i + ahead;

  return i < self->symbols->len ? g_array_index (self->symbols, int, i) : GM_SCANNER_END;
}

/**
 * gm_scanner_take:
 * @self: a scanner, at a byte
 *
 * Copies the byte to the output.
 *
 * Returns: it
 */
int
gm_scanner_take (GmScanner *self)
{
  int c = gm_scanner_peek (self, 0);

  g_string_append_c (self->out, c);
  self->i++;

  return c;
}

/**
 * gm_scanner_is_field:
 * @c: a symbol
 *
 * Returns: whether it is a replacement string
 */
gboolean
gm_scanner_is_field (int c)
{
  return c >= GM_SCANNER_FIELD;
}

/**
 * gm_scanner_give_up:
 * @self: a scanner
 * @what: what shells don't agree on
 *
 * Ends scanning: no value can come after it.
 *
 * Returns: %FALSE
 */
gboolean
gm_scanner_give_up (GmScanner  *self,
                    const char *what)
{
  self->unsure = what;

  return FALSE;
}

/**
 * gm_scanner_refuse:
 * @self: a scanner
 * @c: a replacement string
 * @why: why it can't stand here
 *
 * Ends scanning, with a message.
 *
 * Returns: %FALSE
 */
gboolean
gm_scanner_refuse (GmScanner  *self,
                   int         c,
                   const char *why)
{
  GmField *field = g_ptr_array_index (self->fields, c - GM_SCANNER_FIELD);

  self->message = g_strdup_printf ("%s: %s", field->text, why);

  return FALSE;
}

/**
 * gm_scanner_newline_is_clear:
 * @self: a scanner
 *
 * Returns: whether a newline here means the same to all shells
 */
gboolean
gm_scanner_newline_is_clear (GmScanner *self)
{
  return self->one_line == 0 && self->pending->len == 0;
}

/**
 * gm_scanner_put_variable:
 * @self: a scanner, at a replacement string
 * @quoting: the quotes it stands in
 *
 * Puts the expansion of its variable into the output.
 */
void
gm_scanner_put_variable (GmScanner *self,
                         GmQuoting  quoting)
{
  const char *quote = quoting == GM_BARE ? "\"" : "";
  int number = gm_scanner_peek (self, 0) - GM_SCANNER_FIELD + 1;

  self->n_values++;
  g_string_append_printf (self->out, "%s${GTK_MP_V%d}%s", quote, number, quote);
  self->i++;
}
