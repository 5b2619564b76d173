/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "gm-module.h"

#include "gm-module-private.h"

/* What functions of modules call: how far their item is, and counters of the whole run. The rest
 * they have from libmp. Modules find these functions in the program itself. */

/* The worker that this process is; set once. */
static struct
{
  GMutex     mutex;        /* a function may have threads, and progress has one writer */
  GmShared  *shared;       /* borrowed; NULL: not a worker */
  guint64    index;        /* of the item that runs */
  guint      slot;         /* from 0 */
  pid_t      pid;          /* what a function forks inherits all this, and is not the worker */
  gboolean   said_full;
} worker;

/* Functions of this process may speak about their items from now on. */
void
gm_module_init (GmShared *shared,
                guint     slot)
{
  worker.slot = slot;
  worker.pid = getpid ();
  worker.shared = shared;
}

void
gm_module_begin_item (guint64 index)
{
  g_mutex_lock (&worker.mutex);
  worker.index = index;
  gm_shared_clear_progress (worker.shared, worker.slot);
  g_mutex_unlock (&worker.mutex);
}

/**
 * gm_module_set_progress:
 * @fraction: how much of the item is done, 0 to 1; negative or NaN: not known
 * @note: (nullable): a short text in UTF-8, one line, what is being done; what is beyond 103 bytes
 *   is cut
 *
 * Says how far the item is that this worker runs: `"progress"` and `"note"` of the worker in
 * `--status`, and in the window. Replaces what was said before; forgotten when the item ends. It is
 * for the eye, and costs a copy into shared memory: call it as often as you like. Not recorded.
 *
 * May be called from any thread of the worker. Elsewhere, also in processes that the function
 * forked, it does nothing.
 */
void
gm_module_set_progress (double      fraction,
                        const char *note)
{
  if (worker.shared == NULL || worker.pid != getpid ())
    return;
  g_mutex_lock (&worker.mutex);
  gm_shared_set_progress (worker.shared, worker.slot, worker.index, fraction, note);
  g_mutex_unlock (&worker.mutex);
}

/**
 * gm_module_count:
 * @name: of the counter, in UTF-8, 1 to 47 bytes; whoever uses it first makes it
 * @by: what to add, 0 to only look; may be negative
 *
 * Adds to a counter that all workers of the run have in common, in one atomic step: a worker that
 * is killed leaves it as it was or as it is then. It begins at 0 whenever the run is started or
 * gone on with, and is `"counters"` in `--status` and, at the end, in `state.json`. An item that
 * is tried again counts again.
 *
 * May be called from any thread, and from processes that the function forked.
 *
 * Returns: what it is now. 0, and a warning in the log, if the run has 64 counters of other
 *   names, or the name is not such a one
 */
gint64
gm_module_count (const char *name,
                 gint64      by)
{
  gint64 value = 0;

  if (worker.shared == NULL)
    return 0;
  if (name == NULL || *name == '\0' || strlen (name) >= GM_SHARED_MAX_NAME
      || !g_utf8_validate (name, -1, NULL))
    {
      mp_log (MP_LOG_WARNING, "A counter needs a name of 1 to %d bytes in UTF-8",
              GM_SHARED_MAX_NAME - 1);
      return 0;
    }
  if (gm_shared_count (worker.shared, name, by, &value) || worker.said_full)
    return value;
  worker.said_full = TRUE;
  mp_log (MP_LOG_WARNING, "No room for the counter “%s”: the run has %d others", name,
          GM_SHARED_MAX_COUNTERS);
  return 0;
}
