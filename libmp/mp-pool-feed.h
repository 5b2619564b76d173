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

/**
 * MpOutcomeStatus:
 * @MP_OUTCOME_OK: the function returned: @result
 * @MP_OUTCOME_ERROR: it set an error: @error
 * @MP_OUTCOME_LOST: its worker died: @wait_status
 * @MP_OUTCOME_TIMEOUT: the pool's task timeout passed
 * @MP_OUTCOME_CANCELLED: never run, or ended by terminate
 *
 * How an item of a pool has ended.
 */
typedef enum
{
  MP_OUTCOME_OK,
  MP_OUTCOME_ERROR,
  MP_OUTCOME_LOST,
  MP_OUTCOME_TIMEOUT,
  MP_OUTCOME_CANCELLED,
} MpOutcomeStatus;

/**
 * MpOutcome:
 * @tag: as pushed
 * @status: how it ended
 * @result: OK, unless @bytes is set
 * @bytes: OK and the result is of type `ay`: its content, no copy made
 * @n_bytes: length of @bytes
 * @error: ERROR, LOST, TIMEOUT, CANCELLED
 * @wait_status: LOST and TIMEOUT: as waitpid() gave it
 * @killed: LOST by mp_pool_kill_worker()
 * @started: whether a worker began it; the fields below need that
 * @slot: worker slot from 0
 * @pid: of the pool worker
 * @worker: its process name
 * @start_time: wall clock, microseconds since the epoch
 * @duration: nanoseconds
 *
 * What became of one item. Valid only inside the callback: the data lies in shared memory.
 */
typedef struct
{
  guint64          tag;
  MpOutcomeStatus  status;
  GVariant        *result;
  const guint8    *bytes;
  gsize            n_bytes;
  const GError    *error;
  int              wait_status;
  gboolean         killed;
  gboolean         started;
  guint            slot;
  pid_t            pid;
  const char      *worker;
  gint64           start_time;
  gint64           duration;
} MpOutcome;

/**
 * MpOutcomeFunc:
 * @outcome: what became of an item
 * @user_data: of who has opened the feed
 *
 * Called for each item, once.
 */
typedef void (*MpOutcomeFunc) (const MpOutcome *outcome,
                               gpointer         user_data);

/**
 * MpRoomFunc:
 * @user_data: of who has opened the feed
 *
 * Called when more items can be pushed.
 */
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
