/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* What the forkserver answers, together with a pidfd if there is a process. */
typedef struct
{
  gint32 pid;
  gint32 error_number;
  guint32 n_threads;    /* more than one: it will not fork */
} MpForkserverReply;

/* Shared by a process and its forkserver. The kernel writes the pid before the child exists for
 * anybody, so that a server that dies before it could answer leaves no doubt. */
typedef struct
{
  pid_t pid;
} MpForkserverPage;

void  _mp_forkserver_run        (GVariant *data) G_GNUC_NORETURN;
void  _mp_forkserver_prepare    (void);
void  _mp_forkserver_stop       (void);
pid_t _mp_forkserver_get_pid    (void);
void  _mp_forkserver_after_fork (void);

G_END_DECLS
