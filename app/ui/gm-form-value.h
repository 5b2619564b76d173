/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How a value of a job file is written in a field. */
typedef enum
{
  GM_FORM_TEXT,     /* a string */
  GM_FORM_NUMBER,   /* a number, or a string such as "auto", "300%", "2G" */
  GM_FORM_WORDS,    /* an array of strings as one line, quoted as in a shell */
  GM_FORM_SCRIPT,   /* a string of several lines */
  GM_FORM_LINES,    /* an array of strings, or one string: a line each */
  GM_FORM_ITEMS,    /* an array of anything: a line each */
  GM_FORM_NUMBERS,  /* an array of numbers: with commas */
  GM_FORM_ENV,      /* an object of strings: NAME=value lines */
  GM_FORM_PRODUCT,  /* an object of lists: "name: list" lines */
  GM_FORM_SWITCH,   /* a boolean */
  GM_FORM_CHOICE,   /* one of several strings or objects */
} GmFormKind;

#define GM_TYPE_FORM_KIND (gm_form_kind_get_type ())
GType     gm_form_kind_get_type   (void);

char     *gm_form_value_to_text   (GmFormKind   kind,
                                   JsonNode    *node);
gboolean  gm_form_value_from_text (GmFormKind   kind,
                                   const char  *text,
                                   JsonNode   **node,
                                   GError     **error);

G_END_DECLS
