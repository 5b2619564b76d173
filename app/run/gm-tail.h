/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The lines of a file that grows. */
typedef struct _GmTail GmTail;

GmTail   *gm_tail_new    (const char  *dir,
                          const char  *name);
void      gm_tail_free   (GmTail      *self);
gboolean  gm_tail_next   (GmTail      *self,
                          const char **line,
                          gsize       *size,
                          guint64     *offset);
const char *
          gm_tail_peek_at
                         (GmTail      *self,
                          guint64      offset,
                          gsize       *size);
guint64   gm_tail_get_offset
                         (GmTail      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmTail, gm_tail_free)

G_END_DECLS
