/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <libmp/mp-request-private.h>

#include "pool-test.h"

/* Requests and replies of managers, which are written and read by hand: they are GVariant's. */

static MpMessage
message_new (const char   *type,
             gconstpointer data,
             gsize         size)
{
  MpMessage message = { MP_MESSAGE_VALUE, g_new0 (MpBlock, 1), g_strdup (type) };

  message.block->base = message.block->data = g_memdup2 (data, size);
  message.block->size = size;
  return message;
}

static void
check_request (const char *method,
               GVariant   *args)
{
  g_autoptr(GVariant) sunk = g_variant_ref_sink (args);
  const MpRequest sent = { 0xfedcba98, 7, -1, G_GUINT64_CONSTANT (0x123456789a), method, sunk };
  g_autoptr(GVariant) theirs = NULL;
  g_autofree guint8 *data = NULL;
  MpMessage message;
  MpRequest received;
  gsize size;

  theirs = g_variant_ref_sink (g_variant_new (MP_REQUEST_TYPE, sent.serial, sent.thread,
                                              sent.timeout, sent.id, method, sunk));
  data = _mp_request_encode (&sent, &size);
  g_assert_cmpmem (data, size, g_variant_get_data (theirs), g_variant_get_size (theirs));
  message = message_new (MP_REQUEST_TYPE, data, size);
  g_assert_true (_mp_request_decode (&message, &received));
  g_assert_cmpuint (received.serial, ==, sent.serial);
  g_assert_cmpuint (received.thread, ==, sent.thread);
  g_assert_cmpint (received.timeout, ==, sent.timeout);
  g_assert_cmpuint (received.id, ==, sent.id);
  g_assert_cmpstr (received.method, ==, method);
  g_assert_cmpvariant (received.args, sunk);
  g_variant_unref (received.args);
}

static void
check_reply (GVariant *value)
{
  g_autoptr(GVariant) sunk = g_variant_ref_sink (value);
  const MpReply sent = { 77, TRUE, sunk };
  g_autoptr(GVariant) theirs = NULL;
  gsize size = _mp_reply_get_size (sunk);
  g_autofree guint8 *data = g_malloc (size);
  MpMessage message;
  MpReply received;

  theirs = g_variant_ref_sink (g_variant_new (MP_REPLY_TYPE, sent.serial, sent.failed, sunk));
  _mp_reply_store (&sent, data);
  g_assert_cmpmem (data, size, g_variant_get_data (theirs), g_variant_get_size (theirs));
  message = message_new (MP_REPLY_TYPE, data, size);
  g_assert_true (_mp_reply_decode (&message, &received));
  g_assert_cmpuint (received.serial, ==, 77);
  g_assert_true (received.failed);
  g_assert_cmpvariant (received.value, sunk);
  g_variant_unref (received.value);
}

/* Around each length at which what GVariant writes gets another form. */
static void
test_same (void)
{
  static const gsize around[] = { 0, 255, 65535 };

  for (guint i = 0; i < G_N_ELEMENTS (around); i++)
    {
      for (gsize length = MAX (around[i], 60) - 60; length < around[i] + 10; length++)
        {
          g_autofree char *text = g_strnfill (length, 'x');

          check_request ("__setitem__", g_variant_new ("(vv)", g_variant_new_int32 (1),
                                                       g_variant_new_string (text)));
          check_request (text, g_variant_new_tuple (NULL, 0));
          check_reply (g_variant_new_string (text));
        }
    }
  check_reply (g_variant_new_array (G_VARIANT_TYPE_INT32, NULL, 0));
  check_request ("", g_variant_new_array (G_VARIANT_TYPE_INT32, NULL, 0));
}

/* Whatever is cut, or changed on its way, is refused or is a value. */
static void
test_damaged (void)
{
  g_autoptr(GVariant) args = g_variant_ref_sink (g_variant_new_parsed ("(<'a'>, <[1, 2]>)"));
  const MpRequest sent = { 1, 2, 3, 4, "get", args };
  g_autofree guint8 *data = NULL;
  gsize size;

  data = _mp_request_encode (&sent, &size);
  for (gsize length = 0; length < size; length++)
    {
      MpMessage message = message_new (MP_REQUEST_TYPE, data, length);
      MpRequest received;

      g_assert_false (_mp_request_decode (&message, &received));
    }
  for (gsize at = 0; at < size; at++)
    {
      for (guint byte = 0; byte < 256; byte++)
        {
          g_autofree guint8 *changed = g_memdup2 (data, size);
          MpMessage message, reply;
          MpRequest received;
          MpReply answer;

          changed[at] = byte;
          message = message_new (MP_REQUEST_TYPE, changed, size);
          if (_mp_request_decode (&message, &received))
            {
              g_assert_true (g_variant_is_normal_form (received.args));
              g_assert_true (g_utf8_validate (received.method, -1, NULL));
              g_variant_unref (received.args);
            }
          reply = message_new (MP_REPLY_TYPE, changed, size);
          if (_mp_reply_decode (&reply, &answer))
            g_variant_unref (answer.value);
        }
    }
}

/* Descriptors do not come this way, and their numbers would mean others here. */
static void
test_handles (void)
{
  g_autoptr(GVariant) args = g_variant_ref_sink (g_variant_new_parsed ("(<'a'>, <(handle 3, 5)>)"));
  const MpRequest sent = { 1, 2, 3, 4, "get", args };
  g_autofree guint8 *data = NULL;
  MpMessage message;
  MpRequest received;
  gsize size;

  data = _mp_request_encode (&sent, &size);
  message = message_new (MP_REQUEST_TYPE, data, size);
  g_assert_false (_mp_request_decode (&message, &received));
  message = message_new ("(uuxtsi)", data, size);
  g_assert_false (_mp_request_decode (&message, &received));
}

int
main (int    argc,
      char **argv)
{
  begin_tests (&argc, &argv);
  g_test_add_func ("/request/same", test_same);
  g_test_add_func ("/request/damaged", test_damaged);
  g_test_add_func ("/request/handles", test_handles);
  return g_test_run ();
}
