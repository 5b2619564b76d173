/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "gm-run.h"

G_BEGIN_DECLS

#define GM_TYPE_WORKER_TABLE (gm_worker_table_get_type ())
G_DECLARE_FINAL_TYPE (GmWorkerTable, gm_worker_table, GM, WORKER_TABLE, GtkWidget)

void gm_worker_table_update    (GmWorkerTable    *self,
                                GmRun            *run,
                                const GmSnapshot *snapshot,
                                gint64            usual);
void gm_worker_table_read_proc (GmWorkerTable    *self);

G_END_DECLS
