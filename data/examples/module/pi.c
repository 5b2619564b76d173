/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A function that calls libmp, for gtk-mp. Build it beside this file with
 *
 *   gcc -shared -fPIC -O2 -o pi.so pi.c $(pkg-config --cflags gtk-mp) $(pkg-config --libs gio-2.0)
 *
 * It is linked with no libmp: what it calls it finds in gtk-mp itself, when a worker opens it. There
 * the current process is the worker, and what is logged goes to the log of the run, at INFO and
 * above always, and to standard error by the job's "log_level". */
#include <gio/gio.h>
#include <mp.h>

#define EXPORT __attribute__ ((visibility ("default"))) extern

EXPORT GVariant *throw_darts (GVariant *item, GError **error);

/* How many darts → {"pi": …, "worker": …}, by those that hit the circle in a square. */
GVariant *
throw_darts (GVariant  *item,
             GError   **error)
{
  const char *worker = mp_process_get_name (mp_process_get_current ());
  GVariantDict result;
  GRand *random;
  gint64 n, hits = 0;

  if (!g_variant_is_of_type (item, G_VARIANT_TYPE_INT64) || g_variant_get_int64 (item) < 4)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "expected how many darts to throw, at least 4");
      return NULL;
    }
  n = g_variant_get_int64 (item);
  random = g_rand_new_with_seed (n);
  for (gint64 i = 0; i < n; i++)
    {
      double x = g_rand_double (random);
      double y = g_rand_double (random);

      hits += x * x + y * y <= 1;
      if ((i + 1) % (n / 4) == 0)
        mp_log (MP_LOG_INFO, "%d %% of %" G_GINT64_FORMAT " darts thrown",
                (int) (100 * (i + 1) / n), n);
    }
  g_rand_free (random);
  g_variant_dict_init (&result, NULL);
  g_variant_dict_insert (&result, "pi", "d", 4.0 * hits / n);
  g_variant_dict_insert (&result, "worker", "s", worker);
  return g_variant_dict_end (&result);
}
