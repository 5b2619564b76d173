/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "gm-item.h"
#include "gm-outcome-status.h"

G_BEGIN_DECLS

/* results.jsonl, read from the beginning to its last whole line. */
typedef struct _GmOutcomeFile GmOutcomeFile;

/* What a line says; the line is the file's until the next is read. */
typedef struct
{
  guint64      index;
  GmStatus     status;
  GmReason     reason;
  guint        attempts;
  const char  *line;
  gsize        length;   /* with the newline */
  guint64      offset;
} GmPastOutcome;

GmOutcomeFile *gm_outcome_file_open     (const char           *dir,
                                         GError              **error);
void           gm_outcome_file_free     (GmOutcomeFile        *self);
gboolean       gm_outcome_file_next     (GmOutcomeFile        *self,
                                         GmPastOutcome        *outcome);
gboolean       gm_outcome_file_seek     (GmOutcomeFile        *self,
                                         guint64               offset);
gboolean       gm_past_outcome_get_item (const GmPastOutcome  *self,
                                         GString              *text,
                                         GmItem               *item);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmOutcomeFile, gm_outcome_file_free)

G_END_DECLS
