/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-options.h"

G_BEGIN_DECLS

char *gm_old_run_find    (const char       *run,
                          GError          **error);
int   gm_old_runs_list   (const GmOptions  *options);
int   gm_old_run_remove  (const GmOptions  *options);

G_END_DECLS
