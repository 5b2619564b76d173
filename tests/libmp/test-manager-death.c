/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A manager whose clients are killed in the midst of their calls, or mean it harm. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "process-test.h"

#define N_WORKERS 3

typedef struct
{
  MpProxy *dict, *list, *queue, *lock, *stop;
} Shared;

static MpManager *
start_manager (const char *address)
{
  g_autoptr(GError) error = NULL;
  MpManager *manager = mp_manager_new (mp_context_get ("fork", NULL), address, NULL);

  mp_manager_start (manager, NULL, NULL, &error);
  g_assert_no_error (error);
  return manager;
}

static MpProxy *
take (GVariant *args,
      guint     index)
{
  g_autoptr(GVariant) child = g_variant_get_child_value (args, index);
  g_autoptr(GError) error = NULL;
  MpProxy *proxy = mp_shareable_from_variant (child, MP_TYPE_PROXY, &error);

  g_assert_no_error (error);
  return proxy;
}

/* The dict has how long the list is, the list the numbers from 0 on: as long as nobody else is in
 * here. Whoever comes after a death mends what that has left half done. */
static void
count_on (const Shared *shared)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) old = NULL;
  MpAcquired acquired = mp_proxy_acquire (shared->lock, -1, &error);
  gint64 length;

  g_assert_no_error (error);
  if (acquired == MP_ACQUIRED_OWNER_DIED)
    {
      length = mp_proxy_get_length (shared->list, &error);
      g_assert_true (mp_dict_set (shared->dict, g_variant_new_string ("n"), g_variant_new_int64 (length), &error));
    }
  old = mp_dict_get (shared->dict, g_variant_new_string ("n"), &error);
  g_assert_no_error (error);
  length = g_variant_get_int64 (old);
  g_assert_true (mp_dict_set (shared->dict, g_variant_new_string ("n"), g_variant_new_int64 (length + 1), &error));
  g_assert_true (mp_list_append (shared->list, g_variant_new_int64 (length), &error));
  g_assert_true (mp_proxy_release (shared->lock, &error));
}

static GVariant *
use (GVariant  *args,
     GError   **error)
{
  g_autoptr(MpProxy) dict = take (args, 0);
  g_autoptr(MpProxy) list = take (args, 1);
  g_autoptr(MpProxy) queue = take (args, 2);
  g_autoptr(MpProxy) lock = take (args, 3);
  g_autoptr(MpProxy) stop = take (args, 4);
  const Shared shared = { dict, list, queue, lock, stop };

  while (!mp_proxy_is_set (stop, NULL))
    {
      g_autoptr(GVariant) item = NULL;

      count_on (&shared);
      /* Who puts before it gets starves nobody, whenever it dies. */
      g_assert_true (mp_proxy_put (queue, g_variant_new_int32 (getpid ()), -1, error));
      item = mp_proxy_get (queue, -1, error);
      g_assert_nonnull (item);
    }
  return NULL;
}
MP_REGISTER_FUNCTION (use)

static MpProcess *
start_user (const Shared *shared)
{
  MpProxy *const all[] = { shared->dict, shared->list, shared->queue, shared->lock, shared->stop };
  GVariantBuilder args;

  g_variant_builder_init (&args, G_VARIANT_TYPE ("a(sv)"));
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_variant_builder_add_value (&args, mp_shareable_to_variant (MP_SHAREABLE (all[i])));
  return start_new ("fork", "use", g_variant_builder_end (&args));
}

static void
check_totals (const Shared *shared)
{
  g_autoptr(GVariant) items = mp_proxy_get_value (shared->list, NULL);
  gsize length = g_variant_n_children (items);

  g_test_message ("counted to %" G_GSIZE_FORMAT, length);
  g_assert_cmpuint (length, >, 0);
  for (gsize i = 0; i < length; i++)
    {
      g_autoptr(GVariant) box = g_variant_get_child_value (items, i);
      g_autoptr(GVariant) number = g_variant_get_variant (box);

      g_assert_cmpint (g_variant_get_int64 (number), ==, i);
    }
}

static void
test_kills (void)
{
  guint n_kills = g_getenv ("GTK_MP_TEST_FULL") != NULL ? 1000 : 40;
  g_autoptr(MpManager) manager = start_manager (NULL);
  Shared shared = {
    mp_manager_dict (manager, NULL, NULL), mp_manager_list (manager, NULL, NULL),
    mp_manager_queue (manager, 0, NULL), mp_manager_lock (manager, NULL), mp_manager_event (manager, NULL),
  };
  g_autoptr(GVariant) left = NULL;
  MpProcess *workers[N_WORKERS];

  mp_dict_set (shared.dict, g_variant_new_string ("n"), g_variant_new_int64 (0), NULL);
  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = start_user (&shared);
  for (guint i = 0; i < n_kills; i++)
    {
      guint victim = g_test_rand_int_range (0, N_WORKERS);

      g_usleep (g_test_rand_int_range (0, 20000));
      mp_process_kill (workers[victim], NULL);
      g_assert_cmpint (join (workers[victim]), ==, -SIGKILL);
      g_object_unref (workers[victim]);
      workers[victim] = start_user (&shared);
    }

  mp_proxy_set (shared.stop, NULL);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_assert_cmpint (join (workers[i]), ==, 0);
      g_object_unref (workers[i]);
    }
  count_on (&shared);
  check_totals (&shared);
  left = mp_proxy_call (shared.queue, "qsize", NULL, -1, NULL);
  g_assert_cmpuint (g_variant_get_uint64 (left), <=, n_kills);
  g_assert_cmpint (mp_manager_count_objects (manager, NULL), ==, 5);
  g_object_unref (shared.dict);
  g_object_unref (shared.list);
  g_object_unref (shared.queue);
  g_object_unref (shared.lock);
  g_object_unref (shared.stop);
}

/* Peers that have the key, and then keep to no rule. */
static void
test_hostile (void)
{
  static const char *const addresses[] = { NULL, "127.0.0.1:0" };
  static const guint8 giant[] = { 1, 0, 8, 0, 0xff, 0xff, 0xff, 0xff, 'x' };
  static const guint8 half[] = { 1, 0, 9 };
  static const guint8 handle[] = { 1, 0, 1, 0, 4, 0, 0, 0, 9, 0, 0, 0, 'h' };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr(MpManager) manager = start_manager (addresses[i]);
      g_autoptr(MpProxy) dict = mp_manager_dict (manager, NULL, NULL);
      g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func (g_object_unref);
      g_autoptr(GError) error = NULL;
      GVariant *requests[] = {
        g_variant_new_string ("hello"),
        g_variant_new ("(uuxtsv)", 1, 0, (gint64) -1, (guint64) 0, "create", g_variant_new_string ("no")),
        g_variant_new ("(uuxtsv)", 2, 0, (gint64) -1, (guint64) 77, "get", g_variant_new_handle (3)),
        g_variant_new ("(uuxtsv)", 3, 0, (gint64) -1, (guint64) 0, "decref", g_variant_new ("(tu)", (guint64) 1, 99)),
        g_variant_new ("(uuxtsv)", 4, 0, (gint64) -1, (guint64) 1, "__setitem__", g_variant_new_handle (0)),
      };

      for (guint j = 0; j < G_N_ELEMENTS (requests) + 3; j++)
        {
          MpConnection *peer = mp_client (mp_manager_get_address (manager),
                                          mp_process_get_authkey (mp_process_get_current ()), -1, &error);
          int fd;

          g_assert_no_error (error);
          g_ptr_array_add (peers, peer);
          fd = mp_connection_get_fd (peer);
          if (j == 0)
            g_assert_cmpint (send (fd, giant, sizeof giant, MSG_NOSIGNAL), ==, sizeof giant);
          else if (j == 1)
            g_assert_cmpint (send (fd, half, sizeof half, MSG_NOSIGNAL), ==, sizeof half);
          else if (j == 2)
            g_assert_cmpint (send (fd, handle, sizeof handle, MSG_NOSIGNAL), ==, sizeof handle);
          else
            mp_connection_send (peer, requests[j - 3], NULL);
          g_assert_true (mp_dict_set (dict, g_variant_new_int32 (j), g_variant_new_int32 (j), &error));
          g_assert_no_error (error);
        }
      g_assert_cmpint (mp_proxy_get_length (dict, NULL), ==, G_N_ELEMENTS (requests) + 3);
    }
}

/* One that asks and asks, and takes no answer: it is not read from any more, others go on. */
static void
test_slow (void)
{
  static const char *const addresses[] = { NULL, "127.0.0.1:0" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr(MpManager) manager = start_manager (addresses[i]);
      g_autoptr(MpProxy) dict = mp_manager_dict (manager, NULL, NULL);
      g_autoptr(MpConnection) peer = mp_client (mp_manager_get_address (manager),
                                                mp_process_get_authkey (mp_process_get_current ()), -1, NULL);
      g_autofree char *text = g_strnfill (50000, 'x');
      g_autoptr(GVariant) request = NULL;
      g_autoptr(GError) error = NULL;
      guint8 header[8] = { 1, 0, 8, 0 };
      g_autoptr(GByteArray) frame = g_byte_array_new ();
      guint32 size;

      mp_dict_set (dict, g_variant_new_int32 (0), g_variant_new_string (text), NULL);
      request = g_variant_ref_sink (g_variant_new ("(uuxtsv)", 1, 0, (gint64) -1, (guint64) 1, "items",
                                                   g_variant_new_tuple (NULL, 0)));
      size = g_variant_get_size (request);
      memcpy (header + 4, &size, sizeof size);
      g_byte_array_append (frame, header, sizeof header);
      g_byte_array_append (frame, g_variant_get_data (request), size);
      g_byte_array_append (frame, (const guint8 *) "(uuxtsv)", 8);
      /* Until nobody takes it, three looks in a row. */
      for (guint full = 0; full < 3;)
        {
          gssize sent = send (mp_connection_get_fd (peer), frame->data, frame->len, MSG_NOSIGNAL | MSG_DONTWAIT);

          full = sent < 0 ? full + 1 : 0;
          g_assert_true (mp_dict_set (dict, g_variant_new_int32 (1), g_variant_new_int32 (1), &error));
          if (sent >= 0 && sent < (gssize) frame->len)
            break;
        }
      g_assert_true (mp_dict_set (dict, g_variant_new_int32 (2), g_variant_new_int32 (2), &error));
      g_assert_no_error (error);
    }
}

/* A manager with no descriptor left goes on with those it has, and takes others when it can. */
static void
test_crowd (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(MpProxy) dict = mp_manager_dict (manager, NULL, NULL);
  GBytes *authkey = mp_process_get_authkey (mp_process_get_current ());
  const char *address = mp_manager_get_address (manager);
  struct rlimit limit = { 40, 40 };
  g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GError) error = NULL;
  guint n = 0;

  g_assert_cmpint (prlimit (mp_manager_get_pid (manager), RLIMIT_NOFILE, &limit, NULL), ==, 0);
  for (; error == NULL; n++)
    {
      MpConnection *peer = mp_client (address, authkey, G_USEC_PER_SEC / 2, &error);

      if (peer != NULL)
        g_ptr_array_add (peers, peer);
      g_assert_cmpuint (n, <, 40);
    }
  g_assert_error (error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&error);
  g_assert_true (mp_dict_set (dict, g_variant_new_int32 (1), g_variant_new_int32 (1), &error));
  g_assert_no_error (error);

  g_ptr_array_set_size (peers, 0);
  g_ptr_array_add (peers, mp_client (address, authkey, 60 * G_USEC_PER_SEC, &error));
  g_assert_no_error (error);
}

/* A manager that hangs does not hang who ends it. */
static void
test_stopped (void)
{
  g_autoptr(MpManager) manager = start_manager (NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (kill (mp_manager_get_pid (manager), SIGSTOP), ==, 0);
  g_assert_true (mp_manager_shutdown (manager, &error));
  g_assert_no_error (error);
  g_assert_true (mp_manager_join (manager, 0, NULL));
}

static void
count_answer (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) value = mp_proxy_call_finish (MP_PROXY (source), result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_size (value), >, 100000);
  ++*(guint *) user_data;
}

/* Who has not looked at its answers yet can ask for more, and say much. */
static void
test_flood (void)
{
  /* Both start before there is a thread. */
  g_autoptr(MpManager) local = start_manager (NULL);
  g_autoptr(MpManager) net = start_manager ("127.0.0.1:0");
  MpManager *const managers[] = { local, net };
  const guint n = 200;

  for (guint i = 0; i < G_N_ELEMENTS (managers); i++)
    {
      g_autoptr(MpProxy) dict = mp_manager_dict (managers[i], NULL, NULL);
      g_autofree char *text = g_strnfill (100000, 'x');
      g_autofree char *long_text = g_strnfill (20000000, 'y');
      g_autoptr(GError) error = NULL;
      guint n_answers = 0;

      g_assert_true (mp_dict_set (dict, g_variant_new_int32 (0), g_variant_new_string (text), &error));
      for (guint j = 0; j < n; j++)
        mp_proxy_call_async (dict, "items", NULL, -1, NULL, count_answer, &n_answers);
      g_assert_true (mp_dict_set (dict, g_variant_new_int32 (1), g_variant_new_string (long_text), &error));
      g_assert_no_error (error);
      while (n_answers < n)
        g_main_context_iteration (NULL, TRUE);
    }
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/manager-death/kills", test_kills);
  g_test_add_func ("/manager-death/hostile", test_hostile);
  g_test_add_func ("/manager-death/slow", test_slow);
  g_test_add_func ("/manager-death/crowd", test_crowd);
  g_test_add_func ("/manager-death/stopped", test_stopped);
  g_test_add_func ("/manager-death/flood", test_flood);

  return g_test_run ();
}
