/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "fuzz.h"

/* Runs a target on the files of folders, for compilers without a fuzzer, and on each beginning of
 * a file: what is cut off anywhere must do no harm. */

/* Longer files are tried at this many places only. */
#define MAX_CUTS 500

static void
run_file (const char *path)
{
  g_autofree char *content = NULL;
  g_autoptr(GError) error = NULL;
  gsize size;

  g_file_get_contents (path, &content, &size, &error);
  g_assert_no_error (error);
  for (gsize cut = 0; cut <= size; cut += cut < size ? MIN (size / MAX_CUTS + 1, size - cut) : 1)
    {
      /* A copy of its own has its end where a tool for memory sees it. */
      g_autofree guint8 *data = g_memdup2 (content, cut);

      LLVMFuzzerTestOneInput (data, cut);
    }
}

static guint
run_folder (const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) dir = g_dir_open (path, 0, &error);
  const char *name;
  guint n = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      run_file (file);
      n++;
    }

  return n;
}

int
main (int    argc,
      char **argv)
{
  guint n = 0;

  for (int i = 1; i < argc; i++)
    n += run_folder (argv[i]);
  g_print ("%u files, and each beginning of them\n", n);

  return n > 0 ? 0 : 1;
}
