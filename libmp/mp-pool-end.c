/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>

#include "mp-error.h"
#include "mp-futex-private.h"
#include "mp-log.h"
#include "mp-pool-private.h"

/* How a pool and its workers are brought to an end. */

static void
wake_all (MpPool *self)
{
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      _mp_slot_wake (&self->arena->slots[worker->slot], 0);
    }
}

/**
 * mp_pool_close:
 * @self: a pool
 *
 * Takes no more items. The workers leave when all is done; [method@Pool.join] waits for that.
 */
void
mp_pool_close (MpPool *self)
{
  g_return_if_fail (MP_IS_POOL (self));

  if (self->closed || self->terminated || !_mp_pool_is_ours (self))
    return;
  mp_log (MP_LOG_DEBUG, "closing pool");
  self->closed = TRUE;
  if (self->started)
    _mp_pool_announce_end (self);
}

/* Once nothing can be submitted any more, not even a retry, the workers may leave. */
void
_mp_pool_announce_end (MpPool *self)
{
  if (!self->closed || _mp_pool_has_work (self)
      || (atomic_load (&self->arena->board->flags) & MP_BOARD_CLOSED))
    return;
  atomic_fetch_or (&self->arena->board->flags, MP_BOARD_CLOSED);
  wake_all (self);
}

/* Whatever has not begun is cancelled, and nothing more is taken. Returns: FALSE if that is so
 * already, or there is nobody to end */
static gboolean
stop_working (MpPool *self)
{
  if (self->terminated)
    return FALSE;
  mp_log (MP_LOG_DEBUG, "terminating pool");
  self->terminated = TRUE;
  if (!self->started)
    return FALSE;
  mp_log (MP_LOG_DEBUG, "finalizing pool");
  atomic_fetch_or (&self->arena->board->flags, MP_BOARD_TERMINATED);
  _mp_pool_take_back (self);
  if (!self->threads)
    mp_log (MP_LOG_DEBUG, "terminating workers");
  wake_all (self);
  return TRUE;
}

/**
 * mp_pool_terminate:
 * @self: a pool
 *
 * Ends the pool now: items that no worker has begun are cancelled at once, the workers are ended
 * by SIGTERM and, half a second later, SIGKILL; [method@Pool.join] waits for that. Every
 * outstanding result becomes ready, so nobody waits for ever.
 */
void
mp_pool_terminate (MpPool *self)
{
  g_return_if_fail (MP_IS_POOL (self));

  if (!_mp_pool_is_ours (self) || !stop_working (self))
    return;
  for (guint i = 0; i < self->workers->len; i++)
    _mp_pool_doom (self, g_ptr_array_index (self->workers, i), MP_WORKER_EXIT_CANCELLED);
  if (!self->threads)
    mp_log (MP_LOG_DEBUG, "joining pool workers");
}

/**
 * mp_pool_terminate_workers:
 * @self: a pool
 *
 * The name that Python's `concurrent.futures` has for [method@Pool.terminate] since 3.14. There a
 * worker that holds out against the SIGTERM stays.
 */
void
mp_pool_terminate_workers (MpPool *self)
{
  mp_pool_terminate (self);
}

/**
 * mp_pool_kill_workers:
 * @self: a pool
 *
 * Ends the pool as [method@Pool.terminate] does, but by SIGKILL and without delay: the workers and
 * the programs they run get no chance to clean up. Also after that call, if half a second is too
 * long. Items that ran fail with %MP_ERROR_CANCELLED once their worker is gone, those that were
 * done by then keep their results, and nothing more can be submitted.
 */
void
mp_pool_kill_workers (MpPool *self)
{
  g_return_if_fail (MP_IS_POOL (self));

  if (!_mp_pool_is_ours (self))
    return;
  stop_working (self);
  for (guint i = 0; i < self->workers->len; i++)
    _mp_pool_kill (self, g_ptr_array_index (self->workers, i), MP_WORKER_EXIT_CANCELLED);
}

/**
 * mp_pool_interrupt_workers:
 * @self: a pool
 *
 * Sends SIGINT, as Ctrl-C would, to what the workers run: to the processes of a worker's program,
 * if it runs one, else to the worker. Workers ignore it unless a function or the pool's initializer
 * has installed a handler, so it ends no worker by itself: the pool goes on. One that is not ready
 * yet is left alone.
 */
void
mp_pool_interrupt_workers (MpPool *self)
{
  g_return_if_fail (MP_IS_POOL (self));

  for (guint i = 0; i < self->workers->len && _mp_pool_is_ours (self); i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);
      MpSlot *slot = &self->arena->slots[worker->slot];
      pid_t child = atomic_load (&slot->child_pid);

      if (child > 1)
        _mp_pool_signal_program (child, SIGINT);
      else if (atomic_load (&slot->state) != MP_SLOT_STARTING)
        _mp_pool_worker_signal (worker, SIGINT);
    }
}

static gboolean
is_empty (gpointer data)
{
  return MP_POOL (data)->workers->len == 0;
}

/**
 * mp_pool_join:
 * @self: a pool that was closed or terminated
 * @timeout: how long to wait, in microseconds; -1 for as long as it takes
 * @error: return location for an error
 *
 * Waits until all workers have ended.
 *
 * Fails with %MP_ERROR_PROCESS if the pool is neither closed nor terminated, and with
 * %MP_ERROR_TIMEOUT if they have not ended in time.
 *
 * Returns: whether they have
 */
gboolean
mp_pool_join (MpPool  *self,
              gint64   timeout,
              GError **error)
{
  g_autoptr(GError) wait_error = NULL;

  g_return_val_if_fail (MP_IS_POOL (self), FALSE);

  mp_log (MP_LOG_DEBUG, "joining pool");
  if (!self->closed && !self->terminated)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS, "Pool is still running");
      return FALSE;
    }
  if (!self->started)
    return TRUE;
  if (_mp_pool_wait_until (self, is_empty, self, timeout, &wait_error))
    return TRUE;
  if (wait_error != NULL)
    g_propagate_error (error, g_steal_pointer (&wait_error));
  else
    g_set_error_literal (error, MP_ERROR, MP_ERROR_TIMEOUT, "The workers have not ended yet");
  return FALSE;
}

/**
 * mp_pool_kill_worker:
 * @self: a pool
 * @pid: the process id of one of its workers
 * @error: return location for an error
 *
 * Ends one worker by SIGTERM and, half a second later, SIGKILL. The item that it runs is lost or
 * tried again as after any death, and the worker is replaced.
 *
 * Returns: %FALSE if the pool has no such worker, or its workers are threads
 */
gboolean
mp_pool_kill_worker (MpPool  *self,
                     pid_t    pid,
                     GError **error)
{
  g_return_val_if_fail (MP_IS_POOL (self), FALSE);

  if (self->threads)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_FAILED,
                           "A worker that is a thread can't be ended");
      return FALSE;
    }
  for (guint i = 0; i < self->workers->len && _mp_pool_is_ours (self); i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      if (worker->pid != pid)
        continue;
      _mp_pool_doom (self, worker, MP_WORKER_EXIT_KILLED);
      return TRUE;
    }
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Process %d is not a worker of this pool",
               (int) pid);
  return FALSE;
}
