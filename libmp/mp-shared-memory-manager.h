/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-shareable-list.h"
#include "mp-shared-memory.h"

G_BEGIN_DECLS

#define MP_TYPE_SHARED_MEMORY_MANAGER (mp_shared_memory_manager_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpSharedMemoryManager, mp_shared_memory_manager, MP,
                                SHARED_MEMORY_MANAGER, GObject)

MP_EXPORT MpSharedMemoryManager *mp_shared_memory_manager_new
                                                       (void);
MP_EXPORT MpSharedMemory        *mp_shared_memory_manager_create_memory
                                                       (MpSharedMemoryManager  *self,
                                                        gsize                   size,
                                                        GError                **error);
MP_EXPORT MpShareableList       *mp_shared_memory_manager_create_list
                                                       (MpSharedMemoryManager  *self,
                                                        GVariant               *items,
                                                        GError                **error);
MP_EXPORT void                   mp_shared_memory_manager_shutdown
                                                       (MpSharedMemoryManager  *self);

G_END_DECLS
