/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <mp.h>

#include "gm-answer.h"
#include "gm-builtins.h"
#include "gm-invocation.h"
#include "gm-line.h"
#include "gm-memory.h"
#include "gm-outcome.h"
#include "gm-shared.h"
#include "gm-worker-child.h"

G_BEGIN_DECLS

/* What a worker process has for the whole of its life. */
typedef struct
{
  /* Owned */
  GmJob      *job;
  GmInvoker  *invoker;
  char       *run_dir;
  char       *run_id;
  char       *name;         /* of this process */
  GString    *answer;       /* given to the pool, used again for the next item */
  MpCommand  *command;
  GmWorkerChild *child;     /* of a worker task; so is the next */
  GString    *question;
  GmMemory   *memory;
  int         cancel_fd;    /* readable when the runner ends everything */
  int         runner_fd;    /* pidfd of the runner */

  /* Borrowed */
  GmShared   *shared;
  const char *creates;      /* of the item that runs, until the next is expanded */

  GmFunction  function;
  gint64      began;        /* the item that runs: monotonic nanoseconds */
  gint64      paused;       /* what the pauses were then */
  gint64      oom_kills;    /* of the kernel, when the item began */
  guint64     rss;          /* bytes it used when last looked at */
  guint       attempt;      /* of the item that runs */
  guint       slot;         /* from 1 */
  pid_t       pid;
  gboolean    want_output;
} GmWorker;

/* One attempt of one item. */
typedef struct
{
  GmItemHeader  header;
  GmItem        item;
  gint64        started;   /* wall clock, microseconds */
  gint64        duration;  /* nanoseconds */
  GmAnswer      answer;
} GmAttempt;

gboolean gm_task_function_prepare (GmWorker   *self,
                                   GError    **error);
void     gm_task_function_run     (GmWorker   *self,
                                   GmAttempt  *attempt);
gboolean gm_task_command_prepare  (GmWorker   *self,
                                   GError    **error);
void     gm_task_command_run      (GmWorker   *self,
                                   GmAttempt  *attempt);

gboolean gm_task_worker_prepare   (GmWorker   *self,
                                   GError    **error);
void     gm_task_worker_run       (GmWorker   *self,
                                   GmAttempt  *attempt);

/* gm-worker-limits.c */
gint64   gm_worker_get_check_interval (GmWorker *self);
gint64   gm_worker_get_paused     (void);
gint64   gm_worker_get_deadline   (GmWorker   *self);
gboolean gm_worker_is_late        (GmWorker   *self);
gboolean gm_worker_uses_too_much  (GmWorker   *self,
                                   pid_t       pid);
char    *gm_worker_describe_timeout (GmWorker *self);
char    *gm_worker_describe_memory (GmWorker  *self);
void     gm_worker_note_oom_kills (GmWorker   *self);
gboolean gm_worker_sees_oom_kill  (GmWorker   *self);

/* gm-worker.c */
gint64   gm_worker_clock          (void);
gboolean gm_worker_begin_attempt  (GmWorker   *self,
                                   GmAttempt  *attempt);
gboolean gm_worker_has_created    (GmWorker   *self,
                                   GmAttempt  *attempt);
void     gm_worker_begin_line     (GmWorker   *self,
                                   GmAttempt  *attempt,
                                   GmStatus    status,
                                   GmReason    reason);
void     gm_worker_end_line       (GmWorker   *self,
                                   GmAttempt  *attempt);
void     gm_worker_end_line_of_result (GmWorker  *self,
                                       GmAttempt *attempt,
                                       gsize      start);
void     gm_worker_fail           (GmWorker   *self,
                                   GmAttempt  *attempt,
                                   GmReason    reason,
                                   const char *message);
void     gm_worker_take_over      (GmWorker   *self,
                                   GmAttempt  *attempt);

G_END_DECLS
