/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "gm-inputs-private.h"
#include "gm-json.h"

typedef struct
{
  GmInputs base;
  gint64   value;
  gint64   step;
  gint64   left;
} Range;

/* How many numbers as in Python; FALSE if more than can be counted. */
static gboolean
count_numbers (GmInputSpec *spec,
               gint64      *count)
{
  guint64 distance;
  guint64 step = spec->step < 0 ? -(guint64) spec->step : (guint64) spec->step;

  *count = 0;
  if (spec->step > 0 ? spec->start >= spec->stop : spec->start <= spec->stop)
    return TRUE;
  distance = spec->step > 0 ? (guint64) spec->stop - (guint64) spec->start
                            : (guint64) spec->start - (guint64) spec->stop;
  distance = (distance - 1) / step;
  if (distance >= G_MAXINT64)
    return FALSE;
  *count = (gint64) distance + 1;

  return TRUE;
}

static GmInputsStatus
range_next (GmInputs  *base,
            GmItem    *item,
            GError   **error)
{
  Range *self = (Range *) base;

  if (self->left == 0)
    return GM_INPUTS_END;
  g_string_truncate (base->text, 0);
  gm_json_append_int (base->text, self->value);
  gm_item_set_text (item, base);
  /* There may be no number after the last. */
  if (--self->left > 0)
    self->value += self->step;

  return GM_INPUTS_ITEM;
}

/**
 * gm_inputs_open_range:
 * @opening: what is opened
 *
 * The numbers of a range.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_range (GmOpening *opening)
{
  gint64 count;
  Range *self;

  if (!count_numbers (opening->spec, &count))
    {
      gm_opening_fail (opening, "expected at most %" G_GINT64_FORMAT " numbers", G_MAXINT64);
      return NULL;
    }
  self = gm_inputs_alloc (sizeof (Range));
  self->base.next = range_next;
  self->base.free = gm_inputs_release;
  self->base.total = count;
  self->left = count;
  self->value = opening->spec->start;
  self->step = opening->spec->step;

  return &self->base;
}
