/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gmodule.h>

#include "gm-worker-private.h"

#include "gm-json-variant.h"
#include "gm-worker.h"

/* A kept answer buffer that one huge result has blown up is given back. */
#define MAX_KEPT (1024 * 1024)

static GmFunction
open_module (const GmTask  *task,
             GError       **error)
{
  GModule *module = g_module_open (task->module, G_MODULE_BIND_LOCAL);
  gpointer symbol;

  if (module == NULL)
    {
      g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_NO_FUNCTION,
                   "Could not open the module: %s", g_module_error ());
      return NULL;
    }
  if (!g_module_symbol (module, task->symbol, &symbol) || symbol == NULL)
    {
      g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_NO_FUNCTION,
                   "The module “%s” has no function “%s”", task->module, task->symbol);
      g_module_close (module);
      return NULL;
    }
  g_module_make_resident (module);
  return (GmFunction) symbol;
}

static gboolean
fail (const char  *what,
      GError     **error)
{
  g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_FAILED, "Could not %s: %s", what,
               g_strerror (errno));
  return FALSE;
}

/* The worker itself is where functions run: folder, environment and priority are its own. */
static gboolean
settle_in (GmWorker  *self,
           GError   **error)
{
  const GmJob *job = self->job;

  if (chdir (job->cwd != NULL ? job->cwd : job->base_dir) < 0)
    return fail ("go to the folder of the job", error);
  g_setenv ("GTK_MP_RUN", self->run_id, TRUE);
  for (guint i = 0; i < job->env_names->len; i++)
    g_setenv (g_ptr_array_index (job->env_names, i), g_ptr_array_index (job->env_values, i), TRUE);
  if (job->has_nice && setpriority (PRIO_PROCESS, 0, job->nice) < 0)
    return fail ("set the priority of the worker", error);
  return TRUE;
}

gboolean
gm_task_function_prepare (GmWorker  *self,
                          GError   **error)
{
  const GmTask *task = &self->job->task;

  if (!settle_in (self, error))
    return FALSE;
  if (task->module != NULL)
    {
      /* The log is a file: what a function prints before it crashes must be there. */
      setvbuf (stdout, NULL, _IOLBF, 0);
      self->function = open_module (task, error);
      return self->function != NULL;
    }
  self->function = gm_builtin_lookup (task->symbol);
  if (self->function == NULL)
    g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_NO_FUNCTION,
                 "There is no builtin function “%s”", task->symbol);
  return self->function != NULL;
}

/* The result as the output of the item: itself and a newline. */
static void
append_output (GmWorker  *self,
               GmAttempt *attempt,
               gsize      start,
               gsize      end)
{
  if (!self->want_output)
    return;
  attempt->answer.stdout_length = end - start + 1;
  g_string_append_len (self->answer, self->answer->str + start, end - start);
  g_string_append_c (self->answer, '\n');
}

static void
write_result (GmWorker  *self,
              GmAttempt *attempt,
              GVariant  *result)
{
  g_autoptr(GError) error = NULL;
  gsize start, end;

  gm_worker_begin_line (self, attempt, GM_STATUS_OK, GM_REASON_NONE);
  g_string_append (self->answer, ",\"result\":");
  start = self->answer->len;
  if (!gm_json_append_variant (self->answer, result, &error))
    {
      g_prefix_error (&error, "The result has no JSON form: ");
      gm_worker_fail (self, attempt, GM_REASON_EXCEPTION, error->message);
      return;
    }
  end = self->answer->len;
  gm_worker_end_line (self, attempt);
  append_output (self, attempt, start, end);
}

static gboolean
exists (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
call (GmWorker   *self,
      GmAttempt  *attempt,
      GVariant   *argument,
      const char *creates)
{
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GError) error = NULL;
  gint64 begin = gm_worker_clock ();

  result = self->function (argument, &error);
  attempt->duration = gm_worker_clock () - begin;
  if (result != NULL)
    g_variant_take_ref (result);
  if (error != NULL)
    gm_worker_fail (self, attempt, GM_REASON_EXCEPTION, error->message);
  else if (result == NULL)
    gm_worker_fail (self, attempt, GM_REASON_EXCEPTION,
                    "The function returned neither a result nor an error");
  else if (creates != NULL && !exists (creates))
    {
      g_autofree char *message = g_strdup_printf ("The function did not create “%s”", creates);

      gm_worker_fail (self, attempt, GM_REASON_EXCEPTION, message);
    }
  else
    write_result (self, attempt, result);
}

void
gm_task_function_run (GmWorker  *self,
                      GmAttempt *attempt)
{
  g_autoptr(GVariant) argument = NULL;
  g_autoptr(GError) error = NULL;
  GmInvocation invocation = { NULL };

  if (self->answer->allocated_len > MAX_KEPT)
    {
      g_string_free (self->answer, TRUE);
      self->answer = g_string_sized_new (1024);
    }
  if (attempt->item.kind == GM_ITEM_BYTES)
    {
      attempt->answer.flags |= GM_ANSWER_FINAL;
      gm_worker_fail (self, attempt, GM_REASON_BAD_INPUT,
                      "The item is not UTF-8, which a function can't get");
      return;
    }
  argument = gm_json_to_variant (attempt->item.data, attempt->item.size, &error);
  if (argument == NULL
      || (self->job->creates != NULL
          && !gm_invoker_expand (self->invoker, &attempt->item, attempt->header.index, self->slot,
                                 &invocation, &error)))
    {
      attempt->answer.flags |= GM_ANSWER_FINAL;
      gm_worker_fail (self, attempt, GM_REASON_BAD_INPUT, error->message);
      return;
    }
  if (attempt->header.attempt == 1 && invocation.creates != NULL && exists (invocation.creates))
    gm_worker_take_over (self, attempt);
  else
    call (self, attempt, argument, invocation.creates);
}
