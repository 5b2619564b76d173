/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A module that speaks while it works: to the log, to whoever watches, and to the other workers.
 * Build it beside this file with
 *
 *   gcc -shared -fPIC -O2 -o words.so words.c $(pkg-config --cflags --libs gtk-mp)
 *
 * or, if gtk-mp is not installed but built in this clone, with
 *
 *   gcc -shared -fPIC -O2 -o words.so words.c -I../../../libmp -I../../../app/engine \
 *     $(pkg-config --cflags --libs gio-2.0)
 *
 * text.c explains what a function gets and returns. <gm-module.h> brings all of libmp; a module
 * finds these functions in gtk-mp itself and links nothing. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include <gio/gio.h>
#include <gm-module.h>

MP_EXPORT GVariant *count (GVariant *item, GError **error);

static gint64
count_block (const char *block,
             gsize       length,
             gboolean   *inside)
{
  gint64 words = 0;

  for (gsize i = 0; i < length; i++)
    {
      gboolean is_space = isspace ((unsigned char) block[i]);

      words += !*inside && !is_space;
      *inside = !is_space;
    }
  return words;
}

/* The path of a file → how many words it has. */
GVariant *
count (GVariant  *item,
       GError   **error)
{
  MpProcess *process = mp_process_get_current ();
  const char *path;
  gboolean inside = FALSE;
  gint64 words = 0, of_all;
  long size, done = 0;
  char block[4096];
  gsize n;
  FILE *file;

  if (!g_variant_is_of_type (item, G_VARIANT_TYPE_STRING))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "expected the path of a file");
      return NULL;
    }
  path = g_variant_get_string (item, NULL);
  file = fopen (path, "re");
  if (file == NULL)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path,
                   g_strerror (errno));
      return NULL;
    }
  fseek (file, 0, SEEK_END);
  size = ftell (file);
  rewind (file);
  mp_log (MP_LOG_DEBUG, "%s has %ld bytes", path, size);

  while ((n = fread (block, 1, sizeof block, file)) > 0)
    {
      gint64 more = count_block (block, n, &inside);

      words += more;
      done += n;
      gm_module_set_progress (size > 0 ? (double) done / size : -1, "counting");
      gm_module_count ("words", more);
    }
  fclose (file);

  of_all = gm_module_count ("words", 0);
  mp_log (words > 0 ? MP_LOG_INFO : MP_LOG_WARNING,
          "%s (process %d) found %" G_GINT64_FORMAT " words in %s; all of us: %" G_GINT64_FORMAT,
          mp_process_get_name (process), (int) mp_process_get_pid (process), words, path, of_all);
  return g_variant_new_int64 (words);
}
