/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gm-outcome-file.h"

#include "gm-json.h"
#include "gm-line.h"

struct _GmOutcomeFile
{
  FILE    *file;       /* NULL: there is none yet */
  char    *line;
  size_t   allocated;
  guint64  offset;     /* of the next line */
  GString *checked;
};

/**
 * gm_outcome_file_open:
 * @dir: the folder of a run
 * @error: return location for an error
 *
 * Opens the outcomes of a run; one that has not begun to write them has none.
 *
 * Returns: (transfer full): the outcomes
 */
GmOutcomeFile *
gm_outcome_file_open (const char  *dir,
                      GError     **error)
{
  g_autofree char *path = g_build_filename (dir, "results.jsonl", NULL);
  FILE *file = fopen (path, "re");
  GmOutcomeFile *self;

  if (file == NULL && errno != ENOENT)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   "Could not read “%s”: %s", path, g_strerror (saved_errno));
      return NULL;
    }
  self = g_new0 (GmOutcomeFile, 1);
  self->file = file;
  self->checked = g_string_new (NULL);
  return self;
}

/**
 * gm_outcome_file_free:
 * @self: (transfer full): outcomes
 */
void
gm_outcome_file_free (GmOutcomeFile *self)
{
  if (self->file != NULL)
    fclose (self->file);
  free (self->line);
  g_string_free (self->checked, TRUE);
  g_free (self);
}

static gsize
word_length (const char *value)
{
  return strcspn (value + 1, "\"");
}

/* A power cut may leave anything in place of the last lines, and people have editors. */
static gboolean
read_line (GmOutcomeFile *self,
           GmPastOutcome *outcome)
{
  const char *line = self->line, *index, *status, *attempts, *reason;

  g_string_truncate (self->checked, 0);
  if (line[0] != '{' || strlen (line) != outcome->length
      || !gm_json_compact (self->checked, line, outcome->length - 1, NULL, NULL)
      || self->checked->len != outcome->length - 1)
    return FALSE;
  index = gm_line_find (line, "index");
  status = gm_line_find (line, "status");
  attempts = gm_line_find (line, "attempts");
  reason = gm_line_find (line, "reason");
  if (index == NULL || !g_ascii_isdigit (*index) || status == NULL || *status != '"')
    return FALSE;
  outcome->index = g_ascii_strtoull (index, NULL, 10);
  outcome->attempts = attempts != NULL ? g_ascii_strtoull (attempts, NULL, 10) : 0;
  outcome->reason = GM_REASON_NONE;
  if (reason != NULL && *reason == '"')
    gm_reason_from_string (reason + 1, word_length (reason), &outcome->reason);
  return gm_status_from_string (status + 1, word_length (status), &outcome->status);
}

/**
 * gm_outcome_file_next:
 * @self: outcomes
 * @outcome: (out caller-allocates): the next one
 *
 * Reads the next whole line that is an outcome. Of several with one index the last counts.
 *
 * Returns: %FALSE if there is none
 */
gboolean
gm_outcome_file_next (GmOutcomeFile *self,
                      GmPastOutcome *outcome)
{
  ssize_t length;

  while (self->file != NULL && (length = getline (&self->line, &self->allocated, self->file)) > 0)
    {
      if (self->line[length - 1] != '\n')
        return FALSE;
      outcome->offset = self->offset;
      outcome->line = self->line;
      outcome->length = length;
      self->offset += length;
      if (read_line (self, outcome))
        return TRUE;
    }
  return FALSE;
}

/**
 * gm_outcome_file_seek:
 * @self: outcomes
 * @offset: where an outcome begins that was read before
 *
 * Returns: whether that is the next to be read
 */
gboolean
gm_outcome_file_seek (GmOutcomeFile *self,
                      guint64        offset)
{
  /* Going there, even where it is already, costs what has been read ahead. */
  if (self->file == NULL || (offset != self->offset && fseeko (self->file, offset, SEEK_SET) < 0))
    return FALSE;
  self->offset = offset;
  return TRUE;
}

/**
 * gm_past_outcome_get_item:
 * @self: an outcome
 * @text: where the item is put if it is not part of the line
 * @item: (out): its item, borrowed from @self or @text
 *
 * Returns: %FALSE if it had no item: its input could not be read
 */
gboolean
gm_past_outcome_get_item (const GmPastOutcome *self,
                          GString             *text,
                          GmItem              *item)
{
  const char *value = gm_line_find (self->line, "item");

  g_string_truncate (text, 0);
  if (value != NULL)
    {
      g_string_append_len (text, value, gm_json_skip (value) - value);
      item->kind = GM_ITEM_JSON;
    }
  else if ((value = gm_line_find (self->line, "item_base64")) != NULL && *value == '"')
    {
      gm_json_unescape (text, value);
      if (text->len > 0)
        g_base64_decode_inplace (text->str, &text->len);
      text->str[text->len] = '\0';
      item->kind = GM_ITEM_BYTES;
    }
  else
    return FALSE;
  item->data = text->str;
  item->size = text->len;
  return self->reason != GM_REASON_BAD_INPUT || item->kind == GM_ITEM_BYTES
         || strcmp (text->str, "null") != 0;
}
