/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A manager and those who use it. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "process-test.h"

#define SECONDS(n) ((gint64) (n) * G_USEC_PER_SEC)

#define OK(call) G_STMT_START { gboolean is_ok = (call); g_assert_no_error (error); g_assert_true (is_ok); } G_STMT_END

static MpManager *
start_manager (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  MpManager *manager = mp_manager_new (method != NULL ? mp_context_get (method, NULL) : NULL, NULL, NULL);

  mp_manager_start (manager, NULL, NULL, &error);
  g_assert_no_error (error);
  return manager;
}

static MpProxy *
make (MpManager  *manager,
      const char *type,
      GVariant   *args)
{
  g_autoptr(GError) error = NULL;
  MpProxy *proxy = mp_manager_create (manager, type, args, &error);

  g_assert_no_error (error);
  return proxy;
}

/* The result of a call, in GVariant's text form. */
static void
expect (MpProxy    *proxy,
        const char *method,
        GVariant   *args,
        const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) result = mp_proxy_call (proxy, method, args, 0, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_variant_print (result, FALSE);
  g_assert_cmpstr (text, ==, expected);
}

static void
expect_error (MpProxy    *proxy,
              const char *method,
              GVariant   *args,
              MpError     code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_proxy_call (proxy, method, args, 0, &error));
  g_assert_error (error, MP_ERROR, code);
}

static GVariant *
parse (const char *text)
{
  return g_variant_new_parsed (text);
}

static GVariant *
share (gpointer proxy)
{
  return mp_shareable_to_variant (MP_SHAREABLE (proxy));
}

/* What the example of Python's documentation does. */
static GVariant *
change (GVariant  *args,
        GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr(MpProxy) dict = mp_shareable_from_variant (first, MP_TYPE_PROXY, error);
  g_autoptr(MpProxy) list = dict != NULL ? mp_shareable_from_variant (second, MP_TYPE_PROXY, error) : NULL;

  if (list != NULL && mp_dict_set (dict, g_variant_new_string ("k"), g_variant_new_int32 (7), error))
    mp_list_reverse (list, error);
  return NULL;
}
MP_REGISTER_FUNCTION (change)

static void
test_shared (gconstpointer method)
{
  g_autoptr(MpManager) manager = start_manager (method);
  g_autoptr(MpProxy) dict = make (manager, "dict", NULL);
  g_autoptr(MpProxy) list = make (manager, "list", parse ("[<1>, <2>, <3>]"));
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GError) error = NULL;

  process = start_new (method, "change", g_variant_new ("(@(sv)@(sv))", share (dict), share (list)));
  g_assert_cmpint (join (process), ==, 0);
  expect (dict, "items", NULL, "[(<'k'>, <7>)]");
  expect (list, "copy", NULL, "[<3>, <2>, <1>]");
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 2);

  OK (mp_manager_shutdown (manager, &error));
  OK (mp_manager_shutdown (manager, &error));
  g_assert_false (mp_dict_set (dict, parse ("1"), parse ("2"), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
  g_clear_error (&error);
  g_assert_null (mp_manager_create (manager, "dict", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
}

static void
test_containers (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) dict = make (manager, "dict", parse ("[(<'a'>, <1>)]"));
  g_autoptr(MpProxy) list = make (manager, "list", parse ("[<3>, <1>]"));
  g_autoptr(MpProxy) set = make (manager, "set", parse ("[<'x'>, <'x'>]"));
  g_autoptr(MpProxy) space = make (manager, "Namespace", NULL);
  g_autoptr(MpProxy) value = make (manager, "Value", parse ("5"));
  g_autoptr(MpProxy) array = make (manager, "Array", parse ("[1.5, 2.5]"));
  g_autoptr(GError) error = NULL;
  g_autofree char *big = g_strnfill (300000, 'b');

  expect (dict, "__setitem__", parse ("(<(1, 2)>, <'pair'>)"), "()");
  expect (dict, "setdefault", parse ("(<'a'>, <9>)"), "1");
  expect (dict, "keys", NULL, "[<'a'>, <(1, 2)>]");
  expect (dict, "values", NULL, "[<1>, <'pair'>]");
  expect (dict, "pop", parse ("(<'a'>,)"), "1");
  expect_error (dict, "__getitem__", parse ("(<'a'>,)"), MP_ERROR_NOT_FOUND);
  expect (dict, "update", parse ("([(<'z'>, <26>)],)"), "()");
  expect (dict, "popitem", NULL, "(<'z'>, <26>)");
  expect (dict, "__len__", NULL, "1");
  expect_error (dict, "__setitem__", parse ("(1, 2)"), MP_ERROR_BAD_MESSAGE);
  expect_error (dict, "fly", NULL, MP_ERROR_NOT_REGISTERED);
  OK (mp_dict_set (dict, parse ("'big'"), g_variant_new_string (big), &error));
  g_autoptr(GVariant) back = mp_dict_get (dict, parse ("'big'"), &error);
  g_assert_cmpstr (g_variant_get_string (back, NULL), ==, big);

  OK (mp_list_append (list, parse ("2"), &error));
  OK (mp_list_sort (list, &error));
  expect (list, "copy", NULL, "[<1>, <2>, <3>]");
  expect (list, "pop", parse ("(int64 -1,)"), "3");
  expect (list, "insert", parse ("(int64 0, <'s'>)"), "()");
  expect_error (list, "sort", NULL, MP_ERROR_FAILED);
  expect (list, "index", parse ("(<2>,)"), "2");
  expect (list, "remove", parse ("(<1>,)"), "()");
  expect (list, "count", parse ("(<1>,)"), "0");
  expect_error (list, "__getitem__", parse ("(int64 2,)"), MP_ERROR_NOT_FOUND);
  OK (mp_list_set (list, -1, parse ("true"), &error));
  expect (list, "copy", NULL, "[<'s'>, <true>]");

  OK (mp_set_add (set, parse ("'y'"), &error));
  OK (mp_set_discard (set, parse ("'none'"), &error));
  g_assert_cmpint (mp_proxy_get_length (set, NULL), ==, 2);
  g_assert_true (mp_dict_contains (set, parse ("'x'"), NULL));

  OK (mp_namespace_set (space, "x", parse ("10"), &error));
  g_autoptr(GVariant) x = mp_namespace_get (space, "x", NULL);
  g_assert_cmpint (g_variant_get_int32 (x), ==, 10);
  OK (mp_proxy_set_value (value, parse ("6"), &error));
  g_assert_false (mp_proxy_set_value (value, parse ("'no'"), NULL));
  expect (value, "get", NULL, "6");
  OK (mp_list_set (array, 1, parse ("4.5"), &error));
  expect (array, "copy", NULL, "[1.5, 4.5]");
  g_assert_null (mp_manager_create (manager, "Unknown", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
}

/* A proxy in a container keeps its object, and comes out as one that works. */
static void
test_nested (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) outer = make (manager, "dict", NULL);
  MpProxy *inner = make (manager, "list", NULL);
  g_autoptr(GVariant) value = NULL;
  g_autoptr(MpProxy) again = NULL;
  g_autoptr(GError) error = NULL;

  OK (mp_dict_set (outer, parse ("'in'"), share (inner), &error));
  g_object_unref (inner);
  value = mp_dict_get (outer, parse ("'in'"), &error);
  g_assert_no_error (error);
  again = mp_shareable_from_variant (value, MP_TYPE_PROXY, &error);
  g_assert_no_error (error);
  OK (mp_list_append (again, parse ("1"), &error));
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 2);
  expect (outer, "clear", NULL, "()");
  expect (again, "copy", NULL, "[<1>]");
  g_clear_object (&again);
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 1);
}

/* What is taken out of a container is the taker's, though nobody else had it any more. */
static void
test_taken (void)
{
  static const struct { const char *type, *put, *take, *args; } ways[] = {
    { "Queue", "put", "get", NULL },
    { "list", "append", "pop", "(int64 -1,)" },
    { "dict", "__setitem__", "pop", "(<'k'>,)" },
    { "dict", "__setitem__", "popitem", NULL },
    { "set", "add", "pop", NULL },
  };
  g_autoptr(MpManager) manager = start_manager (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr(MpProxy) outer = make (manager, ways[i].type, NULL);
      MpProxy *inner = make (manager, "list", NULL);
      g_autoptr(MpProxy) again = NULL;
      g_autoptr(GVariant) value = NULL;
      g_autoptr(GVariant) member = NULL;
      g_autoptr(GError) error = NULL;

      if (i == 2 || i == 3)
        expect (outer, ways[i].put, g_variant_new ("(vv)", g_variant_new_string ("k"), share (inner)), "()");
      else
        expect (outer, ways[i].put, g_variant_new ("(v)", share (inner)), "()");
      g_object_unref (inner);
      value = mp_proxy_call (outer, ways[i].take, ways[i].args != NULL ? parse (ways[i].args) : NULL, 0, &error);
      g_assert_no_error (error);
      if (i == 3)
        g_variant_get_child (value, 1, "v", &member);
      again = mp_shareable_from_variant (i == 3 ? member : value, MP_TYPE_PROXY, &error);
      g_assert_no_error (error);
      OK (mp_list_append (again, parse ("1"), &error));
      g_clear_object (&again);
      g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 1);
    }
}

/* An object that can't be made of its arguments is not made of none instead. */
static void
test_made_of (void)
{
  static const struct { const char *type, *args; } wrong[] = {
    { "dict", "[<1>]" }, { "set", "['a']" }, { "list", "[1, 2]" }, { "Queue", "2" },
    { "Semaphore", "'x'" }, { "Semaphore", "int64 -1" }, { "Barrier", "int64 2" }, { "Lock", "1" }, { "Event", "true" },
    { "Array", "1" }, { "Namespace", "[<'x'>]" },
  };
  g_autoptr(MpManager) manager = start_manager (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (mp_manager_create (manager, wrong[i].type, parse (wrong[i].args), &error));
      g_assert_nonnull (error);
      g_test_message ("%s", error->message);
    }
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 0);
}

static GVariant *
nest (guint depth)
{
  GVariant *value = g_variant_new_int32 (1);

  for (guint i = 0; i < depth; i++)
    value = g_variant_new_variant (value);
  return value;
}

/* What can't be sent is an error of that call, and of nothing else. */
static void
test_unsendable (void)
{
  static const char *const addresses[] = { NULL, "127.0.0.1:0" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr(MpManager) manager = mp_manager_new (NULL, addresses[i], NULL);
      g_autoptr(MpProxy) dict = NULL;
      g_autoptr(GVariant) deep = NULL;
      g_autoptr(GVariant) level = NULL;
      g_autofree char *big = g_strnfill (300000, 'b');
      g_autoptr(GError) error = NULL;
      struct rlimit limit, none;

      OK (mp_manager_start (manager, NULL, NULL, &error));
      dict = make (manager, "dict", NULL);
      g_assert_false (mp_dict_set (dict, parse ("1"), g_variant_new_handle (STDERR_FILENO), &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
      g_clear_error (&error);
      g_assert_false (mp_dict_set (dict, parse ("1"), nest (110), &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
      g_clear_error (&error);
      /* As deep as allowed comes back in every way. */
      OK (mp_dict_set (dict, parse ("1"), nest (90), &error));
      deep = mp_proxy_call (dict, "items", NULL, -1, &error);
      g_assert_no_error (error);

      g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
      none = (struct rlimit) { 3, limit.rlim_max };
      g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
      g_assert_true (mp_dict_set (dict, parse ("2"), g_variant_new_string (big), &error) == (i == 1));
      g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
      g_clear_error (&error);
      OK (mp_dict_set (dict, parse ("3"), parse ("3"), &error));

      OK (mp_dict_set (dict, parse ("2"), g_variant_new_string (big), &error));
      g_assert_cmpint (prlimit (mp_manager_get_pid (manager), RLIMIT_NOFILE, &none, NULL), ==, 0);
      level = mp_dict_get (dict, parse ("2"), &error);
      g_assert_true ((level != NULL) == (i == 1));
      g_clear_error (&error);
      OK (mp_dict_set (dict, parse ("3"), parse ("4"), &error));
    }
}

/* Acquires the first, says so, and ends without releasing it when it may. */
static GVariant *
keep_it (GVariant  *args,
         GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr(MpProxy) semaphore = mp_shareable_from_variant (first, MP_TYPE_PROXY, error);
  g_autoptr(MpProxy) queue = semaphore != NULL ? mp_shareable_from_variant (second, MP_TYPE_PROXY, error) : NULL;

  if (queue != NULL && mp_proxy_acquire (semaphore, -1, error) == MP_ACQUIRED)
    {
      mp_proxy_put (queue, g_variant_new_boolean (TRUE), -1, error);
      mp_proxy_join (queue, -1, error);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (keep_it)

/* Who ends gives back what it holds, but not what was released for it already. */
static void
test_signalling (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) semaphore = make (manager, "Semaphore", g_variant_new_int64 (1));
  g_autoptr(MpProxy) queue = make (manager, "JoinableQueue", NULL);
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) item = NULL;
  g_autoptr(GError) error = NULL;

  process = start_new (NULL, "keep_it", g_variant_new ("(@(sv)@(sv))", share (semaphore), share (queue)));
  item = mp_proxy_get (queue, -1, &error);
  g_assert_no_error (error);
  OK (mp_proxy_release (semaphore, &error));
  expect (queue, "task_done", NULL, "()");
  g_assert_cmpint (join (process), ==, 0);
  /* With the first answer the manager has seen the other connection end, with the second it is gone. */
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 2);
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 2);
  expect (semaphore, "get_value", NULL, "1");
}

/* Acquires, and dies. */
static GVariant *
die_with_it (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpProxy) proxy = mp_shareable_from_variant (args, MP_TYPE_PROXY, error);

  if (proxy != NULL && mp_proxy_acquire (proxy, -1, error) != MP_ACQUIRED_NOT)
    raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (die_with_it)

/* Waits for an item, and never gets one. */
static GVariant *
wait_for_item (GVariant  *args,
               GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr(MpProxy) queue = mp_shareable_from_variant (first, MP_TYPE_PROXY, error);
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (second, MP_TYPE_CONNECTION, error);
  g_autoptr(GVariant) item = NULL;

  mp_connection_send (connection, g_variant_new_boolean (TRUE), error);
  item = mp_proxy_get (queue, -1, error);
  return NULL;
}
MP_REGISTER_FUNCTION (wait_for_item)

static void
test_locks (void)
{
  static const char *const types[] = { "Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition" };
  g_autoptr(MpManager) manager = start_manager (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr(MpProxy) lock = make (manager, types[i], NULL);
      g_autoptr(MpProcess) process = NULL;
      g_autoptr(GError) error = NULL;

      g_assert_cmpint (mp_proxy_acquire (lock, 0, &error), ==, MP_ACQUIRED);
      if (i == 1 || i == 4)
        {
          g_assert_cmpint (mp_proxy_acquire (lock, 0, &error), ==, MP_ACQUIRED);
          OK (mp_proxy_release (lock, &error));
        }
      else
        {
          g_assert_cmpint (mp_proxy_acquire (lock, 1000, &error), ==, MP_ACQUIRED_NOT);
          g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
          g_clear_error (&error);
        }
      OK (mp_proxy_release (lock, &error));
      if (i != 2)
        {
          g_assert_false (mp_proxy_release (lock, &error));
          g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
          g_clear_error (&error);
        }

      process = start_new (NULL, "die_with_it", share (lock));
      g_assert_cmpint (join (process), ==, -SIGKILL);
      g_assert_cmpint (mp_proxy_acquire (lock, -1, &error), ==, MP_ACQUIRED_OWNER_DIED);
      OK (mp_proxy_release (lock, &error));
      g_assert_cmpint (mp_proxy_acquire (lock, -1, &error), ==, MP_ACQUIRED);
    }
}

static void
test_queue (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) queue = make (manager, "JoinableQueue", g_variant_new_uint64 (2));
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) ready = NULL;
  g_autoptr(GVariant) item = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_proxy_get (queue, 1000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_EMPTY);
  g_clear_error (&error);

  /* One that waits for an item and is killed takes none. */
  make_pipe (TRUE, &ours, &theirs);
  process = start_new (NULL, "wait_for_item", g_variant_new ("(@(sv)@(sv))", share (queue), share (theirs)));
  ready = receive (ours);
  mp_process_kill (process, NULL);
  g_assert_cmpint (join (process), ==, -SIGKILL);
  while (mp_manager_count_objects (manager, NULL) != 1)
    ;

  OK (mp_proxy_put (queue, parse ("1"), 0, &error));
  OK (mp_proxy_put (queue, parse ("2"), 0, &error));
  g_assert_false (mp_proxy_put (queue, parse ("3"), 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FULL);
  g_clear_error (&error);
  item = mp_proxy_get (queue, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int32 (item), ==, 1);
  g_assert_false (mp_proxy_join (queue, 1000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&error);
  OK (mp_proxy_task_done (queue, &error));
  OK (mp_proxy_task_done (queue, &error));
  OK (mp_proxy_join (queue, -1, &error));
  g_assert_false (mp_proxy_task_done (queue, NULL));
}

static GVariant *
finish (MpProxy       *proxy,
        GAsyncResult **result,
        GError       **error)
{
  g_autoptr(GAsyncResult) done = NULL;

  wait_for_result (result);
  done = g_steal_pointer (result);
  return mp_proxy_call_finish (proxy, done, error);
}

static void
test_waits (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) event = make (manager, "Event", NULL);
  g_autoptr(MpProxy) barrier = make (manager, "Barrier", g_variant_new_uint32 (2));
  g_autoptr(MpProxy) condition = make (manager, "Condition", NULL);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;

  /* A call that waits keeps no other of this process waiting. */
  mp_proxy_call_async (event, "wait", NULL, -1, NULL, keep_result, &result);
  g_assert_false (mp_proxy_is_set (event, NULL));
  OK (mp_proxy_set (event, &error));
  OK (mp_proxy_clear (event, &error));
  value = finish (event, &result, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_get_boolean (value));
  g_clear_pointer (&value, g_variant_unref);
  g_assert_cmpint (mp_proxy_wait (event, 0, &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&error);

  mp_proxy_call_async (event, "wait", NULL, -1, cancellable, keep_result, &result);
  g_cancellable_cancel (cancellable);
  g_assert_null (finish (event, &result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  mp_proxy_call_async (barrier, "wait", NULL, -1, NULL, keep_result, &result);
  g_assert_cmpint (mp_proxy_wait (barrier, -1, &error), ==, 1);
  value = finish (barrier, &result, &error);
  g_assert_cmpuint (g_variant_get_uint32 (value), ==, 0);
  g_assert_cmpint (mp_proxy_wait (barrier, 1000, &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_BROKEN_BARRIER);
  g_clear_error (&error);
  expect (barrier, "state", NULL, "(2, 0, true)");
  expect (barrier, "reset", NULL, "()");
  expect (barrier, "state", NULL, "(2, 0, false)");

  g_assert_cmpint (mp_proxy_wait (condition, -1, &error), ==, -1);
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_OWNED);
  g_clear_error (&error);
  g_assert_cmpint (mp_proxy_acquire (condition, -1, &error), ==, MP_ACQUIRED);
  g_assert_cmpint (mp_proxy_wait (condition, 1000, &error), ==, 0);
  mp_proxy_call_async (condition, "wait", NULL, -1, NULL, keep_result, &result);
  g_assert_cmpint (mp_proxy_acquire (condition, -1, &error), ==, MP_ACQUIRED);
  OK (mp_proxy_notify (condition, -1, &error));
  OK (mp_proxy_release (condition, &error));
  g_clear_pointer (&value, g_variant_unref);
  value = finish (condition, &result, &error);
  g_assert_true (g_variant_get_boolean (value));
  OK (mp_proxy_release (condition, &error));
}

/* A type of this program. */
static gpointer
counter_new (GVariant  *args,
             GError   **error)
{
  if (g_variant_is_of_type (args, G_VARIANT_TYPE_INT32))
    return g_memdup2 (&(int) { g_variant_get_int32 (args) }, sizeof (int));
  g_set_error_literal (error, MP_ERROR, MP_ERROR_FAILED, "a counter counts from a number");
  return NULL;
}

static GVariant *
counter_add (gpointer   self,
             GVariant  *args,
             GError   **error)
{
  return g_variant_new_int32 (++*(int *) self);
}

static GVariant *
counter_block (gpointer   self,
               GVariant  *args,
               GError   **error)
{
  pause ();
  return NULL;
}

static const MpManagerMethod counter_methods[] = {
  { "add", counter_add },
  { "block", counter_block },
  { NULL },
};

static const MpManagerTypeInfo counter_type = { "Counter", counter_new, g_free, counter_methods };
MP_REGISTER_MANAGER_TYPE (counter_type)

static void
test_custom (gconstpointer method)
{
  g_autoptr(MpManager) manager = start_manager (method);
  g_autoptr(MpProxy) counter = make (manager, "Counter", g_variant_new_int32 (41));
  g_autoptr(MpProxy) other = make (manager, "Counter", g_variant_new_int32 (0));
  g_autoptr(GVariant) sum = mp_proxy_call (counter, "add", NULL, -1, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_variant_get_int32 (sum), ==, 42);
  g_assert_null (mp_manager_create (manager, "Counter", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
  g_clear_error (&error);
  /* One whose method blocks delays no other object. */
  g_assert_null (mp_proxy_call (other, "block", NULL, 1000, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_pointer (&sum, g_variant_unref);
  sum = mp_proxy_call (counter, "add", NULL, -1, NULL);
  g_assert_cmpint (g_variant_get_int32 (sum), ==, 43);
}

/* Serves where its argument says until it is shut down. */
static GVariant *
serve (GVariant  *args,
       GError   **error)
{
  g_autoptr(GBytes) authkey = g_bytes_new ("other", 5);
  const char *address;

  g_variant_get (args, "&s", &address);
  mp_manager_serve (address, authkey, error);
  return NULL;
}
MP_REGISTER_FUNCTION (serve)

static void
test_remote (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *address = i == 0 ? g_strdup_printf ("@mp-test-%d", (int) getpid ()) : NULL;
      g_autoptr(GBytes) authkey = g_bytes_new ("other", 5);
      g_autoptr(MpManager) manager = NULL;
      g_autoptr(MpProcess) process = NULL;
      g_autoptr(MpProxy) dict = NULL;
      g_autofree char *big = g_strnfill (300000, 'b');
      g_autoptr(GVariant) back = NULL;
      g_autoptr(GError) error = NULL;

      if (i == 1)
        {
          /* A port that is free a moment later, too. */
          g_autoptr(MpListener) listener = mp_listener_new ("127.0.0.1:0", NULL, NULL);

          address = g_strdup (mp_listener_get_address (listener));
        }
      process = start_new (NULL, "serve", g_variant_new_string (address));
      while (manager == NULL)
        {
          g_clear_error (&error);
          manager = mp_manager_new_remote (address, authkey, SECONDS (60), &error);
          if (manager == NULL)
            g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
        }
      dict = make (manager, "dict", NULL);
      OK (mp_dict_set (dict, parse ("1"), g_variant_new_string (big), &error));
      back = mp_dict_get (dict, parse ("1"), NULL);
      g_assert_cmpstr (g_variant_get_string (back, NULL), ==, big);
      OK (mp_manager_shutdown (manager, &error));
      g_assert_cmpint (join (process), ==, 0);
    }
}

/* What is put into a manager's container is kept by it, whatever name the manager is called by. */
static void
test_other_name (void)
{
  g_autoptr(MpListener) listener = mp_listener_new ("127.0.0.1:0", NULL, NULL);
  g_autofree char *address = g_strdup (mp_listener_get_address (listener));
  g_autofree char *name = g_strconcat ("localhost", strchr (address, ':'), NULL);
  g_autoptr(GBytes) authkey = g_bytes_new ("other", 5);
  g_autoptr(MpManager) manager = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(MpProxy) outer = NULL;
  MpProxy *inner;
  g_autoptr(GError) error = NULL;

  g_clear_object (&listener);
  process = start_new (NULL, "serve", g_variant_new_string (address));
  while ((manager = mp_manager_new_remote (name, authkey, SECONDS (60), &error)) == NULL)
    {
      g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
      g_clear_error (&error);
    }
  outer = make (manager, "dict", NULL);
  inner = make (manager, "list", NULL);
  OK (mp_dict_set (outer, parse ("1"), share (inner), &error));
  g_object_unref (inner);
  /* Not only the first time, when it is still lent. */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GVariant) value = mp_dict_get (outer, parse ("1"), &error);
      g_autoptr(MpProxy) again = NULL;

      g_assert_no_error (error);
      again = mp_shareable_from_variant (value, MP_TYPE_PROXY, &error);
      g_assert_no_error (error);
      OK (mp_list_append (again, parse ("1"), &error));
    }
  expect (outer, "clear", NULL, "()");
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 1);
  OK (mp_manager_shutdown (manager, &error));
  g_assert_cmpint (join (process), ==, 0);
}

/* A manager that is killed is an error of each call, at once. */
static void
test_killed (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) queue = make (manager, "Queue", NULL);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  mp_proxy_call_async (queue, "get", NULL, -1, NULL, keep_result, &result);
  kill (mp_manager_get_pid (manager), SIGKILL);
  g_assert_null (finish (queue, &result, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
  g_clear_error (&error);
  g_assert_null (mp_proxy_get (queue, -1, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
  g_clear_error (&error);
  OK (mp_manager_join (manager, -1, &error));
}

/* Starts a manager, says where it is, and is killed. */
static GVariant *
create_and_die (GVariant  *args,
                GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  g_autoptr(MpManager) manager = mp_manager (error);

  mp_connection_send (connection, g_variant_new_int32 (mp_manager_get_pid (manager)), error);
  raise (SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (create_and_die)

static void
test_orphan (gconstpointer method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) pid = NULL;
  gint64 deadline = g_get_monotonic_time () + SECONDS (60);

  make_pipe (TRUE, &ours, &theirs);
  process = start_new (method, "create_and_die", share (theirs));
  pid = receive (ours);
  g_assert_cmpint (join (process), ==, -SIGKILL);
  while (kill (g_variant_get_int32 (pid), 0) == 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (1000);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("manager-shared", "shared", test_shared);
  add_for_methods ("manager-custom", "custom", test_custom);
  add_for_methods ("manager-orphan", "orphan", test_orphan);
  g_test_add_func ("/manager/containers", test_containers);
  g_test_add_func ("/manager/nested", test_nested);
  g_test_add_func ("/manager/taken", test_taken);
  g_test_add_func ("/manager/made-of", test_made_of);
  g_test_add_func ("/manager/unsendable", test_unsendable);
  g_test_add_func ("/manager/signalling", test_signalling);
  g_test_add_func ("/manager/locks", test_locks);
  g_test_add_func ("/manager/queue", test_queue);
  g_test_add_func ("/manager/waits", test_waits);
  g_test_add_func ("/manager/remote", test_remote);
  g_test_add_func ("/manager/other-name", test_other_name);
  g_test_add_func ("/manager/killed", test_killed);

  return g_test_run ();
}
