/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gm-events-index.h"
#include "gm-log-index.h"
#include "gm-results-query.h"
#include "gm-results-stats.h"

typedef struct
{
  char *dir;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->dir = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);
  g_assert_nonnull (fixture->dir);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  const char *names[] = { "results.jsonl", "events.jsonl", "log.txt" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->dir, names[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
}

static void
append (Fixture    *fixture,
        const char *name,
        const char *text)
{
  g_autofree char *path = g_build_filename (fixture->dir, name, NULL);
  FILE *file = fopen (path, "a");

  g_assert_nonnull (file);
  g_assert_cmpint (fputs (text, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
read_all (GmResultsIndex *index)
{
  while (gm_results_index_advance (index, 100))
    ;
}

#define OK(index, duration) \
  "{\"index\":" #index ",\"item\":\"a\\\"b\\\\\",\"status\":\"ok\",\"attempts\":1," \
  "\"worker\":\"W-1\",\"pid\":5,\"started\":1790000000.5,\"duration\":" #duration ",\"result\":1}\n"
#define BAD(index, reason, error) \
  "{\"index\":" #index ",\"item\":{\"status\":\"ok\",\"x\":[\"]\"]},\"status\":\"error\"," \
  "\"attempts\":3,\"worker\":\"W-2\",\"pid\":5,\"started\":1790000001.000001,\"duration\":2.5," \
  "\"reason\":\"" reason "\",\"exit_code\":1,\"error\":\"" error "\",\"stdout\":\"Grüße\"}\n"

/* The run was killed in the middle of a line; going on with it cuts that off. */
static void
test_torn (Fixture       *fixture,
           gconstpointer  data)
{
  g_autoptr(GmResultsIndex) index = gm_results_index_new (fixture->dir);
  g_autofree char *path = g_build_filename (fixture->dir, "results.jsonl", NULL);
  const char *torn = OK (7, 0.5);
  g_autofree char *half = g_strndup (torn, strlen (torn) / 2);
  guint at;

  append (fixture, "results.jsonl", OK (0, 0.5));
  append (fixture, "results.jsonl", half);
  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_rows (index), ==, 1);
  g_assert_cmpint (truncate (path, strlen (OK (0, 0.5))), ==, 0);
  append (fixture, "results.jsonl", BAD (1, "exit-code", "e"));
  append (fixture, "results.jsonl", OK (2, 0.25));
  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_rows (index), ==, 3);
  g_assert_true (gm_results_index_find (index, 1, &at));
  g_assert_true (gm_results_index_find (index, 2, &at));
}

static void
test_rows (Fixture       *fixture,
           gconstpointer  data)
{
  g_autoptr(GmResultsIndex) index = gm_results_index_new (fixture->dir);
  const GmResultsRow *row;
  guint at;

  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_rows (index), ==, 0);
  append (fixture, "results.jsonl", OK (7, 1.5e-07) BAD (0, "exit-code", "no \\u00e9\\nmore"));
  append (fixture, "results.jsonl", "{\"index\":9,\"item\":1,\"sta");
  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_rows (index), ==, 2);
  row = gm_results_index_get_row (index, 0);
  g_assert_cmpuint (row->index, ==, 7);
  g_assert_cmpint (row->status, ==, GM_STATUS_OK);
  g_assert_cmpint (row->duration, ==, 150);
  g_assert_cmpint (row->started, ==, 1790000000500000);
  g_assert_cmpstr (gm_results_index_get_worker (index, row->worker), ==, "W-1");
  row = gm_results_index_get_row (index, 1);
  g_assert_cmpint (row->status, ==, GM_STATUS_ERROR);
  g_assert_cmpint (row->reason, ==, GM_REASON_EXIT_CODE);
  g_assert_cmpint (row->attempts, ==, 3);
  g_assert_cmpint (row->started, ==, 1790000001000001);
  g_assert_cmpint (row->duration, ==, 2500000000);
  g_assert_cmpstr (gm_results_index_get_group (index, row->group)->text, ==, "no é");

  /* The torn line is finished; then an item runs again. */
  append (fixture, "results.jsonl", "tus\":\"ok\",\"attempts\":0,\"reused\":true}\n");
  append (fixture, "results.jsonl", OK (0, 3.0));
  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_rows (index), ==, 3);
  g_assert_true (gm_results_index_find (index, 0, &at));
  g_assert_cmpuint (at, ==, 1);
  g_assert_cmpint (gm_results_index_get_row (index, 1)->status, ==, GM_STATUS_OK);
  g_assert_cmpuint (gm_results_index_get_group (index, 0)->count, ==, 0);
  g_assert_cmpuint (gm_results_index_count (index, GM_STATUS_OK), ==, 3);
  g_assert_cmpuint (gm_results_index_count (index, GM_STATUS_ERROR), ==, 0);
  g_assert_cmpuint (gm_results_index_get_changes (index), ==, 1);
  g_assert_false (gm_results_index_find (index, 1, &at));
}

static void
test_garbage (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr(GmResultsIndex) index = gm_results_index_new (fixture->dir);
  guint row;

  append (fixture, "results.jsonl", "\n[]\n{\n{\"\n{\"index\n{\"index\":\n{\"index\":}\n{\"index\":{[\"\n"
          "{\"index\":1,\"status\":\"\\\n{\"index\":1,\"error\":\"\\u12\"}\n\xff\xff\n{{{{\n"
          "{\"index\":2,\"status\":\"error\",\"reason\":\"exception\",\"error\":\"\\u00\"}\n"
          "{\"index\":2,\"status\":\"error\",\"reason\":\"exception\",\"error\":\"\\ud800\\u0041\\q\"}\n"
          "{\"index\":9223372036854775807,\"status\":\"ok\"}\n");
  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_rows (index), ==, 2);
  g_assert_true (gm_results_index_find (index, G_MAXINT64, &row));
  g_assert_cmpuint (row, ==, 1);
}

static char *
search (GmResultsIndex *index,
        GmResultsQuery  query)
{
  g_autoptr(GmResultsSearch) found = gm_results_search_new (index, &query);
  GString *text = g_string_new (NULL);
  GArray *rows = gm_results_search_get_rows (found);

  while (gm_results_search_advance (found, 2))
    ;
  for (guint i = 0; i < gm_results_search_get_n_found (found); i++)
    {
      guint row = rows != NULL ? g_array_index (rows, guint32, i) : i;

      g_string_append_printf (text, "%" G_GUINT64_FORMAT " ",
                              (guint64) gm_results_index_get_row (index, row)->index);
    }

  return g_string_free (text, FALSE);
}

/* What goes on to widgets and to sums: valid text, and times that can be added. */
static void
test_odd_values (Fixture       *fixture,
                 gconstpointer  data)
{
  g_autoptr(GmResultsIndex) index = gm_results_index_new (fixture->dir);
  GmResultsQuery query = { .text = (char *) "\xc3\xa9t", .group = GM_NO_GROUP };
  g_autoptr(GmResultsSearch) search = NULL;

  append (fixture, "results.jsonl",
          "{\"index\":0,\"status\":\"error\",\"worker\":null,\"started\":9223372036854.775807,"
          "\"duration\":8999999999.5,\"reason\":\"exception\",\"error\":\"caf\xe9 \xc3\"}\n"
          "{\"index\":1,\"status\":\"error\",\"worker\":\"\xff\",\"started\":9223372036854775807,"
          "\"duration\":1234567890123456789,\"reason\":\"exception\",\"error\":[\"\xc3\xa9t\xfc\"]}\n");
  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_rows (index), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const GmResultsRow *row = gm_results_index_get_row (index, i);

      g_assert_cmpuint (row->worker, ==, GM_NO_WORKER);
      g_assert_cmpint (row->started, ==, 0);
      g_assert_cmpint (row->duration, ==, i == 0 ? 8999999999500000000 : 0);
      g_assert_cmpstr (gm_results_index_get_group (index, row->group)->text, ==, "");
    }
  search = gm_results_search_new (index, &query);
  while (gm_results_search_advance (search, 100))
    ;
  g_assert_cmpuint (gm_results_search_get_n_found (search), ==, 1);
}

static void
test_search (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr(GmResultsIndex) index = gm_results_index_new (fixture->dir);
  static const struct { GmResultsQuery query; const char *found; } cases[] = {
    { { .group = GM_NO_GROUP }, "4 1 3 0 2 " },
    { { .group = GM_NO_GROUP, .sort = GM_RESULTS_SORT_INDEX }, "0 1 2 3 4 " },
    { { .group = GM_NO_GROUP, .sort = GM_RESULTS_SORT_INDEX, .descending = TRUE }, "4 3 2 1 0 " },
    { { .group = GM_NO_GROUP, .sort = GM_RESULTS_SORT_DURATION }, "1 3 4 0 2 " },
    { { .group = GM_NO_GROUP, .sort = GM_RESULTS_SORT_STATUS, .descending = TRUE }, "2 0 3 1 4 " },
    { { .group = GM_NO_GROUP, .statuses = 1 << GM_STATUS_ERROR }, "0 2 " },
    { { .group = 1 }, "2 " },
    { { .group = GM_NO_GROUP, .text = (char *) "grüSSE" }, "0 2 " },
    { { .group = GM_NO_GROUP, .text = (char *) "a\"B\\" }, "4 1 3 " },
    { { .group = GM_NO_GROUP, .text = (char *) "W-1" }, "" },
  };

  append (fixture, "results.jsonl", OK (4, 2.0) OK (1, 0.5) OK (3, 1.0));
  append (fixture, "results.jsonl", BAD (0, "exit-code", "one") BAD (2, "exception", "one"));
  read_all (index);
  g_assert_cmpuint (gm_results_index_get_n_groups (index), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = search (index, cases[i].query);

      g_assert_cmpstr (found, ==, cases[i].found);
    }
}

static void
test_stats (Fixture       *fixture,
            gconstpointer  data)
{
  g_autoptr(GmResultsIndex) index = gm_results_index_new (fixture->dir);
  g_autoptr(GString) lines = g_string_new (NULL);
  GmResultsStats stats;
  guint sum = 0;

  for (int i = 0; i < 5000; i++)
    g_string_append_printf (lines, "{\"index\":%d,\"item\":1,\"status\":\"%s\",\"attempts\":1,\"worker\":\"w\","
                            "\"pid\":1,\"started\":%d.0,\"duration\":%d.0}\n", i, i % 10 ? "ok" : "crashed",
                            1000 + i, i % 100 + 1);
  append (fixture, "results.jsonl", lines->str);
  read_all (index);
  gm_results_stats_read (&stats, index, G_MININT64, G_MAXINT64);
  g_assert_cmpuint (stats.count, ==, 5000);
  g_assert_cmpuint (stats.failed, ==, 500);
  g_assert_cmpfloat_with_epsilon (stats.p50 / 1e9, 50, 1);
  g_assert_cmpfloat_with_epsilon (stats.p95 / 1e9, 95, 2);
  g_assert_cmpfloat_with_epsilon (stats.p99 / 1e9, 99, 2);
  g_assert_cmpint (stats.longest, ==, 100 * G_GINT64_CONSTANT (1000000000));
  g_assert_cmpuint (stats.n_slowest, ==, 10);
  g_assert_cmpuint (stats.slowest[0], ==, 99);
  for (guint i = 0; i < GM_STATS_BUCKETS; i++)
    sum += stats.buckets[i];
  g_assert_cmpuint (sum, ==, 5000);
  /* Ended from 2000 s to 2100 s: those that were started then and were quick enough. */
  gm_results_stats_read (&stats, index, G_GINT64_CONSTANT (2000000000), G_GINT64_CONSTANT (2100000000));
  sum = 0;
  for (int i = 0; i < 5000; i++)
    sum += 1000 + i + i % 100 + 1 >= 2000 && 1000 + i + i % 100 + 1 <= 2100;
  g_assert_cmpuint (stats.count, ==, sum);
}

static void
test_log (Fixture       *fixture,
          gconstpointer  data)
{
  g_autoptr(GmLogIndex) index = gm_log_index_new (fixture->dir);
  static const struct { guint level; const char *process, *text; } lines[] = {
    { 20, "MainProcess", "[INFO/MainProcess] a" }, { 30, "W-1", "[WARNING/W-1] b" }, { 20, "", "printed [/]" },
    { 15, "W-1", "[Level 15/W-1] c" }, { 20, "", "[Level" }, { 40, "W-2", "[ERROR/W-2] \xff" }, { 20, "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      append (fixture, "log.txt", lines[i].text);
      append (fixture, "log.txt", "\n");
    }
  append (fixture, "log.txt", "[INFO/to");
  while (gm_log_index_advance (index, 10))
    ;
  g_assert_cmpuint (gm_log_index_get_n_lines (index), ==, G_N_ELEMENTS (lines));
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      const GmLogLine *line = gm_log_index_get_line (index, i);
      g_autofree char *text = gm_log_index_dup_text (index, i);
      g_autofree char *expected = g_utf8_make_valid (lines[i].text, -1);

      g_assert_cmpuint (line->level, ==, lines[i].level);
      g_assert_cmpstr (gm_log_index_get_process (index, line->process), ==, lines[i].process);
      g_assert_cmpstr (text, ==, expected);
    }
}

static void
test_events (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr(GmEventsIndex) index = gm_events_index_new (fixture->dir);
  g_autoptr(GPtrArray) attempts = NULL;
  const GmEventsAttempt *attempt;
  const GmEventsSample *sample;

  append (fixture, "events.jsonl",
          "{\"time\":1.5,\"event\":\"worker-started\",\"worker\":\"W-3\",\"pid\":7,\"slot\":2}\n"
          "{\"time\":2.5,\"event\":\"item-retried\",\"index\":4,\"attempt\":1,\"outcome\":{\"index\":4,"
          "\"status\":\"timeout\",\"worker\":\"W-3\",\"started\":1.75,\"duration\":0.5}}\n"
          "{\"time\":3.5,\"event\":\"snapshot\",\"queued\":5,\"running\":2,\"done\":3,\"failed\":1,\"rate\":1.25}\n"
          "{\"time\":4.5,\"event\":\"snapshot\",\"queued\":5,\"rate\":1e-3,\"cpu_percent\":150.5,\"rss\":1048576}\n"
          "{\"time\":5.5,\"event\":\"item-retried\",\"index\":4,\"attempt\":2,\"outcome\":{\"a\":\"}\"}}\n");
  while (gm_events_index_advance (index, 10))
    ;
  g_assert_cmpuint (gm_events_index_get_slot (index, "W-3"), ==, 2);
  g_assert_cmpuint (gm_events_index_get_slot (index, "W-4"), ==, 0);
  g_assert_cmpuint (gm_events_index_get_n_samples (index), ==, 2);
  sample = gm_events_index_get_sample (index, 0);
  g_assert_cmpint (sample->time, ==, 3500000);
  g_assert_cmpfloat (sample->queued, ==, 5);
  g_assert_cmpfloat (sample->rate, ==, 1.25);
  g_assert_cmpfloat (sample->rss, <, 0);
  sample = gm_events_index_get_sample (index, 1);
  g_assert_cmpfloat (sample->rate, ==, .001);
  g_assert_cmpfloat (sample->cpu_percent, ==, 150.5);
  g_assert_cmpfloat (sample->rss, ==, 1048576);
  g_assert_cmpuint (gm_events_index_get_n_attempts (index), ==, 2);
  attempt = gm_events_index_get_attempt (index, 0);
  g_assert_cmpuint (attempt->index, ==, 4);
  g_assert_cmpuint (attempt->slot, ==, 2);
  g_assert_cmpint (attempt->started, ==, 1750000);
  g_assert_cmpint (attempt->duration, ==, 500000000);
  g_assert_true (attempt->is_timeout);
  g_assert_cmpuint (gm_events_index_get_attempt (index, 1)->slot, ==, 0);
  attempts = gm_events_index_dup_attempts (index, 4);
  g_assert_cmpuint (attempts->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (attempts, 1), ==, "{\"a\":\"}\"}");
}

/* What complains of each item alike is one group, however short the items are. */
static void
test_groups (Fixture       *fixture,
             gconstpointer  data)
{
  g_autoptr(GmResultsIndex) index = gm_results_index_new (fixture->dir);

  append (fixture, "results.jsonl",
          "{\"index\":0,\"item\":8,\"status\":\"error\",\"reason\":\"exit-code\",\"error\":\"8: no 80 1\"}\n"
          "{\"index\":1,\"item\":17,\"status\":\"error\",\"reason\":\"exit-code\",\"error\":\"17: no 80 1\"}\n"
          "{\"index\":2,\"item\":\"o\",\"status\":\"error\",\"reason\":\"exit-code\",\"error\":\"o: no 80 1\"}\n");
  while (gm_results_index_advance (index, 100))
    ;
  g_assert_cmpuint (gm_results_index_get_n_groups (index), ==, 1);
  g_assert_cmpstr (gm_results_index_get_group (index, 0)->text, ==, "{}: no 80 1");
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/results-index/rows", Fixture, NULL, set_up, test_rows, tear_down);
  g_test_add ("/results-index/torn", Fixture, NULL, set_up, test_torn, tear_down);
  g_test_add ("/results-index/garbage", Fixture, NULL, set_up, test_garbage, tear_down);
  g_test_add ("/results-index/odd-values", Fixture, NULL, set_up, test_odd_values, tear_down);
  g_test_add ("/results-index/groups", Fixture, NULL, set_up, test_groups, tear_down);
  g_test_add ("/results-index/search", Fixture, NULL, set_up, test_search, tear_down);
  g_test_add ("/results-index/stats", Fixture, NULL, set_up, test_stats, tear_down);
  g_test_add ("/results-index/log", Fixture, NULL, set_up, test_log, tear_down);
  g_test_add ("/results-index/events", Fixture, NULL, set_up, test_events, tear_down);

  return g_test_run ();
}
