/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "ui-run.h"

char *
ui_run_start (const char *name,
              const char *job)
{
  g_autofree char *path = ui_write_job (name, job);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *base = g_strconcat (name, ".run", NULL);
  g_autofree char *dir = g_build_filename (parent, base, NULL);
  g_autofree char *option = g_strconcat ("--run-dir=", dir, NULL);
  g_autofree char *state = g_build_filename (dir, "state.json", NULL);
  const char *argv[] = { g_getenv ("GTK_MP_PROGRAM"), "--headless", "--quiet", option, path, NULL };
  g_autoptr(GError) error = NULL;

  g_spawn_async (NULL, (char **) argv, NULL,
                 G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  WAIT_FOR (g_file_test (state, G_FILE_TEST_EXISTS));

  return g_steal_pointer (&dir);
}

void
ui_run_show (UiRun      *shown,
             const char *dir,
             GType       type)
{
  shown->dir = g_strdup (dir);
  shown->run = gm_run_new (dir);
  gm_run_follow (shown->run);
  shown->window = gtk_window_new ();
  shown->page = g_object_new (type, "run", shown->run, NULL);
  gtk_window_set_default_size (GTK_WINDOW (shown->window), 1000, 700);
  gtk_window_set_child (GTK_WINDOW (shown->window), shown->page);
  gtk_window_present (GTK_WINDOW (shown->window));
}

void
ui_run_hide (UiRun *shown)
{
  gpointer page = shown->page;

  g_object_add_weak_pointer (G_OBJECT (page), &page);
  gtk_window_destroy (GTK_WINDOW (shown->window));
  WAIT_FOR (page == NULL);
  g_clear_object (&shown->run);
  g_free (shown->dir);
}

gboolean
ui_run_is_over (GmRun *run)
{
  return gm_run_get_started (run) > 0 && !gm_run_get_live (run);
}

GListModel *
ui_run_get_model (GtkWidget  *page,
                  const char *name)
{
  GtkWidget *view = ui_find (page, name);

  g_assert_nonnull (view);

  return GTK_IS_LIST_VIEW (view) ? G_LIST_MODEL (gtk_list_view_get_model (GTK_LIST_VIEW (view)))
                                 : G_LIST_MODEL (gtk_column_view_get_model (GTK_COLUMN_VIEW (view)));
}

gboolean
ui_run_says (GtkWidget  *page,
             const char *name,
             const char *part)
{
  return strstr (gtk_label_get_text (GTK_LABEL (ui_find (page, name))), part) != NULL;
}

/* Whether a label or text below it that is on screen has this part. */
gboolean
ui_run_has_text (GtkWidget  *widget,
                 const char *part)
{
  g_autofree char *text = NULL;

  if (!gtk_widget_get_mapped (widget))
    return FALSE;
  if (GTK_IS_LABEL (widget))
    text = g_strdup (gtk_label_get_text (GTK_LABEL (widget)));
  else if (GTK_IS_TEXT_VIEW (widget))
    g_object_get (gtk_text_view_get_buffer (GTK_TEXT_VIEW (widget)), "text", &text, NULL);
  if (text != NULL && strstr (text, part) != NULL)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (ui_run_has_text (child, part))
      return TRUE;

  return FALSE;
}

/* Whether a cell that is on screen says so. */
gboolean
ui_run_has_cell (GtkWidget  *widget,
                 const char *text)
{
  if (GTK_IS_INSCRIPTION (widget)
      && g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (widget)), text) == 0)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (ui_run_has_cell (child, text))
      return TRUE;

  return FALSE;
}

void
ui_run_read_file (const char  *dir,
                  const char  *name,
                  char       **text)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr(GError) error = NULL;

  g_file_get_contents (path, text, NULL, &error);
  g_assert_no_error (error);
}
