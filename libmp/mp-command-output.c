/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mp-command.h"

#include "mp-command-private.h"

/* A pipe's default capacity: what one read can give. */
#define SCRATCH_SIZE (64 * 1024)

static gboolean
set_file_error (MpCommandOutput  *self,
                const char       *what,
                GError          **error)
{
  int error_number = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (error_number),
               "Could not %s “%s” for the output of a command: %s",
               what, self->path, g_strerror (error_number));
  errno = error_number;
  return FALSE;
}

static gboolean
write_file (MpCommandOutput  *self,
            const guint8     *data,
            gsize             size,
            GError          **error)
{
  while (size > 0)
    {
      gssize n = write (self->file_fd, data, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return set_file_error (self, "write the file", error);
      data += n;
      size -= n;
    }

  return TRUE;
}

/* The limit has been passed: the file gets all there is so far, memory keeps its share. */
static gboolean
spill (MpCommandOutput  *self,
       MpCommand        *command,
       GError          **error)
{
  gsize size = self->size;

  self->size = command->output_limit;
  if (command->path_func != NULL)
    self->path = command->path_func (self->fd, command->path_data);
  if (self->path == NULL)
    {
      self->dropping = TRUE;
      return TRUE;
    }

  self->file_fd = open (self->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (self->file_fd < 0)
    return set_file_error (self, "create the file", error);
  return write_file (self, self->data, size, error);
}

static void
make_room (MpCommandOutput *self,
           MpCommand       *command)
{
  gsize wanted;

  if (self->allocated > self->size && self->allocated - self->size >= 4096)
    return;

  wanted = MIN (MAX (2 * self->allocated, 8192), command->output_limit + 1);
  if (wanted <= self->allocated)
    return;
  self->data = g_realloc (self->data, wanted);
  self->allocated = wanted;
}

/* One read; the caller knows that there is something. Returns its size, or -1 with @error. */
static gssize
read_some (MpCommandOutput  *self,
           MpCommand        *command,
           GError          **error)
{
  gboolean over = self->file_fd >= 0 || self->dropping;
  guint8 *buffer;
  gsize room;
  gssize n;

  if (over)
    {
      if (command->scratch == NULL)
        command->scratch = g_malloc (SCRATCH_SIZE);
      buffer = command->scratch;
      room = SCRATCH_SIZE;
    }
  else
    {
      make_room (self, command);
      buffer = self->data + self->size;
      room = MIN (self->allocated, command->output_limit + 1) - self->size;
    }

  do
    n = read (self->read_fd, buffer, room);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return 0;

  self->total += n;
  if (self->file_fd >= 0)
    return write_file (self, buffer, n, error) ? n : -1;
  if (!over)
    self->size += n;
  if (!over && self->size > command->output_limit)
    return spill (self, command, error) ? n : -1;
  return n;
}

/* A fresh pipe each time: someone may have passed the last one on, beyond our reach, and would
 * write into the output of another run. Our own writing end stays open so that the end of the
 * program wakes us once, by its pidfd, and not for each pipe too. Returns 0 or errno. */
int
_mp_command_output_open (MpCommandOutput *self)
{
  int fds[2];
  int error_number = _mp_command_open_pipe (fds);

  self->size = 0;
  self->total = 0;
  self->dropping = FALSE;
  g_clear_pointer (&self->path, g_free);
  if (error_number != 0)
    return error_number;

  self->read_fd = fds[0];
  self->write_fd = fds[1];
  return 0;
}

/* To be called when the pipe is readable: never waits. */
gboolean
_mp_command_output_read (MpCommandOutput  *self,
                         MpCommand        *command,
                         GError          **error)
{
  return read_some (self, command, error) >= 0;
}

/* Reads what is there now and not what a writer that lives on adds meanwhile. */
gboolean
_mp_command_output_drain (MpCommandOutput  *self,
                          MpCommand        *command,
                          GError          **error)
{
  int left;

  if (self->read_fd < 0 || ioctl (self->read_fd, FIONREAD, &left) < 0)
    return TRUE;

  while (left > 0)
    {
      gssize n = read_some (self, command, error);

      if (n <= 0)
        return n == 0;
      left -= n;
    }

  return TRUE;
}

/* Ends the run; what it gave stays. */
void
_mp_command_output_close (MpCommandOutput *self)
{
  _mp_clear_fd (&self->read_fd);
  _mp_clear_fd (&self->write_fd);
  _mp_clear_fd (&self->file_fd);
}

void
_mp_command_output_finalize (MpCommandOutput *self)
{
  _mp_command_output_close (self);
  g_free (self->data);
  g_free (self->path);
}
