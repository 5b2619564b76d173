/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-inputs-record.h"

#include "gm-journal.h"
#include "gm-json.h"

/* Three kinds of inputs need three kinds of memory:
 *
 * - What can't be read again (standard input, the command line) is written down, a line for each
 *   item, in inputs.jsonl. Items that are not JSON, and the objects that could be taken for those,
 *   are wrapped: {"item_base64": …}, {"bad_input": "why"}, {"item": …}.
 * - What lies outside (files, patterns, tables) is read again, and may have changed: inputs.idx has
 *   a hash of each item, 8 bytes little-endian, in the order of the items.
 * - What the job file itself holds can't change: job.json has it. */

struct _GmInputsRecord
{
  /* Owned */
  GmJournal *lines;   /* NULL: they can be read again */
  GmJournal *hashes;  /* NULL: they can't have changed */
  GString   *text;    /* the line that is being made */

  guint64    count;
  guint64    n_kept;  /* the first items are written down already */
  gboolean   ended;   /* and so is that there were no more */
};

static gboolean
lies_outside (const GmInputSpec *spec)
{
  switch (spec->kind)
    {
    case GM_INPUT_GLOB:
    case GM_INPUT_FILES:
    case GM_INPUT_LINES:
    case GM_INPUT_CSV:
    case GM_INPUT_JSONL:
      return TRUE;
    case GM_INPUT_PRODUCT:
      for (guint i = 0; i < spec->columns->len; i++)
        if (lies_outside (g_ptr_array_index (spec->columns, i)))
          return TRUE;
      return FALSE;
    case GM_INPUT_RANGE:
    case GM_INPUT_ITEMS:
    case GM_INPUT_ARGUMENTS:
    default:
      return FALSE;
    }
}

/**
 * gm_inputs_record_new:
 * @dir: the run's folder
 * @job: the job
 * @inputs: its inputs, from the beginning
 * @n_kept: how many of them are written down already
 * @ended: whether it is written down that there are no more
 * @error: return location for an error
 *
 * Returns: (transfer full): what remembers @inputs as far as need be
 */
GmInputsRecord *
gm_inputs_record_new (GmRunDir     *dir,
                      const GmJob  *job,
                      GmInputs     *inputs,
                      guint64       n_kept,
                      gboolean      ended,
                      GError      **error)
{
  g_autoptr(GmInputsRecord) self = g_new0 (GmInputsRecord, 1);

  self->text = g_string_new (NULL);
  self->n_kept = n_kept;
  self->ended = ended;
  if (!gm_inputs_can_reopen (inputs))
    {
      self->lines = gm_journal_open (dir, "inputs.jsonl", 0, error);
      return self->lines == NULL ? NULL : g_steal_pointer (&self);
    }
  if (!lies_outside (job->inputs))
    return g_steal_pointer (&self);
  self->hashes = gm_journal_open (dir, "inputs.idx", sizeof (guint64), error);
  return self->hashes == NULL ? NULL : g_steal_pointer (&self);
}

/**
 * gm_inputs_record_free:
 * @self: (transfer full): a record
 */
void
gm_inputs_record_free (GmInputsRecord *self)
{
  g_clear_pointer (&self->lines, gm_journal_free);
  g_clear_pointer (&self->hashes, gm_journal_free);
  g_string_free (self->text, TRUE);
  g_free (self);
}

/**
 * gm_item_hash:
 * @item: an item
 *
 * FNV-1a of the item's bytes, its kind last, with the bits mixed at the end.
 *
 * Returns: 64 bits that tell it from others
 */
guint64
gm_item_hash (const GmItem *item)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  for (gsize i = 0; i < item->size; i++)
    hash = (hash ^ (guint8) item->data[i]) * G_GUINT64_CONSTANT (0x100000001b3);
  hash = (hash ^ item->kind) * G_GUINT64_CONSTANT (0x100000001b3);
  hash ^= hash >> 32;
  return hash * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
}

/* Whether a reader would take this object for one of our wrappers, or for the end. */
static gboolean
looks_wrapped (const GmItem *item)
{
  static const char *const wrappers[] = {
    "{\"item\":", "{\"item_base64\":", "{\"bad_input\":", "{\"end\":"
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++)
    if (g_str_has_prefix (item->data, wrappers[i]))
      return TRUE;
  return FALSE;
}

/**
 * gm_item_append_record:
 * @out: where it goes
 * @item: an item
 *
 * Appends the line of inputs.jsonl from which @item can be read again.
 */
void
gm_item_append_record (GString      *out,
                       const GmItem *item)
{
  if (item->kind == GM_ITEM_BYTES)
    {
      g_autofree char *text = g_base64_encode ((const guint8 *) item->data, item->size);

      g_string_append_printf (out, "{\"item_base64\":\"%s\"}\n", text);
    }
  else if (item->kind == GM_ITEM_BAD)
    {
      g_string_append (out, "{\"bad_input\":");
      gm_json_append_string (out, item->data, item->size);
      g_string_append (out, "}\n");
    }
  else
    {
      gboolean wrapped = looks_wrapped (item);

      g_string_append (out, wrapped ? "{\"item\":" : "");
      g_string_append_len (out, item->data, item->size);
      g_string_append (out, wrapped ? "}\n" : "\n");
    }
}

/**
 * gm_inputs_record_add:
 * @self: a record
 * @item: the next item
 * @error: return location for an error
 *
 * Returns: %FALSE if it could not be written down
 */
gboolean
gm_inputs_record_add (GmInputsRecord  *self,
                      const GmItem    *item,
                      GError         **error)
{
  if (self->count++ < self->n_kept)
    return TRUE;
  if (self->hashes != NULL)
    {
      guint64 hash = GUINT64_TO_LE (gm_item_hash (item));

      return gm_journal_append (self->hashes, &hash, sizeof hash, error);
    }
  if (self->lines == NULL)
    return TRUE;
  g_string_truncate (self->text, 0);
  gm_item_append_record (self->text, item);
  return gm_journal_append (self->lines, self->text->str, self->text->len, error);
}

/**
 * gm_inputs_record_end:
 * @self: a record
 * @error: return location for an error
 *
 * There are no more items.
 *
 * Returns: %FALSE if that could not be written down
 */
gboolean
gm_inputs_record_end (GmInputsRecord  *self,
                      GError         **error)
{
  if (self->lines == NULL || self->ended)
    return TRUE;
  self->ended = TRUE;
  g_string_printf (self->text, "{\"end\":%" G_GUINT64_FORMAT "}\n", self->count);
  return gm_journal_append (self->lines, self->text->str, self->text->len, error);
}

/**
 * gm_inputs_record_write:
 * @self: a record
 * @sync: whether to wait for the disk
 * @error: return location for an error
 *
 * Returns: %FALSE if the files could not be written
 */
gboolean
gm_inputs_record_write (GmInputsRecord  *self,
                        gboolean         sync,
                        GError         **error)
{
  GmJournal *journal = self->lines != NULL ? self->lines : self->hashes;

  if (journal == NULL)
    return TRUE;
  return sync ? gm_journal_sync (journal, error) : gm_journal_write (journal, error);
}
