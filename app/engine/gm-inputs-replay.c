/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gm-inputs-replay.h"

#include "gm-inputs-private.h"
#include "gm-inputs-record.h"
#include "gm-json.h"
#include "gm-line.h"

/* The other side of gm-inputs-record.c: what was written there is read here. */

typedef struct
{
  GmInputs  base;
  FILE     *file;
  char     *line;
  size_t    allocated;
  GString  *bytes;
} Replay;

static gboolean
fail (const char  *path,
      GError     **error)
{
  int saved_errno = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "Could not read “%s”: %s",
               path, g_strerror (saved_errno));
  return FALSE;
}

static gboolean
count_lines (GmInputsKept  *self,
             const char    *path,
             GError       **error)
{
  FILE *file = fopen (path, "re");
  char *line = NULL;
  size_t allocated = 0;
  ssize_t length;

  if (file == NULL)
    return errno == ENOENT || fail (path, error);
  self->has_lines = TRUE;
  while (!self->ended && (length = getline (&line, &allocated, file)) > 0)
    if (line[length - 1] == '\n')
      {
        self->ended = g_str_has_prefix (line, "{\"end\":");
        self->count += !self->ended;
      }
  free (line);
  fclose (file);
  return TRUE;
}

/**
 * gm_inputs_kept_read:
 * @self: (out caller-allocates): what is kept of the inputs
 * @dir: the folder of a run
 * @error: return location for an error
 *
 * Returns: %FALSE if that can't be read
 */
gboolean
gm_inputs_kept_read (GmInputsKept  *self,
                     const char    *dir,
                     GError       **error)
{
  g_autofree char *lines = g_build_filename (dir, "inputs.jsonl", NULL);
  g_autofree char *hashes = g_build_filename (dir, "inputs.idx", NULL);
  struct stat status;

  *self = (GmInputsKept) { 0 };
  if (!count_lines (self, lines, error))
    return FALSE;
  if (self->has_lines)
    return TRUE;
  if (stat (hashes, &status) < 0)
    return errno == ENOENT || fail (hashes, error);
  self->has_hashes = TRUE;
  self->count = status.st_size / sizeof (guint64);
  return TRUE;
}

/* Of the items that are there now, as far as they can be those that were read. */
static gboolean
hash_all (GmJob    *job,
          GArray   *hashes,
          GError  **error)
{
  g_autoptr(GmInputs) inputs = gm_inputs_open (job, -1, error);
  GmInputsStatus status;
  GmItem item;

  if (inputs == NULL)
    return FALSE;
  while ((status = gm_inputs_next (inputs, &item, error)) == GM_INPUTS_ITEM)
    {
      guint64 hash = gm_item_hash (&item);

      g_array_append_val (hashes, hash);
    }
  return status != GM_INPUTS_ERROR;
}

/* How often each is among @old, less each that is found in @new. */
static void
count_differences (const guint64 *old,
                   guint64        n_old,
                   const guint64 *new,
                   guint64        n_new,
                   guint64       *added,
                   guint64       *removed)
{
  g_autoptr(GHashTable) left = g_hash_table_new (g_int64_hash, g_int64_equal);
  guint64 n_found = 0, n_strange = 0;

  for (guint64 i = 0; i < n_old; i++)
    {
      gsize n = GPOINTER_TO_SIZE (g_hash_table_lookup (left, &old[i]));

      g_hash_table_insert (left, (gpointer) &old[i], GSIZE_TO_POINTER (n + 1));
    }
  *added = 0;
  for (guint64 i = 0; i < n_new; i++)
    {
      gsize n = GPOINTER_TO_SIZE (g_hash_table_lookup (left, &new[i]));

      /* What comes after all that is known may just not have been read yet. */
      if (n == 0)
        n_strange++;
      else
        {
          g_hash_table_insert (left, (gpointer) &new[i], GSIZE_TO_POINTER (n - 1));
          n_found++;
        }
      if (n > 0 || i < n_old)
        *added = n_strange;
    }
  *removed = n_old - n_found;
}

static void
set_changed (const guint64 *old,
             guint64        n_old,
             GArray        *new,
             GError       **error)
{
  guint64 added, removed, changed;

  count_differences (old, n_old, (const guint64 *) new->data, new->len, &added, &removed);
  changed = MIN (added, removed);
  if (added == 0 && removed == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                         "The inputs have changed since: the same items are in another order. "
                         "Nothing was run; --reuse=RUN JOB begins a new run that keeps what is "
                         "done");
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "The inputs have changed since: %" G_GUINT64_FORMAT " added, %" G_GUINT64_FORMAT
                 " removed, %" G_GUINT64_FORMAT " changed. Nothing was run; --reuse=RUN JOB begins "
                 "a new run that keeps what is done", added - changed, removed - changed, changed);
}

/**
 * gm_inputs_kept_compare:
 * @self: what is kept of the inputs
 * @dir: the folder of the run
 * @job: its job
 * @error: return location for an error
 *
 * Looks whether the items that the run has read are still the first ones. What has been appended
 * after them is no change: the run had not come to it.
 *
 * Returns: %FALSE if they are not, or can't be read; with %G_IO_ERROR_INVALID_DATA that says how
 *   many have changed
 */
gboolean
gm_inputs_kept_compare (GmInputsKept  *self,
                        const char    *dir,
                        GmJob         *job,
                        GError       **error)
{
  g_autofree char *path = g_build_filename (dir, "inputs.idx", NULL);
  g_autoptr(GMappedFile) file = NULL;
  g_autoptr(GArray) new = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autofree guint64 *old = NULL;

  if (!self->has_hashes || self->count == 0)
    return TRUE;
  file = g_mapped_file_new (path, FALSE, error);
  if (file == NULL || !hash_all (job, new, error))
    return FALSE;
  old = g_new (guint64, self->count);
  memcpy (old, g_mapped_file_get_contents (file), self->count * sizeof *old);
  for (guint64 i = 0; i < self->count; i++)
    old[i] = GUINT64_FROM_LE (old[i]);
  if (new->len >= self->count && memcmp (old, new->data, self->count * sizeof *old) == 0)
    return TRUE;
  set_changed (old, self->count, new, error);
  return FALSE;
}

/* What gm_item_append_record() has written. */
static void
read_record (Replay     *self,
             const char *line,
             gsize       length,
             GmItem     *item)
{
  const char *value;

  *item = (GmItem) { GM_ITEM_JSON, line, length };
  if ((value = gm_line_find (line, "item_base64")) == line + strlen ("{\"item_base64\":"))
    {
      gm_json_unescape (self->bytes, value);
      if (self->bytes->len > 0)
        g_base64_decode_inplace (self->bytes->str, &self->bytes->len);
      self->bytes->str[self->bytes->len] = '\0';
      *item = (GmItem) { GM_ITEM_BYTES, self->bytes->str, self->bytes->len };
    }
  else if ((value = gm_line_find (line, "bad_input")) == line + strlen ("{\"bad_input\":"))
    {
      gm_json_unescape (self->bytes, value);
      *item = (GmItem) { GM_ITEM_BAD, self->bytes->str, self->bytes->len };
    }
  else if ((value = gm_line_find (line, "item")) == line + strlen ("{\"item\":"))
    {
      g_string_append_len (self->bytes, value, gm_json_skip (value) - value);
      *item = (GmItem) { GM_ITEM_JSON, self->bytes->str, self->bytes->len };
    }
}

static GmInputsStatus
replay_next (GmInputs  *base,
             GmItem    *item,
             GError   **error)
{
  Replay *self = (Replay *) base;
  ssize_t length;

  if (base->n_items == base->total)
    return GM_INPUTS_END;
  length = getline (&self->line, &self->allocated, self->file);
  if (length <= 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "inputs.jsonl ends too early");
      return GM_INPUTS_ERROR;
    }
  self->line[--length] = '\0';
  g_string_truncate (base->text, 0);
  if (!gm_json_compact (base->text, self->line, length, NULL, error))
    {
      g_prefix_error (error, "inputs.jsonl, line %" G_GINT64_FORMAT ": ", base->n_items + 1);
      return GM_INPUTS_ERROR;
    }
  g_string_truncate (self->bytes, 0);
  if (*self->line == '{')
    read_record (self, self->line, length, item);
  else
    *item = (GmItem) { GM_ITEM_JSON, self->line, length };
  return GM_INPUTS_ITEM;
}

static void
replay_free (GmInputs *base)
{
  Replay *self = (Replay *) base;

  if (self->file != NULL)
    fclose (self->file);
  free (self->line);
  g_string_free (self->bytes, TRUE);
  gm_inputs_release (base);
}

/**
 * gm_inputs_replay:
 * @self: what is kept of the inputs, among it the items
 * @dir: the folder of the run
 * @error: return location for an error
 *
 * Returns: (transfer full): the items once more
 */
GmInputs *
gm_inputs_replay (GmInputsKept  *self,
                  const char    *dir,
                  GError       **error)
{
  g_autofree char *path = g_build_filename (dir, "inputs.jsonl", NULL);
  FILE *file = fopen (path, "re");
  Replay *replay;

  if (file == NULL)
    {
      fail (path, error);
      return NULL;
    }
  replay = gm_inputs_alloc (sizeof (Replay));
  replay->base.next = replay_next;
  replay->base.free = replay_free;
  replay->base.total = self->count;
  replay->base.can_reopen = FALSE;
  replay->file = file;
  replay->bytes = g_string_new (NULL);
  return &replay->base;
}
