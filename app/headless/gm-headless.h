/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean gm_headless_is_wanted (char **argv);
int      gm_headless_main      (char **argv);

G_END_DECLS
