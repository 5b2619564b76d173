/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* map_async with a chunk size, waited for with a timeout: once in time, once not. */

#include <mp.h>

static GVariant *
square (GVariant  *args,
        GError   **error)
{
  gint64 x = g_variant_get_int64 (args);

  return g_variant_new_int64 (x * x);
}
MP_REGISTER_FUNCTION (square)

static GVariant *
nap (GVariant  *args,
     GError   **error)
{
  g_usleep (60 * G_USEC_PER_SEC);
  return g_variant_ref (args);
}
MP_REGISTER_FUNCTION (nap)

static GVariant *
range (gint64 n)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ax"));
  for (gint64 i = 0; i < n; i++)
    g_variant_builder_add (&builder, "x", i);
  return g_variant_builder_end (&builder);
}

static void
report (MpAsyncResult *result,
        gint64         timeout)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = mp_async_result_get (result, timeout, &error);

  if (value != NULL)
    {
      g_autofree char *text = g_variant_print (value, FALSE);

      g_print ("%s\n", text);
    }
  else if (g_error_matches (error, MP_ERROR, MP_ERROR_TIMEOUT))
    g_print ("timed out\n");
  else
    g_print ("%s\n", error->message);
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

  g_autoptr(MpPool) pool = mp_pool_new (context, 4);
  g_autoptr(MpAsyncResult) squares = NULL;
  g_autoptr(MpAsyncResult) naps = NULL;

  squares = mp_pool_map_async (pool, "square", range (30), 10, NULL, NULL, NULL, NULL);
  report (squares, 60 * G_USEC_PER_SEC);
  naps = mp_pool_map_async (pool, "nap", range (30), 10, NULL, NULL, NULL, NULL);
  report (naps, G_USEC_PER_SEC / 10);
  mp_pool_terminate (pool);
  mp_pool_join (pool, -1, NULL);
  return 0;
}
