/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <mp.h>

#include "gm-answer.h"
#include "gm-builtins.h"
#include "gm-invocation.h"
#include "gm-line.h"
#include "gm-outcome.h"

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
  int         cancel_fd;    /* readable when the runner ends everything */
  int         runner_fd;    /* pidfd of the runner */

  GmFunction  function;
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

gint64   gm_worker_clock          (void);
void     gm_worker_begin_line     (GmWorker   *self,
                                   GmAttempt  *attempt,
                                   GmStatus    status,
                                   GmReason    reason);
void     gm_worker_end_line       (GmWorker   *self,
                                   GmAttempt  *attempt);
void     gm_worker_fail           (GmWorker   *self,
                                   GmAttempt  *attempt,
                                   GmReason    reason,
                                   const char *message);
void     gm_worker_take_over      (GmWorker   *self,
                                   GmAttempt  *attempt);

G_END_DECLS
