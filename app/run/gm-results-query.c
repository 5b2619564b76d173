/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-results-query.h"

typedef struct
{
  guint64 key;
  guint32 row;
} Key;

struct _GmResultsSearch
{
  GmResultsIndex *index;     /* borrowed */
  GmResultsQuery  query;
  GArray         *rows;      /* of guint32: what was found; NULL: all, as they stand */
  char           *folded;    /* of the text */
  GString        *text;
  guint           next;      /* row to look at */
  guint           changes;   /* of the index, when this began */
};

/**
 * gm_results_search_new:
 * @index: what to search, for as long as this lives
 * @query: what for; it is copied
 *
 * Returns: (transfer full): a search that has looked at nothing yet
 */
GmResultsSearch *
gm_results_search_new (GmResultsIndex       *index,
                       const GmResultsQuery *query)
{
  GmResultsSearch *self = g_new0 (GmResultsSearch, 1);

  self->index = index;
  self->query = *query;
  self->query.text = g_strdup (query->text);
  if (query->text != NULL && *query->text != '\0')
    self->folded = g_utf8_casefold (query->text, -1);
  if (self->folded != NULL || query->statuses != 0 || query->group != GM_NO_GROUP
      || query->sort != GM_RESULTS_SORT_ENDED || query->descending)
    self->rows = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->text = g_string_new (NULL);
  self->changes = gm_results_index_get_changes (index);

  return self;
}

/**
 * gm_results_search_free:
 * @self: (transfer full): a search
 */
void
gm_results_search_free (GmResultsSearch *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  g_string_free (self->text, TRUE);
  g_free (self->query.text);
  g_free (self->folded);
  g_free (self);
}

static gboolean
is_searched (const GmMembers *member)
{
  static const char * const names[] = { "item", "result", "error", "stdout", "stderr" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (gm_members_is (member, names[i]))
      return TRUE;

  return FALSE;
}

/* Whether there is nothing in it that is written otherwise than it is. */
static gboolean
is_plain (const GmMembers *member)
{
  for (gsize i = 0; i < member->value_size; i++)
    if ((guchar) member->value[i] >= 0x80 || member->value[i] == '\\')
      return FALSE;

  return TRUE;
}

/* As strcasestr(), in what has no NUL. */
static gboolean
contains_plain (GmResultsSearch *self,
                const GmMembers *member)
{
  gsize size = strlen (self->folded);
  char first = self->folded[0];

  for (gsize i = 0; i + size <= member->value_size; i++)
    if (g_ascii_tolower (member->value[i]) == first
        && g_ascii_strncasecmp (member->value + i, self->folded, size) == 0)
      return TRUE;

  return FALSE;
}

static gboolean
contains (GmResultsSearch *self,
          const GmMembers *member)
{
  g_autofree char *folded = NULL;

  /* Only what is not plain needs a copy. */
  if (is_plain (member))
    return contains_plain (self, member);
  g_string_truncate (self->text, 0);
  if (!gm_members_get_text (member, self->text))
    {
      g_autofree char *valid = g_utf8_make_valid (member->value, member->value_size);

      g_string_assign (self->text, valid);
    }
  folded = g_utf8_casefold (self->text->str, self->text->len);

  return strstr (folded, self->folded) != NULL;
}

static gboolean
matches_text (GmResultsSearch *self,
              guint            row)
{
  gsize size;
  const char *line = gm_results_index_peek_line (self->index, row, &size);
  GmMembers member;

  if (line == NULL)
    return FALSE;
  gm_members_init (&member, line, size);
  while (gm_members_next (&member))
    if (is_searched (&member) && contains (self, &member))
      return TRUE;

  return FALSE;
}

static gboolean
matches (GmResultsSearch *self,
         guint            row)
{
  const GmResultsRow *r = gm_results_index_get_row (self->index, row);

  if (self->query.statuses != 0 && (self->query.statuses & (1u << r->status)) == 0)
    return FALSE;
  if (self->query.group != GM_NO_GROUP && self->query.group != r->group)
    return FALSE;

  return self->folded == NULL || matches_text (self, row);
}

static guint64
get_key (GmResultsSearch *self,
         guint32          row)
{
  const GmResultsRow *r = gm_results_index_get_row (self->index, row);

  switch (self->query.sort)
    {
    case GM_RESULTS_SORT_INDEX:
      return r->index;
    case GM_RESULTS_SORT_STATUS:
      return r->status * 256 + r->reason;
    case GM_RESULTS_SORT_DURATION:
      return r->duration;
    case GM_RESULTS_SORT_ATTEMPTS:
      return r->attempts;
    case GM_RESULTS_SORT_WORKER:
      return r->worker;
    case GM_RESULTS_SORT_STARTED:
      return r->started;
    case GM_RESULTS_SORT_ENDED:
    default:
      return row;
    }
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      user_data)
{
  const Key *first = a, *second = b;

  if (first->key != second->key)
    return first->key < second->key ? -1 : 1;

  return first->row < second->row ? -1 : 1;
}

/* Keys are fetched once, so that sorting stays in one small array. */
static void
sort (GmResultsSearch *self)
{
  guint n = self->rows->len;
  g_autofree Key *keys = NULL;
  gboolean in_order = TRUE;

  if (self->query.sort == GM_RESULTS_SORT_ENDED && !self->query.descending)
    return;
  keys = g_new (Key, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    {
      keys[i].row = g_array_index (self->rows, guint32, i);
      keys[i].key = get_key (self, keys[i].row);
      in_order = in_order && (i == 0 || compare (&keys[i - 1], &keys[i], NULL) < 0);
    }
  if (!in_order)
    g_qsort_with_data (keys, n, sizeof *keys, compare, NULL);
  for (guint i = 0; i < n; i++)
    g_array_index (self->rows, guint32, i) = keys[self->query.descending ? n - 1 - i : i].row;
}

/**
 * gm_results_search_advance:
 * @self: a search
 * @rows: how many rows to look at
 *
 * Looks at some rows; when all have been looked at, what was found is sorted.
 *
 * Returns: whether there are more
 */
gboolean
gm_results_search_advance (GmResultsSearch *self,
                           guint            rows)
{
  guint n = gm_results_index_get_n_rows (self->index);
  guint end = n - self->next > rows ? self->next + rows : n;

  if (self->rows == NULL)
    {
      self->next = n;
      return FALSE;
    }
  for (; self->next < end; self->next++)
    if (matches (self, self->next))
      g_array_append_val (self->rows, self->next);
  if (self->next < n)
    return TRUE;
  sort (self);

  return FALSE;
}

/**
 * gm_results_search_get_rows:
 * @self: a search
 *
 * Returns: (transfer none) (nullable): guint32 row numbers, in the order asked for once the search
 *   is over; %NULL if that is all rows as they stand in the file
 */
GArray *
gm_results_search_get_rows (GmResultsSearch *self)
{
  return self->rows;
}

/**
 * gm_results_search_get_n_found:
 * @self: a search
 *
 * Returns: how many rows it has found
 */
guint
gm_results_search_get_n_found (GmResultsSearch *self)
{
  return self->rows != NULL ? self->rows->len : self->next;
}

/**
 * gm_results_search_can_go_on:
 * @self: a search that is over
 *
 * Returns: whether rows that have come since only have to be appended; else a new search is needed
 */
gboolean
gm_results_search_can_go_on (GmResultsSearch *self)
{
  return self->query.sort == GM_RESULTS_SORT_ENDED && !self->query.descending
         && self->changes == gm_results_index_get_changes (self->index);
}
