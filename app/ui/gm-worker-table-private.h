/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-worker-row.h"
#include "gm-worker-table.h"

G_BEGIN_DECLS

struct _GmWorkerTable
{
  GtkWidget parent_instance;

  /* Owned */
  GmRun             *run;
  GListStore        *rows;       /* of GmWorkerRow, by slot */
  GtkSelectionModel *selection;
  GCancellable      *cancellable;

  /* Children */
  GtkWidget         *box;
  GtkColumnView     *view;
  GtkWidget         *total;
  GtkWidget         *menu;
};

void        gm_worker_table_install_actions (GtkWidgetClass *klass);
void        gm_worker_table_update_actions  (GmWorkerTable  *self);
GMenuModel *gm_worker_table_new_menu        (void);

G_END_DECLS
