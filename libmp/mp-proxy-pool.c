/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-proxy-types.h"

#include "mp-error.h"
#include "mp-proxy-results-private.h"
#include "mp-shareable.h"

/**
 * mp_manager_pool:
 * @self: a manager
 * @processes: how many workers, 1 to 512; 0 for as many as the manager may use CPUs
 * @initializer: (nullable): name of a registered function that each worker calls first
 * @initargs: (nullable): its arguments; taken if it is floating
 * @max_tasks: after how many items a worker is replaced, 0 for never
 * @error: return location for an error
 *
 * Makes a pool whose workers are children of the manager, for all processes that have a proxy of
 * it. Functions are called by their registered names, and the manager has to know them. The pool
 * ends with the last proxy of it and of its results, or when it is closed or terminated.
 *
 * Its methods are those of [class@Pool]; the pool works on while nobody asks for a result, and
 * a process that dies while it waits for one takes nothing from others.
 *
 * Returns: (transfer full): a proxy, or %NULL with %MP_ERROR_NOT_REGISTERED if the manager does not
 *   know @initializer, %MP_ERROR_SPAWN if it can't start the workers, otherwise as
 *   mp_manager_create() fails
 */
MpProxy *
mp_manager_pool (MpManager   *self,
                 guint        processes,
                 const char  *initializer,
                 GVariant    *initargs,
                 guint        max_tasks,
                 GError     **error)
{
  GVariant *args = g_variant_new ("(umsmvu)", processes, initializer, initargs, max_tasks);

  return mp_manager_create (self, "Pool", args, error);
}

/* Takes @result. */
static MpProxy *
to_proxy (GVariant  *result,
          GError   **error)
{
  g_autoptr (GVariant) owned = result;

  return owned != NULL ? mp_shareable_from_variant (owned, MP_TYPE_PROXY, error) : NULL;
}

static GVariant *
of_items (const char *function,
          GVariant   *items,
          guint       chunksize)
{
  return g_variant_new ("(svu)", function, items, chunksize);
}

/**
 * mp_proxy_apply:
 * @self: a proxy
 * @function: name of a registered function
 * @args: (nullable): its arguments; taken if it is floating
 * @error: return location for an error
 *
 * Calls a function in some worker of a `Pool` and waits for its value.
 *
 * Returns: (transfer full): what the function returned, or %NULL as mp_async_result_get() and
 *   mp_proxy_call() fail
 */
GVariant *
mp_proxy_apply (MpProxy     *self,
                const char  *function,
                GVariant    *args,
                GError     **error)
{
  return mp_proxy_call (self, "apply", g_variant_new ("(smv)", function, args), -1, error);
}

/**
 * mp_proxy_apply_async:
 * @self: a proxy
 * @function: name of a registered function
 * @args: (nullable): its arguments; taken if it is floating
 * @error: return location for an error
 *
 * Calls a function in some worker of a `Pool`, without waiting.
 *
 * Returns: (transfer full): a proxy of the `AsyncResult`, which other processes may have: for
 *   mp_proxy_get() and mp_proxy_wait(); its other methods are `ready` and `successful`. %NULL as
 *   mp_pool_apply_async() and mp_proxy_call() fail
 */
MpProxy *
mp_proxy_apply_async (MpProxy     *self,
                      const char  *function,
                      GVariant    *args,
                      GError     **error)
{
  GVariant *arguments = g_variant_new ("(smv)", function, args);

  return to_proxy (mp_proxy_call (self, "apply_async", arguments, -1, error), error);
}

/**
 * mp_proxy_map:
 * @self: a proxy
 * @function: name of a registered function
 * @items: an array, as for mp_pool_map(); taken if it is floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @error: return location for an error
 *
 * Calls a function for each item in the workers of a `Pool` and waits for all values.
 *
 * Returns: (transfer full): the values as an array, in the order of the items, or %NULL as
 *   mp_async_result_get() and mp_proxy_call() fail
 */
GVariant *
mp_proxy_map (MpProxy     *self,
              const char  *function,
              GVariant    *items,
              guint        chunksize,
              GError     **error)
{
  return mp_proxy_call (self, "map", of_items (function, items, chunksize), -1, error);
}

/**
 * mp_proxy_map_async:
 * @self: a proxy
 * @function: name of a registered function
 * @items: an array, as for mp_pool_map(); taken if it is floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @error: return location for an error
 *
 * As mp_proxy_map(), without waiting.
 *
 * Returns: (transfer full): a proxy of the `AsyncResult`, see mp_proxy_apply_async()
 */
MpProxy *
mp_proxy_map_async (MpProxy     *self,
                    const char  *function,
                    GVariant    *items,
                    guint        chunksize,
                    GError     **error)
{
  GVariant *args = of_items (function, items, chunksize);

  return to_proxy (mp_proxy_call (self, "map_async", args, -1, error), error);
}

/**
 * mp_proxy_starmap:
 * @self: a proxy
 * @function: name of a registered function
 * @items: an array of tuples; taken if it is floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @error: return location for an error
 *
 * As mp_proxy_map() for functions of several arguments: each item is a tuple.
 *
 * Returns: (transfer full): the values as an array, or %NULL as mp_proxy_map() fails
 */
GVariant *
mp_proxy_starmap (MpProxy     *self,
                  const char  *function,
                  GVariant    *items,
                  guint        chunksize,
                  GError     **error)
{
  return mp_proxy_call (self, "starmap", of_items (function, items, chunksize), -1, error);
}

/**
 * mp_proxy_starmap_async:
 * @self: a proxy
 * @function: name of a registered function
 * @items: an array of tuples; taken if it is floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @error: return location for an error
 *
 * As mp_proxy_starmap(), without waiting.
 *
 * Returns: (transfer full): a proxy of the `AsyncResult`, see mp_proxy_apply_async()
 */
MpProxy *
mp_proxy_starmap_async (MpProxy     *self,
                        const char  *function,
                        GVariant    *items,
                        guint        chunksize,
                        GError     **error)
{
  GVariant *args = of_items (function, items, chunksize);

  return to_proxy (mp_proxy_call (self, "starmap_async", args, -1, error), error);
}

/**
 * mp_proxy_imap:
 * @self: a proxy
 * @function: name of a registered function
 * @items: an array, as for mp_pool_map(); taken if it is floating
 * @error: return location for an error
 *
 * Calls a function for each item in the workers of a `Pool`.
 *
 * Returns: (transfer full): a proxy of an `Iterator` over the values, in the order of the items,
 *   for mp_proxy_next(): several processes may share it. %NULL as mp_pool_imap() and
 *   mp_proxy_call() fail
 */
MpProxy *
mp_proxy_imap (MpProxy     *self,
               const char  *function,
               GVariant    *items,
               GError     **error)
{
  return to_proxy (mp_proxy_call (self, "imap", of_items (function, items, 1), -1, error), error);
}

/**
 * mp_proxy_imap_unordered:
 * @self: a proxy
 * @function: name of a registered function
 * @items: an array, as for mp_pool_map(); taken if it is floating
 * @error: return location for an error
 *
 * As mp_proxy_imap(), with the values in the order in which they come.
 *
 * Returns: (transfer full): a proxy of an `Iterator`, or %NULL as mp_proxy_imap() fails
 */
MpProxy *
mp_proxy_imap_unordered (MpProxy     *self,
                         const char  *function,
                         GVariant    *items,
                         GError     **error)
{
  GVariant *args = of_items (function, items, 1);

  return to_proxy (mp_proxy_call (self, "imap_unordered", args, -1, error), error);
}

/**
 * mp_proxy_next:
 * @self: a proxy
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @value: (out) (transfer full) (nullable): what the function returned for the next item; %NULL at
 *   the end
 * @error: return location for an error
 *
 * Takes the next result of an `Iterator`. An item that failed gives its error in its place, and the
 * iteration goes on after it.
 *
 * Returns: %TRUE, or %FALSE with the error of the item, with %MP_ERROR_TIMEOUT if the next result
 *   was not there in time, otherwise as mp_proxy_call() fails
 */
gboolean
mp_proxy_next (MpProxy   *self,
               gint64     timeout,
               GVariant **value,
               GError   **error)
{
  g_autoptr (GVariant) result = NULL;

  g_return_val_if_fail (value != NULL, FALSE);

  *value = NULL;
  result = mp_proxy_call (self, "next", NULL, timeout, error);
  if (result == NULL)
    return FALSE;
  if (g_variant_is_of_type (result, G_VARIANT_TYPE ("mv")))
    g_variant_get (result, "mv", value);
  return TRUE;
}

/**
 * mp_proxy_close:
 * @self: a proxy
 * @error: return location for an error
 *
 * Has a `Pool` take no more items. Its workers leave when all is done; mp_proxy_join() waits for
 * that.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_proxy_close (MpProxy  *self,
                GError  **error)
{
  return done (mp_proxy_call (self, "close", NULL, -1, error));
}

/**
 * mp_proxy_terminate:
 * @self: a proxy
 * @error: return location for an error
 *
 * Ends a `Pool` now, as mp_pool_terminate() does; mp_proxy_join() waits for that.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_proxy_terminate (MpProxy  *self,
                    GError  **error)
{
  return done (mp_proxy_call (self, "terminate", NULL, -1, error));
}
