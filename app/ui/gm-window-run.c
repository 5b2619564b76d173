/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "gm-window-private.h"

#include "gm-run-id.h"
#include "gm-starter.h"

/* Starting runs and steering them. */

typedef struct
{
  GWeakRef  window;
  GmRun    *run;
} Start;

static void
start_free (Start *start)
{
  g_weak_ref_clear (&start->window);
  g_object_unref (start->run);
  g_free (start);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Start, start_free)

static void
runner_ended_cb (GObject      *object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(Start) start = user_data;
  g_autoptr(GmWindow) self = g_weak_ref_get (&start->window);
  g_autoptr(GError) error = NULL;
  const char *dir = gm_run_get_dir (start->run);

  if (gm_starter_start_finish (result, &error))
    return;
  /* Nothing ran: the folder that was made for it is empty. */
  g_rmdir (dir);
  if (self == NULL)
    return;
  g_free (self->trouble);
  self->trouble = g_strdup (error->message);
  if (self->run == start->run && !g_file_test (dir, G_FILE_TEST_IS_DIR))
    {
      g_object_set_data (G_OBJECT (self->draft), "run", NULL);
      gm_window_show (self, self->draft, NULL);
      gm_window_show_page (self, "define");
    }
  gm_window_update (self);
}

static void
start_runner (GmWindow           *self,
              GmRun              *run,
              const char * const *options,
              const char         *job)
{
  Start *start = g_new0 (Start, 1);

  g_clear_pointer (&self->trouble, g_free);
  g_weak_ref_init (&start->window, self);
  start->run = g_object_ref (run);
  gm_starter_start_async (options, job, NULL, runner_ended_cb, start);
}

/**
 * gm_window_start:
 * @self: a window that shows a job
 * @first: only so many items; 0: all
 *
 * Runs the job as it is shown.
 */
void
gm_window_start (GmWindow *self,
                 guint     first)
{
  GmJob *job = self->draft != NULL ? gm_draft_get_job (self->draft) : NULL;
  g_autofree char *id = NULL;
  g_autofree char *dir = NULL;
  g_autofree char *text = NULL;
  g_autofree char *dir_option = NULL;
  g_autofree char *first_option = NULL;
  const char *options[3] = { NULL };
  GmRun *run;

  if (job == NULL)
    return;
  id = gm_run_id_new (job->name, g_get_real_time () / G_USEC_PER_SEC, (guint16) g_random_int ());
  dir = g_build_filename (gm_run_store_get_folder (self->runs), id, NULL);
  if (g_mkdir (dir, 0700) < 0)
    {
      g_autofree char *message = g_strdup_printf (_("Could not make the folder of the run: %s"),
                                                  g_strerror (errno));

      gm_window_toast (self, message);
      return;
    }
  run = gm_run_store_add (self->runs, id);
  text = gm_job_to_json_resolved (job, FALSE);
  options[0] = dir_option = g_strdup_printf ("--run-dir=%s", dir);
  if (first > 0)
    options[1] = first_option = g_strdup_printf ("--first=%u", first);
  g_object_set_data_full (G_OBJECT (self->draft), "run", g_object_ref (run), g_object_unref);
  g_object_set_data_full (G_OBJECT (run), "text", g_strdup (gm_draft_get_text (self->draft)),
                          g_free);
  start_runner (self, run, options, text);
  gm_window_show (self, self->draft, run);
  gm_window_show_page (self, "monitor");
}

/**
 * gm_window_go_on:
 * @self: a window that shows a run that is over
 * @option: `resume` or `retry-failed`
 *
 * Goes on with the run in the same directory.
 */
void
gm_window_go_on (GmWindow   *self,
                 const char *option)
{
  g_autofree char *text = NULL;
  const char *options[2] = { NULL };
  GmRun *run;

  if (self->run == NULL || gm_run_get_live (self->run))
    return;
  run = gm_run_store_add (self->runs, gm_run_get_id (self->run));
  options[0] = text = g_strdup_printf ("--%s=%s", option, gm_run_get_dir (run));
  if (run != self->run)
    {
      const char *job = g_object_get_data (G_OBJECT (self->run), "text");

      g_object_set_data_full (G_OBJECT (run), "text", g_strdup (job), g_free);
      gm_window_show (self, self->draft, run);
    }
  start_runner (self, run, options, NULL);
  gm_window_update (self);
}

static void
steered_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GmWindow) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) answer = gm_run_call_finish (GM_RUN (object), result, &error);

  if (answer == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    gm_window_toast (self, error->message);
}

/**
 * gm_window_steer:
 * @self: a window that shows a live run
 * @method: of the control protocol
 *
 * Asks the runner for it; says so if it can't be done.
 */
void
gm_window_steer (GmWindow   *self,
                 const char *method)
{
  if (self->run != NULL)
    gm_run_call_async (self->run, method, NULL, NULL, steered_cb, g_object_ref (self));
}

/**
 * gm_window_has_changed:
 * @self: a window
 *
 * Returns: whether the job that is shown is no longer the one that ran
 */
gboolean
gm_window_has_changed (GmWindow *self)
{
  const char *text = self->run != NULL ? g_object_get_data (G_OBJECT (self->run), "text") : NULL;

  return text != NULL && strcmp (text, gm_draft_get_text (self->draft)) != 0;
}

/**
 * gm_window_get_act:
 * @self: a window
 *
 * Returns: the obvious next act
 */
GmAct
gm_window_get_act (GmWindow *self)
{
  gint64 total;

  if (self->draft == NULL)
    return GM_ACT_NONE;
  if (self->run == NULL)
    return GM_ACT_RUN;
  if (gm_run_get_live (self->run))
    return gm_run_get_state (self->run) == GM_RUN_PAUSED ? GM_ACT_UNPAUSE : GM_ACT_PAUSE;
  if (gm_run_get_started (self->run) <= 0 && self->trouble == NULL && !gm_run_get_died (self->run))
    return GM_ACT_NONE;
  if (gm_window_has_changed (self))
    return GM_ACT_RUN;
  total = gm_run_get_total (self->run);
  if (gm_run_get_state (self->run) != GM_RUN_FINISHED
      && (total < 0 || gm_run_get_done (self->run) < total))
    return GM_ACT_RESUME;
  if (gm_run_get_failed (self->run) > 0)
    return GM_ACT_RETRY;

  return GM_ACT_AGAIN;
}

/**
 * gm_window_do_act:
 * @self: a window
 *
 * Does what the primary button says.
 */
void
gm_window_do_act (GmWindow *self)
{
  switch (gm_window_get_act (self))
    {
    case GM_ACT_RUN:
    case GM_ACT_AGAIN:
      gm_window_start (self, 0);
      break;
    case GM_ACT_PAUSE:
      gm_window_steer (self, "pause");
      break;
    case GM_ACT_UNPAUSE:
      gm_window_steer (self, "resume");
      break;
    case GM_ACT_RESUME:
      gm_window_go_on (self, "resume");
      break;
    case GM_ACT_RETRY:
      gm_window_go_on (self, "retry-failed");
      break;
    case GM_ACT_NONE:
    default:
      break;
    }
}
