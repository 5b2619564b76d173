/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-describe.h"

/**
 * gm_describe_task_timeout:
 * @job: a job
 * @relative: microseconds, if its limit is relative
 *
 * Returns: (transfer full): what an item did that went beyond the limit of time
 */
char *
gm_describe_task_timeout (const GmJob *job,
                          gint64       relative)
{
  if (job->task_timeout > 0)
    return g_strdup_printf ("took longer than %g s", job->task_timeout);
  return g_strdup_printf ("took longer than %.3g s, %g%% of the median", relative / 1e6,
                          job->task_timeout_percent);
}

/**
 * gm_describe_memory_limit:
 * @rss: bytes that it used
 * @limit: bytes that it may use
 *
 * Returns: (transfer full): what an item did that went beyond the limit of memory
 */
char *
gm_describe_memory_limit (guint64 rss,
                          guint64 limit)
{
  return g_strdup_printf ("used %" G_GUINT64_FORMAT " bytes of memory, %" G_GUINT64_FORMAT
                          " are allowed", rss, limit);
}
