/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gm-tail.h"

/* A line that has no end yet is left for later: it may be torn, or still be written. */

#define READ_SIZE (256 * 1024)

/* What is read around a line that was asked for: the next one is mostly near. */
#define WINDOW_SIZE (64 * 1024)

struct _GmTail
{
  char    *path;
  GString *buffer;  /* read, from `base` on */
  guint64  base;
  gsize    used;    /* of the buffer: whole lines that were handed out */
  gsize    seen;    /* of the buffer: no newline between used and here */
  GString *window;  /* read last by gm_tail_peek_at() */
  guint64  window_base;
  int      fd;
};

/**
 * gm_tail_new:
 * @dir: a run directory
 * @name: a file in it, which may come later
 *
 * Returns: (transfer full): a reader of its lines, before the first
 */
GmTail *
gm_tail_new (const char *dir,
             const char *name)
{
  GmTail *self = g_new0 (GmTail, 1);

  self->path = g_build_filename (dir, name, NULL);
  self->buffer = g_string_new (NULL);
  self->window = g_string_new (NULL);
  self->fd = -1;

  return self;
}

/**
 * gm_tail_free:
 * @self: (transfer full): a reader
 */
void
gm_tail_free (GmTail *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_string_free (self->buffer, TRUE);
  g_string_free (self->window, TRUE);
  g_free (self->path);
  g_free (self);
}

static gboolean
open_file (GmTail *self)
{
  if (self->fd < 0)
    self->fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

  return self->fd >= 0;
}

static gssize
read_at (GmTail  *self,
         char    *data,
         gsize    size,
         guint64  offset)
{
  gssize n;

  do
    n = pread (self->fd, data, size, offset);
  while (n < 0 && errno == EINTR);

  return n;
}

/* Returns: whether there was more */
static gboolean
fill (GmTail *self)
{
  gsize length;
  gssize n;

  if (!open_file (self))
    return FALSE;
  g_string_erase (self->buffer, 0, self->used);
  self->base += self->used;
  self->seen -= self->used;
  self->used = 0;
  length = self->buffer->len;
  g_string_set_size (self->buffer, length + READ_SIZE);
  n = read_at (self, self->buffer->str + length, READ_SIZE, self->base + length);
  g_string_set_size (self->buffer, length + MAX (n, 0));

  return n > 0;
}

/**
 * gm_tail_next:
 * @self: a reader
 * @line: (out): a line, until the next call
 * @size: (out): its length without the newline
 * @offset: (out): where it begins in the file
 *
 * Returns: %FALSE if there is no whole line yet; there may be one later
 */
gboolean
gm_tail_next (GmTail      *self,
              const char **line,
              gsize       *size,
              guint64     *offset)
{
  const char *start, *newline;

  do
    {
      newline = memchr (self->buffer->str + self->seen, '\n', self->buffer->len - self->seen);
      if (newline == NULL)
        self->seen = self->buffer->len;
    }
  while (newline == NULL && fill (self));
  if (newline == NULL)
    {
      /* Going on with a run cuts a torn line off and writes another in its place. */
      g_string_truncate (self->buffer, self->used);
      self->seen = self->used;
      return FALSE;
    }

  start = self->buffer->str + self->used;
  *line = start;
  *size = newline - start;
  *offset = self->base + self->used;
  self->used = self->seen = newline + 1 - self->buffer->str;

  return TRUE;
}

/**
 * gm_tail_get_offset:
 * @self: a reader
 *
 * Returns: how much of the file has been handed out
 */
guint64
gm_tail_get_offset (GmTail *self)
{
  return self->base + self->used;
}

/* Returns: (nullable): the whole line in the window that begins at @offset */
static const char *
find_in_window (GmTail  *self,
                guint64  offset,
                gsize   *size)
{
  const char *start, *newline;

  if (offset < self->window_base || offset - self->window_base >= self->window->len)
    return NULL;
  start = self->window->str + (offset - self->window_base);
  newline = memchr (start, '\n', self->window->str + self->window->len - start);
  if (newline != NULL)
    *size = newline - start;

  return newline != NULL ? start : NULL;
}

/**
 * gm_tail_peek_at:
 * @self: a reader; where it is does not change
 * @offset: where a whole line begins
 * @size: (out): its length without the newline
 *
 * Returns: (transfer none) (nullable): the line, until the next call; no NUL ends it
 */
const char *
gm_tail_peek_at (GmTail  *self,
                 guint64  offset,
                 gsize   *size)
{
  const char *line = find_in_window (self, offset, size);

  if (!open_file (self))
    return NULL;
  for (gsize want = WINDOW_SIZE; line == NULL; want *= 4)
    {
      gssize n;

      g_string_set_size (self->window, want);
      n = read_at (self, self->window->str, want, offset);
      g_string_set_size (self->window, MAX (n, 0));
      self->window_base = offset;
      line = find_in_window (self, offset, size);
      if (n < (gssize) want)
        break;
    }

  return line;
}
