/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-shareable.h"

#include "mp-error.h"
#include "mp-shareable-private.h"

/**
 * MpShareable:
 *
 * What several processes can use together: a connection, a queue, a lock, memory.
 *
 * A shared object goes to another process inside a value: mp_shareable_to_variant() gives one that
 * stands for it, of the type `(sv)` (%MP_SHAREABLE_TYPE_STRING), to be put alone or among others
 * into the arguments of a process or a pool's initializer, into a message of a connection, a value
 * of a queue, an item of a pool or what its function returns. There mp_shareable_from_variant()
 * gives an object that uses the same thing. All start methods and all ways are the same in this.
 *
 * A value holds numbers of descriptors, it does not keep them open: the object has to live until
 * the process was started, the initializer set, the message sent, the value put or the item
 * submitted. What was sent does not need it any more. Only what a pool's function returns is kept
 * for it: the objects whose values it made, and what came with its arguments, live until then.
 *
 * The other process finds the type by its name, so types of your own are registered with
 * %MP_REGISTER_SHAREABLE_TYPE. A type that is made of others puts their values into its own.
 */
G_DEFINE_INTERFACE (MpShareable, mp_shareable, G_TYPE_OBJECT)

typedef struct
{
  GWeakRef  object;
  MpLeftOut left_out;
} Owned;

/* Filled by constructors before main() and by modules as they are loaded. */
static GPtrArray *types;
G_LOCK_DEFINE_STATIC (types);

/* Descriptors that belong to an object of this process: descriptor → Owned. */
static GHashTable *owned;
G_LOCK_DEFINE_STATIC (owned);

/* Owned; NULL if this thread keeps nothing. */
static _Thread_local GPtrArray *kept;

_Thread_local gboolean _mp_shareables_kept;

static void
mp_shareable_default_init (MpShareableInterface *iface)
{
}

static void
owned_free (gpointer data)
{
  Owned *entry = data;

  g_weak_ref_clear (&entry->object);
  g_free (entry);
}

/* From now on values that hold @fd mean @object, here and in forked children. */
void
_mp_shareable_own (gpointer  object,
                   int       fd,
                   MpLeftOut left_out)
{
  Owned *entry = g_new (Owned, 1);

  g_weak_ref_init (&entry->object, object);
  entry->left_out = left_out;

  G_LOCK (owned);
  if (owned == NULL)
    owned = g_hash_table_new_full (NULL, NULL, NULL, owned_free);
  g_hash_table_replace (owned, GINT_TO_POINTER (fd), entry);
  G_UNLOCK (owned);
}

/* Before @fd is closed. */
void
_mp_shareable_disown (int fd)
{
  G_LOCK (owned);
  if (owned != NULL)
    g_hash_table_remove (owned, GINT_TO_POINTER (fd));
  G_UNLOCK (owned);
}

/* Returns: (transfer full) (nullable): the object of this process that has @fd */
gpointer
_mp_shareable_find (int   fd,
                    GType type)
{
  gpointer object = NULL;
  Owned *entry;

  G_LOCK (owned);
  entry = owned != NULL ? g_hash_table_lookup (owned, GINT_TO_POINTER (fd)) : NULL;
  if (entry != NULL)
    object = g_weak_ref_get (&entry->object);
  G_UNLOCK (owned);

  if (object != NULL && !g_type_is_a (G_OBJECT_TYPE (object), type))
    g_clear_object (&object);
  return object;
}

static gboolean
take_from (GArray *fds,
           int     fd)
{
  for (guint i = 0; i < fds->len; i++)
    {
      if (g_array_index (fds, int, i) == fd)
        {
          g_array_remove_index_fast (fds, i);
          return TRUE;
        }
    }
  return FALSE;
}

/* In a forked child: what it was given leaves @passed, as it has an owner; the others are told. */
void
_mp_shareables_after_fork (GArray *passed)
{
  g_autofree gpointer *fds = NULL;
  guint n_fds = 0;

  if (owned == NULL)
    return;

  fds = g_hash_table_get_keys_as_array (owned, &n_fds);
  for (guint i = 0; i < n_fds; i++)
    {
      Owned *entry = g_hash_table_lookup (owned, fds[i]);
      g_autoptr (GObject) object = entry != NULL ? g_weak_ref_get (&entry->object) : NULL;

      /* One that was told may have closed others. */
      if (!take_from (passed, GPOINTER_TO_INT (fds[i])) && object != NULL
          && entry->left_out != NULL)
        entry->left_out (object);
    }
}

/* Whether from now on each object of which this thread makes a value is kept until the next letting
 * go. */
void
_mp_shareables_keep (gboolean keep)
{
  _mp_shareables_let_go ();
  if (keep)
    kept = g_ptr_array_new_with_free_func (g_object_unref);
  else
    g_clear_pointer (&kept, g_ptr_array_unref);
}

void
_mp_shareables_let_go (void)
{
  _mp_shareables_kept = FALSE;
  if (kept != NULL)
    g_ptr_array_set_size (kept, 0);
}

static GType
find_type (const char *name)
{
  G_LOCK (types);
  for (guint i = 0; types != NULL && i < types->len; i++)
    ((GType (*) (void)) types->pdata[i]) ();
  G_UNLOCK (types);

  return g_type_from_name (name);
}

/* Whether what is to be rebuilt has the form that its type gives it. */
gboolean
_mp_shareable_check_state (GVariant    *state,
                           const char  *type_string,
                           const char  *what,
                           GError     **error)
{
  if (g_variant_is_of_type (state, G_VARIANT_TYPE (type_string)))
    return TRUE;

  g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
               "What came as %s is a value of type “%s” and none", what,
               g_variant_get_type_string (state));
  return FALSE;
}

/**
 * mp_shareable_to_variant:
 * @self: a shared object
 *
 * Makes a value, of type `(sv)`, that stands for this object, alone or inside others. The object
 * has to live until the process was started or the message sent. The value of one that is closed
 * can be passed on, too: whoever wants an object from it gets %MP_ERROR_CLOSED.
 *
 * Returns: (transfer floating): the value
 */
GVariant *
mp_shareable_to_variant (MpShareable *self)
{
  g_return_val_if_fail (MP_IS_SHAREABLE (self), NULL);

  if (kept != NULL)
    {
      g_ptr_array_add (kept, g_object_ref (self));
      _mp_shareables_kept = TRUE;
    }
  return g_variant_new ("(sv)", G_OBJECT_TYPE_NAME (self),
                        MP_SHAREABLE_GET_IFACE (self)->to_variant (self));
}

/**
 * mp_shareable_from_variant: (skip)
 * @variant: (nullable): a value from mp_shareable_to_variant()
 * @type: what it must be: %MP_TYPE_SHAREABLE for anything
 * @error: return location for an error
 *
 * Gets the object that a received value stands for. As long as it lives, further calls with the
 * value may give the same one; a forked child and the process that made the value get the object
 * that they have.
 *
 * Returns: (transfer full): the object, or %NULL with %MP_ERROR_BAD_MESSAGE if @variant stands for
 *   none, or for one of another type; %MP_ERROR_NOT_REGISTERED if its type is not known here;
 *   %MP_ERROR_CLOSED if the object was closed, or its descriptors did not come along
 */
gpointer
mp_shareable_from_variant (GVariant  *variant,
                           GType      type,
                           GError   **error)
{
  g_autoptr (GTypeClass) klass = NULL;
  g_autoptr (GVariant) state = NULL;
  MpShareableInterface *iface;
  const char *name;
  GType found;

  g_return_val_if_fail (g_type_is_a (type, MP_TYPE_SHAREABLE), NULL);

  if (variant == NULL || !g_variant_is_of_type (variant, G_VARIANT_TYPE (MP_SHAREABLE_TYPE_STRING)))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "Expected a shared object, got a value of type “%s”",
                   variant != NULL ? g_variant_get_type_string (variant) : "none");
      return NULL;
    }

  g_variant_get (variant, "(&sv)", &name, &state);
  found = find_type (name);
  if (!g_type_is_a (found, MP_TYPE_SHAREABLE) || G_TYPE_IS_ABSTRACT (found))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "No type “%s” that can be shared is known here: write"
                   " MP_REGISTER_SHAREABLE_TYPE after its definition", name);
      return NULL;
    }
  if (!g_type_is_a (found, type))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE, "Expected an object of type %s, got %s",
                   g_type_name (type), name);
      return NULL;
    }

  klass = g_type_class_ref (found);
  iface = g_type_interface_peek (klass, MP_TYPE_SHAREABLE);
  return iface->from_variant (found, state, error);
}

/**
 * mp_shareable_register_type:
 * @get_type: (scope forever): the function that gives the type
 *
 * Makes a type that implements #MpShareable known to processes that start from a fresh image.
 * Programs write %MP_REGISTER_SHAREABLE_TYPE after the type's definition instead.
 */
void
mp_shareable_register_type (GType (*get_type) (void))
{
  g_return_if_fail (get_type != NULL);

  G_LOCK (types);
  if (types == NULL)
    types = g_ptr_array_new ();
  g_ptr_array_add (types, (gpointer) get_type);
  G_UNLOCK (types);
}
