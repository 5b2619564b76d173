/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "mp-process-private.h"

#include "mp-context-private.h"
#include "mp-error.h"
#include "mp-finalize-private.h"
#include "mp-forkserver-private.h"
#include "mp-handles-private.h"
#include "mp-main-private.h"
#include "mp-segment-private.h"
#include "mp-shareable-private.h"

/* What of the parent's is not this process's: its children, its pipes, what it does at exit. */
static void
forget_parent (GArray *passed)
{
  _mp_children_after_fork ();
  _mp_finalizers_after_fork ();
  _mp_forkserver_after_fork ();
  _mp_shareables_after_fork (passed);
  _mp_segments_after_fork (passed);
  _mp_handles_after_fork (passed);
}

static void G_GNUC_NORETURN
run_child (MpProcess *self,
           GArray    *passed,
           pid_t      parent)
{
  _mp_child_begin (self, parent);
  forget_parent (passed);
  _mp_process_become_current (self, mp_process_get_current ());
  _mp_after_fork_run ();
  _mp_child_run (self);
}

static gboolean
check_threads (MpProcess  *self,
               GError    **error)
{
  MpContext *context = _mp_process_get_private (self)->context;
  guint n_threads = _mp_thread_count ();

  if (context == NULL)
    context = mp_context_get_default ();
  if (n_threads == 1 || _mp_context_get_allow_threads (context))
    return TRUE;

  g_set_error (error, MP_ERROR, MP_ERROR_MULTI_THREADED,
               "Will not fork: this process has %u threads, and a lock that another one holds now"
               " would stay locked in the child for ever. Start it by “forkserver” or “spawn”,"
               " fork before there are threads, or call mp_context_set_allow_threads()",
               n_threads);
  return FALSE;
}

gboolean
_mp_start_fork (MpProcess  *self,
                MpStarted  *started,
                GError    **error)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);
  g_autoptr (GArray) passed = g_array_new (FALSE, FALSE, sizeof (int));
  pid_t parent = getpid ();
  sigset_t all, old;
  int error_number;
  pid_t pid;

  if (priv->args != NULL)
    _mp_handles_collect (priv->args, passed);
  if (!check_threads (self, error) || !_mp_handles_check (passed, error))
    return FALSE;

  fflush (NULL);
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &old);
  pid = fork ();
  if (pid == 0)
    run_child (self, passed, parent);
  error_number = errno;
  pthread_sigmask (SIG_SETMASK, &old, NULL);

  if (pid < 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not fork process “%s”: %s", priv->name,
                   g_strerror (error_number));
      return FALSE;
    }
  return _mp_child_open (pid, started, error);
}
