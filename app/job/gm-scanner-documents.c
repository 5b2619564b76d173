/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-scanner.h"

/**
 * gm_scanner_delimiter:
 * @self: a scanner, at what follows <<
 *
 * Reads what a here-document ends with.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_delimiter (GmScanner *self)
{
  static const char stray[] = "a here-document whose end is not a plain word";
  GmHereDocument *document = g_new0 (GmHereDocument, 1);
  int quote;
  int c;

  document->delimiter = g_string_new (NULL);
  g_ptr_array_add (self->pending, document);
  if (gm_scanner_peek (self, 0) == '-')
    {
      document->strips_tabs = TRUE;
      gm_scanner_take (self);
    }
  while (gm_scanner_peek (self, 0) == ' ' || gm_scanner_peek (self, 0) == '\t')
    gm_scanner_take (self);

  quote = gm_scanner_peek (self, 0);
  document->quoted = quote == '\'' || quote == '"' || quote == '\\';
  if (document->quoted)
    gm_scanner_take (self);
  while ((c = gm_scanner_peek (self, 0)) != GM_SCANNER_END && !gm_scanner_is_field (c)
         && (g_ascii_isalnum (c) || c == '_' || c == '-' || c == '.'))
    g_string_append_c (document->delimiter, gm_scanner_take (self));
  if (document->delimiter->len == 0)
    return gm_scanner_give_up (self, stray);
  if (quote == '\'' || quote == '"')
    {
      if (gm_scanner_peek (self, 0) != quote)
        return gm_scanner_give_up (self, stray);
      gm_scanner_take (self);
    }
  c = gm_scanner_peek (self, 0);
  if (c != GM_SCANNER_END && (gm_scanner_is_field (c) || strchr (" \t\n;&|<>()", c) == NULL))
    return gm_scanner_give_up (self, stray);

  return TRUE;
}

/* How many symbols from here are the line that ends the document, 0 if they aren't. */
static guint
match_delimiter (GmScanner      *self,
                 GmHereDocument *document)
{
  guint ahead = 0;

  while (document->strips_tabs && gm_scanner_peek (self, ahead) == '\t')
    ahead++;
  for (gsize i = 0; i < document->delimiter->len; i++, ahead++)
    if (gm_scanner_peek (self, ahead) != document->delimiter->str[i])
      return 0;

  return ahead;
}

/* One line of a here-document, with its newline. */
static gboolean
scan_document_line (GmScanner      *self,
                    GmHereDocument *document)
{
  for (;;)
    {
      int c = gm_scanner_peek (self, 0);

      if (c == GM_SCANNER_END)
        return TRUE;
      if (gm_scanner_is_field (c) && document->quoted)
        return gm_scanner_refuse (self, c, "in a here-document whose end is quoted the shell puts "
                                  "no value in; write the end without quotes");
      if (gm_scanner_is_field (c))
        gm_scanner_put_variable (self, GM_QUOTED);
      else if (document->quoted || (c != '\\' && c != '`' && c != '$'))
        {
          gm_scanner_take (self);
          if (c == '\n')
            return TRUE;
        }
      else if (c == '`')
        return gm_scanner_give_up (self, "backquotes in a here-document");
      else if (c == '\\' ? !gm_scanner_backslash (self, NULL) : !gm_scanner_dollar (self))
        return FALSE;
    }
}

/**
 * gm_scanner_documents:
 * @self: a scanner, at the beginning of a line
 *
 * Reads the here-documents that the line before has announced.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_documents (GmScanner *self)
{
  g_autoptr(GPtrArray) documents = g_steal_pointer (&self->pending);

  self->pending = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_here_document_free);
  self->one_line++;
  for (guint i = 0; i < documents->len; i++)
    {
      GmHereDocument *document = g_ptr_array_index (documents, i);

      while (gm_scanner_peek (self, 0) != GM_SCANNER_END)
        {
          guint n = match_delimiter (self, document);

          int after = gm_scanner_peek (self, n);

          if (n > 0 && after == ')')
            return gm_scanner_give_up (self, "a here-document that ends with )");
          if (n > 0 && (after == '\n' || after == GM_SCANNER_END))
            {
              for (; n > 0; n--)
                gm_scanner_take (self);
              if (gm_scanner_peek (self, 0) == '\n')
                gm_scanner_take (self);
              break;
            }
          if (!scan_document_line (self, document))
            return FALSE;
        }
    }
  self->one_line--;

  return TRUE;
}
