/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <unistd.h>

#include "mp-error.h"
#include "mp-handles-private.h"
#include "mp-log.h"
#include "mp-main.h"
#include "mp-pool-private.h"

/**
 * MpPool:
 *
 * A pool of worker processes that run registered functions over items, as Python's
 * `multiprocessing.Pool` does.
 *
 * It never hangs because of its workers. Each item that was submitted has exactly one outcome,
 * whatever kills whichever worker at whatever instant: the parent knows the one item that a dead
 * worker was running, and what that worker had only reserved goes to the others. Workers that
 * died are replaced; workers that keep dying before they are ready, and an initializer that
 * fails, break the pool with one clear error instead of respawning for ever.
 *
 * A pool of processes starts no thread. Its workers go on by themselves while the caller is busy;
 * outcomes are collected in the main context that was the thread's default when the pool started,
 * and in every blocking call on it. Use a pool from one thread only. Callbacks must not block on
 * the pool: that is an error, not a deadlock. They may run a main loop; the pool rests meanwhile.
 *
 * Items and results may hold descriptors and shared objects. The pool has duplicates of an item's
 * from when it is submitted until it has its outcome, however often it is tried again. A worker
 * gets them when the caller collects outcomes, and so waits for them while the caller is busy; all
 * other items need nobody.
 *
 * A pool is of use in the process that made it. What a forked child does with its copy fails or
 * changes nothing.
 */

G_DEFINE_FINAL_TYPE (MpPool, mp_pool, G_TYPE_OBJECT)

static void
block_free (gpointer data)
{
  MpItemBlock *block = data;

  if (block != NULL)
    g_free (block->refs);
  g_free (block);
}

/* Ends what is left of the workers, at once; threads when they have done what they do. */
static void
kill_workers (MpPool *self)
{
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      _mp_pool_worker_expel (self, worker);
    }
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      _mp_pool_worker_join (self, worker);
      self->by_slot[worker->slot] = NULL;
      _mp_pool_worker_free (worker);
    }
  g_ptr_array_set_size (self->workers, 0);
}

static void
mp_pool_finalize (GObject *object)
{
  MpPool *self = MP_POOL (object);

  kill_workers (self);
  _mp_pool_stop_guard (self);
  _mp_pool_end_waiting (self);
  g_clear_pointer (&self->workers, g_ptr_array_unref);
  g_clear_pointer (&self->sinks, g_ptr_array_unref);
  g_clear_pointer (&self->blocks, g_ptr_array_unref);
  g_clear_pointer (&self->free_blocks, g_array_unref);
  for (guint i = 0; i < MP_N_EXTENT_CLASSES; i++)
    g_clear_pointer (&self->free_extents[i], g_array_unref);
  g_clear_pointer (&self->backlog, g_array_unref);
  g_clear_pointer (&self->frozen, g_array_unref);
  g_clear_pointer (&self->function_ids, g_hash_table_unref);
  g_clear_pointer (&self->arena, _mp_arena_free);
  g_clear_pointer (&self->carried, g_hash_table_unref);
  g_clear_pointer (&self->initargs, g_variant_unref);
  g_clear_pointer (&self->initializer, g_free);
  g_clear_pointer (&self->marker, g_free);
  g_clear_object (&self->context);
  g_clear_error (&self->broken);
  G_OBJECT_CLASS (mp_pool_parent_class)->finalize (object);
}

static void
mp_pool_class_init (MpPoolClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_pool_finalize;

  /**
   * MpPool::worker-started:
   * @self: the pool
   * @slot: the worker's slot, from 0
   * @pid: its process id
   * @name: its process name
   *
   * A worker process was started.
   */
  g_signal_new ("worker-started", MP_TYPE_POOL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_INT, G_TYPE_STRING);

  /**
   * MpPool::worker-exited:
   * @self: the pool
   * @slot: the worker's slot, from 0
   * @pid: its process id
   * @name: its process name
   * @wait_status: as waitpid() gives it
   * @reason: why, a #MpWorkerExit
   * @has_tag: whether it was running an item
   * @tag: the tag of that item
   *
   * A worker process has ended, and the outcomes of what it ran were delivered.
   */
  g_signal_new ("worker-exited", MP_TYPE_POOL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 7, G_TYPE_UINT, G_TYPE_INT, G_TYPE_STRING, G_TYPE_INT,
                G_TYPE_UINT, G_TYPE_BOOLEAN, G_TYPE_UINT64);
}

static void
mp_pool_init (MpPool *self)
{
  self->owner = getpid ();
  self->worker_output = -1;
  self->epoll = -1;
  self->bell = -1;
  self->workers = g_ptr_array_new ();
  self->sinks = g_ptr_array_new ();
  self->blocks = g_ptr_array_new_with_free_func (block_free);
  self->free_blocks = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < MP_N_EXTENT_CLASSES; i++)
    self->free_extents[i] = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->backlog = g_array_new (FALSE, FALSE, sizeof (MpRun));
  self->function_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * mp_pool_new:
 * @context: (nullable): how to start the workers, %NULL for the default context
 * @processes: how many workers, 1 to 512; 0 for as many as this process may use CPUs
 *
 * Makes a pool. Its workers start with [method@Pool.start], or with the first item.
 *
 * Returns: (transfer full): a new pool
 */
MpPool *
mp_pool_new (MpContext *context,
             guint      processes)
{
  MpPool *self;

  g_return_val_if_fail (context == NULL || MP_IS_CONTEXT (context), NULL);

  self = g_object_new (MP_TYPE_POOL, NULL);
  self->context = g_object_ref (context != NULL ? context : mp_context_get_default ());
  self->processes = MIN (processes > 0 ? processes : mp_cpu_count (), MP_MAX_SLOTS);
  return self;
}

/**
 * mp_pool_new_threads:
 * @threads: how many workers, 1 to 512; 0 for as many as this process may use CPUs
 *
 * Makes a pool of threads, Python's `ThreadPool`: for functions that wait rather than compute, or
 * that need what lies in this process's memory. Everything works as with processes, and functions
 * are called by their registered names just the same, but
 *
 * - a function that crashes, or calls exit(), takes the whole program with it;
 * - a thread can't be ended. [method@Pool.terminate] and [method@Pool.kill_workers] cancel what has
 *   not begun and let a function that runs return, which is its item's outcome; only a program that
 *   it runs is ended. [method@Pool.join] waits for it, and so does who drops the pool's last
 *   reference without;
 * - a task timeout, an output of the workers and a guard make [method@Pool.start] fail, and
 *   [method@Pool.kill_worker] and [method@Pool.set_paused] are refused;
 * - the process that has it has several threads, so it can't be forked any more, see
 *   %MP_ERROR_MULTI_THREADED.
 *
 * The threads have all signals blocked and a default main context each. Items and results are
 * copied, as with processes, so nobody can change another's.
 *
 * Returns: (transfer full): a new pool
 */
MpPool *
mp_pool_new_threads (guint threads)
{
  MpPool *self = mp_pool_new (NULL, threads);

  self->threads = TRUE;
  return self;
}

/**
 * mp_pool_set_initializer:
 * @self: a pool that was not started
 * @function: name of a registered function that each worker calls before its first item
 * @args: (nullable): its arguments; consumed if floating
 *
 * Descriptors and shared objects in @args are duplicated here, for all workers that the pool will
 * ever start: the caller may close or drop his.
 *
 * If the function sets an error, the pool is broken: every item gets that one error, with the
 * code %MP_ERROR_BROKEN's meaning but the initializer's domain and code.
 */
void
mp_pool_set_initializer (MpPool     *self,
                         const char *function,
                         GVariant   *args)
{
  g_return_if_fail (MP_IS_POOL (self) && !self->started);
  g_return_if_fail (function != NULL);

  g_free (self->initializer);
  g_clear_pointer (&self->initargs, g_variant_unref);
  self->initializer = g_strdup (function);
  if (args != NULL)
    {
      g_autoptr(GVariant) owned = g_variant_ref_sink (args);

      /* With descriptors that can't be duplicated, starting a worker fails and says why. */
      self->initargs = _mp_handles_dup (owned, NULL);
      if (self->initargs == NULL)
        self->initargs = g_steal_pointer (&owned);
    }
}

/**
 * mp_pool_set_max_tasks_per_child:
 * @self: a pool that was not started
 * @n_tasks: a worker is replaced after so many items; 0 for no limit
 *
 * Items, not chunks: what is left of a chunk goes to the other workers.
 */
void
mp_pool_set_max_tasks_per_child (MpPool *self,
                                 guint   n_tasks)
{
  g_return_if_fail (MP_IS_POOL (self) && !self->started);

  self->max_tasks = n_tasks;
}

/**
 * mp_pool_set_task_timeout:
 * @self: a pool
 * @timeout: the longest that one item may take, in microseconds; 0 for no limit
 *
 * A worker that takes longer, or is stopped, is ended: SIGTERM, and SIGKILL half a second later.
 * Its item fails with %MP_ERROR_TASK_TIMEOUT, everything else goes on. If it runs a program, see
 * [func@Pool.worker_get_child_pid], it is the program that gets the SIGTERM: the function may then
 * still return, which is the item's outcome, and the worker goes.
 */
void
mp_pool_set_task_timeout (MpPool *self,
                          gint64  timeout)
{
  g_return_if_fail (MP_IS_POOL (self));
  g_return_if_fail (timeout >= 0);

  self->task_timeout = timeout * 1000;
}

/**
 * mp_pool_set_retries:
 * @self: a pool
 * @retries: how often an item is run again after its worker died or its time was up
 *
 * Only such items are run again, not those whose function set an error. The default is 0: an
 * item is run again only by a caller who knows that this does no harm.
 */
void
mp_pool_set_retries (MpPool *self,
                     guint   retries)
{
  g_return_if_fail (MP_IS_POOL (self));

  self->retries = retries;
}

/**
 * mp_pool_set_worker_output:
 * @self: a pool that was not started
 * @fd: where standard output and error of the workers go; -1 for where ours go
 *
 * The descriptor must stay open as long as the pool starts workers.
 */
void
mp_pool_set_worker_output (MpPool *self,
                           int     fd)
{
  g_return_if_fail (MP_IS_POOL (self) && !self->started);

  self->worker_output = fd;
}

/* What only a process can be made to do, or suffer. */
static gboolean
check_threads (MpPool  *self,
               GError **error)
{
  const char *what = NULL;

  if (self->task_timeout > 0)
    what = "a task timeout: a thread can't be ended";
  else if (self->worker_output >= 0)
    what = "an output of its own: threads share that of the process";
  else if (self->marker != NULL)
    what = "a guard: its workers don't die alone";
  else
    return TRUE;
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "A pool of threads can't have %s", what);
  return FALSE;
}

/**
 * mp_pool_start:
 * @self: a pool
 * @error: return location for an error
 *
 * Starts the workers, if they are not started yet. Does not wait until they are ready.
 *
 * Fails if a process can't be started, with %MP_ERROR_FAILED if a pool of threads was set to what
 * only processes can do, or with %MP_ERROR_NOT_REGISTERED for an initializer that
 * a worker could not find.
 *
 * Returns: whether the workers are started
 */
gboolean
mp_pool_start (MpPool  *self,
               GError **error)
{
  g_return_val_if_fail (MP_IS_POOL (self), FALSE);

  if (self->started)
    return TRUE;
  if (self->threads && !check_threads (self, error))
    return FALSE;
  if (self->arena == NULL)
    self->arena = _mp_arena_new (error);
  if (self->arena == NULL)
    return FALSE;
  if (self->initializer != NULL
      && _mp_pool_function_id (self, self->initializer, error) == G_MAXUINT)
    return FALSE;
  if (self->bell < 0 && !_mp_pool_begin_waiting (self, error))
    return FALSE;
  if (self->guardian == NULL && !_mp_pool_start_guard (self, error))
    return FALSE;
  self->started = TRUE;
  if (_mp_pool_populate (self, error))
    return TRUE;
  kill_workers (self);
  self->started = FALSE;
  return FALSE;
}
