/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-dir.h"

G_BEGIN_DECLS

/* A file that only grows, by whole records. */
typedef struct _GmJournal GmJournal;

GmJournal *gm_journal_open       (GmRunDir     *dir,
                                  const char   *name,
                                  gsize         record_size,
                                  GError      **error);
void       gm_journal_free       (GmJournal    *self);
guint64    gm_journal_get_size   (GmJournal    *self);
gboolean   gm_journal_append     (GmJournal    *self,
                                  const void   *record,
                                  gsize         size,
                                  GError      **error);
gboolean   gm_journal_write      (GmJournal    *self,
                                  GError      **error);
gboolean   gm_journal_sync       (GmJournal    *self,
                                  GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmJournal, gm_journal_free)

G_END_DECLS
