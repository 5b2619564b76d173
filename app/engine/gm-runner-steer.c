/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <poll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-line.h"
#include "gm-usage.h"

/* What a user does to a run that is live. */

/* As many as a pool can have. */
#define MAX_PROCESSES 512

static gboolean
refuse (GError     **error,
        const char  *message)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, message);
  return FALSE;
}

static gboolean
check_running (GmRunner  *self,
               GError   **error)
{
  if (self->phase == GM_PHASE_RUNNING && self->pool != NULL)
    return TRUE;
  return refuse (error, self->phase == GM_PHASE_READY ? "The run has not begun yet"
                                                      : "The run is ending already");
}

static void
enter (GmRunner   *self,
       GmRunState  state,
       const char *event)
{
  gm_runner_begin_event (self, event);
  gm_runner_end_event (self);
  gm_runner_set_state (self, state);
  gm_runner_write (self, FALSE);
  gm_runner_write_state (self, FALSE);
}

/**
 * gm_runner_pause:
 * @self: a runner
 * @error: return location for an error
 *
 * Starts nothing more and stops what runs, with all its processes. Clocks stand.
 *
 * Returns: %FALSE if the run is ending already
 */
gboolean
gm_runner_pause (GmRunner  *self,
                 GError   **error)
{
  if (!check_running (self, error))
    return FALSE;
  if (self->state == GM_RUN_PAUSED)
    return TRUE;
  mp_pool_set_paused (self->pool, TRUE);
  gm_runner_unwatch_deadline (self);
  enter (self, GM_RUN_PAUSED, "paused");
  return TRUE;
}

/* An item has failed, and the job wants its user to look at that; if anything is left to do. */
void
gm_runner_pause_on_error (GmRunner *self)
{
  GmRunCounters counters;
  g_autofree char *dir = NULL;

  gm_runner_get_counters (self, &counters);
  if (self->state == GM_RUN_PAUSED || (counters.total_known && counters.done >= counters.total)
      || !gm_runner_pause (self, NULL))
    return;
  dir = g_shell_quote (gm_run_dir_get_path (self->dir));
  mp_log (MP_LOG_WARNING, "paused because an item failed. To go on: gtk-mp --unpause=%s; to end: "
          "gtk-mp --cancel=%s", dir, dir);
}

/* Lets what was stopped go on, whatever comes next. */
void
gm_runner_thaw (GmRunner *self)
{
  if (self->state != GM_RUN_PAUSED)
    return;
  enter (self, GM_RUN_RUNNING, "resumed");
  gm_runner_watch_deadline (self);
  mp_pool_set_paused (self->pool, FALSE);
}

/**
 * gm_runner_unpause:
 * @self: a runner
 * @error: return location for an error
 *
 * Returns: %FALSE if the run is ending already
 */
gboolean
gm_runner_unpause (GmRunner  *self,
                   GError   **error)
{
  if (!check_running (self, error))
    return FALSE;
  gm_runner_thaw (self);
  gm_runner_wake (self, 0);
  return TRUE;
}

/**
 * gm_runner_end:
 * @self: a runner
 * @cause: %GM_CAUSE_DRAIN or %GM_CAUSE_CANCEL
 * @error: return location for an error
 *
 * Returns: %FALSE if the run is ending already, and not more gently
 */
gboolean
gm_runner_end (GmRunner  *self,
               GmCause    cause,
               GError   **error)
{
  if (self->phase == GM_PHASE_OVER || self->cause >= cause)
    return refuse (error, "The run is ending already");
  gm_runner_begin_stop (self, cause);
  return TRUE;
}

/**
 * gm_runner_resize:
 * @self: a runner
 * @processes: how many workers there shall be
 * @error: return location for an error
 *
 * Workers that are to go finish their item.
 *
 * Returns: %FALSE if that can't be
 */
gboolean
gm_runner_resize (GmRunner  *self,
                  gint64     processes,
                  GError   **error)
{
  GString *event;

  if (!check_running (self, error))
    return FALSE;
  if (processes < 1 || processes > MAX_PROCESSES)
    return refuse (error, "There can be 1 to 512 processes");
  event = gm_runner_begin_event (self, "resized");
  gm_line_add_int (event, "processes", processes);
  gm_line_add_int (event, "before", mp_pool_get_processes (self->pool));
  gm_runner_end_event (self);
  mp_pool_resize (self->pool, (guint) processes);
  gm_runner_wake (self, 0);
  return TRUE;
}

/**
 * gm_runner_kill_worker:
 * @self: a runner
 * @pid: of one of its workers
 * @error: return location for an error
 *
 * Ends a worker with what it runs. Its item is recorded as killed and not tried again, the worker
 * is replaced.
 *
 * Returns: %FALSE if there is no such worker
 */
gboolean
gm_runner_kill_worker (GmRunner  *self,
                       pid_t      pid,
                       GError   **error)
{
  if (self->pool == NULL || !mp_pool_kill_worker (self->pool, pid, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   "Process %d is not a worker of this run", (int) pid);
      return FALSE;
    }
  g_hash_table_add (self->killed, GINT_TO_POINTER (pid));
  return TRUE;
}

gboolean
gm_runner_was_killed (GmRunner *self,
                      pid_t     pid)
{
  return g_hash_table_contains (self->killed, GINT_TO_POINTER (pid));
}

static gboolean
descends_from_worker (GmRunner *self,
                      pid_t     pid)
{
  guint n = self->pool != NULL ? mp_pool_get_workers (self->pool, NULL, 0) : 0;
  g_autofree MpWorkerInfo *workers = g_new (MpWorkerInfo, n);

  if (n > 0)
    mp_pool_get_workers (self->pool, workers, n);
  for (pid_t at = pid; at > 1; at = gm_process_get_parent (at))
    for (guint i = 0; i < n; i++)
      if (workers[i].pid == at)
        return TRUE;
  return FALSE;
}

static gboolean
has_ended (int pidfd)
{
  struct pollfd fd = { .fd = pidfd, .events = POLLIN };

  return poll (&fd, 1, 0) > 0;
}

/**
 * gm_runner_hold_process:
 * @self: a runner
 * @pid: a process
 * @error: return location for an error
 *
 * Looks whether @pid is a worker or descends from one. What the descriptor stands for was held
 * before that: if it has not ended, the number has not become another process's meanwhile.
 *
 * Returns: a pidfd of it, or -1
 */
int
gm_runner_hold_process (GmRunner  *self,
                        pid_t      pid,
                        GError   **error)
{
  int fd = pidfd_open (pid, 0);

  if (fd >= 0 && descends_from_worker (self, pid) && !has_ended (fd))
    return fd;
  if (fd >= 0)
    close (fd);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
               "Process %d is neither a worker of this run nor started by one", (int) pid);
  return -1;
}
