/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-main.h"

G_BEGIN_DECLS

/* argv[1] of a fresh image that is to become a child or a forkserver. */
#define MP_IMAGE_OPTION "--multiprocessing-fork"

/* Called in each forked child, before anything of its own runs. */
typedef void (*MpAfterFork) (gpointer user_data);

void        _mp_after_fork_add    (MpAfterFork  callback,
                                   gpointer     user_data);
void        _mp_after_fork_run    (void);

gboolean    _mp_is_initialised    (void);
const char *_mp_get_program_name  (void);
const char *_mp_get_executable    (void);

guint       _mp_thread_count      (void);
guint       _mp_quota_of_cgroups  (const char  *cgroups,
                                   const char  *mount_point);

G_END_DECLS
