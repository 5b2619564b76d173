/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-fds-private.h"
#include "mp-futex-private.h"
#include "mp-pool-private.h"
#include "mp-process-private.h"
#include "mp-worker-thread-private.h"

/* One worker, be it a process or a thread: the only place that knows which. */

static GVariant *
process_args (MpPool *self,
              guint   slot,
              int     socket)
{
  GVariantBuilder outputs;

  g_variant_builder_init (&outputs, G_VARIANT_TYPE ("ah"));
  if (self->worker_output >= 0)
    g_variant_builder_add (&outputs, "h", self->worker_output);
  return g_variant_new (MP_WORKER_ARGS_TYPE, self->arena->fd, self->bell, socket, slot,
                        self->max_tasks, self->initializer != NULL ? self->initializer : "",
                        self->initargs, &outputs);
}

static gboolean
start_process (MpPool        *self,
               MpPoolWorker  *worker,
               int            socket,
               GError       **error)
{
  GVariant *args = process_args (self, worker->slot, socket);
  g_autoptr(MpProcess) process = _mp_process_new_worker (self->context, _mp_worker_function, args);

  if (!mp_process_start (process, error))
    return FALSE;
  worker->pid = mp_process_get_pid (process);
  worker->name = g_strdup (mp_process_get_name (process));
  worker->process = g_steal_pointer (&process);
  atomic_store (&self->arena->slots[worker->slot].pid, worker->pid);
  return TRUE;
}

/* The thread closes @socket. */
static gboolean
start_thread (MpPool        *self,
              MpPoolWorker  *worker,
              int            socket,
              GError       **error)
{
  MpWorkerSetup setup = {
    .arena = self->arena,
    .bell = self->bell,
    .socket = socket,
    .slot = worker->slot,
    .max_tasks = self->max_tasks,
    .initializer = self->initializer != NULL ? self->initializer : "",
    .initargs = self->initargs,
  };

  worker->thread = _mp_worker_thread_start (&setup, error);
  if (worker->thread == NULL)
    return FALSE;
  worker->pid = self->owner;
  worker->name = g_strdup_printf ("ThreadPoolWorker-%u", ++self->n_threads);
  return TRUE;
}

static gboolean
start (MpPool        *self,
       MpPoolWorker  *worker,
       GError       **error)
{
  int sockets[2];

  if (!_mp_fds_pair (sockets))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not make a pair of sockets: %s",
                   g_strerror (errno));
      return FALSE;
    }

  mp_autofd int theirs = sockets[1];

  worker->socket = sockets[0];
  return self->threads ? start_thread (self, worker, g_steal_fd (&theirs), error)
                       : start_process (self, worker, theirs, error);
}

/* Returns: (nullable): a new worker for @slot */
MpPoolWorker *
_mp_pool_worker_new (MpPool  *self,
                     guint    slot,
                     GError **error)
{
  MpPoolWorker *worker = g_new0 (MpPoolWorker, 1);

  worker->slot = slot;
  worker->socket = -1;
  worker->runs = g_array_new (FALSE, FALSE, sizeof (MpRun));
  worker->progress = _mp_monotonic_ns ();
  if (start (self, worker, error))
    return worker;
  _mp_pool_worker_free (worker);
  return NULL;
}

void
_mp_pool_worker_free (MpPoolWorker *worker)
{
  g_clear_object (&worker->process);
  g_clear_pointer (&worker->thread, _mp_worker_thread_free);
  g_clear_pointer (&worker->runs, g_array_unref);
  _mp_clear_fd (&worker->socket);
  g_free (worker->name);
  g_free (worker);
}

/* Returns: a descriptor that is readable when it has ended */
int
_mp_pool_worker_get_sentinel (MpPoolWorker *worker)
{
  return worker->process != NULL ? mp_process_get_sentinel (worker->process)
                                 : _mp_worker_thread_get_sentinel (worker->thread);
}

/* Returns: whether it has ended */
gboolean
_mp_pool_worker_reap (MpPoolWorker *worker)
{
  return worker->process != NULL ? _mp_process_reap (worker->process)
                                 : _mp_worker_thread_reap (worker->thread);
}

int
_mp_pool_worker_get_wait_status (MpPoolWorker *worker)
{
  return worker->process != NULL ? _mp_process_get_wait_status (worker->process)
                                 : _mp_worker_thread_get_wait_status (worker->thread);
}

/* No signal is for one thread alone: that goes by itself, when it sees that it shall. */
void
_mp_pool_worker_signal (MpPoolWorker *worker,
                        int           number)
{
  if (worker->process == NULL)
    return;
  switch (number)
    {
    case SIGTERM:
      mp_process_terminate (worker->process, NULL);
      kill (worker->pid, SIGCONT); /* a stopped process gets no SIGTERM; not reaped, so ours */
      break;
    case SIGKILL:
      mp_process_kill (worker->process, NULL);
      break;
    case SIGINT:
      mp_process_interrupt (worker->process, NULL);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* To all processes of the program that a worker runs. Before it has a group of its own, which is
 * before it is executed, signals wait for it. */
void
_mp_pool_signal_program (pid_t leader,
                         int   number)
{
  if (kill (-leader, number) < 0)
    kill (leader, number);
}

/* Has it end as soon as it can, for _mp_pool_worker_join(). */
void
_mp_pool_worker_expel (MpPool       *self,
                       MpPoolWorker *worker)
{
  MpSlot *slot = &self->arena->slots[worker->slot];

  if (worker->thread != NULL && _mp_pool_is_ours (self))
    {
      atomic_store (&slot->leave, 1);
      _mp_slot_wake (slot, 0);
      shutdown (worker->socket, SHUT_RDWR); /* nobody will answer what it asks */
    }
  _mp_pool_worker_signal (worker, SIGKILL);
}

void
_mp_pool_worker_join (MpPool       *self,
                      MpPoolWorker *worker)
{
  if (worker->process != NULL)
    mp_process_join (worker->process, -1, NULL);
  else if (_mp_pool_is_ours (self))
    _mp_worker_thread_join (worker->thread);
}
