/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "gm-proc.h"
#include "gm-snapshot.h"

G_BEGIN_DECLS

typedef enum
{
  GM_WORKER_COLUMN_SLOT,
  GM_WORKER_COLUMN_NAME,
  GM_WORKER_COLUMN_PID,
  GM_WORKER_COLUMN_STATE,
  GM_WORKER_COLUMN_ITEM,
  GM_WORKER_COLUMN_SINCE,
  GM_WORKER_COLUMN_DONE,
  GM_WORKER_COLUMN_FAILED,
  GM_WORKER_COLUMN_CPU,
  GM_WORKER_COLUMN_MEMORY,
  GM_WORKER_COLUMN_THREADS,
  GM_WORKER_COLUMN_FILES,
  GM_WORKER_COLUMN_IO,
  GM_WORKER_N_COLUMNS,
} GmWorkerColumn;

#define GM_TYPE_WORKER_ROW (gm_worker_row_get_type ())
G_DECLARE_FINAL_TYPE (GmWorkerRow, gm_worker_row, GM, WORKER_ROW, GObject)

GmWorkerRow *gm_worker_row_new          (void);
void         gm_worker_row_set_worker   (GmWorkerRow            *self,
                                         const GmSnapshot       *snapshot,
                                         const GmSnapshotWorker *worker,
                                         gint64                  now,
                                         gint64                  usual);
void         gm_worker_row_read_proc    (GmWorkerRow            *self);
void         gm_worker_row_set_child    (GmWorkerRow            *self,
                                         const GmProc           *proc);
GListModel  *gm_worker_row_get_children (GmWorkerRow            *self);
pid_t        gm_worker_row_get_pid      (GmWorkerRow            *self);
const char  *gm_worker_row_get_text     (GmWorkerRow            *self,
                                         GmWorkerColumn          column);
const char  *gm_worker_row_get_signal   (GmWorkerColumn          column);
double       gm_worker_row_get_number   (GmWorkerRow            *self,
                                         GmWorkerColumn          column);
gboolean     gm_worker_row_is_slow      (GmWorkerRow            *self);

G_END_DECLS
