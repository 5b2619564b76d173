/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-shell.h"

#include "gm-scanner.h"

/* The text is followed as a shell reads it, to know at each replacement string what quotes it
 * stands in. Shells differ in dark corners: where one is met, scanning ends, and a replacement
 * string after it is refused. So a value can be in a place that is understood, or nowhere. */

/* In $(...) some shells look for the end first and read comments only then. */
static gboolean
comment_is_clear (GmScanner *self)
{
  int c;

  for (guint ahead = 0; (c = gm_scanner_peek (self, ahead)) != GM_SCANNER_END && c != '\n'; ahead++)
    if (!gm_scanner_is_field (c) && strchr ("'\"`()\\$", c) != NULL)
      return FALSE;

  return TRUE;
}

/* The rest of a line is a comment: nothing in it matters, values least. */
static gboolean
scan_comment (GmScanner *self,
              int        closer)
{
  if (closer == ')' && !comment_is_clear (self))
    return gm_scanner_give_up (self, "quotes or parentheses in a comment inside $(...)");
  while (gm_scanner_peek (self, 0) != GM_SCANNER_END && gm_scanner_peek (self, 0) != '\n')
    {
      if (gm_scanner_is_field (gm_scanner_peek (self, 0)))
        self->i++;
      else
        gm_scanner_take (self);
    }

  return TRUE;
}

static gboolean
scan_redirection (GmScanner      *self,
                  GmShellCommand *command)
{
  int c = gm_scanner_take (self);
  int next = gm_scanner_peek (self, 0);

  if (c == '<' && next == '<')
    {
      gm_scanner_take (self);
      if (gm_scanner_peek (self, 0) != '<')
        return gm_scanner_delimiter (self);
      gm_scanner_take (self);
    }
  else if (next == '&' || next == '|' || next == '>')
    gm_scanner_take (self);
  command->redirects = TRUE;

  return TRUE;
}

/* Words that change how what follows is read. */
static gboolean
end_word (GmScanner      *self,
          GmShellCommand *command,
          int             closer)
{
  const char *word = command->word->str;
  gboolean tests = strcmp (word, "[[") == 0;
  gboolean alias = strcmp (word, "alias") == 0;
  gboolean patterns = closer == ')' && strcmp (word, "case") == 0;
  const char *why = gm_shell_command_end_word (command);

  if (why != NULL)
    {
      self->message = g_strdup (why);
      return FALSE;
    }
  if (tests)
    return gm_scanner_give_up (self, "[[; write [ or case instead");
  if (alias)
    return gm_scanner_give_up (self, "alias, which may change how the rest is read");
  if (patterns)
    return gm_scanner_give_up (self, "a case inside $(...)");

  return TRUE;
}

static gboolean
scan_operator (GmScanner      *self,
               GmShellCommand *command,
               int             closer,
               guint          *parentheses)
{
  int c = gm_scanner_peek (self, 0);
  gboolean in_word = command->in_word;
  char before = self->out->len > 0 ? self->out->str[self->out->len - 1] : ' ';

  if (c == '<' || c == '>')
    gm_shell_command_drop_number (command);
  if (!end_word (self, command, closer))
    return FALSE;
  switch (c)
    {
    case ' ':
    case '\t':
      gm_scanner_take (self);
      return TRUE;
    case '<':
    case '>':
      return scan_redirection (self, command);
    case '\n':
      if (self->one_line > 0)
        return gm_scanner_give_up (self, gm_scanner_newline_message);
      gm_scanner_take (self);
      gm_shell_command_end (command);
      return gm_scanner_documents (self);
    case '(':
      if (gm_scanner_peek (self, 1) == '(')
        return gm_scanner_give_up (self, "((; write ( ( for nested parentheses");
      if (in_word && strchr ("@?*+!", before) != NULL)
        return gm_scanner_give_up (self, "a pattern with parentheses");
      ++*parentheses;
      break;
    case ')':
      *parentheses -= *parentheses > 0;
      break;
    default:
      break;
    }
  gm_scanner_take (self);
  gm_shell_command_end (command);

  return TRUE;
}

/* Outside quotes the words of an output are words of the command, its name first. */
static gboolean
scan_bare_dollar (GmScanner      *self,
                  GmShellCommand *command)
{
  gboolean runs = gm_shell_command_at_name (command);
  guint n_values = self->n_values;

  gm_shell_command_quote (command);
  if (gm_scanner_peek (self, 1) == '\'')
    return gm_scanner_dollar_quotes (self, command);
  if (!gm_scanner_dollar (self))
    return FALSE;
  if (!runs || self->n_values == n_values)
    return TRUE;
  self->message = g_strdup ("the shell would run the output of a $(...) with a value in it as a "
                            "command; write what shall be run");

  return FALSE;
}

/* One step that is not an operator. */
static gboolean
scan_word_part (GmScanner      *self,
                GmShellCommand *command,
                int             closer)
{
  int c = gm_scanner_peek (self, 0);
  const char *why;

  if (gm_scanner_is_field (c))
    {
      why = gm_shell_command_add_value (command);
      if (why != NULL)
        return gm_scanner_refuse (self, c, why);
      gm_scanner_put_variable (self, GM_BARE);
      return TRUE;
    }

  switch (c)
    {
    case '\\':
      return gm_scanner_backslash (self, command);
    case '\'':
      return gm_scanner_single_quotes (self, command);
    case '"':
      return gm_scanner_double_quotes (self, command);
    case '`':
      gm_shell_command_quote (command);
      return gm_scanner_backquotes (self);
    case '$':
      return scan_bare_dollar (self, command);
    case '#':
      if (!command->in_word)
        return scan_comment (self, closer);
      G_GNUC_FALLTHROUGH;
    default:
      gm_scanner_take (self);
      gm_shell_command_add (command, c, FALSE);
      return TRUE;
    }
}

static gboolean
scan_commands (GmScanner      *self,
               GmShellCommand *command,
               int             closer)
{
  guint parentheses = 0;

  for (;;)
    {
      int c = gm_scanner_peek (self, 0);

      if (c == GM_SCANNER_END)
        return end_word (self, command, closer);
      if (c == closer && parentheses == 0)
        return end_word (self, command, closer);
      if (!gm_scanner_is_field (c) && c != '\0' && strchr (" \t\n;&|<>()", c) != NULL)
        {
          if (!scan_operator (self, command, closer, &parentheses))
            return FALSE;
        }
      else if (!scan_word_part (self, command, closer))
        return FALSE;
    }
}

/**
 * gm_scanner_list:
 * @self: a scanner, where a command may begin
 * @closer: what ends the commands: %GM_SCANNER_END or `)`
 *
 * Reads commands up to there.
 *
 * Returns: %FALSE if scanning has ended
 */
gboolean
gm_scanner_list (GmScanner *self,
                 int        closer)
{
  GmShellCommand command;
  gboolean ok;

  gm_shell_command_init (&command);
  ok = scan_commands (self, &command, closer);
  gm_shell_command_clear (&command);

  return ok;
}

/* Fields that read the same share a variable. */
static guint
add_field (GmScanner *self,
           GmField   *field)
{
  for (guint i = 0; i < self->fields->len; i++)
    if (strcmp (((GmField *) g_ptr_array_index (self->fields, i))->text, field->text) == 0)
      {
        gm_field_free (field);
        return i;
      }
  g_ptr_array_add (self->fields, field);

  return self->fields->len - 1;
}

/* Replacement strings and doubled braces, but not in ${…}: its braces are the shell's. */
static void
read_symbols (GmScanner  *self,
              const char *text)
{
  guint parameters = 0;

  for (const char *p = text; *p != '\0';)
    {
      gboolean parameter = *p == '{' && p > text && p[-1] == '$';
      const char *next = NULL;
      GmField *field;
      int symbol;

      if (*p == '{' && p[1] == '{' && !parameter)
        p++;
      else if (*p == '}' && p[1] == '}' && parameters == 0)
        p++;
      else if (*p == '{' && !parameter)
        next = gm_field_scan (p, &field);
      else if (*p == '}' && parameters > 0)
        parameters--;
      parameters += parameter;

      symbol = next != NULL ? GM_SCANNER_FIELD + (int) add_field (self, field) : (guchar) *p;
      g_array_append_val (self->symbols, symbol);
      p = next != NULL ? next : p + 1;
    }
}

/* Scanning has ended early: fine, if there is no value in the rest. */
static void
copy_rest (GmScanner *self)
{
  while (gm_scanner_peek (self, 0) != GM_SCANNER_END)
    {
      int c = gm_scanner_peek (self, 0);

      if (gm_scanner_is_field (c))
        {
          GmField *field = g_ptr_array_index (self->fields, c - GM_SCANNER_FIELD);

          self->message = g_strdup_printf ("%s: not certain to stay data after %s; begin with v=%s "
                                           "and write \"$v\" here", field->text, self->unsure,
                                           field->text);
          return;
        }
      gm_scanner_take (self);
    }
}

/**
 * gm_shell_new:
 * @text: a shell text with replacement strings
 * @message: (out) (transfer full): what is wrong with it
 *
 * Rewrites @text so that each replacement string is the expansion of a variable that the shell
 * takes as data, whatever is in it: `"${GTK_MP_V1}"` outside quotes,
 * `${GTK_MP_V1}` inside double quotes.
 * Where that can't be had, or not for certain, there is no text and @message says what to write
 * instead.
 *
 * Returns: (transfer full) (nullable): the text and its variables
 */
GmShell *
gm_shell_new (const char  *text,
              char       **message)
{
  GmScanner self = { 0 };
  GmShell *shell = NULL;

  self.symbols = g_array_new (FALSE, FALSE, sizeof (int));
  self.fields = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_field_free);
  self.pending = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_here_document_free);
  self.out = g_string_new (NULL);

  read_symbols (&self, text);
  gm_scanner_list (&self, GM_SCANNER_END);
  if (self.message == NULL)
    copy_rest (&self);
  if (self.message == NULL)
    {
      shell = g_new0 (GmShell, 1);
      shell->text = g_strdup (self.out->str);
      shell->fields = g_ptr_array_ref (self.fields);
    }
  else
    *message = self.message;

  g_array_unref (self.symbols);
  g_ptr_array_unref (self.fields);
  g_ptr_array_unref (self.pending);
  g_string_free (self.out, TRUE);

  return shell;
}

/**
 * gm_shell_free:
 * @self: (transfer full): a shell text
 *
 * Frees it.
 */
void
gm_shell_free (GmShell *self)
{
  g_free (self->text);
  g_ptr_array_unref (self->fields);
  g_free (self);
}
