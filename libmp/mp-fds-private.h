/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/socket.h>
#include "mp-handles-private.h"

G_BEGIN_DECLS

typedef union
{
  struct cmsghdr header;
  char           space[CMSG_SPACE (MP_HANDLES_MAX * sizeof (int))];
} MpFdsControl;

/* How descriptors go along with a packet. */
void      _mp_fds_attach   (struct msghdr  *packet,
                            MpFdsControl   *control,
                            const int      *fds,
                            guint           n_fds);
int      *_mp_fds_detach   (struct msghdr  *packet,
                            guint          *n_fds);

/* Descriptors of values that lie in shared memory: packets of a number and what belongs to it. */
gboolean  _mp_fds_pair     (int             sockets[2]);
gboolean  _mp_fds_send     (int             socket,
                            int             flags,
                            guint64         number,
                            const GArray   *fds);
GArray   *_mp_fds_receive  (int             socket,
                            int             flags,
                            guint64        *number);
gboolean  _mp_fds_drop     (int             socket);
void      _mp_fds_close    (GArray         *fds);

G_END_DECLS
