/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-members.h"
#include "gm-outcome-status.h"
#include "gm-tail.h"

G_BEGIN_DECLS

/* Where each outcome of a run is, and what of it is sorted, counted and drawn. */
typedef struct _GmResultsIndex GmResultsIndex;

#define GM_NO_WORKER G_MAXUINT32
#define GM_NO_GROUP  G_MAXUINT16

/* One item: the last line there is of it. */
typedef struct
{
  guint64 offset : 56;  /* of its line in results.jsonl */
  guint64 status : 4;   /* GmStatus */
  guint64 reason : 4;   /* GmReason */
  guint64 index;
  gint64  started;      /* wall clock, microseconds; 0: there was no attempt */
  gint64  duration;     /* nanoseconds */
  guint32 worker;       /* gm_results_index_get_worker(), or GM_NO_WORKER */
  guint16 group;        /* gm_results_index_get_group(), or GM_NO_GROUP */
  guint16 attempts;
} GmResultsRow;

/* Items that failed alike. */
typedef struct
{
  GmReason  reason;
  char     *text;    /* owned: the first line of the error, perhaps empty */
  guint     count;
} GmResultsGroup;

GmResultsIndex       *gm_results_index_new            (const char      *dir);
void                  gm_results_index_free           (GmResultsIndex  *self);
gboolean              gm_results_index_advance        (GmResultsIndex  *self,
                                                       gsize            bytes);

guint                 gm_results_index_get_n_rows     (GmResultsIndex  *self);
const GmResultsRow   *gm_results_index_get_row        (GmResultsIndex  *self,
                                                       guint            row);
gboolean              gm_results_index_find           (GmResultsIndex  *self,
                                                       guint64          index,
                                                       guint           *row);
guint                 gm_results_index_count          (GmResultsIndex  *self,
                                                       GmStatus         status);
guint                 gm_results_index_get_changes    (GmResultsIndex  *self);
const char           *gm_results_index_get_worker     (GmResultsIndex  *self,
                                                       guint            worker);
guint                 gm_results_index_get_n_workers  (GmResultsIndex  *self);
guint                 gm_results_index_get_n_groups   (GmResultsIndex  *self);
const GmResultsGroup *gm_results_index_get_group      (GmResultsIndex  *self,
                                                       guint            group);
const char           *gm_results_index_peek_line      (GmResultsIndex  *self,
                                                       guint            row,
                                                       gsize           *size);
guint                 gm_results_index_next_in_span   (GmResultsIndex  *self,
                                                       guint            row,
                                                       gint64           from,
                                                       gint64           to);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmResultsIndex, gm_results_index_free)

static inline gint64
gm_results_row_get_end (const GmResultsRow *row)
{
  return row->started + row->duration / 1000;
}

G_END_DECLS
