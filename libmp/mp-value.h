/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-lock.h"

G_BEGIN_DECLS

#define MP_TYPE_VALUE (mp_value_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpValue, mp_value, MP, VALUE, MpSharedObject)

MP_EXPORT MpValue  *mp_value_new            (char          typecode,
                                             GError      **error);
MP_EXPORT MpValue  *mp_value_new_with_lock  (char          typecode,
                                             MpLock       *lock,
                                             GError      **error);
MP_EXPORT gpointer  mp_value_get_pointer    (MpValue      *self);
MP_EXPORT char      mp_value_get_typecode   (MpValue      *self);
MP_EXPORT MpLock   *mp_value_get_lock       (MpValue      *self);

G_END_DECLS
