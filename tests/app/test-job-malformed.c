/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>

#include "gm-job.h"

/* Each NAME.mpjob in the folder is refused with the one line in NAME.error. */
static void
test_file (gconstpointer data)
{
  const char *file = data;
  g_autofree char *name = g_strndup (file, strlen (file) - strlen (".mpjob"));
  g_autofree char *error_file = g_strconcat (name, ".error", NULL);
  g_autofree char *expected = NULL;
  g_autofree char *got = NULL;
  g_autoptr(GError) error = NULL;

  g_file_get_contents (error_file, &expected, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (gm_job_new_from_file (file, &error));
  g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
  got = g_strconcat (error->message, "\n", NULL);
  g_assert_cmpstr (got, ==, expected);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr(GDir) dir = NULL;
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_test_init (&argc, &argv, NULL);
  folder = g_test_build_filename (G_TEST_DIST, "malformed", NULL);
  g_assert_cmpint (g_chdir (folder), ==, 0);
  dir = g_dir_open (".", 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".mpjob"))
      {
        g_autofree char *path = g_strconcat ("/job/malformed/", name, NULL);

        g_ptr_array_add (files, g_strdup (name));
        g_test_add_data_func (path, g_ptr_array_index (files, files->len - 1), test_file);
      }
  g_assert_cmpuint (files->len, >=, 30);

  return g_test_run ();
}
