/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/uio.h>

#include "mp-fds-private.h"

#include "mp-fd-private.h"

void
_mp_fds_attach (struct msghdr *packet,
                MpFdsControl  *control,
                const int     *fds,
                guint          n_fds)
{
  struct cmsghdr *header;

  if (n_fds == 0)
    return;

  memset (control, 0, CMSG_SPACE (n_fds * sizeof (int)));
  packet->msg_control = control;
  packet->msg_controllen = CMSG_SPACE (n_fds * sizeof (int));
  header = CMSG_FIRSTHDR (packet);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (n_fds * sizeof (int));
  memcpy (CMSG_DATA (header), fds, n_fds * sizeof (int));
}

/* Returns: (transfer full) (nullable): what came with @packet */
int *
_mp_fds_detach (struct msghdr *packet,
                guint         *n_fds)
{
  struct cmsghdr *header = CMSG_FIRSTHDR (packet);

  *n_fds = 0;
  if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
    return NULL;

  *n_fds = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);
  return g_memdup2 (CMSG_DATA (header), *n_fds * sizeof (int));
}

/* What is sent into one of them comes out of the other. */
gboolean
_mp_fds_pair (int sockets[2])
{
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0)
    return _mp_fds_above_standard (sockets);
  sockets[0] = sockets[1] = -1;
  return FALSE;
}

/* Returns: FALSE with errno set: EAGAIN if @flags say not to wait and it is full */
gboolean
_mp_fds_send (int           socket,
              int           flags,
              guint64       number,
              const GArray *fds)
{
  MpFdsControl control;
  struct iovec part = { &number, sizeof number };
  struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };

  _mp_fds_attach (&packet, &control, (const int *) fds->data, fds->len);
  while (sendmsg (socket, &packet, flags | MSG_NOSIGNAL) < 0)
    {
      if (errno != EINTR)
        return FALSE;
    }
  return TRUE;
}

/* Returns: (transfer full) (nullable): the descriptors of a packet; NULL with errno set: EAGAIN if
 * there is none and @flags say not to wait, EPIPE if there never will be, EMFILE if there was no
 * room for them in the table of this process */
GArray *
_mp_fds_receive (int      socket,
                 int      flags,
                 guint64 *number)
{
  MpFdsControl control;
  struct iovec part = { number, sizeof *number };
  struct msghdr packet = {
    .msg_iov = &part, .msg_iovlen = 1,
    .msg_control = &control, .msg_controllen = sizeof control,
  };
  g_autofree int *fds = NULL;
  GArray *array;
  guint n_fds;
  gssize length;

  do
    {
      packet.msg_controllen = sizeof control;
      length = recvmsg (socket, &packet, flags | MSG_CMSG_CLOEXEC);
    }
  /* One that died with unread packets resets, once; what it had sent comes then. */
  while (length < 0 && (errno == EINTR || errno == ECONNRESET));
  if (length < 0)
    return NULL;

  fds = _mp_fds_detach (&packet, &n_fds);
  array = g_array_sized_new (FALSE, FALSE, sizeof (int), n_fds);
  g_array_append_vals (array, fds, n_fds);
  if (length == sizeof *number && (packet.msg_flags & MSG_CTRUNC) == 0)
    return array;
  _mp_fds_close (array);
  errno = length == 0 ? EPIPE : EMFILE;
  return NULL;
}

/* Takes a packet without its descriptors. Returns: FALSE if there is none */
gboolean
_mp_fds_drop (int socket)
{
  guint64 number;

  return recv (socket, &number, sizeof number, MSG_DONTWAIT) > 0;
}

/* Takes @fds. */
void
_mp_fds_close (GArray *fds)
{
  for (guint i = 0; i < fds->len; i++)
    close (g_array_index (fds, int, i));
  g_array_unref (fds);
}
