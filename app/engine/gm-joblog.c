/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-joblog.h"

#include "gm-invocation.h"
#include "gm-json.h"
#include "gm-line.h"
#include "gm-outcome-file.h"

/* Nine columns with a tab between them, a row for each item that ended, as scripts that know GNU
 * parallel read them. The command is shown with the worker's slot as 1. */

#define HEADING "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"

/* Words of these need no quotes. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./,:=+@%^"

struct _GmJoblog
{
  /* Owned */
  GmJob     *job;
  GmInvoker *invoker;
  char      *path;
  GString   *rows;    /* not yet written */
  GString   *text;
  int        fd;
};

static gboolean
fail (GmJoblog  *self,
      GError   **error)
{
  int saved_errno = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               "Could not write the job log “%s”: %s", self->path, g_strerror (saved_errno));
  return FALSE;
}

/**
 * gm_joblog_open:
 * @path: the file; with a `+` before it, it is appended to
 * @go_on: whether to append in any case: the run is one that is gone on with
 * @job: the job
 * @error: return location for an error
 *
 * Returns: (transfer full): the log, or %NULL if the file can't be written
 */
GmJoblog *
gm_joblog_open (const char  *path,
                gboolean     go_on,
                GmJob       *job,
                GError     **error)
{
  g_autoptr(GmJoblog) self = g_new0 (GmJoblog, 1);
  gboolean appends = go_on || *path == '+';
  struct stat status;

  self->fd = -1;
  self->job = gm_job_ref (job);
  self->path = g_strdup (*path == '+' ? path + 1 : path);
  self->rows = g_string_new (NULL);
  self->text = g_string_new (NULL);
  self->invoker = gm_invoker_new (job, error);
  if (self->invoker == NULL)
    return NULL;
  self->fd = open (self->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (appends ? 0 : O_TRUNC),
                   0666);
  if (self->fd < 0 || fstat (self->fd, &status) < 0)
    {
      fail (self, error);
      return NULL;
    }
  if (status.st_size == 0)
    g_string_append (self->rows, HEADING);
  return gm_joblog_write (self, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * gm_joblog_free:
 * @self: (transfer full): a job log
 */
void
gm_joblog_free (GmJoblog *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_clear_pointer (&self->invoker, gm_invoker_free);
  gm_job_unref (self->job);
  g_string_free (self->rows, TRUE);
  g_string_free (self->text, TRUE);
  g_free (self->path);
  g_free (self);
}

static void
append_word (GString    *row,
             const char *word)
{
  g_autofree char *quoted = NULL;

  if (*word != '\0' && word[strspn (word, PLAIN)] == '\0')
    {
      g_string_append (row, word);
      return;
    }
  quoted = g_shell_quote (word);
  g_string_append (row, quoted);
}

static void
append_words (GString            *row,
              const char * const *words)
{
  for (guint i = 0; words[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (row, ' ');
      append_word (row, words[i]);
    }
}

/* The text for the shell with the values in the place of the variables that bring them. */
static void
append_shell (GString            *row,
              const char         *text,
              const char * const *env)
{
  g_autoptr(GString) shown = g_string_new (text);

  for (guint i = 0; env[i] != NULL; i++)
    {
      const char *equals = strchr (env[i], '=');
      g_autofree char *bare = g_strdup_printf ("${%.*s}", (int) (equals - env[i]), env[i]);
      g_autofree char *in_quotes = g_strdup_printf ("\"%s\"", bare);
      g_autoptr(GString) value = g_string_new (NULL);

      if (!g_str_has_prefix (env[i], "GTK_MP_V"))
        continue;
      append_word (value, equals + 1);
      g_string_replace (shown, in_quotes, value->str, 0);
      g_string_replace (shown, bare, equals + 1, 0);
    }
  g_string_append (row, shown->str);
}

static void
append_command (GmJoblog            *self,
                GString             *row,
                const GmRunOutcome  *outcome)
{
  GmPastOutcome past = { .line = outcome->line, .reason = outcome->reason };
  const GmTask *task = &self->job->task;
  GmInvocation invocation = { NULL };
  GmItem item;
  gsize start = row->len;

  if (!gm_past_outcome_get_item (&past, self->text, &item))
    return;
  if (task->kind == GM_TASK_FUNCTION || task->kind == GM_TASK_WORKER)
    {
      if (task->kind == GM_TASK_WORKER)
        append_words (row, (const char * const *) task->argv);
      else
        g_string_append_printf (row, "%s:%s", task->module != NULL ? task->module : "builtin",
                                task->symbol);
      g_string_append_c (row, ' ');
      append_word (row, item.data);
    }
  else if (!gm_invoker_expand (self->invoker, &item, outcome->index, 1, &invocation, NULL))
    append_word (row, item.data);
  else if (task->kind == GM_TASK_SHELL)
    append_shell (row, invocation.argv[2], invocation.env);
  else
    append_words (row, invocation.argv);
  /* A row is a line: parallel, too, has a NUL where the command has a new line. */
  for (char *p = row->str + start; (p = memchr (p, '\n', row->str + row->len - p)) != NULL;)
    *p = '\0';
}

/* As parallel has them: 127 for what could not be started, -1 for what was ended from outside. */
static void
get_exit (const GmRunOutcome *outcome,
          int                *value,
          int                *signal)
{
  *value = MAX (outcome->exit_code, 0);
  *signal = outcome->signal;
  if (outcome->status == GM_STATUS_TIMEOUT || outcome->status == GM_STATUS_CANCELLED
      || outcome->reason == GM_REASON_OUT_OF_MEMORY)
    {
      *value = -1;
      *signal = 15;
    }
  else if (outcome->reason == GM_REASON_SPAWN_FAILED)
    *value = 127;
  else if (outcome->status != GM_STATUS_OK && *value == 0 && *signal == 0)
    *value = 1;
}

static gint64
get_received (const GmRunOutcome *outcome)
{
  struct stat status;

  if (outcome->stdout_path == NULL)
    return outcome->stdout_length;
  return stat (outcome->stdout_path, &status) == 0 ? status.st_size : 0;
}

/**
 * gm_joblog_add:
 * @self: a job log
 * @outcome: the final outcome of an item, with its output
 *
 * Adds a row, unless the item was not run.
 */
void
gm_joblog_add (GmJoblog           *self,
               const GmRunOutcome *outcome)
{
  const char *started = gm_line_find (outcome->line, "started");
  const char *duration = gm_line_find (outcome->line, "duration");
  char start[G_ASCII_DTOSTR_BUF_SIZE], runtime[G_ASCII_DTOSTR_BUF_SIZE];
  int value, signal;

  if (started == NULL || duration == NULL || gm_line_find (outcome->line, "reused") != NULL)
    return;
  g_ascii_formatd (start, sizeof start, "%.3f", g_ascii_strtod (started, NULL));
  g_ascii_formatd (runtime, sizeof runtime, "%.3f", g_ascii_strtod (duration, NULL));
  get_exit (outcome, &value, &signal);
  g_string_append_printf (self->rows, "%" G_GUINT64_FORMAT "\t:\t%s\t%10s\t0\t%" G_GINT64_FORMAT
                          "\t%d\t%d\t", outcome->index + 1, start, runtime, get_received (outcome),
                          value, signal);
  append_command (self, self->rows, outcome);
  g_string_append_c (self->rows, '\n');
}

/**
 * gm_joblog_write:
 * @self: a job log
 * @error: return location for an error
 *
 * Writes the rows that were added.
 *
 * Returns: %FALSE if that failed
 */
gboolean
gm_joblog_write (GmJoblog  *self,
                 GError   **error)
{
  gsize done = 0;

  while (done < self->rows->len)
    {
      gssize n = write (self->fd, self->rows->str + done, self->rows->len - done);

      if (n < 0 && errno != EINTR)
        return fail (self, error);
      done += MAX (n, 0);
    }
  g_string_truncate (self->rows, 0);
  return TRUE;
}
