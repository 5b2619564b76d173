/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-guardian-private.h"
#include "mp-pool.h"
#include "mp-process.h"
#include "mp-ring-private.h"
#include "mp-payload-private.h"
#include "mp-worker-thread-private.h"

G_BEGIN_DECLS

/* The largest payload is 2^14 blocks, 1 GiB. */
#define MP_N_EXTENT_CLASSES 15

#define MP_NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

typedef struct _MpSink MpSink;
typedef struct _MpPoolWorker MpPoolWorker;

/* What became of one item, as the pool hands it to whoever submitted it. Valid in the call. */
typedef struct
{
  guint64         index;        /* as submitted */
  MpOutcomeStatus status;
  MpPayload       value;        /* OK */
  const GError   *error;        /* all others */
  int             wait_status;  /* LOST, TIMEOUT */
  const MpRecord *record;
  MpPoolWorker   *worker;       /* that ran it, NULL if it was never started */
} MpDelivery;

/* Whoever submits items: embedded in the objects that the pool's methods return. The pool holds
 * a reference on @owner while items are pending. */
struct _MpSink
{
  gpointer owner;   /* a GObject, borrowed */
  MpPool  *pool;    /* borrowed; NULL once the pool is gone */
  guint    pending; /* items submitted, not delivered */
  guint64  bytes;   /* of their payloads */
  guint    function;
  void   (*deliver) (MpSink           *sink,
                     const MpDelivery *delivery);
  void   (*refill)  (MpSink           *sink);  /* nullable: items may be submitted now */
};

typedef struct
{
  MpSink  *sink;
  guint64  index;
  guint64  extent;    /* payload outside the block: offset, 0 if none */
  guint32  n_blocks;  /* of the extent */
  guint32  carries : 1;  /* descriptors, which are in `carried` */
  guint32  losses : 31;  /* workers that died with it */
} MpItemRef;

typedef struct
{
  guint32    number;
  guint      n_records;
  guint      payload;  /* bytes used at the end */
  guint      live;     /* items without an outcome */
  gboolean   open;     /* more will be appended */
  MpItemRef *refs;     /* one per record */
} MpItemBlock;

struct _MpPoolWorker
{
  guint         slot;
  MpProcess    *process;   /* owned; NULL for a thread */
  MpWorkerThread *thread;  /* owned; NULL for a process */
  pid_t         pid;
  char         *name;      /* owned */
  int           socket;    /* owned: descriptors of items to it, of results from it */
  GArray       *fds;       /* owned: those of the result that is just delivered */
  GArray       *runs;      /* of MpRun, claimed and not finished, oldest first */
  guint         next;      /* item of the oldest run that is collected next */
  gint64        progress;  /* monotonic ns: when it last claimed or finished something */
  MpWorkerExit  fate;      /* why it was signalled, if `doomed` */
  gint64        kill_at;   /* monotonic ns: when SIGKILL follows */
  gboolean      doomed;
  gboolean      ready;
  gboolean      leaving;   /* asked to, by a resize */
};

struct _MpPool
{
  GObject parent_instance;

  pid_t      owner;             /* the process that made it */

  /* Configuration */
  MpContext *context;           /* owned */
  gboolean   threads;           /* instead of processes */
  guint      processes;
  char      *initializer;       /* owned */
  GVariant  *initargs;          /* owned */
  guint      max_tasks;
  gint64     task_timeout;      /* ns, 0: none */
  guint      retries;
  int        worker_output;     /* borrowed, -1: theirs is ours */
  char      *marker;            /* owned: set if guarded */

  /* Workers */
  GPtrArray    *workers;        /* of MpPoolWorker, in the order they were started */
  MpPoolWorker *by_slot[MP_MAX_SLOTS];
  guint         n_slots;        /* one past the highest slot used so far */
  guint         n_threads;      /* started so far */
  guint         early_deaths;   /* in a row, before a worker was ready */
  gint64        restart_at;     /* monotonic ns, 0: no back-off */
  MpGuardian   *guardian;       /* owned */

  /* Shared memory */
  MpArena      *arena;          /* owned */
  guint64       tail;           /* of the ring: tickets seen claimed */
  GHashTable   *function_ids;   /* name → number + 1 */
  GPtrArray    *blocks;         /* by number, NULL where an extent lies */
  GArray       *free_blocks;    /* numbers */
  GArray       *free_extents[MP_N_EXTENT_CLASSES]; /* first numbers, by log2 of their blocks */
  MpItemBlock      *open_block;
  MpRun         open_run;       /* count 0: none */
  GArray       *backlog;        /* of MpRun that the ring had no room for */
  guint         backlog_head;

  /* Waiting */
  int           epoll;
  int           bell;
  GSource      *source;         /* owned */
  gint64        mean_duration;  /* ns, recent */
  gint64        clock_offset;   /* wall clock minus monotonic clock, µs, recent */
  guint         collected;      /* items since the last sleep */
  guint32       sleeps;
  guint         depth;          /* > 0 while outcomes are delivered */

  /* Pausing */
  GArray       *frozen;         /* owned, of MpProcessInfo: stopped, to be let go on */
  gint64        paused_at;      /* monotonic ns, if `paused` */

  /* Descriptors */
  GHashTable   *carried;        /* owned: record's place → its item, which has them */
  guint32       n_answered;     /* of what workers have asked for */

  /* State */
  GPtrArray *sinks;             /* with `refill` */
  guint64    submitted;
  guint64    delivered;
  GError    *broken;            /* owned */
  gboolean   started;
  gboolean   closed;
  gboolean   terminated;
  gboolean   paused;
};

gint64        _mp_monotonic_ns           (void);

/* mp-pool-submit.c */
guint         _mp_pool_function_id       (MpPool         *self,
                                          const char     *function,
                                          GError        **error);
gboolean      _mp_pool_submit            (MpPool         *self,
                                          MpSink         *sink,
                                          guint64         index,
                                          guint64         tag,
                                          GVariant       *item,
                                          GError        **error);
gboolean      _mp_pool_submit_value      (MpPool         *self,
                                          MpSink         *sink,
                                          guint64         index,
                                          guint64         tag,
                                          const MpPayload *value,
                                          const void     *payload,
                                          gsize           size,
                                          GError        **error);
void          _mp_pool_end_run           (MpPool         *self);
void          _mp_pool_flush             (MpPool         *self);
void          _mp_pool_queue_run         (MpPool         *self,
                                          MpRun           run);
void          _mp_pool_publish_backlog   (MpPool         *self);
void          _mp_pool_kick              (MpPool         *self);
void          _mp_pool_item_done         (MpPool         *self,
                                          guint32         block,
                                          guint           index);
MpItemBlock      *_mp_pool_get_block         (MpPool         *self,
                                          guint32         number);

/* mp-pool-fds.c */
void          _mp_pool_carry             (MpPool         *self,
                                          GVariant       *item);
void          _mp_pool_drop_carried      (MpPool         *self,
                                          guint32         block,
                                          guint           index);
gboolean      _mp_pool_is_asked          (MpPool         *self);
void          _mp_pool_answer            (MpPool         *self);
gboolean      _mp_pool_take_fds          (MpPool         *self,
                                          MpPoolWorker   *worker,
                                          MpRecord       *record,
                                          GError        **error);

/* mp-pool-collect.c */
void          _mp_pool_collect           (MpPool         *self);
gboolean      _mp_pool_has_news          (MpPool         *self);
void          _mp_pool_harvest           (MpPool         *self);
void          _mp_pool_collect_worker    (MpPool         *self,
                                          MpPoolWorker   *worker);
void          _mp_pool_give_up_worker    (MpPool         *self,
                                          MpPoolWorker   *worker);
void          _mp_pool_take_back         (MpPool         *self);
gboolean      _mp_pool_running_record    (MpPool         *self,
                                          MpPoolWorker   *worker,
                                          const MpRecord **record);

/* mp-pool-workers.c */
gboolean      _mp_pool_populate          (MpPool         *self,
                                          GError        **error);
void          _mp_pool_repopulate        (MpPool         *self);
guint         _mp_pool_count_staying     (MpPool         *self);
gboolean      _mp_pool_has_work          (MpPool         *self);
void          _mp_pool_reap              (MpPool         *self);
void          _mp_pool_doom              (MpPool         *self,
                                          MpPoolWorker   *worker,
                                          MpWorkerExit    fate);
void          _mp_pool_kill              (MpPool         *self,
                                          MpPoolWorker   *worker,
                                          MpWorkerExit    fate);
gint64        _mp_pool_next_deadline     (MpPool         *self,
                                          gint64          now);
void          _mp_pool_meet_deadlines    (MpPool         *self,
                                          gint64          now);
void          _mp_pool_break             (MpPool         *self,
                                          GError         *error);

/* mp-pool-worker.c */
MpPoolWorker *_mp_pool_worker_new        (MpPool         *self,
                                          guint           slot,
                                          GError        **error);
void          _mp_pool_worker_free       (MpPoolWorker   *worker);
int           _mp_pool_worker_get_sentinel (MpPoolWorker *worker);
gboolean      _mp_pool_worker_reap       (MpPoolWorker   *worker);
int           _mp_pool_worker_get_wait_status (MpPoolWorker *worker);
void          _mp_pool_worker_signal     (MpPoolWorker   *worker,
                                          int             number);
void          _mp_pool_signal_program    (pid_t           leader,
                                          int             number);
void          _mp_pool_worker_expel      (MpPool         *self,
                                          MpPoolWorker   *worker);
void          _mp_pool_worker_join       (MpPool         *self,
                                          MpPoolWorker   *worker);

/* mp-pool-wait.c */
void          _mp_pool_process           (MpPool         *self);
void          _mp_pool_wake              (MpPool         *self);
gboolean      _mp_pool_is_ours           (MpPool         *self);
gboolean      _mp_pool_may_wait          (MpPool         *self,
                                          GError        **error);
typedef gboolean (*MpReadyFunc)          (gpointer        data);
gboolean      _mp_pool_wait_until        (MpPool         *self,
                                          MpReadyFunc     ready,
                                          gpointer        data,
                                          gint64          timeout,
                                          GError        **error);
gboolean      _mp_pool_begin_waiting     (MpPool         *self,
                                          GError        **error);
void          _mp_pool_end_waiting       (MpPool         *self);

/* mp-pool-guard.c */
gboolean      _mp_pool_start_guard       (MpPool         *self,
                                          GError        **error);
void          _mp_pool_stop_guard        (MpPool         *self);
void          _mp_pool_end_orphans       (MpPool         *self);

/* mp-pool-end.c */
void          _mp_pool_announce_end      (MpPool         *self);

/* The objects that the pool's methods return */
MpAsyncResult *_mp_async_result_new      (MpPool         *pool,
                                          guint           function,
                                          MpCallback      callback,
                                          MpErrorCallback error_callback,
                                          gpointer        user_data);
void           _mp_async_result_submit   (MpAsyncResult  *self,
                                          GVariant       *args);
void           _mp_async_result_submit_all (MpAsyncResult *self,
                                          GVariant       *items,
                                          guint           chunksize,
                                          gboolean        waits);
MpPoolIter    *_mp_pool_iter_new         (MpPool         *pool,
                                          guint           function,
                                          MpItemSource    source,
                                          gpointer        user_data,
                                          GDestroyNotify  destroy,
                                          guint           chunksize,
                                          gboolean        ordered);
MpPoolFeed    *_mp_pool_feed_new         (MpPool         *pool,
                                          guint           function,
                                          guint           chunksize,
                                          MpOutcomeFunc   on_outcome,
                                          MpRoomFunc      on_room,
                                          gpointer        user_data);
GVariant      *_mp_delivery_to_variant   (MpPool           *self,
                                          const MpDelivery *delivery,
                                          GError          **error);

G_END_DECLS
