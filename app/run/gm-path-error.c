/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include <gio/gio.h>

#include "gm-path-error.h"

/**
 * gm_path_fail:
 * @what: what was tried: "open"
 * @path: with what
 * @error: return location for a #G_IO_ERROR that says so, and errno
 *
 * Returns: %FALSE
 */
gboolean
gm_path_fail (const char  *what,
              const char  *path,
              GError     **error)
{
  int saved_errno = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "Could not %s “%s”: %s",
               what, path, g_strerror (saved_errno));

  return FALSE;
}
