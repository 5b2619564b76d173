/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gm-shared.h"

#include "gm-json.h"
#include "gm-worker.h"

/* A worker that writes all the time may be met writing each time; then nothing is known. */
#define MAX_LOOKS 8

/**
 * gm_shared_new:
 * @fd: (out): how workers get at it; the caller's to close
 * @error: return location for an error
 *
 * Returns: (nullable): memory in which the runner tells its workers what changes during a run
 */
GmShared *
gm_shared_new (int     *fd,
               GError **error)
{
  GmShared *shared = MAP_FAILED;

  *fd = memfd_create ("gtk-mp-shared", MFD_CLOEXEC);
  if (*fd >= 0 && ftruncate (*fd, sizeof *shared) == 0)
    shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (shared != MAP_FAILED)
    return shared;
  g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_FAILED,
               "Could not make shared memory: %s", g_strerror (errno));
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  return NULL;
}

/**
 * gm_shared_open:
 * @fd: what gm_shared_new() gave; closed
 * @error: return location for an error
 *
 * Returns: (nullable): the same memory
 */
GmShared *
gm_shared_open (int      fd,
                GError **error)
{
  void *shared = mmap (NULL, sizeof (GmShared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int saved_errno = errno;

  close (fd);
  if (shared != MAP_FAILED)
    return shared;
  g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_FAILED,
               "Could not map the memory that the runner shares: %s", g_strerror (saved_errno));
  return NULL;
}

/* Tells a limit to the workers: microseconds, 0 for none. */
void
gm_shared_set_task_timeout (GmShared *shared,
                            gint64    timeout)
{
  __atomic_store_n (&shared->task_timeout, timeout, __ATOMIC_RELEASE);
}

static guint32
begin_writing (GmSharedProgress *progress)
{
  guint32 version = progress->version | 1;

  __atomic_store_n (&progress->version, version, __ATOMIC_RELAXED);
  __atomic_thread_fence (__ATOMIC_SEQ_CST);
  return version;
}

static void
end_writing (GmSharedProgress *progress,
             guint32           version)
{
  __atomic_store_n (&progress->version, version + 1, __ATOMIC_RELEASE);
}

/**
 * gm_shared_set_progress:
 * @shared: the memory
 * @slot: of the worker, from 0; nobody else writes there
 * @index: of the item
 * @fraction: 0 to 1, or negative: not known
 * @note: (nullable): a short text, cut where the room ends
 *
 * Says how far the item is.
 */
void
gm_shared_set_progress (GmShared   *shared,
                        guint       slot,
                        guint64     index,
                        double      fraction,
                        const char *note)
{
  GmSharedProgress *progress = &shared->progress[slot];
  guint32 version = begin_writing (progress);

  progress->index = index + 1;
  progress->fraction = fraction >= 0 ? MIN (fraction, 1) : -1;
  g_strlcpy (progress->note, note != NULL ? note : "", sizeof progress->note);
  end_writing (progress, version);
}

/**
 * gm_shared_clear_progress:
 * @shared: the memory
 * @slot: of the worker, from 0
 *
 * Forgets what was said, as an item begins.
 */
void
gm_shared_clear_progress (GmShared *shared,
                          guint     slot)
{
  GmSharedProgress *progress = &shared->progress[slot];
  guint32 version;

  if (progress->index == 0)
    return;
  version = begin_writing (progress);
  progress->index = 0;
  end_writing (progress, version);
}

/* What was cut in the middle of a character ends before it; what is no UTF-8 becomes it. */
static char *
dup_note (const GmSharedProgress *progress)
{
  gsize length = strnlen (progress->note, sizeof progress->note);
  const char *end;

  if (length == 0)
    return NULL;
  if (!g_utf8_validate (progress->note, length, &end)
      && g_utf8_get_char_validated (end, progress->note + length - end) == (gunichar) -2)
    length = end - progress->note;
  return g_utf8_make_valid (progress->note, length);
}

/**
 * gm_shared_get_progress:
 * @shared: the memory
 * @slot: of the worker, from 0
 * @index: of the item that it runs
 * @fraction: (out): 0 to 1, or negative: not known
 * @note: (out) (nullable) (transfer full): a short text
 *
 * Never waits: what a worker is just writing, or died over, is not known.
 *
 * Returns: whether the worker said how far this item is; if not, nothing is set
 */
gboolean
gm_shared_get_progress (const GmShared  *shared,
                        guint            slot,
                        guint64          index,
                        double          *fraction,
                        char           **note)
{
  for (guint i = 0; slot < GM_SHARED_MAX_SLOTS && i < MAX_LOOKS; i++)
    {
      const GmSharedProgress *progress = &shared->progress[slot];
      guint32 version = __atomic_load_n (&progress->version, __ATOMIC_ACQUIRE);
      GmSharedProgress seen = *progress;

      __atomic_thread_fence (__ATOMIC_ACQUIRE);
      if (version % 2 != 0 || version != __atomic_load_n (&progress->version, __ATOMIC_RELAXED))
        continue;
      if (seen.index != index + 1)
        return FALSE;
      *fraction = seen.fraction;
      *note = dup_note (&seen);
      return TRUE;
    }
  return FALSE;
}

/* FNV-1a, and never 0. */
static guint64
hash_name (const char *name)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  for (const char *p = name; *p != '\0'; p++)
    hash = (hash ^ (guint8) *p) * G_GUINT64_CONSTANT (0x100000001b3);
  return hash != 0 ? hash : 1;
}

static GmSharedCounter *
find_counter (GmShared *shared,
              guint64   key)
{
  for (guint i = 0; i < GM_SHARED_MAX_COUNTERS; i++)
    {
      guint64 seen = 0;

      if (__atomic_compare_exchange_n (&shared->counters[i].key, &seen, key, FALSE,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) || seen == key)
        return &shared->counters[i];
    }
  return NULL;
}

/**
 * gm_shared_count:
 * @shared: the memory
 * @name: shorter than %GM_SHARED_MAX_NAME
 * @by: what to add
 * @value: (out): what the counter is then
 *
 * Returns: %FALSE if there are %GM_SHARED_MAX_COUNTERS others; @value is not set then
 */
gboolean
gm_shared_count (GmShared   *shared,
                 const char *name,
                 gint64      by,
                 gint64     *value)
{
  GmSharedCounter *counter = find_counter (shared, hash_name (name));

  if (counter == NULL)
    return FALSE;
  if (!__atomic_load_n (&counter->named, __ATOMIC_ACQUIRE))
    {
      g_strlcpy (counter->name, name, sizeof counter->name);
      __atomic_store_n (&counter->named, TRUE, __ATOMIC_RELEASE);
    }
  *value = __atomic_add_fetch (&counter->value, by, __ATOMIC_RELAXED);
  return TRUE;
}

/**
 * gm_shared_dup_counters:
 * @shared: the memory
 *
 * Returns: (transfer full) (nullable): the counters by name, a compact JSON object; %NULL if there
 *   are none
 */
char *
gm_shared_dup_counters (const GmShared *shared)
{
  g_autoptr(GString) out = g_string_new ("{");

  for (guint i = 0; i < GM_SHARED_MAX_COUNTERS; i++)
    {
      const GmSharedCounter *counter = &shared->counters[i];
      g_autofree char *name = NULL;

      if (!__atomic_load_n (&counter->named, __ATOMIC_ACQUIRE))
        continue;
      name = g_utf8_make_valid (counter->name, strnlen (counter->name, sizeof counter->name));
      if (out->len > 1)
        g_string_append_c (out, ',');
      gm_json_append_string (out, name, -1);
      g_string_append_printf (out, ":%" G_GINT64_FORMAT,
                              __atomic_load_n (&counter->value, __ATOMIC_RELAXED));
    }
  if (out->len == 1)
    return NULL;
  g_string_append_c (out, '}');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

void
gm_shared_free (GmShared *shared)
{
  munmap (shared, sizeof *shared);
}
