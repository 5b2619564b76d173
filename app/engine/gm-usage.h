/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* What a process and all that descends from it use at one moment. */
typedef struct
{
  guint   n_processes;  /* 0: it is gone */
  gint64  cpu_time;     /* microseconds so far, of those that they have waited for as well */
  guint64 rss;          /* bytes; what several share counts for each */
  guint64 own_rss;      /* of the process itself */
} GmUsage;

void gm_usage_read (const pid_t *pids,
                    guint        n_pids,
                    GmUsage     *usages);

GArray *gm_usage_list_family (pid_t pid);

pid_t    gm_process_get_parent (pid_t pid);
gboolean gm_process_is_stopped (pid_t pid);

G_END_DECLS
