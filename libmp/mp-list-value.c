/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-list-value-private.h"

#include "mp-error.h"

static gboolean
init_unsigned (MpListValue  *self,
               guint64       number,
               GError      **error)
{
  self->number = number;
  if (number <= G_MAXINT64)
    return TRUE;
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
               "%" G_GUINT64_FORMAT " is too large for a shareable list", number);
  return FALSE;
}

static gboolean
init_integer (MpListValue  *self,
              GVariant     *variant,
              GError      **error)
{
  self->kind = MP_LIST_INT;
  switch (*g_variant_get_type_string (variant))
    {
    case 'b':
      self->kind = MP_LIST_BOOL;
      self->number = g_variant_get_boolean (variant);
      return TRUE;
    case 'y':
      self->number = g_variant_get_byte (variant);
      return TRUE;
    case 'n':
      self->number = g_variant_get_int16 (variant);
      return TRUE;
    case 'q':
      self->number = g_variant_get_uint16 (variant);
      return TRUE;
    case 'i':
      self->number = g_variant_get_int32 (variant);
      return TRUE;
    case 'u':
      self->number = g_variant_get_uint32 (variant);
      return TRUE;
    case 'x':
      self->number = g_variant_get_int64 (variant);
      return TRUE;
    default:
      return init_unsigned (self, g_variant_get_uint64 (variant), error);
    }
}

/* As long as @variant and @self stay where they are. Fails if it is nothing that a list has. */
gboolean
_mp_list_value_init (MpListValue  *self,
                     GVariant     *variant,
                     GError      **error)
{
  const char *type = g_variant_get_type_string (variant);

  *self = (MpListValue) { 0 };
  if (*type == 'm' && g_variant_n_children (variant) == 0)
    {
      self->kind = MP_LIST_NONE;
      return TRUE;
    }
  if (g_str_equal (type, "d"))
    {
      self->kind = MP_LIST_FLOAT;
      self->real = g_variant_get_double (variant);
      self->data = &self->real;
      self->size = sizeof self->real;
      return TRUE;
    }
  if (g_str_equal (type, "s"))
    {
      self->kind = MP_LIST_STRING;
      self->data = g_variant_get_string (variant, &self->size);
      return TRUE;
    }
  if (g_str_equal (type, "ay"))
    {
      self->kind = MP_LIST_BYTES;
      self->data = g_variant_get_fixed_array (variant, &self->size, 1);
      return TRUE;
    }
  if (type[1] == '\0' && strchr ("bynqiuxt", *type) != NULL)
    {
      self->data = &self->number;
      self->size = sizeof self->number;
      return init_integer (self, variant, error);
    }
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
               "A shareable list has numbers, truth values, strings, bytes and nothing: no values "
               "of type “%s”", type);
  return FALSE;
}

/* Returns: (transfer full): what @self, of shared memory, says; %NULL if that is nonsense */
GVariant *
_mp_list_value_to_variant (const MpListValue  *self,
                           GError            **error)
{
  gint64 number = 0;
  double real;

  switch (self->kind)
    {
    case MP_LIST_NONE:
      return g_variant_ref_sink (g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL));
    case MP_LIST_BOOL:
    case MP_LIST_INT:
      memcpy (&number, self->data, MIN (self->size, sizeof number));
      return g_variant_ref_sink (self->kind == MP_LIST_INT ? g_variant_new_int64 (number)
                                                           : g_variant_new_boolean (number != 0));
    case MP_LIST_FLOAT:
      memcpy (&real, self->data, sizeof real);
      return g_variant_ref_sink (g_variant_new_double (real));
    case MP_LIST_STRING:
      if (self->size == 0)
        return g_variant_ref_sink (g_variant_new_string (""));
      if (g_utf8_validate_len (self->data, self->size, NULL))
        return g_variant_ref_sink (g_variant_new_take_string (g_strndup (self->data, self->size)));
      break;
    case MP_LIST_BYTES:
      return g_variant_ref_sink (g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, self->data,
                                                            self->size, 1));
    default:
      break;
    }
  g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                       "The memory of a shareable list is damaged");
  return NULL;
}

static gboolean
is_integer (const MpListValue *self)
{
  return self->kind == MP_LIST_INT || self->kind == MP_LIST_BOOL;
}

static gboolean
equals_real (gint64 number,
             double real)
{
  /* 2^63 is no number of 64 bits. */
  return real >= -0x1p63 && real < 0x1p63 && (gint64) real == number
         && (double) (gint64) real == real;
}

/* As Python has it: 1, 1.0 and True are equal. */
gboolean
_mp_list_value_equal (const MpListValue *self,
                      const MpListValue *other)
{
  gint64 number = 0;
  double real;

  if (is_integer (self) && other->kind == MP_LIST_FLOAT)
    return _mp_list_value_equal (other, self);
  if (self->kind == MP_LIST_FLOAT)
    {
      double theirs;

      memcpy (&real, self->data, sizeof real);
      if (other->kind == MP_LIST_FLOAT)
        {
          memcpy (&theirs, other->data, sizeof theirs);
          return real == theirs;
        }
      if (!is_integer (other))
        return FALSE;
      memcpy (&number, other->data, sizeof number);
      return equals_real (number, real);
    }
  if (self->kind != other->kind && !(is_integer (self) && is_integer (other)))
    return FALSE;
  return self->size == other->size
         && (self->size == 0 || memcmp (self->data, other->data, self->size) == 0);
}
