/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib.h>
#include "mp-macros.h"

G_BEGIN_DECLS

MP_EXPORT void  mp_init                   (int                *argc,
                                           char             ***argv);
MP_EXPORT guint mp_cpu_count              (void);
MP_EXPORT void  mp_set_executable         (const char         *path);

G_END_DECLS
