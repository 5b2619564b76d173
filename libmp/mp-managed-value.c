/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-private.h"

/* A value, and an array of values of one type. */
typedef struct
{
  MpManaged  base;
  GVariant **values;
  gsize      n_values;
} Values;

static gboolean
value_init (MpManaged  *base,
            GVariant   *args,
            GError    **error)
{
  Values *self = (Values *) base;

  self->values = g_new (GVariant *, 1);
  self->values[0] = _mp_server_keep (base->server, args);
  self->n_values = 1;
  return TRUE;
}

static gboolean
array_init (MpManaged  *base,
            GVariant   *args,
            GError    **error)
{
  Values *self = (Values *) base;

  if (!g_variant_is_of_type (args, G_VARIANT_TYPE_ARRAY))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                   "An Array is made of an array, not of a value of type “%s”",
                   g_variant_get_type_string (args));
      return FALSE;
    }
  self->n_values = g_variant_n_children (args);
  self->values = g_new0 (GVariant *, self->n_values + 1);
  for (gsize i = 0; i < self->n_values; i++)
    {
      g_autoptr (GVariant) value = g_variant_get_child_value (args, i);

      self->values[i] = _mp_server_keep (base->server, value);
    }
  return TRUE;
}

static void
values_finish (MpManaged *base)
{
  Values *self = (Values *) base;

  for (gsize i = 0; i < self->n_values; i++)
    _mp_server_forget (base->server, self->values[i]);
  g_free (self->values);
}

/* What is there keeps its type. */
static GVariant *
set_at (Values   *self,
        gsize     index,
        GVariant *value,
        GError  **error)
{
  GVariant *old = self->values[index];

  if (!g_variant_type_equal (g_variant_get_type (old), g_variant_get_type (value)))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                   "TypeError: the %s holds values of type “%s”, not “%s”", self->base.type->name,
                   g_variant_get_type_string (old), g_variant_get_type_string (value));
      return NULL;
    }
  self->values[index] = _mp_server_keep (self->base.server, value);
  _mp_server_forget (self->base.server, old);
  return _mp_call_nothing ();
}

static GVariant *
value_get (MpCall  *call,
           GError **error)
{
  return g_variant_ref (((Values *) call->object)->values[0]);
}

static GVariant *
value_set (MpCall  *call,
           GError **error)
{
  g_autoptr (GVariant) value = _mp_call_arg (call, 0);

  return set_at ((Values *) call->object, 0, value, error);
}

static gboolean
find_index (MpCall  *call,
            gint64  *index,
            GError **error)
{
  Values *self = (Values *) call->object;

  g_variant_get_child (call->args, 0, "x", index);
  if (*index < 0)
    *index += self->n_values;
  if (*index >= 0 && *index < (gint64) self->n_values)
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_FOUND, "IndexError: array index out of range");
  return FALSE;
}

static GVariant *
array_get (MpCall  *call,
           GError **error)
{
  gint64 index;

  return find_index (call, &index, error)
           ? g_variant_ref (((Values *) call->object)->values[index]) : NULL;
}

static GVariant *
array_set (MpCall  *call,
           GError **error)
{
  g_autoptr (GVariant) value = _mp_call_arg (call, 1);
  gint64 index;

  return find_index (call, &index, error)
           ? set_at ((Values *) call->object, index, value, error) : NULL;
}

static GVariant *
array_len (MpCall  *call,
           GError **error)
{
  return g_variant_new_uint64 (((Values *) call->object)->n_values);
}

static GVariant *
array_copy (MpCall  *call,
            GError **error)
{
  Values *self = (Values *) call->object;

  return self->n_values > 0 ? g_variant_new_array (NULL, self->values, self->n_values)
                            : g_variant_new_array (G_VARIANT_TYPE_VARIANT, NULL, 0);
}

static const MpManagedMethod value_methods[] = {
  { "get", "()", value_get },
  { "set", "(v)", value_set },
};

const MpManagedType _mp_managed_value = {
  "Value", sizeof (Values), value_init, values_finish, NULL,
  value_methods, G_N_ELEMENTS (value_methods),
  .made_of = "*",
};

static const MpManagedMethod array_methods[] = {
  { "__getitem__", "(x)", array_get },
  { "__setitem__", "(xv)", array_set },
  { "__len__", "()", array_len },
  { "copy", "()", array_copy },
};

const MpManagedType _mp_managed_array = {
  "Array", sizeof (Values), array_init, values_finish, NULL,
  array_methods, G_N_ELEMENTS (array_methods),
  .made_of = "a*",
};
