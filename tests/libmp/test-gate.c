/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is put off from a shared object by one that then changes nothing must not sleep for ever, nor
 * who waits for two that die at exact instants. */
#include <signal.h>

#include "process-test.h"

#include "mp-gate-private.h"
#include "mp-shared-object-private.h"

/* Every object's memory begins with its gate, or with that of its putters. */
static GVariant *
stay_inside (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(GVariant) place_value = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GVariant) order = NULL;
  MpPlace place = { NULL };

  g_variant_get (args, "(@(hht)@(sv))", &place_value, &value);
  connection = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, NULL);
  g_assert_true (_mp_place_from_variant (&place, place_value, sizeof (MpGate), error));
  g_assert_cmpint (_mp_gate_enter (place.memory, -1, NULL), ==, MP_ACQUIRED);
  send_value (connection, g_variant_new_boolean (TRUE));
  order = receive (connection);
  _mp_gate_leave (place.memory, place.segment);
  send_value (connection, g_variant_new_boolean (TRUE));
  /* Its death would wake those who watch it. */
  g_clear_pointer (&order, g_variant_unref);
  order = mp_connection_recv (connection, NULL);
  _mp_place_clear (&place);
  return NULL;
}
MP_REGISTER_FUNCTION (stay_inside)

static GVariant *
hold_unit (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpSemaphore) semaphore = NULL;
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(GVariant) first = NULL;
  g_autoptr(GVariant) second = NULL;

  g_variant_get (args, "(@(sv)@(sv))", &first, &second);
  semaphore = mp_shareable_from_variant (first, MP_TYPE_SEMAPHORE, NULL);
  connection = mp_shareable_from_variant (second, MP_TYPE_CONNECTION, NULL);
  g_assert_cmpint (mp_semaphore_acquire (semaphore, -1, error), ==, MP_ACQUIRED);
  send_value (connection, g_variant_new_boolean (TRUE));
  for (;;)
    pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (hold_unit)

typedef struct
{
  MpProcess    *process;
  MpConnection *connection;
} Inside;

static Inside
start_inside (gconstpointer  method,
              gpointer       object)
{
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(GVariant) told = NULL;
  g_autoptr(GVariant) whole = g_variant_ref_sink (mp_shareable_to_variant (object));
  g_autoptr(GVariant) state = NULL;
  g_autoptr(GVariant) place = NULL;
  Inside inside;

  g_variant_get (whole, "(&sv)", NULL, &state);
  place = g_variant_get_child_value (state, 0);
  make_pipe (TRUE, &inside.connection, &theirs);
  inside.process = start_new (method, "stay_inside",
                              g_variant_new ("(@(hht)@(sv))", place,
                                             mp_shareable_to_variant (MP_SHAREABLE (theirs))));
  told = receive (inside.connection);
  return inside;
}

static void
let_leave (Inside *inside)
{
  g_autoptr(GVariant) told = NULL;

  send_value (inside->connection, g_variant_new_boolean (TRUE));
  told = receive (inside->connection);
}

static void
end_inside (Inside *inside)
{
  g_clear_object (&inside->connection);
  g_assert_cmpint (join (inside->process), ==, 0);
  g_clear_object (&inside->process);
}

static void
test_semaphore (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSemaphore) semaphore = mp_semaphore_new (1, &error);
  g_autoptr(GAsyncResult) result = NULL;
  Inside inside = start_inside (method, semaphore);

  mp_semaphore_acquire_async (semaphore, NULL, keep_result, &result);
  let_leave (&inside);
  wait_for_result (&result);
  g_assert_cmpint (mp_semaphore_acquire_finish (semaphore, result, &error), ==, MP_ACQUIRED);
  g_assert_no_error (error);
  end_inside (&inside);
}

/* It was put off before it could name those whose death it has to see. */
static void
test_holder_dies (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpSemaphore) semaphore = mp_semaphore_new (1, &error);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) holder = NULL;
  g_autoptr(GVariant) told = NULL;
  g_autoptr(GAsyncResult) result = NULL;
  Inside inside;

  make_pipe (FALSE, &ours, &theirs);
  holder = start_new (method, "hold_unit",
                      g_variant_new ("(@(sv)@(sv))",
                                     mp_shareable_to_variant (MP_SHAREABLE (semaphore)),
                                     mp_shareable_to_variant (MP_SHAREABLE (theirs))));
  told = receive (ours);
  inside = start_inside (method, semaphore);

  mp_semaphore_acquire_async (semaphore, NULL, keep_result, &result);
  let_leave (&inside);
  mp_process_kill (holder, NULL);
  wait_for_result (&result);
  g_assert_cmpint (mp_semaphore_acquire_finish (semaphore, result, &error), ==,
                   MP_ACQUIRED_OWNER_DIED);
  g_assert_no_error (error);
  g_assert_cmpint (join (holder), ==, -SIGKILL);
  end_inside (&inside);
}

static void
test_queue (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpQueue) queue = mp_queue_new (0, &error);
  g_autoptr(GAsyncResult) result = NULL;
  Inside inside = start_inside (method, queue);

  mp_queue_put_async (queue, g_variant_new_int32 (1), NULL, keep_result, &result);
  let_leave (&inside);
  wait_for_result (&result);
  g_assert_true (mp_queue_put_finish (queue, result, &error));
  g_assert_no_error (error);
  end_inside (&inside);
}

/* It comes when the other one has left. */
static void
test_barrier (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpBarrier) barrier = mp_barrier_new (1, NULL, -1, &error);
  g_autoptr(GAsyncResult) result = NULL;
  Inside inside = start_inside (method, barrier);

  mp_barrier_wait_async (barrier, NULL, keep_result, &result);
  let_leave (&inside);
  wait_for_result (&result);
  g_assert_cmpint (mp_barrier_wait_finish (barrier, result, &error), ==, 0);
  g_assert_no_error (error);
  end_inside (&inside);
}

/* What an event has in its memory. */
typedef struct
{
  _Atomic guint64 word;
  _Atomic gint32  setters[];
} EventMemory;

/* Begins to set an event, as another one does at the same time who dies at once, does it and dies
 * without having rung. */
static GVariant *
set_and_die (GVariant  *args,
             GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr(MpEvent) event = mp_shareable_from_variant (first, MP_TYPE_EVENT, NULL);
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (second, MP_TYPE_CONNECTION, NULL);
  EventMemory *memory = _mp_shared_object_get_memory (event);
  g_autoptr(GVariant) order = NULL;
  pid_t dead = fork ();

  if (dead == 0)
    _exit (0);
  waitpid (dead, NULL, 0);
  atomic_store (&memory->setters[0], dead);
  atomic_store (&memory->setters[1], getpid ());
  send_value (connection, g_variant_new_boolean (TRUE));
  order = receive (connection);
  atomic_store (&memory->word, 3);
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (set_and_die)

static void
test_setters_die (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpEvent) event = mp_event_new (&error);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) told = NULL;
  g_autoptr(GAsyncResult) result = NULL;

  make_pipe (TRUE, &ours, &theirs);
  process = start_new (method, "set_and_die",
                       g_variant_new ("(@(sv)@(sv))",
                                      mp_shareable_to_variant (MP_SHAREABLE (event)),
                                      mp_shareable_to_variant (MP_SHAREABLE (theirs))));
  told = receive (ours);
  mp_event_wait_async (event, NULL, keep_result, &result);
  send_value (ours, g_variant_new_boolean (TRUE));
  wait_for_result (&result);
  g_assert_true (mp_event_wait_finish (event, result, &error));
  g_assert_cmpint (join (process), ==, -SIGKILL);
  /* Whoever died at it keeps nobody's place. */
  mp_event_clear (event);
  mp_event_set (event);
  g_assert_cmpint (atomic_load (&((EventMemory *) _mp_shared_object_get_memory (event))->setters[0]),
                   ==, 0);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("gate", "semaphore", test_semaphore);
  add_for_methods ("gate", "holder-dies", test_holder_dies);
  add_for_methods ("gate", "queue", test_queue);
  add_for_methods ("gate", "barrier", test_barrier);
  add_for_methods ("gate", "setters-die", test_setters_die);
  return g_test_run ();
}
