/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is known of the simple command being read: some take their words as more than data. */
typedef struct
{
  /* The word being read */
  GString    *word;          /* its literal text, without quotes */
  gboolean    in_word;
  gboolean    has_value;     /* a value is in it */
  gboolean    starts_value;  /* it begins with one */
  gboolean    starts_bracket;
  gboolean    redirects;     /* it is the target of a redirection */

  /* The command it belongs to */
  char       *name;          /* NULL before its first word */
  gboolean    runs_text;     /* eval, trap */
  gboolean    takes_names;   /* unset, read, let... */
  gboolean    declares;      /* export, readonly, local */
  gboolean    tests;
  gboolean    prints;
  gboolean    is_coprocess;  /* its first word may be the name of another */
  gboolean    option_v;      /* of test or printf: what follows is a name */
  gboolean    format_value;  /* printf's first argument begins with a value */
  gboolean    shell;         /* a shell, or what takes -c as one */
  gboolean    shell_text;    /* the next word that is no option is the text it runs */
  gboolean    option_o;      /* of a shell: what follows belongs to it */
} GmShellCommand;

void        gm_shell_command_init      (GmShellCommand *self);
void        gm_shell_command_clear     (GmShellCommand *self);
void        gm_shell_command_end       (GmShellCommand *self);
void        gm_shell_command_drop_number
                                       (GmShellCommand *self);
void        gm_shell_command_add       (GmShellCommand *self,
                                        char            c,
                                        gboolean        quoted);
gboolean    gm_shell_command_at_name   (GmShellCommand *self);
void        gm_shell_command_quote     (GmShellCommand *self);
const char *gm_shell_command_add_value (GmShellCommand *self);
const char *gm_shell_command_end_word  (GmShellCommand *self);

G_END_DECLS
