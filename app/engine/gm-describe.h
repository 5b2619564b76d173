/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job.h"

G_BEGIN_DECLS

/* What outcomes say of the limits that ended their item, whoever noticed. */
#define GM_OOM_KILLED "the kernel killed it for want of memory"

char *gm_describe_task_timeout (const GmJob *job,
                                gint64       relative);
char *gm_describe_memory_limit (guint64      rss,
                                guint64      limit);

G_END_DECLS
