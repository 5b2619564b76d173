/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-proxy.h"

#include "mp-error.h"
#include "mp-handles-private.h"
#include "mp-proxy-private.h"
#include "mp-shareable-private.h"

/**
 * MpProxy:
 *
 * An object that lives in the process of a [class@Manager], and is used from others.
 *
 * Each call is a message there and one back. A process has one connection to a manager, whatever
 * the number of its proxies and threads; any thread may call, and a call that waits (for an item of
 * a queue, a lock) keeps no other waiting. If the manager dies, each call fails at once with
 * %MP_ERROR_EOF.
 *
 * A proxy is an #MpShareable: it goes to other processes in arguments, through connections and
 * queues, and into other shared objects, as the value of a dict for example. The object lives until
 * no process and no value in the manager knows of it; a process that dies knows of nothing any
 * more, and what it held, locks above all, is released. While a proxy is on its way, the object
 * lives as long as its sender, and a minute longer.
 *
 * Arguments and results must hold no descriptors.
 */
struct _MpProxy
{
  GObject          parent_instance;

  /* Owned */
  MpManagerClient *client;
  char            *type_id;

  guint64          id;
};

static void mp_proxy_shareable_init (MpShareableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MpProxy, mp_proxy, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MP_TYPE_SHAREABLE, mp_proxy_shareable_init))
MP_REGISTER_SHAREABLE_TYPE (mp_proxy)

static void
mp_proxy_finalize (GObject *object)
{
  MpProxy *self = MP_PROXY (object);

  _mp_manager_client_release (self->client, self->id);
  _mp_manager_client_unref (self->client);
  g_free (self->type_id);

  G_OBJECT_CLASS (mp_proxy_parent_class)->finalize (object);
}

static void
mp_proxy_class_init (MpProxyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_proxy_finalize;
}

static void
mp_proxy_init (MpProxy *self)
{
}

/* Of an object that @client was told of. */
MpProxy *
_mp_proxy_new (MpManagerClient *client,
               const char      *type_id,
               guint64          id)
{
  MpProxy *self = g_object_new (MP_TYPE_PROXY, NULL);

  self->client = _mp_manager_client_ref (client);
  self->type_id = g_strdup (type_id);
  self->id = id;
  return self;
}

static GVariant *
mp_proxy_to_variant (MpShareable *shareable)
{
  MpProxy *self = MP_PROXY (shareable);
  g_autoptr (GVariant) token = NULL;

  /* Without a manager it is a proxy of nothing over there, too. */
  token = _mp_manager_client_call (self->client, 0, "lend", g_variant_new ("(t)", self->id), -1,
                                   NULL);
  return g_variant_new (MP_PROXY_STATE_TYPE, _mp_manager_client_address (self->client),
                        self->type_id, self->id,
                        token != NULL ? g_variant_get_uint64 (token) : (guint64) 0);
}

static MpShareable *
mp_proxy_from_variant (GType      type,
                       GVariant  *state,
                       GError   **error)
{
  MpManagerClient *client;
  MpProxy *self = NULL;
  const char *address, *type_id;
  guint64 id, token;

  if (!_mp_shareable_check_state (state, MP_PROXY_STATE_TYPE, "a proxy", error))
    return NULL;

  g_variant_get (state, "(&s&stt)", &address, &type_id, &id, &token);
  client = _mp_manager_client_get (address, NULL);
  if (_mp_manager_client_adopt (client, id, token, error))
    self = _mp_proxy_new (client, type_id, id);
  _mp_manager_client_unref (client);
  return self != NULL ? MP_SHAREABLE (self) : NULL;
}

static void
mp_proxy_shareable_init (MpShareableInterface *iface)
{
  iface->to_variant = mp_proxy_to_variant;
  iface->from_variant = mp_proxy_from_variant;
}

/**
 * mp_proxy_get_type_id:
 * @self: a proxy
 *
 * Gets the name of the type of the object.
 *
 * Returns: the name of the type it was created with: `dict`, `list`, `Queue`…
 */
const char *
mp_proxy_get_type_id (MpProxy *self)
{
  g_return_val_if_fail (MP_IS_PROXY (self), NULL);

  return self->type_id;
}

static GVariant *
check_args (GVariant  *args,
            GError   **error)
{
  g_autoptr (GVariant) sunk = args != NULL ? args : g_variant_new_tuple (NULL, 0);

  g_variant_ref_sink (sunk);
  if (!_mp_handles_present (sunk))
    return g_steal_pointer (&sunk);

  g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                       "Descriptors, and the shared objects made of them, can't be given to a"
                       " manager");
  return NULL;
}

/**
 * mp_proxy_call:
 * @self: a proxy
 * @method: the name of a method, as in Python: `__setitem__`, `append`, `put`…
 * @args: (nullable): its arguments, a tuple for the built-in types; taken if it is floating
 * @timeout: how long a method that waits may do so, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Calls a method of the object and waits for the result, `()` if there is none. For the built-in
 * types there are functions that read better: mp_dict_set(), mp_list_append(), mp_proxy_put()…
 *
 * Returns: (transfer full): the result, or %NULL with the error of the method;
 *   %MP_ERROR_NOT_REGISTERED if there is no such method, %MP_ERROR_BAD_MESSAGE if @args are not of
 *   the type it takes, or hold descriptors; %MP_ERROR_EOF if the manager has ended,
 *   %MP_ERROR_AUTHENTICATION if this process does not have its key
 */
GVariant *
mp_proxy_call (MpProxy     *self,
               const char  *method,
               GVariant    *args,
               gint64       timeout,
               GError     **error)
{
  g_autoptr (GVariant) checked = NULL;

  g_return_val_if_fail (MP_IS_PROXY (self), NULL);
  g_return_val_if_fail (method != NULL, NULL);

  checked = check_args (args, error);
  if (checked == NULL)
    return NULL;
  return _mp_manager_client_call (self->client, self->id, method, checked, timeout, error);
}

/**
 * mp_proxy_call_async:
 * @self: a proxy
 * @method: the name of a method
 * @args: (nullable): its arguments; taken if it is floating
 * @timeout: how long a method that waits may do so, in microseconds, 0 not at all, -1 for ever
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called with the result, in the thread's main context
 * @user_data: for @callback
 *
 * Calls a method as mp_proxy_call() does, without waiting for the result. A cancelled call that had
 * its result already, an item of a queue for example, gives that, so that nothing gets lost.
 */
void
mp_proxy_call_async (MpProxy             *self,
                     const char          *method,
                     GVariant            *args,
                     gint64               timeout,
                     GCancellable        *cancellable,
                     GAsyncReadyCallback  callback,
                     gpointer             user_data)
{
  g_autoptr (GVariant) checked = NULL;
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (MP_IS_PROXY (self));
  g_return_if_fail (method != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, mp_proxy_call_async);
  g_task_set_name (task, "proxy call");
  g_task_set_check_cancellable (task, FALSE);
  checked = check_args (args, &error);
  if (checked == NULL)
    g_task_return_error (task, error);
  else
    _mp_manager_client_start (self->client, self->id, method, checked, timeout, task);
}

/**
 * mp_proxy_call_finish:
 * @self: a proxy
 * @result: from the callback
 * @error: return location for an error
 *
 * Ends [method@Proxy.call_async].
 *
 * Returns: (transfer full): as mp_proxy_call(), or %NULL with %G_IO_ERROR_CANCELLED
 */
GVariant *
mp_proxy_call_finish (MpProxy       *self,
                      GAsyncResult  *result,
                      GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * mp_proxy_get_value:
 * @self: a proxy of a container or a value
 * @error: return location for an error
 *
 * Gets a copy of all of it: of a dict or a namespace the pairs, `a(vv)`, of a list or a set `av`,
 * of an array and a value what they were made of.
 *
 * Returns: (transfer full): the copy, or %NULL as mp_proxy_call() fails
 */
GVariant *
mp_proxy_get_value (MpProxy  *self,
                    GError  **error)
{
  g_return_val_if_fail (MP_IS_PROXY (self), NULL);

  return mp_proxy_call (self, g_str_equal (self->type_id, "Value") ? "get" : "copy", NULL, -1,
                        error);
}
