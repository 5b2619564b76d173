/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>
#include "mp-lock.h"
#include "mp-watch-private.h"

G_BEGIN_DECLS

/* For who waits without the lock and has it again afterwards, however often it had it. */
pthread_mutex_t *_mp_lock_get_mutex      (MpLock   *self);
guint            _mp_lock_leave          (MpLock   *self);
MpAcquired       _mp_lock_come_back      (MpLock   *self,
                                          guint     depth);
MpAcquired       _mp_lock_try_come_back  (MpLock   *self,
                                          guint     depth,
                                          MpWatch  *watch);

G_END_DECLS
