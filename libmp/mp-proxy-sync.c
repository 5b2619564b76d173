/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-proxy-types.h"

#include "mp-proxy-results-private.h"

/**
 * mp_manager_queue:
 * @self: a manager
 * @max_size: how many items can be in it, 0 for any number
 * @error: return location for an error
 *
 * Makes a queue in the manager.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_queue (MpManager  *self,
                  guint64     max_size,
                  GError    **error)
{
  return mp_manager_create (self, "Queue", g_variant_new_uint64 (max_size), error);
}

/**
 * mp_manager_joinable_queue:
 * @self: a manager
 * @max_size: how many items can be in it, 0 for any number
 * @error: return location for an error
 *
 * Makes a queue in the manager whose items are reported done.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_joinable_queue (MpManager  *self,
                           guint64     max_size,
                           GError    **error)
{
  return mp_manager_create (self, "JoinableQueue", g_variant_new_uint64 (max_size), error);
}

/**
 * mp_proxy_put:
 * @self: a proxy
 * @item: a value; taken if it is floating
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Puts an item into a `Queue` or `JoinableQueue`.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_FULL if there was no room in time, otherwise as
 *   mp_proxy_call() fails
 */
gboolean
mp_proxy_put (MpProxy   *self,
              GVariant  *item,
              gint64     timeout,
              GError   **error)
{
  return done (mp_proxy_call (self, "put", g_variant_new ("(v)", item), timeout, error));
}

/**
 * mp_proxy_get:
 * @self: a proxy
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Gets the next item of a `Queue` or `JoinableQueue`, or the value of an `AsyncResult`, which can
 * be got again. A process that dies while it waits for an item takes none.
 *
 * Returns: (transfer full): the item or value, or %NULL with %MP_ERROR_EMPTY if there was no item
 *   in time, %MP_ERROR_TIMEOUT if the result was not ready, otherwise as mp_async_result_get() and
 *   mp_proxy_call() fail
 */
GVariant *
mp_proxy_get (MpProxy  *self,
              gint64    timeout,
              GError  **error)
{
  return mp_proxy_call (self, "get", NULL, timeout, error);
}

/**
 * mp_proxy_task_done:
 * @self: a proxy
 * @error: return location for an error
 *
 * Reports an item of a `JoinableQueue` done.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_NOT_OWNED if it is called more often than there were
 *   items, otherwise as mp_proxy_call() fails
 */
gboolean
mp_proxy_task_done (MpProxy  *self,
                    GError  **error)
{
  return done (mp_proxy_call (self, "task_done", NULL, -1, error));
}

/**
 * mp_proxy_join:
 * @self: a proxy
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits until all items of a `JoinableQueue` are done, or the workers of a `Pool` that was closed
 * or terminated have ended.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_TIMEOUT if @timeout has passed, with %MP_ERROR_PROCESS
 *   if the pool is still running, otherwise as mp_proxy_call() fails
 */
gboolean
mp_proxy_join (MpProxy  *self,
               gint64    timeout,
               GError  **error)
{
  return done (mp_proxy_call (self, "join", NULL, timeout, error));
}

/**
 * mp_manager_lock:
 * @self: a manager
 * @error: return location for an error
 *
 * Makes a lock in the manager. Anybody may release it, as in Python.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_lock (MpManager  *self,
                 GError    **error)
{
  return mp_manager_create (self, "Lock", NULL, error);
}

/**
 * mp_manager_rlock:
 * @self: a manager
 * @error: return location for an error
 *
 * Makes a lock in the manager that its owner, a thread, may acquire again.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_rlock (MpManager  *self,
                  GError    **error)
{
  return mp_manager_create (self, "RLock", NULL, error);
}

/**
 * mp_manager_semaphore:
 * @self: a manager
 * @value: how many can have it at the same time
 * @error: return location for an error
 *
 * Makes a semaphore in the manager. What a process has acquired and not released is given back when
 * it dies.
 *
 * Returns: (transfer full): a proxy, or %NULL with %MP_ERROR_FAILED if @value is negative,
 *   otherwise as mp_manager_create() fails
 */
MpProxy *
mp_manager_semaphore (MpManager  *self,
                      gint64      value,
                      GError    **error)
{
  return mp_manager_create (self, "Semaphore", g_variant_new_int64 (value), error);
}

/**
 * mp_manager_bounded_semaphore:
 * @self: a manager
 * @value: how many can have it at the same time
 * @error: return location for an error
 *
 * Makes a semaphore in the manager that can not be released more often than it was acquired.
 *
 * Returns: (transfer full): a proxy, or %NULL with %MP_ERROR_FAILED if @value is negative,
 *   otherwise as mp_manager_create() fails
 */
MpProxy *
mp_manager_bounded_semaphore (MpManager  *self,
                              gint64      value,
                              GError    **error)
{
  return mp_manager_create (self, "BoundedSemaphore", g_variant_new_int64 (value), error);
}

/**
 * mp_manager_condition:
 * @self: a manager
 * @error: return location for an error
 *
 * Makes a condition in the manager, with a recursive lock of its own.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_condition (MpManager  *self,
                      GError    **error)
{
  return mp_manager_create (self, "Condition", NULL, error);
}

/**
 * mp_proxy_acquire:
 * @self: a proxy
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Acquires a `Lock`, `RLock`, `Semaphore`, `BoundedSemaphore` or `Condition`. When this process
 * dies it is released.
 *
 * Returns: %MP_ACQUIRED, %MP_ACQUIRED_OWNER_DIED if a process that had it died before it gave it
 *   back, %MP_ACQUIRED_NOT with %MP_ERROR_TIMEOUT if it was not free in time, otherwise as
 *   mp_proxy_call() fails
 */
MpAcquired
mp_proxy_acquire (MpProxy  *self,
                  gint64    timeout,
                  GError  **error)
{
  return number_or (mp_proxy_call (self, "acquire", NULL, timeout, error), MP_ACQUIRED_NOT);
}

/**
 * mp_proxy_release:
 * @self: a proxy
 * @error: return location for an error
 *
 * Releases a `Lock`, `RLock`, `Semaphore`, `BoundedSemaphore` or `Condition`.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_NOT_OWNED if it is not held, or not by this thread
 *   where that counts; otherwise as mp_proxy_call() fails
 */
gboolean
mp_proxy_release (MpProxy  *self,
                  GError  **error)
{
  return done (mp_proxy_call (self, "release", NULL, -1, error));
}

/**
 * mp_proxy_notify:
 * @self: a proxy
 * @count: how many, -1 for all
 * @error: return location for an error
 *
 * Wakes threads that wait for a `Condition`, which this one has to have acquired. One that has died
 * meanwhile is not waited for.
 *
 * Returns: %TRUE, or %FALSE with %MP_ERROR_NOT_OWNED if it is not acquired, otherwise as
 *   mp_proxy_call() fails
 */
gboolean
mp_proxy_notify (MpProxy  *self,
                 gint64    count,
                 GError  **error)
{
  return done (mp_proxy_call (self, "notify", g_variant_new ("(x)", count), -1, error));
}

/**
 * mp_manager_event:
 * @self: a manager
 * @error: return location for an error
 *
 * Makes an event in the manager.
 *
 * Returns: (transfer full): a proxy, or %NULL as mp_manager_create() fails
 */
MpProxy *
mp_manager_event (MpManager  *self,
                  GError    **error)
{
  return mp_manager_create (self, "Event", NULL, error);
}

/**
 * mp_proxy_set:
 * @self: a proxy
 * @error: return location for an error
 *
 * Sets an `Event`: all who wait for it are woken, even if it is cleared at once.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_proxy_set (MpProxy  *self,
              GError  **error)
{
  return done (mp_proxy_call (self, "set", NULL, -1, error));
}

/**
 * mp_proxy_clear:
 * @self: a proxy
 * @error: return location for an error
 *
 * Clears an `Event`, or empties a `dict`, `list` or `set`.
 *
 * Returns: %TRUE, or %FALSE as mp_proxy_call() fails
 */
gboolean
mp_proxy_clear (MpProxy  *self,
                GError  **error)
{
  return done (mp_proxy_call (self, "clear", NULL, -1, error));
}

/**
 * mp_proxy_is_set:
 * @self: a proxy
 * @error: return location for an error
 *
 * Asks whether an `Event` is set.
 *
 * Returns: whether it is; %FALSE also, with an error, as mp_proxy_call() fails
 */
gboolean
mp_proxy_is_set (MpProxy  *self,
                 GError  **error)
{
  return truth (mp_proxy_call (self, "is_set", NULL, -1, error));
}

/**
 * mp_manager_barrier:
 * @self: a manager
 * @parties: how many have to come
 * @error: return location for an error
 *
 * Makes a barrier in the manager. One who dies waiting has not come.
 *
 * Returns: (transfer full): a proxy, or %NULL with %MP_ERROR_FAILED if @parties is 0, otherwise
 *   as mp_manager_create() fails
 */
MpProxy *
mp_manager_barrier (MpManager  *self,
                    guint       parties,
                    GError    **error)
{
  return mp_manager_create (self, "Barrier", g_variant_new_uint32 (parties), error);
}

/**
 * mp_proxy_wait:
 * @self: a proxy
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits for an `Event`, a `Condition` (acquired by this thread, and so again afterwards), a
 * `Barrier` or an `AsyncResult`.
 *
 * Returns: for an event and a result 1; for a condition 1 if it was notified, 0 if @timeout has
 *   passed; for a barrier the place of this one among those who came, from 0; -1 with
 *   %MP_ERROR_TIMEOUT if an event was not set or a result not ready in time,
 *   %MP_ERROR_BROKEN_BARRIER if the barrier is broken, which @timeout does, too,
 *   %MP_ERROR_NOT_OWNED if the condition is not acquired, otherwise as mp_proxy_call() fails
 */
gint64
mp_proxy_wait (MpProxy  *self,
               gint64    timeout,
               GError  **error)
{
  return number (mp_proxy_call (self, "wait", NULL, timeout, error));
}
