/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-blocks.h"

/* More workers than this share the last row. */
#define MAX_SLOTS 512

/* What a timeline shows: a shade for each worker and pixel. What lies in one pixel becomes one
 * block, so that drawing depends on the width alone; the items are gone through once for each view
 * of them. */
struct _GmBlocks
{
  /* Owned */
  GmRunData *data;       /* nullable */
  GArray    *slots;      /* of guint: of each worker of the results */
  guint8    *pixels;     /* a GmShade for each slot and column */

  /* What they were made of */
  gint64     from;
  gint64     to;
  guint      n_rows;     /* gone through */
  guint      n_attempts;
  guint      changes;
  int        width;
  guint      n_slots;
};

GmBlocks *
gm_blocks_new (void)
{
  GmBlocks *self = g_new0 (GmBlocks, 1);

  self->slots = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

void
gm_blocks_free (GmBlocks *self)
{
  g_clear_object (&self->data);
  g_array_unref (self->slots);
  g_free (self->pixels);
  g_free (self);
}

/**
 * gm_blocks_set_data:
 * @self: blocks
 * @data: (nullable): where the items are
 */
void
gm_blocks_set_data (GmBlocks  *self,
                    GmRunData *data)
{
  if (!g_set_object (&self->data, data))
    return;
  g_array_set_size (self->slots, 0);
  g_clear_pointer (&self->pixels, g_free);
  self->width = 0;
}

/* Of the worker that had the item, from 1; 0 for none. */
guint
gm_blocks_get_slot (GmBlocks           *self,
                    const GmResultsRow *row)
{
  GmResultsIndex *results = gm_run_data_get_results (self->data);

  for (guint i = self->slots->len; i <= row->worker && row->worker != GM_NO_WORKER; i++)
    {
      guint slot = gm_events_index_get_slot (gm_run_data_get_events (self->data),
                                             gm_results_index_get_worker (results, i));

      g_array_append_val (self->slots, slot);
    }
  if (row->worker == GM_NO_WORKER)
    return 0;

  return MIN (g_array_index (self->slots, guint, row->worker), MAX_SLOTS);
}

static guint8
get_shade (const GmResultsRow *row)
{
  switch ((GmStatus) row->status)
    {
    case GM_STATUS_OK:
      return GM_SHADE_OK;
    case GM_STATUS_CANCELLED:
      return GM_SHADE_CANCELLED;
    case GM_STATUS_TIMEOUT:
    case GM_STATUS_ERROR:
    case GM_STATUS_CRASHED:
    default:
      return GM_SHADE_FAILED;
    }
}

/**
 * gm_blocks_count_slots:
 * @self: blocks with data
 * @snapshot: (nullable): who works now
 *
 * Returns: how many rows there are, at least 1
 */
guint
gm_blocks_count_slots (GmBlocks         *self,
                       const GmSnapshot *snapshot)
{
  GmResultsIndex *results = gm_run_data_get_results (self->data);
  guint most = 1;

  for (guint i = 0; i < gm_results_index_get_n_workers (results); i++)
    most = MAX (most, gm_events_index_get_slot (gm_run_data_get_events (self->data),
                                                gm_results_index_get_worker (results, i)));
  for (guint i = 0; snapshot != NULL && i < snapshot->workers->len; i++)
    most = MAX (most, ((GmSnapshotWorker *) g_ptr_array_index (snapshot->workers, i))->slot);

  return MIN (most, MAX_SLOTS);
}

/* A block of three pixels or more keeps its end free, so that two do not look like one. */
static void
paint (GmBlocks *self,
       guint     slot,
       gint64    from,
       gint64    to,
       guint8    shade)
{
  double scale = self->width / (double) (self->to - self->from);
  int x0 = (int) CLAMP ((from - self->from) * scale, 0, self->width - 1);
  int x1 = (int) CLAMP ((to - self->from) * scale, 0, self->width - 1);
  guint8 *line = self->pixels + (gsize) (slot - 1) * self->width;

  if (x1 - x0 >= 3)
    x1--;
  for (int x = x0; x <= x1; x++)
    line[x] = MAX (line[x], shade);
}

/* Returns: microseconds of the wall clock */
gint64
gm_blocks_get_end (const GmEventsAttempt *attempt)
{
  return attempt->started + attempt->duration / 1000;
}

static gboolean
is_shown (GmBlocks              *self,
          const GmEventsAttempt *attempt)
{
  return attempt->slot >= 1 && attempt->slot <= self->n_slots && attempt->started <= self->to
         && gm_blocks_get_end (attempt) >= self->from;
}

/* Also what was tried again: its worker was not idle then. */
static void
go_through (GmBlocks *self)
{
  GmResultsIndex *results = gm_run_data_get_results (self->data);
  guint n = gm_results_index_get_n_rows (results);
  GmEventsIndex *events = gm_run_data_get_events (self->data);

  for (guint row = self->n_rows;
       (row = gm_results_index_next_in_span (results, row, self->from, self->to)) < n; row++)
    {
      const GmResultsRow *r = gm_results_index_get_row (results, row);
      guint slot = gm_blocks_get_slot (self, r);

      if (slot >= 1 && slot <= self->n_slots)
        paint (self, slot, r->started, gm_results_row_get_end (r), get_shade (r));
    }
  self->n_rows = n;
  for (; self->n_attempts < gm_events_index_get_n_attempts (events); self->n_attempts++)
    {
      const GmEventsAttempt *attempt = gm_events_index_get_attempt (events, self->n_attempts);

      if (is_shown (self, attempt))
        paint (self, attempt->slot, attempt->started, gm_blocks_get_end (attempt),
               GM_SHADE_RETRIED);
    }
}

/**
 * gm_blocks_prepare:
 * @self: blocks with data
 * @snapshot: (nullable): who works now
 * @from: microseconds of the wall clock, at the first pixel
 * @to: microseconds of the wall clock, behind the last one
 * @width: how many pixels
 *
 * Has all that is known now in gm_blocks_get_line().
 */
void
gm_blocks_prepare (GmBlocks         *self,
                   const GmSnapshot *snapshot,
                   gint64            from,
                   gint64            to,
                   int               width)
{
  guint changes = gm_results_index_get_changes (gm_run_data_get_results (self->data));
  guint n_slots = gm_blocks_count_slots (self, snapshot);

  if (from != self->from || to != self->to || changes != self->changes || width != self->width
      || n_slots != self->n_slots)
    {
      g_free (self->pixels);
      self->pixels = g_new0 (guint8, (gsize) MAX (width, 1) * n_slots);
      self->from = from;
      self->to = to;
      self->changes = changes;
      self->width = width;
      self->n_slots = n_slots;
      self->n_rows = self->n_attempts = 0;
    }
  go_through (self);
}

/**
 * gm_blocks_get_line:
 * @self: blocks that were prepared
 * @slot: of a worker, from 0
 *
 * Returns: (array): a #GmShade for each pixel
 */
const guint8 *
gm_blocks_get_line (GmBlocks *self,
                    guint     slot)
{
  return self->pixels + (gsize) slot * self->width;
}
