/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "gm-snapshot.h"

G_BEGIN_DECLS

#define GM_TYPE_RUN (gm_run_get_type ())
G_DECLARE_FINAL_TYPE (GmRun, gm_run, GM, RUN, GObject)

GmRun            *gm_run_new          (const char           *dir);
const char       *gm_run_get_dir      (GmRun                *self);
const char       *gm_run_get_id       (GmRun                *self);
const char       *gm_run_get_name     (GmRun                *self);
GmRunState        gm_run_get_state    (GmRun                *self);
gboolean          gm_run_get_live     (GmRun                *self);
gboolean          gm_run_get_died     (GmRun                *self);
gint64            gm_run_get_total    (GmRun                *self);
gint64            gm_run_get_done     (GmRun                *self);
gint64            gm_run_get_failed   (GmRun                *self);
double            gm_run_get_rate     (GmRun                *self);
double            gm_run_get_started  (GmRun                *self);
double            gm_run_get_ended    (GmRun                *self);
const GmSnapshot *gm_run_get_snapshot (GmRun                *self);
void              gm_run_follow       (GmRun                *self);
void              gm_run_set_listed   (GmRun                *self,
                                       gboolean              listed);
void              gm_run_set_watched  (GmRun                *self,
                                       gboolean              watched);
void              gm_run_call_async   (GmRun                *self,
                                       const char           *method,
                                       JsonNode             *params,
                                       GCancellable         *cancellable,
                                       GAsyncReadyCallback   callback,
                                       gpointer              user_data);
JsonNode         *gm_run_call_finish  (GmRun                *self,
                                       GAsyncResult         *result,
                                       GError              **error);

G_END_DECLS
