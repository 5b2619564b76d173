/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mp-exit-private.h"

#include "mp-finalize-private.h"
#include "mp-forkserver-private.h"
#include "mp-log.h"
#include "mp-process.h"

/* The process that the exit handler is for: a fork that is none of ours inherits the handler. */
static pid_t handled;
static MpExitRole role;
static gboolean exiting;

static void
end_children (void)
{
  g_autoptr (GPtrArray) alive = mp_active_children ();
  g_autoptr (GPtrArray) rest = NULL;

  for (guint i = 0; i < alive->len; i++)
    {
      if (!mp_process_get_daemon (alive->pdata[i]))
        continue;
      mp_log (MP_LOG_INFO, "calling terminate() for daemon %s",
              mp_process_get_name (alive->pdata[i]));
      mp_process_terminate (alive->pdata[i], NULL);
    }

  rest = mp_active_children ();
  for (guint i = 0; i < rest->len; i++)
    {
      mp_log (MP_LOG_INFO, "calling join() for process %s", mp_process_get_name (rest->pdata[i]));
      mp_process_join (rest->pdata[i], -1, NULL);
    }
}

/* What each process does at its end, in the order and the words of Python. Once. */
void
_mp_exit_function (void)
{
  if (exiting)
    return;

  exiting = TRUE;
  mp_log (MP_LOG_INFO, "process shutting down");
  mp_log (MP_LOG_DEBUG, "running all \"atexit\" finalizers with priority >= 0");
  _mp_finalizers_run (0);
  end_children ();
  mp_log (MP_LOG_DEBUG, "running the remaining \"atexit\" finalizers");
  _mp_finalizers_run (G_MININT);
  _mp_forkserver_stop ();
}

/* The last words of a child. Handlers that its parent has registered with atexit() don't run. */
void
_mp_exit_child (int exit_code)
{
  mp_log (MP_LOG_INFO, "process exiting with exitcode %d", exit_code);
  fflush (NULL);
  _exit (exit_code);
}

static void
on_exit_called (int   status,
                void *user_data)
{
  if (getpid () != handled || role == MP_EXIT_SERVER)
    return;

  _mp_exit_function ();
  if (role == MP_EXIT_CHILD)
    _mp_exit_child (status);
}

/* From now on exit() in this process is an orderly one. Not atexit(): a child logs its status. */
void
_mp_handle_exit (void)
{
  if (handled != 0)
    return;

  handled = getpid ();
  on_exit (on_exit_called, NULL);
}

/* In a child, forked or fresh. */
void
_mp_exit_set_role (MpExitRole new_role)
{
  handled = getpid ();
  role = new_role;
  exiting = FALSE;
}
