/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-inputs.h"
#include "gm-reader.h"

G_BEGIN_DECLS

/* What each kind of inputs begins with. */
struct _GmInputs
{
  GmInputsStatus (*next)     (GmInputs    *self,
                              GmItem      *item,
                              GError     **error);
  void           (*free)     (GmInputs    *self);
  gboolean       (*can_have) (GmInputs    *self,
                              const char  *name);  /* or NULL: don't know */

  /* Owned */
  GString         *text;    /* of the item at hand */
  GmReader        *reader;  /* or NULL */

  gint64           total;   /* -1: not known yet */
  gint64           n_items; /* handed out so far */
  gboolean         can_reopen;
};

/* What the kinds need to open. */
typedef struct
{
  GmJob       *job;
  GmInputSpec *spec;
  const char  *path;      /* of the spec in the job, for errors */
  int          stdin_fd;
  GError     **error;
} GmOpening;

gpointer  gm_inputs_alloc         (gsize        size);
void      gm_inputs_release       (GmInputs    *self);
gboolean  gm_opening_fail         (GmOpening   *opening,
                                   const char  *format,
                                   ...) G_GNUC_PRINTF (2, 3);
GmInputs *gm_inputs_open_range    (GmOpening   *opening);
GmInputs *gm_inputs_open_items    (GmOpening   *opening);
GmInputs *gm_inputs_open_paths    (GmOpening   *opening);
GmInputs *gm_inputs_open_words    (GmOpening   *opening);
GmInputs *gm_inputs_open_lines    (GmOpening   *opening);
GmInputs *gm_inputs_open_csv      (GmOpening   *opening);
GmInputs *gm_inputs_open_jsonl    (GmOpening   *opening);
GmInputs *gm_inputs_open_product  (GmOpening   *opening);
GmInputs *gm_inputs_open_spec     (GmOpening   *opening);

gboolean  gm_inputs_open_reader   (GmInputs    *self,
                                   GmOpening   *opening,
                                   char         separator);

void      gm_item_set_text        (GmItem      *item,
                                   GmInputs    *self);
void      gm_item_set_string      (GmItem      *item,
                                   GmInputs    *self,
                                   const char  *string,
                                   gsize        len);
void      gm_item_set_bad         (GmItem      *item,
                                   GmInputs    *self,
                                   gint64       line,
                                   const char  *format,
                                   ...) G_GNUC_PRINTF (4, 5);

G_END_DECLS
