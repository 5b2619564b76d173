/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-outcome.h"

#include "gm-json.h"
#include "gm-line.h"

static void
append_item (GString      *line,
             const GmItem *item)
{
  if (item->kind == GM_ITEM_BYTES)
    {
      g_string_append (line, ",\"item_base64\":\"");
      gm_append_base64 (line, item->data, item->size);
      g_string_append_c (line, '"');
    }
  else
    {
      g_string_append (line, ",\"item\":");
      if (item->kind == GM_ITEM_JSON)
        g_string_append_len (line, item->data, item->size);
      else
        g_string_append (line, "null");
    }
}

/**
 * gm_outcome_begin:
 * @line: where it goes
 * @head: what every outcome has
 *
 * Appends the beginning of an outcome object; the members that depend on the task follow, then
 * gm_line_end().
 */
void
gm_outcome_begin (GString             *line,
                  const GmOutcomeHead *head)
{
  g_string_append (line, "{\"index\":");
  gm_json_append_int (line, head->index);
  append_item (line, head->item);
  gm_line_add_string (line, "status", gm_status_to_string (head->status));
  gm_line_add_int (line, "attempts", head->attempts);
  if (head->worker != NULL)
    {
      gm_line_add_string (line, "worker", head->worker);
      gm_line_add_int (line, "pid", head->pid);
      gm_line_add_moment (line, "started", head->started);
      gm_line_add_seconds (line, "duration", head->duration);
    }
  if (head->reason != GM_REASON_NONE)
    gm_line_add_string (line, "reason", gm_reason_to_string (head->reason));
}

/**
 * gm_output_name:
 * @index: of an item
 * @attempt: which of its attempts; 0 for that of its outcome
 * @fd: 1 or 2: of its output or its errors
 *
 * Returns: (transfer full): the file in the run directory for what is too large for a line
 */
char *
gm_output_name (guint64 index,
                guint   attempt,
                int     fd)
{
  const char *suffix = fd == 1 ? "out" : "err";

  if (attempt == 0)
    return g_strdup_printf ("outputs/%" G_GUINT64_FORMAT ".%s", index, suffix);
  return g_strdup_printf ("outputs/%" G_GUINT64_FORMAT ".attempt-%u.%s", index, attempt, suffix);
}
