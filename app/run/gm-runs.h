/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The runs there are: folders, each with a job.json. */

char       *gm_runs_folder      (void);
GPtrArray  *gm_runs_list        (const char  *folder,
                                 GError     **error);
char       *gm_runs_resolve     (const char  *run,
                                 GError     **error);
gboolean    gm_runs_remove      (const char  *dir,
                                 GError     **error);

gboolean    gm_run_is_one       (const char  *dir);
gboolean    gm_run_check_ours   (const char  *dir,
                                 GError     **error);

G_END_DECLS
