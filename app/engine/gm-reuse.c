/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "gm-reuse.h"

#include "gm-inputs-record.h"
#include "gm-json.h"
#include "gm-line.h"
#include "gm-outcome.h"
#include "gm-outcome-file.h"

/* Items are found by what they are, not by where they stood: a line put in at the top makes one new
 * item. All items that are equal have the same outcome, so one that was ok is enough for all of its
 * doubles. Only where the task names the number of the item must that be the same as well. */

/* No run has that many items: a line that says so is not one of ours. */
#define MAX_INDEX (G_GUINT64_CONSTANT (1) << 30)

#define PIECE (1024 * 1024 * 1024)

typedef struct
{
  guint64 hash;
  guint64 offset   : 60;  /* of the outcome that counts */
  guint64 ok       : 1;
  guint64 has_item : 1;
} Entry;

struct _GmReuse
{
  char          *dir;
  GmOutcomeFile *file;
  GArray        *entries;   /* of Entry, by index */
  GHashTable    *found;     /* of their hashes, borrowed from entries */
  GString       *text;
  gboolean       same_task;
  gboolean       by_index;
};

static gboolean
read_entries (GmReuse *self)
{
  GmPastOutcome outcome;
  GmItem item;

  while (gm_outcome_file_next (self->file, &outcome))
    {
      Entry *entry;

      if (outcome.index >= MAX_INDEX)
        continue;
      if (outcome.index >= self->entries->len)
        g_array_set_size (self->entries, outcome.index + 1);
      entry = &g_array_index (self->entries, Entry, outcome.index);
      entry->has_item = gm_past_outcome_get_item (&outcome, self->text, &item);
      if (!entry->has_item)
        continue;
      entry->hash = gm_item_hash (&item);
      entry->offset = outcome.offset;
      entry->ok = outcome.status == GM_STATUS_OK;
    }
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = &g_array_index (self->entries, Entry, i);

      if (entry->has_item && (entry->ok || !g_hash_table_contains (self->found, &entry->hash)))
        g_hash_table_replace (self->found, &entry->hash, entry);
    }
  return TRUE;
}

/* What decides what is run for an item, and what of it counts as ok. */
static char *
describe_task (GmJob *job)
{
  static const char *const members[] = { "task", "cwd", "env", "ok_exit_codes", "creates" };
  g_autofree char *json = gm_job_to_json_resolved (job, FALSE);
  g_autoptr(JsonNode) node = gm_json_parse (json, strlen (json), NULL, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      JsonNode *value = json_object_get_member (json_node_get_object (node), members[i]);

      g_string_append_printf (text, "%s=", members[i]);
      if (value != NULL)
        gm_json_append_node (text, value);
    }
  /* What is relative once it is expanded is relative to this. */
  if ((job->cwd != NULL && *job->cwd == '{') || (job->creates != NULL && *job->creates == '{'))
    g_string_append (text, job->base_dir);
  return g_string_free (text, FALSE);
}

/**
 * gm_reuse_new:
 * @dir: the folder of a run
 * @job: the job of the new run
 * @error: return location for an error
 *
 * Returns: (transfer full): what can be taken over
 */
GmReuse *
gm_reuse_new (const char  *dir,
              GmJob       *job,
              GError     **error)
{
  g_autoptr(GmReuse) self = g_new0 (GmReuse, 1);
  g_autofree char *path = g_build_filename (dir, "job.json", NULL);
  g_autoptr(GmJob) old = gm_job_new_from_file (path, error);
  g_autofree char *old_task = old != NULL ? describe_task (old) : NULL;
  g_autofree char *new_task = describe_task (job);

  self->dir = g_strdup (dir);
  self->text = g_string_new (NULL);
  self->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  self->found = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->by_index = strstr (new_task, "{#}") != NULL;
  if (old == NULL || (self->file = gm_outcome_file_open (dir, error)) == NULL)
    return NULL;
  self->same_task = g_str_equal (old_task, new_task);
  read_entries (self);
  return g_steal_pointer (&self);
}

/**
 * gm_reuse_free:
 * @self: (transfer full): what can be taken over
 */
void
gm_reuse_free (GmReuse *self)
{
  g_clear_pointer (&self->file, gm_outcome_file_free);
  g_hash_table_unref (self->found);
  g_array_unref (self->entries);
  g_string_free (self->text, TRUE);
  g_free (self->dir);
  g_free (self);
}

static const Entry *
find (GmReuse      *self,
      guint64       index,
      const GmItem *item)
{
  guint64 hash = gm_item_hash (item);
  const Entry *entry = NULL;

  if (!self->by_index)
    entry = g_hash_table_lookup (self->found, &hash);
  else if (index < self->entries->len)
    entry = &g_array_index (self->entries, Entry, index);
  return entry != NULL && entry->has_item && entry->hash == hash ? entry : NULL;
}

/**
 * gm_reuse_look_up:
 * @self: what can be taken over
 * @index: of an item of the new run
 * @item: the item
 *
 * Returns: whether its outcome can be taken over, or why not
 */
GmReuseWhy
gm_reuse_look_up (GmReuse      *self,
                  guint64       index,
                  const GmItem *item)
{
  const Entry *entry = find (self, index, item);

  if (entry == NULL)
    return GM_REUSE_NEW;
  if (!entry->ok)
    return GM_REUSE_FAILED_BEFORE;
  return self->same_task ? GM_REUSE_REUSED : GM_REUSE_TASK_CHANGED;
}

/* A copy, not a link: if the other run is gone on with, it writes to its own file. */
static gboolean
copy_output (GmReuse    *self,
             const char *from,
             GmRunDir   *dir,
             const char *to)
{
  g_autofree char *path = g_build_filename (self->dir, from, NULL);
  int in = open (path, O_RDONLY | O_CLOEXEC);
  int out = openat (gm_run_dir_get_fd (dir), to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  gssize n = -1;

  while (in >= 0 && out >= 0 && (n = sendfile (out, in, NULL, PIECE)) > 0)
    ;
  if (in >= 0)
    close (in);
  if (out >= 0)
    close (out);
  return n == 0;
}

/* Has the copy of a spilled output in the place of the old one. */
static gboolean
move_output (GmReuse    *self,
             guint64     index,
             GmRunDir   *dir,
             GString    *line,
             int         fd)
{
  const char *value = gm_line_find (line->str, fd == 1 ? "stdout_file" : "stderr_file");
  g_autofree char *to = NULL;
  g_autofree char *from = NULL;
  gsize at;

  if (value == NULL)
    return TRUE;
  at = value + 1 - line->str;
  from = g_strndup (value + 1, strcspn (value + 1, "\""));
  to = gm_output_name (index, 0, fd);
  if (!copy_output (self, from, dir, to))
    return FALSE;
  g_string_erase (line, at, strlen (from));
  g_string_insert (line, at, to);
  return TRUE;
}

static gboolean
is_same_item (GmReuse             *self,
              const GmPastOutcome *outcome,
              const GmItem        *item)
{
  GmItem old;

  return gm_past_outcome_get_item (outcome, self->text, &old) && old.kind == item->kind
         && old.size == item->size && memcmp (old.data, item->data, old.size) == 0;
}

/**
 * gm_reuse_take_over:
 * @self: what can be taken over
 * @index: of an item that can be
 * @item: the item
 * @dir: the folder of the new run, to which large outputs are copied
 * @line: emptied, then the outcome line of the new run
 *
 * Returns: %FALSE if the other run no longer has the outcome as a whole
 */
gboolean
gm_reuse_take_over (GmReuse      *self,
                    guint64       index,
                    const GmItem *item,
                    GmRunDir     *dir,
                    GString      *line)
{
  const Entry *entry = find (self, index, item);
  GmPastOutcome outcome;
  const char *rest;

  if (entry == NULL || !gm_outcome_file_seek (self->file, entry->offset)
      || !gm_outcome_file_next (self->file, &outcome) || outcome.offset != entry->offset
      || !is_same_item (self, &outcome, item))
    return FALSE;
  rest = gm_json_skip (gm_line_find (outcome.line, "index"));
  g_string_printf (line, "{\"index\":%" G_GUINT64_FORMAT, index);
  g_string_append_len (line, rest, outcome.line + outcome.length - strlen ("}\n") - rest);
  if (gm_line_find (outcome.line, "reused") == NULL)
    g_string_append (line, ",\"reused\":true");
  gm_line_end (line);
  return move_output (self, index, dir, line, 1)
         && move_output (self, index, dir, line, 2);
}

/**
 * gm_reuse_why_to_string:
 * @why: why an item is run, or is not
 *
 * Returns: the word of the dry run
 */
const char *
gm_reuse_why_to_string (GmReuseWhy why)
{
  static const char *const words[] = {
    [GM_REUSE_NEW] = "new",
    [GM_REUSE_FAILED_BEFORE] = "failed before",
    [GM_REUSE_TASK_CHANGED] = "task changed",
    [GM_REUSE_REUSED] = "reused",
  };

  return words[why];
}
