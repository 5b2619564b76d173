/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-client.h"
#include "gm-run.h"

G_BEGIN_DECLS

struct _GmRun
{
  GObject parent_instance;

  /* Owned */
  char         *dir;
  char         *id;
  GFileMonitor *monitor;
  GmSnapshot   *snapshot;  /* what the runner or state.json said last; NULL: nothing */
  GmRunClient  *client;    /* while somebody looks at a live run */

  GmRunState    state;     /* also of a runner that is gone without having said so */
  pid_t         pid;       /* who holds the lock; 0: nobody */
  guint         pid_source;
  guint         grown_source;
  guint         watchers;
  guint         listeners;
  gint64        told;      /* when snapshots were last told of as a change */
  guint         loaded : 1;
  guint         died : 1;  /* state.json says it runs, and nobody does */
};

/* gm-run.c */
void gm_run_load          (GmRun      *self);
void gm_run_take_snapshot (GmRun      *self,
                           GmSnapshot *snapshot);

/* gm-run-link.c */
void gm_run_update_client (GmRun      *self);

G_END_DECLS
