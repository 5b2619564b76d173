/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "gm-dry-run.h"

#include "gm-inputs-replay.h"
#include "gm-invocation.h"
#include "gm-json.h"
#include "gm-line.h"
#include "gm-past.h"
#include "gm-reuse.h"

static gboolean
is_text (const char *text)
{
  return g_utf8_validate (text, -1, NULL);
}

static void
append_encoded (GString    *line,
                const char *bytes)
{
  g_string_append_c (line, '"');
  gm_append_base64 (line, bytes, strlen (bytes));
  g_string_append_c (line, '"');
}

static void
append_item (GString      *line,
             const GmItem *item)
{
  switch (item->kind)
    {
    case GM_ITEM_JSON:
      g_string_append (line, ",\"item\":");
      g_string_append_len (line, item->data, item->size);
      break;
    case GM_ITEM_BYTES:
      g_string_append (line, ",\"item_base64\":\"");
      gm_append_base64 (line, item->data, item->size);
      g_string_append_c (line, '"');
      break;
    case GM_ITEM_BAD:
    default:
      g_string_append (line, ",\"item\":null");
      gm_line_add_string (line, "error", item->data);
      break;
    }
}

/* Words that JSON has no form for make it `argv_base64`. */
static void
append_argv (GString            *line,
             const char * const *argv)
{
  gboolean encoded = FALSE;

  for (guint i = 0; argv[i] != NULL; i++)
    encoded |= !is_text (argv[i]);
  g_string_append (line, encoded ? ",\"argv_base64\":[" : ",\"argv\":[");
  for (guint i = 0; argv[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (line, ',');
      if (encoded)
        append_encoded (line, argv[i]);
      else
        gm_json_append_string (line, argv[i], -1);
    }
  g_string_append_c (line, ']');
}

/* Those that are text, or those that are not. */
static void
append_env (GString            *line,
            const char * const *env,
            gboolean            encoded)
{
  gsize start;

  g_string_append (line, encoded ? ",\"env_base64\":{" : ",\"env\":{");
  start = line->len;
  for (guint i = 0; env[i] != NULL; i++)
    {
      const char *equals = strchr (env[i], '=');

      if (is_text (equals + 1) == encoded)
        continue;
      if (line->len > start)
        g_string_append_c (line, ',');
      gm_json_append_string (line, env[i], equals - env[i]);
      g_string_append_c (line, ':');
      if (encoded)
        append_encoded (line, equals + 1);
      else
        gm_json_append_string (line, equals + 1, -1);
    }
  g_string_append_c (line, '}');
}

static gboolean
has_bytes (const char * const *env)
{
  for (guint i = 0; env[i] != NULL; i++)
    if (!is_text (strchr (env[i], '=') + 1))
      return TRUE;

  return FALSE;
}

static void
append_invocation (GString      *line,
                   GmJob        *job,
                   GmInvoker    *invoker,
                   const GmItem *item,
                   gint64        index)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *function = NULL;
  GmInvocation invocation = { NULL };

  if (job->task.kind == GM_TASK_FUNCTION)
    {
      function = g_strconcat (job->task.module != NULL ? job->task.module : "builtin", ":",
                              job->task.symbol, NULL);
      gm_line_add_string (line, "function", function);
    }
  else if (job->task.kind == GM_TASK_WORKER)
    append_argv (line, (const char * const *) job->task.argv);
  else if (!gm_invoker_expand (invoker, item, index, 1, &invocation, &error))
    gm_line_add_string (line, "error", error->message);
  else
    {
      append_argv (line, invocation.argv);
      if (job->task.kind == GM_TASK_SHELL || invocation.env[0] != NULL)
        append_env (line, invocation.env, FALSE);
      if (has_bytes (invocation.env))
        append_env (line, invocation.env, TRUE);
    }
}

/* Waits for input where it does not come from a file. */
static GmInputsStatus
next_item (GmInputs  *inputs,
           GmItem    *item,
           GError   **error)
{
  GmInputsStatus status;

  while ((status = gm_inputs_next (inputs, item, error)) == GM_INPUTS_WAIT)
    {
      struct pollfd pollfd = { .fd = gm_inputs_get_fd (inputs), .events = POLLIN };

      poll (&pollfd, 1, -1);
    }

  return status;
}

/* The items of the job, and what became of them in the run to go on with. */
typedef struct
{
  GmInputs *inputs;
  GmPast   *past;    /* NULL: nothing yet */
  GmReuse  *reuse;   /* or NULL */
} Source;

static void
source_clear (Source *self)
{
  g_clear_pointer (&self->inputs, gm_inputs_free);
  g_clear_pointer (&self->past, gm_past_free);
  g_clear_pointer (&self->reuse, gm_reuse_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)

static gboolean
source_open (Source           *self,
             GmJob            *job,
             const GmOptions  *options,
             const char       *resume_dir,
             const char       *reuse_dir,
             GError          **error)
{
  GmInputsKept kept = { 0 };

  if (resume_dir != NULL
      && (!gm_inputs_kept_read (&kept, resume_dir, error)
          || !gm_inputs_kept_compare (&kept, resume_dir, job, error)
          || (self->past = gm_past_read (resume_dir, options->retry_failed, error)) == NULL))
    return FALSE;
  if (kept.has_lines && job->inputs->kind != GM_INPUT_ARGUMENTS
      && !gm_past_check_inputs (self->past, kept.count, error))
    return FALSE;
  if (reuse_dir != NULL && (self->reuse = gm_reuse_new (reuse_dir, job, error)) == NULL)
    return FALSE;
  if (kept.has_lines && job->inputs->kind != GM_INPUT_ARGUMENTS)
    self->inputs = gm_inputs_replay (&kept, resume_dir, error);
  else
    self->inputs = gm_inputs_open (job, STDIN_FILENO, error);

  return self->inputs != NULL;
}

/* Returns: (nullable): why the item would run, or is taken over; NULL if there is nothing to say */
static const char *
get_why (Source          *self,
         const GmOptions *options,
         guint64          index,
         const GmItem    *item)
{
  GmStatus status;

  if (self->reuse != NULL && item->kind != GM_ITEM_BAD)
    return gm_reuse_why_to_string (gm_reuse_look_up (self->reuse, index, item));
  if (self->past == NULL)
    return "new";
  if (gm_past_is_settled (self->past, index))
    return NULL;
  if (!gm_past_get_outcome (self->past, index, &status))
    return options->retry_failed ? NULL : "new";

  return status == GM_STATUS_CANCELLED ? "new" : "failed before";
}

/**
 * gm_dry_run:
 * @job: a job
 * @options: what the command line says besides
 * @resume_dir: (nullable): the run to go on with
 * @reuse_dir: (nullable): the run to take outcomes over from
 * @out: where to print
 * @error: return location for an error
 *
 * Prints what would run, one JSON object a line, and waits for whoever reads it. Worker slots are
 * shown as 1.
 *
 * Returns: %FALSE with #GM_JOB_ERROR if the inputs can't be read
 */
gboolean
gm_dry_run (GmJob            *job,
            const GmOptions  *options,
            const char       *resume_dir,
            const char       *reuse_dir,
            GmOutput         *out,
            GError          **error)
{
  g_auto(Source) source = { NULL };
  gboolean opened = source_open (&source, job, options, resume_dir, reuse_dir, error);
  g_autoptr(GmInvoker) invoker = opened ? gm_invoker_new (job, error) : NULL;
  g_autoptr(GString) line = g_string_new (NULL);
  GmInputsStatus status = GM_INPUTS_END;
  guint64 n = 0;
  GmItem item;

  if (invoker == NULL || !gm_invoker_check (invoker, source.inputs, error))
    return FALSE;

  for (guint64 index = 0;
       gm_output_get_errno (out) == 0 && (options->first == 0 || n < options->first); index++)
    {
      const char *why;

      status = next_item (source.inputs, &item, error);
      if (status != GM_INPUTS_ITEM)
        break;
      why = get_why (&source, options, index, &item);
      if (why == NULL)
        continue;
      n += !g_str_equal (why, "reused");
      g_string_assign (line, "{\"index\":");
      gm_json_append_int (line, index);
      append_item (line, &item);
      if (item.kind != GM_ITEM_BAD)
        append_invocation (line, job, invoker, &item, index);
      if (source.past != NULL || source.reuse != NULL)
        gm_line_add_string (line, "why", why);
      gm_line_end (line);
      gm_output_write (out, line->str, line->len);
      while (gm_output_is_full (out) && gm_output_wait (out))
        ;
    }
  while (gm_output_wait (out))
    ;

  return status != GM_INPUTS_ERROR;
}
