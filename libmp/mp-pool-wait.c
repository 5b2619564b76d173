/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-pid-private.h"
#include "mp-pool-private.h"
#include "mp-worker-private.h"

/*
 * How the parent waits: on one epoll descriptor, which becomes readable when a worker rings the
 * bell or ends. It hangs in a GSource for programs with a main loop, and blocking calls poll it
 * themselves. While short items stream in, the parent naps for a millisecond instead of being
 * woken for each; a worker that runs out of work wakes it all the same.
 */

#define BELL           MP_MAX_SLOTS
#define SHORT_ITEM     (200 * 1000)
#define NAP            (MP_NSEC_PER_SEC / 1000)
/* A worker that was woken but stopped before it claimed anything must not keep work from others
 * that sleep. */
#define KICK_INTERVAL  (50 * MP_NSEC_PER_SEC / 1000)

typedef struct
{
  GSource  source;
  MpPool  *pool;  /* borrowed: the pool destroys its source */
  gpointer tag;
  gboolean rests;
} MpPoolSource;

/* From the last, as each may take itself or others out. */
static void
refill_sinks (MpPool *self)
{
  for (guint i = self->sinks->len; i > 0; i--)
    {
      MpSink *sink = i <= self->sinks->len ? g_ptr_array_index (self->sinks, i - 1) : NULL;
      g_autoptr(GObject) owner = sink != NULL ? g_object_ref (sink->owner) : NULL;

      if (sink != NULL)
        sink->refill (sink);
    }
}

/* Collects, reaps, replaces, refills: everything there is to do now. Runs callbacks. */
void
_mp_pool_process (MpPool *self)
{
  struct epoll_event events[16];
  gboolean exits = FALSE;
  int n;

  g_assert (self->depth == 0);

  g_object_ref (self);
  self->depth++;
  self->clock_offset = g_get_real_time () - g_get_monotonic_time ();
  atomic_store (&self->arena->board->parent_waits, MP_PARENT_AWAKE);
  n = epoll_wait (self->epoll, events, G_N_ELEMENTS (events), 0);
  for (int i = 0; i < n; i++)
    exits |= events[i].data.u32 != BELL;

  _mp_pool_collect (self);
  if (exits)
    _mp_pool_reap (self);
  _mp_pool_meet_deadlines (self, _mp_monotonic_ns ());
  refill_sinks (self);
  _mp_pool_publish_backlog (self);
  _mp_pool_flush (self);
  _mp_pool_announce_end (self);
  /* An iterator may have gone on after the workers of a closed pool had left. */
  if (self->closed && self->workers->len == 0 && self->restart_at == 0)
    _mp_pool_repopulate (self);
  self->depth--;
  g_object_unref (self);
}

static gboolean
someone_sleeps_over_work (MpPool *self)
{
  if (self->paused || _mp_ring_is_empty (self->arena))
    return FALSE;
  for (guint i = 0; i < self->workers->len; i++)
    {
      MpPoolWorker *worker = g_ptr_array_index (self->workers, i);

      if (atomic_load (&self->arena->slots[worker->slot].asleep) == MP_ASLEEP_IDLE)
        return TRUE;
    }
  return FALSE;
}

/* Tells the workers how deep the parent is going to sleep, and looks once more.
 *
 * Returns: for how long at most, in ns; 0 if there is something to do, -1 for no limit */
static gint64
fall_asleep (MpPool *self)
{
  gboolean nap = self->collected > 0 && self->mean_duration < SHORT_ITEM;
  gint64 now = _mp_monotonic_ns ();
  gint64 next = _mp_pool_next_deadline (self, now);
  gint64 limit = next == 0 ? -1 : MAX (next - now, 0);

  self->collected = 0;
  atomic_store (&self->arena->board->parent_waits,
                ++self->sleeps << MP_PARENT_BITS | (nap ? MP_PARENT_NAPS : MP_PARENT_SLEEPS));
  atomic_thread_fence (memory_order_seq_cst);
  if (_mp_pool_has_news (self))
    return 0;
  if (nap)
    limit = limit < 0 ? NAP : MIN (limit, NAP);
  if (someone_sleeps_over_work (self))
    limit = limit < 0 ? KICK_INTERVAL : MIN (limit, KICK_INTERVAL);
  return limit;
}

/* In a forked child a pool is dead; in its own callbacks it rests, and must not be woken then. */
static gboolean
is_active (MpPoolSource *pool_source)
{
  MpPool *self = pool_source->pool;
  gboolean rests = self->depth > 0;

  if (!_mp_pool_is_ours (self))
    {
      g_source_destroy (&pool_source->source);
      return FALSE;
    }
  if (rests != pool_source->rests)
    g_source_modify_unix_fd (&pool_source->source, pool_source->tag, rests ? 0 : G_IO_IN);
  pool_source->rests = rests;
  return !rests;
}

static gboolean
source_prepare (GSource *source,
                int     *timeout)
{
  MpPoolSource *pool_source = (MpPoolSource *) source;
  gint64 limit = is_active (pool_source) ? fall_asleep (pool_source->pool) : -1;

  *timeout = limit < 0 ? -1 : (int) MIN ((limit + 999999) / 1000000, G_MAXINT);
  return limit == 0;
}

static gboolean
source_check (GSource *source)
{
  MpPoolSource *pool_source = (MpPoolSource *) source;
  MpPool *self = pool_source->pool;
  gint64 now = _mp_monotonic_ns ();
  gint64 next;

  if (!is_active (pool_source))
    return FALSE;
  next = _mp_pool_next_deadline (self, now);
  return g_source_query_unix_fd (source, pool_source->tag) != 0
         || _mp_pool_has_news (self)
         || (next != 0 && next <= now)
         || someone_sleeps_over_work (self);
}

static gboolean
source_dispatch (GSource     *source,
                 GSourceFunc  callback,
                 gpointer     user_data)
{
  if (is_active ((MpPoolSource *) source))
    _mp_pool_process (((MpPoolSource *) source)->pool);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
  .prepare = source_prepare,
  .check = source_check,
  .dispatch = source_dispatch,
};

/* Makes what the parent waits on, and hangs it into the thread's main context. */
gboolean
_mp_pool_begin_waiting (MpPool  *self,
                        GError **error)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u32 = BELL };

  self->bell = _mp_fd_above_standard (eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK));
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (self->bell < 0 || self->epoll < 0
      || epoll_ctl (self->epoll, EPOLL_CTL_ADD, self->bell, &event) < 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN,
                   "Could not make what a pool waits on: %s", g_strerror (errno));
      return FALSE;
    }
  self->source = g_source_new (&source_funcs, sizeof (MpPoolSource));
  ((MpPoolSource *) self->source)->pool = self;
  ((MpPoolSource *) self->source)->tag = g_source_add_unix_fd (self->source, self->epoll,
                                                               G_IO_IN);
  g_source_set_static_name (self->source, "[mp-pool]");
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return TRUE;
}

void
_mp_pool_end_waiting (MpPool *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  if (self->epoll >= 0)
    close (self->epoll);
  if (self->bell >= 0)
    close (self->bell);
  self->epoll = self->bell = -1;
}

/* Has _mp_pool_process() called soon though no worker has news. */
void
_mp_pool_wake (MpPool *self)
{
  eventfd_write (self->bell, 1);
}

gboolean
_mp_pool_is_ours (MpPool *self)
{
  return self->owner == _mp_get_pid ();
}

/* Whether a call may block on the pool: who is called by the pool could wait for ever. */
gboolean
_mp_pool_may_wait (MpPool  *self,
                   GError **error)
{
  if (!_mp_pool_is_ours (self))
    g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS,
                         "A pool can only be used in the process that made it");
  else if (self->depth > 0)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS,
                         "A callback of the pool must not wait for the pool");
  else
    return TRUE;
  return FALSE;
}

/*
 * Runs the pool until @ready says so or @timeout microseconds have passed (-1: no limit).
 *
 * Returns: what @ready said last; FALSE with @error only if _mp_pool_may_wait() says no
 */
gboolean
_mp_pool_wait_until (MpPool       *self,
                     MpReadyFunc   ready,
                     gpointer      data,
                     gint64        timeout,
                     GError      **error)
{
  gint64 end = timeout < 0 ? -1 : _mp_monotonic_ns () + timeout * 1000;

  if (ready (data))
    return TRUE;
  if (!_mp_pool_may_wait (self, error))
    return FALSE;
  for (;;)
    {
      struct pollfd fd = { .fd = self->epoll, .events = POLLIN };
      struct timespec ts;
      gint64 limit, left;

      _mp_pool_process (self);
      if (ready (data))
        return TRUE;
      left = end < 0 ? -1 : end - _mp_monotonic_ns ();
      if (end >= 0 && left <= 0)
        return FALSE;
      limit = fall_asleep (self);
      if (limit == 0)
        continue;
      if (limit < 0 || (left >= 0 && left < limit))
        limit = left;
      ts.tv_sec = limit / MP_NSEC_PER_SEC;
      ts.tv_nsec = limit % MP_NSEC_PER_SEC;
      ppoll (&fd, 1, limit < 0 ? NULL : &ts, NULL);
    }
}
