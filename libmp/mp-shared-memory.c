/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mp-shared-memory.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-handles.h"
#include "mp-keeper-private.h"
#include "mp-shareable-private.h"

/**
 * MpSharedMemory:
 *
 * Bytes that several processes have in their memory.
 *
 * As a rule it needs no name: it goes to other processes inside values, as an #MpShareable, and is
 * released when the last of them is gone. Memory with a name can be attached to by processes that
 * have nothing to do with each other, of the same user. Its name is there until somebody unlinks
 * it, or the process that has created it ends, killed or not: a small process of its own looks
 * after that. Who is attached keeps the memory all the same.
 *
 * Python's would lose its name when any process that had attached to it ended.
 */

/* The descriptor, the name or nothing. */
#define STATE_TYPE "(hms)"

#define NAME_MAX_LENGTH 250
/* Where shm_open() has its names. */
#define FOLDER "/dev/shm"

struct _MpSharedMemory
{
  GObject parent_instance;

  /* Owned */
  char    *name;     /* nullable */
  gpointer data;
  int      fd;

  gsize    size;
  pid_t    creator;  /* of the name, a fork of it is not */
  pid_t    keeper;
};

static void mp_shared_memory_shareable_init (MpShareableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MpSharedMemory, mp_shared_memory, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MP_TYPE_SHAREABLE,
                                                      mp_shared_memory_shareable_init))
MP_REGISTER_SHAREABLE_TYPE (mp_shared_memory)

static void
mp_shared_memory_finalize (GObject *object)
{
  MpSharedMemory *self = MP_SHARED_MEMORY (object);

  mp_shared_memory_close (self);
  g_free (self->name);

  G_OBJECT_CLASS (mp_shared_memory_parent_class)->finalize (object);
}

static void
mp_shared_memory_class_init (MpSharedMemoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_shared_memory_finalize;
}

static void
mp_shared_memory_init (MpSharedMemory *self)
{
  self->fd = -1;
}

static void
set_error (GError     **error,
           const char  *what,
           const char  *name)
{
  MpError code = MP_ERROR_FAILED;

  if (errno == EEXIST)
    code = MP_ERROR_EXISTS;
  else if (errno == ENOENT)
    code = MP_ERROR_NOT_FOUND;
  g_set_error (error, MP_ERROR, code, "Could not %s shared memory “%s”: %s", what,
               name != NULL ? name : "", g_strerror (errno));
}

/* Takes @fd. */
static MpSharedMemory *
shared_memory_take (int          fd,
                    const char  *name,
                    GError     **error)
{
  g_autoptr (MpSharedMemory) self = g_object_new (MP_TYPE_SHARED_MEMORY, NULL);
  struct stat status;

  self->fd = fd;
  self->name = g_strdup (name);
  if (fstat (fd, &status) == 0)
    {
      self->size = status.st_size;
      self->data = mmap (NULL, self->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (self->data != MAP_FAILED)
        {
          _mp_shareable_own (self, fd, NULL);
          return g_steal_pointer (&self);
        }
      self->data = NULL;
    }
  set_error (error, "map", name);
  return NULL;
}

static GVariant *
mp_shared_memory_to_variant (MpShareable *shareable)
{
  MpSharedMemory *self = MP_SHARED_MEMORY (shareable);

  return g_variant_new (STATE_TYPE, self->fd, self->name);
}

static MpShareable *
mp_shared_memory_from_variant (GType      type,
                               GVariant  *state,
                               GError   **error)
{
  g_autofree char *name = NULL;
  MpSharedMemory *self;
  int fd;

  if (!_mp_shareable_check_state (state, STATE_TYPE, "shared memory", error))
    return NULL;

  g_variant_get (state, STATE_TYPE, &fd, &name);
  self = _mp_shareable_find (fd, type);
  if (self != NULL)
    return MP_SHAREABLE (self);

  fd = fd >= 0 ? mp_handle_steal (fd) : -1;
  if (fd >= 0)
    return (MpShareable *) shared_memory_take (fd, name, error);
  g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED,
                       "The shared memory is closed, or did not come along with its value");
  return NULL;
}

static void
mp_shared_memory_shareable_init (MpShareableInterface *iface)
{
  iface->to_variant = mp_shared_memory_to_variant;
  iface->from_variant = mp_shared_memory_from_variant;
}

static gboolean
check_size (gsize    size,
            GError **error)
{
  if (size > 0 && size <= G_MAXINT64)
    return TRUE;
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
               "Shared memory can't have %" G_GSIZE_FORMAT " bytes", size);
  return FALSE;
}

static gboolean
check_name (const char  *name,
            GError     **error)
{
  if (*name != '\0' && strchr (name, '/') == NULL && strlen (name) <= NAME_MAX_LENGTH)
    return TRUE;
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
               "“%s” can't be the name of shared memory: 1 to %d characters and no “/” can",
               name, NAME_MAX_LENGTH);
  return FALSE;
}

/**
 * mp_shared_memory_new:
 * @size: how many bytes
 * @error: return location for an error
 *
 * Makes memory without a name, zeroed.
 *
 * Returns: (transfer full): the memory, or %NULL with %MP_ERROR_FAILED if it has no size, or there
 *   is not so much address space, or there are too many open descriptors
 */
MpSharedMemory *
mp_shared_memory_new (gsize    size,
                      GError **error)
{
  mp_autofd int fd = -1;

  if (!check_size (size, error))
    return NULL;
  fd = _mp_fd_above_standard (memfd_create ("mp-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd >= 0 && ftruncate (fd, size) == 0
      && fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)
    return shared_memory_take (g_steal_fd (&fd), NULL, error);
  set_error (error, "make", NULL);
  return NULL;
}

/**
 * mp_shared_memory_create:
 * @name: (nullable): its name, %NULL for one by chance
 * @size: how many bytes
 * @error: return location for an error
 *
 * Makes memory with a name, zeroed, for this user alone.
 *
 * Returns: (transfer full): the memory, or %NULL with %MP_ERROR_EXISTS if there is one of that
 *   name; %MP_ERROR_FAILED as mp_shared_memory_new() fails, or if it can't be a name;
 *   %MP_ERROR_SPAWN if the process that looks after the name can't be started
 */
MpSharedMemory *
mp_shared_memory_create (const char  *name,
                         gsize        size,
                         GError     **error)
{
  g_autofree char *chance = g_strdup_printf ("psm_%08x", g_random_int ());
  g_autofree char *source = NULL;
  g_autofree char *path = NULL;
  g_autoptr (MpSharedMemory) self = NULL;
  mp_autofd int fd = -1;

  if (name == NULL)
    name = chance;
  if (!check_size (size, error) || !check_name (name, error))
    return NULL;
  /* The name comes last: at no moment is it there without its size, or its keeper. */
  fd = _mp_fd_above_standard (open (FOLDER, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd < 0 || ftruncate (fd, size) < 0)
    {
      set_error (error, "create", name);
      return NULL;
    }
  self = shared_memory_take (g_steal_fd (&fd), name, error);
  if (self == NULL)
    return NULL;
  self->creator = getpid ();
  self->keeper = _mp_keeper_start (name, self->fd, error);
  if (self->keeper < 0)
    return NULL;
  source = g_strdup_printf ("/proc/self/fd/%d", self->fd);
  path = g_build_filename (FOLDER, name, NULL);
  if (linkat (AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
    return g_steal_pointer (&self);
  set_error (error, "create", name);
  _mp_keeper_stop (self->keeper);
  return NULL;
}

/**
 * mp_shared_memory_attach:
 * @name: the name of memory that another process has created
 * @error: return location for an error
 *
 * Attaches to memory that has a name.
 *
 * Returns: (transfer full): the memory, or %NULL with %MP_ERROR_NOT_FOUND if there is none of that
 *   name, %MP_ERROR_FAILED otherwise
 */
MpSharedMemory *
mp_shared_memory_attach (const char  *name,
                         GError     **error)
{
  int fd;

  g_return_val_if_fail (name != NULL, NULL);

  if (!check_name (name, error))
    return NULL;
  fd = _mp_fd_above_standard (shm_open (name, O_RDWR | O_CLOEXEC, 0));
  if (fd >= 0)
    return shared_memory_take (fd, name, error);
  set_error (error, "attach to", name);
  return NULL;
}

/**
 * mp_shared_memory_get_name:
 * @self: shared memory
 *
 * Gets the name by which other processes find it.
 *
 * Returns: (transfer none) (nullable): its name, if it has one
 */
const char *
mp_shared_memory_get_name (MpSharedMemory *self)
{
  g_return_val_if_fail (MP_IS_SHARED_MEMORY (self), NULL);

  return self->name;
}

/**
 * mp_shared_memory_get_size:
 * @self: shared memory
 *
 * Gets the size of the memory.
 *
 * Returns: how many bytes it has
 */
gsize
mp_shared_memory_get_size (MpSharedMemory *self)
{
  g_return_val_if_fail (MP_IS_SHARED_MEMORY (self), 0);

  return self->size;
}

/**
 * mp_shared_memory_get_data: (skip)
 * @self: shared memory
 *
 * Gets where the memory is mapped.
 *
 * Returns: (transfer none) (nullable): its bytes, until it is closed; %NULL then
 */
gpointer
mp_shared_memory_get_data (MpSharedMemory *self)
{
  g_return_val_if_fail (MP_IS_SHARED_MEMORY (self), NULL);

  return self->data;
}

/**
 * mp_shared_memory_close:
 * @self: shared memory
 *
 * Takes the bytes out of this process's memory: pointers to them are no good any more. Others keep
 * them, and its name stays.
 */
void
mp_shared_memory_close (MpSharedMemory *self)
{
  g_return_if_fail (MP_IS_SHARED_MEMORY (self));

  if (self->fd >= 0)
    _mp_shareable_disown (self->fd);
  if (self->data != NULL)
    munmap (self->data, self->size);
  self->data = NULL;
  _mp_clear_fd (&self->fd);
}

/**
 * mp_shared_memory_unlink:
 * @self: shared memory
 * @error: return location for an error
 *
 * Takes its name away. Who is attached keeps the memory.
 *
 * Returns: %FALSE with %MP_ERROR_NOT_FOUND if it has no name, or not any more
 */
gboolean
mp_shared_memory_unlink (MpSharedMemory  *self,
                         GError         **error)
{
  g_return_val_if_fail (MP_IS_SHARED_MEMORY (self), FALSE);

  if (self->keeper > 0 && self->creator == getpid ())
    {
      _mp_keeper_stop (self->keeper);
      self->keeper = 0;
    }
  if (self->name != NULL && shm_unlink (self->name) == 0)
    return TRUE;
  errno = ENOENT;
  set_error (error, "unlink", self->name);
  return FALSE;
}
