/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-private.h"

typedef struct
{
  MpManaged  base;
  GPtrArray *items;
} List;

static gboolean
append_all (List      *self,
            GVariant  *items,
            GError   **error)
{
  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) box = g_variant_get_child_value (items, i);
      g_autoptr (GVariant) item = g_variant_get_variant (box);

      g_ptr_array_add (self->items, _mp_server_keep (self->base.server, item));
    }
  return TRUE;
}

static gboolean
list_init (MpManaged  *base,
           GVariant   *args,
           GError    **error)
{
  List *self = (List *) base;

  self->items = g_ptr_array_new ();
  return !g_variant_is_of_type (args, G_VARIANT_TYPE ("av")) || append_all (self, args, error);
}

static void
clear_items (List *self)
{
  for (guint i = 0; i < self->items->len; i++)
    _mp_server_forget (self->base.server, self->items->pdata[i]);
  g_ptr_array_set_size (self->items, 0);
}

static void
list_finish (MpManaged *base)
{
  List *self = (List *) base;

  clear_items (self);
  g_ptr_array_unref (self->items);
}

static gint64
index_arg (MpCall *call)
{
  gint64 index;

  g_variant_get_child (call->args, 0, "x", &index);
  return index < 0 ? index + ((List *) call->object)->items->len : index;
}

/* Negative ones count from the end. */
static gboolean
find_index (MpCall  *call,
            gint64  *index,
            GError **error)
{
  *index = index_arg (call);
  if (*index >= 0 && *index < ((List *) call->object)->items->len)
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_FOUND, "IndexError: list index out of range");
  return FALSE;
}

static GVariant *
take_out (List   *self,
          gint64  index)
{
  GVariant *item = self->items->pdata[index];
  GVariant *copy = g_variant_ref (item);

  g_ptr_array_remove_index (self->items, index);
  _mp_server_forget (self->base.server, item);
  return copy;
}

static GVariant *
list_append (MpCall  *call,
             GError **error)
{
  List *self = (List *) call->object;
  g_autoptr (GVariant) item = _mp_call_arg (call, 0);

  g_ptr_array_add (self->items, _mp_server_keep (call->object->server, item));
  return _mp_call_nothing ();
}

static GVariant *
list_extend (MpCall  *call,
             GError **error)
{
  g_autoptr (GVariant) items = g_variant_get_child_value (call->args, 0);

  append_all ((List *) call->object, items, error);
  return _mp_call_nothing ();
}

static GVariant *
list_get (MpCall  *call,
          GError **error)
{
  gint64 index;

  return find_index (call, &index, error)
           ? g_variant_ref (((List *) call->object)->items->pdata[index]) : NULL;
}

static GVariant *
list_set (MpCall  *call,
          GError **error)
{
  List *self = (List *) call->object;
  g_autoptr (GVariant) item = _mp_call_arg (call, 1);
  GVariant *old;
  gint64 index;

  if (!find_index (call, &index, error))
    return NULL;
  old = self->items->pdata[index];
  self->items->pdata[index] = _mp_server_keep (call->object->server, item);
  _mp_server_forget (call->object->server, old);
  return _mp_call_nothing ();
}

static GVariant *
list_delete (MpCall  *call,
             GError **error)
{
  gint64 index;

  if (!find_index (call, &index, error))
    return NULL;
  g_variant_unref (take_out ((List *) call->object, index));
  return _mp_call_nothing ();
}

static GVariant *
list_pop (MpCall  *call,
          GError **error)
{
  List *self = (List *) call->object;
  gint64 index;

  if (self->items->len == 0)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_FOUND, "IndexError: pop from empty list");
      return NULL;
    }
  return find_index (call, &index, error) ? take_out (self, index) : NULL;
}

static GVariant *
list_insert (MpCall  *call,
             GError **error)
{
  List *self = (List *) call->object;
  g_autoptr (GVariant) item = _mp_call_arg (call, 1);
  gint64 index = CLAMP (index_arg (call), 0, (gint64) self->items->len);

  g_ptr_array_insert (self->items, index, _mp_server_keep (call->object->server, item));
  return _mp_call_nothing ();
}

/* Returns: -1 if it is not there */
static gint64
position (MpCall *call)
{
  List *self = (List *) call->object;
  g_autoptr (GVariant) item = _mp_call_arg (call, 0);

  for (guint i = 0; i < self->items->len; i++)
    {
      if (g_variant_equal (self->items->pdata[i], item))
        return i;
    }
  return -1;
}

static gint64
existing_position (MpCall  *call,
                   GError **error)
{
  gint64 index = position (call);

  if (index < 0)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_FOUND, "ValueError: value is not in list");
  return index;
}

static GVariant *
list_contains (MpCall  *call,
               GError **error)
{
  return g_variant_new_boolean (position (call) >= 0);
}

static GVariant *
list_index (MpCall  *call,
            GError **error)
{
  gint64 index = existing_position (call, error);

  return index >= 0 ? g_variant_new_uint64 (index) : NULL;
}

static GVariant *
list_remove (MpCall  *call,
             GError **error)
{
  gint64 index = existing_position (call, error);

  if (index < 0)
    return NULL;
  g_variant_unref (take_out ((List *) call->object, index));
  return _mp_call_nothing ();
}

static GVariant *
list_count (MpCall  *call,
            GError **error)
{
  List *self = (List *) call->object;
  g_autoptr (GVariant) item = _mp_call_arg (call, 0);
  guint64 count = 0;

  for (guint i = 0; i < self->items->len; i++)
    count += g_variant_equal (self->items->pdata[i], item);
  return g_variant_new_uint64 (count);
}

static GVariant *
list_reverse (MpCall  *call,
              GError **error)
{
  GPtrArray *items = ((List *) call->object)->items;

  for (guint i = 0; i < items->len / 2; i++)
    {
      gpointer item = items->pdata[i];

      items->pdata[i] = items->pdata[items->len - 1 - i];
      items->pdata[items->len - 1 - i] = item;
    }
  return _mp_call_nothing ();
}

static int
compare_items (gconstpointer a,
               gconstpointer b)
{
  return g_variant_compare (*(GVariant *const *) a, *(GVariant *const *) b);
}

static GVariant *
list_sort (MpCall  *call,
           GError **error)
{
  GPtrArray *items = ((List *) call->object)->items;

  for (guint i = 0; i < items->len; i++)
    {
      const GVariantType *type = g_variant_get_type (items->pdata[i]);

      if (g_variant_type_is_basic (type) && !g_variant_type_equal (type, G_VARIANT_TYPE_HANDLE)
          && g_variant_type_equal (type, g_variant_get_type (items->pdata[0])))
        continue;
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                   "TypeError: values of type “%s” and “%s” can't be sorted",
                   g_variant_get_type_string (items->pdata[0]),
                   g_variant_get_type_string (items->pdata[i]));
      return NULL;
    }
  g_ptr_array_sort (items, compare_items);
  return _mp_call_nothing ();
}

static GVariant *
list_len (MpCall  *call,
          GError **error)
{
  return g_variant_new_uint64 (((List *) call->object)->items->len);
}

static GVariant *
list_clear (MpCall  *call,
            GError **error)
{
  clear_items ((List *) call->object);
  return _mp_call_nothing ();
}

static GVariant *
list_copy (MpCall  *call,
           GError **error)
{
  GPtrArray *items = ((List *) call->object)->items;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (guint i = 0; i < items->len; i++)
    g_variant_builder_add (&builder, "v", items->pdata[i]);
  return g_variant_builder_end (&builder);
}

static const MpManagedMethod list_methods[] = {
  { "append", "(v)", list_append },
  { "__getitem__", "(x)", list_get },
  { "__setitem__", "(xv)", list_set },
  { "__delitem__", "(x)", list_delete },
  { "__contains__", "(v)", list_contains },
  { "__len__", "()", list_len },
  { "clear", "()", list_clear },
  { "copy", "()", list_copy },
  { "count", "(v)", list_count },
  { "extend", "(av)", list_extend },
  { "index", "(v)", list_index },
  { "insert", "(xv)", list_insert },
  { "pop", "(x)", list_pop },
  { "remove", "(v)", list_remove },
  { "reverse", "()", list_reverse },
  { "sort", "()", list_sort },
};

const MpManagedType _mp_managed_list = {
  "list", sizeof (List), list_init, list_finish, NULL, list_methods, G_N_ELEMENTS (list_methods),
  .made_of = "av",
};
