/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "mp-segment-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-fds-private.h"
#include "mp-handles.h"
#include "mp-shareable-private.h"

#define MAGIC       G_GUINT64_CONSTANT (0x746e656d67657321)
#define COMMON_SIZE ((guint64) 1 << 20)
/* Whoever maps the memory must not lose it under its hands. */
#define SEALS       (F_SEAL_SHRINK | F_SEAL_GROW)

/*
 * Small objects of a process lie together in one segment, so that ten thousand locks are two
 * descriptors and not twenty thousand. Its memory is handed out and never taken back: who knows
 * which processes still use a piece of it? It goes as a whole, with its last user.
 */
typedef struct
{
  guint64         magic;
  guint64         id;      /* by chance: tells segments apart */
  _Atomic guint64 used;
  _Atomic guint64 wanted;  /* grows when somebody is about to sleep */
  _Atomic guint64 rung;    /* up to which `wanted` the bell was rung */
} Header;

G_STATIC_ASSERT (sizeof (Header) <= MP_SEGMENT_HEADER);

struct _MpSegment
{
  /* Owned */
  Header  *header;
  int      memory;
  int      bell;
  int      pair[2];  /* sockets, for the descriptors of what lies in it; -1 if there are none */

  guint64  id;
  guint64  size;
  guint    n_users;  /* guarded by the lock */
};

/* The segments of this process: id → MpSegment. */
static GHashTable *segments;
static MpSegment *common;
G_LOCK_DEFINE_STATIC (segments);

static gboolean
set_error (GError     **error,
           const char  *what)
{
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "%s: %s", what, g_strerror (errno));
  return FALSE;
}

static gboolean
map (MpSegment *self)
{
  gpointer base = mmap (NULL, self->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                        self->memory, 0);

  if (base == MAP_FAILED)
    return FALSE;
  madvise (base, self->size, MADV_DONTDUMP);
  self->header = base;
  return TRUE;
}

static void
segment_free (MpSegment *self)
{
  if (self->header != NULL)
    munmap (self->header, self->size);
  _mp_clear_fd (&self->memory);
  _mp_clear_fd (&self->bell);
  _mp_clear_fd (&self->pair[0]);
  _mp_clear_fd (&self->pair[1]);
  g_free (self);
}

static MpSegment *
segment_alloc (void)
{
  MpSegment *self = g_new0 (MpSegment, 1);

  self->memory = self->bell = self->pair[0] = self->pair[1] = -1;
  return self;
}

/* The lock is held. */
static void
add_segment (MpSegment *self)
{
  self->n_users = 1;
  if (segments == NULL)
    segments = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_hash_table_insert (segments, &self->id, self);
}

/* Memory of @size bytes, or less where so much address space is not to be had, but not less than
 * @smallest. Only what is touched costs memory. */
static MpSegment *
create (guint64   size,
        guint64   smallest,
        GError  **error)
{
  MpSegment *self = segment_alloc ();

  self->memory = memfd_create ("mp-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  self->memory = _mp_fd_above_standard (self->memory);
  self->bell = _mp_fd_above_standard (eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (self->memory >= 0 && self->bell >= 0)
    {
      for (self->size = size; self->size >= smallest; self->size /= 2)
        {
          if (ftruncate (self->memory, self->size) < 0 || !map (self))
            continue;
          if (fcntl (self->memory, F_ADD_SEALS, SEALS) < 0
              || getrandom (&self->id, sizeof self->id, 0) != sizeof self->id)
            break;
          self->header->id = self->id;
          self->header->magic = MAGIC;
          atomic_init (&self->header->used, MP_SEGMENT_HEADER);
          return self;
        }
    }

  set_error (error, "Could not make shared memory");
  segment_free (self);
  return NULL;
}

MpSegment *
_mp_segment_new (guint64   size,
                 guint64   smallest,
                 GError  **error)
{
  MpSegment *self = create (size, smallest, error);

  if (self == NULL)
    return NULL;
  G_LOCK (segments);
  add_segment (self);
  G_UNLOCK (segments);
  return self;
}

void
_mp_segment_unref (MpSegment *self)
{
  gboolean last;

  G_LOCK (segments);
  last = --self->n_users == 0;
  if (last)
    g_hash_table_remove (segments, &self->id);
  G_UNLOCK (segments);
  if (last)
    segment_free (self);
}

gpointer
_mp_segment_get_base (MpSegment *self)
{
  return self->header;
}

guint64
_mp_segment_get_size (MpSegment *self)
{
  return self->size;
}

int
_mp_segment_get_memory (MpSegment *self)
{
  return self->memory;
}

int
_mp_segment_get_bell (MpSegment *self)
{
  return self->bell;
}

gboolean
_mp_segment_make_pair (MpSegment  *self,
                       GError    **error)
{
  return _mp_fds_pair (self->pair) || set_error (error, "Could not make a pair of sockets");
}

/* That came with its value, if it has none yet. Returns: FALSE with errno set if it did not */
gboolean
_mp_segment_take_pair (MpSegment *self,
                       const int  sockets[2])
{
  G_LOCK (segments);
  for (guint i = 0; i < 2; i++)
    {
      if (self->pair[i] < 0)
        self->pair[i] = mp_handle_steal (sockets[i]);
    }
  G_UNLOCK (segments);
  return self->pair[0] >= 0 && self->pair[1] >= 0;
}

const int *
_mp_segment_get_pair (MpSegment *self)
{
  return self->pair;
}

/*
 * Who is about to sleep says so, then looks a last time; who has changed something rings if
 * somebody wants it. The bell is rung before it is noted that it was: to be killed in between costs
 * nothing but a ring too much. It is never silenced: sleepers look for edges (mp-watch.c), and each
 * one sees each ring.
 */
void
_mp_segment_listen (MpSegment *self)
{
  atomic_fetch_add (&self->header->wanted, 1);
}

/* Async-signal-safe. What was changed before must have been stored with sequential consistency, or
 * by the unlocking of a mutex. */
void
_mp_segment_ring (MpSegment *self)
{
  guint64 wanted = atomic_load (&self->header->wanted);
  guint64 one = 1;
  int saved_errno;

  if (wanted == atomic_load_explicit (&self->header->rung, memory_order_relaxed))
    return;
  saved_errno = errno;
  if (write (self->bell, &one, sizeof one) == sizeof one)
    atomic_store (&self->header->rung, wanted);
  errno = saved_errno;
}

/* In a forked child: the descriptors of what it has mapped have an owner and leave @passed. */
void
_mp_segments_after_fork (GArray *passed)
{
  GHashTableIter iter;
  MpSegment *self;

  if (segments == NULL)
    return;

  g_hash_table_iter_init (&iter, segments);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &self))
    {
      for (guint i = passed->len; i > 0; i--)
        {
          int fd = g_array_index (passed, int, i - 1);

          if (fd == self->memory || fd == self->bell || fd == self->pair[0]
              || fd == self->pair[1])
            g_array_remove_index_fast (passed, i - 1);
        }
    }
}

/* The lock is held. */
static gboolean
take_from_common (MpPlace *place,
                  gsize    size)
{
  guint64 offset;

  if (common == NULL)
    return FALSE;
  offset = atomic_fetch_add (&common->header->used, size);
  if (offset <= common->size && size <= common->size - offset)
    {
      *place = (MpPlace) { common, offset, (char *) common->header + offset };
      common->n_users++;
      return TRUE;
    }
  return FALSE;
}

/* Zeroed memory for a new object, on cache lines of its own. */
gboolean
_mp_place_new (MpPlace  *place,
               gsize     size,
               GError  **error)
{
  MpSegment *old = NULL;
  gboolean done;

  size = (size + 63) / 64 * 64;
  if (size > COMMON_SIZE / 16)
    {
      guint64 whole = (size + MP_SEGMENT_HEADER + 4095) / 4096 * 4096;
      MpSegment *segment = _mp_segment_new (whole, whole, error);

      if (segment == NULL)
        return FALSE;
      *place = (MpPlace) { segment, MP_SEGMENT_HEADER,
                           (char *) segment->header + MP_SEGMENT_HEADER };
      return TRUE;
    }

  G_LOCK (segments);
  done = take_from_common (place, size);
  if (!done)
    {
      MpSegment *fresh = create (COMMON_SIZE, COMMON_SIZE, error);

      if (fresh != NULL)
        {
          old = common;
          common = fresh;
          add_segment (fresh);
          done = take_from_common (place, size);
        }
    }
  G_UNLOCK (segments);
  if (old != NULL)
    _mp_segment_unref (old);
  return done;
}

void
_mp_place_clear (MpPlace *place)
{
  g_clear_pointer (&place->segment, _mp_segment_unref);
  place->memory = NULL;
}

GVariant *
_mp_place_to_variant (MpPlace *place)
{
  if (place->segment == NULL)
    return g_variant_new (MP_PLACE_TYPE_STRING, -1, -1, G_GUINT64_CONSTANT (0));
  return g_variant_new (MP_PLACE_TYPE_STRING, place->segment->memory, place->segment->bell,
                        place->offset);
}

/* Takes the descriptors out of their value, for a segment that is new here. */
static MpSegment *
open_segment (int            memory,
              int            bell,
              const Header  *header,
              GError       **error)
{
  MpSegment *self = segment_alloc ();
  struct stat status;

  self->memory = mp_handle_steal (memory);
  self->bell = mp_handle_steal (bell);
  self->id = header->id;
  if (self->memory >= 0 && self->bell >= 0 && fstat (self->memory, &status) == 0)
    {
      self->size = status.st_size;
      if (map (self))
        return self;
    }
  set_error (error, "Could not map shared memory");
  segment_free (self);
  return NULL;
}

/* Finds or maps what came as the place of an object of @size bytes. */
gboolean
_mp_place_from_variant (MpPlace   *place,
                        GVariant  *variant,
                        gsize      size,
                        GError   **error)
{
  guint64 offset;
  Header header;
  MpSegment *segment;
  int memory, bell, seals;

  g_variant_get (variant, MP_PLACE_TYPE_STRING, &memory, &bell, &offset);
  seals = memory >= 0 ? fcntl (memory, F_GET_SEALS) : -1;
  if (seals < 0 || bell < 0 || (seals & SEALS) != SEALS
      || pread (memory, &header, sizeof header, 0) != sizeof header || header.magic != MAGIC)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED,
                           "The shared memory is closed, or did not come along with its value");
      return FALSE;
    }

  G_LOCK (segments);
  segment = segments != NULL ? g_hash_table_lookup (segments, &header.id) : NULL;
  if (segment != NULL)
    segment->n_users++;
  else
    {
      segment = open_segment (memory, bell, &header, error);
      if (segment != NULL)
        add_segment (segment);
    }
  G_UNLOCK (segments);
  if (segment == NULL)
    return FALSE;

  if (offset % 8 != 0 || offset < MP_SEGMENT_HEADER || offset > segment->size
      || size > segment->size - offset)
    {
      _mp_segment_unref (segment);
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "The place of a shared object is outside of its memory");
      return FALSE;
    }
  *place = (MpPlace) { segment, offset, (char *) segment->header + offset };
  return TRUE;
}
