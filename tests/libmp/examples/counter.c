/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ten processes add one to a shared number, each under its lock: prints 10. */
#include <mp.h>

#define N_PROCESSES 10

static GVariant *
increment (GVariant  *args,
           GError   **error)
{
  g_autoptr (MpValue) counter = mp_shareable_from_variant (args, MP_TYPE_VALUE, error);

  if (counter == NULL || mp_lock_acquire (mp_value_get_lock (counter), -1, error) == MP_ACQUIRED_NOT)
    return NULL;

  *(int *) mp_value_get_pointer (counter) += 1;
  mp_lock_release (mp_value_get_lock (counter), error);
  return NULL;
}
MP_REGISTER_FUNCTION (increment)

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
  g_autoptr (GPtrArray) processes = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (MpValue) counter = NULL;
  g_autoptr (GError) error = NULL;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return fail (error);
  counter = mp_value_new ('i', &error);
  if (counter == NULL)
    return fail (error);

  for (int i = 0; i < N_PROCESSES; i++)
    {
      MpProcess *process = mp_process_new ("increment",
                                           mp_shareable_to_variant (MP_SHAREABLE (counter)));

      g_ptr_array_add (processes, process);
      if (!mp_process_start (process, &error))
        return fail (error);
    }
  for (int i = 0; i < N_PROCESSES; i++)
    {
      if (!mp_process_join (processes->pdata[i], -1, &error))
        return fail (error);
    }
  g_print ("%d\n", *(int *) mp_value_get_pointer (counter));
  return 0;
}
