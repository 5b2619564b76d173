/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-window-private.h"

#include "gm-settings.h"

/* Job files: which ones the sidebar has, opening, dropping. */

/* So many job files are remembered. */
#define MAX_JOBS 100

void
gm_window_load_jobs (GmWindow *self)
{
  g_auto(GStrv) paths = g_settings_get_strv (gm_settings_get (), "jobs");

  for (guint i = 0; paths[i] != NULL; i++)
    if (g_file_test (paths[i], G_FILE_TEST_IS_REGULAR))
      {
        g_autoptr(GmDraft) draft = gm_draft_new_for_file (paths[i]);

        g_list_store_append (self->drafts, draft);
      }
}

void
gm_window_remember_jobs (GmWindow *self)
{
  g_autoptr(GStrvBuilder) paths = g_strv_builder_new ();
  g_auto(GStrv) list = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->drafts));

  for (guint i = 0; i < MIN (n, MAX_JOBS); i++)
    {
      g_autoptr(GmDraft) draft = g_list_model_get_item (G_LIST_MODEL (self->drafts), i);
      const char *path = gm_draft_get_path (draft);

      if (path != NULL && g_utf8_validate (path, -1, NULL))
        g_strv_builder_add (paths, path);
    }
  list = g_strv_builder_end (paths);
  g_settings_set_strv (gm_settings_get (), "jobs", (const char * const *) list);
}

/**
 * gm_window_add_draft:
 * @self: a window
 * @draft: a job file that it does not have yet
 *
 * Puts it at the top of the job files and shows it. Nothing runs.
 */
void
gm_window_add_draft (GmWindow *self,
                     GmDraft  *draft)
{
  g_list_store_insert (self->drafts, 0, draft);
  gm_window_remember_jobs (self);
  gm_window_show (self, draft, NULL);
  gm_window_show_page (self, "define");
  gm_define_page_begin (self->define);
}

/**
 * gm_window_open_path:
 * @self: a window
 * @path: (type filename): a job file
 *
 * Shows a job file, the same draft if it is open already.
 */
void
gm_window_open_path (GmWindow   *self,
                     const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr(GmDraft) opened = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->drafts));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GmDraft) draft = g_list_model_get_item (G_LIST_MODEL (self->drafts), i);

      if (g_strcmp0 (gm_draft_get_path (draft), absolute) != 0)
        continue;
      if (gm_draft_get_modified (draft))
        {
          gm_window_show (self, draft, g_object_get_data (G_OBJECT (draft), "run"));
          gm_window_show_page (self, "define");
          return;
        }
      /* It may have changed on disk. */
      g_list_store_remove (self->drafts, i);
      break;
    }
  opened = gm_draft_new_for_file (absolute);
  gm_window_add_draft (self, opened);
}

/**
 * gm_window_open_files:
 * @self: a window
 * @files: job files, or what shall be the inputs of a new job
 * @n_files: how many
 *
 * Opens job files; everything else, files and folders, becomes the inputs of the job that is shown
 * if that waits for some, else of a new one. Nothing runs.
 */
void
gm_window_open_files (GmWindow  *self,
                      GFile    **files,
                      int        n_files)
{
  g_autoptr(GPtrArray) inputs = g_ptr_array_new_with_free_func (g_free);
  gboolean skipped = FALSE;

  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_file_get_path (files[i]);

      if (path == NULL || !g_utf8_validate (path, -1, NULL))
        skipped = TRUE;
      else if (g_str_has_suffix (path, ".mpjob"))
        gm_window_open_path (self, path);
      else
        g_ptr_array_add (inputs, g_steal_pointer (&path));
    }
  if (skipped)
    gm_window_toast (self, _("What is not on this computer, or has a name that is not UTF-8, was "
                             "left out"));
  if (inputs->len > 0)
    {
      g_autoptr(GmDraft) draft = NULL;

      g_ptr_array_add (inputs, NULL);
      if (self->draft != NULL && gm_draft_get_missing (self->draft) & GM_DRAFT_LACKS_INPUTS)
        {
          gm_draft_set_inputs (self->draft, (const char * const *) inputs->pdata);
          gm_window_show_page (self, "define");
          gm_define_page_begin (self->define);
          return;
        }
      draft = gm_draft_new_for_inputs ((const char * const *) inputs->pdata);
      gm_window_add_draft (self, draft);
    }
}

static gboolean
drop_cb (GmWindow      *self,
         const GValue  *value,
         double         x,
         double         y,
         GtkDropTarget *target)
{
  GSList *list = g_value_get_boxed (value);
  g_autoptr(GPtrArray) files = g_ptr_array_new ();

  for (GSList *l = list; l != NULL; l = l->next)
    g_ptr_array_add (files, l->data);
  gm_window_open_files (self, (GFile **) files->pdata, (int) files->len);

  return files->len > 0;
}

/**
 * gm_window_accept_drops:
 * @self: a window
 *
 * Files can be dropped anywhere on it from now on.
 */
void
gm_window_accept_drops (GmWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_event_controller_set_name (GTK_EVENT_CONTROLLER (target), "files");
  /* Before the text fields below take them as text. */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (target), GTK_PHASE_CAPTURE);
  g_signal_connect_object (target, "drop", G_CALLBACK (drop_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/**
 * gm_window_new_job:
 * @self: a window
 *
 * Begins a new job.
 */
void
gm_window_new_job (GmWindow *self)
{
  g_autoptr(GmDraft) draft = gm_draft_new ();

  gm_window_add_draft (self, draft);
}
