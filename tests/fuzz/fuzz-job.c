/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-invocation.h"
#include "gm-job.h"

#include "fuzz.h"

/* A job file: what is wrong is said, what is right gives the same job when it is written and read
 * again. Items that are in the file itself are put into the templates. */

#define MAX_ITEMS 16

static gboolean
looks_at_files (GmInputSpec *spec)
{
  for (guint i = 0; spec->columns != NULL && i < spec->columns->len; i++)
    if (looks_at_files (g_ptr_array_index (spec->columns, i)))
      return TRUE;

  return spec->kind == GM_INPUT_GLOB || spec->kind == GM_INPUT_FILES || spec->path != NULL
         || spec->kind == GM_INPUT_LINES || spec->kind == GM_INPUT_CSV
         || spec->kind == GM_INPUT_JSONL;
}

static void
check_expanded (GmJob        *job,
                GmInvocation *invocation)
{
  if (job->task.kind == GM_TASK_COMMAND || job->task.kind == GM_TASK_SHELL)
    g_assert_nonnull (invocation->argv[0]);
  else
    g_assert_null (invocation->argv);
  g_assert_true (g_path_is_absolute (invocation->cwd));
  g_assert_true (invocation->creates == NULL || g_path_is_absolute (invocation->creates));
  for (guint i = 0; invocation->env[i] != NULL; i++)
    g_assert_nonnull (strchr (invocation->env[i], '='));
}

static void
expand_items (GmJob *job)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GmInvoker) invoker = gm_invoker_new (job, &error);
  g_autoptr(GmInputs) inputs = NULL;
  GmInvocation invocation;
  GmItem item;

  g_assert_no_error (error);
  if (looks_at_files (job->inputs))
    return;
  inputs = gm_inputs_open (job, -1, &error);
  if (inputs == NULL)
    {
      g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
      return;
    }
  for (int i = 0; i < MAX_ITEMS; i++)
    {
      g_autoptr(GError) bad = NULL;

      if (gm_inputs_next (inputs, &item, NULL) != GM_INPUTS_ITEM)
        break;
      g_assert_cmpint (item.data[item.size], ==, 0);
      if (gm_invoker_expand (invoker, &item, i, 1, &invocation, &bad))
        check_expanded (job, &invocation);
      else
        g_assert_error (bad, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        size_t        size)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GmJob) job = gm_job_new_from_data ((const char *) data, size, "fuzz.mpjob",
                                               "/nowhere/{}", &error);
  g_autoptr(GmJob) again = NULL;
  g_autofree char *resolved = NULL;
  g_autofree char *twice = NULL;

  if (job == NULL)
    {
      g_assert_error (error, GM_JOB_ERROR, GM_JOB_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (error->message, "fuzz.mpjob:"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  resolved = gm_job_to_json_resolved (job, FALSE);
  again = gm_job_new_from_data (resolved, strlen (resolved), "again.mpjob", "/elsewhere", &error);
  if (again == NULL)
    g_error ("%s\n%s", error->message, resolved);
  twice = gm_job_to_json_resolved (again, FALSE);
  g_assert_cmpstr (twice, ==, resolved);
  expand_items (job);

  return 0;
}
