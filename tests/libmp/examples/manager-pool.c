/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A pool that lives in a manager: every process with a proxy of it may use it. */
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
range (gint64 n)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ax"));

  for (gint64 i = 0; i < n; i++)
    g_variant_builder_add (&builder, "x", i);
  return g_variant_builder_end (&builder);
}

static gboolean
show (GVariant   *value,
      const char *end)
{
  g_autoptr (GVariant) owned = value;
  g_autofree char *text = value != NULL ? g_variant_print (value, FALSE) : NULL;

  if (text != NULL)
    g_print ("%s%s", text, end);
  return text != NULL;
}

static gboolean
show_each (MpProxy  *iterator,
           GError  **error)
{
  GVariant *value;

  while (mp_proxy_next (iterator, -1, &value, error))
    {
      if (value == NULL)
        return TRUE;
      show (value, "\n");
    }
  return FALSE;
}

static gboolean
use (MpProxy  *pool,
     GError  **error)
{
  g_autoptr (MpProxy) result = NULL;
  g_autoptr (MpProxy) iterator = NULL;
  g_autoptr (GVariant) successful = NULL;

  if (!show (mp_proxy_apply (pool, "square", g_variant_new_int64 (10), error), "\n")
      || !show (mp_proxy_map (pool, "square", range (5), 0, error), "\n"))
    return FALSE;

  result = mp_proxy_map_async (pool, "square", range (3), 2, error);
  if (result == NULL || !show (mp_proxy_get (result, 60 * G_USEC_PER_SEC, error), " "))
    return FALSE;
  successful = mp_proxy_call (result, "successful", NULL, -1, error);
  if (successful == NULL)
    return FALSE;
  g_print ("%s\n", g_variant_get_boolean (successful) ? "True" : "False");

  iterator = mp_proxy_imap (pool, "square", range (3), error);
  return iterator != NULL && show_each (iterator, error)
         && mp_proxy_close (pool, error)
         && mp_proxy_join (pool, -1, error);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (MpManager) manager = NULL;
  g_autoptr (MpProxy) pool = NULL;
  g_autoptr (GError) error = NULL;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return 1;

  manager = mp_manager (&error);
  pool = manager != NULL ? mp_manager_pool (manager, 4, NULL, NULL, 0, &error) : NULL;
  if (pool != NULL && use (pool, &error) && mp_manager_shutdown (manager, &error))
    return 0;
  g_printerr ("%s\n", error->message);
  return 1;
}
