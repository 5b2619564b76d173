/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A dict and a list that live in a manager, changed by another process, with the log. */
#include <mp.h>

static MpProxy *dict, *list;

static GVariant *
work (GVariant  *args,
      GError   **error)
{
  g_autoptr (GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr (GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr (MpProxy) d = mp_shareable_from_variant (first, MP_TYPE_PROXY, error);
  g_autoptr (MpProxy) l = d != NULL ? mp_shareable_from_variant (second, MP_TYPE_PROXY, error)
                                    : NULL;

  if (l != NULL
      && mp_dict_set (d, g_variant_new_int32 (1), g_variant_new_string ("1"), error)
      && mp_dict_set (d, g_variant_new_string ("2"), g_variant_new_int32 (2), error)
      && mp_dict_set (d, g_variant_new_double (0.25), g_variant_new ("ms", NULL), error))
    mp_list_reverse (l, error);
  return NULL;
}
MP_REGISTER_FUNCTION (work)

/* As Python shows it. */
static void
show (GVariant *value)
{
  g_autofree char *text = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
    {
      g_autoptr (GVariant) inner = g_variant_get_variant (value);

      show (inner);
      return;
    }
  text = g_variant_is_of_type (value, G_VARIANT_TYPE_MAYBE) ? g_strdup ("None")
                                                            : g_variant_print (value, FALSE);
  g_print ("%s", text);
}

static void
show_all (GVariant   *values,
          const char *brackets)
{
  for (gsize i = 0; i < g_variant_n_children (values); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (values, i);

      g_print ("%s", i > 0 ? ", " : "");
      g_print ("%.*s", i == 0, brackets);
      for (gsize j = 0; j < 2 && g_variant_is_of_type (child, G_VARIANT_TYPE ("(vv)")); j++)
        {
          g_autoptr (GVariant) part = g_variant_get_child_value (child, j);

          show (part);
          g_print ("%s", j == 0 ? ": " : "");
        }
      if (g_variant_is_of_type (child, G_VARIANT_TYPE_VARIANT))
        show (child);
    }
  g_print ("%c\n", brackets[1]);
}

static int
fail (GError *error)
{
  g_printerr ("%s\n", error->message);
  return 1;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (MpManager) manager = NULL;
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GVariant) pairs = NULL;
  g_autoptr (GVariant) items = NULL;
  g_autoptr (GError) error = NULL;
  GVariantBuilder numbers;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return fail (error);
  mp_log_to_stderr (MP_LOG_DEBUG);
  manager = mp_manager (&error);
  if (manager == NULL)
    return fail (error);

  g_variant_builder_init (&numbers, G_VARIANT_TYPE ("av"));
  for (int i = 0; i < 10; i++)
    g_variant_builder_add (&numbers, "v", g_variant_new_int32 (i));
  dict = mp_manager_dict (manager, NULL, &error);
  list = dict != NULL ? mp_manager_list (manager, g_variant_builder_end (&numbers), &error) : NULL;
  if (list == NULL)
    return fail (error);

  process = mp_process_new ("work", g_variant_new ("(@(sv)@(sv))",
                                                   mp_shareable_to_variant (MP_SHAREABLE (dict)),
                                                   mp_shareable_to_variant (MP_SHAREABLE (list))));
  if (!mp_process_start (process, &error) || !mp_process_join (process, -1, &error))
    return fail (error);

  pairs = mp_proxy_get_value (dict, &error);
  items = pairs != NULL ? mp_proxy_get_value (list, &error) : NULL;
  if (items == NULL)
    return fail (error);
  show_all (pairs, "{}");
  show_all (items, "[]");
  return mp_manager_shutdown (manager, &error) ? 0 : fail (error);
}
