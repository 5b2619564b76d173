/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-proxy-types.h"

#include "mp-proxy-results-private.h"

/**
 * mp_manager_dict:
 * @self: a manager
 * @pairs: (nullable): what it begins with, `a(vv)`; taken if it is floating
 * @error: return location for an error
 *
 * Makes a dict in the manager. Keys are values of any type, in the order in which they were first
 * set; a key of another type is another key, 1 as `i` is not 1 as `x`.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_dict (MpManager  *self,
                 GVariant   *pairs,
                 GError    **error)
{
  return mp_manager_create (self, "dict", pairs, error);
}

/**
 * mp_dict_set:
 * @self: a proxy
 * @key: a key; taken if it is floating
 * @value: a value; taken if it is floating
 * @error: return location for an error
 *
 * Sets a value of a `dict`.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_dict_set (MpProxy   *self,
             GVariant  *key,
             GVariant  *value,
             GError   **error)
{
  return done (mp_proxy_call (self, "__setitem__", g_variant_new ("(vv)", key, value), -1, error));
}

/**
 * mp_dict_get:
 * @self: a proxy
 * @key: a key; taken if it is floating
 * @error: return location for an error
 *
 * Gets a value of a `dict`.
 *
 * Returns: (transfer full): the value, or %NULL with %MP_ERROR_NOT_FOUND if there is none,
 *   otherwise as mp_proxy_call() fails
 */
GVariant *
mp_dict_get (MpProxy   *self,
             GVariant  *key,
             GError   **error)
{
  return mp_proxy_call (self, "__getitem__", g_variant_new ("(v)", key), -1, error);
}

/**
 * mp_dict_pop:
 * @self: a proxy
 * @key: a key; taken if it is floating
 * @error: return location for an error
 *
 * Takes a value out of a `dict`.
 *
 * Returns: (transfer full): the value, or %NULL with %MP_ERROR_NOT_FOUND if there is none,
 *   otherwise as mp_proxy_call() fails
 */
GVariant *
mp_dict_pop (MpProxy   *self,
             GVariant  *key,
             GError   **error)
{
  return mp_proxy_call (self, "pop", g_variant_new ("(v)", key), -1, error);
}

/**
 * mp_dict_remove:
 * @self: a proxy
 * @key: a key; taken if it is floating
 * @error: return location for an error
 *
 * Removes a key of a `dict`: `del`.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_NOT_FOUND if it is not there, otherwise as
 *   mp_proxy_call() fails
 */
gboolean
mp_dict_remove (MpProxy   *self,
                GVariant  *key,
                GError   **error)
{
  return done (mp_proxy_call (self, "__delitem__", g_variant_new ("(v)", key), -1, error));
}

/**
 * mp_dict_contains:
 * @self: a proxy
 * @key: a key or member; taken if it is floating
 * @error: return location for an error
 *
 * Asks whether something is in a `dict`, a `list` or a `set`.
 *
 * Returns: whether it is there; %FALSE also, with an error, as mp_proxy_call() fails
 */
gboolean
mp_dict_contains (MpProxy   *self,
                  GVariant  *key,
                  GError   **error)
{
  return truth (mp_proxy_call (self, "__contains__", g_variant_new ("(v)", key), -1, error));
}

/**
 * mp_dict_items:
 * @self: a proxy
 * @error: return location for an error
 *
 * Gets a copy of a `dict`.
 *
 * Returns: (transfer full): the pairs in their order, `a(vv)`, or %NULL as mp_proxy_call() fails
 */
GVariant *
mp_dict_items (MpProxy  *self,
               GError  **error)
{
  return mp_proxy_call (self, "items", NULL, -1, error);
}

/**
 * mp_manager_list:
 * @self: a manager
 * @items: (nullable): what it begins with, `av`; taken if it is floating
 * @error: return location for an error
 *
 * Makes a list in the manager.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_list (MpManager  *self,
                 GVariant   *items,
                 GError    **error)
{
  return mp_manager_create (self, "list", items, error);
}

/**
 * mp_list_append:
 * @self: a proxy
 * @item: a value; taken if it is floating
 * @error: return location for an error
 *
 * Adds to the end of a `list`.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_list_append (MpProxy   *self,
                GVariant  *item,
                GError   **error)
{
  return done (mp_proxy_call (self, "append", g_variant_new ("(v)", item), -1, error));
}

/**
 * mp_list_get:
 * @self: a proxy
 * @index: its place from 0 on, or from -1 on backwards from the end
 * @error: return location for an error
 *
 * Gets an item of a `list` or an `Array`.
 *
 * Returns: (transfer full): the item, or %NULL with %MP_ERROR_NOT_FOUND if the list does not
 *   reach there, otherwise as mp_proxy_call() fails
 */
GVariant *
mp_list_get (MpProxy  *self,
             gint64    index,
             GError  **error)
{
  return mp_proxy_call (self, "__getitem__", g_variant_new ("(x)", index), -1, error);
}

/**
 * mp_list_set:
 * @self: a proxy
 * @index: its place from 0 on, or from -1 on backwards from the end
 * @item: a value; taken if it is floating
 * @error: return location for an error
 *
 * Replaces an item of a `list` or an `Array`.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_NOT_FOUND if the list does not reach there, otherwise
 *   as mp_proxy_call() fails
 */
gboolean
mp_list_set (MpProxy   *self,
             gint64     index,
             GVariant  *item,
             GError   **error)
{
  return done (mp_proxy_call (self, "__setitem__", g_variant_new ("(xv)", index, item), -1, error));
}

/**
 * mp_list_pop:
 * @self: a proxy
 * @index: its place from 0 on, or from -1 on backwards from the end
 * @error: return location for an error
 *
 * Takes an item out of a `list`.
 *
 * Returns: (transfer full): the item, or %NULL with %MP_ERROR_NOT_FOUND if the list does not
 *   reach there, otherwise as mp_proxy_call() fails
 */
GVariant *
mp_list_pop (MpProxy  *self,
             gint64    index,
             GError  **error)
{
  return mp_proxy_call (self, "pop", g_variant_new ("(x)", index), -1, error);
}

/**
 * mp_list_reverse:
 * @self: a proxy
 * @error: return location for an error
 *
 * Turns the order of a `list` round.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_list_reverse (MpProxy  *self,
                 GError  **error)
{
  return done (mp_proxy_call (self, "reverse", NULL, -1, error));
}

/**
 * mp_list_sort:
 * @self: a proxy
 * @error: return location for an error
 *
 * Sorts a `list` of numbers of one type, or of strings.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_FAILED if they can not be sorted, otherwise as
 *   mp_proxy_call() fails
 */
gboolean
mp_list_sort (MpProxy  *self,
              GError  **error)
{
  return done (mp_proxy_call (self, "sort", NULL, -1, error));
}

/**
 * mp_manager_set:
 * @self: a manager
 * @members: (nullable): what it begins with, `av`; taken if it is floating
 * @error: return location for an error
 *
 * Makes a set in the manager.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_set (MpManager  *self,
                GVariant   *members,
                GError    **error)
{
  return mp_manager_create (self, "set", members, error);
}

/**
 * mp_set_add:
 * @self: a proxy
 * @member: a value; taken if it is floating
 * @error: return location for an error
 *
 * Adds a member to a `set`, if it is not there.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_set_add (MpProxy   *self,
            GVariant  *member,
            GError   **error)
{
  return done (mp_proxy_call (self, "add", g_variant_new ("(v)", member), -1, error));
}

/**
 * mp_set_discard:
 * @self: a proxy
 * @member: a value; taken if it is floating
 * @error: return location for an error
 *
 * Removes a member of a `set`, if it is there.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_set_discard (MpProxy   *self,
                GVariant  *member,
                GError   **error)
{
  return done (mp_proxy_call (self, "discard", g_variant_new ("(v)", member), -1, error));
}

/**
 * mp_manager_namespace:
 * @self: a manager
 * @error: return location for an error
 *
 * Makes a namespace in the manager: values by name.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_namespace (MpManager  *self,
                      GError    **error)
{
  return mp_manager_create (self, "Namespace", NULL, error);
}

/**
 * mp_namespace_set:
 * @self: a proxy
 * @name: a name
 * @value: a value; taken if it is floating
 * @error: return location for an error
 *
 * Sets a value of a `Namespace`.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_namespace_set (MpProxy     *self,
                  const char  *name,
                  GVariant    *value,
                  GError     **error)
{
  return done (mp_proxy_call (self, "__setattr__", g_variant_new ("(sv)", name, value), -1, error));
}

/**
 * mp_namespace_get:
 * @self: a proxy
 * @name: a name
 * @error: return location for an error
 *
 * Gets a value of a `Namespace`.
 *
 * Returns: (transfer full): the value, or %NULL with %MP_ERROR_NOT_FOUND if there is none,
 *   otherwise as mp_proxy_call() fails
 */
GVariant *
mp_namespace_get (MpProxy     *self,
                  const char  *name,
                  GError     **error)
{
  return mp_proxy_call (self, "__getattribute__", g_variant_new ("(s)", name), -1, error);
}

/**
 * mp_manager_value:
 * @self: a manager
 * @value: what it begins with; taken if it is floating
 * @error: return location for an error
 *
 * Makes a value in the manager, which keeps its type. mp_proxy_get_value() gets it.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_value (MpManager  *self,
                  GVariant   *value,
                  GError    **error)
{
  return mp_manager_create (self, "Value", value, error);
}

/**
 * mp_manager_array:
 * @self: a manager
 * @values: what it begins with, an array; taken if it is floating
 * @error: return location for an error
 *
 * Makes an array in the manager, which keeps its type and length: mp_list_get(), mp_list_set(),
 * mp_proxy_get_value().
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_array (MpManager  *self,
                  GVariant   *values,
                  GError    **error)
{
  return mp_manager_create (self, "Array", values, error);
}

/**
 * mp_proxy_set_value:
 * @self: a proxy
 * @value: a value; taken if it is floating
 * @error: return location for an error
 *
 * Sets a `Value`.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_FAILED if it is of another type, otherwise as
 *   mp_proxy_call() fails
 */
gboolean
mp_proxy_set_value (MpProxy   *self,
                    GVariant  *value,
                    GError   **error)
{
  return done (mp_proxy_call (self, "set", g_variant_new ("(v)", value), -1, error));
}

/**
 * mp_proxy_get_length:
 * @self: a proxy
 * @error: return location for an error
 *
 * Asks how much is in a `dict`, `list`, `set` or `Array`.
 *
 * Returns: how many, -1 as mp_proxy_call() fails
 */
gint64
mp_proxy_get_length (MpProxy  *self,
                     GError  **error)
{
  return number (mp_proxy_call (self, "__len__", NULL, -1, error));
}
