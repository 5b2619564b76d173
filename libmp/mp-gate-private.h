/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-mutex-private.h"
#include "mp-watch-private.h"

G_BEGIN_DECLS

/* In shared memory: the mutex around what processes wait for. Zeros, and _mp_gate_init(). */
typedef struct
{
  pthread_mutex_t mutex;
  _Atomic guint32 n_put_off;  /* grows when somebody sleeps as another one is inside */
  _Atomic guint32 n_called;   /* up to which of those the bell was rung */
} MpGate;

void        _mp_gate_init   (MpGate     *gate);
MpAcquired  _mp_gate_enter  (MpGate     *gate,
                             gint64      deadline,
                             MpWatch    *watch);
void        _mp_gate_leave  (MpGate     *gate,
                             MpSegment  *segment);

G_END_DECLS
