/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gm-recorded.h"

#include "gm-json.h"
#include "gm-line.h"

/* What a task wrote, read again from results.jsonl when its turn to be printed has come. */

#define READ_SIZE (64 * 1024)

struct _GmRecorded
{
  char    *dir;
  GString *buffer;       /* part of the file */
  guint64  base;         /* where it begins */
  char    *line;         /* borrowed from buffer */
  gsize    line_length;  /* with the newline */
  GString *text;         /* of the output asked for last */
  int      fd;
};

/**
 * gm_recorded_new:
 * @run_dir: a run directory
 *
 * Returns: (transfer full): a reader of its outcomes
 */
GmRecorded *
gm_recorded_new (const char *run_dir)
{
  GmRecorded *self = g_new0 (GmRecorded, 1);

  self->dir = g_strdup (run_dir);
  self->buffer = g_string_new (NULL);
  self->text = g_string_new (NULL);
  self->fd = -1;

  return self;
}

/**
 * gm_recorded_free:
 * @self: (transfer full): a reader
 */
void
gm_recorded_free (GmRecorded *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_string_free (self->buffer, TRUE);
  g_string_free (self->text, TRUE);
  g_free (self->dir);
  g_free (self);
}

static gboolean
open_results (GmRecorded *self)
{
  g_autofree char *path = NULL;

  if (self->fd >= 0)
    return TRUE;
  path = g_build_filename (self->dir, "results.jsonl", NULL);
  self->fd = open (path, O_RDONLY | O_CLOEXEC);

  return self->fd >= 0;
}

/* Returns: whether there was as much as asked for */
static gboolean
fill (GmRecorded *self,
      guint64     offset,
      gsize       size)
{
  gssize n;

  g_string_set_size (self->buffer, size);
  n = pread (self->fd, self->buffer->str, size, offset);
  self->base = offset;
  g_string_set_size (self->buffer, MAX (n, 0));

  return n == (gssize) size;
}

static char *
find_newline (GmRecorded *self,
              guint64     offset)
{
  gsize skip = offset - self->base;

  if (offset < self->base || skip >= self->buffer->len)
    return NULL;

  return memchr (self->buffer->str + skip, '\n', self->buffer->len - skip);
}

/**
 * gm_recorded_read:
 * @self: a reader
 * @offset: where a line begins
 *
 * Reads the outcome that is at @offset. What comes after it is read along, so that reading on from
 * there is cheap.
 *
 * Returns: %FALSE if it is not there, or not yet as a whole
 */
gboolean
gm_recorded_read (GmRecorded *self,
                  guint64     offset)
{
  char *newline;
  gboolean more = TRUE;

  if (!open_results (self))
    return FALSE;
  newline = find_newline (self, offset);
  for (gsize size = READ_SIZE; newline == NULL && more; size *= 2)
    {
      more = fill (self, offset, size);
      newline = find_newline (self, offset);
    }
  if (newline == NULL)
    return FALSE;

  self->line = self->buffer->str + (offset - self->base);
  self->line_length = newline + 1 - self->line;

  return TRUE;
}

/**
 * gm_recorded_get_line:
 * @self: a reader that has an outcome
 * @length: (out): its length
 *
 * Returns: (transfer none): the line with its newline, until the next is read
 */
const char *
gm_recorded_get_line (GmRecorded *self,
                      gsize      *length)
{
  *length = self->line_length;

  return self->line;
}

static const char *
find (GmRecorded *self,
      int         fd,
      const char *suffix)
{
  char name[32];

  g_snprintf (name, sizeof name, "%s%s", fd == STDOUT_FILENO ? "stdout" : "stderr", suffix);

  return gm_line_find (self->line, name);
}

/**
 * gm_recorded_get_output:
 * @self: a reader that has an outcome
 * @fd: 1 for what the task wrote or what the function returned, 2 for its errors
 * @length: (out): how many bytes
 *
 * Returns: (transfer none): the bytes, until the next call
 */
const char *
gm_recorded_get_output (GmRecorded *self,
                        int         fd,
                        gsize      *length)
{
  const char *value;

  g_string_truncate (self->text, 0);
  if ((value = find (self, fd, "")) != NULL)
    gm_json_unescape (self->text, value);
  else if ((value = find (self, fd, "_base64")) != NULL)
    {
      gm_json_unescape (self->text, value);
      if (self->text->len > 0)
        g_base64_decode_inplace (self->text->str, &self->text->len);
    }
  else if (fd == STDOUT_FILENO && (value = gm_line_find (self->line, "result")) != NULL)
    {
      g_string_append_len (self->text, value, gm_json_skip (value) - value);
      g_string_append_c (self->text, '\n');
    }
  *length = self->text->len;

  return self->text->str;
}

/**
 * gm_recorded_dup_path:
 * @self: a reader that has an outcome
 * @fd: 1 or 2
 *
 * Returns: (transfer full) (nullable): the file that has the output, if it was too large for a line
 */
char *
gm_recorded_dup_path (GmRecorded *self,
                      int         fd)
{
  const char *value = find (self, fd, "_file");

  if (value == NULL)
    return NULL;
  g_string_truncate (self->text, 0);
  gm_json_unescape (self->text, value);

  return g_build_filename (self->dir, self->text->str, NULL);
}
