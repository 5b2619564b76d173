/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-lock.h"
#include "mp-segment-private.h"

G_BEGIN_DECLS

/* For conditions. */
MpSegment *_mp_lock_get_segment    (MpLock      *self);
gboolean   _mp_lock_is_mine        (MpLock      *self);
guint      _mp_lock_release_whole  (MpLock      *self);
MpAcquired _mp_lock_acquire_whole  (MpLock      *self,
                                    guint        depth);

G_END_DECLS
