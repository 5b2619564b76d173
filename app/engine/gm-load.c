/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-load.h"

/* The kernel counts processor time in hundredths of a second: a shorter time says nothing. */
#define MIN_INTERVAL (90 * 1000)

typedef struct
{
  gint64        time;      /* monotonic, microseconds */
  gint64        cpu_time;  /* at @time */
  GmProcessLoad load;
} Sample;

struct _GmLoad
{
  GHashTable *samples;  /* pid → Sample */
};

GmLoad *
gm_load_new (void)
{
  GmLoad *self = g_new0 (GmLoad, 1);

  self->samples = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
gm_load_free (GmLoad *self)
{
  g_hash_table_unref (self->samples);
  g_free (self);
}

static void
update (Sample        *sample,
        const Sample  *before,
        const GmUsage *usage,
        gint64         now)
{
  sample->load.rss = usage->rss;
  sample->cpu_time = usage->cpu_time;
  sample->time = now;
  if (before == NULL)
    return;
  if (now - before->time < MIN_INTERVAL)
    {
      sample->time = before->time;
      sample->cpu_time = before->cpu_time;
      sample->load.cpu_percent = before->load.cpu_percent;
      return;
    }
  sample->load.cpu_percent = MAX (usage->cpu_time - before->cpu_time, 0) * 100.0
                             / (now - before->time);
}

/**
 * gm_load_sample:
 * @self: samples
 * @pids: (array length=n_pids): processes
 * @n_pids: how many
 * @loads: (out caller-allocates) (array length=n_pids): where to put them
 *
 * Takes a sample. Processes that are not asked for any more are forgotten.
 */
void
gm_load_sample (GmLoad        *self,
                const pid_t   *pids,
                guint          n_pids,
                GmProcessLoad *loads)
{
  g_autofree GmUsage *usages = g_new0 (GmUsage, n_pids);
  GHashTable *samples = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  gint64 now = g_get_monotonic_time ();

  gm_usage_read (pids, n_pids, usages);
  for (guint i = 0; i < n_pids; i++)
    {
      Sample *sample = g_new0 (Sample, 1);

      update (sample, g_hash_table_lookup (self->samples, GINT_TO_POINTER (pids[i])), &usages[i],
              now);
      loads[i] = sample->load;
      g_hash_table_insert (samples, GINT_TO_POINTER (pids[i]), sample);
    }
  g_hash_table_unref (self->samples);
  self->samples = samples;
}
