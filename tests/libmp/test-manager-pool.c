/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A pool that lives in a manager, and those who use it. */
#include <signal.h>
#include <stdlib.h>

#include "process-test.h"

#define SECONDS(n) ((gint64) (n) * G_USEC_PER_SEC)

static gint64 base;

static GVariant *
square (GVariant  *args,
        GError   **error)
{
  gint64 x = g_variant_get_int64 (args);

  return g_variant_new_int64 (base + x * x);
}
MP_REGISTER_FUNCTION (square)

static GVariant *
power (GVariant  *args,
       GError   **error)
{
  gint64 x, n, result = 1;

  g_variant_get (args, "(xx)", &x, &n);
  for (gint64 i = 0; i < n; i++)
    result *= x;
  return g_variant_new_int64 (result);
}
MP_REGISTER_FUNCTION (power)

static GVariant *
set_base (GVariant  *args,
          GError   **error)
{
  base = g_variant_get_int64 (args);
  return NULL;
}
MP_REGISTER_FUNCTION (set_base)

static GVariant *
refuse_odd (GVariant  *args,
            GError   **error)
{
  gint64 x = g_variant_get_int64 (args);

  if (x % 2 == 0)
    return g_variant_new_int64 (x);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "%" G_GINT64_FORMAT " is odd", x);
  return NULL;
}
MP_REGISTER_FUNCTION (refuse_odd)

static GVariant *
die (GVariant  *args,
     GError   **error)
{
  kill (getpid (), SIGKILL);
  return NULL;
}
MP_REGISTER_FUNCTION (die)

static GVariant *
who (GVariant  *args,
     GError   **error)
{
  return g_variant_new_string (mp_process_get_name (mp_process_get_current ()));
}
MP_REGISTER_FUNCTION (who)

static GVariant *
wait_for_event (GVariant  *args,
                GError   **error)
{
  g_autoptr(MpProxy) event = mp_shareable_from_variant (args, MP_TYPE_PROXY, error);

  if (event == NULL || mp_proxy_wait (event, -1, error) < 0)
    return NULL;
  return g_variant_new_string ("set");
}
MP_REGISTER_FUNCTION (wait_for_event)

/* Says so, and does nothing for long. */
static GVariant *
loiter (GVariant  *args,
        GError   **error)
{
  g_autoptr(MpProxy) event = mp_shareable_from_variant (args, MP_TYPE_PROXY, error);

  if (event != NULL && mp_proxy_set (event, error))
    g_usleep (600 * G_USEC_PER_SEC);
  return NULL;
}
MP_REGISTER_FUNCTION (loiter)

static MpProxy *
new_pool (MpManager *manager,
          guint      processes)
{
  g_autoptr(GError) error = NULL;
  MpProxy *pool = mp_manager_pool (manager, processes, NULL, NULL, 0, &error);

  g_assert_no_error (error);
  return pool;
}

static MpManager *
start_manager (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  MpManager *manager = mp_manager_new (method != NULL ? mp_context_get (method, NULL) : NULL, NULL,
                                       NULL);

  mp_manager_start (manager, NULL, NULL, &error);
  g_assert_no_error (error);
  return manager;
}

static GVariant *
numbers (gint64 n)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ax"));

  for (gint64 i = 0; i < n; i++)
    g_variant_builder_add (&builder, "x", i);
  return g_variant_builder_end (&builder);
}

static void
assert_text (GVariant   *value,
             const char *expected)
{
  g_autoptr(GVariant) owned = value;
  g_autofree char *text = NULL;

  g_assert_nonnull (value);
  text = g_variant_print (value, TRUE);
  g_assert_cmpstr (text, ==, expected);
}

static void
finish (MpManager *manager,
        MpProxy   *pool)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (mp_proxy_close (pool, &error));
  g_assert_true (mp_proxy_join (pool, SECONDS (60), &error));
  g_assert_no_error (error);
  g_assert_true (mp_manager_shutdown (manager, &error));
}

static void
test_interface (gconstpointer method)
{
  g_autoptr(MpManager) manager = start_manager (method);
  g_autoptr(MpProxy) pool = new_pool (manager, 2);
  g_autoptr(MpProxy) result = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) name = NULL;

  g_assert_cmpstr (mp_proxy_get_type_id (pool), ==, "Pool");
  assert_text (mp_proxy_apply (pool, "square", g_variant_new_int64 (7), &error), "int64 49");
  assert_text (mp_proxy_map (pool, "square", numbers (5), 0, &error), "[int64 0, 1, 4, 9, 16]");
  assert_text (mp_proxy_starmap (pool, "power", g_variant_new_parsed ("[(@x 2, @x 3), (3, 2)]"), 1,
                                 &error), "[int64 8, 9]");
  name = mp_proxy_apply (pool, "who", NULL, &error);
  g_assert_nonnull (strstr (g_variant_get_string (name, NULL), "PoolWorker-"));

  result = mp_proxy_map_async (pool, "square", numbers (4), 2, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (mp_proxy_get_type_id (result), ==, "AsyncResult");
  g_assert_cmpint (mp_proxy_wait (result, SECONDS (60), &error), ==, 1);
  assert_text (mp_proxy_call (result, "ready", NULL, 0, &error), "true");
  assert_text (mp_proxy_call (result, "successful", NULL, 0, &error), "true");
  assert_text (mp_proxy_get (result, 0, &error), "[int64 0, 1, 4, 9]");
  assert_text (mp_proxy_get (result, 0, &error), "[int64 0, 1, 4, 9]");
  g_clear_object (&result);

  result = mp_proxy_starmap_async (pool, "power", g_variant_new_parsed ("[(@x 2, @x 10)]"), 0, &error);
  assert_text (mp_proxy_get (result, SECONDS (60), &error), "[int64 1024]");
  g_clear_object (&result);
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 1);
  finish (manager, pool);
}

static void
test_iterators (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) pool = new_pool (manager, 2);
  g_autoptr(MpProxy) ordered = NULL;
  g_autoptr(MpProxy) unordered = NULL;
  g_autoptr(GError) error = NULL;
  GVariant *value;
  gint64 sum = 0;
  guint n = 0, n_failed = 0;

  ordered = mp_proxy_imap (pool, "square", numbers (100), &error);
  for (gint64 i = 0; i < 100; i++)
    {
      g_assert_true (mp_proxy_next (ordered, SECONDS (60), &value, &error));
      g_assert_cmpint (g_variant_get_int64 (value), ==, i * i);
      g_variant_unref (value);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (mp_proxy_next (ordered, SECONDS (60), &value, &error));
      g_assert_null (value);
    }

  unordered = mp_proxy_imap_unordered (pool, "refuse_odd", numbers (100), &error);
  do
    {
      if (mp_proxy_next (unordered, SECONDS (60), &value, &error))
        {
          sum += value != NULL ? g_variant_get_int64 (value) : 0;
          n += value != NULL;
        }
      else
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
          g_clear_error (&error);
          n_failed++;
        }
      if (value != NULL)
        g_variant_unref (value);
    }
  while (n + n_failed < 100);
  g_assert_cmpint (sum, ==, 49 * 50);
  g_assert_cmpuint (n_failed, ==, 50);

  /* One that is given up early. */
  g_clear_object (&ordered);
  ordered = mp_proxy_imap (pool, "square", numbers (1000), &error);
  g_clear_object (&ordered);
  finish (manager, pool);
}

static void
test_errors (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) pool = new_pool (manager, 2);
  g_autoptr(MpProxy) result = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_proxy_apply (pool, "nobody_knows", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
  g_clear_error (&error);
  g_assert_null (mp_proxy_imap (pool, "nobody_knows", numbers (3), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
  g_clear_error (&error);
  g_assert_null (mp_proxy_map (pool, "square", g_variant_new_string ("no array"), 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
  g_clear_error (&error);
  g_assert_null (mp_proxy_starmap (pool, "power", numbers (2), 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
  g_clear_error (&error);
  g_assert_false (mp_proxy_join (pool, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_PROCESS);
  g_clear_error (&error);
  g_assert_null (mp_manager_pool (manager, 1, "nobody_knows", NULL, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
  g_clear_error (&error);
  /* Results and iterators are made by pools only. */
  g_assert_null (mp_manager_create (manager, "AsyncResult", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED);
  g_clear_error (&error);

  /* The manager and the pool survive a worker's death. */
  g_assert_null (mp_proxy_apply (pool, "die", NULL, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_WORKER_LOST);
  g_clear_error (&error);
  result = mp_proxy_apply_async (pool, "refuse_odd", g_variant_new_int64 (3), &error);
  g_assert_null (mp_proxy_get (result, SECONDS (60), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_clear_error (&error);
  assert_text (mp_proxy_call (result, "successful", NULL, 0, &error), "false");
  assert_text (mp_proxy_apply (pool, "square", g_variant_new_int64 (3), &error), "int64 9");

  g_assert_true (mp_proxy_close (pool, &error));
  g_assert_null (mp_proxy_apply (pool, "square", g_variant_new_int64 (3), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  g_clear_error (&error);
  finish (manager, pool);
}

static void
test_initializer (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(MpProxy) pool =
    mp_manager_pool (manager, 2, "set_base", g_variant_new_int64 (1000), 3, &error);

  assert_text (mp_proxy_map (pool, "square", numbers (10), 1, &error),
               "[int64 1000, 1001, 1004, 1009, 1016, 1025, 1036, 1049, 1064, 1081]");
  finish (manager, pool);
}

static GVariant *
type_of (GVariant  *args,
         GError   **error)
{
  return g_variant_new_string (args != NULL ? g_variant_get_type_string (args) : "nothing");
}
MP_REGISTER_FUNCTION (type_of)

/* Arrays of anything: the server takes what a client sends. */
static void
test_odd_items (void)
{
  static const struct { const char *items; const char *expected; } odd[] = {
    { "@ax []", "@as []" },
    { "b'ab'", "['y', 'y', 'y']" },
    { "{'a': <1>, 'b': <@i 2>}", "['{sv}', '{sv}']" },
    { "[just 1, nothing]", "['mi', 'mi']" },
    { "[@av [], [<1>]]", "['av', 'av']" },
    { "[<1>, <'a'>, <()>]", "['i', 's', '()']" },
  };
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) pool = new_pool (manager, 1);
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      GVariant *items = g_variant_new_parsed (odd[i].items);
      g_autoptr(GVariant) value = mp_proxy_map (pool, "type_of", items, 0, &error);
      g_autofree char *text = NULL;

      g_assert_no_error (error);
      text = g_variant_print (value, FALSE);
      g_test_message ("%s: %s", odd[i].items, text);
      if (i > 0)
        g_assert_cmpstr (text, ==, odd[i].expected);
      else
        g_assert_cmpuint (g_variant_n_children (value), ==, 0);
    }
  finish (manager, pool);
}

static GVariant *
set_event (GVariant  *args,
           GError   **error)
{
  g_autoptr(MpProxy) event = mp_shareable_from_variant (args, MP_TYPE_PROXY, error);

  if (event != NULL)
    mp_proxy_set (event, error);
  return NULL;
}
MP_REGISTER_FUNCTION (set_event)

/* Workers that are started later find what the initializer is given as the first ones did. */
static void
test_initializer_proxies (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(MpProxy) event = mp_manager_event (manager, &error);
  g_autoptr(MpProxy) pool =
    mp_manager_pool (manager, 1, "set_event", mp_shareable_to_variant (MP_SHAREABLE (event)), 1,
                     &error);

  g_assert_cmpint (mp_proxy_wait (event, SECONDS (60), &error), ==, 1);
  g_clear_object (&event);
  for (gint64 i = 0; i < 4; i++)
    {
      g_autoptr(GVariant) value = mp_proxy_apply (pool, "square", g_variant_new_int64 (i), &error);

      g_assert_no_error (error);
      g_assert_cmpint (g_variant_get_int64 (value), ==, i * i);
    }
  finish (manager, pool);
}

/* A proxy among the arguments, which nobody else has meanwhile; others are served all the time. */
static void
test_proxies (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) pool = new_pool (manager, 2);
  g_autoptr(GError) error = NULL;
  g_autoptr(MpProxy) event = mp_manager_event (manager, &error);
  g_autoptr(MpProxy) result =
    mp_proxy_apply_async (pool, "wait_for_event", mp_shareable_to_variant (MP_SHAREABLE (event)),
                          &error);

  g_assert_null (mp_proxy_get (result, 0, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&error);
  assert_text (mp_proxy_apply (pool, "square", g_variant_new_int64 (3), &error), "int64 9");
  g_assert_true (mp_proxy_set (event, &error));
  g_clear_object (&event);
  assert_text (mp_proxy_get (result, SECONDS (60), &error), "'set'");
  g_clear_object (&result);
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 1);
  finish (manager, pool);
}

static GVariant *
use_and_die (GVariant  *args,
             GError   **error)
{
  g_autoptr(GVariant) first = g_variant_get_child_value (args, 0);
  g_autoptr(GVariant) second = g_variant_get_child_value (args, 1);
  g_autoptr(MpProxy) pool = mp_shareable_from_variant (first, MP_TYPE_PROXY, error);
  g_autoptr(GVariant) value = mp_proxy_apply (pool, "loiter", second, error);

  return NULL;
}
MP_REGISTER_FUNCTION (use_and_die)

/* Who waits for the only worker is killed: its work may go on, but the pool can be ended, and so
 * can a pool be that nobody has any more. */
static void
test_client_dies (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) pool = new_pool (manager, 1);
  g_autoptr(GError) error = NULL;
  g_autoptr(MpProxy) event = mp_manager_event (manager, &error);
  g_autoptr(MpProxy) result = NULL;
  g_autoptr(MpProcess) process = NULL;
  GVariant *args = g_variant_new ("(@(sv)@(sv))", mp_shareable_to_variant (MP_SHAREABLE (pool)),
                                  mp_shareable_to_variant (MP_SHAREABLE (event)));

  process = start_new (NULL, "use_and_die", args);
  g_assert_cmpint (mp_proxy_wait (event, SECONDS (60), &error), ==, 1);
  mp_process_kill (process, NULL);
  join (process);
  result = mp_proxy_apply_async (pool, "square", g_variant_new_int64 (3), &error);
  g_assert_true (mp_proxy_terminate (pool, &error));
  g_assert_true (mp_proxy_join (pool, SECONDS (60), &error));
  g_assert_null (mp_proxy_get (result, SECONDS (60), &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CANCELLED);
  g_clear_error (&error);
  g_clear_object (&pool);
  g_clear_object (&result);
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 1);
  g_assert_true (mp_manager_shutdown (manager, &error));
}

static gboolean
is_gone (pid_t pid)
{
  return kill (pid, 0) < 0 && errno == ESRCH;
}

static GVariant *
own_pid (GVariant  *args,
         GError   **error)
{
  return g_variant_new_int32 (getpid ());
}
MP_REGISTER_FUNCTION (own_pid)

/* A manager that is shut down, or killed, while its workers work leaves none of them. */
static void
test_manager_ends (gconstpointer killed)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) pool = new_pool (manager, 1);
  g_autoptr(GError) error = NULL;
  g_autoptr(MpProxy) event = mp_manager_event (manager, &error);
  g_autoptr(GVariant) pid = mp_proxy_apply (pool, "own_pid", NULL, &error);
  g_autoptr(MpProxy) result =
    mp_proxy_apply_async (pool, "loiter", mp_shareable_to_variant (MP_SHAREABLE (event)), &error);

  g_assert_cmpint (mp_proxy_wait (event, SECONDS (60), &error), ==, 1);
  if (killed != NULL)
    kill (mp_manager_get_pid (manager), SIGKILL);
  else
    g_assert_true (mp_manager_shutdown (manager, &error));
  while (!is_gone (g_variant_get_int32 (pid)))
    g_usleep (1000);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_for_methods ("manager-pool", "interface", test_interface);
  g_test_add_func ("/manager-pool/iterators", test_iterators);
  g_test_add_func ("/manager-pool/errors", test_errors);
  g_test_add_func ("/manager-pool/odd-items", test_odd_items);
  g_test_add_func ("/manager-pool/initializer", test_initializer);
  g_test_add_func ("/manager-pool/initializer-proxies", test_initializer_proxies);
  g_test_add_func ("/manager-pool/proxies", test_proxies);
  g_test_add_func ("/manager-pool/client-dies", test_client_dies);
  g_test_add_data_func ("/manager-pool/shutdown", NULL, test_manager_ends);
  g_test_add_data_func ("/manager-pool/killed", "killed", test_manager_ends);

  return g_test_run ();
}
