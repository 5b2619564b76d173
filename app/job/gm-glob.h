/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int       gm_glob_collect (const char  *base_dir,
                           const char  *pattern,
                           GPtrArray   *paths);
gboolean  gm_glob_match   (const char  *pattern,
                           const char  *name);
char     *gm_glob_escape  (const char  *path);

G_END_DECLS
