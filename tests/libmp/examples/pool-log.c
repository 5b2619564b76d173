/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a pool of processes logs. */

#include <mp.h>

static GVariant *
square (GVariant  *args,
        GError   **error)
{
  gint64 x = g_variant_get_int64 (args);

  return g_variant_new_int64 (x * x);
}
MP_REGISTER_FUNCTION (square)

static void
print (GVariant *value)
{
  g_autofree char *text = g_variant_print (value, FALSE);

  g_print ("%s\n", text);
  g_variant_unref (value);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);

  g_autoptr(GError) error = NULL;
  MpContext *context = mp_context_get (argc > 1 ? argv[1] : NULL, &error);

  if (context == NULL)
    g_error ("%s", error->message);
  mp_log_to_stderr (MP_LOG_DEBUG);

  g_autoptr(MpPool) pool = mp_pool_new (context, 1);

  print (mp_pool_map (pool, "square", g_variant_new_parsed ("[int64 1, 2, 3, 4, 5]"), 1, NULL));
  print (mp_pool_apply (pool, "square", g_variant_new_int64 (10), NULL));
  mp_pool_close (pool);
  mp_pool_join (pool, -1, NULL);
  mp_pool_terminate (pool);
  return 0;
}
