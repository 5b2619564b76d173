/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include "mp-macros.h"

G_BEGIN_DECLS

/**
 * MpStartMethod:
 * @MP_START_METHOD_FORK: a copy of the process that starts it
 * @MP_START_METHOD_SPAWN: a fresh image of the program
 * @MP_START_METHOD_FORKSERVER: a copy of a fresh image that does nothing but this
 *
 * How a child process comes to be.
 */
typedef enum
{
  MP_START_METHOD_FORK,
  MP_START_METHOD_SPAWN,
  MP_START_METHOD_FORKSERVER,
} MpStartMethod;

#define MP_TYPE_CONTEXT (mp_context_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpContext, mp_context, MP, CONTEXT, GObject)

MP_EXPORT MpContext          *mp_context_get                    (const char   *method,
                                                                 GError      **error);
MP_EXPORT MpContext          *mp_context_get_default            (void);
MP_EXPORT MpStartMethod       mp_context_get_method             (MpContext    *self);
MP_EXPORT const char *const  *mp_get_all_start_methods          (void);
MP_EXPORT const char         *mp_get_start_method               (void);
MP_EXPORT gboolean            mp_set_start_method               (const char   *method,
                                                                 gboolean      force,
                                                                 GError      **error);
MP_EXPORT const char         *mp_start_method_to_string         (MpStartMethod method);
MP_EXPORT void                mp_context_set_allow_threads      (MpContext    *self,
                                                                 gboolean      allow);
MP_EXPORT void                mp_context_prepare                (MpContext    *self);
MP_EXPORT void                mp_set_forkserver_preload         (const char   *function);

G_END_DECLS
