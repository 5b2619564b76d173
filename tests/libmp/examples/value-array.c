/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A number and ten numbers that another process changes: prints 3.1415927 and [0, -1, … -9]. */
#include <mp.h>

#define LENGTH 10

static GVariant *
change (GVariant  *args,
        GError   **error)
{
  g_autoptr (GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr (GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr (MpValue) number = mp_shareable_from_variant (first, MP_TYPE_VALUE, error);
  g_autoptr (MpArray) array = NULL;

  if (number != NULL)
    array = mp_shareable_from_variant (second, MP_TYPE_ARRAY, error);
  if (array == NULL)
    return NULL;

  *(double *) mp_value_get_pointer (number) = 3.1415927;
  for (guint64 i = 0; i < mp_array_get_length (array); i++)
    ((int *) mp_array_get_pointer (array))[i] *= -1;
  return NULL;
}
MP_REGISTER_FUNCTION (change)

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
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (MpValue) number = NULL;
  g_autoptr (MpArray) array = NULL;
  g_autoptr (GError) error = NULL;
  int *items;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return fail (error);
  number = mp_value_new ('d', &error);
  if (number == NULL || (array = mp_array_new ('i', LENGTH, &error)) == NULL)
    return fail (error);
  items = mp_array_get_pointer (array);
  for (int i = 0; i < LENGTH; i++)
    items[i] = i;

  process = mp_process_new ("change",
                            g_variant_new ("(@(sv)@(sv))",
                                           mp_shareable_to_variant (MP_SHAREABLE (number)),
                                           mp_shareable_to_variant (MP_SHAREABLE (array))));
  if (!mp_process_start (process, &error) || !mp_process_join (process, -1, &error))
    return fail (error);
  g_print ("%.8g\n[", *(double *) mp_value_get_pointer (number));
  for (int i = 0; i < LENGTH; i++)
    g_print ("%s%d", i > 0 ? ", " : "", items[i]);
  g_print ("]\n");
  return 0;
}
