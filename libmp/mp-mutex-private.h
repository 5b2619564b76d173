/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <pthread.h>
#include "mp-lock.h"

G_BEGIN_DECLS

/* A robust mutex in shared memory: the kernel gives it on when its owner dies. */
void        _mp_mutex_init       (pthread_mutex_t  *mutex);
MpAcquired  _mp_mutex_lock       (pthread_mutex_t  *mutex,
                                  gint64            deadline,
                                  int              *error_number);
gboolean    _mp_mutex_unlock     (pthread_mutex_t  *mutex);
pid_t       _mp_mutex_get_owner  (pthread_mutex_t  *mutex);
gboolean    _mp_mutex_is_mine    (pthread_mutex_t  *mutex);

/* For what nobody holds for long. */
MpAcquired  _mp_mutex_enter      (pthread_mutex_t  *mutex,
                                  gint64            deadline);

/* A moment on the monotonic clock that has passed: for who must not block. */
#define MP_LONG_AGO 1

G_END_DECLS
