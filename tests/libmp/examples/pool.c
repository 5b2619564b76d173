/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Squares on a pool of four: map, apply and apply_async. */

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
  g_autoptr(MpContext) context = mp_context_get (argc > 1 ? argv[1] : NULL, &error);

  if (context == NULL)
    g_error ("%s", error->message);

  g_autoptr(MpPool) pool = mp_pool_new (context, 4);

  print (mp_pool_map (pool, "square", g_variant_new_parsed ("[int64 1, 2, 3, 4, 5]"), 0, NULL));
  print (mp_pool_apply (pool, "square", g_variant_new_int64 (10), NULL));

  g_autoptr(MpAsyncResult) result = mp_pool_apply_async (pool, "square", g_variant_new_int64 (20),
                                                         NULL, NULL, NULL, NULL);

  print (mp_async_result_get (result, -1, NULL));
  mp_pool_close (pool);
  mp_pool_join (pool, -1, NULL);
  return 0;
}
