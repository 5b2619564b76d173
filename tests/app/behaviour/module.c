/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions that behave badly, for test_module.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <mp.h>

#define FUNCTION(name) \
  extern GVariant *name (GVariant *item, GError **error); \
  __attribute__ ((visibility ("default"))) GVariant *name (GVariant *item, GError **error)

FUNCTION (leave)
{
  exit ((int) g_variant_get_int64 (item));
}

FUNCTION (say)
{
  printf ("printed %" G_GINT64_FORMAT "\n", g_variant_get_int64 (item));
  fprintf (stderr, "complained %" G_GINT64_FORMAT "\n", g_variant_get_int64 (item));
  if (write (1, "written\n", 8) < 0)
    return NULL;
  return g_variant_new_int64 (1);
}

/* Ends before its buffers are written by anybody else. */
FUNCTION (say_and_die)
{
  printf ("last words %" G_GINT64_FORMAT "\n", g_variant_get_int64 (item));
  abort ();
}

FUNCTION (who)
{
  mp_log (MP_LOG_WARNING, "a module speaks");
  return g_variant_new_string (mp_process_get_name (mp_process_get_current ()));
}

FUNCTION (nothing)
{
  return NULL;
}

FUNCTION (both)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "both");
  return g_variant_ref_sink (g_variant_new_int64 (1));
}

FUNCTION (same)
{
  return g_variant_ref (item);
}

FUNCTION (not_json)
{
  return g_variant_new_double (1 / strtod ("0", NULL));
}

FUNCTION (wait_for_go)
{
  g_autofree char *name = g_strdup_printf ("began-%" G_GINT64_FORMAT,
                                           g_variant_get_int64 (item));
  FILE *file = fopen (name, "a");

  fputs ("run\n", file);
  fclose (file);
  while (access ("go", F_OK) < 0)
    g_usleep (20000);
  return g_variant_new_int64 (1);
}

FUNCTION (grow)
{
  gsize size = (gsize) g_variant_get_int64 (item) * 1024 * 1024;
  char *data = malloc (size);

  if (data == NULL)
    return NULL;
  for (gsize i = 0; i < size; i += 4096)
    data[i] = (char) i;
  while (size > 64 * 1024 * 1024)
    pause ();
  free (data);
  return g_variant_new_int64 (g_variant_get_int64 (item));
}
