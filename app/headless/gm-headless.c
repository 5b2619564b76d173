/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-headless.h"

#include "gm-face.h"
#include "gm-old-runs.h"
#include "gm-options.h"
#include "gm-report.h"
#include "gm-runner.h"
#include "gm-steer.h"
#include "gm-watch.h"

/* Where the current folder is gone GLib takes "/" for it, and what is relative would land there. */
static gboolean
check_folder (const GmOptions  *options,
              GError          **error)
{
  gboolean relative = options->words != NULL
                      || (options->run_dir != NULL && !g_path_is_absolute (options->run_dir));
  g_autofree char *folder = relative ? getcwd (NULL, 0) : NULL;

  if (!relative || folder != NULL)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "the current folder can't be told: %s; change to one that is there",
               g_strerror (errno));

  return FALSE;
}

static GmJob *
load_file (const char  *path,
           GError     **error)
{
  g_autoptr(GmJob) job = gm_job_new_from_file (path, error);
  struct stat file, input;

  if (job == NULL || !gm_input_spec_reads_stdin (job->inputs))
    return g_steal_pointer (&job);
  if (stat (path, &file) < 0 || fstat (STDIN_FILENO, &input) < 0
      || file.st_dev != input.st_dev || file.st_ino != input.st_ino)
    return g_steal_pointer (&job);
  gm_job_set_error (job, error, "$.inputs", "the job itself comes from standard input, so its "
                    "items can't; name a file for the one or the other");

  return NULL;
}

/* From the run to go on with, a job file, or the words of the command line. */
static GmJob *
load_job (const GmOptions  *options,
          const char       *resume_dir,
          GError          **error)
{
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;

  if (resume_dir != NULL)
    {
      path = g_build_filename (resume_dir, "job.json", NULL);
      return gm_job_new_from_file (path, error);
    }
  if (options->file != NULL)
    return load_file (options->file, error);

  folder = g_get_current_dir ();

  return gm_job_new_from_words ((const char * const *) options->words, folder, error);
}

static GmJob *
load_job_with_options (const GmOptions  *options,
                       const char       *resume_dir,
                       GError          **error)
{
  GmJob *job = load_job (options, resume_dir, error);

  for (guint i = 0; job != NULL && i < options->overrides->len; i++)
    {
      const GmOverride *override = &g_array_index (options->overrides, GmOverride, i);
      g_autoptr(GmJob) before = job;

      job = gm_job_with_option (before, override->key, override->text, error);
    }

  return job;
}

static gboolean
reads_terminal (GmJob           *job,
                const GmOptions *options)
{
  return options->words != NULL && gm_input_spec_reads_stdin (job->inputs)
         && isatty (STDIN_FILENO);
}

static int
run_job (const GmOptions *options)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *resume_dir = NULL;
  g_autofree char *reuse_dir = NULL;
  g_autoptr(GmJob) job = NULL;

  if (check_folder (options, &error)
      && (options->resume == NULL
          || (resume_dir = gm_old_run_find (options->resume, &error)) != NULL)
      && (options->reuse == NULL
          || (reuse_dir = gm_old_run_find (options->reuse, &error)) != NULL))
    job = load_job_with_options (options, resume_dir, &error);
  if (job == NULL)
    {
      gm_report (error->message);
      return GM_EXIT_USAGE;
    }
  if (options->mode == GM_MODE_CHECK)
    {
      if (!options->quiet)
        gm_report ("the job is fine");
      return GM_EXIT_OK;
    }
  if (reads_terminal (job, options))
    {
      gm_report ("there are no inputs, and standard input is a terminal: write them after :::, or "
                 "pipe lines into gtk-mp");
      return GM_EXIT_USAGE;
    }
  if (options->mode == GM_MODE_DRY_RUN)
    return gm_face_dry_run (job, options, resume_dir, reuse_dir);

  return gm_face_run (job, options, resume_dir, reuse_dir);
}

static int
print_answer (const char *text)
{
  fputs (text, stdout);

  return gm_finish_printing ();
}

/**
 * gm_headless_is_wanted:
 * @argv: a command line
 *
 * Returns: whether it has an option of the terminal's face, so that no window is wanted
 */
gboolean
gm_headless_is_wanted (char **argv)
{
  return gm_options_wanted (argv);
}

/**
 * gm_headless_main:
 * @argv: a command line
 *
 * The program without a window.
 *
 * Returns: the exit code
 */
int
gm_headless_main (char **argv)
{
  g_auto(GmOptions) options = { 0 };
  g_autoptr(GError) error = NULL;
  g_autofree char *help = NULL;

  /* A reader that goes away is an error of a write, not the end of us. */
  signal (SIGPIPE, SIG_IGN);
  if (!gm_options_parse (&options, argv, &error))
    {
      gm_report (error->message);
      return GM_EXIT_USAGE;
    }
  switch (options.mode)
    {
    case GM_MODE_VERSION:
      return print_answer ("gtk-mp " PACKAGE_VERSION "\n");
    case GM_MODE_HELP:
      help = gm_options_help ();
      return print_answer (help);
    case GM_MODE_LIST:
      return gm_old_runs_list (&options);
    case GM_MODE_REMOVE:
      return gm_old_run_remove (&options);
    case GM_MODE_WATCH:
      return gm_watch (&options);
    case GM_MODE_STATUS:
    case GM_MODE_CANCEL:
    case GM_MODE_DRAIN:
    case GM_MODE_PAUSE:
    case GM_MODE_UNPAUSE:
    case GM_MODE_RESIZE:
      return gm_steer (&options);
    case GM_MODE_RUN:
    case GM_MODE_DRY_RUN:
    case GM_MODE_CHECK:
    default:
      return run_job (&options);
    }
}
