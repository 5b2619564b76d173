/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-json.h"
#include "gm-template.h"

/* What is refused before anything runs. */

/**
 * gm_runner_check_supported:
 * @job: a job
 * @error: return location for an error
 *
 * Returns: %FALSE if @job asks for what this version can't do
 */
gboolean
gm_runner_check_supported (GmJob   *job,
                           GError **error)
{
  const struct { gboolean asked; const char *what; } missing[] = {
    { job->engine == GM_ENGINE_SLURM, "the engine `slurm`" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (missing); i++)
    if (missing[i].asked)
      {
        g_set_error (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE,
                     "This version of gtk-mp does not run jobs with %s yet", missing[i].what);
        return FALSE;
      }
  return TRUE;
}

/* The program is looked for along the PATH that the task will have. */
static void
set_path (MpCommand   *command,
          const GmJob *job)
{
  for (guint i = 0; i < job->env_names->len; i++)
    if (g_str_equal (g_ptr_array_index (job->env_names, i), "PATH"))
      mp_command_set_env (command, "PATH", g_ptr_array_index (job->env_values, i));
}

static gboolean
check_command (const GmJob  *job,
               const char   *program,
               const char   *folder,
               GError      **error)
{
  g_autoptr(MpCommand) command = mp_command_new ((const char *[]) { program, NULL });
  g_autofree char *path = g_canonicalize_filename (folder, job->base_dir);
  g_autoptr(GError) cause = NULL;

  mp_command_set_cwd (command, path);
  set_path (command, job);
  if (mp_command_check (command, &cause))
    return TRUE;
  g_set_error_literal (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE, cause->message);
  return FALSE;
}

/**
 * gm_runner_check_program:
 * @job: a job
 * @error: return location for an error
 *
 * Returns: %FALSE if the program that each item would run can't be found or executed
 */
gboolean
gm_runner_check_program (GmJob   *job,
                         GError **error)
{
  g_autoptr(GmTemplate) template = NULL;
  g_autoptr(GmTemplate) cwd = NULL;
  g_autoptr(GmValues) values = gm_values_new ();
  g_autoptr(GString) program = g_string_new (NULL);
  g_autoptr(GString) folder = g_string_new (NULL);

  if (job->task.kind != GM_TASK_COMMAND && job->task.kind != GM_TASK_WORKER)
    return TRUE;
  if (job->task.kind == GM_TASK_WORKER)
    return check_command (job, job->task.argv[0], job->cwd != NULL ? job->cwd : ".", error);
  template = gm_template_new (job->task.argv[0]);
  cwd = gm_template_new (job->cwd != NULL ? job->cwd : ".");
  if (gm_template_n_fields (template) > 0 || gm_template_n_fields (cwd) > 0
      || !gm_template_expand (template, values, program, NULL)
      || !gm_template_expand (cwd, values, folder, NULL))
    return TRUE;
  return check_command (job, program->str, folder->str, error);
}

static gboolean
is_json (const char *line,
         gsize       length)
{
  JsonNode *node = gm_json_parse (line, length, NULL, NULL);

  if (node != NULL)
    json_node_unref (node);
  return node != NULL;
}

static gboolean
is_outcome (const char *line,
            gsize       length)
{
  static const char start[] = "{\"index\":";

  return length > strlen (start) && line[length - 1] == '\n'
         && memcmp (line, start, strlen (start)) == 0
         && is_json (line, length);
}

/* A pipe or a terminal would be waited for, so nothing but a file is read.
 * Returns: %FALSE with errno 0 if it is something else, with another errno if it can't be opened */
static gboolean
has_only_outcomes (const char *path)
{
  g_autofree char *line = NULL;
  struct stat status = { 0 };
  size_t allocated = 0;
  gboolean fine;
  FILE *file;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  if (fd < 0)
    return FALSE;
  file = fdopen (fd, "r");
  if (file == NULL)
    {
      close (fd);
      return FALSE;
    }
  fine = fstat (fd, &status) == 0 && S_ISREG (status.st_mode);
  for (gssize n; fine && (n = getline (&line, &allocated, file)) > 0;)
    fine = is_outcome (line, n);
  fine = fine && !ferror (file);
  fclose (file);
  errno = 0;
  return fine;
}

/* Returns: %FALSE with errno if there is no folder in which @path could be made */
static gboolean
has_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return access (folder, W_OK | X_OK) == 0;
}

/**
 * gm_runner_check_results:
 * @job: a job
 * @error: return location for an error
 *
 * Nothing is worse than to learn at the end of a long run that its `results` can't be written.
 *
 * Returns: %FALSE if they would replace what is not a file of outcomes, or have no folder
 */
gboolean
gm_runner_check_results (GmJob   *job,
                         GError **error)
{
  if (job->results == NULL)
    return TRUE;
  if ((has_only_outcomes (job->results) || errno == ENOENT) && has_folder (job->results))
    return TRUE;
  if (errno != 0)
    g_set_error (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE,
                 "The results can't be written to “%s”: %s", job->results, g_strerror (errno));
  else
    g_set_error (error, GM_RUNNER_ERROR, GM_RUNNER_ERROR_USAGE,
                 "“%s” is not a file of outcomes: it is not replaced. Move it away or name another "
                 "file as `results`", job->results);
  return FALSE;
}
