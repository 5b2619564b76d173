/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_SHARED_MEMORY (mp_shared_memory_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpSharedMemory, mp_shared_memory, MP, SHARED_MEMORY, GObject)

MP_EXPORT MpSharedMemory *mp_shared_memory_new       (gsize            size,
                                                      GError         **error);
MP_EXPORT MpSharedMemory *mp_shared_memory_create    (const char      *name,
                                                      gsize            size,
                                                      GError         **error);
MP_EXPORT MpSharedMemory *mp_shared_memory_attach    (const char      *name,
                                                      GError         **error);
MP_EXPORT const char     *mp_shared_memory_get_name  (MpSharedMemory  *self);
MP_EXPORT gsize           mp_shared_memory_get_size  (MpSharedMemory  *self);
MP_EXPORT gpointer        mp_shared_memory_get_data  (MpSharedMemory  *self);
MP_EXPORT void            mp_shared_memory_close     (MpSharedMemory  *self);
MP_EXPORT gboolean        mp_shared_memory_unlink    (MpSharedMemory  *self,
                                                      GError         **error);

G_END_DECLS
