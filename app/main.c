/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <mp.h>

#include "gm-headless.h"

/* Picks the face. Workers are this program too: they never come back from mp_init(). */
int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  if (gm_headless_is_wanted (argv))
    return gm_headless_main (argv);

  execv (WINDOW_PROGRAM, argv);
  if (errno == ENOENT)
    fputs ("gtk-mp: this build has no window; to run a job here: gtk-mp --headless JOB.mpjob "
           "(more: gtk-mp --help)\n", stderr);
  else
    perror ("gtk-mp: " WINDOW_PROGRAM);

  return 2;
}
