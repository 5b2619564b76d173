/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-events-index.h"
#include "gm-log-index.h"
#include "gm-results-index.h"
#include "gm-run.h"

G_BEGIN_DECLS

typedef enum
{
  GM_RUN_DATA_EVENTS,
  GM_RUN_DATA_RESULTS,
  GM_RUN_DATA_LOG,
  GM_RUN_DATA_N_PARTS,
} GmRunDataPart;

#define GM_TYPE_RUN_DATA (gm_run_data_get_type ())
G_DECLARE_FINAL_TYPE (GmRunData, gm_run_data, GM, RUN_DATA, GObject)

GmRunData      *gm_run_data_get         (GmRun          *run);
void            gm_run_data_set_wanted  (GmRunData      *self,
                                         GmRunDataPart   part,
                                         gboolean        wanted);
gboolean        gm_run_data_is_reading  (GmRunData      *self);
void            gm_run_data_show_item   (GmRunData      *self,
                                         guint64         index);
GmEventsIndex  *gm_run_data_get_events  (GmRunData      *self);
GmResultsIndex *gm_run_data_get_results (GmRunData      *self);
GmLogIndex     *gm_run_data_get_log     (GmRunData      *self);

G_END_DECLS
