/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-journal.h"

/* Records are collected and written together. What a failed write leaves of a record is cut off
 * again, so that the file ends with a whole one whatever happens; after a failure nothing is
 * written any more. */

#define BUFFER_SIZE (256 * 1024)

/* A buffer that one huge record has blown up is given back. */
#define MAX_KEPT    (4 * 1024 * 1024)

struct _GmJournal
{
  /* Owned */
  int       fd;
  char     *path;
  GString  *buffer;     /* whole records */

  guint64   written;    /* bytes in the file */
  guint64   kicked;     /* up to here the kernel was told to begin writing to the disk */
  gboolean  unsynced;   /* written, and maybe not on the disk */
  gboolean  failed;
};

static gboolean
fail (GmJournal   *self,
      const char  *what,
      int          error_number,
      GError     **error)
{
  self->failed = TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (error_number), "Could not %s “%s”: %s",
               what, self->path, g_strerror (error_number));
  return FALSE;
}

/* Where the last whole line of a file ends. */
static goffset
find_line_end (int     fd,
               goffset size)
{
  char piece[4096];

  while (size > 0)
    {
      gsize length = (size - 1) % sizeof piece + 1;
      const char *newline;

      if (pread (fd, piece, length, size - length) != (gssize) length)
        return -1;
      newline = memrchr (piece, '\n', length);
      if (newline != NULL)
        return size - length + (newline + 1 - piece);
      size -= length;
    }
  return 0;
}

/* Whoever wrote here before may have been killed in the middle of a record. */
static gboolean
cut_torn (GmJournal *self,
          gsize      record_size,
          goffset    size)
{
  goffset end = record_size > 0 ? size - size % (goffset) record_size
                                : find_line_end (self->fd, size);

  if (end < 0 || (end < size && ftruncate (self->fd, end) < 0))
    return FALSE;
  self->written = self->kicked = end;
  return TRUE;
}

/**
 * gm_journal_open:
 * @dir: the folder of a run
 * @name: the file's name in it; it is made if need be, and appended to
 * @record_size: the size of each record, 0 for lines
 * @error: return location for an error
 *
 * Opens a file to append to it. If it ends with a torn record, that is cut off.
 *
 * Returns: (transfer full): the journal
 */
GmJournal *
gm_journal_open (GmRunDir    *dir,
                 const char  *name,
                 gsize        record_size,
                 GError     **error)
{
  g_autoptr(GmJournal) self = g_new0 (GmJournal, 1);
  struct stat status;

  self->path = g_build_filename (gm_run_dir_get_path (dir), name, NULL);
  self->buffer = g_string_sized_new (BUFFER_SIZE);
  self->fd = openat (gm_run_dir_get_fd (dir), name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC,
                     0600);
  if (self->fd < 0 || fstat (self->fd, &status) < 0
      || !cut_torn (self, record_size, status.st_size))
    {
      fail (self, "open", errno, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * gm_journal_free:
 * @self: (transfer full): a journal; what was not written is lost
 */
void
gm_journal_free (GmJournal *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_string_free (self->buffer, TRUE);
  g_free (self->path);
  g_free (self);
}

/**
 * gm_journal_get_size:
 * @self: a journal
 *
 * Returns: how long the file is once all is written: where the next record will begin
 */
guint64
gm_journal_get_size (GmJournal *self)
{
  return self->written + self->buffer->len;
}

/**
 * gm_journal_append:
 * @self: a journal
 * @record: a whole record
 * @size: its length
 * @error: return location for an error
 *
 * Appends @record, in memory until enough has come together.
 *
 * Returns: %FALSE if it had to be written and could not be
 */
gboolean
gm_journal_append (GmJournal   *self,
                   const void  *record,
                   gsize        size,
                   GError     **error)
{
  if (self->buffer->len > 0 && self->buffer->len + size > BUFFER_SIZE
      && !gm_journal_write (self, error))
    return FALSE;
  g_string_append_len (self->buffer, record, size);
  return TRUE;
}

/* The length of the whole lines among the first @size bytes of @text. */
static gsize
whole_lines (const char *text,
             gsize       size)
{
  const char *last = memrchr (text, '\n', size);

  return last == NULL ? 0 : last + 1 - text;
}

/**
 * gm_journal_write:
 * @self: a journal
 * @error: return location for an error
 *
 * Gives the kernel what was appended, and has it begin with the disk so that a later sync is short.
 *
 * Returns: %FALSE if the file could not be written; it ends with a whole line even then
 */
gboolean
gm_journal_write (GmJournal  *self,
                  GError    **error)
{
  const char *data = self->buffer->str;
  gsize size = self->buffer->len, done = 0;

  if (self->failed)
    return fail (self, "write", EIO, error);
  if (size == 0)
    return TRUE;
  while (done < size)
    {
      gssize n = write (self->fd, data + done, size - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int saved_errno = errno;

          if (ftruncate (self->fd, self->written + whole_lines (data, done)) < 0)
            g_debug ("could not cut “%s”: %s", self->path, g_strerror (errno));
          return fail (self, "write", saved_errno, error);
        }
      done += n;
    }
  self->written += size;
  self->unsynced = TRUE;
  g_string_truncate (self->buffer, 0);
  if (self->buffer->allocated_len > MAX_KEPT)
    {
      g_string_free (self->buffer, TRUE);
      self->buffer = g_string_sized_new (BUFFER_SIZE);
    }
  if (self->written - self->kicked >= BUFFER_SIZE)
    {
      sync_file_range (self->fd, self->kicked, self->written - self->kicked,
                       SYNC_FILE_RANGE_WRITE);
      self->kicked = self->written;
    }
  return TRUE;
}

/**
 * gm_journal_sync:
 * @self: a journal
 * @error: return location for an error
 *
 * Writes what was appended and waits until it is on the disk.
 *
 * Returns: %FALSE if that failed
 */
gboolean
gm_journal_sync (GmJournal  *self,
                 GError    **error)
{
  if (!gm_journal_write (self, error))
    return FALSE;
  if (self->unsynced && fdatasync (self->fd) < 0 && errno != EINVAL && errno != EROFS)
    return fail (self, "sync", errno, error);
  self->unsynced = FALSE;
  return TRUE;
}
