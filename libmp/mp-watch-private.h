/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <pthread.h>
#include "mp-segment-private.h"

G_BEGIN_DECLS

#define MP_TYPE_WAIT (mp_wait_get_type ())
G_DECLARE_FINAL_TYPE (MpWait, mp_wait, MP, WAIT, GObject)

/* Waits for the bell of a segment and for the death of processes. */
typedef struct
{
  /* Owned */
  int      epoll;
  GArray  *pidfds;

  gboolean changed;       /* since it was tried: try again */
  int      error_number;  /* why a process can't be watched */
} MpWatch;

/* Tries what is waited for. If it can't be had, and @watch is not NULL, names the processes whose
 * death would be news: what one that died before it was named has done, a second try sees.
 * Returns: whether there is nothing more to wait for */
typedef gboolean (*MpTry) (gpointer  data,
                           MpWatch  *watch);

/* Called when a wait has ended. _mp_wait_give_result() is to be called in the end. */
typedef void (*MpWaitEnded) (MpWait   *wait,
                             gpointer  data);

void      _mp_watch_pid         (MpWatch              *watch,
                                 pid_t                 pid);
void      _mp_watch_identity    (MpWatch              *watch,
                                 guint64               identity);
gboolean  _mp_watch_owner       (MpWatch              *watch,
                                 pthread_mutex_t      *mutex);

gboolean  _mp_wait              (gpointer              object,
                                 MpTry                 attempt,
                                 gpointer              data,
                                 gint64                timeout,
                                 GError              **error);
void      _mp_wait_async        (gpointer              object,
                                 MpTry                 attempt,
                                 gpointer              data,
                                 GDestroyNotify        free_data,
                                 GCancellable         *cancellable,
                                 GAsyncReadyCallback   callback,
                                 gpointer              user_data);
void      _mp_wait_async_full   (gpointer              object,
                                 MpTry                 attempt,
                                 gpointer              data,
                                 GDestroyNotify        free_data,
                                 gint64                timeout,
                                 MpWaitEnded           ended,
                                 GCancellable         *cancellable,
                                 GAsyncReadyCallback   callback,
                                 gpointer              user_data);
void      _mp_wait_give_result  (MpWait               *self);
gboolean  _mp_wait_finish       (GAsyncResult         *result,
                                 gpointer             *data,
                                 GError              **error);

G_END_DECLS
