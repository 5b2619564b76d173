/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-form-row.h"
#include "gm-form-value.h"

G_BEGIN_DECLS

struct _GmFormRow
{
  AdwPreferencesRow parent_instance;

  /* Owned */
  GmDraft        *draft;
  char           *key;          /* `key` or `key/key` */
  char           *beside;       /* is shown where this is: `task/command`; NULL: where the key is */
  char           *subtitle_text;
  char           *placeholder;
  char          **choices;      /* strings; objects begin with `{` */
  char           *labels;       /* a line for each choice */

  /* The control, one of these */
  GtkEditable    *entry;
  GtkTextView    *view;
  GtkSwitch      *toggle;
  GtkDropDown    *drop_down;

  GtkMenuButton  *insert;       /* of a command, else NULL */

  /* Template children */
  GtkLabel       *title;
  GtkLabel       *subtitle;
  GtkLabel       *error;
  GtkLabel       *example;
  GtkBox         *header;
  GtkBox         *body;

  GmFormKind      kind;
  guint           default_on : 1;  /* switch */
  guint           is_path : 1;     /* has a button to choose a file */
  guint           updating : 1;
};

/* gm-form-row.c */
void       gm_form_row_set_value    (GmFormRow  *self,
                                     JsonNode   *node);
void       gm_form_row_set_text     (GmFormRow  *self,
                                     const char *text);

/* gm-form-row-control.c */
gboolean   gm_form_row_is_brief     (GmFormRow  *self);
GtkWidget *gm_form_row_make_control (GmFormRow  *self);
GtkWidget *gm_form_row_make_chooser (GmFormRow  *self);
void       gm_form_row_show_value   (GmFormRow  *self,
                                     JsonNode   *node);

/* gm-form-row-insert.c */
gboolean   gm_form_row_is_template        (GmFormRow  *self);
GtkWidget *gm_form_row_make_insert_button (GmFormRow  *self);
void       gm_form_row_insert             (GmFormRow  *self,
                                           const char *text);

G_END_DECLS
