/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-handles-private.h"
#include "mp-worker-thread-private.h"

struct _MpWorkerThread
{
  MpWorkerSetup setup;     /* `socket`, `initializer` and `initargs` owned */
  GThread      *thread;    /* NULL once joined */
  int           sentinel;  /* an eventfd: readable when the thread ends */
  int           wait_status;
};

/* Whatever @function of a pool hangs into its main context is no business of the other threads. */
static gpointer
run_thread (gpointer data)
{
  MpWorkerThread *self = data;
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  self->wait_status = _mp_worker_run (&self->setup, NULL) ? 0 : W_EXITCODE (1, 0);
  g_main_context_pop_thread_default (context);
  /* Closes what nobody has stolen, as the end of a process would. */
  g_clear_pointer (&self->setup.initargs, g_variant_unref);
  eventfd_write (self->sentinel, 1);
  return NULL;
}

/* Signals are for the threads that the program has made itself. */
static GThread *
start_without_signals (MpWorkerThread  *self,
                       GError         **error)
{
  g_autofree char *name = g_strdup_printf ("mp-pool-%u", self->setup.slot);
  sigset_t all, before;
  GThread *thread;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_try_new (name, run_thread, self, error);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return thread;
}

/* Each thread gets descriptors in the initializer's arguments of its own, as each process does. */
MpWorkerThread *
_mp_worker_thread_start (const MpWorkerSetup  *setup,
                         GError              **error)
{
  MpWorkerThread *self = g_new0 (MpWorkerThread, 1);
  g_autoptr(GError) own_error = NULL;

  self->setup = *setup;
  self->setup.threaded = TRUE;
  self->setup.initializer = g_strdup (setup->initializer);
  self->setup.initargs = NULL;
  self->sentinel = _mp_fd_above_standard (eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (self->sentinel < 0)
    g_set_error (&own_error, MP_ERROR, MP_ERROR_SPAWN,
                 "Could not make what tells its end: %s", g_strerror (errno));
  else if (setup->initargs != NULL)
    self->setup.initargs = _mp_handles_dup (setup->initargs, &own_error);
  if (own_error == NULL)
    self->thread = start_without_signals (self, &own_error);
  if (self->thread != NULL)
    return self;

  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not start a thread: %s", own_error->message);
  _mp_worker_thread_free (self);
  return NULL;
}

int
_mp_worker_thread_get_sentinel (MpWorkerThread *self)
{
  return self->sentinel;
}

/* As waitpid() would give it, once it was reaped. */
int
_mp_worker_thread_get_wait_status (MpWorkerThread *self)
{
  return self->wait_status;
}

/* Returns: whether it has ended */
gboolean
_mp_worker_thread_reap (MpWorkerThread *self)
{
  eventfd_t count;

  if (self->thread != NULL && eventfd_read (self->sentinel, &count) == 0)
    _mp_worker_thread_join (self);
  return self->thread == NULL;
}

void
_mp_worker_thread_join (MpWorkerThread *self)
{
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
}

/* One that runs is not waited for: only a forked child, which has no such thread, lets go of it. */
void
_mp_worker_thread_free (MpWorkerThread *self)
{
  g_clear_pointer (&self->thread, g_thread_unref);
  g_clear_pointer (&self->setup.initargs, g_variant_unref);
  g_free ((char *) self->setup.initializer);
  _mp_clear_fd (&self->sentinel);
  _mp_clear_fd (&self->setup.socket);
  g_free (self);
}
