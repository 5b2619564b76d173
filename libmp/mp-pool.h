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

typedef enum
{
  MP_WORKER_STARTING,
  MP_WORKER_IDLE,
  MP_WORKER_BUSY,
  MP_WORKER_EXITING,
} MpWorkerState;

/* A moment's view of one worker, read without a lock. */
typedef struct
{
  guint          slot;       /* from 0 */
  pid_t          pid;
  const char    *name;       /* owned by the pool; valid until the worker is replaced */
  MpWorkerState  state;
  gboolean       has_item;
  guint64        tag;        /* of the running item, if @has_item */
  gint64         since;      /* monotonic ns: when the item began, or the state was entered */
  guint64        done;       /* items finished in this slot, whatever their outcome */
  pid_t          child_pid;  /* the command it runs, or 0 */
} MpWorkerInfo;

typedef struct
{
  guint64 queued;   /* submitted, not yet running */
  guint64 running;
  guint64 done;
  guint   workers;  /* alive */
} MpPoolStats;

typedef enum
{
  MP_WORKER_EXIT_DONE,       /* the pool was closed */
  MP_WORKER_EXIT_MAX_TASKS,
  MP_WORKER_EXIT_RESIZED,
  MP_WORKER_EXIT_CRASHED,
  MP_WORKER_EXIT_TIMEOUT,
  MP_WORKER_EXIT_CANCELLED,  /* terminate */
  MP_WORKER_EXIT_KILLED,     /* mp_pool_kill_worker() */
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

/* For functions that run in a worker. */
MP_EXPORT gboolean       mp_pool_worker_get_slot          (guint           *slot);
MP_EXPORT guint64        mp_pool_worker_get_tag           (void);
MP_EXPORT pid_t         *mp_pool_worker_get_child_pid     (void);
MP_EXPORT const gint64  *mp_pool_worker_get_paused_time   (void);

G_END_DECLS
