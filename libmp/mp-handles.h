/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib.h>
#include "mp-macros.h"

G_BEGIN_DECLS

MP_EXPORT int mp_handle_steal (gint32 handle);

G_END_DECLS
