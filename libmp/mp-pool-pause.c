/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>

#include "mp-pool-private.h"
#include "mp-process-tree-private.h"

/* Holding a pool still: what its workers run does not know of it, and their clocks stand. */

static void
pause_pool (MpPool *self)
{
  self->paused = TRUE;
  self->paused_at = _mp_monotonic_ns ();
  if (self->frozen == NULL)
    self->frozen = _mp_process_array_new ();
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      if (!worker->doomed)
        _mp_freeze_tree (worker->pid, self->frozen);
    }
}

/* The time of the pause belongs to nobody. */
static void
shift_clocks (MpPool *self,
              gint64  paused)
{
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);
      const MpRecord *record;

      if (_mp_pool_running_record (self, worker, &record))
        worker->progress = MAX (worker->progress, record->start);
      worker->progress += paused;
    }
  /* Workers read it once they go on. */
  __atomic_add_fetch (&self->arena->board->paused, paused, __ATOMIC_RELEASE);
}

static void
resume_pool (MpPool *self)
{
  self->paused = FALSE;
  shift_clocks (self, _mp_monotonic_ns () - self->paused_at);
  for (guint i = 0; i < self->frozen->len; i++)
    _mp_process_info_signal (&g_array_index (self->frozen, MpProcessInfo, i), SIGCONT);
  g_array_set_size (self->frozen, 0);
  _mp_pool_repopulate (self);
}

/**
 * mp_pool_set_paused:
 * @self: a pool of processes that was started; nothing happens to one of threads
 * @paused: whether to hold it still
 *
 * Stops the workers with all their descendants, or lets them go on. While it is paused no worker is
 * started or replaced, and the time does not count for the task timeout. What was stopped by
 * somebody else stays so. A worker that is ended while the pool is paused ends all the same; before
 * [method@Pool.close] or [method@Pool.terminate] the pool has to go on.
 */
void
mp_pool_set_paused (MpPool   *self,
                    gboolean  paused)
{
  g_return_if_fail (MP_IS_POOL (self) && self->started);

  if (self->threads || self->paused == (paused != FALSE) || !_mp_pool_is_ours (self))
    return;
  if (paused)
    pause_pool (self);
  else
    resume_pool (self);
}
