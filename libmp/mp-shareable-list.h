/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include "mp-shared-memory.h"

G_BEGIN_DECLS

#define MP_TYPE_SHAREABLE_LIST (mp_shareable_list_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpShareableList, mp_shareable_list, MP, SHAREABLE_LIST, GObject)

MP_EXPORT MpShareableList *mp_shareable_list_new         (GVariant         *items,
                                                          GError          **error);
MP_EXPORT MpShareableList *mp_shareable_list_create      (const char       *name,
                                                          GVariant         *items,
                                                          GError          **error);
MP_EXPORT MpShareableList *mp_shareable_list_attach      (const char       *name,
                                                          GError          **error);
MP_EXPORT guint            mp_shareable_list_get_length  (MpShareableList  *self);
MP_EXPORT GVariant        *mp_shareable_list_get         (MpShareableList  *self,
                                                          gssize            index,
                                                          GError          **error);
MP_EXPORT gboolean         mp_shareable_list_set         (MpShareableList  *self,
                                                          gssize            index,
                                                          GVariant         *value,
                                                          GError          **error);
MP_EXPORT gssize           mp_shareable_list_count       (MpShareableList  *self,
                                                          GVariant         *value,
                                                          GError          **error);
MP_EXPORT gssize           mp_shareable_list_index       (MpShareableList  *self,
                                                          GVariant         *value,
                                                          GError          **error);
MP_EXPORT char            *mp_shareable_list_get_format  (MpShareableList  *self,
                                                          GError          **error);
MP_EXPORT MpSharedMemory  *mp_shareable_list_get_memory  (MpShareableList  *self);

G_END_DECLS
