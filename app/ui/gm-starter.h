/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void      gm_starter_start_async  (const char * const   *options,
                                   const char           *job,
                                   GCancellable         *cancellable,
                                   GAsyncReadyCallback   callback,
                                   gpointer              user_data);
gboolean  gm_starter_start_finish (GAsyncResult         *result,
                                   GError              **error);

G_END_DECLS
