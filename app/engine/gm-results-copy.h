/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-dir.h"

G_BEGIN_DECLS

gboolean gm_results_copy (GmRunDir    *dir,
                          const char  *path,
                          GError     **error);

G_END_DECLS
