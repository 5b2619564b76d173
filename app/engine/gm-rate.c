/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-rate.h"

/**
 * gm_rate_add:
 * @self: a rate, zeroed at first
 * @now: the time, in microseconds
 * @count: how many have ended until now
 */
void
gm_rate_add (GmRate  *self,
             gint64   now,
             guint64  count)
{
  self->times[self->n % GM_RATE_SAMPLES] = now;
  self->counts[self->n % GM_RATE_SAMPLES] = count;
  self->n++;
}

/**
 * gm_rate_get:
 * @self: a rate
 * @now: the time, in microseconds
 * @count: how many have ended until now
 *
 * Returns: how many a second, since the oldest sample that is kept
 */
double
gm_rate_get (const GmRate *self,
             gint64        now,
             guint64       count)
{
  guint oldest = self->n > GM_RATE_SAMPLES ? self->n % GM_RATE_SAMPLES : 0;

  if (self->n == 0 || now <= self->times[oldest])
    return 0;
  /* Items that are tried again are no longer done. */
  if (count < self->counts[oldest])
    return 0;
  return (double) (count - self->counts[oldest]) * G_USEC_PER_SEC / (now - self->times[oldest]);
}
