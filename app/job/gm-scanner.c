/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-scanner.h"

const char gm_scanner_newline_message[] =
  "a quote or an expansion that goes on in the next line while a here-document is open";

void
gm_here_document_free (GmHereDocument *document)
{
  g_string_free (document->delimiter, TRUE);
  g_free (document);
}

int
gm_scanner_peek (GmScanner *self,
                 guint      ahead)
{
  guint i = self->i + ahead;

  return i < self->symbols->len ? g_array_index (self->symbols, int, i) : GM_SCANNER_END;
}

/* Copies a byte to the output. */
int
gm_scanner_take (GmScanner *self)
{
  int c = gm_scanner_peek (self, 0);

  g_string_append_c (self->out, c);
  self->i++;

  return c;
}

gboolean
gm_scanner_is_field (int c)
{
  return c >= GM_SCANNER_FIELD;
}

gboolean
gm_scanner_give_up (GmScanner  *self,
                    const char *what)
{
  self->unsure = what;

  return FALSE;
}

gboolean
gm_scanner_refuse (GmScanner  *self,
                   int         c,
                   const char *why)
{
  GmField *field = g_ptr_array_index (self->fields, c - GM_SCANNER_FIELD);

  self->message = g_strdup_printf ("%s: %s", field->text, why);

  return FALSE;
}

gboolean
gm_scanner_newline_is_clear (GmScanner *self)
{
  return self->one_line == 0 && self->pending->len == 0;
}

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
