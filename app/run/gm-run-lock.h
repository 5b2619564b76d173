/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Who works on a run holds `lock` in its folder, by a record lock: the kernel names its holder to
 * whoever asks, and lets go when that ends. It is also let go if any other descriptor of the file
 * is closed by the holder, who therefore never asks. */

int      gm_run_lock_take (int          dir_fd,
                           const char  *dir,
                           int          flags,
                           GError     **error);
gboolean gm_run_is_live   (const char  *dir,
                           pid_t       *holder);

G_END_DECLS
