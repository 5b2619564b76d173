/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-scanner.h"

/**
 * gm_scanner_backslash:
 * @self: a scanner, at a backslash
 * @command: (nullable): the command whose word it is in
 *
 * Takes it and what it takes with it. Where it is the last thing, so be it.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_backslash (GmScanner      *self,
                      GmShellCommand *command)
{
  int next = gm_scanner_peek (self, 1);
  char before = self->out->len > 0 ? self->out->str[self->out->len - 1] : ' ';

  if (gm_scanner_is_field (next))
    return gm_scanner_refuse (self, next, "a backslash stands before it; write it without one, or "
                              "{{}} for braces");
  if (next == '\n')
    {
      /* The shell joins the lines before it looks for operators. */
      if (strchr ("$<(", before) != NULL)
        return gm_scanner_give_up (self, "an operator that goes on in the next line");
      if (!gm_scanner_newline_is_clear (self))
        return gm_scanner_give_up (self, gm_scanner_newline_message);
    }
  gm_scanner_take (self);
  if (next == GM_SCANNER_END)
    return TRUE;
  gm_scanner_take (self);
  if (next != '\n' && command != NULL)
    gm_shell_command_add (command, next, TRUE);

  return TRUE;
}

/**
 * gm_scanner_single_quotes:
 * @self: a scanner, at a single quote
 * @command: the command whose word it is in
 *
 * Reads up to the closing quote.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_single_quotes (GmScanner      *self,
                          GmShellCommand *command)
{
  gm_scanner_take (self);
  gm_shell_command_quote (command);
  for (;;)
    {
      int c = gm_scanner_peek (self, 0);

      if (c == GM_SCANNER_END)
        return TRUE;
      if (gm_scanner_is_field (c))
        return gm_scanner_refuse (self, c, "inside single quotes the shell puts no value in; close "
                                  "them before it ('...'{}'...'), or double its braces for literal "
                                  "ones");
      if (c == '\n' && !gm_scanner_newline_is_clear (self))
        return gm_scanner_give_up (self, gm_scanner_newline_message);
      gm_scanner_take (self);
      if (c == '\'')
        return TRUE;
      gm_shell_command_add (command, c, TRUE);
    }
}

/**
 * gm_scanner_dollar_quotes:
 * @self: a scanner, at the dollar sign
 * @command: the command whose word it is in
 *
 * Reads $'…': with escapes in some shells, a dollar sign and single quotes in others.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_dollar_quotes (GmScanner      *self,
                          GmShellCommand *command)
{
  guint ahead = 2;

  while (gm_scanner_peek (self, ahead) != GM_SCANNER_END && gm_scanner_peek (self, ahead) != '\'')
    ahead++;
  if (gm_scanner_peek (self, ahead - 1) == '\\')
    return gm_scanner_give_up (self, "a \\' inside $'...'");
  gm_scanner_take (self);

  return gm_scanner_single_quotes (self, command);
}

/**
 * gm_scanner_backquotes:
 * @self: a scanner, at a backquote
 *
 * Reads up to the closing one.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_backquotes (GmScanner *self)
{
  gm_scanner_take (self);
  for (;;)
    {
      int c = gm_scanner_peek (self, 0);
      int next = gm_scanner_peek (self, 1);
      gboolean escaped = c == '\\' && !gm_scanner_is_field (next) && next != GM_SCANNER_END;

      if (c == GM_SCANNER_END)
        return TRUE;
      if (gm_scanner_is_field (c))
        return gm_scanner_refuse (self, c, "inside backquotes; write $(...) instead");
      if ((escaped ? next : c) == '\n' && !gm_scanner_newline_is_clear (self))
        return gm_scanner_give_up (self, gm_scanner_newline_message);
      if (escaped)
        gm_scanner_take (self);
      gm_scanner_take (self);
      if (c == '`')
        return TRUE;
    }
}

/**
 * gm_scanner_double_quotes:
 * @self: a scanner, at a double quote
 * @command: the command whose word it is in
 *
 * Reads up to the closing quote.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_double_quotes (GmScanner      *self,
                          GmShellCommand *command)
{
  gm_scanner_take (self);
  gm_shell_command_quote (command);
  for (;;)
    {
      int c = gm_scanner_peek (self, 0);
      const char *why;

      if (c == GM_SCANNER_END)
        return TRUE;
      if (gm_scanner_is_field (c))
        {
          why = gm_shell_command_add_value (command);
          if (why != NULL)
            return gm_scanner_refuse (self, c, why);
          gm_scanner_put_variable (self, GM_QUOTED);
        }
      else if (c == '\\' || c == '`' || c == '$')
        {
          if (c == '\\' ? !gm_scanner_backslash (self, command)
              : c == '`' ? !gm_scanner_backquotes (self) : !gm_scanner_dollar (self))
            return FALSE;
        }
      else
        {
          if (c == '\n' && !gm_scanner_newline_is_clear (self))
            return gm_scanner_give_up (self, gm_scanner_newline_message);
          gm_scanner_take (self);
          if (c == '"')
            return TRUE;
          gm_shell_command_add (command, c, TRUE);
        }
    }
}

/* ${…}: a value in it would not stay as it is, quotes in it mean different things. */
static gboolean
scan_parameter (GmScanner *self)
{
  int c = gm_scanner_peek (self, 2);

  if (self->depth >= GM_SCANNER_MAX_DEPTH)
    return gm_scanner_give_up (self, "so many nested expansions");
  if (!gm_scanner_is_field (c) && c != GM_SCANNER_END
      && !g_ascii_isalnum (c) && strchr ("_#?@*-$!}", c) == NULL)
    return gm_scanner_give_up (self, "this form of ${...}");
  gm_scanner_take (self);
  gm_scanner_take (self);
  self->depth++;
  for (;;)
    {
      c = gm_scanner_peek (self, 0);
      if (c == GM_SCANNER_END)
        return TRUE;
      if (gm_scanner_is_field (c))
        return gm_scanner_refuse (self, c, "inside ${...}; give it a name before (v={}) and use "
                                  "that");
      if (c == '$' && gm_scanner_peek (self, 1) == '{')
        {
          if (!scan_parameter (self))
            return FALSE;
          continue;
        }
      if (c == '\n' && !gm_scanner_newline_is_clear (self))
        return gm_scanner_give_up (self, gm_scanner_newline_message);
      if (strchr ("'\"\\`(){<>|&;", c) != NULL && c != '\0')
        return gm_scanner_give_up (self, "quotes or operators inside ${...}");
      gm_scanner_take (self);
      if (c == '}')
        break;
    }
  self->depth--;

  return TRUE;
}

/* $((…)): only what every shell takes as an expression. */
static gboolean
scan_arithmetic (GmScanner *self)
{
  guint parentheses = 0;

  gm_scanner_take (self);
  gm_scanner_take (self);
  gm_scanner_take (self);
  for (;;)
    {
      int c = gm_scanner_peek (self, 0);

      if (c == GM_SCANNER_END)
        return TRUE;
      if (gm_scanner_is_field (c))
        return gm_scanner_refuse (self, c, "the shell would evaluate the value as an expression; "
                                  "use $(expr {} + 1)");
      if (c == '$' && gm_scanner_peek (self, 1) == '{')
        {
          if (!scan_parameter (self))
            return FALSE;
          continue;
        }
      if (!g_ascii_isalnum (c) && strchr ("_ \t$+-*/%<>=!&|^~?:,()", c) == NULL)
        return gm_scanner_give_up (self, "quotes or expansions inside $((...))");
      if (c == '$' && gm_scanner_peek (self, 1) == '(')
        return gm_scanner_give_up (self, "$(...) inside $((...))");
      gm_scanner_take (self);
      if (c == '(')
        parentheses++;
      else if (c == ')' && parentheses > 0)
        parentheses--;
      else if (c == ')')
        {
          if (gm_scanner_peek (self, 0) != ')')
            return gm_scanner_give_up (self, "$(( without ))");
          gm_scanner_take (self);
          return TRUE;
        }
    }
}

static gboolean
scan_substitution (GmScanner *self)
{
  gboolean one_line = !gm_scanner_newline_is_clear (self);
  guint n_pending = self->pending->len;

  if (self->depth >= GM_SCANNER_MAX_DEPTH)
    return gm_scanner_give_up (self, "so many nested expansions");
  gm_scanner_take (self);
  gm_scanner_take (self);
  self->depth++;
  self->one_line += one_line;
  if (!gm_scanner_list (self, ')'))
    return FALSE;
  if (self->pending->len > n_pending)
    return gm_scanner_give_up (self, "a here-document that $(...) does not end");
  self->one_line -= one_line;
  self->depth--;
  if (gm_scanner_peek (self, 0) != GM_SCANNER_END)
    gm_scanner_take (self);

  return TRUE;
}

/**
 * gm_scanner_dollar:
 * @self: a scanner, at a dollar sign
 *
 * Reads the expansion that it begins; of a plain name only the sign.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_dollar (GmScanner *self)
{
  int next = gm_scanner_peek (self, 1);

  if (next == '(' && gm_scanner_peek (self, 2) == '(')
    return scan_arithmetic (self);
  if (next == '(')
    return scan_substitution (self);
  if (next == '{')
    return scan_parameter (self);
  if (next == '[')
    return gm_scanner_give_up (self, "$[");
  gm_scanner_take (self);

  return TRUE;
}
