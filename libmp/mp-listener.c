/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "mp-listener.h"

#include "mp-challenge-private.h"
#include "mp-connection-private.h"
#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-listener-private.h"
#include "mp-poll-private.h"
#include "mp-shareable-private.h"
#include "mp-socket-private.h"

/* As long may a peer take to prove itself, and as many may be at it. */
#define CHALLENGE_TIME (5 * G_TIME_SPAN_SECOND)
#define MAX_PENDING    64

/* Somebody who has connected. */
typedef struct
{
  /* Owned */
  MpChallenge  challenge;
  char        *name;
  GError      *error;      /* refused */
  int          fd;

  gint64       deadline;
  GList        link;
} Peer;

/**
 * MpListener:
 *
 * A place where other processes, children or not, can connect with mp_client().
 *
 * With a key both sides prove to each other that they have it, by HMAC-SHA256 of random bytes, and
 * nothing else is read before. Many may be at that at the same time: one that connects and says
 * nothing, or says it slowly, keeps nobody waiting, and is dropped after 5 seconds. Python waits
 * for it for ever.
 *
 * A forked child does not have the listener of its parent.
 *
 * One thread at a time may use a listener.
 */
struct _MpListener
{
  GObject  parent_instance;

  /* Owned */
  GBytes  *authkey;
  char    *address;
  char    *last_accepted;
  GQueue   pending;        /* Peers, oldest first */
  GQueue   finished;
  int      fd;
  int      events;         /* an epoll descriptor: @fd and the pending */

  int      accept_errno;
  pid_t    owner;          /* who made, and removes, the path */
};

G_DEFINE_FINAL_TYPE (MpListener, mp_listener, G_TYPE_OBJECT)

static void
peer_free (Peer *peer)
{
  _mp_challenge_clear (&peer->challenge);
  _mp_clear_fd (&peer->fd);
  g_clear_error (&peer->error);
  g_free (peer->name);
  g_free (peer);
}

static void
drop_peers (GQueue *queue)
{
  GList *link;

  while ((link = g_queue_pop_head_link (queue)) != NULL)
    peer_free (link->data);
}

static void
close_all (MpListener *self)
{
  drop_peers (&self->pending);
  drop_peers (&self->finished);
  _mp_clear_fd (&self->events);
  if (self->fd < 0)
    return;

  _mp_shareable_disown (self->fd);
  if (self->owner == getpid () && *self->address != '@' && strchr (self->address, '/') != NULL)
    unlink (self->address);
  _mp_clear_fd (&self->fd);
}

static void
mp_listener_finalize (GObject *object)
{
  MpListener *self = MP_LISTENER (object);

  close_all (self);
  g_clear_pointer (&self->authkey, g_bytes_unref);
  g_free (self->address);
  g_free (self->last_accepted);

  G_OBJECT_CLASS (mp_listener_parent_class)->finalize (object);
}

static void
mp_listener_class_init (MpListenerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_listener_finalize;
}

static void
mp_listener_init (MpListener *self)
{
  self->fd = -1;
  self->events = -1;
  self->owner = getpid ();
}

/* In a forked child. */
static void
left_out (gpointer object)
{
  close_all (object);
}

static gboolean
watch (MpListener *self,
       int         fd,
       Peer       *peer)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

  return epoll_ctl (self->events, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Goes on with the challenge of one that is pending. */
static void
advance (MpListener *self,
         Peer       *peer)
{
  MpChallengeState state = _mp_challenge_step (&peer->challenge, &peer->error);

  if (state == MP_CHALLENGE_WAITING)
    return;

  g_queue_unlink (&self->pending, &peer->link);
  epoll_ctl (self->events, EPOLL_CTL_DEL, peer->fd, NULL);
  /* Who only went away is nobody's business. */
  if (state == MP_CHALLENGE_FAILED
      && !g_error_matches (peer->error, MP_ERROR, MP_ERROR_AUTHENTICATION))
    peer_free (peer);
  else
    g_queue_push_tail_link (&self->finished, &peer->link);
}

/* Takes @fd and @name. */
static void
begin (MpListener *self,
       int         fd,
       char       *name)
{
  Peer *peer = g_new0 (Peer, 1);

  peer->fd = fd;
  peer->name = name;
  peer->link.data = peer;
  peer->deadline = g_get_monotonic_time () + CHALLENGE_TIME;
  if ((self->authkey == NULL && !_mp_socket_same_user (fd))
      || !_mp_challenge_init (&peer->challenge, MP_CHALLENGE_SERVER, fd, self->authkey, NULL)
      || !watch (self, fd, peer))
    {
      peer_free (peer);
      return;
    }

  if (self->pending.length == MAX_PENDING)
    peer_free (g_queue_pop_head_link (&self->pending)->data);
  g_queue_push_tail_link (&self->pending, &peer->link);
  advance (self, peer);
}

static void
drop_late (MpListener *self)
{
  gint64 now = g_get_monotonic_time ();

  while (self->pending.length > 0 && ((Peer *) self->pending.head->data)->deadline <= now)
    peer_free (g_queue_pop_head_link (&self->pending)->data);
}

int
_mp_listener_get_fd (MpListener *self)
{
  return self->events;
}

/* Does what there is to do. Returns: whether _mp_listener_take() has something to give */
gboolean
_mp_listener_step (MpListener *self)
{
  struct epoll_event event;
  char *name;
  int fd;

  /* One at a time: what is dropped meanwhile must not come up again. */
  while (self->finished.length == 0 && self->accept_errno == 0
         && epoll_wait (self->events, &event, 1, 0) == 1)
    {
      if (event.data.ptr != NULL)
        advance (self, event.data.ptr);
      else if ((fd = _mp_socket_accept (self->fd, &name)) >= 0)
        begin (self, fd, name);
      else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        self->accept_errno = errno;
    }
  drop_late (self);
  return self->finished.length > 0 || self->accept_errno != 0;
}

/* Returns the next socket of one who has proved himself, or -1 with the error of one who could
 * not. */
int
_mp_listener_take (MpListener  *self,
                   GError     **error)
{
  int accept_errno = self->accept_errno;
  Peer *peer;
  int fd;

  self->accept_errno = 0;
  if (self->finished.length == 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not accept a connection: %s",
                   g_strerror (accept_errno));
      return -1;
    }

  peer = g_queue_pop_head_link (&self->finished)->data;
  fd = peer->error == NULL ? g_steal_fd (&peer->fd) : -1;
  if (fd < 0)
    g_propagate_error (error, g_steal_pointer (&peer->error));
  g_free (self->last_accepted);
  self->last_accepted = g_steal_pointer (&peer->name);
  peer_free (peer);
  return fd;
}

static MpConnection *
take_connection (MpListener  *self,
                 GError     **error)
{
  int fd = _mp_listener_take (self, error);

  return fd >= 0 ? _mp_connection_new (fd) : NULL;
}

static gboolean
check_open (MpListener  *self,
            GError     **error)
{
  if (self->fd >= 0)
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED, "listener is closed");
  return FALSE;
}

/**
 * mp_listener_new:
 * @address: (nullable): where to listen, %NULL for a new name in no folder
 * @authkey: (nullable): the key that peers must have, %NULL for none
 * @error: return location for an error
 *
 * Listens. An address is `@` and a name (of Linux' abstract kind, of which nothing can be left
 * behind), the path of a socket, with a `/` in it (it must not exist, is for this user alone, and
 * is removed with the listener), or `HOST:PORT` for TCP: without a host it is 127.0.0.1, so that
 * nobody from outside gets in unless told otherwise; port 0 is a free one.
 *
 * Over a local socket without a key only processes of this user, and root, are let in.
 *
 * Returns: (transfer full): the listener, or %NULL with %MP_ERROR_FAILED if @address is none, or
 *   can't be listened at
 */
MpListener *
mp_listener_new (const char  *address,
                 GBytes      *authkey,
                 GError     **error)
{
  g_autoptr (MpListener) self = g_object_new (MP_TYPE_LISTENER, NULL);

  self->authkey = authkey != NULL ? g_bytes_ref (authkey) : NULL;
  self->fd = _mp_socket_listen (address, &self->address, error);
  if (self->fd < 0)
    return NULL;
  self->events = _mp_fd_above_standard (epoll_create1 (EPOLL_CLOEXEC));
  _mp_shareable_own (self, self->fd, left_out);
  if (self->events >= 0 && watch (self, self->fd, NULL))
    return g_steal_pointer (&self);

  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not watch “%s”: %s", self->address,
               g_strerror (errno));
  return NULL;
}

/**
 * mp_listener_accept:
 * @self: a listener
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits for the next peer, one that has proved itself if there is a key. Those that go away before
 * or say nothing are not told of.
 *
 * Returns: (transfer full): a connection, or %NULL with %MP_ERROR_AUTHENTICATION if one did not
 *   have the key (to accept again is fine), %MP_ERROR_TIMEOUT if @timeout has passed,
 *   %MP_ERROR_CLOSED if the listener is closed, %MP_ERROR_FAILED if there are no descriptors left
 */
MpConnection *
mp_listener_accept (MpListener  *self,
                    gint64       timeout,
                    GError     **error)
{
  gint64 deadline = _mp_deadline_of_timeout (timeout);

  g_return_val_if_fail (MP_IS_LISTENER (self), NULL);

  if (!check_open (self, error))
    return NULL;
  while (!_mp_listener_step (self))
    {
      struct pollfd poll_fd = { .fd = self->events, .events = POLLIN };
      Peer *oldest = g_queue_peek_head (&self->pending);
      gint64 until = oldest != NULL && (deadline < 0 || oldest->deadline < deadline)
                       ? oldest->deadline : deadline;

      if (_mp_poll_until (&poll_fd, until) || until != deadline)
        continue;
      g_set_error_literal (error, MP_ERROR, MP_ERROR_TIMEOUT, "Nobody has connected in time");
      return NULL;
    }
  return take_connection (self, error);
}

static void
return_next (GTask *task)
{
  GError *error = NULL;
  MpConnection *connection = take_connection (g_task_get_source_object (task), &error);

  if (connection != NULL)
    g_task_return_pointer (task, connection, g_object_unref);
  else
    g_task_return_error (task, error);
}

static gboolean
on_event (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  GTask *task = user_data;
  MpListener *self = g_task_get_source_object (task);

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  if (!_mp_listener_step (self))
    return G_SOURCE_CONTINUE;

  return_next (task);
  return G_SOURCE_REMOVE;
}

/**
 * mp_listener_accept_async:
 * @self: a listener
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called when there is a peer
 * @user_data: for @callback
 *
 * Waits for the next peer as mp_listener_accept() does, in the thread's main context. One call at a
 * time. Cancel it before the listener is closed: a closed one has no more events.
 */
void
mp_listener_accept_async (MpListener          *self,
                          GCancellable        *cancellable,
                          GAsyncReadyCallback  callback,
                          gpointer             user_data)
{
  g_autoptr (GSource) source = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (MP_IS_LISTENER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, mp_listener_accept_async);
  g_task_set_name (task, "accept");
  if (!check_open (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (_mp_listener_step (self))
    {
      return_next (task);
      return;
    }

  source = g_unix_fd_source_new (self->events, G_IO_IN);
  if (cancellable != NULL)
    {
      g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);

      g_source_set_dummy_callback (cancelled);
      g_source_add_child_source (source, cancelled);
    }
  g_task_attach_source (task, source, G_SOURCE_FUNC (on_event));
}

/**
 * mp_listener_accept_finish:
 * @self: a listener
 * @result: from the callback
 * @error: return location for an error
 *
 * Ends [method@Listener.accept_async].
 *
 * Returns: (transfer full): as mp_listener_accept(), or %NULL with %G_IO_ERROR_CANCELLED
 */
MpConnection *
mp_listener_accept_finish (MpListener    *self,
                           GAsyncResult  *result,
                           GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * mp_listener_get_address:
 * @self: a listener
 *
 * Gets the address, which clients need.
 *
 * Returns: where it listens, as mp_client() takes it, with the port that was found
 */
const char *
mp_listener_get_address (MpListener *self)
{
  g_return_val_if_fail (MP_IS_LISTENER (self), NULL);

  return self->address;
}

/**
 * mp_listener_get_last_accepted:
 * @self: a listener
 *
 * Gets where the last connection came from.
 *
 * Returns: (nullable): where the last peer came from, refused or not: `HOST:PORT`, or the empty
 *   string if it was a local one without an address
 */
const char *
mp_listener_get_last_accepted (MpListener *self)
{
  g_return_val_if_fail (MP_IS_LISTENER (self), NULL);

  return self->last_accepted;
}

/**
 * mp_listener_close:
 * @self: a listener
 *
 * Stops listening; the path of a socket is removed. Connections that were accepted stay. To close a
 * second time does nothing.
 */
void
mp_listener_close (MpListener *self)
{
  g_return_if_fail (MP_IS_LISTENER (self));

  close_all (self);
}
