/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GmLineBuffer:
 * @text: what was read, and append here what is read next
 *
 * What comes in pieces and is wanted in lines.
 */
typedef struct
{
  /* Owned */
  GString *text;

  /*< private >*/
  gsize    start;    /* what is before was taken */
  gsize    scanned;  /* so much from there on holds no end of line */
} GmLineBuffer;

void        gm_line_buffer_init       (GmLineBuffer *self);
void        gm_line_buffer_clear      (GmLineBuffer *self);
const char *gm_line_buffer_next       (GmLineBuffer *self,
                                       gsize        *length);
gboolean    gm_line_buffer_has_unseen (GmLineBuffer *self);
gsize       gm_line_buffer_get_begun  (GmLineBuffer *self);

G_END_DECLS
