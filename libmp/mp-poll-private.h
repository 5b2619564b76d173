/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <poll.h>

G_BEGIN_DECLS

gint64   _mp_deadline_of_timeout  (gint64         timeout);
gboolean _mp_poll_any             (struct pollfd *poll_fds,
                                   guint          n_fds,
                                   gint64         deadline);
gboolean _mp_poll_one             (int            fd,
                                   short          events);
gboolean _mp_poll_until           (struct pollfd *poll_fd,
                                   gint64         deadline);

G_END_DECLS
