/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job-types.h"

G_BEGIN_DECLS

/* Where each line of a run's log is, and who said it how loudly. */
typedef struct _GmLogIndex GmLogIndex;

typedef struct
{
  guint64 offset;
  guint32 process;  /* gm_log_index_get_process() */
  guint32 level;    /* GmLogLevel, or what stood there */
} GmLogLine;

GmLogIndex      *gm_log_index_new             (const char  *dir);
void             gm_log_index_free            (GmLogIndex  *self);
gboolean         gm_log_index_advance         (GmLogIndex  *self,
                                               gsize        bytes);
guint            gm_log_index_get_n_lines     (GmLogIndex  *self);
const GmLogLine *gm_log_index_get_line        (GmLogIndex  *self,
                                               guint        line);
guint            gm_log_index_get_n_processes (GmLogIndex  *self);
const char      *gm_log_index_get_process     (GmLogIndex  *self,
                                               guint        process);
char            *gm_log_index_dup_text        (GmLogIndex  *self,
                                               guint        line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmLogIndex, gm_log_index_free)

G_END_DECLS
