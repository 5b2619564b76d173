/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-worker-private.h"

G_BEGIN_DECLS

/* A pool worker that is a thread of the pool's own process. */
typedef struct _MpWorkerThread MpWorkerThread;

MpWorkerThread *_mp_worker_thread_start           (const MpWorkerSetup  *setup,
                                                   GError              **error);
int             _mp_worker_thread_get_sentinel    (MpWorkerThread       *self);
int             _mp_worker_thread_get_wait_status (MpWorkerThread       *self);
gboolean        _mp_worker_thread_reap            (MpWorkerThread       *self);
void            _mp_worker_thread_join            (MpWorkerThread       *self);
void            _mp_worker_thread_free            (MpWorkerThread       *self);

G_END_DECLS
