/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A module of functions for gtk-mp. Build it beside this file with
 *
 *   gcc -shared -fPIC -O2 -o text.so text.c $(pkg-config --cflags --libs glib-2.0)
 *
 * and name a function of it in a job: {"function": "module/text.so:count_words"}.
 *
 * A function gets one item and returns its result, or NULL with an error. Integers arrive as `x`,
 * other numbers as `d`, strings as `s`, booleans as `b`, null as `mv` without a value, arrays as
 * `av`, objects as `a{sv}`; results go back the same way. It runs in a worker process, one item at a
 * time: it may keep state between items, and a crash harms no other item. What it prints goes to
 * the log of the run. It needs no header but GLib's; words.c shows one that logs, tells its progress
 * and calls libmp. */
#include <gio/gio.h>

#define EXPORT __attribute__ ((visibility ("default"))) extern

EXPORT GVariant *count_words (GVariant *item, GError **error);
EXPORT GVariant *mean (GVariant *item, GError **error);

/* The path of a file → {"lines": …, "words": …}. */
GVariant *
count_words (GVariant  *item,
             GError   **error)
{
  GVariantDict result;
  char *text;
  gint64 lines = 0, words = 0;
  gboolean inside = FALSE;

  if (!g_variant_is_of_type (item, G_VARIANT_TYPE_STRING))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "expected the path of a file");
      return NULL;
    }
  if (!g_file_get_contents (g_variant_get_string (item, NULL), &text, NULL, error))
    return NULL;
  for (const char *p = text; *p != '\0'; p++)
    {
      gboolean is_space = g_ascii_isspace (*p);

      lines += *p == '\n';
      words += inside && is_space;
      inside = !is_space;
    }
  g_free (text);
  g_variant_dict_init (&result, NULL);
  g_variant_dict_insert (&result, "lines", "x", lines);
  g_variant_dict_insert (&result, "words", "x", words + inside);
  return g_variant_dict_end (&result);
}

/* An array of numbers → their mean. */
GVariant *
mean (GVariant  *item,
      GError   **error)
{
  double sum = 0;
  gsize n;

  if (!g_variant_is_of_type (item, G_VARIANT_TYPE ("av")) || g_variant_n_children (item) == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "expected an array of numbers");
      return NULL;
    }
  n = g_variant_n_children (item);
  for (gsize i = 0; i < n; i++)
    {
      GVariant *boxed = g_variant_get_child_value (item, i);
      GVariant *number = g_variant_get_variant (boxed);

      if (g_variant_is_of_type (number, G_VARIANT_TYPE_INT64))
        sum += g_variant_get_int64 (number);
      else if (g_variant_is_of_type (number, G_VARIANT_TYPE_DOUBLE))
        sum += g_variant_get_double (number);
      else
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "number %" G_GSIZE_FORMAT
                     " is not one", i);
      g_variant_unref (number);
      g_variant_unref (boxed);
      if (error != NULL && *error != NULL)
        return NULL;
    }
  return g_variant_new_double (sum / n);
}
