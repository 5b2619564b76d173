/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "mp-message-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-payload-private.h"
#include "mp-poll-private.h"

/* As much memory a message may claim before its bytes are there. */
#define FIRST_PIECE (64 * 1024)
/* Containers in containers. GVariant refuses to read what is nested in more than 128, and there may
 * be some around the value by then. */
#define DEPTH_MAX 100

static gboolean
wait_for_room (int      socket,
               gpointer user_data)
{
  return _mp_poll_one (socket, POLLOUT);
}

static gboolean
send_all (int            socket,
          struct iovec  *parts,
          gsize          n_parts,
          MpWaitForRoom  wait,
          gpointer       user_data)
{
  struct msghdr packet = { .msg_iov = parts, .msg_iovlen = n_parts };

  while (packet.msg_iovlen > 0)
    {
      gssize sent = sendmsg (socket, &packet, MSG_NOSIGNAL | MSG_DONTWAIT);

      if (sent < 0 && errno != EINTR && (errno != EAGAIN || !wait (socket, user_data)))
        return FALSE;
      for (sent = MAX (sent, 0);
           packet.msg_iovlen > 0 && (gsize) sent >= packet.msg_iov->iov_len;
           packet.msg_iov++, packet.msg_iovlen--)
        sent -= packet.msg_iov->iov_len;
      if (packet.msg_iovlen > 0)
        {
          packet.msg_iov->iov_base = (char *) packet.msg_iov->iov_base + sent;
          packet.msg_iov->iov_len -= sent;
        }
    }
  return TRUE;
}

/* Calls @wait whenever there is no room. */
gboolean
_mp_stream_send_waiting (int             socket,
                         MpMessageKind   kind,
                         const char     *type,
                         gconstpointer   data,
                         gsize           size,
                         MpWaitForRoom   wait,
                         gpointer        user_data,
                         GError        **error)
{
  gsize type_length = type != NULL ? strlen (type) : 0;
  MpMessageHeader header = { .kind = kind, .type_length = type_length, .size = size };
  struct iovec parts[] = {
    { &header, sizeof header },
    { (gpointer) data, size },
    { (gpointer) type, type_length },
  };

  if (size > MP_MAX_PAYLOAD || type_length > MP_MESSAGE_TYPE_MAX)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "Over a network a message can have 1 GiB and a type of %d characters at most,"
                   " this one has %" G_GSIZE_FORMAT " bytes and %" G_GSIZE_FORMAT " characters",
                   MP_MESSAGE_TYPE_MAX, size, type_length);
      return FALSE;
    }
  return send_all (socket, parts, G_N_ELEMENTS (parts), wait, user_data)
         || _mp_message_set_error (error);
}

gboolean
_mp_stream_send (int             socket,
                 MpMessageKind   kind,
                 const char     *type,
                 gconstpointer   data,
                 gsize           size,
                 GError        **error)
{
  return _mp_stream_send_waiting (socket, kind, type, data, size, wait_for_room, NULL, error);
}

static guint
type_depth (const GVariantType *type)
{
  guint depth = 0;

  if (g_variant_type_is_array (type) || g_variant_type_is_maybe (type))
    return 1 + type_depth (g_variant_type_element (type));
  if (!g_variant_type_is_tuple (type) && !g_variant_type_is_dict_entry (type))
    return 1;
  for (const GVariantType *item = g_variant_type_first (type); item != NULL;
       item = g_variant_type_next (item))
    depth = MAX (depth, type_depth (item));
  return 1 + depth;
}

static gboolean
is_deeper (GVariant *value,
           guint     depth)
{
  if (!_mp_handles_possible (g_variant_get_type (value)))
    return type_depth (g_variant_get_type (value)) > depth;
  if (depth == 0)
    return TRUE;
  for (gsize i = 0; g_variant_is_container (value) && i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (is_deeper (child, depth - 1))
        return TRUE;
    }
  return FALSE;
}

/* Each container takes a byte, of the value or of its type, at least. */
static gboolean
is_too_deep (GVariant *value)
{
  return g_variant_get_size (value) + strlen (g_variant_get_type_string (value)) > DEPTH_MAX
         && is_deeper (value, DEPTH_MAX);
}

/* Whether the other side will be able to read @value: it is better to hear of it here. */
gboolean
_mp_stream_check_value (GVariant  *value,
                        GError   **error)
{
  if (_mp_handles_present (value))
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "Descriptors, and the shared objects made of them, do not travel over"
                           " a network or through a manager");
      return FALSE;
    }
  if (is_too_deep (value))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "The value is nested too deeply: %d containers in each other is the most",
                   DEPTH_MAX);
      return FALSE;
    }
  return TRUE;
}

gboolean
_mp_stream_send_value (int        socket,
                       GVariant  *value,
                       GError   **error)
{
  return _mp_stream_check_value (value, error)
         && _mp_stream_send (socket, MP_MESSAGE_VALUE, g_variant_get_type_string (value),
                             g_variant_get_data (value), g_variant_get_size (value), error);
}

/* Returns: how much came before the end of file, -1 with errno on failure */
static gssize
read_all (int     socket,
          guint8 *data,
          gsize   size)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = recv (socket, data + done, size - done, 0);

      if (n == 0)
        return done;
      if (n > 0)
        done += n;
      else if (errno != EINTR && (errno != EAGAIN || !_mp_poll_one (socket, POLLIN)))
        return -1;
    }
  return done;
}

/* Whoever only claims a length gets no memory for it. Returns: as read_all() */
static gssize
read_growing (int      socket,
              MpBlock *block,
              gsize    size)
{
  gsize done = 0;

  while (done < size)
    {
      gsize room = MIN (size, MAX (FIRST_PIECE, 2 * done));
      gssize n;

      block->base = g_realloc (block->base, room);
      n = read_all (socket, (guint8 *) block->base + done, room - done);
      if (n < 0)
        return -1;
      if (done + n < room)
        return done + n;
      done = room;
    }
  return done;
}

static gboolean
set_recv_error (gssize    length,
                gboolean  begun,
                GError  **error)
{
  if (length < 0 && errno != ECONNRESET)
    g_set_error (error, MP_ERROR, errno == EBADF ? MP_ERROR_CLOSED : MP_ERROR_FAILED,
                 "Could not receive a message: %s", g_strerror (errno));
  else
    g_set_error_literal (error, MP_ERROR, MP_ERROR_EOF,
                         begun ? "got end of file during message"
                               : "The other end is closed and nothing is left to read");
  return FALSE;
}

static gboolean
receive (int         socket,
         MpMessage  *message,
         GError    **error)
{
  MpBlock *block = message->block;
  MpMessageHeader header;
  gssize length = read_all (socket, (guint8 *) &header, sizeof header);
  gsize size;

  if (length != sizeof header)
    return set_recv_error (length, length > 0, error);
  if (header.kind > MP_MESSAGE_VALUE || header.in_memory != 0 || header.size > MP_MAX_PAYLOAD
      || header.type_length > MP_MESSAGE_TYPE_MAX)
    {
      /* Nobody knows where the next message begins. */
      shutdown (socket, SHUT_RD);
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE, "What arrived is not a message");
      return FALSE;
    }

  size = (gsize) header.size + header.type_length;
  length = read_growing (socket, block, size);
  if (length != (gssize) size)
    return set_recv_error (length, TRUE, error);
  message->kind = header.kind;
  block->data = block->base;
  block->size = header.size;
  return _mp_message_take_type (message, (char *) block->base + header.size, header.type_length,
                                error);
}

/* Waits for a message. On failure there is none in @message. */
gboolean
_mp_stream_recv (int         socket,
                 MpMessage  *message,
                 GError    **error)
{
  *message = (MpMessage) { .block = g_new0 (MpBlock, 1) };
  if (receive (socket, message, error))
    return TRUE;

  _mp_message_clear (message);
  return FALSE;
}
