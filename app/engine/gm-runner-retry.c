/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-json.h"
#include "gm-line.h"

/* Items that are to run again though they have an outcome. The items themselves are no longer in
 * memory: they are read from their outcomes. */

#define READ_SIZE (64 * 1024)

/* Remembers where the outcome of an item is that somebody may ask for again. */
void
gm_runner_note_failure (GmRunner           *self,
                        const GmRunOutcome *outcome)
{
  GmFailure failure = { outcome->index, outcome->line_offset };

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

/* Returns: (nullable): the line of results.jsonl at @offset */
static char *
read_line (int     fd,
           guint64 offset)
{
  g_autoptr(GString) line = g_string_new (NULL);
  char *end = NULL;

  while (end == NULL)
    {
      gsize before = line->len;
      gssize n;

      g_string_set_size (line, before + READ_SIZE);
      n = pread (fd, line->str + before, READ_SIZE, offset + before);
      if (n <= 0)
        return NULL;
      g_string_truncate (line, before + n);
      end = memchr (line->str + before, '\n', n);
    }
  g_string_truncate (line, end - line->str);
  return g_string_free (g_steal_pointer (&line), FALSE);
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

static GmStatus
read_status (const char *line)
{
  g_autoptr(GString) word = g_string_new (NULL);
  const char *value = gm_line_find (line, "status");

  if (value != NULL)
    gm_json_unescape (word, value);
  for (guint status = GM_STATUS_OK; status <= GM_STATUS_CANCELLED; status++)
    if (g_str_equal (word->str, gm_status_to_string (status)))
      return status;
  return GM_STATUS_OK;
}

static gboolean
parse (Again      *again,
       const char *line)
{
  const char *item = gm_line_find (line, "item");
  const char *base64 = gm_line_find (line, "item_base64");
  const char *attempts = gm_line_find (line, "attempts");
  const char *reason = gm_line_find (line, "reason");

  again->status = read_status (line);
  again->attempts = attempts != NULL ? (guint) g_ascii_strtoull (attempts, NULL, 10) : 0;
  /* What could not be read has no item. */
  if (again->attempts == 0 && reason != NULL && g_str_has_prefix (reason, "\"bad-input\""))
    return FALSE;
  if (base64 != NULL)
    {
      g_autofree char *text = g_strndup (base64 + 1, strcspn (base64 + 1, "\""));

      again->kind = GM_ITEM_BYTES;
      again->data = (char *) g_base64_decode (text, &again->size);
      return TRUE;
    }
  if (item == NULL)
    return FALSE;
  again->kind = GM_ITEM_JSON;
  again->size = gm_json_skip (item) - item;
  again->data = g_strndup (item, again->size);
  return TRUE;
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

static gboolean
load (GmRunner   *self,
      int         fd,
      GmFailure  *failure,
      guint64     index,
      Again      *again,
      GError    **error)
{
  g_autofree char *line = NULL;

  if (failure == NULL && gm_in_flight_find (self->flights, index) != NULL)
    return refuse (error, index, "has no outcome yet");
  if (failure == NULL)
    return refuse (error, index, index < self->n_read ? "is ok" : "has not been read yet");
  line = read_line (fd, failure->offset);
  if (line == NULL)
    return refuse (error, index, "has an outcome that can't be read");
  again->failure = failure;
  if (!parse (again, line))
    return refuse (error, index, "could not be read from the inputs: there is nothing to run");
  return TRUE;
}

static void
put_back (GmRunner    *self,
          const Again *again)
{
  GmItem item = { .kind = again->kind, .data = again->data, .size = again->size };
  GmFlight *flight = gm_in_flight_add (self->flights, again->failure->index, &item);

  /* Where items were passed over its turn is not known: it has been. */
  flight->turn = self->past == NULL ? flight->index : 0;
  flight->before = again->status;
  flight->tried = again->attempts;
  flight->attempt = again->attempts + 1;
  again->failure->index = G_MAXUINT64;
  gm_runner_count (self, again->status, -1);
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
  int fd = openat (gm_run_dir_get_fd (self->dir), "results.jsonl", O_RDONLY | O_CLOEXEC);
  gboolean ok = TRUE;

  for (guint i = 0; i < n_indexes && ok; i++)
    {
      Again again = { NULL };
      guint64 index = indexes[i];

      if (!g_hash_table_contains (found, &index))
        continue; /* named twice */
      ok = load (self, fd, g_hash_table_lookup (found, &index), index, &again, error);
      g_array_append_val (all, again);
      g_hash_table_remove (found, &index);
    }
  if (fd >= 0)
    close (fd);
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
