/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the machine, and the control group this process lives in, have left. */
typedef struct _GmMemory GmMemory;

GmMemory *gm_memory_new             (const char *proc,
                                     const char *cgroup_mount);
void      gm_memory_free            (GmMemory   *self);
gint64    gm_memory_get_available   (GmMemory   *self);
gint64    gm_memory_count_oom_kills (GmMemory   *self);

G_END_DECLS
