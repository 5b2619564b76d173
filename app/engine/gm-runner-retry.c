/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-runner-private.h"

#include "gm-outcome-file.h"

/* Items that are to run again though they have an outcome. The items themselves are no longer in
 * memory: they are read from their outcomes. */

/* Remembers where the outcome of an item is that somebody may ask for again. */
void
gm_runner_note_failure (GmRunner           *self,
                        const GmRunOutcome *outcome)
{
  GmFailure failure = { outcome->index, outcome->line_offset, outcome->turn };

  g_array_append_val (self->failures, failure);
}

static gboolean
refuse (GError     **error,
        guint64      index,
        const char  *why)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Item %" G_GUINT64_FORMAT " %s", index, why);
  return FALSE;
}

/* An item as its outcome has it, and what counts of that outcome. */
typedef struct
{
  GmFailure *failure;
  GmStatus   status;
  guint      attempts;
  GmItemKind kind;
  char      *data;      /* owned */
  gsize      size;
} Again;

static void
again_clear (gpointer data)
{
  g_free (((Again *) data)->data);
}

/* Finds the last outcomes of the items. */
static GHashTable *
find_failures (GmRunner      *self,
               const guint64 *indexes,
               guint          n_indexes)
{
  GHashTable *found = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (guint i = 0; i < n_indexes; i++)
    g_hash_table_insert (found, (gpointer) &indexes[i], NULL);
  for (guint i = 0; i < self->failures->len; i++)
    {
      GmFailure *failure = &g_array_index (self->failures, GmFailure, i);

      if (g_hash_table_contains (found, &failure->index))
        g_hash_table_insert (found, &failure->index, failure);
    }
  return found;
}

/* Whether the run has come to the item, or had when it was gone on with. */
static gboolean
is_known (GmRunner *self,
          guint64   index)
{
  return index < self->n_read || (self->past != NULL && gm_past_is_settled (self->past, index));
}

static guint
get_attempts_before (GmRunner *self,
                     guint64   index)
{
  return self->past != NULL ? gm_past_get_attempts (self->past, index) : 0;
}

static gboolean
load (GmRunner       *self,
      GmOutcomeFile  *file,
      GmFailure      *failure,
      guint64         index,
      Again          *again,
      GError        **error)
{
  GmPastOutcome outcome;
  GmItem item;

  if (failure == NULL && gm_in_flight_find (self->flights, index) != NULL)
    return refuse (error, index, "has no outcome yet");
  if (failure == NULL)
    return refuse (error, index, is_known (self, index) ? "is ok" : "has not been read yet");
  if (!gm_outcome_file_seek (file, failure->offset) || !gm_outcome_file_next (file, &outcome)
      || outcome.offset != failure->offset || outcome.index != index)
    return refuse (error, index, "has an outcome that can't be read");
  if (!gm_past_outcome_get_item (&outcome, self->text, &item))
    return refuse (error, index, "could not be read from the inputs: there is nothing to run");
  again->failure = failure;
  again->status = outcome.status;
  again->attempts = MAX ((guint) outcome.attempts, get_attempts_before (self, index));
  again->kind = item.kind;
  again->size = item.size;
  again->data = g_memdup2 (item.data, item.size);
  return TRUE;
}

static void
put_back (GmRunner    *self,
          const Again *again)
{
  GmItem item = { .kind = again->kind, .data = again->data, .size = again->size };
  GmFlight *flight = gm_in_flight_add (self->flights, again->failure->index, &item);

  flight->turn = again->failure->turn;
  flight->before = again->status;
  flight->tried = again->attempts;
  flight->attempt = again->attempts + 1;
  again->failure->index = G_MAXUINT64;
  gm_runner_count (self, again->status, -1);
  /* If it fails now, that is a failure of this time. */
  if (flight->turn == GM_NO_TURN && again->status != GM_STATUS_CANCELLED)
    self->failed_before--;
  gm_in_flight_wait (self->flights, flight, 0);
}

static gboolean
load_all (GmRunner       *self,
          const guint64  *indexes,
          guint           n_indexes,
          GArray         *all,
          GError        **error)
{
  g_autoptr(GHashTable) found = find_failures (self, indexes, n_indexes);
  g_autoptr(GmOutcomeFile) file = gm_outcome_file_open (gm_run_dir_get_path (self->dir), error);
  gboolean ok = file != NULL;

  for (guint i = 0; i < n_indexes && ok; i++)
    {
      Again again = { NULL };
      guint64 index = indexes[i];

      if (!g_hash_table_contains (found, &index))
        continue; /* named twice */
      ok = load (self, file, g_hash_table_lookup (found, &index), index, &again, error);
      g_array_append_val (all, again);
      g_hash_table_remove (found, &index);
    }
  return ok;
}

/**
 * gm_runner_retry:
 * @self: a runner
 * @indexes: (array length=n_indexes): items that have an outcome which is not ok
 * @n_indexes: how many
 * @error: return location for an error
 *
 * Has them run again. Attempts go on counting, the budget of retries is fresh.
 *
 * Returns: %FALSE if one of them can't; then none does
 */
gboolean
gm_runner_retry (GmRunner       *self,
                 const guint64  *indexes,
                 guint           n_indexes,
                 GError        **error)
{
  g_autoptr(GArray) all = g_array_new (FALSE, FALSE, sizeof (Again));

  if (self->phase != GM_PHASE_RUNNING)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The run is ending already");
      return FALSE;
    }
  g_array_set_clear_func (all, again_clear);
  gm_runner_write (self, FALSE);
  if (!load_all (self, indexes, n_indexes, all, error))
    return FALSE;
  for (guint i = 0; i < all->len; i++)
    put_back (self, &g_array_index (all, Again, i));
  gm_runner_wake (self, 0);
  return TRUE;
}
