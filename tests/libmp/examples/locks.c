/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each kind of lock, used by two processes. */
#include <mp.h>

enum { LOCK, RLOCK, SEMAPHORE, BOUNDED, EVENT, CONDITION, BARRIER, N_LOCKS };

static void
acquire (gpointer lock)
{
  if (MP_IS_SEMAPHORE (lock))
    mp_semaphore_acquire (lock, -1, NULL);
  else
    mp_lock_acquire (lock, -1, NULL);
}

static void
release (gpointer lock)
{
  if (MP_IS_SEMAPHORE (lock))
    mp_semaphore_release (lock, NULL);
  else
    mp_lock_release (lock, NULL);
}

static GVariant *
use_all (GVariant  *args,
         GError   **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);
  gpointer *locks = NULL;

  for (int i = 0; i < N_LOCKS; i++)
    {
      g_autoptr (GVariant) value = g_variant_get_child_value (args, i);
      gpointer object = mp_shareable_from_variant (value, MP_TYPE_SHAREABLE, error);

      if (object == NULL)
        return NULL;
      g_ptr_array_add (all, object);
    }
  locks = all->pdata;

  acquire (locks[LOCK]);
  g_print ("Lock\n");
  release (locks[LOCK]);
  acquire (locks[RLOCK]);
  acquire (locks[RLOCK]);
  g_print ("RLock\n");
  release (locks[RLOCK]);
  release (locks[RLOCK]);
  acquire (locks[SEMAPHORE]);
  g_print ("Semaphore %u\n", mp_semaphore_get_value (locks[SEMAPHORE]));
  release (locks[SEMAPHORE]);
  acquire (locks[BOUNDED]);
  g_print ("BoundedSemaphore %u\n", mp_semaphore_get_value (locks[BOUNDED]));
  release (locks[BOUNDED]);
  mp_event_wait (locks[EVENT], -1, NULL);
  g_print ("Event\n");
  acquire (mp_condition_get_lock (locks[CONDITION]));
  g_print ("Condition\n");
  mp_condition_notify (locks[CONDITION], 1, NULL);
  release (mp_condition_get_lock (locks[CONDITION]));
  mp_barrier_wait (locks[BARRIER], -1, NULL);
  g_print ("Barrier\n");
  return NULL;
}
MP_REGISTER_FUNCTION (use_all)

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
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GError) error = NULL;
  GVariantBuilder args;
  gpointer *locks;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return fail (error);
  g_ptr_array_add (all, mp_lock_new (NULL));
  g_ptr_array_add (all, mp_rlock_new (NULL));
  g_ptr_array_add (all, mp_semaphore_new (2, NULL));
  g_ptr_array_add (all, mp_bounded_semaphore_new (1, NULL));
  g_ptr_array_add (all, mp_event_new (NULL));
  g_ptr_array_add (all, mp_condition_new (NULL, NULL));
  g_ptr_array_add (all, mp_barrier_new (2, NULL, -1, NULL));
  locks = all->pdata;

  g_variant_builder_init (&args, G_VARIANT_TYPE ("a(sv)"));
  for (int i = 0; i < N_LOCKS; i++)
    g_variant_builder_add_value (&args, mp_shareable_to_variant (locks[i]));
  process = mp_process_new ("use_all", g_variant_builder_end (&args));
  acquire (mp_condition_get_lock (locks[CONDITION]));
  if (!mp_process_start (process, &error))
    return fail (error);
  mp_event_set (locks[EVENT]);
  if (!mp_condition_wait (locks[CONDITION], -1, &error))
    return fail (error);
  g_print ("notified\n");
  release (mp_condition_get_lock (locks[CONDITION]));
  mp_barrier_wait (locks[BARRIER], -1, NULL);
  if (!mp_process_join (process, -1, &error))
    return fail (error);

  if (!mp_semaphore_release (locks[BOUNDED], &error))
    g_print ("%s\n", error->message);
  return 0;
}
