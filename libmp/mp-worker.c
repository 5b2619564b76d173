/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mp-error.h"
#include "mp-fds-private.h"
#include "mp-function.h"
#include "mp-futex-private.h"
#include "mp-log.h"
#include "mp-pool.h"
#include "mp-results-private.h"
#include "mp-ring-private.h"
#include "mp-shareable-private.h"
#include "mp-payload-private.h"
#include "mp-worker-private.h"

/* What a pool worker does: claim, run, commit, sleep. The protocol is in mp-shared-private.h. */

typedef struct
{
  MpArena    *arena;
  MpSlot     *slot;
  MpResults   results;
  guint       index;      /* of the slot */
  int         bell;       /* an eventfd that wakes the parent */
  struct stat bell_stat;
  int         socket;     /* for the descriptors of items and results */
  struct stat socket_stat;
  guint       max_tasks;  /* 0: no limit */
  guint       n_tasks;
  gboolean    threaded;   /* the process is not this worker's alone */
  gint64      now;        /* monotonic ns, when the last item ended */
  guint64     tag;        /* of the running item */
  MpFunction  functions[MP_MAX_FUNCTIONS];
} MpWorker;

/* The pool worker that this process is, or this thread. Threads that a process's function starts
 * are that worker, too. */
static MpWorker *this_process;
static _Thread_local MpWorker *this_thread;

static MpWorker *
get_this_worker (void)
{
  return this_thread != NULL ? this_thread : this_process;
}

static gint64
monotonic_ns (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * G_GINT64_CONSTANT (1000000000) + ts.tv_nsec;
}

/* A function may have closed our descriptors, and opened others that got their numbers. */
static gboolean
is_same (int                fd,
         const struct stat *before)
{
  struct stat now;

  return fstat (fd, &now) == 0 && now.st_dev == before->st_dev && now.st_ino == before->st_ino;
}

/* Only returns to a thread, whose process goes on. */
static void
lose_descriptors (MpWorker *worker)
{
  mp_log (MP_LOG_WARNING, "worker lost its descriptors -- exiting");
  if (!worker->threaded)
    _exit (1);
}

/* Whether there is a socket to the parent. Returns: FALSE with errno set */
static gboolean
check_socket (MpWorker *worker)
{
  if (is_same (worker->socket, &worker->socket_stat))
    return TRUE;
  lose_descriptors (worker);
  errno = EBADF;
  return FALSE;
}

/* The parent has closed it. Only returns to a thread, of a pool that is being dropped. */
static void
leave_if_alone (MpWorker *worker)
{
  if (errno == EPIPE && !worker->threaded)
    _exit (1);
}

/* Wakes the parent if it sleeps @at_least so deep. What it was woken from is noted only when it is,
 * and not if it sleeps anew. That this process leaves wakes the parent as well. */
static void
ring_bell (MpWorker *worker,
           guint     at_least)
{
  _Atomic guint32 *waits = &worker->arena->board->parent_waits;
  guint32 seen = atomic_load (waits);
  guint64 one = 1;

  if ((seen & ((1 << MP_PARENT_BITS) - 1)) < at_least)
    return;
  if (!is_same (worker->bell, &worker->bell_stat)
      || (write (worker->bell, &one, sizeof one) < 0 && errno != EAGAIN))
    lose_descriptors (worker);
  atomic_compare_exchange_strong (waits, &seen, MP_PARENT_AWAKE);
}

/* Where a record is, by which its descriptors are known. */
static guint64
place_of (MpWorker *worker,
          MpRecord *record)
{
  return (guint8 *) record - worker->arena->base;
}

/* Asks the parent for the descriptors of an item. The parent has them until the item has its
 * outcome, however many workers die with it. */
static G_GNUC_NO_INLINE GArray *
ask_for_fds (MpWorker  *worker,
             MpRecord  *record,
             GError   **error)
{
  guint64 place = place_of (worker, record);
  guint64 number = 0;
  GArray *fds = NULL;

  if (check_socket (worker))
    {
      atomic_store (&worker->slot->asks, place);
      atomic_fetch_add (&worker->arena->board->n_asked, 1);
      ring_bell (worker, MP_PARENT_NAPS);
      fds = _mp_fds_receive (worker->socket, 0, &number);
    }
  if (fds == NULL)
    leave_if_alone (worker);
  if (fds != NULL && number == place)
    return fds;
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not pass on the item's descriptors: %s",
               g_strerror (fds != NULL ? (int) number : errno));
  g_clear_pointer (&fds, _mp_fds_close);
  return NULL;
}

/* Waits while the parent has not taken those of many results before. */
static gboolean
send_fds (MpWorker  *worker,
          MpRecord  *record,
          GArray    *fds,
          GError   **error)
{
  if (check_socket (worker) && _mp_fds_send (worker->socket, 0, place_of (worker, record), fds))
    return TRUE;
  leave_if_alone (worker);
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not pass on the result's descriptors: %s",
               g_strerror (errno));
  return FALSE;
}

static MpFunction
find_function (MpWorker *worker,
               guint     number)
{
  number %= MP_MAX_FUNCTIONS;
  if (worker->functions[number] == NULL)
    worker->functions[number] = mp_function_lookup (worker->arena->board->functions[number]);
  return worker->functions[number];
}

static G_GNUC_NO_INLINE gboolean
store_payload (MpWorker   *worker,
               MpRecord   *record,
               GVariant   *variant,
               MpPayload  *value,
               GError    **error)
{
  gsize size = _mp_payload_size (variant);
  guint64 offset = MP_NO_ROOM;
  g_autoptr(GError) failure = NULL;
  g_autoptr(GArray) fds = _mp_payload_collect_fds (variant, &failure);

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (size <= MP_MAX_PAYLOAD)
    offset = _mp_results_reserve (&worker->results, size);
  if (offset == MP_NO_ROOM)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "A result of %" G_GSIZE_FORMAT " bytes is too large for the pool", size);
      return FALSE;
    }
  _mp_payload_store (variant, offset, _mp_arena_at (worker->arena, offset), value);
  if (fds == NULL)
    return TRUE;
  value->type = MP_VALUE_HANDLES;
  return send_fds (worker, record, fds, error);
}

/* Puts @variant where the parent will find it. Fails if there is no room for it, or its descriptors
 * can't go along. */
static gboolean
store_result (MpWorker  *worker,
              MpRecord  *record,
              GVariant  *variant,
              GError   **error)
{
  MpPayload value = { 0, 0, MP_VALUE_NONE };

  if (variant != NULL && !_mp_payload_pack_scalar (variant, &value)
      && !store_payload (worker, record, variant, &value, error))
    return FALSE;
  record->out_data = value.data;
  record->out_size = value.size;
  record->out_type = value.type;
  record->out_end = worker->results.head;
  return TRUE;
}

/* Returns: (transfer full) (nullable): the result, which may have descriptors that are @args' */
static GVariant *
call_function (MpWorker  *worker,
               MpRecord  *record,
               GVariant **args,
               GError   **error)
{
  MpPayload in = { record->in_data, record->in_size, record->in_type };
  MpFunction function = find_function (worker, record->function);
  GArray *fds = NULL;
  GVariant *result;

  if (function == NULL)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "No function \"%s\" is registered in the worker",
                   worker->arena->board->functions[record->function % MP_MAX_FUNCTIONS]);
      return NULL;
    }
  if (G_UNLIKELY (in.type == MP_VALUE_HANDLES))
    {
      fds = ask_for_fds (worker, record, error);
      if (fds == NULL)
        return NULL;
    }
  if (in.type != MP_VALUE_NONE)
    {
      *args = _mp_payload_load (_mp_arena_items (worker->arena), &in, fds, error);
      if (*args == NULL)
        return NULL;
    }
  result = function (*args, error);
  return result == NULL ? NULL : g_variant_take_ref (result);
}

/* Returns: FALSE if the worker can't go on: what becomes of the item is left to the parent */
static gboolean
run_item (MpWorker *worker,
          MpRecord *record)
{
  guint32 state = MP_ITEM_WAITING;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) args = NULL;
  g_autoptr(GVariant) result = NULL;

  record->start = worker->now;
  if (!atomic_compare_exchange_strong (&record->state, &state, MP_ITEM_RUNNING))
    {
      atomic_store (&record->state, MP_ITEM_SKIPPED);
      ring_bell (worker, MP_PARENT_SLEEPS);
      return TRUE;
    }
  worker->tag = record->tag;
  result = call_function (worker, record, &args, &error);
  worker->now = monotonic_ns ();
  record->duration = worker->now - record->start;

  if (error == NULL)
    store_result (worker, record, result, &error);
  if (error != NULL)
    {
      g_autoptr(GVariant) variant = g_variant_ref_sink (_mp_error_to_variant (error));

      if (!store_result (worker, record, variant, NULL))
        return FALSE;
    }
  if (G_UNLIKELY (_mp_shareables_kept))
    _mp_shareables_let_go ();
  atomic_fetch_add_explicit (&worker->slot->done, 1, memory_order_relaxed);
  atomic_store (&record->state, error != NULL ? MP_ITEM_FAILED : MP_ITEM_DONE);
  worker->n_tasks++;
  ring_bell (worker, MP_PARENT_SLEEPS);
  return TRUE;
}

/* Whether to go before the next item, and if so why. */
static gboolean
should_leave (MpWorker *worker)
{
  MpWorkerExit reason;

  if (atomic_load_explicit (&worker->arena->board->flags, memory_order_acquire)
      & MP_BOARD_TERMINATED)
    reason = MP_WORKER_EXIT_CANCELLED;
  else if (atomic_load_explicit (&worker->slot->leave, memory_order_acquire))
    reason = MP_WORKER_EXIT_RESIZED;
  else if (worker->max_tasks > 0 && worker->n_tasks >= worker->max_tasks)
    reason = MP_WORKER_EXIT_MAX_TASKS;
  else
    return FALSE;
  atomic_store (&worker->slot->exit_reason, reason);
  return TRUE;
}

/* Sleeps until the parent has something new. Returns FALSE when there never will be. */
static gboolean
rest (MpWorker *worker)
{
  MpSlot *slot = worker->slot;
  MpBoard *board = worker->arena->board;
  gboolean closed = atomic_load (&board->flags) & MP_BOARD_CLOSED;

  /* Announced before it looks again: whoever publishes later sees the sleeper and wakes it. */
  atomic_store (&slot->asleep, MP_ASLEEP_IDLE);
  if (_mp_ring_is_empty (worker->arena) && !atomic_load (&slot->leave))
    {
      if (closed)
        {
          atomic_store (&slot->asleep, MP_AWAKE);
          atomic_store (&slot->exit_reason, MP_WORKER_EXIT_DONE);
          return FALSE;
        }
      ring_bell (worker, MP_PARENT_NAPS);
      if ((atomic_load (&board->flags) & (MP_BOARD_CLOSED | MP_BOARD_TERMINATED)) == 0)
        _mp_futex_wait (&slot->asleep, MP_ASLEEP_IDLE);
    }
  atomic_store (&slot->asleep, MP_AWAKE);
  worker->now = monotonic_ns ();
  return TRUE;
}

/* Returns: FALSE if the worker ends out of order */
static gboolean
work (MpWorker *worker)
{
  MpRun run;

  worker->now = monotonic_ns ();
  while (!should_leave (worker))
    {
      if (!_mp_ring_claim (worker->arena, worker->index, &run))
        {
          if (rest (worker))
            continue;
          mp_log (MP_LOG_DEBUG, "worker got sentinel -- exiting");
          break;
        }
      for (guint i = 0; i < run.count && (i == 0 || !should_leave (worker)); i++)
        if (!run_item (worker, _mp_arena_record (worker->arena, run.block, run.first + i)))
          return FALSE;
    }
  atomic_store (&worker->slot->state, MP_SLOT_EXITING);
  mp_log (MP_LOG_DEBUG, "worker exiting after %u tasks", worker->n_tasks);
  return TRUE;
}

/* An error is told to the parent, and is that of the process, too, as in Python. */
static gboolean
initialize (MpWorker    *worker,
            const char  *initializer,
            GVariant    *initargs,
            GError     **error)
{
  MpFunction function;
  g_autoptr(GError) own_error = NULL;
  g_autoptr(GVariant) result = NULL;

  if (*initializer == '\0')
    return TRUE;
  function = mp_function_lookup (initializer);
  if (function != NULL)
    result = function (initargs, &own_error);
  else
    g_set_error (&own_error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                 "No function \"%s\" is registered in the worker", initializer);
  if (result != NULL)
    g_variant_take_ref (result);
  if (own_error == NULL)
    return TRUE;

  g_autoptr(GVariant) variant = g_variant_ref_sink (_mp_error_to_variant (own_error));
  guint64 offset = _mp_results_reserve (&worker->results, _mp_payload_size (variant));
  MpPayload value;

  if (offset != MP_NO_ROOM)
    {
      _mp_payload_store (variant, offset, _mp_arena_at (worker->arena, offset), &value);
      atomic_store (&worker->slot->error_size, value.size);
      atomic_store (&worker->slot->state, MP_SLOT_INIT_FAILED);
    }
  g_propagate_error (error, g_steal_pointer (&own_error));
  return FALSE;
}

/* Standard output and error of this process go to @output from now on. */
static void
redirect_output (int output)
{
  dup2 (output, STDOUT_FILENO);
  dup2 (output, STDERR_FILENO);
  if (output > STDERR_FILENO)
    close (output);
}

/* The whole life of a worker, in the process or the thread that is it.
 *
 * Returns: FALSE with @error if its initializer failed, without if it ends out of order */
gboolean
_mp_worker_run (const MpWorkerSetup  *setup,
                GError              **error)
{
  MpWorker worker = {
    .arena = setup->arena,
    .slot = &setup->arena->slots[setup->slot],
    .index = setup->slot,
    .bell = setup->bell,
    .socket = setup->socket,
    .max_tasks = setup->max_tasks,
    .threaded = setup->threaded,
  };
  MpWorker **place = setup->threaded ? &this_thread : &this_process;
  gboolean done = FALSE;

  fstat (worker.bell, &worker.bell_stat);
  fstat (worker.socket, &worker.socket_stat);
  _mp_results_init (&worker.results, setup->arena, setup->slot);
  *place = &worker;
  _mp_shareables_keep (TRUE);
  if (initialize (&worker, setup->initializer, setup->initargs, error))
    {
      atomic_store (&worker.slot->state, MP_SLOT_READY);
      ring_bell (&worker, MP_PARENT_NAPS);
      done = work (&worker);
    }
  _mp_shareables_keep (FALSE);
  *place = NULL;
  return done;
}

const char _mp_worker_function[] = "mp_pool_worker";

static GVariant *
pool_worker (GVariant  *args,
             GError   **error)
{
  MpWorkerSetup setup = { 0 };
  g_autoptr(MpArena) arena = NULL;
  g_autoptr(GVariant) initargs = NULL;
  g_autoptr(GVariant) outputs = NULL;
  g_autoptr(GError) own_error = NULL;
  gint32 arena_fd, output;

  g_variant_get (args, "(hhhuu&smv@ah)", &arena_fd, &setup.bell, &setup.socket, &setup.slot,
                 &setup.max_tasks, &setup.initializer, &initargs, &outputs);
  arena = _mp_arena_open (arena_fd, error);
  if (arena == NULL)
    return NULL;
  setup.arena = arena;
  setup.initargs = initargs;
  if (g_variant_n_children (outputs) > 0)
    {
      g_variant_get_child (outputs, 0, "h", &output);
      redirect_output (output);
    }
  if (!_mp_worker_run (&setup, &own_error) && own_error == NULL)
    _exit (1);
  if (own_error != NULL)
    g_propagate_error (error, g_steal_pointer (&own_error));
  return NULL;
}

__attribute__ ((constructor)) static void
register_worker (void)
{
  mp_function_register (_mp_worker_function, pool_worker);
}

/**
 * mp_pool_worker_get_slot:
 * @slot: (out): the worker's slot, from 0. No two live workers of a pool have the same
 *
 * For functions that a pool runs: says where they run.
 *
 * Returns: whether this process is a pool worker; if not, @slot is not set
 */
gboolean
mp_pool_worker_get_slot (guint *slot)
{
  g_return_val_if_fail (slot != NULL, FALSE);

  if (get_this_worker () == NULL)
    return FALSE;
  *slot = get_this_worker ()->index;
  return TRUE;
}

/**
 * mp_pool_worker_get_tag:
 *
 * For functions that a pool runs.
 *
 * Returns: the tag of the item that this worker runs now, 0 outside a pool worker
 */
guint64
mp_pool_worker_get_tag (void)
{
  return get_this_worker () != NULL ? get_this_worker ()->tag : 0;
}

/**
 * mp_pool_worker_get_child_pid:
 *
 * For functions that start a program for their item: where they write its process id before it
 * is executed, and 0 when it has ended. The program must lead a session of its own. Then whoever
 * ends the item ends the program's processes too.
 *
 * Returns: (nullable) (transfer none): a place in shared memory, %NULL outside a pool worker
 */
pid_t *
mp_pool_worker_get_child_pid (void)
{
  MpWorker *worker = get_this_worker ();

  return worker != NULL ? (pid_t *) &worker->slot->child_pid : NULL;
}

/**
 * mp_pool_worker_get_paused_time:
 *
 * For functions that keep a time themselves, for [method@Command.set_paused_time].
 *
 * Returns: (nullable) (transfer none): for how many nanoseconds the pool has been paused so far, in
 *   shared memory, brought up to date before the worker goes on; %NULL outside a pool worker
 */
const gint64 *
mp_pool_worker_get_paused_time (void)
{
  MpWorker *worker = get_this_worker ();

  return worker != NULL ? &worker->arena->board->paused : NULL;
}
