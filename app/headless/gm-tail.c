/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gm-tail.h"

/* So much at a time, so that whoever reads along can do something else between. */
#define READ_SIZE (256 * 1024)

struct _GmTail
{
  int      fd;
  guint64  offset;  /* of @buffer in the file */
  GString *buffer;  /* begins with a line, which may not be whole yet */
};

/**
 * gm_tail_open:
 * @path: a file
 * @at_end: whether to read only what is written from now on
 *
 * Returns: (nullable) (transfer full): %NULL if it can't be opened
 */
GmTail *
gm_tail_open (const char *path,
              gboolean    at_end)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  off_t end = fd >= 0 && at_end ? lseek (fd, 0, SEEK_END) : 0;
  GmTail *self;

  if (fd < 0)
    return NULL;
  self = g_new0 (GmTail, 1);
  self->fd = fd;
  self->offset = MAX (end, 0);
  self->buffer = g_string_new (NULL);

  return self;
}

/**
 * gm_tail_free:
 * @self: (transfer full): a tail
 */
void
gm_tail_free (GmTail *self)
{
  close (self->fd);
  g_string_free (self->buffer, TRUE);
  g_free (self);
}

/**
 * gm_tail_read:
 * @self: a tail
 * @func: called with each whole line that is new, without its newline
 * @user_data: for @func
 *
 * Reads some more of the file.
 *
 * Returns: whether there may be more
 */
gboolean
gm_tail_read (GmTail     *self,
              GmTailFunc  func,
              gpointer    user_data)
{
  gsize before = self->buffer->len, start = 0;
  const char *end;
  gssize n;

  g_string_set_size (self->buffer, before + READ_SIZE);
  n = pread (self->fd, self->buffer->str + before, READ_SIZE, self->offset + before);
  g_string_truncate (self->buffer, before + MAX (n, 0));
  end = n > 0 ? memchr (self->buffer->str + before, '\n', n) : NULL;
  for (; end != NULL; end = memchr (self->buffer->str + start, '\n', self->buffer->len - start))
    {
      gsize length = end - (self->buffer->str + start);

      func (self->buffer->str + start, length, self->offset + start, user_data);
      start += length + 1;
    }
  g_string_erase (self->buffer, 0, start);
  self->offset += start;

  return n > 0;
}
