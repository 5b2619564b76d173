/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-function-private.h"

#include "mp-error.h"

/* Filled by constructors before main() and by modules as they are loaded. */
static GHashTable *functions;
G_LOCK_DEFINE_STATIC (functions);

/**
 * mp_function_register:
 * @name: the name by which processes call it
 * @function: (scope forever): the function
 *
 * Makes @function known under @name. Programs write %MP_REGISTER_FUNCTION after the function
 * instead, which does it when the program or module is loaded: a child that starts from a fresh
 * image must find the same names before `main` has done anything.
 *
 * Registering a name again replaces the function. May be called from any thread.
 */
void
mp_function_register (const char *name,
                      MpFunction  function)
{
  g_return_if_fail (name != NULL && *name != '\0');
  g_return_if_fail (function != NULL);

  G_LOCK (functions);
  if (functions == NULL)
    functions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_replace (functions, g_strdup (name), (gpointer) function);
  G_UNLOCK (functions);
}

/**
 * mp_function_lookup: (skip)
 * @name: a name
 *
 * Finds a registered function. May be called from any thread.
 *
 * Returns: (nullable) (transfer none): the function, or %NULL if no function has that name
 */
MpFunction
mp_function_lookup (const char *name)
{
  MpFunction function = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  G_LOCK (functions);
  if (functions != NULL)
    function = (MpFunction) g_hash_table_lookup (functions, name);
  G_UNLOCK (functions);

  return function;
}

/* How many functions the program has registered. */
guint
_mp_function_get_n_foreign (void)
{
  GHashTableIter iter;
  gpointer name;
  guint n = 0;

  G_LOCK (functions);
  if (functions != NULL)
    {
      g_hash_table_iter_init (&iter, functions);
      while (g_hash_table_iter_next (&iter, &name, NULL))
        n += !g_str_has_prefix (name, MP_OWN_FUNCTION_PREFIX);
    }
  G_UNLOCK (functions);

  return n;
}

/* Calls a function for what it does, not for what it returns. */
gboolean
_mp_function_perform (const char  *name,
                      GVariant    *args,
                      GError     **error)
{
  MpFunction function = mp_function_lookup (name);
  g_autoptr (GError) own_error = NULL;
  GVariant *result;

  if (function == NULL)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "No function “%s” is registered in this process", name);
      return FALSE;
    }

  result = function (args, &own_error);
  /* The function owns what it returns, floating or not. */
  if (result != NULL)
    g_variant_unref (g_variant_take_ref (result));
  if (own_error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&own_error));
  return FALSE;
}
