/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Events between processes, some of which die while they set them. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

static MpEvent *
new_event (void)
{
  g_autoptr(GError) error = NULL;
  MpEvent *event = mp_event_new (&error);

  g_assert_no_error (error);
  return event;
}

static MpEvent *
event_of (GVariant *args,
          guint     n)
{
  g_autoptr(GVariant) value = g_variant_get_child_value (args, n);
  g_autoptr(GError) error = NULL;
  MpEvent *event = mp_shareable_from_variant (value, MP_TYPE_EVENT, &error);

  g_assert_no_error (error);
  return event;
}

static GVariant *
event_args (MpEvent *first,
            MpEvent *second)
{
  return g_variant_new ("(@(sv)@(sv))", mp_shareable_to_variant (MP_SHAREABLE (first)),
                        mp_shareable_to_variant (MP_SHAREABLE (second)));
}

/* Answers each setting of the first event by one of the second. */
static GVariant *
answer_event (GVariant  *args,
              GError   **error)
{
  g_autoptr(MpEvent) ping = event_of (args, 0);
  g_autoptr(MpEvent) pong = event_of (args, 1);

  while (mp_event_wait (ping, -1, error))
    {
      mp_event_clear (ping);
      mp_event_set (pong);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (answer_event)

static GVariant *
set_and_die (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpEvent) event = event_of (args, 0);

  mp_event_set (event);
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (set_and_die)

static void
test_ping_pong (gconstpointer method)
{
  g_autoptr(MpEvent) ping = new_event ();
  g_autoptr(MpEvent) pong = new_event ();
  g_autoptr(MpProcess) process = start_new (method, "answer_event", event_args (ping, pong));

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr(GError) error = NULL;

      mp_event_set (ping);
      g_assert_true (mp_event_wait (pong, -1, &error));
      mp_event_clear (pong);
    }
  mp_process_kill (process, NULL);
  g_assert_cmpint (join (process), ==, -SIGKILL);
}

/* What a process that is dead now has set is set. */
static void
test_killed (gconstpointer method)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr(MpEvent) event = new_event ();
      g_autoptr(MpProcess) process = start_new (method, "set_and_die", event_args (event, event));

      g_assert_true (mp_event_wait (event, -1, NULL));
      g_assert_cmpint (join (process), ==, -SIGKILL);
    }
}

static void
on_set (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  int *told = user_data;

  *told = mp_event_wait_finish (MP_EVENT (source), result, NULL);
}

static void
test_alone (void)
{
  g_autoptr(MpEvent) event = new_event ();
  g_autoptr(GError) error = NULL;
  int told = -1;

  g_assert_false (mp_event_is_set (event));
  g_assert_false (mp_event_wait (event, 0, &error));
  g_assert_false (mp_event_wait (event, 1000, &error));
  g_assert_no_error (error);

  /* A pulse that is over before anybody looks is not missed. */
  mp_event_wait_async (event, NULL, on_set, &told);
  mp_event_set (event);
  mp_event_clear (event);
  while (told < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (told, ==, TRUE);

  mp_event_set (event);
  g_assert_true (mp_event_is_set (event));
  g_assert_true (mp_event_wait (event, 0, &error));
  mp_event_clear (event);
  g_assert_false (mp_event_is_set (event));
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/event/alone", test_alone);
  add_for_methods ("event", "ping-pong", test_ping_pong);
  add_for_methods ("event", "killed", test_killed);
  return g_test_run ();
}
