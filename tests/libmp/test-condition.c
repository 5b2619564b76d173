/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Conditions between processes, some of which die while they wait. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

static gpointer
object_of (GVariant *args,
           guint     n,
           GType     type)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (args, n);
  g_autoptr(GError) error = NULL;
  gpointer object = mp_shareable_from_variant (value, type, &error);

  g_assert_no_error (error);
  return object;
}

/* What is waited for, and how many wait, and are through. */
typedef struct
{
  MpCondition *condition;
  MpLock      *lock;
  MpValue     *value;
  MpValue     *counts[2];
} Scene;

static int *
number (MpValue *value)
{
  return mp_value_get_pointer (value);
}

static Scene
new_scene (void)
{
  g_autoptr(GError) error = NULL;
  Scene scene = { mp_condition_new (NULL, &error), NULL, mp_value_new_with_lock ('i', NULL, NULL),
                  { mp_value_new_with_lock ('i', NULL, NULL),
                    mp_value_new_with_lock ('i', NULL, NULL) } };

  g_assert_no_error (error);
  scene.lock = mp_condition_get_lock (scene.condition);
  return scene;
}

static Scene
scene_of (GVariant *args)
{
  Scene scene = { object_of (args, 0, MP_TYPE_CONDITION), NULL, object_of (args, 1, MP_TYPE_VALUE),
                  { object_of (args, 2, MP_TYPE_VALUE), object_of (args, 3, MP_TYPE_VALUE) } };

  scene.lock = mp_condition_get_lock (scene.condition);
  return scene;
}

static void
scene_clear (Scene *scene)
{
  g_object_unref (scene->condition);
  g_object_unref (scene->value);
  g_object_unref (scene->counts[0]);
  g_object_unref (scene->counts[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static GVariant *
args_of (Scene *scene)
{
  return g_variant_new ("(@(sv)@(sv)@(sv)@(sv))",
                        mp_shareable_to_variant (MP_SHAREABLE (scene->condition)),
                        mp_shareable_to_variant (MP_SHAREABLE (scene->value)),
                        mp_shareable_to_variant (MP_SHAREABLE (scene->counts[0])),
                        mp_shareable_to_variant (MP_SHAREABLE (scene->counts[1])));
}

static void
acquire (Scene *scene)
{
  g_assert_cmpint (mp_lock_acquire (scene->lock, -1, NULL), !=, MP_ACQUIRED_NOT);
}

static void
release (Scene *scene)
{
  g_assert_true (mp_lock_release (scene->lock, NULL));
}

static gboolean
is_set (gpointer user_data)
{
  return *number (((Scene *) user_data)->value) != 0;
}

static GVariant *
wait_once (GVariant  *args,
           GError   **error)
{
  g_auto(Scene) scene = scene_of (args);

  acquire (&scene);
  *number (scene.counts[0]) += 1;
  g_assert_true (mp_condition_wait (scene.condition, -1, error));
  *number (scene.counts[1]) += 1;
  release (&scene);
  return NULL;
}
MP_REGISTER_FUNCTION (wait_once)

static GVariant *
wait_until_set (GVariant  *args,
                GError   **error)
{
  g_auto(Scene) scene = scene_of (args);

  acquire (&scene);
  acquire (&scene);
  *number (scene.counts[0]) += 1;
  g_assert_true (mp_condition_wait_for (scene.condition, is_set, &scene, -1, error));
  *number (scene.counts[1]) += 1;
  release (&scene);
  release (&scene);
  return NULL;
}
MP_REGISTER_FUNCTION (wait_until_set)

/* Notifies and is killed with the lock. */
static GVariant *
notify_and_die (GVariant  *args,
                GError   **error)
{
  g_auto(Scene) scene = scene_of (args);

  acquire (&scene);
  mp_condition_notify_all (scene.condition, error);
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (notify_and_die)

static GVariant *
notify_often (GVariant  *args,
              GError   **error)
{
  g_auto(Scene) scene = scene_of (args);

  for (;;)
    {
      acquire (&scene);
      *number (scene.value) += 1;
      mp_condition_notify (scene.condition, 1, error);
      release (&scene);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (notify_often)

static GVariant *
wait_often (GVariant  *args,
            GError   **error)
{
  g_auto(Scene) scene = scene_of (args);

  for (;;)
    {
      g_autoptr(GError) died = NULL;

      acquire (&scene);
      mp_condition_wait (scene.condition, -1, &died);
      release (&scene);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (wait_often)

/* Waits, with the lock, until a count is so: the others go on when it is released in between. */
static void
wait_for_count (Scene *scene,
                guint  which,
                int    wanted)
{
  for (;;)
    {
      gboolean reached;

      acquire (scene);
      reached = *number (scene->counts[which]) == wanted;
      if (reached)
        return;
      release (scene);
      g_usleep (1000);
    }
}

static void
test_notify (gconstpointer method)
{
  g_auto(Scene) scene = new_scene ();
  MpProcess *processes[4];

  for (guint i = 0; i < 4; i++)
    processes[i] = start_new (method, "wait_once", args_of (&scene));
  wait_for_count (&scene, 0, 4);
  g_assert_true (mp_condition_notify (scene.condition, 1, NULL));
  release (&scene);
  wait_for_count (&scene, 1, 1);
  g_assert_true (mp_condition_notify (scene.condition, 2, NULL));
  release (&scene);
  wait_for_count (&scene, 1, 3);
  g_assert_true (mp_condition_notify_all (scene.condition, NULL));
  release (&scene);
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpint (join (processes[i]), ==, 0);
      g_object_unref (processes[i]);
    }
  g_assert_cmpint (*number (scene.counts[1]), ==, 4);
}

/* The notification goes to the one that lives, although the other has waited longer. */
static void
test_waiter_dies (gconstpointer method)
{
  g_auto(Scene) scene = new_scene ();
  g_autoptr(MpProcess) first = start_new (method, "wait_once", args_of (&scene));
  g_autoptr(MpProcess) second = NULL;

  wait_for_count (&scene, 0, 1);
  release (&scene);
  second = start_new (method, "wait_once", args_of (&scene));
  wait_for_count (&scene, 0, 2);
  release (&scene);
  mp_process_kill (first, NULL);
  g_assert_cmpint (join (first), ==, -SIGKILL);
  acquire (&scene);
  g_assert_true (mp_condition_notify (scene.condition, 1, NULL));
  release (&scene);
  g_assert_cmpint (join (second), ==, 0);
}

static void
test_notifier_dies (gconstpointer method)
{
  g_auto(Scene) scene = new_scene ();
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GError) error = NULL;

  acquire (&scene);
  process = start_new (method, "notify_and_die", args_of (&scene));
  g_assert_false (mp_condition_wait (scene.condition, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_OWNER_DIED);
  release (&scene);
  g_assert_cmpint (join (process), ==, -SIGKILL);
}

static void
test_wait_for (gconstpointer method)
{
  g_auto(Scene) scene = new_scene ();
  g_autoptr(MpProcess) process = start_new (method, "wait_until_set", args_of (&scene));

  wait_for_count (&scene, 0, 1);
  g_assert_true (mp_condition_notify_all (scene.condition, NULL));
  release (&scene);
  acquire (&scene);
  *number (scene.value) = 1;
  g_assert_true (mp_condition_notify_all (scene.condition, NULL));
  release (&scene);
  g_assert_cmpint (join (process), ==, 0);
}

/* Notifies once it has the lock, twice, and releases it. */
static GVariant *
notify_twice (GVariant  *args,
              GError   **error)
{
  g_auto(Scene) scene = scene_of (args);

  for (guint i = 0; i < 2; i++)
    {
      acquire (&scene);
      *number (scene.value) += 1;
      g_assert_true (mp_condition_notify_all (scene.condition, error));
      release (&scene);
      while (*(volatile int *) number (scene.counts[0]) == (int) i)
        g_usleep (1000);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (notify_twice)

static void
expect_async (Scene         *scene,
              GAsyncResult **result,
              MpError        code)
{
  g_autoptr(GError) error = NULL;
  gboolean notified;

  wait_for_result (result);
  notified = mp_condition_wait_finish (scene->condition, *result, &error);
  g_assert_true (g_async_result_get_user_data (*result) == result);
  g_clear_object (result);
  if (code == 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, MP_ERROR, code);
  g_assert_cmpint (notified, ==, code == 0);
  /* This thread has the lock, as often as before. */
  release (scene);
  release (scene);
  g_assert_false (mp_lock_release (scene->lock, NULL));
}

static void
test_async (gconstpointer method)
{
  g_auto(Scene) scene = new_scene ();
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(MpProcess) dying = NULL;

  for (int i = 0; i < 2; i++)
    {
      GAsyncResult *result = NULL;

      acquire (&scene);
      acquire (&scene);
      mp_condition_wait_async (scene.condition, NULL, keep_result, &result);
      g_assert_false (mp_lock_release (scene.lock, NULL));
      if (process == NULL)
        process = start_new (method, "notify_twice", args_of (&scene));
      else
        *number (scene.counts[0]) = i;
      expect_async (&scene, &result, 0);
      g_assert_cmpint (*number (scene.value), ==, i + 1);
    }
  *number (scene.counts[0]) = 2;
  g_assert_cmpint (join (process), ==, 0);

  GAsyncResult *result = NULL;

  acquire (&scene);
  acquire (&scene);
  mp_condition_wait_async (scene.condition, NULL, keep_result, &result);
  dying = start_new (method, "notify_and_die", args_of (&scene));
  expect_async (&scene, &result, MP_ERROR_OWNER_DIED);
  g_assert_cmpint (join (dying), ==, -SIGKILL);
}

/* The lock is had again, and nothing is left of the wait; a notification that came first counts. */
static void
test_async_cancelled (void)
{
  g_auto(Scene) scene = new_scene ();
  g_autoptr(GError) error = NULL;
  GAsyncResult *result = NULL;

  mp_condition_wait_async (scene.condition, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_false (mp_condition_wait_finish (scene.condition, result, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
  g_clear_error (&error);
  g_clear_object (&result);

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      acquire (&scene);
      if (i == 0)
        g_cancellable_cancel (cancellable);
      mp_condition_wait_async (scene.condition, cancellable, keep_result, &result);
      g_cancellable_cancel (cancellable);
      wait_for_result (&result);
      g_assert_false (mp_condition_wait_finish (scene.condition, result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_clear_object (&result);
      release (&scene);
    }

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();

      acquire (&scene);
      mp_condition_wait_async (scene.condition, cancellable, keep_result, &result);
      acquire (&scene);
      g_assert_true (mp_condition_notify (scene.condition, 1, NULL));
      g_cancellable_cancel (cancellable);
      release (&scene);
      wait_for_result (&result);
      g_assert_true (mp_condition_wait_finish (scene.condition, result, &error));
      g_clear_object (&result);
      release (&scene);
    }

  /* Of a main context that went away nothing is left either. */
  for (guint i = 0; i < 300; i++)
    {
      g_autoptr(GMainContext) lost = g_main_context_new ();

      g_main_context_push_thread_default (lost);
      acquire (&scene);
      mp_condition_wait_async (scene.condition, NULL, keep_result, &result);
      g_main_context_pop_thread_default (lost);
    }
  acquire (&scene);
  g_assert_false (mp_condition_wait (scene.condition, 0, &error));
  g_assert_no_error (error);
  release (&scene);
}

static void
test_killed (gconstpointer method)
{
  guint rounds = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 334 : 20;
  g_auto(Scene) scene = new_scene ();

  for (guint i = 0; i < rounds; i++)
    {
      static const char *const functions[] = { "wait_often", "wait_often", "notify_often" };
      g_autoptr(MpProcess) notifier = NULL;
      MpProcess *processes[3];
      int before;

      for (guint n = 0; n < 3; n++)
        processes[n] = start_new (method, functions[n], args_of (&scene));
      for (guint n = 0; n < 3; n++)
        mp_process_kill (processes[n], NULL);
      for (guint n = 0; n < 3; n++)
        {
          g_assert_cmpint (join (processes[n]), ==, -SIGKILL);
          g_object_unref (processes[n]);
        }

      notifier = start_new (method, "notify_often", args_of (&scene));
      acquire (&scene);
      before = *number (scene.value);
      while (*number (scene.value) < before + 3)
        mp_condition_wait (scene.condition, -1, NULL);
      release (&scene);
      mp_process_kill (notifier, NULL);
      join (notifier);
    }
}

static void
test_alone (void)
{
  g_auto(Scene) scene = new_scene ();
  g_autoptr(GError) error = NULL;

  g_assert_false (mp_condition_wait (scene.condition, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
  g_clear_error (&error);
  g_assert_false (mp_condition_notify (scene.condition, 1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
  g_clear_error (&error);

  acquire (&scene);
  for (guint i = 0; i < 300; i++)
    g_assert_false (mp_condition_wait (scene.condition, 0, &error));
  g_assert_false (mp_condition_wait (scene.condition, 1000, &error));
  g_assert_false (mp_condition_wait_for (scene.condition, is_set, &scene, 1000, &error));
  g_assert_true (mp_condition_notify_all (scene.condition, &error));
  *number (scene.value) = 1;
  g_assert_true (mp_condition_wait_for (scene.condition, is_set, &scene, 0, &error));
  g_assert_no_error (error);
  release (&scene);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/condition/alone", test_alone);
  add_for_methods ("condition", "notify", test_notify);
  add_for_methods ("condition", "waiter-dies", test_waiter_dies);
  add_for_methods ("condition", "notifier-dies", test_notifier_dies);
  add_for_methods ("condition", "wait-for", test_wait_for);
  add_for_methods ("condition", "async", test_async);
  g_test_add_func ("/condition/async/cancelled", test_async_cancelled);
  add_for_methods ("condition", "killed", test_killed);
  return g_test_run ();
}
