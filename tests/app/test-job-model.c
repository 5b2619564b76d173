/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-job.h"
#include "gm-json.h"

static GmJob *
parse (const char  *text,
       GError     **error)
{
  return gm_job_new_from_data (text, strlen (text), "dir/test.mpjob", "/base", error);
}

static GmJob *
parse_ok (const char *text)
{
  g_autoptr(GError) error = NULL;
  GmJob *job = parse (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (job);

  return job;
}

/* A job with these members besides the needed ones. */
static GmJob *
with (const char *members)
{
  g_autofree char *text = g_strdup_printf (
    "{\"mpjob\":1,\"task\":{\"command\":[\"true\"]},\"inputs\":[1]%s%s}",
    *members != '\0' ? "," : "", members);

  return parse_ok (text);
}

static void
test_defaults (void)
{
  g_autoptr(GmJob) job = with ("");

  g_assert_cmpstr (job->name, ==, "test.mpjob");
  g_assert_cmpstr (job->file, ==, "dir/test.mpjob");
  g_assert_cmpstr (job->base_dir, ==, "/base");
  g_assert_null (job->description);
  g_assert_cmpint (job->task.kind, ==, GM_TASK_COMMAND);
  g_assert_false (job->task.is_stdin);
  g_assert_cmpint (job->inputs->kind, ==, GM_INPUT_ITEMS);
  g_assert_cmpint (job->processes, ==, 0);
  g_assert_cmpint (job->start_method, ==, GM_START_FORKSERVER);
  g_assert_cmpint (job->chunksize, ==, 0);
  g_assert_true (job->timeout == 0 && job->task_timeout == 0 && job->task_timeout_percent == 0);
  g_assert_cmpint (job->retries, ==, 0);
  g_assert_true (job->retry_delay == 0);
  g_assert_cmpuint (job->ok_exit_codes->len, ==, 1);
  g_assert_cmpint (g_array_index (job->ok_exit_codes, int, 0), ==, 0);
  g_assert_null (job->creates);
  g_assert_cmpint (job->on_error, ==, GM_ON_ERROR_CONTINUE);
  g_assert_cmpint (job->max_tasks_per_child, ==, 0);
  g_assert_true (job->ordered);
  g_assert_null (job->cwd);
  g_assert_cmpuint (job->env_names->len, ==, 0);
  g_assert_false (job->has_nice);
  g_assert_true (job->memory_limit == 0 && job->min_free_memory == 0);
  g_assert_cmpint (job->log_level, ==, GM_LOG_WARNING);
  g_assert_null (job->results);
  g_assert_cmpint (job->engine, ==, GM_ENGINE_LOCAL);
}

static void
test_pool_keys (void)
{
  g_autoptr(GmJob) job = with ("\"processes\":4,\"start_method\":\"spawn\",\"chunksize\":7,"
                               "\"timeout\":2.5,\"task_timeout\":3,\"retries\":2,\"retry_delay\":0.5,"
                               "\"max_tasks_per_child\":9,\"ordered\":false,\"engine\":\"slurm\"");
  g_autoptr(GmJob) words = with ("\"processes\":\"auto\",\"start_method\":\"fork\","
                                 "\"chunksize\":\"auto\",\"task_timeout\":\"12.5%\"");

  g_assert_cmpint (job->processes, ==, 4);
  g_assert_cmpint (job->start_method, ==, GM_START_SPAWN);
  g_assert_cmpint (job->chunksize, ==, 7);
  g_assert_true (job->timeout == 2.5 && job->task_timeout == 3 && job->retry_delay == 0.5);
  g_assert_cmpint (job->retries, ==, 2);
  g_assert_cmpint (job->max_tasks_per_child, ==, 9);
  g_assert_false (job->ordered);
  g_assert_cmpint (job->engine, ==, GM_ENGINE_SLURM);
  g_assert_cmpint (words->processes, ==, 0);
  g_assert_cmpint (words->start_method, ==, GM_START_FORK);
  g_assert_true (words->task_timeout == 0 && words->task_timeout_percent == 12.5);
}

static void
test_other_keys (void)
{
  g_autoptr(GmJob) job = with ("\"name\":\"N\",\"description\":\"D\",\"ok_exit_codes\":[0,3],"
                               "\"creates\":\"{.}.out\",\"on_error\":{\"stop_after\":5},"
                               "\"cwd\":\"sub\",\"env\":{\"B\":\"1\",\"A\":\"{}\"},\"nice\":-20,"
                               "\"memory_limit\":1000,\"min_free_memory\":\"1.5k\","
                               "\"log_level\":\"DEBUG\",\"results\":\"out/r.jsonl\"");
  g_autoptr(GmJob) percent = with ("\"on_error\":{\"stop_after\":\"10%\"},\"results\":\"/r\","
                                   "\"memory_limit\":\"2GiB\",\"ok_exit_codes\":[]");
  g_autoptr(GmJob) folder = with ("\"results\":\"./r\",\"folder\":\"sub\"");

  g_assert_cmpstr (job->name, ==, "N");
  g_assert_cmpstr (job->description, ==, "D");
  g_assert_cmpint (g_array_index (job->ok_exit_codes, int, 1), ==, 3);
  g_assert_cmpstr (job->creates, ==, "{.}.out");
  g_assert_cmpint (job->on_error, ==, GM_ON_ERROR_STOP_AFTER);
  g_assert_cmpint (job->stop_after, ==, 5);
  g_assert_cmpstr (job->cwd, ==, "sub");
  g_assert_cmpstr (g_ptr_array_index (job->env_names, 0), ==, "B");
  g_assert_cmpstr (g_ptr_array_index (job->env_values, 1), ==, "{}");
  g_assert_true (job->has_nice && job->nice == -20);
  g_assert_cmpuint (job->memory_limit, ==, 1000);
  g_assert_cmpuint (job->min_free_memory, ==, 1536);
  g_assert_cmpint (job->log_level, ==, GM_LOG_DEBUG);
  g_assert_cmpstr (job->results, ==, "/base/out/r.jsonl");
  g_assert_true (percent->stop_after == 0 && percent->stop_after_percent == 10);
  g_assert_cmpstr (percent->results, ==, "/r");
  g_assert_cmpuint (percent->memory_limit, ==, G_GUINT64_CONSTANT (2) << 30);
  g_assert_cmpuint (percent->ok_exit_codes->len, ==, 0);
  g_assert_cmpstr (folder->base_dir, ==, "/base/sub");
  g_assert_cmpstr (folder->results, ==, "/base/sub/r");
}

static void
test_tasks (void)
{
  g_autoptr(GmJob) command = parse_ok ("{\"mpjob\":1,\"task\":{\"command\":[\"cat\",\"\"],"
                                       "\"stdin\":true},\"inputs\":[]}");
  g_autoptr(GmJob) shell = parse_ok ("{\"mpjob\":1,\"task\":{\"shell\":\"echo {}\"},\"inputs\":[]}");
  g_autoptr(GmJob) builtin = parse_ok ("{\"mpjob\":1,\"task\":{\"function\":\"builtin:square\"},"
                                       "\"inputs\":[]}");
  g_autoptr(GmJob) function = parse_ok ("{\"mpjob\":1,\"task\":{\"function\":\"./a:b.so:run_it\"},"
                                        "\"inputs\":[]}");
  g_autoptr(GmJob) worker = parse_ok ("{\"mpjob\":1,\"task\":{\"worker\":[\"py\",\"{x}\"]},"
                                      "\"inputs\":[]}");

  g_assert_cmpuint (g_strv_length (command->task.argv), ==, 2);
  g_assert_true (command->task.is_stdin);
  g_assert_cmpstr (shell->task.shell, ==, "echo {}");
  g_assert_null (builtin->task.module);
  g_assert_cmpstr (builtin->task.symbol, ==, "square");
  g_assert_cmpstr (function->task.module, ==, "/base/a:b.so");
  g_assert_cmpstr (function->task.symbol, ==, "run_it");
  g_assert_cmpint (worker->task.kind, ==, GM_TASK_WORKER);
  g_assert_cmpstr (worker->task.argv[1], ==, "{x}");
}

/* Names that no item can have are known before anything runs where the job itself tells. */
static void
test_names (void)
{
  static const struct { const char *inputs; const char *word; gboolean ok; } cases[] = {
    { "{\"range\":[3]}", "{a}", FALSE }, { "{\"range\":[3]}", "{1}", FALSE },
    { "{\"range\":[3]}", "{#}{%}{.}{//}", TRUE }, { "{\"range\":[3]}", "{{a}}", TRUE },
    { "{\"range\":[3]}", "{a b}", TRUE },
    { "{\"glob\":\"*\"}", "{a}", FALSE }, { "{\"files\":[\"x\"]}", "{1}", FALSE },
    { "{\"lines\":\"x\"}", "{a/}", FALSE }, { "{\"jsonl\":\"x\"}", "{a}{1}", TRUE },
    { "{\"jsonl\":\"x\"}", "{0}", FALSE },
    { "[{\"a\":1},[1,2],5]", "{a}{2}", TRUE }, { "[{\"a\":1},[1,2]]", "{b}", FALSE },
    { "[{\"a\":1},[1,2]]", "{3}", FALSE }, { "[]", "{b}", TRUE },
    { "{\"csv\":\"x\"}", "{a}", TRUE }, { "{\"csv\":\"x\"}", "{1}", FALSE },
    { "{\"csv\":\"x\",\"header\":false}", "{1}", TRUE },
    { "{\"csv\":\"x\",\"header\":false}", "{a}", FALSE },
    { "{\"product\":{\"a\":[1]}}", "{a.}", TRUE }, { "{\"product\":{\"a\":[1]}}", "{b.}", FALSE },
    { "{\"product\":{\"a\":[1]}}", "{1}", FALSE },
    { "{\"arguments\":[[\"a\"],[\"b\"]]}", "{2}", TRUE },
    { "{\"arguments\":[[\"a\"],[\"b\"]]}", "{3}", FALSE },
    { "{\"arguments\":[[\"a\"]]}", "{1}", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *text = g_strdup_printf ("{\"mpjob\":1,\"task\":{\"command\":[\"x\",\"%s\"]},"
                                               "\"inputs\":%s}", cases[i].word, cases[i].inputs);
      g_autoptr(GmJob) job = parse (text, &error);

      if ((job != NULL) != cases[i].ok)
        g_error ("%s: %s", text, error != NULL ? error->message : "accepted");
      if (job == NULL)
        g_assert_nonnull (strstr (error->message, "$.task.command[1]: the items have no "));
    }
}

static void
test_lossless (void)
{
  const char *text = "{\"task\":{\"stdin\":false,\"command\":[\"x\"]},\"inputs\":[1.0,1,\"\\u00e9\",null,"
                     "{\"b\":[],\"a\":{}}],\"mpjob\":1,\"chunksize\":\"auto\"}";
  g_autoptr(GmJob) job = parse_ok (text);
  g_autofree char *json = gm_job_to_json (job, FALSE);
  g_autofree char *pretty = gm_job_to_json (job, TRUE);
  g_autoptr(GmJob) again = parse_ok (pretty);
  g_autofree char *json_again = gm_job_to_json (again, FALSE);

  g_assert_cmpstr (json, ==, "{\"task\":{\"stdin\":false,\"command\":[\"x\"]},\"inputs\":[1.0,1,"
                   "\"\xc3\xa9\",null,{\"b\":[],\"a\":{}}],\"mpjob\":1,\"chunksize\":\"auto\"}");
  g_assert_cmpstr (json_again, ==, json);
}

/* What a run writes gives the same job wherever it is read again. */
static void
test_resolved (void)
{
  static const char *jobs[] = {
    "{\"mpjob\":1,\"task\":{\"command\":[\"x\"]},\"inputs\":[1]}",
    "{\"mpjob\":1,\"task\":{\"command\":[\"x\"],\"stdin\":true},\"inputs\":{\"range\":[5]},"
    "\"cwd\":\"{//}\",\"creates\":\"o{}\"}",
    "{\"mpjob\":1,\"task\":{\"shell\":\"x\"},\"inputs\":{\"glob\":[\"a*\",\"/abs/*\"]}}",
    "{\"mpjob\":1,\"task\":{\"function\":\"m.so:f\"},\"inputs\":{\"files\":[\"a\",\"./b\",\"-c\"]},"
    "\"cwd\":\"{x}\"}",
    "{\"mpjob\":1,\"task\":{\"worker\":[\"x\"]},\"inputs\":{\"lines\":\"-\",\"separator\":\"NUL\"},"
    "\"task_timeout\":\"250%\",\"on_error\":{\"stop_after\":\"5%\"},\"timeout\":0.5}",
    "{\"mpjob\":1,\"task\":{\"command\":[\"x\"]},\"inputs\":{\"csv\":\"a\",\"header\":false},"
    "\"description\":\"d\",\"env\":{\"A\":\"{1}\"},\"nice\":0,\"memory_limit\":\"1G\","
    "\"min_free_memory\":5,\"results\":\"r\",\"max_tasks_per_child\":1}",
    "{\"mpjob\":1,\"task\":{\"command\":[\"x\"]},\"inputs\":{\"product\":{\"a\":[1],\"b\":"
    "{\"range\":[3,1,-1]},\"c\":{\"glob\":\"*\"}}},\"on_error\":\"pause\"}",
    "{\"mpjob\":1,\"task\":{\"command\":[\"x\"]},\"inputs\":{\"arguments\":[[\"a\",{\"base64\":\"/w==\"}]]}}",
    "{\"mpjob\":1,\"task\":{\"command\":[\"x\"]},\"inputs\":{\"jsonl\":\"./sub/x\"}}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      g_autoptr(GError) error = NULL;
      /* A folder whose name is a pattern and a replacement string. */
      g_autoptr(GmJob) job = gm_job_new_from_data (jobs[i], strlen (jobs[i]), "j.mpjob",
                                                   "/b[x]/{a}*", &error);
      g_autofree char *first = NULL;
      g_autofree char *second = NULL;
      g_autoptr(GmJob) again = NULL;

      g_assert_no_error (error);
      first = gm_job_to_json_resolved (job, FALSE);
      again = gm_job_new_from_data (first, strlen (first), "job.json", "/elsewhere", &error);
      g_assert_no_error (error);
      second = gm_job_to_json_resolved (again, FALSE);
      g_assert_cmpstr (second, ==, first);
      g_assert_cmpstr (again->base_dir, ==, "/b[x]/{a}*");
      if (job->inputs->patterns != NULL)
        g_assert_cmpstrv (job->inputs->patterns, again->inputs->patterns);
    }
}

static void
test_resolved_text (void)
{
  g_autoptr(GmJob) job = parse_ok ("{\"mpjob\":1,\"task\":{\"command\":[\"x\"]},\"inputs\":[1]}");
  g_autofree char *json = gm_job_to_json_resolved (job, FALSE);

  g_assert_cmpstr (json, ==,
                   "{\"mpjob\":1,\"name\":\"test.mpjob\",\"folder\":\"/base\","
                   "\"task\":{\"command\":[\"x\"],\"stdin\":false},\"inputs\":{\"items\":[1]},"
                   "\"processes\":\"auto\",\"start_method\":\"forkserver\",\"chunksize\":\"auto\","
                   "\"retries\":0,\"retry_delay\":0,\"ordered\":true,\"ok_exit_codes\":[0],"
                   "\"on_error\":\"continue\",\"cwd\":\"/base\",\"env\":{},"
                   "\"log_level\":\"WARNING\",\"engine\":\"local\"}");
}

static void
test_options (void)
{
  static const struct { const char *key; const char *text; const char *expected; } cases[] = {
    { "processes", "4", "\"processes\":4" },
    { "processes", "auto", "\"processes\":\"auto\"" },
    { "processes", "0", "!--processes=0: expected an integer of at least 1 or \"auto\", got 0" },
    { "processes", "", "!--processes=: expected an integer of at least 1 or \"auto\", got \"\"" },
    { "processes", "[1]", "!--processes=[1]: expected" },
    { "start_method", "fork", "\"start_method\":\"fork\"" },
    { "start_method", "thread", "!--start-method=thread: expected \"fork\", " },
    { "chunksize", "1e3", "!--chunksize=1e3: expected" },
    { "timeout", "2.5", "\"timeout\":2.5" },
    { "timeout", "inf", "!--timeout=inf: expected a number of seconds above 0, got \"inf\"" },
    { "task_timeout", "300%", "\"task_timeout\":\"300%\"" },
    { "task_timeout", "-1", "!--task-timeout=-1: expected" },
    { "retries", "0x1", "!--retries=0x1: expected an integer of at least 0, got \"0x1\"" },
    { "retries", "3", "\"retries\":3" },
    { "on_error", "stop", "\"on_error\":\"stop\"" },
    { "on_error", "5", "\"on_error\":{\"stop_after\":5}" },
    { "on_error", "5%", "\"on_error\":{\"stop_after\":\"5%\"}" },
    { "on_error", "0", "!--on-error=0: expected an integer of at least 1" },
    { "on_error", "never", "!--on-error=never: expected continue, stop, pause, a number or a percentage" },
    { "log_level", "DEBUG", "\"log_level\":\"DEBUG\"" },
    { "log_level", "debug", "!--log-level=debug: expected \"DEBUG\"" },
    { "name", "12", "\"name\":\"12\"" },
  };
  g_autoptr(GmJob) job = with ("\"processes\":2,\"on_error\":{\"stop_after\":\"1%\"}");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GmJob) changed = gm_job_with_option (job, cases[i].key, cases[i].text, &error);

      if (*cases[i].expected == '!')
        {
          g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
          if (!g_str_has_prefix (error->message, cases[i].expected + 1))
            g_error ("%s", error->message);
        }
      else
        {
          g_autofree char *json = NULL;

          g_assert_no_error (error);
          json = gm_job_to_json (changed, FALSE);
          if (strstr (json, cases[i].expected) == NULL)
            g_error ("%s has no %s", json, cases[i].expected);
          g_assert_cmpstr (changed->file, ==, job->file);
        }
    }
}

static void
test_members (void)
{
  g_autoptr(GmJob) job = with ("\"folder\":\"sub\",\"retries\":2");
  g_autoptr(JsonNode) value = gm_json_parse ("\"x\"", 3, NULL, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GmJob) without = gm_job_with_member (job, "retries", NULL, &error);
  g_autoptr(GmJob) named = gm_job_with_member (job, "name", value, &error);
  g_autofree char *json = gm_job_to_json (without, FALSE);

  g_assert_no_error (error);
  g_assert_cmpstr (json, ==, "{\"mpjob\":1,\"task\":{\"command\":[\"true\"]},\"inputs\":[1],"
                   "\"folder\":\"sub\"}");
  g_assert_cmpstr (without->base_dir, ==, "/base/sub");
  g_assert_cmpstr (named->name, ==, "x");
  g_assert_null (gm_job_with_member (job, "retries", value, &error));
  g_assert_cmpstr (error->message, ==, "$.retries: expected an integer of at least 0, got \"x\"");
  g_clear_error (&error);
  g_assert_null (gm_job_with_member (job, "task", NULL, &error));
  g_assert_cmpstr (error->message, ==, "$: expected the key \"task\"");
}

static void
test_words (void)
{
  const char *plain[] = { "/bin/echo", "{}", NULL };
  const char *lists[] = { "echo", "{1}{2}", ":::", "a", "b\xff", ":::", "c", ":::", NULL };
  const char *broken[] = { "echo", "\xff", NULL };
  const char *none[] = { ":::", "a", NULL };
  g_autoptr(GError) error = NULL;
  g_autoptr(GmJob) lines = gm_job_new_from_words (plain, "/here", &error);
  g_autoptr(GmJob) product = gm_job_new_from_words (lists, "/here", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (lines->name, ==, "echo");
  g_assert_cmpstr (lines->base_dir, ==, "/here");
  g_assert_cmpint (lines->inputs->kind, ==, GM_INPUT_LINES);
  g_assert_null (lines->inputs->path);
  g_assert_cmpint (product->inputs->kind, ==, GM_INPUT_ARGUMENTS);
  g_assert_cmpuint (product->inputs->arguments->len, ==, 3);
  g_assert_cmpuint (g_strv_length (product->task.argv), ==, 2);
  g_assert_null (gm_job_new_from_words (broken, "/here", &error));
  g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (gm_job_new_from_words (none, "/here", &error));
  g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
}

static void
test_set_error (void)
{
  g_autoptr(GmJob) job = parse_ok ("{\"mpjob\":1,\n\"task\":{\n\"command\":[\"nope\"]},\"inputs\":[1]}");
  g_autoptr(GmJob) changed = gm_job_with_option (job, "retries", "2", NULL);
  g_autoptr(GError) error = NULL;

  gm_job_set_error (changed, &error, "$.task.command[0]", "\"%s\" is not there", "nope");
  g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
  g_assert_cmpstr (error->message, ==,
                   "dir/test.mpjob:3: $.task.command[0]: \"nope\" is not there");
}

static void
test_missing_file (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (gm_job_new_from_file ("/nonexistent/x.mpjob", &error));
  g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "/nonexistent/x.mpjob"));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/job/defaults", test_defaults);
  g_test_add_func ("/job/pool-keys", test_pool_keys);
  g_test_add_func ("/job/other-keys", test_other_keys);
  g_test_add_func ("/job/tasks", test_tasks);
  g_test_add_func ("/job/names", test_names);
  g_test_add_func ("/job/lossless", test_lossless);
  g_test_add_func ("/job/resolved", test_resolved);
  g_test_add_func ("/job/resolved-text", test_resolved_text);
  g_test_add_func ("/job/options", test_options);
  g_test_add_func ("/job/members", test_members);
  g_test_add_func ("/job/words", test_words);
  g_test_add_func ("/job/set-error", test_set_error);
  g_test_add_func ("/job/missing-file", test_missing_file);

  return g_test_run ();
}
