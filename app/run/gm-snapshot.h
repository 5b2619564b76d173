/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <sys/types.h>

#include "gm-run-state.h"

G_BEGIN_DECLS

typedef enum
{
  GM_WORKER_STARTING,
  GM_WORKER_IDLE,
  GM_WORKER_BUSY,
  GM_WORKER_STOPPED,
  GM_WORKER_EXITING,
} GmWorkerState;

typedef struct
{
  char          *worker;       /* owned: its name */
  char          *item;         /* owned, nullable: compact JSON, if it has one that is not long */
  pid_t          pid;
  pid_t          child_pid;    /* of the command it runs, 0: none */
  guint          slot;         /* from 1 */
  GmWorkerState  state;
  gboolean       has_index;
  guint64        index;        /* of the item it runs, if @has_index */
  gint64         since;        /* wall clock, microseconds: the item began, or the state */
  guint64        done;         /* items that ended here, whatever their outcome */
  guint64        failed;
  double         cpu_percent;  /* of one CPU, with its descendants */
  guint64        rss;          /* bytes, with its descendants */
  double         progress;     /* of its item, 0 to 1 if its function says so; else negative */
  char          *note;         /* owned, nullable: what its function says to it */
} GmSnapshotWorker;

/* A moment of a live run: what the methods `status` and `watch` of its socket tell. Not changed
 * once it is given away. */
typedef struct
{
  char       *id;             /* owned */
  char       *name;           /* owned */
  GmRunState  state;
  pid_t       pid;            /* the runner's */
  gboolean    total_known;
  guint64     total;
  guint64     done;
  guint64     ok;
  guint64     failed;         /* error + crashed + timeout */
  gint64      started;        /* wall clock, microseconds; 0: not yet */
  gint64      ended;          /* the same */
  int         exit_code;      /* -1: none yet */
  guint64     queued;
  guint64     running;
  double      rate;           /* items/s of the last seconds */
  double      eta;            /* seconds, negative: unknown */
  guint       processes;      /* workers there should be */
  gboolean    stopping;       /* it starts no more items and ends by itself */
  double      cpu_percent;    /* of one CPU, the runner and all below it */
  guint64     rss;            /* bytes, the same */
  char       *counters;       /* owned, nullable: what functions count, a compact JSON object */
  GPtrArray  *workers;        /* owned, of GmSnapshotWorker */
} GmSnapshot;

GmSnapshot       *gm_snapshot_new           (void);
GmSnapshot       *gm_snapshot_new_from_json (JsonNode          *node,
                                             GError           **error);
GmSnapshot       *gm_snapshot_ref           (GmSnapshot        *self);
void              gm_snapshot_unref         (GmSnapshot        *self);
GmSnapshotWorker *gm_snapshot_add_worker    (GmSnapshot        *self);
void              gm_snapshot_append        (const GmSnapshot  *self,
                                             GString           *out);
const char       *gm_worker_state_to_string (GmWorkerState      state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmSnapshot, gm_snapshot_unref)

G_END_DECLS
