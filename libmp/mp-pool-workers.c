/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "mp-error.h"
#include "mp-log.h"
#include "mp-pool-private.h"
#include "mp-process-tree-private.h"
#include "mp-signals-private.h"

/* The life of a pool's workers: started, watched, replaced, ended. */

/* So many deaths in a row before a worker was ready break the pool. */
#define MAX_EARLY_DEATHS 10
#define FIRST_BACK_OFF   (10 * MP_NSEC_PER_SEC / 1000)
#define MAX_BACK_OFF     (MP_NSEC_PER_SEC)
#define GRACE            (500 * MP_NSEC_PER_SEC / 1000)

static guint
find_slot (MpPool *self)
{
  guint slot = 0;

  while (self->by_slot[slot] != NULL)
    slot++;
  return slot;
}

static void
reset_slot (MpSlot *slot)
{
  atomic_store (&slot->state, MP_SLOT_STARTING);
  atomic_store (&slot->exit_reason, MP_WORKER_EXIT_CRASHED);
  atomic_store (&slot->child_pid, 0);
  atomic_store (&slot->error_size, 0);
  atomic_store (&slot->asleep, 0);
  atomic_store (&slot->leave, 0);
  atomic_store (&slot->released, 0);
  atomic_store (&slot->asks, 0);
}

static gboolean
start_worker (MpPool  *self,
              GError **error)
{
  guint slot = find_slot (self);
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = slot };
  MpPoolWorker *worker;

  reset_slot (&self->arena->slots[slot]);
  worker = _mp_pool_worker_new (self, slot, error);
  if (worker == NULL)
    return FALSE;
  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, _mp_pool_worker_get_sentinel (worker), &event) < 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not watch a worker: %s",
                   g_strerror (errno));
      _mp_pool_worker_expel (self, worker);
      _mp_pool_worker_join (self, worker);
      _mp_pool_worker_free (worker);
      return FALSE;
    }

  self->by_slot[slot] = worker;
  self->n_slots = MAX (self->n_slots, slot + 1);
  g_ptr_array_add (self->workers, worker);
  mp_log (MP_LOG_DEBUG, "added worker");
  g_signal_emit_by_name (self, "worker-started", slot, (int) worker->pid, worker->name);
  return TRUE;
}

guint
_mp_pool_count_staying (MpPool *self)
{
  guint n = 0;

  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      n += !worker->leaving;
    }
  return n;
}

/* Whether a pool that takes no new items still has some to run. */
gboolean
_mp_pool_has_work (MpPool *self)
{
  return self->submitted > self->delivered;
}

/* Starts workers until there are as many as there should be. */
gboolean
_mp_pool_populate (MpPool  *self,
                   GError **error)
{
  if (self->broken != NULL || self->terminated || self->paused
      || (self->closed && !_mp_pool_has_work (self)))
    return TRUE;
  while (_mp_pool_count_staying (self) < self->processes)
    if (!start_worker (self, error))
      return FALSE;
  return TRUE;
}

/* The same, later: without processes to be had, a pool goes on with the workers it has. */
void
_mp_pool_repopulate (MpPool *self)
{
  g_autoptr(GError) error = NULL;

  if (_mp_pool_populate (self, &error))
    return;
  if (self->workers->len == 0)
    {
      _mp_pool_break (self, g_steal_pointer (&error));
      return;
    }
  mp_log (MP_LOG_WARNING, "could not replace a worker: %s", error->message);
  self->restart_at = _mp_monotonic_ns () + MAX_BACK_OFF;
}

/* Nothing can run any more: every item without an outcome gets @error. Takes @error. */
void
_mp_pool_break (MpPool *self,
                GError *error)
{
  if (self->broken != NULL)
    {
      g_error_free (error);
      return;
    }
  self->broken = error;
  atomic_fetch_or (&self->arena->board->flags, MP_BOARD_TERMINATED);
  for (guint i = 0; i < self->workers->len; i++)
    _mp_pool_doom (self, g_ptr_array_index (self->workers, i), MP_WORKER_EXIT_CANCELLED);
  _mp_pool_take_back (self);
}

/* Returns FALSE if it was condemned before. */
static gboolean
condemn (MpPool       *self,
         MpPoolWorker *worker,
         MpWorkerExit  fate)
{
  if (worker->doomed)
    return FALSE;
  worker->doomed = TRUE;
  worker->fate = fate;
  /* It may outlive its program, and must not begin what it will not be let finish. */
  atomic_store (&self->arena->slots[worker->slot].leave, 1);
  return TRUE;
}

/* Starts to end @worker and the program it may run: SIGTERM now, SIGKILL after a grace. */
void
_mp_pool_doom (MpPool       *self,
               MpPoolWorker *worker,
               MpWorkerExit  fate)
{
  pid_t child = atomic_load (&self->arena->slots[worker->slot].child_pid);

  if (!condemn (self, worker, fate))
    return;
  worker->kill_at = _mp_monotonic_ns () + GRACE;
  if (child > 1)
    {
      _mp_pool_signal_program (child, SIGTERM);
      _mp_pool_signal_program (child, SIGCONT);
    }
  else
    _mp_pool_worker_signal (worker, SIGTERM);
}

static void
kill_now (MpPool       *self,
          MpPoolWorker *worker)
{
  pid_t child = atomic_load (&self->arena->slots[worker->slot].child_pid);

  if (child > 1)
    _mp_pool_signal_program (child, SIGKILL);
  _mp_pool_worker_signal (worker, SIGKILL);
  worker->kill_at = 0;
}

/* Ends @worker and the program it may run by SIGKILL, whatever was begun to end them. */
void
_mp_pool_kill (MpPool       *self,
               MpPoolWorker *worker,
               MpWorkerExit  fate)
{
  condemn (self, worker, fate);
  kill_now (self, worker);
}

/* When something must be done about @worker though nothing happens. 0: never. */
static gint64
worker_deadline (MpPool       *self,
                 MpPoolWorker *worker)
{
  const MpRecord *record;

  if (worker->doomed)
    return worker->kill_at;
  if (self->paused || self->threads || self->task_timeout == 0
      || (worker->runs->len == 0 && _mp_ring_is_empty (self->arena)))
    return 0;
  if (_mp_pool_running_record (self, worker, &record))
    return MAX (record->start, worker->progress) + self->task_timeout;
  return worker->progress + self->task_timeout;
}

/* @worker is due. One that holds nothing has taken too long only if somebody has stopped it, maybe
 * before it was ready: then what there is to do would wait for it for ever. */
static gboolean
is_late (MpPoolWorker *worker)
{
  MpProcessInfo info;

  return worker->runs->len > 0
         || (_mp_process_info_read (worker->pid, &info) && info.state == 'T');
}

/* Returns: when something must be done though nothing happens, monotonic ns; 0 for never */
gint64
_mp_pool_next_deadline (MpPool *self,
                        gint64  now)
{
  gint64 next = self->restart_at;

  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);
      gint64 deadline = worker_deadline (self, worker);

      if (deadline == 0 && self->task_timeout > 0 && !self->threads && !worker->doomed
          && !self->paused)
        deadline = now + self->task_timeout; /* it may have started something by then */
      if (deadline != 0 && (next == 0 || deadline < next))
        next = deadline;
    }
  return next;
}

/* Does what is due at @now. */
void
_mp_pool_meet_deadlines (MpPool *self,
                         gint64  now)
{
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);
      gint64 deadline = worker_deadline (self, worker);

      if (deadline == 0 || deadline > now)
        continue;
      if (worker->doomed)
        kill_now (self, worker);
      else if (is_late (worker))
        _mp_pool_doom (self, worker, MP_WORKER_EXIT_TIMEOUT);
      else
        worker->progress = now;
    }
  if (self->restart_at != 0 && self->restart_at <= now)
    {
      self->restart_at = 0;
      _mp_pool_repopulate (self);
    }
}

static GError *
read_initializer_error (MpPool       *self,
                        MpPoolWorker *worker)
{
  MpRange region = _mp_arena_region (self->arena, worker->slot);
  MpPayload value = { region.start, atomic_load (&self->arena->slots[worker->slot].error_size),
                      MP_VALUE_VARIANT };
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) variant = _mp_payload_load (region, &value, NULL, &error);

  if (variant == NULL)
    return g_steal_pointer (&error);
  error = _mp_error_from_variant (variant, worker->name);
  g_prefix_error (&error, "The pool's initializer failed in ");
  return g_steal_pointer (&error);
}

static void
log_death (MpPool       *self,
           MpPoolWorker *worker)
{
  int status = _mp_pool_worker_get_wait_status (worker);
  const MpRecord *record;
  gboolean busy = _mp_pool_running_record (self, worker, &record);
  g_autofree char *item = busy ? g_strdup_printf (" while running item %" G_GUINT64_FORMAT,
                                                  record->tag) : NULL;

  if (worker->doomed && worker->fate == MP_WORKER_EXIT_TIMEOUT)
    mp_log (MP_LOG_WARNING, "worker %s (pid %d) ended: %s", worker->name, (int) worker->pid,
            worker->runs->len > 0 ? "its item took longer than the task timeout"
                                  : "it was stopped while there was something to do");
  else if (worker->doomed)
    return;
  else if (WIFSIGNALED (status))
    {
      g_autofree char *name = _mp_signal_to_string (WTERMSIG (status));

      mp_log (MP_LOG_WARNING, "worker %s (pid %d) killed by %s%s", worker->name,
              (int) worker->pid, name, item != NULL ? item : "");
    }
  else
    mp_log (MP_LOG_WARNING, "worker %s (pid %d) exited with code %d%s", worker->name,
            (int) worker->pid, WEXITSTATUS (status), item != NULL ? item : "");
}

/* Where Python says it: not of workers that leave as they should, and with another number once the
 * pool is terminated. */
static void
log_cleaning (MpPool       *self,
              MpPoolWorker *worker,
              guint         position)
{
  if (self->terminated && !self->threads)
    mp_log (MP_LOG_DEBUG, "cleaning up worker %d", (int) worker->pid);
  else if (!self->closed || _mp_pool_has_work (self))
    mp_log (MP_LOG_DEBUG, "cleaning up worker %u", position);
}

/* What a worker's end says about the next ones. */
static void
judge_early_death (MpPool       *self,
                   MpPoolWorker *worker,
                   MpSlotState   state)
{
  gint64 back_off;

  if (state == MP_SLOT_INIT_FAILED)
    {
      _mp_pool_break (self, read_initializer_error (self, worker));
      return;
    }
  if (state != MP_SLOT_STARTING || worker->doomed)
    {
      if (worker->ready)
        self->early_deaths = 0;
      return;
    }
  if (++self->early_deaths >= MAX_EARLY_DEATHS)
    {
      _mp_pool_break (self, g_error_new (MP_ERROR, MP_ERROR_BROKEN,
                                         "%d workers in a row died before they were ready",
                                         MAX_EARLY_DEATHS));
      return;
    }
  back_off = MIN (FIRST_BACK_OFF << (self->early_deaths - 1), MAX_BACK_OFF);
  self->restart_at = _mp_monotonic_ns () + back_off;
}

static void
bury (MpPool       *self,
      MpPoolWorker *worker,
      guint         position)
{
  MpSlot *slot = &self->arena->slots[worker->slot];
  MpSlotState state = atomic_load (&slot->state);
  MpWorkerExit reason = worker->doomed ? worker->fate : atomic_load (&slot->exit_reason);
  const MpRecord *record;
  gboolean has_tag;
  guint64 tag;

  epoll_ctl (self->epoll, EPOLL_CTL_DEL, _mp_pool_worker_get_sentinel (worker), NULL);
  _mp_pool_harvest (self);
  _mp_pool_collect_worker (self, worker);
  has_tag = _mp_pool_running_record (self, worker, &record);
  tag = has_tag ? record->tag : 0;
  worker->ready = state != MP_SLOT_STARTING;
  /* One whose initializer failed has said so itself, and the pool's error does. */
  if (worker->doomed || (reason == MP_WORKER_EXIT_CRASHED && state != MP_SLOT_INIT_FAILED))
    log_death (self, worker);
  log_cleaning (self, worker, position);
  /* First, so that nothing of a broken pool is queued again. */
  judge_early_death (self, worker, state);
  _mp_pool_give_up_worker (self, worker);
  self->by_slot[worker->slot] = NULL;
  atomic_store (&slot->pid, 0);
  g_ptr_array_remove (self->workers, worker);
  if (reason == MP_WORKER_EXIT_CRASHED || worker->doomed)
    _mp_pool_end_orphans (self);
  atomic_store (&slot->child_pid, 0);
  g_signal_emit_by_name (self, "worker-exited", worker->slot, (int) worker->pid, worker->name,
                         _mp_pool_worker_get_wait_status (worker), (guint) reason, has_tag, tag);
  _mp_pool_worker_free (worker);
}

/* Takes leave of the workers that have ended, and replaces them. */
void
_mp_pool_reap (MpPool *self)
{
  gboolean any = FALSE;

  for (guint i = self->workers->len; i > 0; i--)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i - 1);

      if (_mp_pool_worker_reap (worker))
        {
          bury (self, worker, i - 1);
          any = TRUE;
        }
    }
  if (!any)
    return;
  if (self->restart_at == 0)
    _mp_pool_repopulate (self);
  _mp_pool_publish_backlog (self);
  _mp_pool_kick (self);
}
