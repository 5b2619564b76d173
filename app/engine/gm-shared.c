/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gm-shared.h"

#include "gm-worker.h"

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
const GmShared *
gm_shared_open (int      fd,
                GError **error)
{
  void *shared = mmap (NULL, sizeof (GmShared), PROT_READ, MAP_SHARED, fd, 0);
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

void
gm_shared_free (GmShared *shared)
{
  munmap (shared, sizeof *shared);
}
