/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gm-worker.h"

#include "gm-worker-private.h"

/* The side of the workers: runs items and writes their outcome lines, so that the runner only
 * copies bytes. There is one GmWorker in a worker process, and none in the runner. */

#define ARGS_TYPE "(ssbihh)"

/* A kept answer that one huge result has blown up is given back. */
#define MAX_KEPT (1024 * 1024)

static GmWorker *this_worker;

G_DEFINE_QUARK (gm-worker-error-quark, gm_worker_error)

/**
 * gm_worker_make_args:
 * @run_dir: the run directory; the job is read there
 * @run_id: the run's id
 * @want_output: whether answers carry what tasks print
 * @cancel_fd: becomes readable when what runs has to end
 * @shared_fd: of gm_shared_new()
 *
 * Returns: (transfer floating): the arguments of %GM_WORKER_INIT
 */
GVariant *
gm_worker_make_args (const char *run_dir,
                     const char *run_id,
                     gboolean    want_output,
                     int         cancel_fd,
                     int         shared_fd)
{
  return g_variant_new (ARGS_TYPE, run_dir, run_id, want_output != FALSE, (int) getpid (),
                        cancel_fd, shared_fd);
}

static gboolean
prepare_task (GmWorker  *self,
              GError   **error)
{
  switch (self->job->task.kind)
    {
    case GM_TASK_FUNCTION:
      return gm_task_function_prepare (self, error);
    case GM_TASK_COMMAND:
    case GM_TASK_SHELL:
      return gm_task_command_prepare (self, error);
    case GM_TASK_WORKER:
    default:
      return gm_task_worker_prepare (self, error);
    }
}

static GVariant *
gm_worker_init (GVariant  *args,
                GError   **error)
{
  GmWorker *self = g_new0 (GmWorker, 1);
  g_autofree char *job_path = NULL;
  gint32 cancel_handle, shared_handle;
  int runner;

  g_variant_get (args, ARGS_TYPE, &self->run_dir, &self->run_id, &self->want_output, &runner,
                 &cancel_handle, &shared_handle);
  self->shared = gm_shared_open (mp_handle_steal (shared_handle), error);
  if (self->shared == NULL)
    return NULL;
  self->cancel_fd = mp_handle_steal (cancel_handle);
  self->runner_fd = syscall (SYS_pidfd_open, runner, 0);
  if (self->cancel_fd < 0 || self->runner_fd < 0)
    {
      g_set_error (error, GM_WORKER_ERROR, GM_WORKER_ERROR_FAILED,
                   "Could not follow the runner: %s", g_strerror (errno));
      return NULL;
    }
  job_path = g_build_filename (self->run_dir, "job.json", NULL);
  self->job = gm_job_new_from_file (job_path, error);
  if (self->job == NULL || (self->invoker = gm_invoker_new (self->job, error)) == NULL)
    return NULL;
  self->pid = getpid ();
  self->name = g_strdup (mp_process_get_name (mp_process_get_current ()));
  self->answer = g_string_sized_new (1024);
  self->memory = gm_memory_new ("/proc", "/sys/fs/cgroup");
  mp_pool_worker_get_slot (&self->slot);
  self->slot++;
  this_worker = self;
  prepare_task (self, error);
  return NULL;
}
MP_REGISTER_FUNCTION (gm_worker_init)

gint64
gm_worker_clock (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

/* Begins the answer, and in it the outcome line. Called again, it begins both anew. */
void
gm_worker_begin_line (GmWorker  *self,
                      GmAttempt *attempt,
                      GmStatus   status,
                      GmReason   reason)
{
  GmOutcomeHead head = {
    .index = attempt->header.index,
    .item = &attempt->item,
    .status = status,
    .reason = reason,
    .attempts = attempt->header.attempt,
    .worker = self->name,
    .pid = self->pid,
    .started = attempt->started,
    .duration = attempt->duration,
  };

  attempt->answer.status = status;
  attempt->answer.reason = reason;
  gm_answer_reserve (self->answer);
  gm_outcome_begin (self->answer, &head);
}

void
gm_worker_end_line (GmWorker  *self,
                    GmAttempt *attempt)
{
  gm_line_end (self->answer);
  attempt->answer.line_length = self->answer->len - sizeof (GmAnswer);
}

/* Ends a line whose last member is a result, from @start on: that is the item's output as well,
 * with a newline. */
void
gm_worker_end_line_of_result (GmWorker  *self,
                              GmAttempt *attempt,
                              gsize      start)
{
  gsize length = self->answer->len - start;

  gm_worker_end_line (self, attempt);
  if (!self->want_output)
    return;
  attempt->answer.stdout_length = length + 1;
  g_string_append_len (self->answer, self->answer->str + start, length);
  g_string_append_c (self->answer, '\n');
}

/* The whole line of an item that failed without more to tell. */
void
gm_worker_fail (GmWorker   *self,
                GmAttempt  *attempt,
                GmReason    reason,
                const char *message)
{
  gm_worker_begin_line (self, attempt, GM_STATUS_ERROR, reason);
  gm_line_add_string (self->answer, "error", message);
  gm_worker_end_line (self, attempt);
}

/* The whole line of an item that had been done before, so that there is no attempt to tell of. */
void
gm_worker_take_over (GmWorker  *self,
                     GmAttempt *attempt)
{
  GmOutcomeHead head = { .index = attempt->header.index, .item = &attempt->item };

  attempt->answer.flags |= GM_ANSWER_REUSED;
  gm_answer_reserve (self->answer);
  gm_outcome_begin (self->answer, &head);
  g_string_append (self->answer, ",\"reused\":true");
  gm_worker_end_line (self, attempt);
}

/* What items of functions and workers have in common. Returns: FALSE if it is answered by now */
gboolean
gm_worker_begin_attempt (GmWorker  *self,
                         GmAttempt *attempt)
{
  g_autoptr(GError) error = NULL;
  GmInvocation invocation = { NULL };

  if (attempt->item.kind == GM_ITEM_BYTES)
    g_set_error (&error, GM_JOB_ERROR, GM_JOB_ERROR_BAD_INPUT,
                 "The item is not UTF-8, which a %s can't get",
                 gm_task_kind_to_string (self->job->task.kind));
  else if (self->job->creates != NULL)
    gm_invoker_expand (self->invoker, &attempt->item, attempt->header.index, self->slot,
                       &invocation, &error);
  self->creates = invocation.creates;
  if (error != NULL)
    {
      attempt->answer.flags |= GM_ANSWER_FINAL;
      gm_worker_fail (self, attempt, GM_REASON_BAD_INPUT, error->message);
      return FALSE;
    }
  if (attempt->header.attempt > 1 || self->creates == NULL
      || !g_file_test (self->creates, G_FILE_TEST_EXISTS))
    return TRUE;
  gm_worker_take_over (self, attempt);
  return FALSE;
}

/* Returns: FALSE if the item did not make the file it has to; it is answered then */
gboolean
gm_worker_has_created (GmWorker  *self,
                       GmAttempt *attempt)
{
  g_autofree char *message = NULL;

  if (self->creates == NULL || g_file_test (self->creates, G_FILE_TEST_EXISTS))
    return TRUE;
  message = g_strdup_printf ("The %s did not create “%s”",
                             gm_task_kind_to_string (self->job->task.kind), self->creates);
  gm_worker_fail (self, attempt, GM_REASON_EXCEPTION, message);
  return FALSE;
}

static GVariant *
gm_worker_run (GVariant  *args,
               GError   **error)
{
  GmWorker *self = this_worker;
  GmAttempt attempt = { .answer.exit_code = -1 };
  gsize size;
  const guint8 *data = g_variant_get_fixed_array (args, &size, 1);

  if (!gm_item_header_read (data, size, &attempt.header, &attempt.item))
    {
      g_set_error_literal (error, GM_WORKER_ERROR, GM_WORKER_ERROR_FAILED,
                           "The worker got something that is not an item");
      return NULL;
    }
  if (self->answer->allocated_len > MAX_KEPT)
    {
      g_string_free (self->answer, TRUE);
      self->answer = g_string_sized_new (1024);
    }
  self->attempt = attempt.header.attempt;
  attempt.started = g_get_real_time ();
  self->began = gm_worker_clock ();
  self->paused = gm_worker_get_paused ();
  if (self->function != NULL)
    gm_task_function_run (self, &attempt);
  else if (self->child != NULL)
    gm_task_worker_run (self, &attempt);
  else
    gm_task_command_run (self, &attempt);
  gm_answer_finish (self->answer, &attempt.answer);
  /* The pool copies it before it asks for the next one. */
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, self->answer->str, self->answer->len,
                                  TRUE, NULL, NULL);
}
MP_REGISTER_FUNCTION (gm_worker_run)
