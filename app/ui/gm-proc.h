/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/types.h>

#include <glib.h>

G_BEGIN_DECLS

/* What /proc says of a process; numbers are negative where it may not be read. */
typedef struct
{
  pid_t   pid;
  pid_t   parent;
  char    name[20];
  gint64  threads;
  gint64  files;
  gint64  io;       /* bytes read from and written to storage */
  gint64  rss;      /* bytes */
  gint64  cpu;      /* clock ticks */
} GmProc;

gboolean  gm_proc_read     (pid_t    pid,
                            GmProc  *proc);
GArray   *gm_proc_dup_tree (pid_t    pid);

G_END_DECLS
