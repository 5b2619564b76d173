/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ten items for another process, then a sentinel: prints them, and waits until they are done. */
#include <mp.h>

#define N_ITEMS 10

static GVariant *
consume (GVariant  *args,
         GError   **error)
{
  g_autoptr (MpJoinableQueue) queue = mp_shareable_from_variant (args, MP_TYPE_JOINABLE_QUEUE,
                                                                 error);
  gboolean more = queue != NULL;

  while (more)
    {
      g_autoptr (GVariant) item = mp_queue_get (MP_QUEUE (queue), -1, error);
      gint32 number;

      if (item == NULL)
        return NULL;
      g_variant_get (item, "mi", &more, &number);
      if (more)
        g_print ("consumed %d\n", number);
      if (!mp_joinable_queue_task_done (queue, error))
        return NULL;
    }
  return NULL;
}
MP_REGISTER_FUNCTION (consume)

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
  g_autoptr (MpJoinableQueue) queue = NULL;
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GError) error = NULL;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return fail (error);
  queue = mp_joinable_queue_new (0, &error);
  if (queue == NULL)
    return fail (error);

  process = mp_process_new ("consume", mp_shareable_to_variant (MP_SHAREABLE (queue)));
  if (!mp_process_start (process, &error))
    return fail (error);
  for (int i = 0; i <= N_ITEMS; i++)
    {
      if (!mp_queue_put (MP_QUEUE (queue), g_variant_new ("mi", i < N_ITEMS, i), -1, &error))
        return fail (error);
    }

  if (!mp_joinable_queue_join (queue, -1, &error) || !mp_process_join (process, -1, &error))
    return fail (error);
  g_print ("all done\n");
  return 0;
}
