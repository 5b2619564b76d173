/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mp-arena-private.h"
#include "mp-error.h"
#include "mp-fd-private.h"

/*
 * The memfd is sparse and as large as a pool can ever need, so nothing has to grow, move or be
 * passed on later: an offset is good for the arena's whole life. Only touched pages cost memory,
 * and _mp_arena_discard() gives them back. Where so much address space is not to be had, the
 * same layout is tried in smaller sizes.
 */
#define RING_CAPACITY    ((guint64) 1 << 22)
#define BLOCKS_SIZE      ((guint64) 32 << 30)
#define REGION_SIZE      ((guint64) 256 << 20)
#define SMALLEST_REGION  ((guint64) 1 << 20)

static void
lay_out (MpArena *arena,
         guint    shrink)
{
  guint64 page = 4096;
  guint64 at = 0;

  at += (sizeof (MpBoard) + page - 1) / page * page;
  guint64 slots_offset = at;
  at += MP_MAX_SLOTS * sizeof (MpSlot);
  arena->ring_offset = (at + page - 1) / page * page;
  arena->ring_capacity = RING_CAPACITY >> shrink;
  at = arena->ring_offset + arena->ring_capacity * sizeof (MpTicket);
  arena->blocks_offset = (at + MP_BLOCK_SIZE - 1) / MP_BLOCK_SIZE * MP_BLOCK_SIZE;
  at = arena->blocks_offset + (BLOCKS_SIZE >> shrink);
  arena->results_offset = at;
  arena->region_size = REGION_SIZE >> shrink;
  arena->size = at + MP_MAX_SLOTS * arena->region_size;
  arena->board = (MpBoard *) arena->base;
  arena->slots = (MpSlot *) (arena->base + slots_offset);
}

static gboolean
map (MpArena *arena)
{
  void *base = mmap (NULL, arena->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                     arena->fd, 0);

  if (base == MAP_FAILED)
    return FALSE;
  madvise (base, arena->size, MADV_DONTDUMP);
  arena->base = base;
  return TRUE;
}

/* Makes the memory of a new pool. */
MpArena *
_mp_arena_new (GError **error)
{
  g_autoptr(MpArena) arena = g_new0 (MpArena, 1);

  arena->fd = _mp_fd_above_standard (memfd_create ("mp-pool", MFD_CLOEXEC));
  if (arena->fd < 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN,
                   "Could not make shared memory for a pool: %s", g_strerror (errno));
      return NULL;
    }
  for (guint shrink = 0; REGION_SIZE >> shrink >= SMALLEST_REGION; shrink += 2)
    {
      lay_out (arena, shrink);
      if (ftruncate (arena->fd, arena->size) == 0 && map (arena))
        {
          lay_out (arena, shrink);
          return g_steal_pointer (&arena);
        }
    }
  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN,
               "Could not map shared memory for a pool: %s", g_strerror (errno));
  return NULL;
}

/* Maps the memory of the pool whose worker this process is. Takes @fd. */
MpArena *
_mp_arena_open (int      fd,
                GError **error)
{
  g_autoptr(MpArena) arena = g_new0 (MpArena, 1);
  struct stat st;

  arena->fd = fd;
  if (fstat (fd, &st) < 0)
    st.st_size = 0;
  for (guint shrink = 0; REGION_SIZE >> shrink >= SMALLEST_REGION; shrink += 2)
    {
      lay_out (arena, shrink);
      if (arena->size != (gsize) st.st_size)
        continue;
      if (map (arena))
        {
          lay_out (arena, shrink);
          return g_steal_pointer (&arena);
        }
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                   "Could not map the pool's shared memory: %s", g_strerror (errno));
      return NULL;
    }
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
               "Descriptor %d is not the shared memory of a pool", fd);
  return NULL;
}

void
_mp_arena_free (MpArena *arena)
{
  if (arena == NULL)
    return;
  if (arena->base != NULL)
    munmap (arena->base, arena->size);
  if (arena->fd >= 0)
    close (arena->fd);
  g_free (arena);
}

/* Gives the pages that lie wholly inside the range back to the system; they read as zeros then. */
void
_mp_arena_discard (MpArena *arena,
                   guint64  offset,
                   gsize    size)
{
  guint64 first = (offset + 4095) / 4096 * 4096;
  guint64 end = (offset + size) / 4096 * 4096;

  if (first < end)
    fallocate (arena->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first, end - first);
}

/* Whether a place that was read from shared memory may be used. A worker's stray write must not
 * make the parent read elsewhere. */
gboolean
_mp_range_contains (MpRange range,
                    guint64 offset,
                    gsize   size)
{
  return offset >= range.start && offset <= range.end && size <= range.end - offset;
}
