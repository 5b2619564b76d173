/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gmodule.h>

#include "gm-worker-private.h"

#include "gm-json-variant.h"
#include "gm-module-private.h"
#include "gm-worker.h"

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
      gm_module_init (self->shared, self->slot - 1);
      self->function = open_module (task, error);
      return self->function != NULL;
    }
  self->function = gm_builtin_lookup (task->symbol);
  if (self->function == NULL)
    g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_NO_FUNCTION,
                 "There is no builtin function “%s”", task->symbol);
  return self->function != NULL;
}

static void
write_result (GmWorker  *self,
              GmAttempt *attempt,
              GVariant  *result)
{
  g_autoptr(GError) error = NULL;
  gsize start;

  gm_worker_begin_line (self, attempt, GM_STATUS_OK, GM_REASON_NONE);
  g_string_append (self->answer, ",\"result\":");
  start = self->answer->len;
  if (!gm_json_append_variant (self->answer, result, &error))
    {
      g_prefix_error (&error, "The result has no JSON form: ");
      gm_worker_fail (self, attempt, GM_REASON_EXCEPTION, error->message);
      return;
    }
  gm_worker_end_line_of_result (self, attempt, start);
}

static void
call (GmWorker   *self,
      GmAttempt  *attempt,
      GVariant   *argument)
{
  g_autoptr(GVariant) result = NULL;
  g_autoptr(GError) error = NULL;
  gint64 begin = gm_worker_clock ();

  if (self->job->task.module != NULL)
    gm_module_begin_item (attempt->header.index);
  result = self->function (argument, &error);
  attempt->duration = gm_worker_clock () - begin;
  if (result != NULL)
    g_variant_take_ref (result);
  if (error != NULL)
    gm_worker_fail (self, attempt, GM_REASON_EXCEPTION, error->message);
  else if (result == NULL)
    gm_worker_fail (self, attempt, GM_REASON_EXCEPTION,
                    "The function returned neither a result nor an error");
  else if (gm_worker_has_created (self, attempt))
    write_result (self, attempt, result);
}

void
gm_task_function_run (GmWorker  *self,
                      GmAttempt *attempt)
{
  g_autoptr(GVariant) argument = NULL;
  g_autoptr(GError) error = NULL;

  if (!gm_worker_begin_attempt (self, attempt))
    return;
  argument = gm_json_to_variant (attempt->item.data, attempt->item.size, &error);
  if (argument != NULL)
    {
      call (self, attempt, argument);
      return;
    }
  attempt->answer.flags |= GM_ANSWER_FINAL;
  gm_worker_fail (self, attempt, GM_REASON_BAD_INPUT, error->message);
}
