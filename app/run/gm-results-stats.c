/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "gm-results-stats.h"

/* Durations are counted by their first six binary digits, so that one pass is enough for whatever
 * number of them, and a scrubber can be dragged. */

#define DIGITS 6
#define N_COUNTERS (64 << DIGITS)

static guint
to_counter (gint64 duration)
{
  guint64 value = MAX (duration, 0);
  int bits = value == 0 ? 0 : 63 - __builtin_clzll (value);

  return bits < DIGITS ? value : ((guint) (bits - DIGITS + 1) << DIGITS)
                                 + (guint) ((value >> (bits - DIGITS)) & ((1 << DIGITS) - 1));
}

static gint64
from_counter (guint counter)
{
  guint bits = counter >> DIGITS;

  if (bits == 0)
    return counter;

  return (gint64) ((1 << DIGITS) + (counter & ((1 << DIGITS) - 1))) << (bits - 1);
}

static gint64
percentile (GmResultsStats *self,
            const guint    *counters,
            double          share)
{
  guint64 want = MAX (1, (guint64) ceil (self->count * share)), seen = 0;

  for (guint i = 0; i < N_COUNTERS; i++)
    {
      seen += counters[i];
      if (seen >= want)
        return CLAMP (from_counter (i), self->shortest, self->longest);
    }

  return self->longest;
}

static void
fill_buckets (GmResultsStats *self,
              const guint    *counters)
{
  double low = log (MAX (self->shortest, 1)), high = log (MAX (self->longest, 1));
  double width = MAX (high - low, 1e-9) / GM_STATS_BUCKETS;

  for (guint i = 0; i < N_COUNTERS; i++)
    if (counters[i] > 0)
      {
        int bucket = (int) ((log (MAX (from_counter (i), 1)) - low) / width);

        self->buckets[CLAMP (bucket, 0, GM_STATS_BUCKETS - 1)] += counters[i];
      }
}

static void
keep_slowest (GmResultsStats *self,
              GmResultsIndex *index,
              guint           row,
              gint64          duration)
{
  guint at = self->n_slowest;

  while (at > 0
         && gm_results_index_get_row (index, self->slowest[at - 1])->duration < duration)
    at--;
  if (at == GM_STATS_SLOWEST)
    return;
  self->n_slowest = MIN (self->n_slowest + 1, GM_STATS_SLOWEST);
  for (guint i = self->n_slowest - 1; i > at; i--)
    self->slowest[i] = self->slowest[i - 1];
  self->slowest[at] = row;
}

/**
 * gm_results_stats_read:
 * @self: (out): what to fill
 * @index: the outcomes
 * @from: wall clock, microseconds; G_MININT64 for all
 * @to: the same; G_MAXINT64 for all
 *
 * Counts the items that ended in the span.
 */
void
gm_results_stats_read (GmResultsStats *self,
                       GmResultsIndex *index,
                       gint64          from,
                       gint64          to)
{
  guint n = gm_results_index_get_n_rows (index), row;
  g_autofree guint *counters = g_new0 (guint, N_COUNTERS);

  memset (self, 0, sizeof *self);
  self->shortest = G_MAXINT64;
  for (row = 0; (row = gm_results_index_next_in_span (index, row, from, to)) < n; row++)
    {
      const GmResultsRow *r = gm_results_index_get_row (index, row);

      if (gm_results_row_get_end (r) > to)
        continue;
      self->count++;
      self->failed += r->status != GM_STATUS_OK && r->status != GM_STATUS_CANCELLED;
      self->shortest = MIN (self->shortest, r->duration);
      self->longest = MAX (self->longest, r->duration);
      counters[to_counter (r->duration)]++;
      keep_slowest (self, index, row, r->duration);
    }
  if (self->count == 0)
    {
      self->shortest = 0;
      return;
    }
  self->p50 = percentile (self, counters, .5);
  self->p95 = percentile (self, counters, .95);
  self->p99 = percentile (self, counters, .99);
  fill_buckets (self, counters);
}
