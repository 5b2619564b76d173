/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib.h>
#include "mp-macros.h"

G_BEGIN_DECLS

/**
 * MpFinalizer:
 *
 * Something that is done before the process exits.
 */
typedef struct _MpFinalizer MpFinalizer;

/* In place of a priority: only mp_finalizer_call() runs it. */
#define MP_FINALIZER_NOT_AT_EXIT G_MININT

MP_EXPORT MpFinalizer *mp_finalizer_add      (GFunc         callback,
                                              gpointer      object,
                                              gpointer      user_data,
                                              int           exit_priority);
MP_EXPORT gboolean     mp_finalizer_call     (MpFinalizer  *finalizer);
MP_EXPORT void         mp_finalizer_cancel   (MpFinalizer  *finalizer);

G_END_DECLS
