/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "gm-snapshot.h"

G_BEGIN_DECLS

#define GM_TYPE_RUN_CLIENT (gm_run_client_get_type ())
G_DECLARE_FINAL_TYPE (GmRunClient, gm_run_client, GM, RUN_CLIENT, GObject)

/* What the run answered; the code is that of JSON-RPC. */
#define GM_RUN_CLIENT_ERROR (gm_run_client_error_quark ())

/* A line of the protocol is not longer, in either direction. */
#define GM_RUN_MAX_LINE (1024 * 1024)

GQuark       gm_run_client_error_quark (void);
GmRunClient *gm_run_client_new         (const char           *dir,
                                        GError              **error);
gboolean     gm_run_client_is_open     (GmRunClient          *self);
void         gm_run_client_close       (GmRunClient          *self);
void         gm_run_client_call_async  (GmRunClient          *self,
                                        const char           *method,
                                        JsonNode             *params,
                                        GCancellable         *cancellable,
                                        GAsyncReadyCallback   callback,
                                        gpointer              user_data);
JsonNode    *gm_run_client_call_finish (GmRunClient          *self,
                                        GAsyncResult         *result,
                                        GError              **error);

G_END_DECLS
