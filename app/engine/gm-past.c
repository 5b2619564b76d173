/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gm-past.h"

#include "gm-json.h"
#include "gm-line.h"
#include "gm-outcome-file.h"

/* No run has that many items: a line that says so is not one of ours. */
#define MAX_INDEX (G_GUINT64_CONSTANT (1) << 30)

#define MAX_ATTEMPTS ((1 << 24) - 1)

typedef struct
{
  guint32 status   : 3;  /* 1 + the status, 0: it has no outcome */
  guint32 settled  : 1;  /* it is not run again */
  guint32 attempts : 24;
  guint32 listed   : 1;  /* among the failures */
} Item;

struct _GmPast
{
  GArray   *items;         /* owned, of Item, by index */
  GArray   *failures;      /* owned, of GmFailure, until it is stolen */
  gboolean  retry_failed;
};

static Item *
get_item (GmPast  *self,
          guint64  index)
{
  if (index >= MAX_INDEX)
    return NULL;
  if (index >= self->items->len)
    g_array_set_size (self->items, index + 1);
  return &g_array_index (self->items, Item, index);
}

/* What the end of the run kept from running is no outcome of the item. */
static gboolean
is_settled (GmPast              *self,
            const GmPastOutcome *outcome)
{
  if (self->retry_failed)
    return outcome->status == GM_STATUS_OK;
  return outcome->reason != GM_REASON_CANCELLED && outcome->reason != GM_REASON_STOPPED
         && outcome->reason != GM_REASON_JOB_TIMEOUT;
}

/* Those that an item has had before its last outcome, or that will be run again, are none. */
static void
sift_failures (GmPast *self)
{
  GArray *found = g_steal_pointer (&self->failures);

  self->failures = g_array_new (FALSE, FALSE, sizeof (GmFailure));
  for (guint i = found->len; i > 0; i--)
    {
      const GmFailure *failure = &g_array_index (found, GmFailure, i - 1);
      Item *item = &g_array_index (self->items, Item, failure->index);

      if (item->listed || !item->settled || item->status == 1 + GM_STATUS_OK)
        continue;
      item->listed = TRUE;
      g_array_append_val (self->failures, *failure);
    }
  g_array_unref (found);
}

static gboolean
read_outcomes (GmPast      *self,
               const char  *dir,
               GError     **error)
{
  g_autoptr(GmOutcomeFile) file = gm_outcome_file_open (dir, error);
  GmPastOutcome outcome;

  if (file == NULL)
    return FALSE;
  while (gm_outcome_file_next (file, &outcome))
    {
      Item *item = get_item (self, outcome.index);

      if (item == NULL)
        continue;
      item->status = 1 + outcome.status;
      item->settled = is_settled (self, &outcome);
      item->attempts = MIN (outcome.attempts, MAX_ATTEMPTS);
      if (item->settled && outcome.status != GM_STATUS_OK)
        g_array_append_val (self->failures,
                            ((GmFailure) { outcome.index, outcome.offset, GM_NO_TURN }));
    }
  sift_failures (self);
  return TRUE;
}

static void
read_event (GmPast     *self,
            const char *line,
            gsize       length,
            GString    *checked)
{
  const char *index, *attempt;
  Item *item;

  g_string_truncate (checked, 0);
  if (strstr (line, "\"event\":\"item-retried\"") == NULL
      || !gm_json_compact (checked, line, length - 1, NULL, NULL)
      || checked->len != length - 1
      || (index = gm_line_find (line, "index")) == NULL
      || (attempt = gm_line_find (line, "attempt")) == NULL
      || (item = get_item (self, g_ascii_strtoull (index, NULL, 10))) == NULL)
    return;
  item->attempts = MAX (item->attempts,
                        MIN (g_ascii_strtoull (attempt, NULL, 10), MAX_ATTEMPTS));
}

/* An attempt that failed is an event; the run may have ended before there was an outcome. */
static void
read_attempts (GmPast     *self,
               const char *dir)
{
  g_autofree char *path = g_build_filename (dir, "events.jsonl", NULL);
  g_autoptr(GString) checked = g_string_new (NULL);
  FILE *file = fopen (path, "re");
  char *line = NULL;
  size_t allocated = 0;
  ssize_t length;

  while (file != NULL && (length = getline (&line, &allocated, file)) > 0)
    if (line[length - 1] == '\n')
      read_event (self, line, length, checked);
  free (line);
  if (file != NULL)
    fclose (file);
}

/**
 * gm_past_read:
 * @dir: the folder of a run
 * @retry_failed: whether what has an outcome that is not ok is run again; otherwise only what has
 *   none, or was kept from running by the end of the run
 * @error: return location for an error
 *
 * Returns: (transfer full): what the run has done
 */
GmPast *
gm_past_read (const char  *dir,
              gboolean     retry_failed,
              GError     **error)
{
  g_autoptr(GmPast) self = g_new0 (GmPast, 1);

  self->items = g_array_new (FALSE, TRUE, sizeof (Item));
  self->failures = g_array_new (FALSE, FALSE, sizeof (GmFailure));
  self->retry_failed = retry_failed;
  if (!read_outcomes (self, dir, error))
    return NULL;
  read_attempts (self, dir);
  return g_steal_pointer (&self);
}

/**
 * gm_past_free:
 * @self: (transfer full): what a run has done
 */
void
gm_past_free (GmPast *self)
{
  g_array_unref (self->items);
  g_clear_pointer (&self->failures, g_array_unref);
  g_free (self);
}

/**
 * gm_past_is_settled:
 * @self: what a run has done
 * @index: of an item
 *
 * Returns: whether the item is not run any more
 */
gboolean
gm_past_is_settled (GmPast  *self,
                    guint64  index)
{
  const Item *item = index < self->items->len ? &g_array_index (self->items, Item, index) : NULL;

  return item != NULL && item->settled;
}

/**
 * gm_past_get_outcome:
 * @self: what a run has done
 * @index: of an item
 * @status: (out): its status
 *
 * Returns: whether it has an outcome
 */
gboolean
gm_past_get_outcome (GmPast   *self,
                     guint64   index,
                     GmStatus *status)
{
  const Item *item = index < self->items->len ? &g_array_index (self->items, Item, index) : NULL;

  if (item == NULL || item->status == 0)
    return FALSE;
  *status = item->status - 1;
  return TRUE;
}

/**
 * gm_past_get_attempts:
 * @self: what a run has done
 * @index: of an item
 *
 * Returns: how many attempts it has behind it
 */
guint
gm_past_get_attempts (GmPast  *self,
                      guint64  index)
{
  return index < self->items->len ? g_array_index (self->items, Item, index).attempts : 0;
}

/**
 * gm_past_steal_failures:
 * @self: what a run has done
 *
 * Returns: (transfer full) (element-type GmFailure): the outcomes that are not ok and stay, unless
 *   somebody asks for their items; once
 */
GArray *
gm_past_steal_failures (GmPast *self)
{
  return g_steal_pointer (&self->failures);
}

/**
 * gm_past_get_end:
 * @self: what a run has done
 *
 * Returns: how many items the run has at least: one more than the last that has an outcome
 */
guint64
gm_past_get_end (GmPast *self)
{
  guint64 end = self->items->len;

  while (end > 0 && g_array_index (self->items, Item, end - 1).status == 0)
    end--;
  return end;
}

/**
 * gm_past_check_inputs:
 * @self: what a run has done
 * @n_inputs: how many items are kept of its inputs
 * @error: return location for an error
 *
 * What a power cut or somebody has taken off the end of the inputs does no harm if its items need
 * not run.
 *
 * Returns: %FALSE with %G_IO_ERROR_INVALID_DATA if one of them has to
 */
gboolean
gm_past_check_inputs (GmPast   *self,
                      guint64   n_inputs,
                      GError  **error)
{
  for (guint64 i = n_inputs; i < self->items->len; i++)
    {
      const Item *item = &g_array_index (self->items, Item, i);

      if (item->status == 0 || item->settled)
        continue;
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "inputs.jsonl was cut off after %" G_GUINT64_FORMAT " items: item %"
                   G_GUINT64_FORMAT ", which has to run again, is not there. Nothing was run; put "
                   "its lines back, or begin a new run", n_inputs, i);
      return FALSE;
    }
  return TRUE;
}

/**
 * gm_past_count:
 * @self: what a run has done
 * @counts: (out caller-allocates): the outcomes of the items that are not run again
 */
void
gm_past_count (GmPast       *self,
               GmPastCounts *counts)
{
  *counts = (GmPastCounts) { 0 };
  for (guint i = 0; i < self->items->len; i++)
    {
      const Item *item = &g_array_index (self->items, Item, i);

      if (!item->settled)
        continue;
      if (item->status == 1 + GM_STATUS_OK)
        counts->ok++;
      else if (item->status == 1 + GM_STATUS_CANCELLED)
        counts->cancelled++;
      else
        counts->failed++;
    }
}
