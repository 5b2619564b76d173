/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-fifo-private.h"
#include "mp-queue.h"
#include "mp-segment-private.h"
#include "mp-takers-private.h"

G_BEGIN_DECLS

/* In shared memory */
typedef struct
{
  MpFifoState     fifo;

  MP_CACHE_ALIGNED _Atomic guint32 shut;  /* set inside the putters' gate */
  guint64         n_sent;                 /* values with descriptors; changed inside that gate */

  /* Of a joinable queue */
  MP_CACHE_ALIGNED pthread_mutex_t mutex;
  MpTakers        takers;
} MpQueueState;

typedef struct
{
  /* Borrowed, of the place */
  MpSegment    *segment;
  MpQueueState *state;

  MpFifo        fifo;
  gboolean      joinable;
} MpQueuePrivate;

MpQueuePrivate *_mp_queue_get_private  (MpQueue        *self);
gpointer        _mp_queue_new          (GType           type,
                                        guint64         max_size,
                                        GError        **error);
MpAcquired      _mp_queue_enter_get    (MpQueuePrivate *self,
                                        gint64          deadline,
                                        MpWatch        *watch);
gboolean        _mp_queue_check_open   (MpQueue        *self,
                                        GError        **error);

G_END_DECLS
