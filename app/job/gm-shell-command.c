/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-shell-command.h"

/* Quoting keeps a value one word. Some commands of the shell then do more with a word than take it
 * as data: run it, or take it as the name of a variable, and in some shells a[$(…)] as a name runs
 * what is in it. Values are refused there. What other programs do with arguments is theirs. */

/* What may come before the name of a command. */
static const char * const prefixes[] = {
  "!", "{", "if", "then", "elif", "else", "while", "until", "do", "time", "command", "builtin",
  "exec", "coproc", NULL
};

/**
 * gm_shell_command_init:
 * @self: a command
 *
 * Begins before its first word.
 */
void
gm_shell_command_init (GmShellCommand *self)
{
  *self = (GmShellCommand) { .word = g_string_new (NULL) };
}

/**
 * gm_shell_command_clear:
 * @self: a command
 *
 * Frees what is in it.
 */
void
gm_shell_command_clear (GmShellCommand *self)
{
  g_string_free (self->word, TRUE);
  g_free (self->name);
}

/**
 * gm_shell_command_end:
 * @self: a command
 *
 * An operator ends it; another begins.
 */
void
gm_shell_command_end (GmShellCommand *self)
{
  GString *word = self->word;

  g_free (self->name);
  *self = (GmShellCommand) { .word = word };
  g_string_truncate (word, 0);
}

/**
 * gm_shell_command_drop_number:
 * @self: a command, before a redirection
 *
 * Digits there are its descriptor, no word.
 */
void
gm_shell_command_drop_number (GmShellCommand *self)
{
  const char *word = self->word->str;

  if (self->has_value || *word == '\0' || word[strspn (word, G_CSET_DIGITS)] != '\0')
    return;
  self->in_word = FALSE;
  g_string_truncate (self->word, 0);
}

/**
 * gm_shell_command_add:
 * @self: a command
 * @c: a character of the word being read
 * @quoted: whether it stands in quotes, or after a backslash
 *
 * Adds literal text.
 */
void
gm_shell_command_add (GmShellCommand *self,
                      char            c,
                      gboolean        quoted)
{
  if (!self->in_word)
    self->starts_bracket = c == '[' && !quoted;
  self->in_word = TRUE;
  g_string_append_c (self->word, c);
}

/**
 * gm_shell_command_quote:
 * @self: a command
 *
 * A quote, also an empty one, makes a word.
 */
void
gm_shell_command_quote (GmShellCommand *self)
{
  self->in_word = TRUE;
}

static gsize
skip_identifier (const char *word)
{
  if (g_ascii_isdigit (*word))
    return 0;

  return strspn (word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");
}

/* "name=…", with the = in the literal text. */
static gboolean
is_assignment (const char *word)
{
  gsize len = skip_identifier (word);

  return len > 0 && (word[len] == '=' || (word[len] == '+' && word[len + 1] == '='));
}

/**
 * gm_shell_command_at_name:
 * @self: a command
 *
 * Returns: whether what comes next is part of the command's name
 */
gboolean
gm_shell_command_at_name (GmShellCommand *self)
{
  return self->name == NULL && !self->redirects && !is_assignment (self->word->str);
}

/* -c, -ec, --command: also with the text in the same word. */
static gboolean
takes_shell_text (const char *word)
{
  if (*word != '-')
    return FALSE;

  return word[1] == '-' ? strstr (word, "command") != NULL : strchr (word, 'c') != NULL;
}

/**
 * gm_shell_command_add_value:
 * @self: a command
 *
 * A value becomes part of the word being read.
 *
 * Returns: (transfer none) (nullable): why it must not
 */
const char *
gm_shell_command_add_value (GmShellCommand *self)
{
  const char *word = self->word->str;
  gboolean assigned = is_assignment (word);

  if (self->runs_text)
    return "this command runs its words as shell text, values included; write what it shall run "
           "without it";
  if (self->shell_text || (self->shell && takes_shell_text (word)))
    return "a shell would run the value as shell text; give it as an argument: "
           "sh -c '... \"$1\" ...' sh {}";
  if (self->takes_names || (self->declares && !assigned))
    return "this command would take the value as the name of a variable; write name={}";
  if (self->option_v || (self->prints && g_str_has_prefix (word, "-v")))
    return "-v would take the value as the name of a variable";
  if (self->starts_bracket
      || (self->name == NULL && word[skip_identifier (word)] == '[' && skip_identifier (word) > 0))
    return "the shell may take the value as an array subscript; write it in double quotes, bracket "
           "included: \"[{}]\"";

  self->starts_value |= !self->in_word || (self->word->len == 0 && !self->has_value);
  self->in_word = TRUE;
  self->has_value = TRUE;

  return NULL;
}

static gboolean
is_shell (const char *word)
{
  static const char * const shells[] = {
    "sh", "bash", "rbash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "yash", "fish", "csh",
    "tcsh", "busybox", "su", "runuser", "script", "flock", NULL
  };
  const char *slash = strrchr (word, '/');

  return g_strv_contains (shells, slash != NULL ? slash + 1 : word);
}

static void
set_name (GmShellCommand *self,
          const char     *word)
{
  static const char * const runs_text[] = {
    "eval", "trap", "bind", "complete", "compgen", NULL
  };
  static const char * const takes_names[] = {
    "let", "declare", "typeset", "unset", "read", "getopts", "mapfile", "readarray", "wait", NULL
  };
  static const char * const declares[] = { "export", "readonly", "local", NULL };

  self->name = g_strdup (word);
  self->runs_text = g_strv_contains (runs_text, word);
  self->takes_names = g_strv_contains (takes_names, word);
  self->declares = g_strv_contains (declares, word);
  self->tests = strcmp (word, "test") == 0 || strcmp (word, "[") == 0;
  self->prints = strcmp (word, "printf") == 0;
}

/* The text a shell runs comes after all of its options: sh -c -e -o noglob -- TEXT. */
static void
follow_shell (GmShellCommand *self,
              const char     *word)
{
  gboolean option = *word == '-' || *word == '+';

  if (!self->shell)
    return;
  self->shell_text |= takes_shell_text (word);
  if (option)
    self->option_o = word[1] != '-' && strpbrk (word, "oO") != NULL;
  else if (self->option_o)
    self->option_o = FALSE;
  else if (self->shell_text)
    self->shell = self->shell_text = FALSE;
}

static const char *
add_argument (GmShellCommand *self,
              const char     *word)
{
  if (self->prints)
    {
      if (self->format_value)
        return "printf would take the value as its format; write printf '%s\\n' {}";
      self->format_value = self->starts_value && !self->option_v;
      self->prints = self->format_value || *word == '-';
    }
  self->option_v = (self->tests || self->prints) && g_str_has_prefix (word, "-v");
  follow_shell (self, word);

  return NULL;
}

/* Some commands have others in them: for x do …, function f { …, coproc name while … */
static gboolean
begins_inner_command (GmShellCommand *self,
                      const char     *word)
{
  static const char * const outer[] = { "for", "select", "function", NULL };

  return g_strv_contains (prefixes, word)
         && (self->is_coprocess || g_strv_contains (outer, self->name));
}

/**
 * gm_shell_command_end_word:
 * @self: a command
 *
 * The word being read, if any, is complete.
 *
 * Returns: (transfer none) (nullable): why a value in an earlier word must not be there
 */
const char *
gm_shell_command_end_word (GmShellCommand *self)
{
  const char *word = self->word->str;
  const char *message = NULL;

  if (!self->in_word)
    return NULL;
  if (!self->redirects)
    {
      if (self->name != NULL && begins_inner_command (self, word))
        gm_shell_command_end (self);
      else if (self->name != NULL)
        message = add_argument (self, word);
      else if (*word != '-' && !g_strv_contains (prefixes, word) && !is_assignment (word))
        set_name (self, word);
      else
        self->is_coprocess |= strcmp (word, "coproc") == 0;
      self->shell |= is_shell (word);
    }
  self->redirects = FALSE;
  self->in_word = FALSE;
  self->has_value = FALSE;
  self->starts_value = FALSE;
  self->starts_bracket = FALSE;
  g_string_truncate (self->word, 0);

  return message;
}
