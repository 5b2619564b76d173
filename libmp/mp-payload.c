/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-error.h"
#include "mp-fds-private.h"
#include "mp-payload-private.h"

/*
 * How GVariants cross shared memory. Numbers and booleans lie in the record itself; everything
 * else is serialised into a payload, 8-aligned, followed by its type string.
 */

gboolean
_mp_payload_is_scalar (guint8 type)
{
  return type != 0 && strchr ("bynqiuxtd", type) != NULL;
}

/* Returns: the size of one element of a fixed array of @type, which is scalar. */
gsize
_mp_payload_scalar_size (guint8 type)
{
  switch (type)
    {
    case 'b': case 'y': return 1;
    case 'n': case 'q': return 2;
    case 'i': case 'u': return 4;
    default: return 8;
    }
}

/* The scalar's bytes go to the front of @value->data, whatever the byte order: the same bytes a
 * fixed array of its type has. */
gboolean
_mp_payload_pack_scalar (GVariant  *variant,
                         MpPayload *value)
{
  const char *type = g_variant_get_type_string (variant);

  if (type[1] != '\0' || !_mp_payload_is_scalar (type[0]))
    return FALSE;
  value->data = 0;
  value->size = 0;
  value->type = type[0];
  g_variant_store (variant, &value->data);
  return TRUE;
}

/* Returns: (transfer floating) */
GVariant *
_mp_payload_unpack_scalar (const MpPayload *value)
{
  switch (value->type)
    {
    case 'b': return g_variant_new_boolean (*(const guint8 *) &value->data != 0);
    case 'y': return g_variant_new_byte (*(const guint8 *) &value->data);
    case 'n': return g_variant_new_int16 (*(const gint16 *) &value->data);
    case 'q': return g_variant_new_uint16 (*(const guint16 *) &value->data);
    case 'i': return g_variant_new_int32 (*(const gint32 *) &value->data);
    case 'u': return g_variant_new_uint32 (*(const guint32 *) &value->data);
    case 'x': return g_variant_new_int64 (*(const gint64 *) &value->data);
    case 't': return g_variant_new_uint64 (value->data);
    case 'd': return g_variant_new_double (*(const double *) &value->data);
    default: return NULL;
    }
}

/* Returns: how many bytes _mp_payload_store() will write. */
gsize
_mp_payload_size (GVariant *variant)
{
  gsize size = g_variant_get_size (variant);

  if (g_variant_is_of_type (variant, G_VARIANT_TYPE_BYTESTRING))
    return size;
  return size + strlen (g_variant_get_type_string (variant)) + 1;
}

/* Writes @variant at @at, which is the arena's @offset and is 8-aligned. */
void
_mp_payload_store (GVariant  *variant,
                   guint64    offset,
                   guint8    *at,
                   MpPayload *value)
{
  gsize size = g_variant_get_size (variant);

  g_variant_store (variant, at);
  value->data = offset;
  value->size = size;
  value->type = MP_VALUE_BYTES;
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_BYTESTRING))
    {
      value->type = MP_VALUE_VARIANT;
      strcpy ((char *) at + size, g_variant_get_type_string (variant));
    }
}

/* The descriptors of a value that is no scalar, which have to go along with it.
 * Returns: (transfer full) (nullable): NULL if there are none, or with an error if they can't be
 * passed */
GArray *
_mp_payload_collect_fds (GVariant  *variant,
                         GError   **error)
{
  g_autoptr (GArray) fds = NULL;

  if (!_mp_handles_present (variant))
    return NULL;
  fds = g_array_new (FALSE, FALSE, sizeof (int));
  _mp_handles_collect (variant, fds);
  if (!_mp_handles_check (fds, error))
    return NULL;
  if (fds->len <= MP_HANDLES_MAX)
    return g_steal_pointer (&fds);
  g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
               "A value can have %d descriptors at most, this one has %u", MP_HANDLES_MAX,
               fds->len);
  return NULL;
}

static GVariant *
make_variant (const GVariantType  *type,
              guint8              *block,
              gsize                size,
              gboolean             trusted,
              GArray              *fds,
              GError             **error)
{
  g_autoptr (GVariant) variant = NULL;

  if (fds != NULL)
    {
      MpBlock *with_fds = g_new0 (MpBlock, 1);

      *with_fds = (MpBlock) { .data = block, .size = size, .base = block, .n_fds = fds->len };
      with_fds->fds = (int *) g_array_free (fds, FALSE);
      return _mp_block_to_variant (with_fds, type, TRUE, error);
    }
  variant = g_variant_ref_sink (g_variant_new_from_data (type, block, size, trusted, g_free,
                                                         block));
  return g_variant_is_normal_form (variant) ? g_steal_pointer (&variant) : NULL;
}

/*
 * Makes a GVariant of a value that is no scalar and lies in @block, @length bytes of which the
 * first @size are the value itself. Takes @block, and @fds, if there are any. Everything is
 * checked, since a process's stray write may have changed it.
 *
 * Returns: (transfer full): not floating
 */
GVariant *
_mp_payload_decode (guint8    type,
                    guint8   *block,
                    gsize     size,
                    gsize     length,
                    GArray   *fds,
                    GError  **error)
{
  /* No bytes are bad bytes; GLib would look at each of them to find out. */
  gboolean trusted = type == MP_VALUE_BYTES && size == length;
  const char *type_string = trusted ? "ay" : (const char *) block + size;

  if (trusted
      || (size < length && (type == MP_VALUE_HANDLES) == (fds != NULL)
          && block[length - 1] == '\0' && g_variant_type_string_is_valid (type_string)
          && g_variant_type_is_definite ((const GVariantType *) type_string)))
    {
      g_autofree char *copy = fds != NULL ? g_strdup (type_string) : NULL;
      GVariant *variant = make_variant ((const GVariantType *) (copy != NULL ? copy : type_string),
                                        block, size, trusted, fds, NULL);

      if (variant != NULL)
        return variant;
    }
  else
    {
      g_free (block);
      g_clear_pointer (&fds, _mp_fds_close);
    }
  g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
               "A value in shared memory is damaged: did a function write where it should not?");
  return NULL;
}

/*
 * Makes a GVariant of what lies in @range. A copy: it may be kept longer than the item. Takes @fds.
 *
 * Returns: (transfer full): not floating
 */
GVariant *
_mp_payload_load (MpRange           range,
                  const MpPayload  *value,
                  GArray           *fds,
                  GError          **error)
{
  const guint8 *at = _mp_arena_at (range.arena, value->data);
  const guint8 *end;
  gsize length = value->size;

  if (_mp_payload_is_scalar (value->type))
    return g_variant_ref_sink (_mp_payload_unpack_scalar (value));
  if (value->type == MP_VALUE_BYTES && value->size == 0)
    return g_variant_ref_sink (g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, NULL, 0, 1));

  if (value->size > MP_MAX_PAYLOAD || !_mp_range_contains (range, value->data, value->size))
    return _mp_payload_decode (MP_VALUE_NONE, NULL, 0, 0, fds, error);
  if (value->type == MP_VALUE_VARIANT || value->type == MP_VALUE_HANDLES)
    {
      end = memchr (at + length, '\0', range.end - value->data - length);
      if (end != NULL)
        length = end + 1 - at;
    }
  return _mp_payload_decode (value->type, g_memdup2 (at, length), value->size, length, fds,
                             error);
}

GVariant *
_mp_error_to_variant (const GError *error)
{
  g_autofree char *message = g_utf8_make_valid (error->message, -1);

  return g_variant_new ("(sis)", g_quark_to_string (error->domain), error->code, message);
}

/* An error as it was in the child, with the name of the process that it comes from. */
GError *
_mp_error_from_variant (GVariant   *variant,
                        const char *process)
{
  const char *domain, *message;
  int code;

  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE ("(sis)")))
    return g_error_new (MP_ERROR, MP_ERROR_FAILED, "An error of %s could not be read", process);
  g_variant_get (variant, "(&si&s)", &domain, &code, &message);
  return g_error_new (g_quark_from_string (domain), code, "%s: %s", process, message);
}
