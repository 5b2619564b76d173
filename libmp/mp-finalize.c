/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <unistd.h>

#include "mp-finalize.h"

#include "mp-finalize-private.h"
#include "mp-log.h"

struct _MpFinalizer
{
  GFunc    callback;
  gpointer object;
  gpointer user_data;
  GList    link;
  pid_t    pid;
  int      exit_priority;
};

/* Newest first. */
static GQueue finalizers = G_QUEUE_INIT;

/* The next to run: of the highest priority the newest, as a callback may add or cancel others. */
static MpFinalizer *
find_next (int min_priority)
{
  MpFinalizer *next = NULL;

  for (GList *l = finalizers.head; l != NULL; l = l->next)
    {
      MpFinalizer *finalizer = l->data;

      if (finalizer->exit_priority == MP_FINALIZER_NOT_AT_EXIT
          || finalizer->exit_priority < min_priority)
        continue;
      if (next == NULL || finalizer->exit_priority > next->exit_priority)
        next = finalizer;
    }

  return next;
}

/* Runs those of at least @min_priority, G_MININT for all that want to run at exit. */
void
_mp_finalizers_run (int min_priority)
{
  MpFinalizer *finalizer;

  while ((finalizer = find_next (min_priority)) != NULL)
    {
      mp_log (MP_LOG_SUBDEBUG, "calling <Finalize object, exitpriority=%d>",
              finalizer->exit_priority);
      mp_finalizer_call (finalizer);
    }
}

/* They are the parent's to run. Their memory stays, so that a call can find that out. */
void
_mp_finalizers_after_fork (void)
{
  g_queue_init (&finalizers);
}

/**
 * mp_finalizer_add:
 * @callback: (scope forever): what to do
 * @object: (nullable): its first argument
 * @user_data: (nullable): its second argument
 * @exit_priority: its place at exit, or %MP_FINALIZER_NOT_AT_EXIT
 *
 * Has @callback called when this process exits in an orderly way: the main process by exit() or by
 * returning from `main`, a child at the end of its function or by exit(). Those with higher
 * priorities run first, of equal ones the newest; those from 0 on run before the children still
 * alive are waited for, the negative ones after that. A process that is killed runs none. A forked
 * child does not run those of its parent.
 *
 * Returns: (transfer none): the finalizer, good until it was called or cancelled
 */
MpFinalizer *
mp_finalizer_add (GFunc    callback,
                  gpointer object,
                  gpointer user_data,
                  int      exit_priority)
{
  MpFinalizer *finalizer;

  g_return_val_if_fail (callback != NULL, NULL);

  finalizer = g_new0 (MpFinalizer, 1);
  finalizer->callback = callback;
  finalizer->object = object;
  finalizer->user_data = user_data;
  finalizer->exit_priority = exit_priority;
  finalizer->pid = getpid ();
  finalizer->link.data = finalizer;
  g_queue_push_head_link (&finalizers, &finalizer->link);

  return finalizer;
}

/**
 * mp_finalizer_call:
 * @finalizer: a finalizer
 *
 * Calls its callback now instead of at exit, and frees it.
 *
 * Returns: %FALSE, and nothing happens, if it belongs to the process this one was forked from
 */
gboolean
mp_finalizer_call (MpFinalizer *finalizer)
{
  g_autofree MpFinalizer *owned = NULL;

  g_return_val_if_fail (finalizer != NULL, FALSE);

  if (finalizer->pid != getpid ())
    {
      mp_log (MP_LOG_SUBDEBUG, "finalizer ignored because different process");
      return FALSE;
    }

  owned = finalizer;
  g_queue_unlink (&finalizers, &owned->link);
  owned->callback (owned->object, owned->user_data);
  return TRUE;
}

/**
 * mp_finalizer_cancel:
 * @finalizer: a finalizer
 *
 * Frees it without calling its callback. Does nothing if it belongs to the process this one was
 * forked from.
 */
void
mp_finalizer_cancel (MpFinalizer *finalizer)
{
  g_return_if_fail (finalizer != NULL);

  if (finalizer->pid != getpid ())
    return;

  g_queue_unlink (&finalizers, &finalizer->link);
  g_free (finalizer);
}
