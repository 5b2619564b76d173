/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a module of functions for gtk-mp may use, with all of libmp. */

#include <mp.h>

G_BEGIN_DECLS

MP_EXPORT void   gm_module_set_progress (double      fraction,
                                         const char *note);
MP_EXPORT gint64 gm_module_count        (const char *name,
                                         gint64      by);

G_END_DECLS
