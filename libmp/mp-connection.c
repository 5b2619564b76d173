/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "mp-connection.h"

#include "mp-connection-private.h"
#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-handles-private.h"
#include "mp-message-private.h"
#include "mp-poll-private.h"
#include "mp-shareable-private.h"

/* The descriptor, whether it can receive, whether it can send. */
#define STATE_TYPE "(hbb)"

/**
 * MpConnection:
 *
 * One end of a pipe between processes, for values and for bytes.
 *
 * Underneath is a pair of local sockets that keep packets (`SOCK_SEQPACKET`), for both directions
 * or one: the kernel takes a message as a whole or not at all. So several processes may write to,
 * or read from, the same end without a lock, and one that is killed in the middle of writing leaves
 * no half message to wait on for ever. What is larger than 64 KiB goes in sealed memory of which
 * the packet carries the descriptor, so there is no limit either.
 *
 * A child that is given one end by its arguments has no copy of the other: a process that dies is
 * the end of file at the other end at once.
 *
 * A connection from a [class@Listener] or mp_client() is the same. Over a network there are streams
 * instead of packets: no descriptors, values of 1 GiB at most, and one process at a time may write.
 *
 * One thread at a time may use a connection.
 */
struct _MpConnection
{
  GObject   parent_instance;

  /* Owned */
  MpMessage pending;        /* received, but not by the call it was for */
  int       fd;

  guint     readable : 1;
  guint     writable : 1;
  guint     has_pending : 1;
  guint     stream : 1;     /* the socket does not keep messages whole */
};

static void mp_connection_shareable_init (MpShareableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MpConnection, mp_connection, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (MP_TYPE_SHAREABLE,
                                                      mp_connection_shareable_init))
MP_REGISTER_SHAREABLE_TYPE (mp_connection)

static void
mp_connection_finalize (GObject *object)
{
  mp_connection_close (MP_CONNECTION (object));

  G_OBJECT_CLASS (mp_connection_parent_class)->finalize (object);
}

static void
mp_connection_class_init (MpConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_connection_finalize;
}

static void
mp_connection_init (MpConnection *self)
{
  self->fd = -1;
}

/* A child that was not given an end must not keep it open: the other one waits for its end. */
static void
left_out (gpointer object)
{
  mp_connection_close (object);
}

/* Takes @fd. */
static MpConnection *
connection_new (int      fd,
                gboolean readable,
                gboolean writable)
{
  MpConnection *self = g_object_new (MP_TYPE_CONNECTION, NULL);
  int type = SOCK_SEQPACKET;

  getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t) { sizeof type });
  self->stream = type == SOCK_STREAM;
  self->fd = fd;
  self->readable = readable != FALSE;
  self->writable = writable != FALSE;
  _mp_shareable_own (self, fd, left_out);
  return self;
}

/* Of a connected socket, which is taken. */
MpConnection *
_mp_connection_new (int fd)
{
  return connection_new (fd, TRUE, TRUE);
}

static GVariant *
mp_connection_to_variant (MpShareable *shareable)
{
  MpConnection *self = MP_CONNECTION (shareable);

  return g_variant_new (STATE_TYPE, self->fd, (gboolean) self->readable,
                        (gboolean) self->writable);
}

static MpShareable *
mp_connection_from_variant (GType      type,
                            GVariant  *state,
                            GError   **error)
{
  gboolean readable, writable;
  MpConnection *self;
  int fd;

  if (!_mp_shareable_check_state (state, STATE_TYPE, "a connection", error))
    return NULL;

  g_variant_get (state, STATE_TYPE, &fd, &readable, &writable);
  self = _mp_shareable_find (fd, MP_TYPE_CONNECTION);
  if (self != NULL)
    return MP_SHAREABLE (self);

  fd = fd >= 0 ? mp_handle_steal (fd) : -1;
  if (fd < 0)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED,
                           "The connection is closed, or did not come along with its value");
      return NULL;
    }
  return MP_SHAREABLE (connection_new (fd, readable, writable));
}

static void
mp_connection_shareable_init (MpShareableInterface *iface)
{
  iface->to_variant = mp_connection_to_variant;
  iface->from_variant = mp_connection_from_variant;
}

static gboolean
check_open (MpConnection  *self,
            gboolean       for_writing,
            GError       **error)
{
  const char *problem = NULL;

  if (self->fd < 0)
    problem = "handle is closed";
  else if (for_writing && !self->writable)
    problem = "connection is read-only";
  else if (!for_writing && !self->readable)
    problem = "connection is write-only";
  if (problem == NULL)
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED, problem);
  return FALSE;
}

/* Makes the next message the pending one, if there is none. */
static gboolean
fetch (MpConnection  *self,
       MpMessageKind  kind,
       GError       **error)
{
  if (!check_open (self, FALSE, error))
    return FALSE;
  if (!self->has_pending
      && !(self->stream ? _mp_stream_recv : _mp_message_recv) (self->fd, &self->pending, error))
    return FALSE;

  self->has_pending = TRUE;
  if (self->pending.kind == kind)
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                       kind == MP_MESSAGE_VALUE
                         ? "The next message was sent as bytes: receive it as bytes"
                         : "The next message was sent as a value: receive it as a value");
  return FALSE;
}

static void
drop_pending (MpConnection *self)
{
  if (self->has_pending)
    _mp_message_clear (&self->pending);
  self->has_pending = FALSE;
}

/**
 * mp_pipe:
 * @duplex: whether both ends can send
 * @first: (out) (transfer full): one end, that which receives if @duplex is %FALSE
 * @second: (out) (transfer full): the other end, that which sends if @duplex is %FALSE
 * @error: return location for an error
 *
 * Makes two connections that are the ends of one pipe.
 *
 * Returns: %FALSE with %MP_ERROR_FAILED if the system refuses, because there are too many open
 *   descriptors for example
 */
gboolean
mp_pipe (gboolean       duplex,
         MpConnection **first,
         MpConnection **second,
         GError       **error)
{
  int fds[2];

  g_return_val_if_fail (first != NULL && second != NULL, FALSE);

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0
      || !_mp_fds_above_standard (fds))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "Could not make a pipe: %s",
                   g_strerror (errno));
      return FALSE;
    }
  if (!duplex)
    {
      shutdown (fds[0], SHUT_WR);
      shutdown (fds[1], SHUT_RD);
    }

  *first = connection_new (fds[0], TRUE, duplex);
  *second = connection_new (fds[1], duplex, TRUE);
  return TRUE;
}

/**
 * mp_connection_send:
 * @self: a connection
 * @value: what to send; taken if it is floating
 * @error: return location for an error
 *
 * Sends a value, with its type, and the descriptors in it, 252 at most. Waits while the pipe is
 * full. No signal is raised when nobody is there to receive.
 *
 * Returns: %FALSE with %MP_ERROR_BROKEN_PIPE if the other end is closed, %MP_ERROR_CLOSED if this
 *   one is, or can't send; %MP_ERROR_BAD_MESSAGE if there are descriptors in @value, or it is too
 *   large, and this is a connection over a network; nothing was sent then
 */
gboolean
mp_connection_send (MpConnection  *self,
                    GVariant      *value,
                    GError       **error)
{
  g_autoptr (GVariant) sunk = NULL;

  g_return_val_if_fail (MP_IS_CONNECTION (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  sunk = g_variant_ref_sink (value);
  return check_open (self, TRUE, error)
         && (self->stream ? _mp_stream_send_value : _mp_message_send_value) (self->fd, sunk, error);
}

/**
 * mp_connection_recv:
 * @self: a connection
 * @error: return location for an error
 *
 * Waits for the next value. What arrives is checked before anybody sees it: it is of its type and
 * in normal form.
 *
 * Returns: (transfer full): the value, or %NULL with %MP_ERROR_EOF if the other end is closed and
 *   everything was read; %MP_ERROR_BAD_MESSAGE if the next message is bytes (it remains) or no
 *   valid value (it is dropped); %MP_ERROR_CLOSED if this end is closed or can't receive
 */
GVariant *
mp_connection_recv (MpConnection  *self,
                    GError       **error)
{
  g_return_val_if_fail (MP_IS_CONNECTION (self), NULL);

  if (!fetch (self, MP_MESSAGE_VALUE, error))
    return NULL;

  self->has_pending = FALSE;
  return _mp_message_steal_value (&self->pending, error);
}

/**
 * mp_connection_send_bytes:
 * @self: a connection
 * @data: (array length=size) (element-type guint8): what to send
 * @size: how many bytes, 0 is a message, too
 * @error: return location for an error
 *
 * Sends bytes as one message. For a part of a buffer add the offset to @data.
 *
 * Returns: %FALSE as mp_connection_send() does
 */
gboolean
mp_connection_send_bytes (MpConnection  *self,
                          const void    *data,
                          gsize          size,
                          GError       **error)
{
  g_return_val_if_fail (MP_IS_CONNECTION (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);

  if (!check_open (self, TRUE, error))
    return FALSE;
  return self->stream
           ? _mp_stream_send (self->fd, MP_MESSAGE_BYTES, NULL, data, size, error)
           : _mp_message_send (self->fd, MP_MESSAGE_BYTES, NULL, data, size, NULL, error);
}

/**
 * mp_connection_recv_bytes:
 * @self: a connection
 * @max_length: the longest message to accept, %G_MAXSIZE for any
 * @error: return location for an error
 *
 * Waits for the next message of bytes. One that is too long is dropped, and the connection stays
 * usable where Python closes it.
 *
 * Returns: (transfer full): the message, or %NULL as mp_connection_recv() does;
 *   %MP_ERROR_BAD_MESSAGE also if it is longer than @max_length
 */
GBytes *
mp_connection_recv_bytes (MpConnection  *self,
                          gsize          max_length,
                          GError       **error)
{
  MpBlock *block;

  g_return_val_if_fail (MP_IS_CONNECTION (self), NULL);

  if (!fetch (self, MP_MESSAGE_BYTES, error))
    return NULL;

  block = self->pending.block;
  if (block->size > max_length)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "bad message length: %" G_GSIZE_FORMAT " bytes, at most %" G_GSIZE_FORMAT
                   " were expected", block->size, max_length);
      drop_pending (self);
      return NULL;
    }

  self->has_pending = FALSE;
  g_clear_pointer (&self->pending.type, g_free);
  self->pending.block = NULL;
  return g_bytes_new_with_free_func (block->data, block->size, (GDestroyNotify) _mp_block_free,
                                     block);
}

/**
 * mp_connection_recv_bytes_into:
 * @self: a connection
 * @buffer: (out caller-allocates) (array length=size) (element-type guint8): where to put it
 * @size: the room there is
 * @error: return location for an error
 *
 * Waits for the next message of bytes and copies it. One that does not fit stays, to be received
 * into a larger buffer.
 *
 * Returns: its length, or -1 as mp_connection_recv() fails; %MP_ERROR_TOO_SHORT if it does not fit
 */
gssize
mp_connection_recv_bytes_into (MpConnection  *self,
                               void          *buffer,
                               gsize          size,
                               GError       **error)
{
  MpBlock *block;
  gsize length;

  g_return_val_if_fail (MP_IS_CONNECTION (self), -1);
  g_return_val_if_fail (buffer != NULL || size == 0, -1);

  if (!fetch (self, MP_MESSAGE_BYTES, error))
    return -1;

  block = self->pending.block;
  length = block->size;
  if (length > size)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_TOO_SHORT,
                   "The buffer is too short: the message has %" G_GSIZE_FORMAT
                   " bytes, there is room for %" G_GSIZE_FORMAT, length, size);
      return -1;
    }

  if (length > 0)
    memcpy (buffer, block->data, length);
  drop_pending (self);
  return length;
}

/**
 * mp_connection_poll:
 * @self: a connection
 * @timeout: how long to wait, in microseconds, 0 not at all, -1 for ever
 * @error: return location for an error
 *
 * Waits until there is something to receive, which the end of file is, too.
 *
 * Returns: %TRUE if the next receive does not wait; %FALSE without an error if @timeout has passed;
 *   %FALSE with %MP_ERROR_CLOSED if this end is closed or can't receive
 */
gboolean
mp_connection_poll (MpConnection  *self,
                    gint64         timeout,
                    GError       **error)
{
  struct pollfd poll_fd = { .events = POLLIN };

  g_return_val_if_fail (MP_IS_CONNECTION (self), FALSE);

  if (!check_open (self, FALSE, error))
    return FALSE;
  if (self->has_pending)
    return TRUE;

  poll_fd.fd = self->fd;
  return _mp_poll_until (&poll_fd, _mp_deadline_of_timeout (timeout));
}

/**
 * mp_connection_get_fd:
 * @self: a connection
 *
 * Gets the descriptor, for poll() or a GSource: readable when there is something to receive. After
 * a call that left a message (%MP_ERROR_TOO_SHORT, the other kind of message) that one is not in it
 * any more; mp_connection_poll() knows.
 *
 * Returns: the descriptor, which stays the connection's, or -1 if it is closed
 */
int
mp_connection_get_fd (MpConnection *self)
{
  g_return_val_if_fail (MP_IS_CONNECTION (self), -1);

  return self->fd;
}

/**
 * mp_connection_get_readable:
 * @self: a connection
 *
 * Tells whether messages can be received.
 *
 * Returns: whether this end can receive
 */
gboolean
mp_connection_get_readable (MpConnection *self)
{
  g_return_val_if_fail (MP_IS_CONNECTION (self), FALSE);

  return self->readable;
}

/**
 * mp_connection_get_writable:
 * @self: a connection
 *
 * Tells whether messages can be sent.
 *
 * Returns: whether this end can send
 */
gboolean
mp_connection_get_writable (MpConnection *self)
{
  g_return_val_if_fail (MP_IS_CONNECTION (self), FALSE);

  return self->writable;
}

/**
 * mp_connection_get_closed:
 * @self: a connection
 *
 * Tells whether the connection was closed on this side.
 *
 * Returns: whether this end was closed here, by mp_connection_close() or because a forked child was
 *   not given it
 */
gboolean
mp_connection_get_closed (MpConnection *self)
{
  g_return_val_if_fail (MP_IS_CONNECTION (self), TRUE);

  return self->fd < 0;
}

/* Whether a receive would not wait, though the descriptor may not say so. */
gboolean
_mp_connection_has_pending (MpConnection *self)
{
  return self->has_pending;
}

/**
 * mp_connection_close:
 * @self: a connection
 *
 * Closes this end. To do it again, or to let go of the last reference, which does it too, is fine.
 */
void
mp_connection_close (MpConnection *self)
{
  g_return_if_fail (MP_IS_CONNECTION (self));

  drop_pending (self);
  if (self->fd < 0)
    return;

  _mp_shareable_disown (self->fd);
  _mp_clear_fd (&self->fd);
}
