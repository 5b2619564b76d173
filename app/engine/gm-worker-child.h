/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <mp.h>

G_BEGIN_DECLS

typedef enum
{
  GM_ASK_ANSWERED,      /* one line */
  GM_ASK_ENDED,         /* it died or closed its output */
  GM_ASK_TOO_LONG,      /* the beginning of a line that is */
  GM_ASK_TOO_EARLY,     /* a line before it has read the question: it is about something else */
  GM_ASK_TIMEOUT,
  GM_ASK_OUT_OF_MEMORY,
  GM_ASK_CANCELLED,
} GmAskEnd;

/* What to look after while it thinks. Times are monotonic nanoseconds. */
typedef struct
{
  int     cancel_fd;
  int     owner_fd;
  gint64  interval;   /* between calls of @check; 0: none are wanted */
  GmAskEnd (*check) (pid_t    pid,
                     gpointer user_data); /* GM_ASK_ANSWERED to go on */
  gpointer user_data;
  gint64  deadline;   /* G_MAXINT64: none */
  const gint64 *paused_time;  /* how long all has been paused so far: that moves @deadline */
} GmAskWatch;

/* A program that answers lines with lines, for as long as it behaves. */
typedef struct _GmWorkerChild GmWorkerChild;

GmWorkerChild *gm_worker_child_new    (MpCommand         *command);
gboolean       gm_worker_child_ready  (GmWorkerChild     *self,
                                       GError           **error);
GmAskEnd       gm_worker_child_ask    (GmWorkerChild     *self,
                                       const char        *question,
                                       gsize              size,
                                       const GmAskWatch  *watch,
                                       const char       **answer,
                                       gsize             *answer_size);
gboolean       gm_worker_child_wait   (GmWorkerChild     *self);
int            gm_worker_child_end    (GmWorkerChild     *self,
                                       gint64             grace);
void           gm_worker_child_dismiss (GmWorkerChild    *self);
void           gm_worker_child_leave  (GmWorkerChild     *self);

G_END_DECLS
