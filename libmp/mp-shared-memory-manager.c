/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <unistd.h>

#include "mp-shared-memory-manager.h"

#include "mp-error.h"
#include "mp-finalize.h"
#include "mp-log.h"

/* After the children that are still alive, as they may use the memory. */
#define EXIT_PRIORITY -100

/**
 * MpSharedMemoryManager:
 *
 * Memory and lists with names that go away together: by mp_shared_memory_manager_shutdown(), with
 * the last reference to the manager, or when the process that has made it ends, however. Other
 * processes get what it has made as arguments, or attach to it by its name; who is attached keeps
 * the memory, not the name.
 *
 * Python has a process for this. Here the names look after themselves, so that there is nothing to
 * start and nothing that can hang. To be used from one thread at a time.
 */
struct _MpSharedMemoryManager
{
  GObject      parent_instance;

  /* Owned */
  GPtrArray   *memories;  /* NULL after the end */

  /* Borrowed */
  MpFinalizer *at_exit;

  pid_t        owner;
};

G_DEFINE_FINAL_TYPE (MpSharedMemoryManager, mp_shared_memory_manager, G_TYPE_OBJECT)

static void
end (MpSharedMemoryManager *self)
{
  g_autoptr(GPtrArray) memories = g_steal_pointer (&self->memories);

  /* A forked child has a copy of this, and nothing of what it stands for. */
  if (memories == NULL || self->owner != getpid ())
    return;
  for (guint i = 0; i < memories->len; i++)
    {
      mp_log (MP_LOG_DEBUG, "Destroy segment '%s' in pid %d",
              mp_shared_memory_get_name (memories->pdata[i]), (int) getpid ());
      /* Somebody may have done so already. */
      mp_shared_memory_unlink (memories->pdata[i], NULL);
    }
}

static void
end_at_exit (gpointer object,
             gpointer user_data)
{
  MpSharedMemoryManager *self = object;

  self->at_exit = NULL;
  end (self);
}

static void
mp_shared_memory_manager_finalize (GObject *object)
{
  mp_shared_memory_manager_shutdown (MP_SHARED_MEMORY_MANAGER (object));

  G_OBJECT_CLASS (mp_shared_memory_manager_parent_class)->finalize (object);
}

static void
mp_shared_memory_manager_class_init (MpSharedMemoryManagerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_shared_memory_manager_finalize;
}

static void
mp_shared_memory_manager_init (MpSharedMemoryManager *self)
{
  self->memories = g_ptr_array_new_with_free_func (g_object_unref);
  self->owner = getpid ();
  self->at_exit = mp_finalizer_add (end_at_exit, self, NULL, EXIT_PRIORITY);
}

/**
 * mp_shared_memory_manager_new:
 *
 * Makes a manager that has no memory yet.
 *
 * Returns: (transfer full): a manager
 */
MpSharedMemoryManager *
mp_shared_memory_manager_new (void)
{
  return g_object_new (MP_TYPE_SHARED_MEMORY_MANAGER, NULL);
}

static gboolean
check (MpSharedMemoryManager  *self,
       GError                **error)
{
  if (self->memories != NULL && self->owner == getpid ())
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS,
                       self->memories == NULL ? "The manager has been shut down"
                                              : "The manager belongs to another process");
  return FALSE;
}

static void
keep (MpSharedMemoryManager *self,
      MpSharedMemory        *memory)
{
  g_ptr_array_add (self->memories, g_object_ref (memory));
  mp_log (MP_LOG_DEBUG, "Register segment '%s' in pid %d", mp_shared_memory_get_name (memory),
          (int) getpid ());
}

/**
 * mp_shared_memory_manager_create_memory:
 * @self: a manager
 * @size: how many bytes
 * @error: return location for an error
 *
 * Makes memory with a name by chance, zeroed.
 *
 * Returns: (transfer full): the memory, or %NULL with %MP_ERROR_PROCESS after the manager's end or
 *   in another process, or as mp_shared_memory_create() fails
 */
MpSharedMemory *
mp_shared_memory_manager_create_memory (MpSharedMemoryManager  *self,
                                        gsize                   size,
                                        GError                **error)
{
  MpSharedMemory *memory;

  g_return_val_if_fail (MP_IS_SHARED_MEMORY_MANAGER (self), NULL);

  if (!check (self, error))
    return NULL;
  memory = mp_shared_memory_create (NULL, size, error);
  if (memory != NULL)
    keep (self, memory);
  return memory;
}

/**
 * mp_shared_memory_manager_create_list:
 * @self: a manager
 * @items: a tuple or an array of what can be in a [class@ShareableList]. Consumed if floating
 * @error: return location for an error
 *
 * Makes a list in memory with a name by chance.
 *
 * Returns: (transfer full): the list, or %NULL with an error as
 *   mp_shared_memory_manager_create_memory() and mp_shareable_list_create() have
 */
MpShareableList *
mp_shared_memory_manager_create_list (MpSharedMemoryManager  *self,
                                      GVariant               *items,
                                      GError                **error)
{
  g_autoptr(GVariant) owned = NULL;
  MpShareableList *list;

  g_return_val_if_fail (MP_IS_SHARED_MEMORY_MANAGER (self), NULL);
  g_return_val_if_fail (items != NULL && g_variant_is_container (items), NULL);

  owned = g_variant_ref_sink (items);
  if (!check (self, error))
    return NULL;
  list = mp_shareable_list_create (NULL, owned, error);
  if (list != NULL)
    keep (self, mp_shareable_list_get_memory (list));
  return list;
}

/**
 * mp_shared_memory_manager_shutdown:
 * @self: a manager
 *
 * Takes the names of all it has made away. To shut down a second time, or in a child of the process
 * that has made it, does nothing.
 */
void
mp_shared_memory_manager_shutdown (MpSharedMemoryManager *self)
{
  g_return_if_fail (MP_IS_SHARED_MEMORY_MANAGER (self));

  if (self->at_exit != NULL && self->owner == getpid ())
    mp_finalizer_cancel (g_steal_pointer (&self->at_exit));
  end (self);
}
