/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "mp-message-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"

/* A reader may map the memory: it must not be able to change or to shrink under its hands. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Up to here a copy takes less than to map and unmap the pages, in virtual machines a fifth. */
#define COPY_MAX (2 * 1024 * 1024)

static gboolean
fail (GError     **error,
      const char  *what)
{
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "%s: %s", what, g_strerror (errno));
  return FALSE;
}

/* Returns memory without a name that holds a copy of @data for good, or -1. */
int
_mp_memfd_new (gconstpointer   data,
               gsize           size,
               GError        **error)
{
  mp_autofd int fd =
    _mp_fd_above_standard (memfd_create ("mp-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const char *rest = data;

  if (fd < 0)
    {
      fail (error, "Could not create memory to pass");
      return -1;
    }
  while (size > 0)
    {
      gssize written = write (fd, rest, size);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        {
          fail (error, "Could not fill memory to pass");
          return -1;
        }
      rest += written;
      size -= written;
    }
  if (fcntl (fd, F_ADD_SEALS, SEALS) < 0)
    {
      fail (error, "Could not seal memory to pass");
      return -1;
    }

  return g_steal_fd (&fd);
}

static gboolean
copy (int       fd,
      MpBlock  *block,
      GError  **error)
{
  gsize done = 0;

  block->data = block->base = g_malloc (block->size);
  while (done < block->size)
    {
      gssize n = pread (fd, (char *) block->base + done, block->size - done, done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return fail (error, "Could not read the memory of a message");
      done += n;
    }
  return TRUE;
}

/* Gets what _mp_memfd_new() made elsewhere, for this process alone. */
gboolean
_mp_memfd_take (int       fd,
                MpBlock  *block,
                GError  **error)
{
  int seals = fcntl (fd, F_GET_SEALS);
  struct stat status;

  if (seals < 0 || (seals & SEALS) != SEALS)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "The message came in memory that its sender could still change");
      return FALSE;
    }
  if (fstat (fd, &status) < 0)
    return fail (error, "Could not look at the memory of a message");

  block->size = status.st_size;
  if (block->size == 0)
    return TRUE;
  if (block->size <= COPY_MAX)
    return copy (fd, block, error);

  block->base = mmap (NULL, block->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (block->base == MAP_FAILED)
    {
      block->base = NULL;
      return fail (error, "Could not map the memory of a message");
    }
  block->mapped = block->size;
  block->data = block->base;
  return TRUE;
}
