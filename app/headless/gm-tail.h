/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads along a file of lines that somebody else writes. */
typedef struct _GmTail GmTail;

typedef void (*GmTailFunc) (const char *line,
                            gsize       length,
                            guint64     offset,
                            gpointer    user_data);

GmTail   *gm_tail_open (const char  *path,
                        gboolean     at_end);
void      gm_tail_free (GmTail      *self);
gboolean  gm_tail_read (GmTail      *self,
                        GmTailFunc   func,
                        gpointer     user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmTail, gm_tail_free)

G_END_DECLS
