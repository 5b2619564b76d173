/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the runner tells its workers while they run, in memory that all of them have. */
typedef struct
{
  gint64 task_timeout;  /* microseconds; 0: none, or none yet */
} GmShared;

GmShared       *gm_shared_new              (int       *fd,
                                            GError   **error);
const GmShared *gm_shared_open             (int        fd,
                                            GError   **error);
void            gm_shared_set_task_timeout (GmShared  *shared,
                                            gint64     timeout);
void            gm_shared_free             (GmShared  *shared);

G_END_DECLS
