/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-managed-private.h"

/* A dict, in the order of insertion as Python's, a set and a namespace, which are dicts, too. */
typedef struct
{
  MpManaged   base;
  GHashTable *entries;  /* key → Entry */
  GQueue      order;
} Dict;

typedef struct
{
  /* Owned */
  GVariant *key;
  GVariant *value;    /* NULL in a set */
  GList     link;
} Entry;

static guint
hash_value (gconstpointer key)
{
  GVariant *value = (GVariant *) key;
  const guint8 *data = g_variant_get_data (value);
  guint hash = 5381;

  for (gsize i = 0; i < g_variant_get_size (value); i++)
    hash = hash * 33 + data[i];
  return hash;
}

static void
entry_free (Dict  *self,
            Entry *entry)
{
  g_queue_unlink (&self->order, &entry->link);
  _mp_server_forget (self->base.server, entry->key);
  if (entry->value != NULL)
    _mp_server_forget (self->base.server, entry->value);
  g_free (entry);
}

static void
set_value (Dict     *self,
           GVariant *key,
           GVariant *value)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (value != NULL)
    _mp_server_keep (self->base.server, value);
  if (entry != NULL && entry->value != NULL)
    _mp_server_forget (self->base.server, g_steal_pointer (&entry->value));
  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->key = _mp_server_keep (self->base.server, key);
      entry->link.data = entry;
      g_queue_push_tail_link (&self->order, &entry->link);
      g_hash_table_insert (self->entries, entry->key, entry);
    }
  entry->value = value;
}

static void
remove_entry (Dict  *self,
              Entry *entry)
{
  g_hash_table_remove (self->entries, entry->key);
  entry_free (self, entry);
}

static Entry *
find (Dict      *self,
      GVariant  *key,
      GError   **error)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry == NULL && error != NULL)
    {
      g_autofree char *text = g_variant_print (key, FALSE);

      g_set_error (error, MP_ERROR, MP_ERROR_NOT_FOUND, "KeyError: %s", text);
    }
  return entry;
}

/* The nth argument, out of its box if it has one. */
GVariant *
_mp_call_arg (MpCall *call,
              guint   index)
{
  g_autoptr (GVariant) child = g_variant_get_child_value (call->args, index);

  return g_variant_is_of_type (child, G_VARIANT_TYPE_VARIANT) ? g_variant_get_variant (child)
                                                              : g_steal_pointer (&child);
}

static void
update (Dict     *self,
        GVariant *pairs)
{
  GVariantIter iter;
  GVariant *key, *value;

  g_variant_iter_init (&iter, pairs);
  while (g_variant_iter_next (&iter, "(vv)", &key, &value))
    {
      set_value (self, key, value);
      g_variant_unref (key);
      g_variant_unref (value);
    }
}

static gboolean
dict_init (MpManaged  *base,
           GVariant   *args,
           GError    **error)
{
  Dict *self = (Dict *) base;

  self->entries = g_hash_table_new (hash_value, g_variant_equal);
  if (g_variant_is_of_type (args, G_VARIANT_TYPE ("a(vv)")))
    update (self, args);
  else if (g_variant_is_of_type (args, G_VARIANT_TYPE ("av")))
    {
      for (gsize i = 0; i < g_variant_n_children (args); i++)
        {
          g_autoptr (GVariant) box = g_variant_get_child_value (args, i);
          g_autoptr (GVariant) member = g_variant_get_variant (box);

          set_value (self, member, NULL);
        }
    }
  return TRUE;
}

static GVariant *
dict_clear (MpCall  *call,
            GError **error)
{
  Dict *self = (Dict *) call->object;

  while (self->order.length > 0)
    remove_entry (self, self->order.head->data);
  return _mp_call_nothing ();
}

static void
dict_finish (MpManaged *base)
{
  Dict *self = (Dict *) base;

  while (self->order.length > 0)
    remove_entry (self, self->order.head->data);
  g_hash_table_unref (self->entries);
}

static GVariant *
dict_contains (MpCall  *call,
               GError **error)
{
  g_autoptr (GVariant) key = _mp_call_arg (call, 0);

  return g_variant_new_boolean (find ((Dict *) call->object, key, NULL) != NULL);
}

static GVariant *
dict_get (MpCall  *call,
          GError **error)
{
  g_autoptr (GVariant) key = _mp_call_arg (call, 0);
  Entry *entry = find ((Dict *) call->object, key, error);

  return entry != NULL ? g_variant_ref (entry->value) : NULL;
}

static GVariant *
dict_set (MpCall  *call,
          GError **error)
{
  g_autoptr (GVariant) key = _mp_call_arg (call, 0);
  GVariant *value = _mp_call_arg (call, 1);

  set_value ((Dict *) call->object, key, value);
  g_variant_unref (value);
  return _mp_call_nothing ();
}

static GVariant *
dict_delete (MpCall  *call,
             GError **error)
{
  g_autoptr (GVariant) key = _mp_call_arg (call, 0);
  Entry *entry = find ((Dict *) call->object, key, error);

  if (entry == NULL)
    return NULL;
  remove_entry ((Dict *) call->object, entry);
  return _mp_call_nothing ();
}

static GVariant *
dict_pop (MpCall  *call,
          GError **error)
{
  g_autoptr (GVariant) key = _mp_call_arg (call, 0);
  Entry *entry = find ((Dict *) call->object, key, error);
  GVariant *value;

  if (entry == NULL)
    return NULL;
  value = g_variant_ref (entry->value);
  remove_entry ((Dict *) call->object, entry);
  return value;
}

static GVariant *
pair_of (Entry *entry)
{
  return g_variant_new ("(vv)", entry->key, entry->value);
}

static Entry *
last_entry (Dict    *self,
            GError **error)
{
  if (self->order.length > 0)
    return self->order.tail->data;

  g_set_error (error, MP_ERROR, MP_ERROR_NOT_FOUND, "KeyError: the %s is empty",
               self->base.type->name);
  return NULL;
}

static GVariant *
dict_pop_item (MpCall  *call,
               GError **error)
{
  Entry *last = last_entry ((Dict *) call->object, error);
  GVariant *pair = last != NULL ? pair_of (last) : NULL;

  if (last != NULL)
    remove_entry ((Dict *) call->object, last);
  return pair;
}

static GVariant *
dict_set_default (MpCall  *call,
                  GError **error)
{
  Dict *self = (Dict *) call->object;
  g_autoptr (GVariant) key = _mp_call_arg (call, 0);
  g_autoptr (GVariant) value = _mp_call_arg (call, 1);
  Entry *entry = find (self, key, NULL);

  if (entry != NULL)
    return g_variant_ref (entry->value);
  set_value (self, key, value);
  return g_steal_pointer (&value);
}

static GVariant *
dict_update (MpCall  *call,
             GError **error)
{
  g_autoptr (GVariant) pairs = g_variant_get_child_value (call->args, 0);

  update ((Dict *) call->object, pairs);
  return _mp_call_nothing ();
}

static GVariant *
dict_len (MpCall  *call,
          GError **error)
{
  return g_variant_new_uint64 (((Dict *) call->object)->order.length);
}

static GVariant *
dict_items (MpCall  *call,
            GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(vv)"));
  for (GList *l = ((Dict *) call->object)->order.head; l != NULL; l = l->next)
    g_variant_builder_add_value (&builder, pair_of (l->data));
  return g_variant_builder_end (&builder);
}

static GVariant *
dict_keys (MpCall  *call,
           GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (GList *l = ((Dict *) call->object)->order.head; l != NULL; l = l->next)
    g_variant_builder_add (&builder, "v", ((Entry *) l->data)->key);
  return g_variant_builder_end (&builder);
}

static GVariant *
dict_values (MpCall  *call,
             GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (GList *l = ((Dict *) call->object)->order.head; l != NULL; l = l->next)
    g_variant_builder_add (&builder, "v", ((Entry *) l->data)->value);
  return g_variant_builder_end (&builder);
}

static const MpManagedMethod dict_methods[] = {
  { "__setitem__", "(vv)", dict_set },
  { "__getitem__", "(v)", dict_get },
  { "__contains__", "(v)", dict_contains },
  { "__delitem__", "(v)", dict_delete },
  { "__len__", "()", dict_len },
  { "clear", "()", dict_clear },
  { "copy", "()", dict_items },
  { "items", "()", dict_items },
  { "keys", "()", dict_keys },
  { "pop", "(v)", dict_pop },
  { "popitem", "()", dict_pop_item },
  { "setdefault", "(vv)", dict_set_default },
  { "update", "(a(vv))", dict_update },
  { "values", "()", dict_values },
};

const MpManagedType _mp_managed_dict = {
  "dict", sizeof (Dict), dict_init, dict_finish, NULL, dict_methods, G_N_ELEMENTS (dict_methods),
  .made_of = "a(vv)",
};

static const MpManagedMethod namespace_methods[] = {
  { "__setattr__", "(sv)", dict_set },
  { "__getattribute__", "(s)", dict_get },
  { "__delattr__", "(s)", dict_delete },
  { "copy", "()", dict_items },
};

const MpManagedType _mp_managed_namespace = {
  "Namespace", sizeof (Dict), dict_init, dict_finish, NULL,
  namespace_methods, G_N_ELEMENTS (namespace_methods),
  .made_of = "a(vv)",
};

static GVariant *
set_add (MpCall  *call,
         GError **error)
{
  g_autoptr (GVariant) member = _mp_call_arg (call, 0);

  set_value ((Dict *) call->object, member, NULL);
  return _mp_call_nothing ();
}

static GVariant *
set_discard (MpCall  *call,
             GError **error)
{
  g_autoptr (GVariant) member = _mp_call_arg (call, 0);
  Entry *entry = find ((Dict *) call->object, member, NULL);

  if (entry != NULL)
    remove_entry ((Dict *) call->object, entry);
  return _mp_call_nothing ();
}

static GVariant *
set_pop (MpCall  *call,
         GError **error)
{
  Entry *last = last_entry ((Dict *) call->object, error);
  GVariant *member = last != NULL ? g_variant_ref (last->key) : NULL;

  if (last != NULL)
    remove_entry ((Dict *) call->object, last);
  return member;
}

static GVariant *
set_update (MpCall  *call,
            GError **error)
{
  g_autoptr (GVariant) members = g_variant_get_child_value (call->args, 0);

  for (gsize i = 0; i < g_variant_n_children (members); i++)
    {
      g_autoptr (GVariant) box = g_variant_get_child_value (members, i);
      g_autoptr (GVariant) member = g_variant_get_variant (box);

      set_value ((Dict *) call->object, member, NULL);
    }
  return _mp_call_nothing ();
}

static const MpManagedMethod set_methods[] = {
  { "add", "(v)", set_add },
  { "__contains__", "(v)", dict_contains },
  { "__len__", "()", dict_len },
  { "clear", "()", dict_clear },
  { "copy", "()", dict_keys },
  { "discard", "(v)", set_discard },
  { "pop", "()", set_pop },
  { "remove", "(v)", dict_delete },
  { "update", "(av)", set_update },
};

const MpManagedType _mp_managed_set = {
  "set", sizeof (Dict), dict_init, dict_finish, NULL, set_methods, G_N_ELEMENTS (set_methods),
  .made_of = "av",
};
