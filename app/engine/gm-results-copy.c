/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "gm-results-copy.h"

#define PIECE (1024 * 1024 * 1024)

static gboolean
copy_content (int in,
              int out)
{
  gssize n;

  while ((n = sendfile (out, in, NULL, PIECE)) > 0 || (n < 0 && errno == EINTR))
    ;
  return n == 0;
}

/* Where others may write as well, they could have put a link there, or a file of theirs. What a
 * process that was killed has left goes; what can't be taken away is an error. */
static int
make_new (const char *path)
{
  unlink (path);
  return open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

/**
 * gm_results_copy:
 * @dir: a run's folder
 * @path: where the copy goes
 * @error: return location for an error
 *
 * Copies the outcomes of a run that has ended. The file is there whole, or not at all.
 *
 * Returns: %FALSE if it could not be written
 */
gboolean
gm_results_copy (GmRunDir    *dir,
                 const char  *path,
                 GError     **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s.%d.new", path, (int) getpid ());
  int in = openat (gm_run_dir_get_fd (dir), "results.jsonl", O_RDONLY | O_CLOEXEC);
  int out = in >= 0 ? make_new (temporary) : -1;
  gboolean ok = out >= 0 && copy_content (in, out) && fdatasync (out) == 0
                && rename (temporary, path) == 0;
  int saved_errno = errno;

  if (in >= 0)
    close (in);
  if (out >= 0)
    close (out);
  if (ok)
    return TRUE;
  if (out >= 0)
    unlink (temporary);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               "Could not write the results to “%s”: %s", path, g_strerror (saved_errno));
  return FALSE;
}
