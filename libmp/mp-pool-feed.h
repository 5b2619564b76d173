/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include <sys/types.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_POOL_FEED (mp_pool_feed_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpPoolFeed, mp_pool_feed, MP, POOL_FEED, GObject)

typedef enum
{
  MP_OUTCOME_OK,        /* the function returned: @result */
  MP_OUTCOME_ERROR,     /* it set an error: @error */
  MP_OUTCOME_LOST,      /* its worker died: @wait_status */
  MP_OUTCOME_TIMEOUT,   /* the pool's task timeout passed */
  MP_OUTCOME_CANCELLED, /* never run, or ended by terminate */
} MpOutcomeStatus;

/* What became of one item. Valid only inside the callback: the data lies in shared memory. */
typedef struct
{
  guint64          tag;         /* as pushed */
  MpOutcomeStatus  status;
  GVariant        *result;      /* OK, unless @bytes is set */
  const guint8    *bytes;       /* OK and the result is of type `ay`: its content, no copy made */
  gsize            n_bytes;
  const GError    *error;       /* ERROR, LOST, TIMEOUT, CANCELLED */
  int              wait_status; /* LOST and TIMEOUT: as waitpid() gave it */
  gboolean         killed;      /* LOST by mp_pool_kill_worker() */
  gboolean         started;     /* whether a worker began it; the fields below need that */
  guint            slot;        /* worker slot from 0 */
  pid_t            pid;         /* of the pool worker */
  const char      *worker;      /* its process name */
  gint64           start_time;  /* wall clock, microseconds since the epoch */
  gint64           duration;    /* nanoseconds */
} MpOutcome;

typedef void (*MpOutcomeFunc) (const MpOutcome *outcome,
                               gpointer         user_data);
typedef void (*MpRoomFunc)    (gpointer         user_data);

MP_EXPORT void     mp_pool_feed_push        (MpPoolFeed   *self,
                                             guint64       tag,
                                             GVariant     *item);
MP_EXPORT void     mp_pool_feed_push_bytes  (MpPoolFeed   *self,
                                             guint64       tag,
                                             const void   *data,
                                             gsize         size);
MP_EXPORT void     mp_pool_feed_flush       (MpPoolFeed   *self);
MP_EXPORT guint    mp_pool_feed_get_room    (MpPoolFeed   *self);
MP_EXPORT guint    mp_pool_feed_get_pending (MpPoolFeed   *self);
MP_EXPORT void     mp_pool_feed_cancel_all  (MpPoolFeed   *self);

G_END_DECLS
