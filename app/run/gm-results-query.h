/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-results-index.h"

G_BEGIN_DECLS

typedef enum
{
  GM_RESULTS_SORT_ENDED,     /* as they stand in the file: in the order in which they ended */
  GM_RESULTS_SORT_INDEX,
  GM_RESULTS_SORT_STATUS,    /* and by reason */
  GM_RESULTS_SORT_DURATION,
  GM_RESULTS_SORT_ATTEMPTS,
  GM_RESULTS_SORT_WORKER,
  GM_RESULTS_SORT_STARTED,
} GmResultsSort;

/* Which rows, in which order. */
typedef struct
{
  GmResultsSort  sort;
  gboolean       descending;
  guint          statuses;  /* of 1 << GmStatus; 0: all */
  guint32        group;     /* or GM_NO_GROUP */
  char          *text;      /* owned, nullable: somewhere in item, result, error or output */
} GmResultsQuery;

/* The answer to a query, worked out in pieces. */
typedef struct _GmResultsSearch GmResultsSearch;

GmResultsSearch *gm_results_search_new         (GmResultsIndex       *index,
                                                const GmResultsQuery *query);
void             gm_results_search_free        (GmResultsSearch      *self);
gboolean         gm_results_search_advance     (GmResultsSearch      *self,
                                                guint                 rows);
GArray          *gm_results_search_get_rows    (GmResultsSearch      *self);
guint            gm_results_search_get_n_found (GmResultsSearch      *self);
gboolean         gm_results_search_can_go_on   (GmResultsSearch      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmResultsSearch, gm_results_search_free)

G_END_DECLS
