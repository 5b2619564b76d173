/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "gm-inputs.h"

#include "gm-inputs-private.h"
#include "gm-json.h"

/**
 * GmInputs:
 *
 * The items of a job one after the other, so that only one is in memory: it belongs to the inputs
 * until the next is asked for. Lists that must be sorted, or gone through repeatedly, are kept.
 */

/**
 * gm_inputs_alloc:
 * @size: of a struct that begins with #GmInputs
 *
 * Returns: (transfer full): it, with what all kinds have; `next` and `free` are missing
 */
gpointer
gm_inputs_alloc (gsize size)
{
  GmInputs *self = g_malloc0 (size);

  self->text = g_string_new (NULL);
  self->total = -1;
  self->can_reopen = TRUE;

  return self;
}

/**
 * gm_inputs_release:
 * @self: (transfer full): inputs
 *
 * Frees what all kinds have: what `free` of each kind ends with.
 */
void
gm_inputs_release (GmInputs *self)
{
  g_string_free (self->text, TRUE);
  g_clear_pointer (&self->reader, gm_reader_free);
  g_free (self);
}

/**
 * gm_opening_fail:
 * @opening: what is opened
 * @format: what is wrong
 * @...: for @format
 *
 * Sets the error, with the place in the job in front.
 *
 * Returns: %FALSE
 */
gboolean
gm_opening_fail (GmOpening  *opening,
                 const char *format,
                 ...)
{
  va_list args;

  va_start (args, format);
  gm_job_set_error_valist (opening->job, opening->error, opening->path, format, args);
  va_end (args);

  return FALSE;
}

/**
 * gm_inputs_open_reader:
 * @self: inputs
 * @opening: what is opened
 * @separator: what ends a record
 *
 * Opens the file of the description, or takes standard input. A FIFO is not waited for: its writer
 * may come later.
 *
 * Returns: whether there is a reader now; if not, the error is set
 */
gboolean
gm_inputs_open_reader (GmInputs  *self,
                       GmOpening *opening,
                       char       separator)
{
  const char *path = opening->spec->path;
  int fd = opening->stdin_fd;

  if (path != NULL)
    {
      fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
      if (fd < 0)
        return gm_opening_fail (opening, "can't open \"%s\": %s", path, g_strerror (errno));
    }
  self->reader = gm_reader_new (fd, path != NULL, path != NULL ? path : "standard input",
                                separator);
  self->can_reopen = path != NULL && gm_reader_is_file (self->reader);
  if (path != NULL && g_file_test (path, G_FILE_TEST_IS_DIR))
    return gm_opening_fail (opening, "\"%s\" is a folder", path);

  return TRUE;
}

/**
 * gm_item_set_text:
 * @item: (out caller-allocates): an item
 * @self: inputs, whose text is its JSON
 *
 * Fills in an item.
 */
void
gm_item_set_text (GmItem   *item,
                  GmInputs *self)
{
  item->kind = GM_ITEM_JSON;
  item->data = self->text->str;
  item->size = self->text->len;
}

/**
 * gm_item_set_string:
 * @item: (out caller-allocates): an item
 * @self: inputs
 * @string: its text, any bytes but NUL, with a NUL after them; it has to stay until the next item
 * @len: its length
 *
 * Fills in an item that is a string, or bytes where they are not UTF-8.
 */
void
gm_item_set_string (GmItem     *item,
                    GmInputs   *self,
                    const char *string,
                    gsize       len)
{
  if (!g_utf8_validate_len (string, len, NULL))
    {
      item->kind = GM_ITEM_BYTES;
      item->data = string;
      item->size = len;
      return;
    }
  g_string_truncate (self->text, 0);
  gm_json_append_string (self->text, string, len);
  gm_item_set_text (item, self);
}

/**
 * gm_item_set_bad:
 * @item: (out caller-allocates): an item
 * @self: inputs with a reader
 * @line: where it stands
 * @format: what is wrong with it
 * @...: for @format
 *
 * Fills in an item that can't be had, its text file, line and reason.
 */
void
gm_item_set_bad (GmItem     *item,
                 GmInputs   *self,
                 gint64      line,
                 const char *format,
                 ...)
{
  va_list args;

  g_string_printf (self->text, "%s:%" G_GINT64_FORMAT ": ", gm_reader_get_name (self->reader),
                   line);
  va_start (args, format);
  g_string_append_vprintf (self->text, format, args);
  va_end (args);
  item->kind = GM_ITEM_BAD;
  item->data = self->text->str;
  item->size = self->text->len;
}

/**
 * gm_inputs_open_spec:
 * @opening: what is opened
 *
 * Opens inputs of any kind.
 *
 * Returns: (transfer full) (nullable): the inputs, or %NULL with the error set
 */
GmInputs *
gm_inputs_open_spec (GmOpening *opening)
{
  switch (opening->spec->kind)
    {
    case GM_INPUT_RANGE:
      return gm_inputs_open_range (opening);
    case GM_INPUT_ITEMS:
      return gm_inputs_open_items (opening);
    case GM_INPUT_GLOB:
    case GM_INPUT_FILES:
      return gm_inputs_open_paths (opening);
    case GM_INPUT_LINES:
      return gm_inputs_open_lines (opening);
    case GM_INPUT_CSV:
      return gm_inputs_open_csv (opening);
    case GM_INPUT_JSONL:
      return gm_inputs_open_jsonl (opening);
    case GM_INPUT_PRODUCT:
      return gm_inputs_open_product (opening);
    case GM_INPUT_ARGUMENTS:
      if (opening->spec->arguments->len == 1)
        return gm_inputs_open_words (opening);
      return gm_inputs_open_product (opening);
    default:
      g_return_val_if_reached (NULL);
    }
}

/**
 * gm_inputs_open:
 * @job: a job
 * @stdin_fd: what to read where the job says standard input; it stays the caller's
 * @error: return location for an error
 *
 * Begins to read the inputs of @job. Patterns are searched and files looked up here.
 *
 * Returns: (transfer full): the inputs, or %NULL with #GM_JOB_ERROR_INVALID: a file that is not
 *   there, a pattern that nothing matches
 */
GmInputs *
gm_inputs_open (GmJob   *job,
                int      stdin_fd,
                GError **error)
{
  static const char * const names[] = {
    "range", "items", "glob", "files", "lines", "csv", "jsonl", "product", "arguments"
  };
  JsonNode *written = json_object_get_member (json_node_get_object (job->root), "inputs");
  g_autofree char *path = NULL;
  GmOpening opening = { .job = job, .spec = job->inputs, .stdin_fd = stdin_fd, .error = error };

  path = JSON_NODE_HOLDS_ARRAY (written) ? g_strdup ("$.inputs")
                                         : g_strconcat ("$.inputs.", names[job->inputs->kind],
                                                        NULL);
  opening.path = path;

  return gm_inputs_open_spec (&opening);
}

/**
 * gm_inputs_free:
 * @inputs: (transfer full): inputs
 *
 * Closes what is open.
 */
void
gm_inputs_free (GmInputs *inputs)
{
  inputs->free (inputs);
}

/**
 * gm_inputs_next:
 * @inputs: inputs
 * @item: (out caller-allocates): the next item, which is theirs until the next call
 * @error: return location for an error
 *
 * Reads one item. Never waits: on %GM_INPUTS_WAIT poll gm_inputs_get_fd() and call again.
 *
 * Returns: what came
 */
GmInputsStatus
gm_inputs_next (GmInputs  *inputs,
                GmItem    *item,
                GError   **error)
{
  GmInputsStatus status = inputs->next (inputs, item, error);

  if (status == GM_INPUTS_ITEM)
    inputs->n_items++;
  else if (status == GM_INPUTS_END)
    inputs->total = inputs->n_items;

  return status;
}

/**
 * gm_inputs_get_total:
 * @inputs: inputs
 *
 * Returns: how many items there are, or -1 as long as the end of a stream has not been read
 */
gint64
gm_inputs_get_total (GmInputs *inputs)
{
  return inputs->total;
}

/**
 * gm_inputs_get_fd:
 * @inputs: inputs
 *
 * Returns: the descriptor to wait for, or -1 if they never make wait
 */
int
gm_inputs_get_fd (GmInputs *inputs)
{
  return inputs->reader != NULL ? gm_reader_get_fd (inputs->reader) : -1;
}

/**
 * gm_inputs_can_reopen:
 * @inputs: inputs
 *
 * Returns: whether a later run of the job file gets them again: not those of a pipe, a terminal or
 *   the command line
 */
gboolean
gm_inputs_can_reopen (GmInputs *inputs)
{
  return inputs->can_reopen;
}

/**
 * gm_inputs_can_have:
 * @inputs: inputs
 * @name: the name of a member
 *
 * Returns: %FALSE if the heading of the table shows that no item has it
 */
gboolean
gm_inputs_can_have (GmInputs   *inputs,
                    const char *name)
{
  return inputs->can_have == NULL || inputs->can_have (inputs, name);
}
