/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-results-index.h"

G_BEGIN_DECLS

#define GM_STATS_BUCKETS 24
#define GM_STATS_SLOWEST 10

/* What the items of a span of time had in common; durations in nanoseconds. */
typedef struct
{
  guint   count;                        /* with an attempt */
  guint   failed;                       /* not ok and not cancelled */
  gint64  p50, p95, p99;                /* within 2 % */
  gint64  shortest, longest;
  guint   buckets[GM_STATS_BUCKETS];    /* of equal width on a logarithmic scale */
  guint   n_slowest;
  guint32 slowest[GM_STATS_SLOWEST];    /* rows, the slowest first */
} GmResultsStats;

void gm_results_stats_read (GmResultsStats  *self,
                            GmResultsIndex  *index,
                            gint64           from,
                            gint64           to);

G_END_DECLS
