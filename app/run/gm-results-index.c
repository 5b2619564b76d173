/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-results-index.h"

/* Rows stand in the order in which the items first ended; a later line of the same item takes the
 * place of the earlier one, so that a row keeps its number. 40 bytes a row, and 4 to find it by its
 * index. */

/* More different errors than anybody reads: what comes then counts as one for each reason. */
#define MAX_GROUPS 10000

/* Of an error's first line. */
#define MAX_ERROR 200

/* A shorter item stands in a word of its error by chance. */
#define LEAST_ITEM 3

/* A row that is not there. */
#define NO_ROW G_MAXUINT32

/* So many rows share one note of the time they cover. */
#define ZONE_ROWS 1024

typedef struct
{
  gint64 from;
  gint64 to;
} Zone;

struct _GmResultsIndex
{
  GmTail     *tail;
  GArray     *rows;       /* of GmResultsRow */
  GArray     *zones;      /* of Zone */
  GArray     *by_index;   /* of guint32: row, or NO_ROW */
  GHashTable *far;        /* of guint64 → row: indexes far beyond the number of rows */
  GPtrArray  *workers;    /* of char * */
  GHashTable *worker_ids; /* borrows from workers */
  GPtrArray  *groups;     /* of GmResultsGroup */
  GHashTable *group_ids;  /* of char * → group + 1 */
  GString    *text;
  guint       counts[GM_STATUS_CANCELLED + 1];
  guint       changes;
};

static void
group_free (gpointer data)
{
  GmResultsGroup *group = data;

  g_free (group->text);
  g_free (group);
}

/**
 * gm_results_index_new:
 * @dir: a run directory
 *
 * Returns: (transfer full): an index of its outcomes that knows none yet
 */
GmResultsIndex *
gm_results_index_new (const char *dir)
{
  GmResultsIndex *self = g_new0 (GmResultsIndex, 1);

  self->tail = gm_tail_new (dir, "results.jsonl");
  self->rows = g_array_new (FALSE, FALSE, sizeof (GmResultsRow));
  self->zones = g_array_new (FALSE, FALSE, sizeof (Zone));
  self->by_index = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->far = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->workers = g_ptr_array_new_with_free_func (g_free);
  self->worker_ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->groups = g_ptr_array_new_with_free_func (group_free);
  self->group_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->text = g_string_new (NULL);

  return self;
}

/**
 * gm_results_index_free:
 * @self: (transfer full): an index
 */
void
gm_results_index_free (GmResultsIndex *self)
{
  gm_tail_free (self->tail);
  g_array_unref (self->rows);
  g_array_unref (self->zones);
  g_array_unref (self->by_index);
  g_hash_table_unref (self->far);
  g_hash_table_unref (self->worker_ids);
  g_ptr_array_unref (self->workers);
  g_ptr_array_unref (self->groups);
  g_hash_table_unref (self->group_ids);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static guint32
intern_worker (GmResultsIndex  *self,
               const GmMembers *member)
{
  char name[128];
  gpointer id;

  if (member->value_size < 2 || member->value_size - 2 >= sizeof name || *member->value != '"'
      || !g_utf8_validate_len (member->value, member->value_size, NULL))
    return GM_NO_WORKER;
  memcpy (name, member->value + 1, member->value_size - 2);
  name[member->value_size - 2] = '\0';
  if (!g_hash_table_lookup_extended (self->worker_ids, name, NULL, &id))
    {
      id = GUINT_TO_POINTER (self->workers->len);
      g_ptr_array_add (self->workers, g_strdup (name));
      g_hash_table_insert (self->worker_ids, g_ptr_array_index (self->workers,
                                                                self->workers->len - 1), id);
    }

  return GPOINTER_TO_UINT (id);
}

/* A word that another version wrote counts as an error without a reason. */
static guint8
parse_status (const GmMembers *member)
{
  GmStatus status = GM_STATUS_ERROR;

  if (member->value_size > 2 && *member->value == '"')
    gm_status_from_string (member->value + 1, member->value_size - 2, &status);

  return status;
}

static guint8
parse_reason (const GmMembers *member)
{
  GmReason reason = GM_REASON_NONE;

  if (member->value_size > 2 && *member->value == '"')
    gm_reason_from_string (member->value + 1, member->value_size - 2, &reason);

  return reason;
}

static void
cut_first_line (GString *text)
{
  g_string_truncate (text, strcspn (text->str, "\r\n"));
  if (text->len > MAX_ERROR)
    {
      const char *end = g_utf8_find_prev_char (text->str, text->str + MAX_ERROR);

      g_string_truncate (text, end != NULL ? end - text->str : 0);
    }
}

/* What the item's group is called: the first line that a command wrote to stderr, for "exited with
 * code 1" would be one group of all, else its error. */
static void
read_error (GmResultsIndex *self,
            GmMembers      *member)
{
  GmMembers error = { NULL }, output = { NULL };

  do
    if (gm_members_is (member, "error"))
      error = *member;
    else if (gm_members_is (member, "stderr") && member->value_size > 2)
      output = *member;
  while (gm_members_next (member));
  g_string_truncate (self->text, 0);
  if (output.value != NULL)
    gm_members_get_text (&output, self->text);
  cut_first_line (self->text);
  if (self->text->len == 0 && error.value != NULL)
    gm_members_get_text (&error, self->text);
  cut_first_line (self->text);
}

static gboolean
is_word (char c)
{
  return g_ascii_isalnum (c) || (guchar) c >= 0x80;
}

/* Puts `{}` where the item stands; where it is a word of its own if it is short. */
static void
replace_item (GString *text,
              GString *item)
{
  const char *found = text->str;

  while ((found = strstr (found, item->str)) != NULL)
    {
      gsize start = found - text->str;

      if (item->len < LEAST_ITEM
          && ((start > 0 && is_word (found[-1])) || is_word (found[item->len])))
        {
          found++;
          continue;
        }
      g_string_erase (text, start, item->len);
      g_string_insert (text, start, "{}");
      found = text->str + start + 2;
    }
}

/* The same complaint about each item is one group. */
static void
leave_out_item (GString         *text,
                const GmMembers *item)
{
  g_autoptr(GString) word = g_string_new (NULL);
  const char *slash;

  if (item->value == NULL)
    return;
  if (!gm_members_get_text (item, word))
    g_string_append_len (word, item->value, item->value_size);
  if (word->len > 0 && word->len <= MAX_ERROR)
    replace_item (text, word);
  /* Commands like to name a file without its folder. */
  slash = strrchr (word->str, '/');
  if (slash == NULL || slash[1] == '\0' || word->len > MAX_ERROR)
    return;
  g_string_erase (word, 0, slash + 1 - word->str);
  replace_item (text, word);
}

static guint32
intern_group (GmResultsIndex *self,
              GmReason        reason)
{
  g_autofree char *key = NULL;
  GmResultsGroup *group;
  gpointer id;

  if (self->groups->len >= MAX_GROUPS)
    g_string_assign (self->text, "…");
  key = g_strdup_printf ("%d %s", reason, self->text->str);
  id = g_hash_table_lookup (self->group_ids, key);
  if (id == NULL)
    {
      group = g_new0 (GmResultsGroup, 1);
      group->reason = reason;
      group->text = g_strdup (self->text->str);
      g_ptr_array_add (self->groups, group);
      id = GUINT_TO_POINTER (self->groups->len);
      g_hash_table_insert (self->group_ids, g_steal_pointer (&key), id);
    }

  return GPOINTER_TO_UINT (id) - 1;
}

/* Returns: %FALSE if it is no outcome */
static gboolean
parse (GmResultsIndex *self,
       const char     *line,
       gsize           size,
       GmResultsRow   *row)
{
  gboolean has_index = FALSE, has_status = FALSE;
  GmMembers member, item = { NULL };

  gm_members_init (&member, line, size);
  while (gm_members_next (&member))
    {
      if (gm_members_is (&member, "index"))
        {
          row->index = gm_members_get_int (&member);
          has_index = TRUE;
        }
      else if (gm_members_is (&member, "item"))
        item = member;
      else if (gm_members_is (&member, "status"))
        {
          row->status = parse_status (&member);
          has_status = TRUE;
        }
      else if (gm_members_is (&member, "attempts"))
        row->attempts = CLAMP (gm_members_get_int (&member), 0, G_MAXUINT16);
      else if (gm_members_is (&member, "worker"))
        row->worker = intern_worker (self, &member);
      else if (gm_members_is (&member, "started"))
        row->started = gm_members_get_scaled (&member, 6);
      else if (gm_members_is (&member, "duration"))
        {
          row->duration = gm_members_get_scaled (&member, 9);
          if (row->status == GM_STATUS_OK)
            break;
        }
      else if (gm_members_is (&member, "reason"))
        {
          row->reason = parse_reason (&member);
          read_error (self, &member);
          leave_out_item (self->text, &item);
          row->group = intern_group (self, row->reason);
          break;
        }
    }

  return has_index && has_status;
}

static void
set_row (GmResultsIndex *self,
         guint64         index,
         guint32         row)
{
  guint32 none = NO_ROW;

  if (index >= 16 * ((guint64) self->rows->len + 65536))
    {
      gint64 *key = g_memdup2 (&index, sizeof index);

      g_hash_table_insert (self->far, key, GUINT_TO_POINTER (row));
      return;
    }
  if (index >= self->by_index->len)
    {
      guint old = self->by_index->len;

      g_array_set_size (self->by_index, index + 1);
      for (guint i = old; i < self->by_index->len; i++)
        g_array_index (self->by_index, guint32, i) = none;
    }
  g_array_index (self->by_index, guint32, index) = row;
}

static void
count (GmResultsIndex     *self,
       const GmResultsRow *row,
       int                 by)
{
  self->counts[row->status] += by;
  if (row->group != GM_NO_GROUP)
    ((GmResultsGroup *) g_ptr_array_index (self->groups, row->group))->count += by;
}

static void
note_time (GmResultsIndex     *self,
           guint               number,
           const GmResultsRow *row)
{
  Zone *zone, none = { G_MAXINT64, G_MININT64 };

  if (number / ZONE_ROWS >= self->zones->len)
    g_array_append_val (self->zones, none);
  zone = &g_array_index (self->zones, Zone, number / ZONE_ROWS);
  if (row->started == 0)
    return;
  zone->from = MIN (zone->from, row->started);
  zone->to = MAX (zone->to, gm_results_row_get_end (row));
}

static void
add (GmResultsIndex     *self,
     const GmResultsRow *row)
{
  guint number;

  if (gm_results_index_find (self, row->index, &number))
    {
      GmResultsRow *old = &g_array_index (self->rows, GmResultsRow, number);

      count (self, old, -1);
      *old = *row;
      self->changes++;
    }
  else
    {
      number = self->rows->len;
      g_array_append_val (self->rows, *row);
      set_row (self, row->index, number);
    }
  count (self, row, 1);
  note_time (self, number, row);
}

/**
 * gm_results_index_advance:
 * @self: an index
 * @bytes: how much to read at most
 *
 * Reads on in `results.jsonl`. A last line that has no end is left for later; a line that is no
 * outcome is passed over.
 *
 * Returns: whether it may have more
 */
gboolean
gm_results_index_advance (GmResultsIndex *self,
                          gsize           bytes)
{
  guint64 until = gm_tail_get_offset (self->tail) + bytes, offset;
  const char *line;
  gsize size;

  while (self->rows->len < NO_ROW && gm_tail_get_offset (self->tail) < until)
    {
      GmResultsRow row = { .worker = GM_NO_WORKER, .group = GM_NO_GROUP };

      if (!gm_tail_next (self->tail, &line, &size, &offset))
        return FALSE;
      row.offset = offset;
      if (parse (self, line, size, &row))
        add (self, &row);
    }

  return self->rows->len < NO_ROW;
}

/**
 * gm_results_index_get_n_rows:
 * @self: an index
 *
 * Returns: how many items have an outcome
 */
guint
gm_results_index_get_n_rows (GmResultsIndex *self)
{
  return self->rows->len;
}

/**
 * gm_results_index_get_row:
 * @self: an index
 * @row: below gm_results_index_get_n_rows()
 *
 * Returns: (transfer none): what is known of it, until the index is advanced
 */
const GmResultsRow *
gm_results_index_get_row (GmResultsIndex *self,
                          guint           row)
{
  g_return_val_if_fail (row < self->rows->len, NULL);

  return &g_array_index (self->rows, GmResultsRow, row);
}

/**
 * gm_results_index_find:
 * @self: an index
 * @index: of an item
 * @row: (out): where it is
 *
 * Returns: whether it has an outcome
 */
gboolean
gm_results_index_find (GmResultsIndex *self,
                       guint64         index,
                       guint          *row)
{
  gpointer value;

  *row = NO_ROW;
  if (index < self->by_index->len)
    *row = g_array_index (self->by_index, guint32, index);
  if (*row == NO_ROW && g_hash_table_size (self->far) > 0
      && g_hash_table_lookup_extended (self->far, &index, NULL, &value))
    *row = GPOINTER_TO_UINT (value);

  return *row != NO_ROW;
}

/**
 * gm_results_index_count:
 * @self: an index
 * @status: a status
 *
 * Returns: how many items ended with it
 */
guint
gm_results_index_count (GmResultsIndex *self,
                        GmStatus        status)
{
  return self->counts[status];
}

/**
 * gm_results_index_get_changes:
 * @self: an index
 *
 * Returns: how often a row has taken the place of another
 */
guint
gm_results_index_get_changes (GmResultsIndex *self)
{
  return self->changes;
}

/**
 * gm_results_index_get_n_workers:
 * @self: an index
 *
 * Returns: how many workers have done something
 */
guint
gm_results_index_get_n_workers (GmResultsIndex *self)
{
  return self->workers->len;
}

/**
 * gm_results_index_get_worker:
 * @self: an index
 * @worker: of a row
 *
 * Returns: (transfer none) (nullable): its name
 */
const char *
gm_results_index_get_worker (GmResultsIndex *self,
                             guint           worker)
{
  return worker < self->workers->len ? g_ptr_array_index (self->workers, worker) : NULL;
}

/**
 * gm_results_index_get_n_groups:
 * @self: an index
 *
 * Returns: how many groups of errors there are, empty ones too
 */
guint
gm_results_index_get_n_groups (GmResultsIndex *self)
{
  return self->groups->len;
}

/**
 * gm_results_index_get_group:
 * @self: an index
 * @group: below gm_results_index_get_n_groups()
 *
 * Returns: (transfer none) (nullable): the group; its count may be 0
 */
const GmResultsGroup *
gm_results_index_get_group (GmResultsIndex *self,
                            guint           group)
{
  return group < self->groups->len ? g_ptr_array_index (self->groups, group) : NULL;
}

/**
 * gm_results_index_peek_line:
 * @self: an index
 * @row: which
 * @size: (out): its length
 *
 * Returns: (transfer none) (nullable): the outcome object as it stands in the file, not ended by a
 *   NUL, until the next call
 */
const char *
gm_results_index_peek_line (GmResultsIndex *self,
                            guint           row,
                            gsize          *size)
{
  return gm_tail_peek_at (self->tail, gm_results_index_get_row (self, row)->offset, size);
}

/**
 * gm_results_index_next_in_span:
 * @self: an index
 * @row: the first to look at
 * @from: wall clock, microseconds
 * @to: the same
 *
 * Whole stretches of rows that lie outside are stepped over at once.
 *
 * Returns: the first row that ran at some time in the span, or the number of rows
 */
guint
gm_results_index_next_in_span (GmResultsIndex *self,
                               guint           row,
                               gint64          from,
                               gint64          to)
{
  while (row < self->rows->len)
    {
      const Zone *zone = &g_array_index (self->zones, Zone, row / ZONE_ROWS);
      guint end = MIN (self->rows->len, (row / ZONE_ROWS + 1) * ZONE_ROWS);

      if (zone->to < from || zone->from > to)
        row = end;
      for (; row < end; row++)
        {
          const GmResultsRow *r = &g_array_index (self->rows, GmResultsRow, row);

          if (r->started != 0 && r->started <= to && gm_results_row_get_end (r) >= from)
            return row;
        }
    }

  return self->rows->len;
}
