/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-log-index.h"

#include "gm-tail.h"

/* More of a line nobody reads in a list. */
#define MAX_TEXT (64 * 1024)

/* Of a process; whatever is longer is none. */
#define MAX_NAME 127

struct _GmLogIndex
{
  GmTail     *tail;
  GArray     *lines;        /* of GmLogLine */
  GPtrArray  *processes;    /* of char *; the first is of what functions printed: empty */
  GHashTable *process_ids;  /* borrows from processes */
};

/**
 * gm_log_index_new:
 * @dir: a run directory
 *
 * Returns: (transfer full): an index of its log that knows no line yet
 */
GmLogIndex *
gm_log_index_new (const char *dir)
{
  GmLogIndex *self = g_new0 (GmLogIndex, 1);

  self->tail = gm_tail_new (dir, "log.txt");
  self->lines = g_array_new (FALSE, FALSE, sizeof (GmLogLine));
  self->processes = g_ptr_array_new_with_free_func (g_free);
  self->process_ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_ptr_array_add (self->processes, g_strdup (""));

  return self;
}

/**
 * gm_log_index_free:
 * @self: (transfer full): an index
 */
void
gm_log_index_free (GmLogIndex *self)
{
  gm_tail_free (self->tail);
  g_array_unref (self->lines);
  g_hash_table_unref (self->process_ids);
  g_ptr_array_unref (self->processes);
  g_free (self);
}

static guint32
intern_process (GmLogIndex *self,
                const char *text,
                gsize       size)
{
  g_autofree char *name = NULL;
  gpointer id;

  if (size > MAX_NAME)
    return 0;
  name = g_utf8_make_valid (text, size);
  if (!g_hash_table_lookup_extended (self->process_ids, name, NULL, &id))
    {
      id = GUINT_TO_POINTER (self->processes->len);
      g_hash_table_insert (self->process_ids, name, id);
      g_ptr_array_add (self->processes, g_steal_pointer (&name));
    }

  return GPOINTER_TO_UINT (id);
}

/* `[LEVEL/Process-1] text`; anything else a function has printed. */
static void
parse (GmLogIndex *self,
       const char *text,
       gsize       size,
       GmLogLine  *line)
{
  static const GmLogLevel levels[] = { GM_LOG_DEBUG, GM_LOG_INFO, GM_LOG_WARNING, GM_LOG_ERROR };
  const char *slash, *bracket, *level = "Level ";

  line->level = GM_LOG_INFO;
  line->process = 0;
  if (size == 0 || *text != '[' || (slash = memchr (text, '/', MIN (size, 32))) == NULL
      || (bracket = memchr (slash, ']', text + size - slash)) == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      const char *word = gm_log_level_to_string (levels[i]);

      if (strlen (word) == (gsize) (slash - text - 1)
          && memcmp (text + 1, word, strlen (word)) == 0)
        {
          line->level = levels[i];
          line->process = intern_process (self, slash + 1, bracket - slash - 1);
          return;
        }
    }
  if (size > 7 && memcmp (text + 1, level, strlen (level)) == 0)
    {
      for (const char *p = text + 7; g_ascii_isdigit (*p) && p < text + 10; p++)
        line->level = p == text + 7 ? *p - '0' : line->level * 10 + *p - '0';
      line->process = intern_process (self, slash + 1, bracket - slash - 1);
    }
}

/**
 * gm_log_index_advance:
 * @self: an index
 * @bytes: how much to read at most
 *
 * Reads on in `log.txt`. A last line that has no end is left for later.
 *
 * Returns: whether it may have more
 */
gboolean
gm_log_index_advance (GmLogIndex *self,
                      gsize       bytes)
{
  guint64 until = gm_tail_get_offset (self->tail) + bytes;
  GmLogLine line;
  const char *text;
  gsize size;

  while (gm_tail_get_offset (self->tail) < until)
    {
      if (!gm_tail_next (self->tail, &text, &size, &line.offset))
        return FALSE;
      parse (self, text, size, &line);
      g_array_append_val (self->lines, line);
    }

  return TRUE;
}

/**
 * gm_log_index_get_n_lines:
 * @self: an index
 *
 * Returns: how many lines it knows
 */
guint
gm_log_index_get_n_lines (GmLogIndex *self)
{
  return self->lines->len;
}

/**
 * gm_log_index_get_line:
 * @self: an index
 * @line: below gm_log_index_get_n_lines()
 *
 * Returns: (transfer none): what is known of it, until the index is advanced
 */
const GmLogLine *
gm_log_index_get_line (GmLogIndex *self,
                       guint       line)
{
  g_return_val_if_fail (line < self->lines->len, NULL);

  return &g_array_index (self->lines, GmLogLine, line);
}

/**
 * gm_log_index_get_n_processes:
 * @self: an index
 *
 * Returns: how many have said something, and one more for what functions printed
 */
guint
gm_log_index_get_n_processes (GmLogIndex *self)
{
  return self->processes->len;
}

/**
 * gm_log_index_get_process:
 * @self: an index
 * @process: below gm_log_index_get_n_processes()
 *
 * Returns: (transfer none) (nullable): its name; the first one, which is empty, has what functions
 *   printed
 */
const char *
gm_log_index_get_process (GmLogIndex *self,
                          guint       process)
{
  return process < self->processes->len ? g_ptr_array_index (self->processes, process) : NULL;
}

/**
 * gm_log_index_dup_text:
 * @self: an index
 * @line: which
 *
 * Returns: (transfer full): the line's text, valid UTF-8, cut off where it is endless
 */
char *
gm_log_index_dup_text (GmLogIndex *self,
                       guint       line)
{
  gsize size;
  guint64 offset = gm_log_index_get_line (self, line)->offset;
  const char *text = gm_tail_peek_at (self->tail, offset, &size);

  return text != NULL ? g_utf8_make_valid (text, MIN (size, MAX_TEXT)) : g_strdup ("");
}
