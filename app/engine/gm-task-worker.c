/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "gm-worker-private.h"

#include "gm-describe.h"
#include "gm-escape.h"
#include "gm-json.h"
#include "gm-worker-child.h"

/* A program of the user's that stays and answers items, a JSON line each. */

#define TERM_GRACE (G_USEC_PER_SEC / 2)

static void
leave (gpointer child,
       gpointer user_data)
{
  gm_worker_child_leave (child);
}

gboolean
gm_task_worker_prepare (GmWorker  *self,
                        GError   **error)
{
  const GmJob *job = self->job;
  g_autoptr(MpCommand) command = mp_command_new ((const char * const *) job->task.argv);
  char slot[16];

  for (guint i = 0; i < job->env_names->len; i++)
    mp_command_set_env (command, g_ptr_array_index (job->env_names, i),
                        g_ptr_array_index (job->env_values, i));
  g_snprintf (slot, sizeof slot, "%u", self->slot);
  mp_command_set_env (command, "GTK_MP_RUN", self->run_id);
  mp_command_set_env (command, "GTK_MP_SLOT", slot);
  mp_command_set_cwd (command, job->cwd != NULL ? job->cwd : job->base_dir);
  if (job->has_nice)
    mp_command_set_nice (command, job->nice);
  mp_command_set_pid_slot (command, mp_pool_worker_get_child_pid ());
  if (!mp_command_become_subreaper (error))
    return FALSE;
  self->child = gm_worker_child_new (command);
  self->question = g_string_new (NULL);
  mp_finalizer_add (leave, self->child, NULL, 0);
  return TRUE;
}

static void
write_bad_answer (GmWorker   *self,
                  GmAttempt  *attempt,
                  const char *what,
                  const char *line,
                  gsize       length)
{
  g_autofree char *quote = gm_quote (line, length);
  g_autofree char *message = g_strdup_printf ("%s: %s", what, quote);

  gm_worker_fail (self, attempt, GM_REASON_BAD_ANSWER, message);
}

/* Looks into @json, an answer in the compact form. Returns: (nullable): the value, if it is the
 * only member and one of the two there may be */
static const char *
find_value (const char *json,
            const char *name,
            gsize      *length)
{
  gsize n = strlen (name);
  const char *end;

  if (strncmp (json, "{\"", 2) != 0 || strncmp (json + 2, name, n) != 0
      || strncmp (json + 2 + n, "\":", 2) != 0)
    return NULL;
  json += 2 + n + 2;
  end = gm_json_skip (json);
  *length = end - json;
  return g_str_equal (end, "}") ? json : NULL;
}

/* Returns: FALSE if @line is no answer */
static gboolean
write_answer (GmWorker   *self,
              GmAttempt  *attempt,
              const char *line,
              gsize       length)
{
  g_autoptr(GString) json = g_string_sized_new (length + 1);
  g_autoptr(GString) text = NULL;
  g_autoptr(GError) error = NULL;
  const char *value;
  gsize size, start;

  if (!gm_json_compact (json, line, length, NULL, &error))
    {
      g_prefix_error (&error, "the answer is not JSON (");
      g_autofree char *what = g_strconcat (error->message, ")", NULL);

      write_bad_answer (self, attempt, what, line, length);
      return FALSE;
    }
  if ((value = find_value (json->str, "result", &size)) != NULL)
    {
      if (!gm_worker_has_created (self, attempt))
        return TRUE;
      gm_worker_begin_line (self, attempt, GM_STATUS_OK, GM_REASON_NONE);
      g_string_append (self->answer, ",\"result\":");
      start = self->answer->len;
      g_string_append_len (self->answer, value, size);
      gm_worker_end_line_of_result (self, attempt, start);
      return TRUE;
    }
  if ((value = find_value (json->str, "error", &size)) != NULL && *value == '"')
    {
      text = g_string_new (NULL);
      gm_json_unescape (text, value);
      gm_worker_fail (self, attempt, GM_REASON_EXCEPTION, text->str);
      return TRUE;
    }
  write_bad_answer (self, attempt,
                    "the answer is neither {\"result\": …} nor {\"error\": \"…\"}", line, length);
  return FALSE;
}

/* The child is gone, or has closed its output. */
static void
write_death (GmWorker  *self,
             GmAttempt *attempt)
{
  gboolean died = gm_worker_child_wait (self->child);
  int status = gm_worker_child_end (self->child, TERM_GRACE);
  gboolean killed = died && WIFSIGNALED (status);
  gboolean starved = killed && WTERMSIG (status) == SIGKILL && gm_worker_sees_oom_kill (self);
  g_autofree char *message = NULL;

  attempt->answer.signal = killed ? WTERMSIG (status) : 0;
  gm_worker_begin_line (self, attempt, GM_STATUS_CRASHED,
                        starved ? GM_REASON_OUT_OF_MEMORY
                        : killed ? GM_REASON_SIGNAL : GM_REASON_WORKER_DIED);
  if (killed)
    {
      g_autofree char *name = gm_signal_to_string (attempt->answer.signal);

      gm_line_add_signal (self->answer, attempt->answer.signal);
      message = starved ? g_strdup (GM_OOM_KILLED)
                : g_strdup_printf ("the process was killed by %s before it answered", name);
    }
  else if (died)
    {
      attempt->answer.exit_code = WEXITSTATUS (status);
      gm_line_add_int (self->answer, "exit_code", attempt->answer.exit_code);
      message = g_strdup_printf ("the process exited with code %d before it answered",
                                 attempt->answer.exit_code);
    }
  else
    message = g_strdup ("the process closed its standard output before it answered");
  gm_line_add_string (self->answer, "error", message);
  gm_worker_end_line (self, attempt);
}

static void
write_ended (GmWorker   *self,
             GmAttempt  *attempt,
             GmStatus    status,
             GmReason    reason,
             const char *message)
{
  gm_worker_child_end (self->child, reason == GM_REASON_OUT_OF_MEMORY ? 0 : TERM_GRACE);
  gm_worker_begin_line (self, attempt, status, reason);
  if (message != NULL)
    gm_line_add_string (self->answer, "error", message);
  gm_worker_end_line (self, attempt);
}

static void
write_end (GmWorker   *self,
           GmAttempt  *attempt,
           GmAskEnd    end,
           const char *line,
           gsize       length)
{
  g_autofree char *message = NULL;

  switch (end)
    {
    case GM_ASK_ANSWERED:
      if (!write_answer (self, attempt, line, length))
        gm_worker_child_end (self->child, TERM_GRACE);
      break;
    case GM_ASK_TOO_LONG:
      write_bad_answer (self, attempt, "the answer is a line of more than 16 MiB", line, length);
      gm_worker_child_end (self->child, TERM_GRACE);
      break;
    case GM_ASK_TOO_EARLY:
      write_bad_answer (self, attempt, "it answered before it had read the item", line, length);
      gm_worker_child_end (self->child, TERM_GRACE);
      break;
    case GM_ASK_TIMEOUT:
      message = gm_worker_describe_timeout (self);
      write_ended (self, attempt, GM_STATUS_TIMEOUT, GM_REASON_TIMEOUT, message);
      break;
    case GM_ASK_OUT_OF_MEMORY:
      message = gm_worker_describe_memory (self);
      write_ended (self, attempt, GM_STATUS_CRASHED, GM_REASON_OUT_OF_MEMORY, message);
      break;
    case GM_ASK_CANCELLED:
      attempt->answer.flags |= GM_ANSWER_ENDED;
      write_ended (self, attempt, GM_STATUS_CANCELLED, GM_REASON_CANCELLED, NULL);
      break;
    case GM_ASK_ENDED:
    default:
      write_death (self, attempt);
      break;
    }
}

static void
write_question (GmWorker        *self,
                const GmAttempt *attempt)
{
  g_string_truncate (self->question, 0);
  g_string_append (self->question, "{\"index\":");
  gm_json_append_int (self->question, attempt->header.index);
  g_string_append (self->question, ",\"item\":");
  g_string_append_len (self->question, attempt->item.data, attempt->item.size);
  g_string_append (self->question, "}\n");
}

static GmAskEnd
check (pid_t    pid,
       gpointer user_data)
{
  GmWorker *self = user_data;

  if (gm_worker_is_late (self))
    return GM_ASK_TIMEOUT;
  return gm_worker_uses_too_much (self, pid) ? GM_ASK_OUT_OF_MEMORY : GM_ASK_ANSWERED;
}

static GmAskEnd
ask (GmWorker     *self,
     GmAttempt    *attempt,
     const char  **line,
     gsize        *length)
{
  GmAskWatch watch = {
    .cancel_fd = self->cancel_fd,
    .owner_fd = self->runner_fd,
    .interval = gm_worker_get_check_interval (self) * 1000,
    .check = check,
    .user_data = self,
    .deadline = gm_worker_get_deadline (self),
    .paused_time = mp_pool_worker_get_paused_time (),
  };

  return gm_worker_child_ask (self->child, self->question->str, self->question->len, &watch, line,
                              length);
}

static void
write_not_started (GmWorker  *self,
                   GmAttempt *attempt,
                   int        error_number,
                   GError    *error)
{
  gboolean shortage = error_number == EAGAIN || error_number == ENOMEM || error_number == EMFILE
                      || error_number == ENFILE;

  attempt->answer.flags |= shortage ? GM_ANSWER_NO_RESOURCES : GM_ANSWER_FINAL;
  gm_worker_fail (self, attempt, GM_REASON_SPAWN_FAILED, error->message);
}

void
gm_task_worker_run (GmWorker  *self,
                    GmAttempt *attempt)
{
  g_autoptr(GError) error = NULL;
  GmAskEnd end = GM_ASK_TOO_EARLY;
  const char *line = NULL;
  gsize length = 0;

  if (!gm_worker_begin_attempt (self, attempt))
    return;
  gm_worker_note_oom_kills (self);
  write_question (self, attempt);
  /* What comes too early is about an item before, and no fault of this one: another child is asked.
   * If that speaks without being asked as well, it is how the program is. */
  for (guint i = 0; i < 2 && end == GM_ASK_TOO_EARLY; i++)
    {
      if (i > 0)
        gm_worker_child_dismiss (self->child);
      if (!gm_worker_child_ready (self->child, &error))
        {
          write_not_started (self, attempt, errno, error);
          return;
        }
      end = ask (self, attempt, &line, &length);
    }
  attempt->duration = gm_worker_clock () - self->began;
  write_end (self, attempt, end, line, length);
}
