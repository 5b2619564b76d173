/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-shared-object.h"

#include "mp-error.h"
#include "mp-shareable-private.h"
#include "mp-shared-object-private.h"

/**
 * MpSharedObject:
 *
 * What lies in memory that processes share, as locks, queues and values do: the part that all of
 * them have in common. There are no others; a type of your own is an #MpShareable made of these.
 *
 * Nothing is left of it when the last process that has it is gone.
 */

/* The place, and what else belongs to it. */
#define STATE_TYPE "(@" MP_PLACE_TYPE_STRING "mv)"
#define STATE_CHECK "(" MP_PLACE_TYPE_STRING "mv)"

static void mp_shared_object_shareable_init (MpShareableInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (MpSharedObject, mp_shared_object, G_TYPE_OBJECT,
                                  G_ADD_PRIVATE (MpSharedObject)
                                  G_IMPLEMENT_INTERFACE (MP_TYPE_SHAREABLE,
                                                         mp_shared_object_shareable_init))

int _mp_shared_object_offset;

static void
mp_shared_object_finalize (GObject *object)
{
  _mp_place_clear (&_mp_shared_object_get_private (object)->place);

  G_OBJECT_CLASS (mp_shared_object_parent_class)->finalize (object);
}

static void
mp_shared_object_class_init (MpSharedObjectClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_shared_object_finalize;
  _mp_shared_object_offset = g_type_class_get_instance_private_offset (klass);
}

static void
mp_shared_object_init (MpSharedObject *self)
{
}

static GVariant *
mp_shared_object_to_variant (MpShareable *shareable)
{
  MpSharedObjectPrivate *priv = _mp_shared_object_get_private (shareable);
  MpSharedObjectClass *klass = MP_SHARED_OBJECT_GET_CLASS (shareable);
  MpPlace none = { NULL };
  GVariant *more = klass->pack != NULL ? klass->pack (MP_SHARED_OBJECT (shareable)) : NULL;

  return g_variant_new (STATE_TYPE,
                        _mp_place_to_variant (g_atomic_int_get (&priv->closed) ? &none
                                                                               : &priv->place),
                        more);
}

static MpShareable *
mp_shared_object_from_variant (GType      type,
                               GVariant  *variant,
                               GError   **error)
{
  g_autoptr (MpSharedObject) self = g_object_new (type, NULL);
  MpSharedObjectClass *klass = MP_SHARED_OBJECT_GET_CLASS (self);
  g_autoptr (GVariant) place = NULL;
  g_autoptr (GVariant) more = NULL;

  if (!_mp_shareable_check_state (variant, STATE_CHECK, klass->what, error))
    return NULL;
  g_variant_get (variant, STATE_TYPE, &place, &more);
  if (!_mp_place_from_variant (&_mp_shared_object_get_private (self)->place, place, klass->size,
                               error))
    return NULL;
  if (klass->unpack != NULL && !klass->unpack (self, more, error))
    {
      if (error != NULL && *error == NULL)
        g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                     "What came as %s is another shared object", klass->what);
      return NULL;
    }
  return MP_SHAREABLE (g_steal_pointer (&self));
}

static void
mp_shared_object_shareable_init (MpShareableInterface *iface)
{
  iface->to_variant = mp_shared_object_to_variant;
  iface->from_variant = mp_shared_object_from_variant;
}

/* With @size bytes of memory, zeros; or without, if that is 0. */
gpointer
_mp_shared_object_new (GType    type,
                       gsize    size,
                       GError **error)
{
  g_autoptr (MpSharedObject) self = g_object_new (type, NULL);

  if (size > 0 && !_mp_place_new (&_mp_shared_object_get_private (self)->place, size, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* Of one that came from elsewhere: whether so much lies at its place. */
gboolean
_mp_shared_object_fits (gpointer self,
                        guint64  size)
{
  MpPlace *place = &_mp_shared_object_get_private (self)->place;

  return size <= _mp_segment_get_size (place->segment) - place->offset;
}
