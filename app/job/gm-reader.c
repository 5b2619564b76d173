/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-reader.h"

#define CHUNK (256 * 1024)

/* No command takes an argument that long, and a file without a separator must not fill memory. */
#define MAX_RECORD (16 * 1024 * 1024)

struct _GmReader
{
  /* Owned */
  char     *buffer;
  char     *name;

  gsize     allocated;
  gsize     start;     /* of the record at hand */
  gsize     searched;  /* up to here there is no separator */
  gsize     end;
  gint64    number;    /* of the record handed out last, from 1 */
  int       fd;
  char      separator;
  gboolean  owns_fd : 1;
  gboolean  is_file : 1;
  gboolean  ended : 1;
  gboolean  skipping : 1;  /* the rest of a record that is too long */
};

/**
 * gm_reader_new:
 * @fd: what to read
 * @owns_fd: whether to close it in the end
 * @name: its name, for messages
 * @separator: what ends a record
 *
 * Returns: (transfer full): a reader
 */
GmReader *
gm_reader_new (int         fd,
               gboolean    owns_fd,
               const char *name,
               char        separator)
{
  GmReader *self = g_new0 (GmReader, 1);
  struct stat st;

  self->fd = fd;
  self->owns_fd = owns_fd;
  self->name = g_strdup (name);
  self->separator = separator;
  self->is_file = fstat (fd, &st) == 0 && S_ISREG (st.st_mode);
  self->allocated = 2 * CHUNK;
  self->buffer = g_malloc (self->allocated + 1);

  return self;
}

/**
 * gm_reader_free:
 * @self: (transfer full): a reader
 *
 * Frees it.
 */
void
gm_reader_free (GmReader *self)
{
  if (self->owns_fd)
    close (self->fd);
  g_free (self->buffer);
  g_free (self->name);
  g_free (self);
}

static void
make_room (GmReader *self)
{
  gsize kept = self->end - self->start;

  if (self->start > 0)
    {
      memmove (self->buffer, self->buffer + self->start, kept);
      self->searched -= self->start;
      self->start = 0;
      self->end = kept;
    }
  if (self->allocated - self->end < CHUNK)
    {
      self->allocated *= 2;
      self->buffer = g_realloc (self->buffer, self->allocated + 1);
    }
}

static GmInputsStatus
fail (GmReader  *self,
      GError   **error)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: reading failed: %s",
               self->name, g_strerror (code));

  return GM_INPUTS_ERROR;
}

/* Reads once. GM_INPUTS_ITEM: there is more now; GM_INPUTS_END: the end has come. */
static GmInputsStatus
fill (GmReader  *self,
      GError   **error)
{
  gssize n;

  make_room (self);
  /* The descriptor may be shared with others, so it is not made non-blocking. */
  if (!self->is_file)
    {
      struct pollfd polled = { .fd = self->fd, .events = POLLIN };

      do
        n = poll (&polled, 1, 0);
      while (n < 0 && errno == EINTR);
      if (n < 0)
        return fail (self, error);
      if (n == 0)
        return GM_INPUTS_WAIT;
    }

  do
    n = read (self->fd, self->buffer + self->end, self->allocated - self->end);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return GM_INPUTS_WAIT;
  if (n < 0)
    return fail (self, error);
  if (n == 0)
    return GM_INPUTS_END;
  self->end += n;

  return GM_INPUTS_ITEM;
}

/* What comes before the separator at `stop`, or before the end. */
static void
take_record (GmReader  *self,
             gsize      stop,
             char     **record,
             gsize     *len)
{
  *len = stop - self->start;
  *record = *len <= MAX_RECORD ? self->buffer + self->start : NULL;
  self->buffer[stop] = '\0';
  self->start = MIN (stop + 1, self->end);
  self->searched = self->start;
  self->number++;
}

/* The rest of a record that was too long has been told of already. */
static void
drop_rest (GmReader   *self,
           const char *stop)
{
  self->start = stop != NULL ? (gsize) (stop + 1 - self->buffer) : self->end;
  self->searched = self->start;
  self->skipping = stop == NULL;
}

/**
 * gm_reader_next:
 * @self: a reader
 * @record: (out) (transfer none): the record without its separator, a NUL after it, to be written
 *   to until the next call; %NULL for one that is too long
 * @len: (out): its length
 * @ended: (out) (optional): whether a separator came after it, rather than the end
 * @error: return location for an error
 *
 * Reads one record. What comes after the last separator is one too, if it is not empty.
 *
 * Returns: as gm_inputs_next()
 */
GmInputsStatus
gm_reader_next (GmReader  *self,
                char     **record,
                gsize     *len,
                gboolean  *ended,
                GError   **error)
{
  for (;;)
    {
      GmInputsStatus status;
      char *stop = memchr (self->buffer + self->searched, self->separator,
                           self->end - self->searched);

      if (self->skipping)
        drop_rest (self, stop);
      if (stop != NULL && self->start <= (gsize) (stop - self->buffer))
        {
          take_record (self, stop - self->buffer, record, len);
          if (ended != NULL)
            *ended = TRUE;
          return GM_INPUTS_ITEM;
        }
      if (stop != NULL)
        continue;

      self->searched = self->end;
      if (self->end - self->start > MAX_RECORD)
        {
          self->start = self->searched = self->end;
          self->skipping = TRUE;
          self->number++;
          *record = NULL;
          *len = 0;
          return GM_INPUTS_ITEM;
        }
      status = self->ended ? GM_INPUTS_END : fill (self, error);
      if (status == GM_INPUTS_ITEM)
        continue;
      if (status != GM_INPUTS_END)
        return status;

      self->ended = TRUE;
      if (self->start == self->end)
        return GM_INPUTS_END;
      take_record (self, self->end, record, len);
      if (ended != NULL)
        *ended = FALSE;
      return GM_INPUTS_ITEM;
    }
}

/**
 * gm_reader_get_number:
 * @self: a reader
 *
 * Returns: the number of the record read last, from 1
 */
gint64
gm_reader_get_number (GmReader *self)
{
  return self->number;
}

/**
 * gm_reader_get_name:
 * @self: a reader
 *
 * Returns: (transfer none): the name of what it reads
 */
const char *
gm_reader_get_name (GmReader *self)
{
  return self->name;
}

/**
 * gm_reader_get_fd:
 * @self: a reader
 *
 * Returns: what it reads
 */
int
gm_reader_get_fd (GmReader *self)
{
  return self->fd;
}

/**
 * gm_reader_is_file:
 * @self: a reader
 *
 * Returns: whether it is a regular file, which never makes us wait and can be read again
 */
gboolean
gm_reader_is_file (GmReader *self)
{
  return self->is_file;
}
