/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a run's events tell of its course. */
typedef struct _GmEventsIndex GmEventsIndex;

/* Once a second. */
typedef struct
{
  gint64 time;         /* wall clock, microseconds */
  double queued;
  double running;
  double done;
  double failed;
  double rate;         /* items/s */
  double cpu_percent;  /* negative: not recorded */
  double rss;          /* bytes; negative: not recorded */
} GmEventsSample;

/* One that failed and was followed by another. */
typedef struct
{
  guint64  index;       /* of the item */
  guint64  offset;      /* of its line in events.jsonl */
  gint64   started;     /* wall clock, microseconds */
  gint64   duration;    /* nanoseconds */
  guint    slot;        /* of the worker, from 1; 0: not known */
  gboolean is_timeout;
} GmEventsAttempt;

GmEventsIndex         *gm_events_index_new            (const char     *dir);
void                   gm_events_index_free           (GmEventsIndex  *self);
gboolean               gm_events_index_advance        (GmEventsIndex  *self,
                                                       gsize           bytes);
guint                  gm_events_index_get_n_samples  (GmEventsIndex  *self);
const GmEventsSample  *gm_events_index_get_sample     (GmEventsIndex  *self,
                                                       guint           sample);
guint                  gm_events_index_get_slot       (GmEventsIndex  *self,
                                                       const char     *worker);
guint                  gm_events_index_get_n_attempts (GmEventsIndex  *self);
const GmEventsAttempt *gm_events_index_get_attempt    (GmEventsIndex  *self,
                                                       guint           attempt);
GPtrArray             *gm_events_index_dup_attempts   (GmEventsIndex  *self,
                                                       guint64         index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmEventsIndex, gm_events_index_free)

G_END_DECLS
