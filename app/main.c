/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <mp.h>

#include "gm-headless.h"

/* What is closed must not become a file of ours, to which outputs are then written. */
static void
open_standard_descriptors (void)
{
  int fd;

  do
    fd = open ("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0)
    close (fd);
}

/* The window of the build tree stands beside the program there, so both run without installing. It
 * is told where this program is: that is what it starts to run jobs. */
static void
become_window (char **argv)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : g_strdup (".");
  g_autofree char *beside = g_build_filename (folder, "ui", "gtk-mp-window", NULL);

  if (program != NULL)
    g_setenv ("GTK_MP_PROGRAM", program, TRUE);
  execv (beside, argv);
  execv (WINDOW_PROGRAM, argv);
}

/* Picks the face. Workers are this program too: they never come back from mp_init(). */
int
main (int    argc,
      char **argv)
{
  open_standard_descriptors ();
  mp_init (&argc, &argv);
  if (gm_headless_is_wanted (argv))
    return gm_headless_main (argv);

  become_window (argv);
  if (errno == ENOENT)
    fputs ("gtk-mp: this build has no window; to run a job here: gtk-mp --headless JOB.mpjob "
           "(more: gtk-mp --help)\n", stderr);
  else
    perror ("gtk-mp: " WINDOW_PROGRAM);

  return 2;
}
