/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include <sys/types.h>
#include "mp-async-result.h"
#include "mp-context.h"
#include "mp-pool-feed.h"
#include "mp-pool-iter.h"

G_BEGIN_DECLS

#define MP_TYPE_POOL (mp_pool_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpPool, mp_pool, MP, POOL, GObject)

/**
 * MpWorkerState:
 * @MP_WORKER_STARTING: it has not said yet that it is there
 * @MP_WORKER_IDLE: it waits for an item
 * @MP_WORKER_BUSY: it runs an item
 * @MP_WORKER_EXITING: it is on its way out
 *
 * What a worker of a pool is doing.
 */
typedef enum
{
  MP_WORKER_STARTING,
  MP_WORKER_IDLE,
  MP_WORKER_BUSY,
  MP_WORKER_EXITING,
} MpWorkerState;

/**
 * MpWorkerInfo:
 * @slot: from 0
 * @pid: its process
 * @name: owned by the pool; valid until the worker is replaced
 * @state: what it is doing
 * @has_item: whether it runs an item
 * @tag: of the running item, if @has_item
 * @since: monotonic ns: when the item began, or the state was entered
 * @done: items finished in this slot, whatever their outcome
 * @child_pid: the command it runs, or 0
 *
 * A moment's view of a worker.
 */
typedef struct
{
  guint          slot;
  pid_t          pid;
  const char    *name;
  MpWorkerState  state;
  gboolean       has_item;
  guint64        tag;
  gint64         since;
  guint64        done;
  pid_t          child_pid;
} MpWorkerInfo;

/**
 * MpPoolStats:
 * @queued: submitted, not yet running
 * @running: items in the hands of workers
 * @done: items that have ended, whatever their outcome
 * @workers: alive
 *
 * A moment's view of a pool.
 */
typedef struct
{
  guint64 queued;
  guint64 running;
  guint64 done;
  guint   workers;
} MpPoolStats;

/**
 * MpWorkerExit:
 * @MP_WORKER_EXIT_DONE: the pool was closed
 * @MP_WORKER_EXIT_MAX_TASKS: it has had as many items as it may
 * @MP_WORKER_EXIT_RESIZED: the pool has become smaller
 * @MP_WORKER_EXIT_CRASHED: it died
 * @MP_WORKER_EXIT_TIMEOUT: its item took too long
 * @MP_WORKER_EXIT_CANCELLED: terminate
 * @MP_WORKER_EXIT_KILLED: mp_pool_kill_worker()
 *
 * Why a worker has ended.
 */
typedef enum
{
  MP_WORKER_EXIT_DONE,
  MP_WORKER_EXIT_MAX_TASKS,
  MP_WORKER_EXIT_RESIZED,
  MP_WORKER_EXIT_CRASHED,
  MP_WORKER_EXIT_TIMEOUT,
  MP_WORKER_EXIT_CANCELLED,
  MP_WORKER_EXIT_KILLED,
} MpWorkerExit;

MP_EXPORT MpPool        *mp_pool_new                      (MpContext       *context,
                                                           guint            processes);
MP_EXPORT MpPool        *mp_pool_new_threads              (guint            threads);
MP_EXPORT void           mp_pool_set_initializer          (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *args);
MP_EXPORT void           mp_pool_set_max_tasks_per_child  (MpPool          *self,
                                                           guint            n_tasks);
MP_EXPORT void           mp_pool_set_task_timeout         (MpPool          *self,
                                                           gint64           timeout);
MP_EXPORT void           mp_pool_set_retries              (MpPool          *self,
                                                           guint            retries);
MP_EXPORT void           mp_pool_set_worker_output        (MpPool          *self,
                                                           int              fd);
MP_EXPORT void           mp_pool_set_guarded              (MpPool          *self,
                                                           const char      *marker);
MP_EXPORT gboolean       mp_pool_start                    (MpPool          *self,
                                                           GError         **error);

MP_EXPORT GVariant      *mp_pool_apply                    (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *args,
                                                           GError         **error);
MP_EXPORT MpAsyncResult *mp_pool_apply_async              (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *args,
                                                           MpCallback       callback,
                                                           MpErrorCallback  error_callback,
                                                           gpointer         user_data,
                                                           GError         **error);
MP_EXPORT MpAsyncResult *mp_pool_apply_later              (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *args,
                                                           GError         **error);
MP_EXPORT GVariant      *mp_pool_map                      (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *items,
                                                           guint            chunksize,
                                                           GError         **error);
MP_EXPORT MpAsyncResult *mp_pool_map_async                (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *items,
                                                           guint            chunksize,
                                                           MpCallback       callback,
                                                           MpErrorCallback  error_callback,
                                                           gpointer         user_data,
                                                           GError         **error);
MP_EXPORT MpAsyncResult *mp_pool_map_later                (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *items,
                                                           guint            chunksize,
                                                           GError         **error);
MP_EXPORT GVariant      *mp_pool_starmap                  (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *items,
                                                           guint            chunksize,
                                                           GError         **error);
MP_EXPORT MpAsyncResult *mp_pool_starmap_async            (MpPool          *self,
                                                           const char      *function,
                                                           GVariant        *items,
                                                           guint            chunksize,
                                                           MpCallback       callback,
                                                           MpErrorCallback  error_callback,
                                                           gpointer         user_data,
                                                           GError         **error);
MP_EXPORT MpPoolIter    *mp_pool_imap                     (MpPool          *self,
                                                           const char      *function,
                                                           MpItemSource     source,
                                                           gpointer         user_data,
                                                           GDestroyNotify   destroy,
                                                           guint            chunksize,
                                                           GError         **error);
MP_EXPORT MpPoolIter    *mp_pool_imap_unordered           (MpPool          *self,
                                                           const char      *function,
                                                           MpItemSource     source,
                                                           gpointer         user_data,
                                                           GDestroyNotify   destroy,
                                                           guint            chunksize,
                                                           GError         **error);
MP_EXPORT MpPoolFeed    *mp_pool_open_feed                (MpPool          *self,
                                                           const char      *function,
                                                           guint            chunksize,
                                                           MpOutcomeFunc    on_outcome,
                                                           MpRoomFunc       on_room,
                                                           gpointer         user_data,
                                                           GError         **error);

MP_EXPORT void           mp_pool_resize                   (MpPool          *self,
                                                           guint            processes);
MP_EXPORT void           mp_pool_set_paused               (MpPool          *self,
                                                           gboolean         paused);
MP_EXPORT void           mp_pool_close                    (MpPool          *self);
MP_EXPORT void           mp_pool_terminate                (MpPool          *self);
MP_EXPORT void           mp_pool_terminate_workers        (MpPool          *self);
MP_EXPORT void           mp_pool_kill_workers             (MpPool          *self);
MP_EXPORT void           mp_pool_interrupt_workers        (MpPool          *self);
MP_EXPORT gboolean       mp_pool_join                     (MpPool          *self,
                                                           gint64           timeout,
                                                           GError         **error);
MP_EXPORT gboolean       mp_pool_kill_worker              (MpPool          *self,
                                                           pid_t            pid,
                                                           GError         **error);
MP_EXPORT guint          mp_pool_get_processes            (MpPool          *self);
MP_EXPORT void           mp_pool_get_stats                (MpPool          *self,
                                                           MpPoolStats     *stats);
MP_EXPORT guint          mp_pool_get_workers              (MpPool          *self,
                                                           MpWorkerInfo    *workers,
                                                           guint            n_workers);
MP_EXPORT GVariant      *mp_pool_describe_workers         (MpPool          *self);

/* For functions that run in a worker. */
MP_EXPORT gboolean       mp_pool_worker_get_slot          (guint           *slot);
MP_EXPORT guint64        mp_pool_worker_get_tag           (void);
MP_EXPORT pid_t         *mp_pool_worker_get_child_pid     (void);
MP_EXPORT const gint64  *mp_pool_worker_get_paused_time   (void);

G_END_DECLS
