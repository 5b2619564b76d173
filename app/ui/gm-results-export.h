/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  GM_EXPORT_CSV,
  GM_EXPORT_JSON,   /* one array */
  GM_EXPORT_LINES,  /* as results.jsonl */
} GmExportFormat;

void     gm_results_export_async  (const char           *dir,
                                   GArray               *offsets,
                                   GmExportFormat        format,
                                   const char           *path,
                                   GCancellable         *cancellable,
                                   GAsyncReadyCallback   callback,
                                   gpointer              user_data);
gboolean gm_results_export_finish (GAsyncResult         *result,
                                   GError              **error);

G_END_DECLS
