/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-history.h"

G_BEGIN_DECLS

#define GM_TYPE_RUN_STORE (gm_run_store_get_type ())
G_DECLARE_FINAL_TYPE (GmRunStore, gm_run_store, GM, RUN_STORE, GObject)

GmRunStore *gm_run_store_new         (const char  *folder);
const char *gm_run_store_get_folder  (GmRunStore  *self);
GListModel *gm_run_store_get_running (GmRunStore  *self);
GmHistory  *gm_run_store_get_history (GmRunStore  *self);
GmRun      *gm_run_store_add         (GmRunStore  *self,
                                      const char  *name);

G_END_DECLS
