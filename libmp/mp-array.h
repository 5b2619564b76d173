/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-lock.h"

G_BEGIN_DECLS

#define MP_TYPE_ARRAY (mp_array_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpArray, mp_array, MP, ARRAY, MpSharedObject)

MP_EXPORT MpArray  *mp_array_new            (char          typecode,
                                             guint64       length,
                                             GError      **error);
MP_EXPORT MpArray  *mp_array_new_with_lock  (char          typecode,
                                             guint64       length,
                                             MpLock       *lock,
                                             GError      **error);
MP_EXPORT gpointer  mp_array_get_pointer    (MpArray      *self);
MP_EXPORT guint64   mp_array_get_length     (MpArray      *self);
MP_EXPORT gsize     mp_array_get_item_size  (MpArray      *self);
MP_EXPORT char      mp_array_get_typecode   (MpArray      *self);
MP_EXPORT MpLock   *mp_array_get_lock       (MpArray      *self);

G_END_DECLS
