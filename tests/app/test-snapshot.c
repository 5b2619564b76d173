/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "gm-json.h"
#include "gm-snapshot.h"

static const char full[] =
  "{\"id\":\"20260101-000000-a-0001\",\"name\":\"a\",\"state\":\"paused\",\"pid\":12,\"total\":100,"
  "\"done\":40,\"ok\":39,\"failed\":1,\"started\":1790000000.25,\"ended\":null,\"exit_code\":null,"
  "\"queued\":58,\"running\":2,\"rate\":12.5,\"eta\":4.8,\"processes\":2,\"stopping\":true,"
  "\"cpu_percent\":150.5,\"rss\":4096,\"counters\":{\"words\":7},\"workers\":["
  "{\"worker\":\"W-1\",\"pid\":13,\"slot\":1,\"state\":\"stopped\",\"index\":41,"
  "\"item\":{\"a\":[1,\"x\"]},\"since\":1790000001.5,\"done\":20,\"failed\":1,\"cpu_percent\":99.5,"
  "\"rss\":2048,\"child_pid\":14,\"progress\":0.25,\"note\":\"half \\\"done\\\"\"},"
  "{\"worker\":\"W-2\",\"pid\":15,\"slot\":2,\"state\":\"idle\",\"index\":null,\"item\":null,"
  "\"since\":1790000001.5,\"done\":19,\"failed\":0,\"cpu_percent\":0.0,\"rss\":1024,"
  "\"child_pid\":null}]}";

static GmSnapshot *
parse (const char  *text,
       GError     **error)
{
  g_autoptr(JsonNode) node = gm_json_parse (text, strlen (text), NULL, error);

  g_assert_nonnull (node);
  return gm_snapshot_new_from_json (node, error);
}

static void
test_round_trip (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GmSnapshot) snapshot = parse (full, &error);
  g_autoptr(GString) out = g_string_new (NULL);
  GmSnapshotWorker *worker;

  g_assert_no_error (error);
  g_assert_cmpint (snapshot->state, ==, GM_RUN_PAUSED);
  g_assert_cmpuint (snapshot->total, ==, 100);
  g_assert_cmpint (snapshot->started, ==, 1790000000250000);
  g_assert_cmpint (snapshot->exit_code, ==, -1);
  g_assert_cmpstr (snapshot->counters, ==, "{\"words\":7}");
  g_assert_cmpuint (snapshot->workers->len, ==, 2);
  worker = g_ptr_array_index (snapshot->workers, 0);
  g_assert_cmpint (worker->state, ==, GM_WORKER_STOPPED);
  g_assert_cmpstr (worker->item, ==, "{\"a\":[1,\"x\"]}");
  g_assert_cmpint (worker->child_pid, ==, 14);
  g_assert_cmpfloat (worker->progress, ==, 0.25);
  g_assert_cmpstr (worker->note, ==, "half \"done\"");
  worker = g_ptr_array_index (snapshot->workers, 1);
  g_assert_false (worker->has_index);
  g_assert_cmpfloat (worker->progress, <, 0);
  gm_snapshot_append (snapshot, out);
  g_assert_cmpstr (out->str, ==, full);
}

/* What a run is on disk has less, what a later version tells may have more. */
static void
test_less_and_more (void)
{
  g_autoptr(GmSnapshot) snapshot =
    parse ("{\"state\":\"finished\",\"exit_code\":1,\"total\":null,\"eta\":\"soon\",\"new\":[{}],"
           "\"workers\":[1,{\"state\":\"dancing\",\"pid\":\"x\"}]}", NULL);

  g_assert_cmpint (snapshot->state, ==, GM_RUN_FINISHED);
  g_assert_cmpint (snapshot->exit_code, ==, 1);
  g_assert_false (snapshot->total_known);
  g_assert_cmpfloat (snapshot->eta, <, 0);
  g_assert_cmpuint (snapshot->workers->len, ==, 1);
  g_assert_cmpstr (snapshot->id, ==, "");
}

static void
test_refuse (void)
{
  static const char *const texts[] = { "[]", "{}", "1", "{\"state\":1}", "{\"state\":\"odd\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (parse (texts[i], &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/snapshot/round-trip", test_round_trip);
  g_test_add_func ("/snapshot/less-and-more", test_less_and_more);
  g_test_add_func ("/snapshot/refuse", test_refuse);
  return g_test_run ();
}
