/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <glib.h>
#include <unistd.h>

G_BEGIN_DECLS

/* Closes what @fd holds, if anything, and says so there. Keeps errno. */
static inline void
_mp_clear_fd (int *fd)
{
  int saved_errno = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  errno = saved_errno;
}

#define mp_autofd __attribute__ ((cleanup (_mp_clear_fd)))

G_END_DECLS
