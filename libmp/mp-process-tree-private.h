/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* One process at one moment. @pid and @start_ticks together are never used again. */
typedef struct
{
  pid_t   pid;
  pid_t   parent;
  pid_t   group;
  pid_t   session;
  guint64 start_ticks;  /* since boot, in ticks of the clock */
  char    state;        /* as the kernel has it; Z and X are dead */
} MpProcessInfo;

gboolean _mp_process_info_read   (pid_t                pid,
                                  MpProcessInfo       *info);
gboolean _mp_process_info_signal (const MpProcessInfo *info,
                                  int                  signal_number);
gboolean _mp_process_info_dead   (const MpProcessInfo *info);
GArray  *_mp_process_array_new   (void);
gboolean _mp_list_processes      (GArray              *processes);
gboolean _mp_list_children       (pid_t                pid,
                                  GArray              *processes);
void     _mp_list_descendants    (pid_t                pid,
                                  GArray              *processes);
gboolean _mp_wait_processes      (GArray              *processes,
                                  gint64               deadline);
void     _mp_kill_tree           (pid_t                root);
void     _mp_freeze_tree         (pid_t                root,
                                  GArray              *frozen);
gboolean _mp_kill_orphans        (const pid_t         *known,
                                  guint                n_known);

G_END_DECLS
