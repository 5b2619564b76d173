/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-answer.h"

/**
 * gm_item_header_write:
 * @out: emptied, then what to give to the worker
 * @index: of the item
 * @attempt: which attempt this is, from 1
 * @item: the item
 */
void
gm_item_header_write (GString      *out,
                      guint64       index,
                      guint         attempt,
                      const GmItem *item)
{
  GmItemHeader header = { index, attempt, item->kind };

  g_string_truncate (out, 0);
  g_string_append_len (out, (const char *) &header, sizeof header);
  g_string_append_len (out, item->data, item->size);
  g_string_append_c (out, '\0');
}

/**
 * gm_item_header_read:
 * @data: what the worker got
 * @size: its length
 * @header: (out): filled in
 * @item: (out): borrows from @data
 *
 * Returns: %FALSE if @data is not what gm_item_header_write() wrote
 */
gboolean
gm_item_header_read (const guint8 *data,
                     gsize         size,
                     GmItemHeader *header,
                     GmItem       *item)
{
  if (size <= sizeof *header || data[size - 1] != '\0')
    return FALSE;
  memcpy (header, data, sizeof *header);
  item->kind = header->kind;
  item->data = (const char *) data + sizeof *header;
  item->size = size - sizeof *header - 1;
  return TRUE;
}

/**
 * gm_answer_reserve:
 * @out: emptied, and left with room for the header
 */
void
gm_answer_reserve (GString *out)
{
  g_string_set_size (out, sizeof (GmAnswer));
}

/**
 * gm_answer_finish:
 * @out: what gm_answer_reserve() began, line and output appended
 * @answer: the header
 */
void
gm_answer_finish (GString        *out,
                  const GmAnswer *answer)
{
  g_assert (out->len == sizeof *answer + answer->line_length + answer->stdout_length
                        + answer->stderr_length);

  memcpy (out->str, answer, sizeof *answer);
}

/**
 * gm_answer_read:
 * @data: what a worker answered
 * @size: its length
 * @answer: (out): the header
 * @line: (out): the outcome line in @data; output and errors follow it
 *
 * Returns: %FALSE if @data is not an answer
 */
gboolean
gm_answer_read (const guint8  *data,
                gsize          size,
                GmAnswer      *answer,
                const char   **line)
{
  if (size < sizeof *answer)
    return FALSE;
  memcpy (answer, data, sizeof *answer);
  size -= sizeof *answer;
  if (answer->line_length > size || answer->stdout_length > size - answer->line_length
      || answer->stderr_length != size - answer->line_length - answer->stdout_length
      || answer->status > GM_STATUS_CANCELLED || answer->reason > GM_REASON_CANCELLED)
    return FALSE;
  *line = (const char *) data + sizeof *answer;
  return TRUE;
}
