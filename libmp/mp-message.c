/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/uio.h>

#include "mp-message-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-fds-private.h"
#include "mp-poll-private.h"

/* What is larger goes by memory: one copy instead of two, and no limit from socket buffers. */
#define INLINE_MAX (64 * 1024)
#define SPACE (sizeof (MpMessageHeader) + INLINE_MAX + MP_MESSAGE_TYPE_MAX)
/* What is smaller is copied out of the thread's buffer, which stays. */
#define SMALL 4096

static GPrivate buffer = G_PRIVATE_INIT (g_free);

static gboolean
send_packet (int            socket,
             struct msghdr *packet)
{
  while (sendmsg (socket, packet, MSG_NOSIGNAL) < 0)
    {
      if (errno == EINTR)
        continue;
      if (errno != EAGAIN || !_mp_poll_one (socket, POLLOUT))
        return FALSE;
    }
  return TRUE;
}

gboolean
_mp_message_set_error (GError **error)
{
  if (errno == EPIPE || errno == ECONNRESET)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_BROKEN_PIPE,
                         "Broken pipe: no process has the other end open");
  else
    g_set_error (error, MP_ERROR, errno == EBADF ? MP_ERROR_CLOSED : MP_ERROR_FAILED,
                 "Could not send a message: %s", g_strerror (errno));
  return FALSE;
}

static gboolean
send_in_memory (int             socket,
                MpMessageHeader header,
                const char     *type,
                gconstpointer   data,
                gsize           size,
                const GArray   *fds,
                GError        **error)
{
  mp_autofd int memory = _mp_memfd_new (data, size, error);
  struct iovec parts[] = {
    { &header, sizeof header },
    { (gpointer) type, header.type_length },
  };
  struct msghdr packet = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS (parts) };
  int all[MP_HANDLES_MAX];
  MpFdsControl control;

  if (memory < 0)
    return FALSE;

  all[0] = memory;
  if (fds != NULL && fds->len > 0)
    memcpy (all + 1, fds->data, fds->len * sizeof (int));
  header.in_memory = TRUE;
  header.size = 0;
  _mp_fds_attach (&packet, &control, all, 1 + (fds != NULL ? fds->len : 0));
  return send_packet (socket, &packet) || _mp_message_set_error (error);
}

/* Sends one message, whole or not at all. */
gboolean
_mp_message_send (int             socket,
                  MpMessageKind   kind,
                  const char     *type,
                  gconstpointer   data,
                  gsize           size,
                  const GArray   *fds,
                  GError        **error)
{
  gsize type_length = type != NULL ? strlen (type) : 0;
  guint n_fds = fds != NULL ? fds->len : 0;
  MpMessageHeader header = { .kind = kind, .type_length = type_length, .size = size };
  struct iovec parts[] = {
    { &header, sizeof header },
    { (gpointer) data, size },
    { (gpointer) type, type_length },
  };
  struct msghdr packet = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS (parts) };
  MpFdsControl control;

  /* One place is left for the content itself. */
  if (n_fds > MP_HANDLES_MAX - 1 || type_length > MP_MESSAGE_TYPE_MAX)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "A message can have %d descriptors and a type of %d characters at most,"
                   " this one has %u and %" G_GSIZE_FORMAT,
                   MP_HANDLES_MAX - 1, MP_MESSAGE_TYPE_MAX, n_fds, type_length);
      return FALSE;
    }

  if (size <= INLINE_MAX)
    {
      if (n_fds > 0)
        _mp_fds_attach (&packet, &control, (const int *) fds->data, n_fds);
      if (send_packet (socket, &packet))
        return TRUE;
      /* Somebody made the socket's buffer smaller than we thought. */
      if (errno != EMSGSIZE)
        return _mp_message_set_error (error);
    }

  return send_in_memory (socket, header, type, data, size, fds, error);
}

gboolean
_mp_message_send_value (int        socket,
                        GVariant  *value,
                        GError   **error)
{
  g_autoptr (GArray) fds = NULL;

  if (_mp_handles_possible (g_variant_get_type (value)))
    {
      fds = g_array_new (FALSE, FALSE, sizeof (int));
      _mp_handles_collect (value, fds);
      if (!_mp_handles_check (fds, error))
        return FALSE;
    }

  return _mp_message_send (socket, MP_MESSAGE_VALUE, g_variant_get_type_string (value),
                           g_variant_get_data (value), g_variant_get_size (value), fds, error);
}

/* Whatever of a refused message nobody will ever see. */
static void
drop_block (MpBlock *block)
{
  for (guint i = 0; i < block->n_fds; i++)
    close (block->fds[i]);
  block->n_fds = 0;
  _mp_block_free (block);
}

/* Makes the content of the block what came in the memory that came first. */
static gboolean
open_memory (MpBlock  *block,
             GError  **error)
{
  mp_autofd int memory = -1;

  if (block->n_fds == 0)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "The message came without its content");
      return FALSE;
    }
  memory = block->fds[0];
  block->n_fds--;
  memmove (block->fds, block->fds + 1, block->n_fds * sizeof (int));

  g_clear_pointer (&block->base, g_free);
  return _mp_memfd_take (memory, block, error);
}

gboolean
_mp_message_take_type (MpMessage   *message,
                       const char  *type,
                       gsize        length,
                       GError     **error)
{
  message->type = g_strndup (length > 0 ? type : "", length);
  if (message->kind != MP_MESSAGE_VALUE
      || (g_variant_type_string_is_valid (message->type)
          && g_variant_type_is_definite (G_VARIANT_TYPE (message->type))))
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE, "The message has no valid type");
  return FALSE;
}

static gboolean
read_packet (MpMessage     *message,
             struct msghdr *packet,
             gsize          length,
             GError       **error)
{
  MpBlock *block = message->block;
  MpMessageHeader header;

  if (length >= sizeof header)
    memcpy (&header, block->base, sizeof header);
  /* The kernel drops descriptors for which there is no room in our table. */
  if ((packet->msg_flags & MSG_CTRUNC) != 0)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
                   "Could not take the descriptors that came with a message: %s",
                   g_strerror (EMFILE));
      return FALSE;
    }
  if ((packet->msg_flags & MSG_TRUNC) != 0
      || length < sizeof header
      || header.kind > MP_MESSAGE_VALUE
      || length != sizeof header + header.size + header.type_length)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "What arrived is not a message, or it was cut on its way");
      return FALSE;
    }

  message->kind = header.kind;
  block->data = (char *) block->base + sizeof header;
  block->size = header.size;
  return _mp_message_take_type (message, (char *) block->data + header.size, header.type_length,
                                error)
         && (!header.in_memory || open_memory (block, error));
}

static gssize
receive_packet (int            socket,
                struct msghdr *packet)
{
  gssize length;

  for (;;)
    {
      gsize space = packet->msg_controllen;

      length = recvmsg (socket, packet, MSG_CMSG_CLOEXEC);
      if (length >= 0)
        return length;
      packet->msg_controllen = space;
      /* A peer that went away without reading what we sent is no reason to lose what it sent: the
       * kernel says so once, then gives the rest. */
      if (errno == EINTR || errno == ECONNRESET)
        continue;
      if (errno != EAGAIN || !_mp_poll_one (socket, POLLIN))
        return -1;
    }
}

/* Returns: (transfer full): the @length bytes in the thread's buffer, in memory of that size */
static gpointer
take_received (gpointer space,
               gsize    length)
{
  if (length <= SMALL)
    return g_memdup2 (space, length);
  g_private_set (&buffer, NULL);
  return g_realloc (space, length);
}

/* Waits for a message. On failure there is none in @message. */
gboolean
_mp_message_recv (int         socket,
                  MpMessage  *message,
                  GError    **error)
{
  gpointer space = g_private_get (&buffer);
  MpFdsControl control;
  struct iovec part = { .iov_len = SPACE };
  struct msghdr packet = {
    .msg_iov = &part, .msg_iovlen = 1,
    .msg_control = &control, .msg_controllen = sizeof control,
  };
  gssize length;

  if (space == NULL)
    {
      space = g_malloc (SPACE);
      g_private_set (&buffer, space);
    }
  part.iov_base = space;
  *message = (MpMessage) { .block = g_new0 (MpBlock, 1) };

  length = receive_packet (socket, &packet);
  if (length > 0)
    {
      message->block->base = take_received (space, length);
      message->block->fds = _mp_fds_detach (&packet, &message->block->n_fds);
      if (read_packet (message, &packet, length, error))
        return TRUE;
    }
  else if (length == 0)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_EOF,
                         "The other end is closed and nothing is left to read");
  else
    g_set_error (error, MP_ERROR, errno == EBADF ? MP_ERROR_CLOSED : MP_ERROR_FAILED,
                 "Could not receive a message: %s", g_strerror (errno));

  drop_block (g_steal_pointer (&message->block));
  g_clear_pointer (&message->type, g_free);
  return FALSE;
}

/* The value of a message, which is empty afterwards, on failure too. */
GVariant *
_mp_message_steal_value (MpMessage  *message,
                         GError    **error)
{
  g_autofree char *type = g_steal_pointer (&message->type);

  g_assert (message->kind == MP_MESSAGE_VALUE);

  return _mp_block_to_variant (g_steal_pointer (&message->block), G_VARIANT_TYPE (type), TRUE,
                               error);
}

void
_mp_message_clear (MpMessage *message)
{
  if (message->block != NULL)
    drop_block (g_steal_pointer (&message->block));
  g_clear_pointer (&message->type, g_free);
}
