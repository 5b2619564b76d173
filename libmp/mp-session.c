/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "mp-server-private.h"

#include "mp-fd-private.h"
#include "mp-payload-private.h"

/* Somebody who does not take its answers is not asked for more questions. */
#define OUT_MAX    (1 << 20)
/* In packets what is larger goes by memory. */
#define INLINE_MAX (64 * 1024)
#define READ_SIZE  (64 * 1024)

static void
frame_free (gpointer data)
{
  MpFrame *frame = data;

  g_bytes_unref (frame->bytes);
  _mp_clear_fd (&frame->memory);
  g_free (frame);
}

MpSession *
_mp_session_new (MpServer *server,
                 int       fd)
{
  MpSession *self = g_new0 (MpSession, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };
  int type = SOCK_STREAM;

  getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t) { sizeof type });
  self->stream = type == SOCK_STREAM;
  self->in = g_byte_array_new ();
  self->refs = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->fd = fd;
  self->server = server;
  self->link.data = self;
  self->events = event.events;
  g_queue_push_tail_link (&server->sessions, &self->link);
  if (epoll_ctl (server->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    _mp_session_fail (self);
  return self;
}

void
_mp_session_free (MpSession *self)
{
  g_byte_array_unref (self->in);
  g_hash_table_unref (self->refs);
  g_queue_clear_full (&self->out, frame_free);
  _mp_clear_fd (&self->fd);
  g_free (self);
}

/* It is freed when nobody looks at it any more. */
void
_mp_session_fail (MpSession *self)
{
  if (self->dead)
    return;

  self->dead = TRUE;
  epoll_ctl (self->server->epoll, EPOLL_CTL_DEL, self->fd, NULL);
  g_queue_unlink (&self->server->sessions, &self->link);
  g_queue_push_tail_link (&self->server->dead, &self->link);
}

static void
update_events (MpSession *self)
{
  struct epoll_event event = { .data.ptr = self };

  if (self->out_size < OUT_MAX)
    event.events |= EPOLLIN;
  if (self->out.length > 0)
    event.events |= EPOLLOUT;
  if (self->dead || event.events == self->events)
    return;

  self->events = event.events;
  if (epoll_ctl (self->server->epoll, EPOLL_CTL_MOD, self->fd, &event) < 0)
    _mp_session_fail (self);
}

static gssize
send_frame (MpSession *self,
            MpFrame   *frame)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (frame->bytes, &size);
  struct iovec part = { (gpointer) (data + frame->sent), size - frame->sent };
  union
  {
    struct cmsghdr header;
    char           space[CMSG_SPACE (sizeof (int))];
  } control = { 0 };
  struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };

  if (frame->memory >= 0)
    {
      packet.msg_control = &control;
      packet.msg_controllen = sizeof control;
      control.header.cmsg_level = SOL_SOCKET;
      control.header.cmsg_type = SCM_RIGHTS;
      control.header.cmsg_len = CMSG_LEN (sizeof (int));
      memcpy (CMSG_DATA (&control.header), &frame->memory, sizeof (int));
    }
  return sendmsg (self->fd, &packet, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Sends what there is room for. */
static void
flush (MpSession *self)
{
  while (self->out.length > 0 && !self->dead)
    {
      MpFrame *frame = g_queue_peek_head (&self->out);
      gssize sent = send_frame (self, frame);

      if (sent < 0 && errno == EINTR)
        continue;
      if (sent < 0)
        {
          if (errno != EAGAIN)
            _mp_session_fail (self);
          break;
        }
      frame->sent += sent;
      if (frame->sent < g_bytes_get_size (frame->bytes))
        break;
      self->out_size -= frame->weight;
      frame_free (g_queue_pop_head (&self->out));
    }
  update_events (self);
}

static void
store_message (const MpReply *reply,
               gboolean       in_memory,
               gsize          size,
               guint8        *at)
{
  MpMessageHeader header = {
    .kind = MP_MESSAGE_VALUE, .in_memory = in_memory, .type_length = strlen (MP_REPLY_TYPE),
    .size = in_memory ? 0 : size,
  };

  memcpy (at, &header, sizeof header);
  at += sizeof header;
  if (!in_memory)
    _mp_reply_store (reply, at);
  memcpy (at + header.size, MP_REPLY_TYPE, header.type_length);
}

static int
store_in_memory (const MpReply  *reply,
                 gsize           size,
                 GError        **error)
{
  g_autofree guint8 *content = g_malloc (size);

  _mp_reply_store (reply, content);
  return _mp_memfd_new (content, size, error);
}

/* A packet is 64 KiB at most; content that is larger becomes memory. */
static MpFrame *
frame_new (MpSession      *self,
           const MpReply  *reply,
           GError        **error)
{
  gsize size = _mp_reply_get_size (reply->value);
  gboolean in_memory = !self->stream && size > INLINE_MAX;
  gsize whole = sizeof (MpMessageHeader) + (in_memory ? 0 : size) + strlen (MP_REPLY_TYPE);
  int memory = -1;
  MpFrame *frame;
  guint8 *data;

  if (size > MP_MAX_PAYLOAD)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "The result has %" G_GSIZE_FORMAT " bytes, and 1 GiB is the most", size);
      return NULL;
    }
  if (in_memory && (memory = store_in_memory (reply, size, error)) < 0)
    return NULL;

  data = g_malloc (whole);
  store_message (reply, in_memory, size, data);
  frame = g_new0 (MpFrame, 1);
  frame->weight = size;
  frame->bytes = g_bytes_new_take (data, whole);
  frame->memory = memory;
  return frame;
}

/* Takes @value if it is floating. */
void
_mp_session_reply (MpSession *self,
                   guint32    serial,
                   gboolean   is_error,
                   GVariant  *value)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (value);
  const MpReply reply = { serial, is_error, sunk };
  g_autoptr (GError) error = NULL;
  MpFrame *frame = NULL;

  if (self->dead)
    return;
  if (_mp_stream_check_value (sunk, &error))
    frame = frame_new (self, &reply, &error);
  /* Who has called gets to know; an error is small. */
  if (frame == NULL && !is_error)
    {
      _mp_session_reply (self, serial, TRUE, _mp_error_to_variant (error));
      return;
    }
  if (frame == NULL)
    {
      _mp_session_fail (self);
      return;
    }
  g_queue_push_tail (&self->out, frame);
  self->out_size += frame->weight;
  if (self->out.length == 1)
    flush (self);
}

/* Takes @message. */
static void
handle_message (MpSession *self,
                MpMessage *message)
{
  MpRequest request;

  if (_mp_request_decode (message, &request))
    _mp_server_handle (self, &request);
  else
    _mp_session_fail (self);
}

/* Takes the first message out of what has come of a stream, if it is all there. */
static gboolean
take_message (MpSession *self)
{
  MpMessageHeader header;
  MpMessage message = { 0 };
  gsize size;

  if (self->in->len < sizeof header)
    return FALSE;
  memcpy (&header, self->in->data, sizeof header);
  if (header.kind != MP_MESSAGE_VALUE || header.in_memory != 0 || header.size > MP_MAX_PAYLOAD
      || header.type_length != strlen (MP_REQUEST_TYPE))
    {
      _mp_session_fail (self);
      return FALSE;
    }
  size = sizeof header + header.size + header.type_length;
  if (self->in->len < size)
    return FALSE;

  message.kind = header.kind;
  message.block = g_new0 (MpBlock, 1);
  message.block->base = message.block->data = g_memdup2 (self->in->data + sizeof header,
                                                         header.size);
  message.block->size = header.size;
  message.type = g_strndup ((char *) self->in->data + sizeof header + header.size,
                            header.type_length);
  g_byte_array_remove_range (self->in, 0, size);
  handle_message (self, &message);
  return !self->dead;
}

static void
read_stream (MpSession *self)
{
  gsize before = self->in->len;
  gssize n;

  g_byte_array_set_size (self->in, before + READ_SIZE);
  n = recv (self->fd, self->in->data + before, READ_SIZE, MSG_DONTWAIT);
  g_byte_array_set_size (self->in, before + MAX (n, 0));
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    _mp_session_fail (self);
}

static void
read_packet (MpSession *self)
{
  MpMessage message;

  if (_mp_message_recv (self->fd, &message, NULL))
    handle_message (self, &message);
  else
    _mp_session_fail (self);
}

/* Does what the socket is ready for: one packet, or one piece of a stream. */
void
_mp_session_event (MpSession *self,
                   guint32    events)
{
  if (self->dead)
    return;
  if ((events & EPOLLOUT) != 0)
    flush (self);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !self->dead)
    (self->stream ? read_stream : read_packet) (self);
  while (self->stream && !self->dead && self->out_size < OUT_MAX && take_message (self))
    ;
  update_events (self);
}
