/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <unistd.h>

#include "mp-manager.h"

#include "mp-connection.h"
#include "mp-error.h"
#include "mp-finalize.h"
#include "mp-function-private.h"
#include "mp-log.h"
#include "mp-payload-private.h"
#include "mp-process.h"
#include "mp-process-private.h"
#include "mp-proxy-private.h"
#include "mp-server-private.h"
#include "mp-socket-private.h"
#include "mp-shareable.h"

/* How long the server may take to end by itself, and when it is told to. */
#define SHUTDOWN_TIME G_TIME_SPAN_SECOND

/* Control connection, address, initializer, its arguments. */
#define SERVE_ARGS "((sv)msmsmv)"

/**
 * MpManager:
 *
 * A process that keeps objects for others, which use them through proxies: Python's `SyncManager`.
 *
 * There are `dict`, `list`, `set`, `Namespace`, `Value`, `Array`, `Queue`, `JoinableQueue`,
 * `Event`, `Lock`, `RLock`, `Semaphore`, `BoundedSemaphore`, `Condition`, `Barrier` and `Pool`, and
 * the types that the program registers, see mp_manager_register_type(). Values are #GVariant of any
 * type without descriptors.
 *
 * The server has one thread for all that and waits for nobody: a client that is dead, stopped or
 * slow delays no other. A client that dies takes what it waited for back, and its locks and
 * semaphores are released: the next one to acquire them is told (%MP_ACQUIRED_OWNER_DIED). Python's
 * server has a thread for each client, and a lock whose owner has died stays locked.
 *
 * Clients prove by the key that they may: that of the process family unless another is given. It is
 * never in arguments or the environment, nor inside a proxy: a process that does not have it, as
 * the manager has one of its own, calls mp_manager_new_remote() before it takes a proxy.
 *
 * The manager ends when its object does, when the process that has started it exits, and also if
 * that is killed.
 */
struct _MpManager
{
  GObject          parent_instance;

  /* Owned */
  char            *address;
  GBytes          *authkey;
  MpManagerClient *client;     /* NULL until it is started */
  MpProcess       *process;    /* NULL of a remote one */
  MpConnection    *control;    /* its other end tells the server that this process is there */

  /* Borrowed */
  MpContext       *context;
  MpFinalizer     *at_exit;

  guint            shut : 1;
};

G_DEFINE_FINAL_TYPE (MpManager, mp_manager, G_TYPE_OBJECT)

static void
mp_manager_dispose (GObject *object)
{
  MpManager *self = MP_MANAGER (object);

  if (self->process != NULL)
    mp_manager_shutdown (self, NULL);
  g_clear_object (&self->control);
  g_clear_object (&self->process);

  G_OBJECT_CLASS (mp_manager_parent_class)->dispose (object);
}

static void
mp_manager_finalize (GObject *object)
{
  MpManager *self = MP_MANAGER (object);

  g_clear_pointer (&self->client, _mp_manager_client_unref);
  g_clear_pointer (&self->authkey, g_bytes_unref);
  g_free (self->address);

  G_OBJECT_CLASS (mp_manager_parent_class)->finalize (object);
}

static void
mp_manager_class_init (MpManagerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = mp_manager_dispose;
  G_OBJECT_CLASS (klass)->finalize = mp_manager_finalize;
}

static void
mp_manager_init (MpManager *self)
{
}

/* In the server's process. */

/* Tells the creator where it is, or why not. */
static gboolean
report (MpConnection *control,
        MpListener   *listener,
        GError       *error)
{
  GVariant *answer = listener != NULL ? g_variant_new_string (mp_listener_get_address (listener))
                                      : _mp_error_to_variant (error);

  return mp_connection_send (control, answer, NULL);
}

static GVariant *
mp_manager_run_server (GVariant  *args,
                       GError   **error)
{
  g_autoptr (MpConnection) control = NULL;
  g_autoptr (MpListener) listener = NULL;
  g_autoptr (GVariant) end = NULL;
  g_autoptr (GVariant) initargs = NULL;
  g_autoptr (GError) own_error = NULL;
  const char *address, *initializer;
  MpServer server = { 0 };

  g_variant_get (args, "(@(sv)m&sm&smv)", &end, &address, &initializer, &initargs);
  control = mp_shareable_from_variant (end, MP_TYPE_CONNECTION, error);
  if (control == NULL)
    return NULL;
  if (initializer == NULL || _mp_function_perform (initializer, initargs, &own_error))
    listener = mp_listener_new (address, mp_process_get_authkey (mp_process_get_current ()),
                                &own_error);
  if (!report (control, listener, own_error) || listener == NULL)
    return NULL;

  mp_log (MP_LOG_INFO, "manager serving at '%s'", mp_listener_get_address (listener));
  server.listener = listener;
  server.control = mp_connection_get_fd (control);
  _mp_server_run (&server, error);
  return NULL;
}
MP_REGISTER_FUNCTION (mp_manager_run_server)

/* In the processes that use it. */

/**
 * mp_manager_new:
 * @context: (nullable): how to start its process, %NULL for the default
 * @address: (nullable): where it will listen, as for mp_listener_new(); %NULL for a new name
 * @authkey: (nullable): the key that clients must have, %NULL for that of this process
 *
 * Describes a manager, to be started.
 *
 * Returns: (transfer full): the manager
 */
MpManager *
mp_manager_new (MpContext  *context,
                const char *address,
                GBytes     *authkey)
{
  MpManager *self = g_object_new (MP_TYPE_MANAGER, NULL);

  g_return_val_if_fail (context == NULL || MP_IS_CONTEXT (context), self);

  if (authkey == NULL)
    authkey = mp_process_get_authkey (mp_process_get_current ());
  self->context = context;
  self->address = g_strdup (address);
  self->authkey = g_bytes_ref (authkey);
  return self;
}

static gboolean
check_state (MpManager  *self,
             gboolean    started,
             GError    **error)
{
  const char *problem = NULL;

  if (self->shut)
    problem = "Manager has shut down";
  else if (!started && self->client != NULL)
    problem = "Already started server";
  else if (started && self->client == NULL)
    problem = "server not yet started";
  if (problem == NULL)
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS, problem);
  return FALSE;
}

static void
shut_down_at_exit (gpointer object,
                   gpointer user_data)
{
  MP_MANAGER (object)->at_exit = NULL;
  mp_manager_shutdown (object, NULL);
}

static MpProcess *
describe_process (MpManager    *self,
                  MpConnection *theirs,
                  const char   *initializer,
                  GVariant     *initargs)
{
  GVariant *args = g_variant_new ("(@(sv)msmsmv)", mp_shareable_to_variant (MP_SHAREABLE (theirs)),
                                  self->address, initializer, initargs);
  MpProcess *process = mp_process_new_full (self->context, NULL, "mp_manager_run_server", args);
  g_autofree char *name =
    g_strconcat ("SyncManager-", _mp_process_get_private (process)->identity, NULL);

  mp_process_set_name (process, name);
  mp_process_set_authkey (process, self->authkey);
  mp_process_set_daemon (process, FALSE);
  /* Ctrl-C is for the processes that use it; it ends with its creator. */
  _mp_process_get_private (process)->ignored_signal = SIGINT;
  /* It ends with this process, not with the thread that happens to start it. */
  g_object_set (process, "death-signal", 0, NULL);
  return process;
}

/* Waits until the server says where it is. */
static char *
receive_address (MpConnection  *control,
                 GError       **error)
{
  g_autoptr (GVariant) answer = mp_connection_recv (control, NULL);

  if (answer == NULL)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_SPAWN, "The manager has ended before it served");
  else if (g_variant_is_of_type (answer, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (answer, NULL);
  else
    g_propagate_error (error, _mp_error_from_variant (answer, "the manager"));
  return NULL;
}

/**
 * mp_manager_start:
 * @self: a manager that was not started
 * @initializer: (nullable): a registered function to call first in its process
 * @initargs: (nullable): its arguments; taken if it is floating
 * @error: return location for an error
 *
 * Starts the process, `SyncManager-1` for example, and waits until it listens.
 *
 * Returns: %FALSE with %MP_ERROR_PROCESS if it was started before; with the error of @initializer,
 *   or of listening; otherwise as mp_process_start() fails
 */
gboolean
mp_manager_start (MpManager   *self,
                  const char  *initializer,
                  GVariant    *initargs,
                  GError     **error)
{
  g_autoptr (MpConnection) ours = NULL;
  g_autoptr (MpConnection) theirs = NULL;
  g_autoptr (MpProcess) process = NULL;
  char *address;

  g_return_val_if_fail (MP_IS_MANAGER (self), FALSE);

  if (!check_state (self, FALSE, error) || !mp_pipe (TRUE, &ours, &theirs, error))
    {
      if (initargs != NULL)
        g_variant_unref (g_variant_ref_sink (initargs));
      return FALSE;
    }

  process = describe_process (self, theirs, initializer, initargs);
  if (!mp_process_start (process, error))
    return FALSE;
  mp_connection_close (theirs);
  address = receive_address (ours, error);
  if (address == NULL)
    {
      mp_process_join (process, -1, NULL);
      return FALSE;
    }

  g_free (self->address);
  self->address = address;
  self->client = _mp_manager_client_get (address, self->authkey);
  self->process = g_steal_pointer (&process);
  self->control = g_steal_pointer (&ours);
  self->at_exit = mp_finalizer_add (shut_down_at_exit, self, NULL, 0);
  return TRUE;
}

/**
 * mp_manager:
 * @error: return location for an error
 *
 * Makes and starts a manager with all defaults: Python's `Manager()`.
 *
 * Returns: (transfer full): the manager, or %NULL as mp_manager_start() fails
 */
MpManager *
mp_manager (GError **error)
{
  g_autoptr (MpManager) self = mp_manager_new (NULL, NULL, NULL);

  return mp_manager_start (self, NULL, NULL, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * mp_manager_new_remote:
 * @address: where a manager listens
 * @authkey: (nullable): its key, %NULL for that of this process
 * @timeout: how long to wait for it, in microseconds, -1 for as long as half a minute
 * @error: return location for an error
 *
 * Connects to a manager that another program has started: Python's `connect`. It stays when this
 * object is gone. From now on proxies of it can be taken in this process.
 *
 * Returns: (transfer full): the manager, or %NULL with %MP_ERROR_EOF if there is none,
 *   %MP_ERROR_AUTHENTICATION if that is not the key, otherwise as mp_client() fails
 */
MpManager *
mp_manager_new_remote (const char  *address,
                       GBytes      *authkey,
                       gint64       timeout,
                       GError     **error)
{
  g_autoptr (MpManager) self = NULL;
  g_autofree char *resolved = NULL;

  g_return_val_if_fail (address != NULL, NULL);

  /* Proxies that come back to the manager must be known for its own, by whatever name it is called
   * here. */
  resolved = _mp_socket_resolve (address, error);
  if (resolved == NULL)
    return NULL;
  self = mp_manager_new (NULL, address, authkey);
  self->client = _mp_manager_client_get (resolved, self->authkey);
  return _mp_manager_client_connect (self->client, timeout, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * mp_manager_serve:
 * @address: (nullable): where to listen, as for mp_listener_new()
 * @authkey: (nullable): the key that clients must have, %NULL for that of this process
 * @error: return location for an error
 *
 * Makes this process a manager until somebody shuts it down: Python's
 * `get_server().serve_forever()`. The address has to be the one that clients use, not that of all
 * networks: proxies carry it, and the manager knows its own by it.
 *
 * Returns: %FALSE with %MP_ERROR_FAILED if it can't listen there
 */
gboolean
mp_manager_serve (const char  *address,
                  GBytes      *authkey,
                  GError     **error)
{
  MpServer server = { .control = -1 };
  g_autoptr (MpListener) listener = NULL;

  if (authkey == NULL)
    authkey = mp_process_get_authkey (mp_process_get_current ());
  listener = mp_listener_new (address, authkey, error);
  if (listener == NULL)
    return FALSE;
  server.listener = listener;
  return _mp_server_run (&server, error);
}

static void
end_process (MpManager *self)
{
  if (mp_process_join (self->process, SHUTDOWN_TIME, NULL))
    return;
  mp_log (MP_LOG_INFO, "manager still alive");
  mp_log (MP_LOG_INFO, "trying to `terminate()` manager process");
  mp_process_terminate (self->process, NULL);
  if (mp_process_join (self->process, SHUTDOWN_TIME, NULL))
    return;
  mp_log (MP_LOG_INFO, "manager still alive after terminate");
  mp_process_kill (self->process, NULL);
  mp_process_join (self->process, -1, NULL);
}

/**
 * mp_manager_shutdown:
 * @self: a manager
 * @error: return location for an error
 *
 * Ends the manager's process, a remote one's as well: the calls of all processes fail from now on.
 * One that was started here is waited for, and killed if it doesn't end within two seconds. To
 * shut down a second time, or in a child of the process that has started it, does nothing.
 *
 * Returns: %FALSE with %MP_ERROR_PROCESS if it was not started
 */
gboolean
mp_manager_shutdown (MpManager  *self,
                     GError    **error)
{
  g_return_val_if_fail (MP_IS_MANAGER (self), FALSE);

  if (self->shut)
    return TRUE;
  if (!check_state (self, TRUE, error))
    return FALSE;
  self->shut = TRUE;
  if (self->process != NULL && _mp_process_get_private (self->process)->owner != getpid ())
    return TRUE;

  if (self->at_exit != NULL)
    mp_finalizer_cancel (g_steal_pointer (&self->at_exit));
  if (self->process == NULL || mp_process_is_alive (self->process))
    {
      g_autoptr (GVariant) result = NULL;

      mp_log (MP_LOG_INFO, "sending shutdown message to manager");
      /* One that hangs may not hang this process. */
      result = _mp_manager_client_call_until (self->client, 0, "shutdown",
                                              g_variant_new_tuple (NULL, 0), -1,
                                              g_get_monotonic_time () + SHUTDOWN_TIME, NULL);
    }
  if (self->process != NULL)
    end_process (self);
  _mp_manager_client_retire (self->client);
  return TRUE;
}

/**
 * mp_manager_join:
 * @self: a manager that was started here
 * @timeout: how long to wait, in microseconds, -1 for ever
 * @error: return location for an error
 *
 * Waits until the manager's process has ended.
 *
 * Returns: %FALSE with %MP_ERROR_PROCESS if it was not started here, %MP_ERROR_TIMEOUT if @timeout
 *   has passed
 */
gboolean
mp_manager_join (MpManager  *self,
                 gint64      timeout,
                 GError    **error)
{
  g_return_val_if_fail (MP_IS_MANAGER (self), FALSE);

  if (self->process != NULL)
    return mp_process_join (self->process, timeout, error);

  g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS, "The manager was not started here");
  return FALSE;
}

/**
 * mp_manager_get_address:
 * @self: a manager
 *
 * Gets the address, which other processes need.
 *
 * Returns: (nullable): where it listens; before the start what was asked for
 */
const char *
mp_manager_get_address (MpManager *self)
{
  g_return_val_if_fail (MP_IS_MANAGER (self), NULL);

  return self->address;
}

/**
 * mp_manager_get_pid:
 * @self: a manager
 *
 * Gets the manager's process.
 *
 * Returns: the number of its process, 0 if it was not started here
 */
pid_t
mp_manager_get_pid (MpManager *self)
{
  g_return_val_if_fail (MP_IS_MANAGER (self), 0);

  return self->process != NULL ? mp_process_get_pid (self->process) : 0;
}

/**
 * mp_manager_count_objects:
 * @self: a manager
 * @error: return location for an error
 *
 * Counts the objects in the manager.
 *
 * Returns: how many objects it keeps, -1 with an error as mp_manager_create() fails
 */
gint64
mp_manager_count_objects (MpManager  *self,
                          GError    **error)
{
  g_autoptr (GVariant) count = NULL;

  g_return_val_if_fail (MP_IS_MANAGER (self), -1);

  if (check_state (self, TRUE, error))
    count = _mp_manager_client_call (self->client, 0, "number_of_objects",
                                     g_variant_new_tuple (NULL, 0), -1, error);
  return count != NULL ? g_variant_get_uint32 (count) : -1;
}

/**
 * mp_manager_create:
 * @self: a manager
 * @type_id: the name of a type: a built-in one, or of mp_manager_register_type()
 * @args: (nullable): what it is made of: see the functions for each type; taken if it is floating
 * @error: return location for an error
 *
 * Has the manager make an object.
 *
 * Returns: (transfer full): a proxy of it, or %NULL with %MP_ERROR_NOT_REGISTERED if there is no
 *   such type, with the error of its constructor, %MP_ERROR_PROCESS if the manager was not started
 *   or has been shut down, %MP_ERROR_EOF if it has ended
 */
MpProxy *
mp_manager_create (MpManager   *self,
                   const char  *type_id,
                   GVariant    *args,
                   GError     **error)
{
  g_autoptr (GVariant) sunk = args != NULL ? args : g_variant_new_tuple (NULL, 0);
  g_autoptr (GVariant) id = NULL;

  g_variant_ref_sink (sunk);
  g_return_val_if_fail (MP_IS_MANAGER (self), NULL);
  g_return_val_if_fail (type_id != NULL, NULL);

  if (!check_state (self, TRUE, error))
    return NULL;
  mp_log (MP_LOG_DEBUG, "requesting creation of a shared '%s' object", type_id);
  id = _mp_manager_client_call (self->client, 0, "create", g_variant_new ("(sv)", type_id, sunk),
                                -1, error);
  if (id == NULL)
    return NULL;
  _mp_manager_client_created (self->client, g_variant_get_uint64 (id));
  return _mp_proxy_new (self->client, type_id, g_variant_get_uint64 (id));
}
