/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A list in shared memory that a child changes. */

#include <mp.h>

static GVariant *
change (GVariant  *args,
        GError   **error)
{
  g_autoptr(MpShareableList) list = mp_shareable_from_variant (args, MP_TYPE_SHAREABLE_LIST, error);

  if (list == NULL)
    return NULL;
  mp_shareable_list_set (list, 0, g_variant_new_string ("howdy"), error);
  mp_shareable_list_set (list, -1, g_variant_new_double (2.5), error);
  return NULL;
}
MP_REGISTER_FUNCTION (change)

static void
print (MpShareableList *list)
{
  g_autofree char *format = mp_shareable_list_get_format (list, NULL);

  g_print ("%s\n", format);
  for (guint i = 0; i < mp_shareable_list_get_length (list); i++)
    {
      g_autoptr(GVariant) value = mp_shareable_list_get (list, i, NULL);
      g_autofree char *text = g_variant_print (value, FALSE);

      g_print ("%s\n", text);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  if (argc > 1)
    mp_set_start_method (argv[1], FALSE, NULL);

  GVariant *items = g_variant_new_parsed ("[<'hello'>, <-273.154>, <int64 100>, <int64 42>]");
  g_autoptr(MpShareableList) list = mp_shareable_list_new (items, NULL);
  g_autoptr(MpProcess) process = mp_process_new ("change",
                                                 mp_shareable_to_variant (MP_SHAREABLE (list)));
  g_autoptr(GError) error = NULL;

  print (list);
  if (!mp_process_start (process, NULL) || !mp_process_join (process, -1, NULL))
    return 1;
  print (list);
  g_print ("%d %d\n", (int) mp_shareable_list_count (list, g_variant_new_int32 (100), NULL),
           (int) mp_shareable_list_index (list, g_variant_new_double (2.5), NULL));
  if (!mp_shareable_list_set (list, 0, g_variant_new_string ("much too long"), &error))
    g_print ("too long\n");
  return 0;
}
