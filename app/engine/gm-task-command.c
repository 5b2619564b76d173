/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gm-worker-private.h"

#include "gm-describe.h"

/* Output above this goes to a file of the run directory. */
#define SPILL_SIZE (64 * 1024)

/* Names the file for what is above. What an earlier attempt wrote may still be what counts: the
 * runner puts a later one in its place when that is recorded. */
static char *
spill_path (int      fd,
            gpointer user_data)
{
  GmWorker *self = user_data;
  g_autofree char *name = gm_output_name (mp_pool_worker_get_tag (),
                                          self->attempt > 1 ? self->attempt : 0, fd);

  return g_build_filename (self->run_dir, name, NULL);
}

static MpCommandEnd
check (pid_t    pid,
       gpointer user_data)
{
  GmWorker *self = user_data;

  if (gm_worker_is_late (self))
    return MP_COMMAND_TIMEOUT;
  return gm_worker_uses_too_much (self, getpid ()) ? MP_COMMAND_REFUSED : MP_COMMAND_EXITED;
}

gboolean
gm_task_command_prepare (GmWorker  *self,
                         GError   **error)
{
  static const char *const nothing[] = { "true", NULL };
  MpCommand *command = mp_command_new (nothing);

  self->command = command;
  mp_command_set_env (command, "GTK_MP_RUN", self->run_id);
  if (self->job->has_nice)
    mp_command_set_nice (command, self->job->nice);
  if (self->job->task_timeout > 0)
    mp_command_set_timeout (command, (gint64) (self->job->task_timeout * G_USEC_PER_SEC));
  if (gm_worker_get_check_interval (self) > 0)
    mp_command_set_check (command, gm_worker_get_check_interval (self), check, self);
  mp_command_set_output_limit (command, SPILL_SIZE);
  mp_command_set_output_path (command, spill_path, self);
  mp_command_set_cancel_fd (command, self->cancel_fd);
  mp_command_set_owner_fd (command, self->runner_fd);
  mp_command_set_paused_time (command, mp_pool_worker_get_paused_time ());
  mp_command_set_pid_slot (command, mp_pool_worker_get_child_pid ());
  return mp_command_become_subreaper (error);
}

static void
set_number (MpCommand  *command,
            const char *name,
            guint64     value)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, value);
  mp_command_set_env (command, name, text);
}

static void
set_up (GmWorker           *self,
        const GmAttempt    *attempt,
        const GmInvocation *invocation)
{
  MpCommand *command = self->command;

  mp_command_set_argv (command, invocation->argv);
  mp_command_set_cwd (command, invocation->cwd);
  mp_command_set_stdin (command, invocation->input, invocation->input_size);
  set_number (command, "GTK_MP_INDEX", attempt->header.index);
  set_number (command, "GTK_MP_SLOT", self->slot);
  set_number (command, "GTK_MP_ATTEMPT", attempt->header.attempt);
  for (guint i = 0; invocation->env[i] != NULL; i++)
    {
      const char *equals = strchr (invocation->env[i], '=');
      g_autofree char *name = g_strndup (invocation->env[i], equals - invocation->env[i]);

      mp_command_set_env (command, name, equals + 1);
    }
}

static gboolean
is_ok_code (const GmJob *job,
            int          code)
{
  for (guint i = 0; i < job->ok_exit_codes->len; i++)
    if (g_array_index (job->ok_exit_codes, int, i) == code)
      return TRUE;
  return FALSE;
}

/* What the end of the program means. Returns: (nullable): what to say besides */
static char *
judge (GmWorker              *self,
       GmAttempt             *attempt,
       const MpCommandResult *result,
       const char            *creates,
       GmStatus              *status,
       GmReason              *reason)
{
  int code = WEXITSTATUS (result->wait_status);

  *status = GM_STATUS_OK;
  *reason = GM_REASON_NONE;
  if (result->end == MP_COMMAND_TIMEOUT)
    {
      *status = GM_STATUS_TIMEOUT;
      *reason = GM_REASON_TIMEOUT;
      return gm_worker_describe_timeout (self);
    }
  if (result->end == MP_COMMAND_REFUSED)
    {
      *status = GM_STATUS_CRASHED;
      *reason = GM_REASON_OUT_OF_MEMORY;
      return gm_worker_describe_memory (self);
    }
  if (result->end == MP_COMMAND_CANCELLED)
    {
      attempt->answer.flags |= GM_ANSWER_ENDED;
      *status = GM_STATUS_CANCELLED;
      *reason = GM_REASON_CANCELLED;
      return NULL;
    }
  if (WIFSIGNALED (result->wait_status) && WTERMSIG (result->wait_status) == SIGKILL
      && gm_worker_sees_oom_kill (self))
    {
      *status = GM_STATUS_CRASHED;
      *reason = GM_REASON_OUT_OF_MEMORY;
      return g_strdup (GM_OOM_KILLED);
    }
  if (WIFSIGNALED (result->wait_status))
    {
      g_autofree char *name = gm_signal_to_string (WTERMSIG (result->wait_status));

      *status = GM_STATUS_CRASHED;
      *reason = GM_REASON_SIGNAL;
      return g_strdup_printf ("the command was killed by %s", name);
    }
  if (!is_ok_code (self->job, code))
    {
      *status = GM_STATUS_ERROR;
      *reason = GM_REASON_EXIT_CODE;
      return g_strdup_printf ("the command exited with code %d", code);
    }
  if (creates != NULL && !g_file_test (creates, G_FILE_TEST_EXISTS))
    {
      *status = GM_STATUS_ERROR;
      *reason = GM_REASON_EXCEPTION;
      return g_strdup_printf ("the command did not create “%s”", creates);
    }
  return NULL;
}

static void
add_text (GmWorker            *self,
          GmAttempt           *attempt,
          int                  fd,
          const MpCommandText *text)
{
  g_autofree char *file = NULL;

  if (text->path == NULL)
    {
      gm_line_add_output (self->answer, fd == 1 ? "stdout" : "stderr", text->data, text->size);
      return;
    }
  file = gm_output_name (attempt->header.index, 0, fd);
  attempt->answer.flags |= fd == 1 ? GM_ANSWER_SPILLED_STDOUT : GM_ANSWER_SPILLED_STDERR;
  gm_line_add_string (self->answer, fd == 1 ? "stdout_file" : "stderr_file", file);
}

static gsize
append_output (GmWorker            *self,
               const MpCommandText *text)
{
  if (!self->want_output || text->path != NULL || text->size == 0)
    return 0;
  g_string_append_len (self->answer, (const char *) text->data, text->size);
  return text->size;
}

static void
write_outcome (GmWorker              *self,
               GmAttempt             *attempt,
               const MpCommandResult *result,
               const char            *creates)
{
  GmStatus status;
  GmReason reason;
  g_autofree char *message = judge (self, attempt, result, creates, &status, &reason);

  gm_worker_begin_line (self, attempt, status, reason);
  if (WIFEXITED (result->wait_status))
    {
      attempt->answer.exit_code = WEXITSTATUS (result->wait_status);
      gm_line_add_int (self->answer, "exit_code", attempt->answer.exit_code);
    }
  else
    {
      attempt->answer.signal = WTERMSIG (result->wait_status);
      gm_line_add_signal (self->answer, attempt->answer.signal);
    }
  if (message != NULL)
    gm_line_add_string (self->answer, "error", message);
  add_text (self, attempt, 1, &result->out);
  add_text (self, attempt, 2, &result->err);
  gm_line_add_seconds (self->answer, "user_time", result->user_time * 1000);
  gm_line_add_seconds (self->answer, "system_time", result->system_time * 1000);
  gm_line_add_int (self->answer, "max_rss", result->max_rss);
  gm_worker_end_line (self, attempt);
  attempt->answer.stdout_length = append_output (self, &result->out);
  attempt->answer.stderr_length = append_output (self, &result->err);
}

/* The program never ran, or what it wrote is lost. */
static void
write_failure (GmWorker              *self,
               GmAttempt             *attempt,
               const MpCommandResult *result,
               const GError          *error)
{
  if (result->end == MP_COMMAND_NO_RESOURCES)
    attempt->answer.flags |= GM_ANSWER_NO_RESOURCES;
  else if (result->end == MP_COMMAND_RESULT_LOST)
    attempt->answer.flags |= GM_ANSWER_OUTPUT_LOST;
  else
    attempt->answer.flags |= GM_ANSWER_FINAL;
  gm_worker_fail (self, attempt, GM_REASON_SPAWN_FAILED, error->message);
}

void
gm_task_command_run (GmWorker  *self,
                     GmAttempt *attempt)
{
  g_autoptr(GError) error = NULL;
  GmInvocation invocation = { NULL };
  MpCommandResult result;

  if (!gm_invoker_expand (self->invoker, &attempt->item, attempt->header.index, self->slot,
                          &invocation, &error))
    {
      attempt->answer.flags |= GM_ANSWER_FINAL;
      gm_worker_fail (self, attempt, GM_REASON_BAD_INPUT, error->message);
      return;
    }
  if (attempt->header.attempt == 1 && invocation.creates != NULL
      && g_file_test (invocation.creates, G_FILE_TEST_EXISTS))
    {
      gm_worker_take_over (self, attempt);
      return;
    }
  set_up (self, attempt, &invocation);
  gm_worker_note_oom_kills (self);
  if (mp_command_run (self->command, &result, &error))
    {
      attempt->started = result.start_time;
      attempt->duration = result.duration;
      write_outcome (self, attempt, &result, invocation.creates);
    }
  else
    write_failure (self, attempt, &result, error);
}
