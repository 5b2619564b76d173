/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <sys/socket.h>

#include "mp-manager-client-private.h"

#include "mp-challenge-private.h"
#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-payload-private.h"
#include "mp-poll-private.h"
#include "mp-process.h"
#include "mp-server-private.h"
#include "mp-socket-private.h"

/* A manager that does not even begin to talk. */
#define CONNECT_TIME (30 * G_TIME_SPAN_SECOND)

/* Clients of managers that may be alive: address → MpManagerClient, no reference. */
static GHashTable *clients;
G_LOCK_DEFINE_STATIC (clients);

/* Threads share one connection. Whoever waits for an answer and finds nobody reading reads, for
 * itself and for the others. */

gboolean
_mp_manager_client_set_gone (MpManagerClient  *self,
          GError          **error)
{
  g_set_error (error, MP_ERROR, MP_ERROR_EOF, "The manager at “%s” has ended", self->address);
  return FALSE;
}

/* With the mutex. A broadcast asks the kernel even if nobody waits. */
void
_mp_manager_client_wake (MpManagerClient *self)
{
  if (self->n_waiting > 0)
    g_cond_broadcast (&self->changed);
}

MpManagerClient *
_mp_manager_client_ref (MpManagerClient *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

/* No more than once. */
static void
forget (MpManagerClient *self)
{
  if (clients != NULL && g_hash_table_lookup (clients, self->address) == self)
    g_hash_table_remove (clients, self->address);
}

void
_mp_manager_client_unref (MpManagerClient *self)
{
  gboolean last;

  G_LOCK (clients);
  last = g_atomic_int_dec_and_test (&self->refs);
  if (last)
    forget (self);
  G_UNLOCK (clients);
  if (!last)
    return;

  _mp_manager_client_clear_entries (self);
  _mp_clear_fd (&self->fd);
  g_hash_table_unref (self->calls);
  g_bytes_unref (self->authkey);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->sending);
  g_cond_clear (&self->changed);
  g_free (self->address);
  g_free (self);
}

const char *
_mp_manager_client_address (MpManagerClient *self)
{
  return self->address;
}

static MpManagerClient *
client_new (const char *address,
            GBytes     *authkey)
{
  MpManagerClient *self = g_new0 (MpManagerClient, 1);

  self->refs = 1;
  self->fd = -1;
  self->address = g_strdup (address);
  self->authkey = g_bytes_ref (authkey != NULL
                                 ? authkey : mp_process_get_authkey (mp_process_get_current ()));
  self->calls = g_hash_table_new (NULL, NULL);
  self->entries = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_mutex_init (&self->mutex);
  g_mutex_init (&self->sending);
  g_cond_init (&self->changed);
  return self;
}

/* @authkey: (nullable): for one that is new here; NULL for this process's own
 * Returns: (transfer full): that of this address */
MpManagerClient *
_mp_manager_client_get (const char *address,
                        GBytes     *authkey)
{
  MpManagerClient *self;

  G_LOCK (clients);
  if (clients == NULL)
    clients = g_hash_table_new (g_str_hash, g_str_equal);
  self = g_hash_table_lookup (clients, address);
  if (self != NULL)
    _mp_manager_client_ref (self);
  else
    {
      self = client_new (address, authkey);
      g_hash_table_insert (clients, self->address, self);
    }
  G_UNLOCK (clients);
  return self;
}

/* The manager has ended, or this process is done with it: what is called now fails, and another
 * manager that takes the same address is another one. */
void
_mp_manager_client_retire (MpManagerClient *self)
{
  GHashTableIter iter;
  gpointer call;

  G_LOCK (clients);
  forget (self);
  G_UNLOCK (clients);
  g_mutex_lock (&self->mutex);
  self->gone = TRUE;
  if (self->fd >= 0)
    shutdown (self->fd, SHUT_RDWR);
  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, NULL, &call))
    {
      GError *error = NULL;

      g_hash_table_iter_remove (&iter);
      _mp_manager_client_set_gone (self, &error);
      _mp_client_call_finish (call, NULL, error);
    }
  _mp_manager_client_wake (self);
  g_mutex_unlock (&self->mutex);
}

/* With the mutex. */
static gboolean
connect_locked (MpManagerClient  *self,
                gint64            timeout,
                GError          **error)
{
  gint64 deadline = _mp_deadline_of_timeout (timeout >= 0 ? timeout : CONNECT_TIME);
  mp_autofd int fd = -1;
  int type = SOCK_STREAM;

  if (self->gone)
    return _mp_manager_client_set_gone (self, error);
  if (self->fd >= 0)
    return TRUE;

  fd = _mp_socket_connect (self->address, deadline, error);
  if (fd < 0 || !_mp_challenge_run (MP_CHALLENGE_CLIENT, fd, self->authkey, deadline, error))
    {
      if (error != NULL && g_error_matches (*error, MP_ERROR, MP_ERROR_NOT_FOUND))
        {
          g_clear_error (error);
          _mp_manager_client_set_gone (self, error);
        }
      return FALSE;
    }
  getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t) { sizeof type });
  self->stream = type == SOCK_STREAM;
  self->fd = g_steal_fd (&fd);
  return TRUE;
}

gboolean
_mp_manager_client_connect (MpManagerClient  *self,
                            gint64            timeout,
                            GError          **error)
{
  gboolean connected;

  g_mutex_lock (&self->mutex);
  connected = connect_locked (self, timeout, error);
  g_mutex_unlock (&self->mutex);
  return connected;
}

/* Takes the value. */
static void
hand_out (MpManagerClient *self,
          const MpReply   *reply)
{
  g_autoptr (GVariant) value = reply->value;
  GError *error = NULL;
  MpClientCall *call;

  call = g_hash_table_lookup (self->calls, GUINT_TO_POINTER (reply->serial));
  if (!reply->failed)
    _mp_manager_client_note_grants (self, value);
  if (call == NULL)
    return;

  g_hash_table_remove (self->calls, GUINT_TO_POINTER (reply->serial));
  if (reply->failed)
    error = _mp_remote_error (value);
  _mp_client_call_finish (call, reply->failed ? NULL : g_steal_pointer (&value), error);
}

/* Reads one answer, with the mutex, which is released meanwhile. */
static void
read_one (MpManagerClient *self)
{
  MpMessage message;
  MpReply reply;
  gboolean ok;

  self->reading = TRUE;
  g_mutex_unlock (&self->mutex);
  ok = (self->stream ? _mp_stream_recv : _mp_message_recv) (self->fd, &message, NULL)
       && _mp_reply_decode (&message, &reply);
  if (!ok)
    _mp_manager_client_retire (self);
  g_mutex_lock (&self->mutex);
  self->reading = FALSE;
  if (ok)
    hand_out (self, &reply);
  _mp_manager_client_wake (self);
}

/* With the mutex. Returns: FALSE if it is later than @deadline */
static gboolean
wait_for_answer (MpManagerClient *self,
                 gint64           deadline)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };
  gboolean readable;

  if (self->reading)
    {
      gboolean in_time = TRUE;

      self->n_waiting++;
      if (deadline < 0)
        g_cond_wait (&self->changed, &self->mutex);
      else
        in_time = g_cond_wait_until (&self->changed, &self->mutex, deadline);
      self->n_waiting--;
      return in_time;
    }
  if (deadline >= 0)
    {
      self->reading = TRUE;
      g_mutex_unlock (&self->mutex);
      readable = _mp_poll_until (&poll_fd, deadline);
      g_mutex_lock (&self->mutex);
      self->reading = FALSE;
      _mp_manager_client_wake (self);
      if (!readable)
        return FALSE;
    }
  read_one (self);
  return TRUE;
}

/* With the mutex. */
static void
add_call (MpManagerClient *self,
          MpClientCall    *call)
{
  do
    self->last_serial++;
  while (self->last_serial == 0
         || g_hash_table_contains (self->calls, GUINT_TO_POINTER (self->last_serial)));
  call->serial = self->last_serial;
  g_hash_table_insert (self->calls, GUINT_TO_POINTER (call->serial), call);
}

/* As _mp_manager_client_call(), but gives up at @deadline, -1 for never. */
GVariant *
_mp_manager_client_call_until (MpManagerClient  *self,
                               guint64           id,
                               const char       *method,
                               GVariant         *args,
                               gint64            timeout,
                               gint64            deadline,
                               GError          **error)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (args);
  MpClientCall call = { .client = self };

  g_mutex_lock (&self->mutex);
  if (!connect_locked (self, deadline >= 0 ? MAX (deadline - g_get_monotonic_time (), 0) : -1,
                       &call.error))
    {
      g_mutex_unlock (&self->mutex);
      g_propagate_error (error, call.error);
      return NULL;
    }
  _mp_manager_client_log_first (self, id);
  add_call (self, &call);
  g_mutex_unlock (&self->mutex);

  _mp_manager_client_send (self, call.serial, id, method, sunk, timeout, deadline);

  g_mutex_lock (&self->mutex);
  while (!call.done && wait_for_answer (self, deadline))
    ;
  if (!call.done)
    {
      g_hash_table_remove (self->calls, GUINT_TO_POINTER (call.serial));
      g_set_error (&call.error, MP_ERROR, MP_ERROR_TIMEOUT,
                   "The manager at “%s” has not answered in time", self->address);
    }
  g_mutex_unlock (&self->mutex);
  if (call.error != NULL)
    g_propagate_error (error, call.error);
  return call.result;
}

/* Returns: (transfer full): the result of a method of object @id, 0 for the manager itself */
GVariant *
_mp_manager_client_call (MpManagerClient  *self,
                         guint64           id,
                         const char       *method,
                         GVariant         *args,
                         gint64            timeout,
                         GError          **error)
{
  return _mp_manager_client_call_until (self, id, method, args, timeout, -1, error);
}

/* Reads an answer if there is one: somebody else may have taken what there was. */
void
_mp_manager_client_read (MpManagerClient *self)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };

  g_mutex_lock (&self->mutex);
  if (!self->reading && !self->gone && poll (&poll_fd, 1, 0) > 0)
    read_one (self);
  g_mutex_unlock (&self->mutex);
}

static gboolean
on_readable (int          fd,
             GIOCondition condition,
             gpointer     user_data)
{
  MpManagerClient *self = user_data;

  _mp_manager_client_ref (self);
  _mp_manager_client_read (self);
  _mp_manager_client_unref (self);
  /* The call's end ends this. */
  return G_SOURCE_CONTINUE;
}

static gboolean
on_cancelled (GCancellable *cancellable,
              gpointer      user_data)
{
  MpClientCall *call = user_data;

  _mp_manager_client_send (call->client, 0, 0, "cancel", g_variant_new ("(u)", call->serial), -1,
                           -1);
  return G_SOURCE_REMOVE;
}

static void
attach (MpClientCall *call)
{
  MpManagerClient *self = call->client;
  GMainContext *context = g_task_get_context (call->task);
  GCancellable *cancellable = g_task_get_cancellable (call->task);

  call->source = g_unix_fd_source_new (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_static_name (call->source, "answers of a manager");
  g_source_set_callback (call->source, G_SOURCE_FUNC (on_readable), _mp_manager_client_ref (self),
                         (GDestroyNotify) _mp_manager_client_unref);
  g_source_attach (call->source, context);
  if (cancellable == NULL)
    return;

  call->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (call->cancelled, G_SOURCE_FUNC (on_cancelled), call, NULL);
  g_source_attach (call->cancelled, context);
}

/* As _mp_manager_client_call(), for @task, which gets the result. */
void
_mp_manager_client_start (MpManagerClient *self,
                          guint64          id,
                          const char      *method,
                          GVariant        *args,
                          gint64           timeout,
                          GTask           *task)
{
  GError *error = NULL;
  MpClientCall *call;
  guint32 serial;

  g_mutex_lock (&self->mutex);
  if (!connect_locked (self, -1, &error))
    {
      g_mutex_unlock (&self->mutex);
      g_task_return_error (task, error);
      return;
    }
  _mp_manager_client_log_first (self, id);
  call = g_new0 (MpClientCall, 1);
  call->client = _mp_manager_client_ref (self);
  call->task = g_object_ref (task);
  g_task_set_task_data (task, call, _mp_client_call_free);
  add_call (self, call);
  serial = call->serial;
  attach (call);
  g_mutex_unlock (&self->mutex);

  _mp_manager_client_send (self, serial, id, method, args, timeout, -1);
}

/* In a forked child, which has one thread, and connections that are its parent's. */
static void
after_fork (gpointer user_data)
{
  g_autoptr (GList) all = NULL;

  all = clients != NULL ? g_hash_table_get_values (clients) : NULL;
  for (GList *l = all; l != NULL; l = l->next)
    {
      MpManagerClient *self = l->data;

      g_mutex_init (&self->mutex);
      g_mutex_init (&self->sending);
      g_cond_init (&self->changed);
      g_hash_table_remove_all (self->calls);
      _mp_clear_fd (&self->fd);
      self->n_waiting = 0;
      self->reading = FALSE;
      self->told = FALSE;
      _mp_manager_client_inherit (self);
    }
  _mp_manager_client_inherit_args (mp_process_get_args (mp_process_get_current ()));
}

__attribute__ ((constructor)) static void
register_after_fork (void)
{
  _mp_after_fork_add (after_fork, NULL);
}
