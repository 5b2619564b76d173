/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-cells-private.h"

#include "mp-error.h"
#include "mp-shareable.h"

/* The typecode, how many, the lock if there is one. */
#define STATE_TYPE "(ytm@" MP_SHAREABLE_TYPE_STRING ")"
#define STATE_CHECK "(ytm" MP_SHAREABLE_TYPE_STRING ")"

/* Returns: 0 if there is no such type */
gsize
_mp_typecode_size (char typecode)
{
  switch (typecode)
    {
    case 'c': case 'b': case 'B': return sizeof (char);
    case 'h': case 'H': return sizeof (short);
    case 'i': case 'I': return sizeof (int);
    case 'l': case 'L': return sizeof (long);
    case 'q': case 'Q': return sizeof (long long);
    case 'f': return sizeof (float);
    case 'd': return sizeof (double);
    default: return 0;
    }
}

static void
cells_finalize (GObject *object)
{
  g_clear_object (&((MpCells *) object)->lock);

  G_OBJECT_CLASS (g_type_class_peek (MP_TYPE_SHARED_OBJECT))->finalize (object);
}

static GVariant *
cells_pack (MpSharedObject *self)
{
  MpCells *cells = (MpCells *) self;
  GVariant *lock = NULL;

  if (cells->lock != NULL)
    lock = mp_shareable_to_variant (MP_SHAREABLE (cells->lock));
  return g_variant_new (STATE_TYPE, (guchar) cells->typecode, cells->length, lock);
}

static gboolean
cells_unpack (MpSharedObject  *self,
              GVariant        *more,
              GError         **error)
{
  MpCells *cells = (MpCells *) self;
  g_autoptr (GVariant) lock = NULL;
  guchar typecode;
  gsize size;

  if (more == NULL || !g_variant_is_of_type (more, G_VARIANT_TYPE (STATE_CHECK)))
    return FALSE;

  g_variant_get (more, STATE_TYPE, &typecode, &cells->length, &lock);
  cells->typecode = typecode;
  size = _mp_typecode_size (typecode);
  if (size == 0 || cells->length > MP_CELLS_MAX
      || !_mp_shared_object_fits (self, size * cells->length))
    return FALSE;
  if (lock == NULL)
    return TRUE;
  cells->lock = mp_shareable_from_variant (lock, MP_TYPE_LOCK, error);
  return cells->lock != NULL;
}

/* Of a type whose objects begin as MpCells. */
void
_mp_cells_class_init (gpointer    klass,
                      const char *what)
{
  MpSharedObjectClass *shared_class = klass;

  G_OBJECT_CLASS (klass)->finalize = cells_finalize;
  shared_class->what = what;
  shared_class->pack = cells_pack;
  shared_class->unpack = cells_unpack;
}

/* Zeros, of the type @typecode. Keeps @lock. */
gpointer
_mp_cells_new (GType     type,
               char      typecode,
               guint64   length,
               MpLock   *lock,
               GError  **error)
{
  gsize size = _mp_typecode_size (typecode);
  MpCells *cells;

  if (size == 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "There is no type “%c”", typecode);
      return NULL;
    }
  if (length > MP_CELLS_MAX)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "An array of %" G_GUINT64_FORMAT
                   " numbers is too long", length);
      return NULL;
    }
  cells = _mp_shared_object_new (type, MAX (size * length, 1), error);
  if (cells == NULL)
    return NULL;
  cells->typecode = typecode;
  cells->length = length;
  cells->lock = lock != NULL ? g_object_ref (lock) : NULL;
  return cells;
}
