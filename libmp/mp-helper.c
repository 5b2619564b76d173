/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What workers are made of if the program that has the pool can't be started again as one: an
 * interpreter, or whatever else does not begin with mp_init(). */
#include <stdio.h>

#include "mp.h"

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  fputs ("libmp-helper is only for processes that libmp itself starts\n", stderr);
  return 2;
}
