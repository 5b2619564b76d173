/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions that behave badly, and such that speak, for test_module.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gm-module.h>

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

/* An array: how far, and what to say; the rest of what it says does not fit. */
FUNCTION (tell)
{
  g_autofree char *note = NULL;
  double fraction;
  GVariant *value;

  value = g_variant_get_variant (g_variant_get_child_value (item, 0));
  fraction = g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE) ? g_variant_get_double (value)
                                                                 : g_variant_get_int64 (value);
  value = g_variant_get_variant (g_variant_get_child_value (item, 1));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    note = g_variant_dup_string (value, NULL);
  gm_module_set_progress (0.9, "something else before");
  gm_module_set_progress (fraction, note);
  if (fork () == 0)
    {
      gm_module_set_progress (1, "a child is not the worker");
      _exit (0);
    }
  wait (NULL);
  gm_module_count ("said", 1);
  while (access ("go", F_OK) < 0)
    g_usleep (20000);
  return g_variant_new_int64 (1);
}

/* Ten of its own, ten by a child; a negative item takes its worker down between the two. */
FUNCTION (count)
{
  pid_t child;

  for (int i = 0; i < 10; i++)
    gm_module_count ("items", 1);
  gm_module_count ("ä \"b\"", -1);
  if (g_variant_get_int64 (item) < 0)
    abort ();
  child = fork ();
  if (child == 0)
    {
      for (int i = 0; i < 10; i++)
        gm_module_count ("items", 1);
      _exit (0);
    }
  waitpid (child, NULL, 0);
  return g_variant_new_int64 (gm_module_count ("items", 0));
}

/* What has no room, or no name, harms nobody. */
FUNCTION (count_too_much)
{
  g_autofree char *longest = g_strnfill (47, 'x');
  g_autofree char *too_long = g_strnfill (48, 'x');

  for (int i = 0; i < 70; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d", i);

      gm_module_count (i == 0 ? longest : name, 2);
    }
  gm_module_count (too_long, 2);
  gm_module_count ("", 2);
  gm_module_count (NULL, 2);
  gm_module_count ("\xff", 2);
  return g_variant_new_int64 (gm_module_count (longest, 0));
}

/* Logs so many long lines, all workers at the same time: when the last has come, all begin. */
FUNCTION (flood)
{
  g_autofree char *text = g_strnfill (3500, 'a' + g_variant_get_int64 (item) % 26);

  gm_module_count ("here", 1);
  while (gm_module_count ("here", 0) < 64)
    g_usleep (1000);
  for (int i = 0; i < 100; i++)
    mp_log (i % 2 == 0 ? MP_LOG_DEBUG : MP_LOG_INFO, "%d %d %s", (int) getpid (), i, text);
  return g_variant_new_int64 (getpid ());
}
