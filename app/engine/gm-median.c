/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "gm-median.h"

/* Times are counted in classes, so many to each doubling. */
#define PER_DOUBLING 64
#define N_CLASSES    (63 * PER_DOUBLING)

struct _GmMedian
{
  guint64 counts[N_CLASSES];
  guint64 n;
  guint64 below;    /* how many are in classes before @middle */
  guint   middle;   /* the class of the median */
};

GmMedian *
gm_median_new (void)
{
  return g_new0 (GmMedian, 1);
}

void
gm_median_free (GmMedian *self)
{
  g_free (self);
}

static guint
find_class (gint64 nanoseconds)
{
  double class = log2 ((double) MAX (nanoseconds, 1)) * PER_DOUBLING;

  return MIN ((guint) class, N_CLASSES - 1);
}

/**
 * gm_median_add:
 * @self: a median
 * @nanoseconds: one more time
 *
 * Costs the same however many there were.
 */
void
gm_median_add (GmMedian *self,
               gint64    nanoseconds)
{
  guint class = find_class (nanoseconds);

  self->counts[class]++;
  self->n++;
  if (class < self->middle)
    self->below++;
  /* The lower of the two in the middle, if their number is even. */
  while (self->below > (self->n - 1) / 2)
    self->below -= self->counts[--self->middle];
  while (self->below + self->counts[self->middle] <= (self->n - 1) / 2)
    self->below += self->counts[self->middle++];
}

guint64
gm_median_get_count (GmMedian *self)
{
  return self->n;
}

/**
 * gm_median_get:
 * @self: a median of at least one time
 *
 * Returns: the median in nanoseconds
 */
gint64
gm_median_get (GmMedian *self)
{
  g_return_val_if_fail (self->n > 0, 0);

  return (gint64) exp2 ((self->middle + 0.5) / PER_DOUBLING);
}
