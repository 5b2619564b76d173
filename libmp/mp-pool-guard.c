/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-command.h"
#include "mp-guardian-private.h"
#include "mp-log.h"
#include "mp-pool-private.h"
#include "mp-process-private.h"
#include "mp-process-tree-private.h"

/*
 * Nobody is left behind: the programs that workers start outlive neither their worker nor this
 * process. A worker that is killed leaves its program to this process, which is their subreaper;
 * if this process is killed too, the guardian is there.
 */

static void
start_guardian (MpPool *self)
{
  g_autoptr(GError) error = NULL;
  MpPidSlots sessions = {
    (const pid_t *) &self->arena->slots[0].child_pid, sizeof (MpSlot), MP_MAX_SLOTS
  };
  MpPidSlots workers = {
    (const pid_t *) &self->arena->slots[0].pid, sizeof (MpSlot), MP_MAX_SLOTS
  };

  self->guardian = _mp_guardian_start (&sessions, &workers, self->marker, &error);
  if (self->guardian == NULL)
    mp_log (MP_LOG_WARNING, "no guardian: %s", error->message);
}

/* Before the first worker is started. */
gboolean
_mp_pool_start_guard (MpPool  *self,
                      GError **error)
{
  if (self->marker == NULL)
    return TRUE;
  if (!mp_command_become_subreaper (error))
    return FALSE;
  start_guardian (self);
  return TRUE;
}

void
_mp_pool_stop_guard (MpPool *self)
{
  g_clear_pointer (&self->guardian, _mp_guardian_stop);
}

/* After a worker has ended: the processes of the program that it may have been running. */
void
_mp_pool_end_orphans (MpPool *self)
{
  g_autoptr(GArray) known = NULL;

  if (self->marker == NULL)
    return;
  known = _mp_process_list_children ();
  if (self->guardian != NULL)
    {
      pid_t pid = _mp_guardian_get_pid (self->guardian);

      g_array_append_val (known, pid);
    }
  _mp_kill_orphans ((const pid_t *) known->data, known->len);
}

/**
 * mp_pool_set_guarded:
 * @self: a pool that was not started
 * @marker: an environment variable, as `NAME=value`, that every program has which the workers
 *   start, and no process that is none of this pool's business
 *
 * Promises that no process which the workers start survives its worker or this process, whatever
 * kills them. The programs must lead sessions of their own, and their process ids be told by
 * [func@Pool.worker_get_child_pid], as [method@Command.run] does.
 *
 * For that this process becomes the subreaper of its descendants, and after the death of a
 * worker ends all its own children that libmp did not start. A program that starts children by
 * other means must not use this.
 */
void
mp_pool_set_guarded (MpPool     *self,
                     const char *marker)
{
  g_return_if_fail (MP_IS_POOL (self) && !self->started);
  g_return_if_fail (marker != NULL);

  g_free (self->marker);
  self->marker = g_strdup (marker);
}
