/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-worker-private.h"

#include "gm-describe.h"
#include "gm-usage.h"

/* Limits of what a worker starts: time and memory. Those of functions are the runner's, which can
 * end a worker that is busy with itself. */

#define NSEC_PER_USEC 1000

/* How often is looked, where a limit needs that. */
#define CHECK_INTERVAL (100 * 1000)

/* Microseconds; 0 for none, or for none yet. */
static gint64
get_relative_timeout (GmWorker *self)
{
  return __atomic_load_n (&self->shared->task_timeout, __ATOMIC_ACQUIRE);
}

/* How long all has been paused so far, nanoseconds. */
gint64
gm_worker_get_paused (void)
{
  const gint64 *paused = mp_pool_worker_get_paused_time ();

  return paused != NULL ? __atomic_load_n (paused, __ATOMIC_ACQUIRE) : 0;
}

/* Microseconds between two looks while an item runs; 0 if there is no need. */
gint64
gm_worker_get_check_interval (GmWorker *self)
{
  return self->job->memory_limit > 0 || self->job->task_timeout_percent > 0 ? CHECK_INTERVAL : 0;
}

/* When the item that runs has to be done, monotonic nanoseconds. */
gint64
gm_worker_get_deadline (GmWorker *self)
{
  double limit = self->job->task_timeout;

  if (limit <= 0 || limit > G_MAXINT32)
    return G_MAXINT64;
  return self->began + (gint64) (limit * 1e9);
}

/* Whether the item that runs takes longer than others let expect. */
gboolean
gm_worker_is_late (GmWorker *self)
{
  gint64 limit = get_relative_timeout (self);

  return limit > 0 && gm_worker_clock () - self->began - (gm_worker_get_paused () - self->paused)
                      > limit * NSEC_PER_USEC;
}

/* Whether @pid and its descendants use more memory than an item may. What a worker itself has is
 * no part of what it runs. */
gboolean
gm_worker_uses_too_much (GmWorker *self,
                         pid_t     pid)
{
  GmUsage usage;

  if (self->job->memory_limit == 0)
    return FALSE;
  gm_usage_read (&pid, 1, &usage);
  self->rss = usage.rss - (pid == self->pid ? usage.own_rss : 0);
  return self->rss > self->job->memory_limit;
}

char *
gm_worker_describe_timeout (GmWorker *self)
{
  return gm_describe_task_timeout (self->job, get_relative_timeout (self));
}

char *
gm_worker_describe_memory (GmWorker *self)
{
  return gm_describe_memory_limit (self->rss, self->job->memory_limit);
}

/* To be called when an item begins. */
void
gm_worker_note_oom_kills (GmWorker *self)
{
  self->oom_kills = gm_memory_count_oom_kills (self->memory);
}

/* Whether the kernel has killed for want of memory since the item began. */
gboolean
gm_worker_sees_oom_kill (GmWorker *self)
{
  return gm_memory_count_oom_kills (self->memory) > self->oom_kills;
}
