/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-function.h"

G_BEGIN_DECLS

/* What libmp itself registers begins with this. */
#define MP_OWN_FUNCTION_PREFIX "mp_"

guint    _mp_function_get_n_foreign (void);
gboolean _mp_function_perform       (const char  *name,
                                     GVariant    *args,
                                     GError     **error);

G_END_DECLS
