/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mp-command.h"

#include "mp-command-private.h"
#include "mp-poll-private.h"
#include "mp-process-tree-private.h"

/* The end of what mp_command_start() has started. */

/* Asks all processes of a command to end: its group at once, then who has left it. Appends those we
 * know of, except the main one, to @members. Stopped ones must go on to be able to end. */
void
_mp_command_terminate (pid_t   pid,
                       GArray *members)
{
  _mp_list_descendants (_mp_command_is_subreaper () ? getpid () : pid, members);
  kill (-pid, SIGTERM);
  kill (-pid, SIGCONT);
  for (guint i = members->len; i > 0; i--)
    {
      MpProcessInfo *info = &g_array_index (members, MpProcessInfo, i - 1);

      if (info->group != pid)
        {
          _mp_process_info_signal (info, SIGTERM);
          _mp_process_info_signal (info, SIGCONT);
        }
      if (info->pid == pid)
        g_array_remove_index_fast (members, i - 1);
    }
}

static void
terminate (pid_t          pid,
           struct pollfd *end,
           gint64         grace)
{
  gint64 deadline = g_get_monotonic_time () + grace;
  g_autoptr(GArray) members = _mp_process_array_new ();

  _mp_command_terminate (pid, members);
  if (_mp_poll_until (end, deadline))
    _mp_wait_processes (members, deadline);
}

/**
 * mp_command_stop:
 * @self: a command
 * @pid: what mp_command_start() started with it
 * @pidfd: the same
 * @grace: microseconds from SIGTERM to SIGKILL; 0 for SIGKILL at once
 * @wait_status: (out) (optional): how its main process ended, as waitpid() gave it; -1 if lost
 *
 * Ends a program with all its processes, also if it has ended by itself, waits for it, and clears
 * the pid slot. Once mp_command_become_subreaper() has been called, processes that have left its
 * group are ended too. The caller closes @pidfd.
 */
void
mp_command_stop (MpCommand *self,
                 pid_t      pid,
                 int        pidfd,
                 gint64     grace,
                 int       *wait_status)
{
  struct pollfd end = { .fd = pidfd, .events = POLLIN };
  int status = -1;
  pid_t waited;

  g_return_if_fail (self != NULL);
  g_return_if_fail (pid > 1 && grace >= 0);

  if (grace > 0 && !_mp_poll_until (&end, 0))
    terminate (pid, &end, grace);
  /* Its number, and that of its group, are its own until it is waited for. */
  _mp_kill_tree (pid);
  kill (-pid, SIGKILL);
  do
    waited = waitpid (pid, &status, 0);
  while (waited < 0 && errno == EINTR);
  if (_mp_command_is_subreaper ())
    _mp_kill_orphans (NULL, 0);
  if (self->pid_slot != NULL)
    __atomic_store_n (self->pid_slot, 0, __ATOMIC_RELEASE);
  if (wait_status != NULL)
    *wait_status = waited == pid ? status : -1;
}
