/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-error.h"
#include "mp-pool-private.h"

/* Python's ways to call functions in a pool, and the feed of whoever wants more of it. */

/* Before anything is submitted. Returns: the function's number, G_MAXUINT on error */
static guint
prepare (MpPool      *self,
         const char  *function,
         GError     **error)
{
  if (!_mp_pool_is_ours (self))
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS,
                           "A pool can only be used in the process that made it");
      return G_MAXUINT;
    }
  if (!mp_pool_start (self, error))
    return G_MAXUINT;
  if (self->broken != NULL)
    {
      g_propagate_error (error, g_error_copy (self->broken));
      return G_MAXUINT;
    }
  if (self->closed || self->terminated)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED, "Pool not running");
      return G_MAXUINT;
    }
  return _mp_pool_function_id (self, function, error);
}

/**
 * mp_pool_apply_async:
 * @self: a pool
 * @function: name of a registered function
 * @args: (nullable): its arguments; consumed if floating
 * @callback: (nullable) (scope async): called with the value when it is there
 * @error_callback: (nullable) (scope async): called with the error instead
 * @user_data: for the callbacks
 * @error: return location for an error
 *
 * Calls a function in some worker. Fails at once if no worker could find the function.
 *
 * Returns: (transfer full): the result to come
 */
MpAsyncResult *
mp_pool_apply_async (MpPool           *self,
                     const char       *function,
                     GVariant         *args,
                     MpCallback        callback,
                     MpErrorCallback   error_callback,
                     gpointer          user_data,
                     GError          **error)
{
  g_autoptr(GVariant) owned = args != NULL ? g_variant_ref_sink (args) : NULL;
  MpAsyncResult *result;
  guint number;

  g_return_val_if_fail (MP_IS_POOL (self), NULL);
  g_return_val_if_fail (function != NULL, NULL);

  number = prepare (self, function, error);
  if (number == G_MAXUINT)
    return NULL;
  result = _mp_async_result_new (self, number, callback, error_callback, user_data);
  _mp_async_result_submit (result, args);
  return result;
}

/**
 * mp_pool_apply_later: (rename-to mp_pool_apply_async)
 * @self: a pool
 * @function: name of a registered function
 * @args: (nullable): its arguments; consumed if floating
 * @error: return location for an error
 *
 * As [method@Pool.apply_async] for those who ask the result itself, as
 * [method@AsyncResult.get_async] does: two callbacks with the data of both are nothing for other
 * languages.
 *
 * Returns: (transfer full): the result to come
 */
MpAsyncResult *
mp_pool_apply_later (MpPool      *self,
                     const char  *function,
                     GVariant    *args,
                     GError     **error)
{
  return mp_pool_apply_async (self, function, args, NULL, NULL, NULL, error);
}

/**
 * mp_pool_apply:
 * @self: a pool
 * @function: name of a registered function
 * @args: (nullable): its arguments; consumed if floating
 * @error: return location for an error
 *
 * Calls a function in some worker and waits for its value, see [method@AsyncResult.get].
 *
 * Returns: (transfer full): what the function returned
 */
GVariant *
mp_pool_apply (MpPool      *self,
               const char  *function,
               GVariant    *args,
               GError     **error)
{
  g_autoptr(GVariant) owned = args != NULL ? g_variant_ref_sink (args) : NULL;
  g_autoptr(MpAsyncResult) result = NULL;

  g_return_val_if_fail (MP_IS_POOL (self), NULL);
  g_return_val_if_fail (function != NULL, NULL);

  if (!_mp_pool_may_wait (self, error))
    return NULL;
  result = mp_pool_apply_async (self, function, args, NULL, NULL, NULL, error);
  return result == NULL ? NULL : mp_async_result_get (result, -1, error);
}

static MpAsyncResult *
start_map (MpPool           *self,
           const char       *function,
           GVariant         *items,
           guint             chunksize,
           gboolean          waits,
           MpCallback        callback,
           MpErrorCallback   error_callback,
           gpointer          user_data,
           GError          **error)
{
  g_autoptr(GVariant) owned = g_variant_ref_sink (items);
  MpAsyncResult *result;
  guint number;

  if (waits && !_mp_pool_may_wait (self, error))
    return NULL;
  number = prepare (self, function, error);
  if (number == G_MAXUINT)
    return NULL;
  result = _mp_async_result_new (self, number, callback, error_callback, user_data);
  _mp_async_result_submit_all (result, items, chunksize, waits);
  return result;
}

/**
 * mp_pool_map_async:
 * @self: a pool
 * @function: name of a registered function
 * @items: an array of any type; each element is the argument of one call, a variant's content
 *   if it is a variant. Consumed if floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @callback: (nullable) (scope async): called with the array of values when all are there
 * @error_callback: (nullable) (scope async): called with the first error instead
 * @user_data: for the callbacks
 * @error: return location for an error
 *
 * Calls a function for each item. As in Python the result is ready when every item is done, also
 * if one failed. Arrays of numbers are the fastest: they are never turned into GVariants one by
 * one.
 *
 * Returns: (transfer full): the result to come
 */
MpAsyncResult *
mp_pool_map_async (MpPool           *self,
                   const char       *function,
                   GVariant         *items,
                   guint             chunksize,
                   MpCallback        callback,
                   MpErrorCallback   error_callback,
                   gpointer          user_data,
                   GError          **error)
{
  g_return_val_if_fail (MP_IS_POOL (self), NULL);
  g_return_val_if_fail (function != NULL, NULL);
  g_return_val_if_fail (items != NULL && g_variant_is_of_type (items, G_VARIANT_TYPE_ARRAY), NULL);

  return start_map (self, function, items, chunksize, FALSE, callback, error_callback, user_data,
                    error);
}

/**
 * mp_pool_map_later: (rename-to mp_pool_map_async)
 * @self: a pool
 * @function: name of a registered function
 * @items: an array of any type, see [method@Pool.map_async]; consumed if floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @error: return location for an error
 *
 * As [method@Pool.map_async], see [method@Pool.apply_later].
 *
 * Returns: (transfer full): the result to come
 */
MpAsyncResult *
mp_pool_map_later (MpPool      *self,
                   const char  *function,
                   GVariant    *items,
                   guint        chunksize,
                   GError     **error)
{
  return mp_pool_map_async (self, function, items, chunksize, NULL, NULL, NULL, error);
}

/**
 * mp_pool_map:
 * @self: a pool
 * @function: name of a registered function
 * @items: an array of any type, see [method@Pool.map_async]; consumed if floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @error: return location for an error
 *
 * Calls a function for each item and waits for all values, see [method@AsyncResult.get].
 *
 * Returns: (transfer full): the values as an array, in the order of the items
 */
GVariant *
mp_pool_map (MpPool      *self,
             const char  *function,
             GVariant    *items,
             guint        chunksize,
             GError     **error)
{
  g_autoptr(MpAsyncResult) result = NULL;

  g_return_val_if_fail (MP_IS_POOL (self), NULL);
  g_return_val_if_fail (function != NULL, NULL);
  g_return_val_if_fail (items != NULL && g_variant_is_of_type (items, G_VARIANT_TYPE_ARRAY), NULL);

  result = start_map (self, function, items, chunksize, TRUE, NULL, NULL, NULL, error);
  return result == NULL ? NULL : mp_async_result_get (result, -1, error);
}

static gboolean
is_of_tuples (GVariant *items)
{
  return g_variant_is_of_type (items, G_VARIANT_TYPE ("ar"))
         || g_variant_is_of_type (items, G_VARIANT_TYPE ("av"));
}

/**
 * mp_pool_starmap_async:
 * @self: a pool
 * @function: name of a registered function
 * @items: an array of tuples; consumed if floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @callback: (nullable) (scope async): called with the array of values when all are there
 * @error_callback: (nullable) (scope async): called with the first error instead
 * @user_data: for the callbacks
 * @error: return location for an error
 *
 * As [method@Pool.map_async] for functions of several arguments: each item is a tuple.
 *
 * Returns: (transfer full): the result to come
 */
MpAsyncResult *
mp_pool_starmap_async (MpPool           *self,
                       const char       *function,
                       GVariant         *items,
                       guint             chunksize,
                       MpCallback        callback,
                       MpErrorCallback   error_callback,
                       gpointer          user_data,
                       GError          **error)
{
  g_return_val_if_fail (items != NULL, NULL);
  g_return_val_if_fail (is_of_tuples (items), NULL);

  return mp_pool_map_async (self, function, items, chunksize, callback, error_callback, user_data,
                            error);
}

/**
 * mp_pool_starmap:
 * @self: a pool
 * @function: name of a registered function
 * @items: an array of tuples; consumed if floating
 * @chunksize: how many items a worker reserves at once; 0 for what suits their number
 * @error: return location for an error
 *
 * As [method@Pool.map] for functions of several arguments: each item is a tuple.
 *
 * Returns: (transfer full): the values as an array, in the order of the items
 */
GVariant *
mp_pool_starmap (MpPool      *self,
                 const char  *function,
                 GVariant    *items,
                 guint        chunksize,
                 GError     **error)
{
  g_return_val_if_fail (items != NULL, NULL);
  g_return_val_if_fail (is_of_tuples (items), NULL);

  return mp_pool_map (self, function, items, chunksize, error);
}

static MpPoolIter *
iterate (MpPool          *self,
         const char      *function,
         MpItemSource     source,
         gpointer         user_data,
         GDestroyNotify   destroy,
         guint            chunksize,
         gboolean         ordered,
         GError         **error)
{
  guint number;

  g_return_val_if_fail (MP_IS_POOL (self), NULL);
  g_return_val_if_fail (function != NULL && source != NULL, NULL);

  number = prepare (self, function, error);
  if (number == G_MAXUINT)
    return NULL;
  return _mp_pool_iter_new (self, number, source, user_data, destroy, chunksize, ordered);
}

/**
 * mp_pool_imap:
 * @self: a pool
 * @function: name of a registered function
 * @source: (scope notified) (closure user_data) (destroy destroy): gives one item at each call
 * @user_data: for @source
 * @destroy: (nullable): frees @user_data when the source is not needed any more
 * @chunksize: how many items a worker reserves at once, 1 if 0
 * @error: return location for an error
 *
 * Calls a function for each item of a stream. Unlike Python's, it reads the source only a little
 * ahead of the results that are taken.
 *
 * Returns: (transfer full): an iterator over the values, in the order of the items
 */
MpPoolIter *
mp_pool_imap (MpPool          *self,
              const char      *function,
              MpItemSource     source,
              gpointer         user_data,
              GDestroyNotify   destroy,
              guint            chunksize,
              GError         **error)
{
  return iterate (self, function, source, user_data, destroy, chunksize, TRUE, error);
}

/**
 * mp_pool_imap_unordered:
 * @self: a pool
 * @function: name of a registered function
 * @source: (scope notified) (closure user_data) (destroy destroy): gives one item at each call
 * @user_data: for @source
 * @destroy: (nullable): frees @user_data when the source is not needed any more
 * @chunksize: how many items a worker reserves at once, 1 if 0
 * @error: return location for an error
 *
 * As [method@Pool.imap], with the values in the order in which they come.
 *
 * Returns: (transfer full): an iterator over the values
 */
MpPoolIter *
mp_pool_imap_unordered (MpPool          *self,
                        const char      *function,
                        MpItemSource     source,
                        gpointer         user_data,
                        GDestroyNotify   destroy,
                        guint            chunksize,
                        GError         **error)
{
  return iterate (self, function, source, user_data, destroy, chunksize, FALSE, error);
}

/**
 * mp_pool_open_feed:
 * @self: a pool
 * @function: name of a registered function
 * @chunksize: how many items a worker reserves at once; 0 to adapt it to how long they take
 * @on_outcome: (scope forever): called once for each item
 * @on_room: (nullable) (scope forever): called when more items should be pushed
 * @user_data: for the callbacks
 * @error: return location for an error
 *
 * Opens a way in for a stream of items whose every outcome matters.
 *
 * Returns: (transfer full): a feed; the callbacks may be called as long as it has items pending
 */
MpPoolFeed *
mp_pool_open_feed (MpPool         *self,
                   const char     *function,
                   guint           chunksize,
                   MpOutcomeFunc   on_outcome,
                   MpRoomFunc      on_room,
                   gpointer        user_data,
                   GError        **error)
{
  guint number;

  g_return_val_if_fail (MP_IS_POOL (self), NULL);
  g_return_val_if_fail (function != NULL && on_outcome != NULL, NULL);

  number = prepare (self, function, error);
  if (number == G_MAXUINT)
    return NULL;
  return _mp_pool_feed_new (self, number, chunksize, on_outcome, on_room, user_data);
}
