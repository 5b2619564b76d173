/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "mp-handles.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-handles-private.h"

#define SMALL 1024

/* Descriptors that came inside values and are still theirs: descriptor → MpBlock, or NULL for those
 * of a forked child's arguments. */
static GHashTable *received;
G_LOCK_DEFINE_STATIC (received);

/* Gives the handles of a value the numbers they have here, in the order they were collected in. */
typedef struct
{
  const MpBlock *block;
  int           *sent;    /* as many as the block has */
  guint          n_sent;
} Renumbering;

/* Whether a value of @type can hold descriptors at all, so that most values need no search. */
gboolean
_mp_handles_possible (const GVariantType *type)
{
  const char *text = g_variant_type_peek_string (type);
  gsize length = g_variant_type_get_string_length (type);

  return memchr (text, G_VARIANT_CLASS_HANDLE, length) != NULL
         || memchr (text, G_VARIANT_CLASS_VARIANT, length) != NULL;
}

gboolean
_mp_handles_contain (const GArray *fds,
                     int           fd)
{
  for (guint i = 0; i < fds->len; i++)
    {
      if (g_array_index (fds, int, i) == fd)
        return TRUE;
    }
  return FALSE;
}

/* Appends the descriptors in @value to @fds, each once, in the order of the value. */
void
_mp_handles_collect (GVariant *value,
                     GArray   *fds)
{
  if (!_mp_handles_possible (g_variant_get_type (value)))
    return;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_HANDLE))
    {
      int fd = g_variant_get_handle (value);

      if (fd >= 0 && !_mp_handles_contain (fds, fd))
        g_array_append_val (fds, fd);
      return;
    }

  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      _mp_handles_collect (child, fds);
    }
}

/* Whether a small value can have descriptors: their type would be among its bytes. To look for a
 * byte takes less than to look into a container. */
static gboolean
may_be_present (GVariant *value)
{
  const char *type = g_variant_get_type_string (value);
  gsize size = g_variant_get_size (value);

  return size == 0 || size > SMALL || strchr (type, G_VARIANT_CLASS_HANDLE) != NULL
         || memchr (g_variant_get_data (value), G_VARIANT_CLASS_HANDLE, size) != NULL;
}

/* Whether there are descriptors in @value. */
gboolean
_mp_handles_present (GVariant *value)
{
  gboolean present = FALSE;

  if (!_mp_handles_possible (g_variant_get_type (value)) || !may_be_present (value))
    return FALSE;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_HANDLE))
    return g_variant_get_handle (value) >= 0;

  for (gsize i = 0; i < g_variant_n_children (value) && !present; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      present = _mp_handles_present (child);
    }
  return present;
}

/* The standard descriptors mean something else in the child, so they can't be passed. */
gboolean
_mp_handles_check (const GArray  *fds,
                   GError       **error)
{
  for (guint i = 0; i < fds->len; i++)
    {
      int fd = g_array_index (fds, int, i);

      if (fd <= STDERR_FILENO)
        {
          g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                       "Descriptor %d is a standard one and can't be passed: pass a duplicate",
                       fd);
          return FALSE;
        }
      if (fcntl (fd, F_GETFD) < 0)
        {
          g_set_error (error, MP_ERROR, MP_ERROR_CLOSED,
                       "Descriptor %d can't be passed: it is not open", fd);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
renumber_handle (GVariant    *value,
                 Renumbering *numbers)
{
  const MpBlock *block = numbers->block;
  gint32 *place = (gpointer) g_variant_get_data (value);
  guint i;

  if (*place < 0)
    return TRUE;
  for (i = 0; i < numbers->n_sent && numbers->sent[i] != *place; i++)
    ;
  if (i == block->n_fds)
    return FALSE;
  if (i == numbers->n_sent)
    numbers->sent[numbers->n_sent++] = *place;

  g_assert ((char *) place >= (char *) block->data);
  g_assert ((char *) (place + 1) <= (char *) block->data + block->size);
  *place = block->fds[i];
  return TRUE;
}

static gboolean
renumber_value (GVariant    *value,
                Renumbering *numbers)
{
  if (!_mp_handles_possible (g_variant_get_type (value)))
    return TRUE;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_HANDLE))
    return renumber_handle (value, numbers);

  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (!renumber_value (child, numbers))
        return FALSE;
    }
  return TRUE;
}

static void
block_register_fds (MpBlock *block)
{
  if (block->n_fds == 0)
    return;

  G_LOCK (received);
  if (received == NULL)
    received = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < block->n_fds; i++)
    g_hash_table_insert (received, GINT_TO_POINTER (block->fds[i]), block);
  G_UNLOCK (received);
}

/* A block whose descriptors were inherited under their own numbers finds them in its value. */
static void
block_find_fds (MpBlock  *block,
                GVariant *value)
{
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));

  _mp_handles_collect (value, fds);
  block->n_fds = fds->len;
  block->fds = (int *) g_array_free (g_steal_pointer (&fds), FALSE);
}

static gboolean
block_owns (MpBlock *block,
            int      fd)
{
  gpointer owner = NULL;
  gboolean owned;

  G_LOCK (received);
  owned = received != NULL
          && g_hash_table_lookup_extended (received, GINT_TO_POINTER (fd), NULL, &owner)
          && owner == block;
  if (owned)
    g_hash_table_remove (received, GINT_TO_POINTER (fd));
  G_UNLOCK (received);

  return owned;
}

void
_mp_block_free (MpBlock *block)
{
  for (guint i = 0; i < block->n_fds; i++)
    {
      if (block_owns (block, block->fds[i]))
        close (block->fds[i]);
    }
  if (block->mapped > 0)
    munmap (block->base, block->mapped);
  else
    g_free (block->base);
  g_free (block->fds);
  g_free (block);
}

/* Makes a value of what came from another process. Takes @block, on failure too.
 * With @renumber its descriptors came along with it, and the value still has the sender's numbers;
 * without, they were inherited under the numbers in the value. */
GVariant *
_mp_block_to_variant (MpBlock             *block,
                      const GVariantType  *type,
                      gboolean             renumber,
                      GError             **error)
{
  g_autofree int *sent = renumber ? g_new (int, block->n_fds) : NULL;
  Renumbering numbers = { .block = block, .sent = sent };
  g_autoptr (GVariant) value = NULL;

  if (renumber)
    block_register_fds (block);
  value = g_variant_ref_sink (g_variant_new_from_data (type, block->data, block->size, FALSE,
                                                       (GDestroyNotify) _mp_block_free, block));
  if (!g_variant_is_normal_form (value))
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "The message is not a value of the type it claims to have");
      return NULL;
    }

  if (!renumber)
    {
      block_find_fds (block, value);
      block_register_fds (block);
    }
  else if (!renumber_value (value, &numbers))
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "The message names more descriptors than came with it");
      return NULL;
    }

  return g_steal_pointer (&value);
}

static gboolean
dup_fds (const GArray  *fds,
         MpBlock       *block,
         GError       **error)
{
  block->fds = g_new (int, fds->len);
  for (guint i = 0; i < fds->len; i++)
    {
      block->fds[i] = fcntl (g_array_index (fds, int, i), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
      if (block->fds[i] < 0)
        {
          g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not duplicate a descriptor: %s",
                       g_strerror (errno));
          while (i > 0)
            close (block->fds[--i]);
          return FALSE;
        }
    }
  block->n_fds = fds->len;
  return TRUE;
}

/* Returns: (transfer full): @value with duplicates of its descriptors, which are open for as long
 * as it lives */
GVariant *
_mp_handles_dup (GVariant  *value,
                 GError   **error)
{
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  MpBlock *block;

  _mp_handles_collect (value, fds);
  if (fds->len == 0)
    return g_variant_ref (value);
  if (!_mp_handles_check (fds, error))
    return NULL;
  block = g_new0 (MpBlock, 1);
  block->size = g_variant_get_size (value);
  block->base = block->data = g_malloc (block->size);
  g_variant_store (value, block->data);
  if (!dup_fds (fds, block, error))
    {
      _mp_block_free (block);
      return NULL;
    }
  return _mp_block_to_variant (block, g_variant_get_type (value), TRUE, error);
}

/* In a forked child: what was received for others is closed, what is passed to it is its own. */
void
_mp_handles_after_fork (const GArray *passed)
{
  GHashTableIter iter;
  gpointer fd;

  if (received != NULL)
    {
      g_hash_table_iter_init (&iter, received);
      while (g_hash_table_iter_next (&iter, &fd, NULL))
        {
          if (!_mp_handles_contain (passed, GPOINTER_TO_INT (fd)))
            close (GPOINTER_TO_INT (fd));
        }
      g_hash_table_remove_all (received);
    }

  if (passed->len > 0 && received == NULL)
    received = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < passed->len; i++)
    g_hash_table_insert (received, GINT_TO_POINTER (g_array_index (passed, int, i)), NULL);
}

/**
 * mp_handle_steal:
 * @handle: a value of type `h` from arguments or from a message
 *
 * Makes the descriptor in a received value the caller's own, to be closed by it. The descriptors of
 * a value are open for as long as the value is there, under the number it holds; those that nobody
 * has stolen are closed with it, so that a message nobody cares for leaks none. To steal a second
 * time, or from a value that was made in this process, gives a duplicate.
 *
 * May be called from any thread.
 *
 * Returns: the descriptor, with `FD_CLOEXEC` set, or -1 with `errno` set if @handle is not open
 */
int
mp_handle_steal (gint32 handle)
{
  gboolean ours = FALSE;

  G_LOCK (received);
  if (received != NULL)
    ours = g_hash_table_remove (received, GINT_TO_POINTER (handle));
  G_UNLOCK (received);

  if (!ours)
    return fcntl (handle, F_DUPFD_CLOEXEC, 3);
  return fcntl (handle, F_SETFD, FD_CLOEXEC) < 0 ? -1 : handle;
}
