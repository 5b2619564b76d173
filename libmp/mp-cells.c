/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-cells-private.h"

#include "mp-error.h"
#include "mp-shareable-private.h"

/* The place, the typecode, how many, the lock if there is one. */
#define STATE_TYPE "(@" MP_PLACE_TYPE_STRING "ytm@" MP_SHAREABLE_TYPE_STRING ")"
#define STATE_CHECK "(" MP_PLACE_TYPE_STRING "ytm" MP_SHAREABLE_TYPE_STRING ")"

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

/* Zeros, of the type @typecode. Keeps @lock. */
gboolean
_mp_cells_init (MpCells  *cells,
                char      typecode,
                guint64   length,
                MpLock   *lock,
                GError  **error)
{
  gsize size = _mp_typecode_size (typecode);

  if (size == 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "There is no type “%c”", typecode);
      return FALSE;
    }
  if (length > MP_CELLS_MAX)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "An array of %" G_GUINT64_FORMAT
                   " numbers is too long", length);
      return FALSE;
    }
  cells->typecode = typecode;
  cells->length = length;
  cells->lock = lock != NULL ? g_object_ref (lock) : NULL;
  return _mp_place_new (&cells->place, MAX (size * length, 1), error);
}

void
_mp_cells_clear (MpCells *cells)
{
  _mp_place_clear (&cells->place);
  g_clear_object (&cells->lock);
}

GVariant *
_mp_cells_to_variant (MpCells *cells)
{
  GVariant *lock = NULL;

  if (cells->lock != NULL)
    lock = mp_shareable_to_variant (MP_SHAREABLE (cells->lock));
  return g_variant_new (STATE_TYPE, _mp_place_to_variant (&cells->place), (guchar) cells->typecode,
                        cells->length, lock);
}

gboolean
_mp_cells_from_variant (MpCells     *cells,
                        GVariant    *state,
                        const char  *what,
                        GError     **error)
{
  g_autoptr (GVariant) place = NULL;
  g_autoptr (GVariant) lock = NULL;
  guchar typecode;
  gsize size;

  if (!_mp_shareable_check_state (state, STATE_CHECK, what, error))
    return FALSE;

  g_variant_get (state, STATE_TYPE, &place, &typecode, &cells->length, &lock);
  cells->typecode = typecode;
  size = _mp_typecode_size (typecode);
  if (size == 0 || cells->length > MP_CELLS_MAX)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE, "What came as %s is none", what);
      return FALSE;
    }
  if (lock != NULL)
    {
      cells->lock = mp_shareable_from_variant (lock, MP_TYPE_LOCK, error);
      if (cells->lock == NULL)
        return FALSE;
    }
  return _mp_place_from_variant (&cells->place, place, size * cells->length, error);
}
