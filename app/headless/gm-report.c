/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gm-report.h"

#include "gm-escape.h"
#include "gm-runner.h"

/**
 * gm_report:
 * @message: what to say
 *
 * Says it on standard error, before or after a run.
 */
void
gm_report (const char *message)
{
  g_autoptr(GString) line = g_string_new ("gtk-mp: ");

  if (isatty (STDERR_FILENO))
    gm_escape_controls (line, message, strlen (message));
  else
    g_string_append (line, message);
  g_string_append_c (line, '\n');
  fputs (line->str, stderr);
}

/**
 * gm_finish_printing:
 *
 * Sees to it that what was asked for and printed with stdio has arrived. If it has not, that is a
 * failure, and is said.
 *
 * Returns: the exit code
 */
int
gm_finish_printing (void)
{
  g_autofree char *message = NULL;
  gboolean failed_before = ferror (stdout);
  int cause = fflush (stdout) == 0 ? (failed_before ? EIO : 0) : errno;

  if (cause == 0)
    return GM_EXIT_OK;
  if (cause == EPIPE)
    return 128 + SIGPIPE;
  message = g_strdup_printf ("could not write to standard output: %s", g_strerror (cause));
  gm_report (message);

  return GM_EXIT_FAILED;
}
