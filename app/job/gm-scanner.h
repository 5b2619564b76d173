/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-field.h"
#include "gm-shell-command.h"

G_BEGIN_DECLS

/* Nesting beyond this is refused rather than followed. */
#define GM_SCANNER_MAX_DEPTH 50

/* Symbols: a byte, the end, or from here on the replacement string with this number. */
#define GM_SCANNER_END   -1
#define GM_SCANNER_FIELD 256

typedef struct
{
  GString  *delimiter;
  gboolean  quoted;
  gboolean  strips_tabs;
} GmHereDocument;

/* Follows a shell text as a shell reads it. Functions that return a boolean return FALSE when
 * scanning has ended: a value is refused (`message`) or it can't be followed further (`unsure`). */
typedef struct
{
  /* Owned */
  GArray     *symbols;   /* of int */
  GPtrArray  *fields;    /* of GmField */
  GString    *out;
  GPtrArray  *pending;   /* of GmHereDocument: announced, their text not yet reached */
  char       *message;

  /* Borrowed */
  const char *unsure;

  guint       i;
  guint       n_values;  /* put into the output so far */
  guint       depth;
  guint       one_line;  /* above 0 where a newline would mean two things */
} GmScanner;

typedef enum
{
  GM_BARE,
  GM_QUOTED,
} GmQuoting;

extern const char gm_scanner_newline_message[];

int      gm_scanner_peek             (GmScanner      *self,
                                      guint           ahead);
int      gm_scanner_take             (GmScanner      *self);
void     gm_scanner_put_variable     (GmScanner      *self,
                                      GmQuoting       quoting);
gboolean gm_scanner_is_field         (int             c);
gboolean gm_scanner_give_up          (GmScanner      *self,
                                      const char     *what);
gboolean gm_scanner_refuse           (GmScanner      *self,
                                      int             c,
                                      const char     *why);
gboolean gm_scanner_newline_is_clear (GmScanner      *self);
void     gm_here_document_free       (GmHereDocument *document);

gboolean gm_scanner_list             (GmScanner      *self,
                                      int             closer);

gboolean gm_scanner_backslash        (GmScanner      *self,
                                      GmShellCommand *command);
gboolean gm_scanner_single_quotes    (GmScanner      *self,
                                      GmShellCommand *command);
gboolean gm_scanner_dollar_quotes    (GmScanner      *self,
                                      GmShellCommand *command);
gboolean gm_scanner_double_quotes    (GmScanner      *self,
                                      GmShellCommand *command);
gboolean gm_scanner_backquotes       (GmScanner      *self);
gboolean gm_scanner_dollar           (GmScanner      *self);

gboolean gm_scanner_delimiter        (GmScanner      *self);
gboolean gm_scanner_documents        (GmScanner      *self);

G_END_DECLS
