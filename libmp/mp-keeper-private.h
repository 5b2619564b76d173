/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A process that removes the name of shared memory when this one has ended, however. */
pid_t  _mp_keeper_start  (const char  *name,
                          int          memory,
                          GError     **error);
void   _mp_keeper_stop   (pid_t        pid);

G_END_DECLS
