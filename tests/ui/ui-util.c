/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "ui-util.h"

#include "gm-settings.h"

/* Longer than anything takes, also on a machine that does much else. */
#define PATIENCE (60 * G_USEC_PER_SEC)

gint64
ui_patience (void)
{
  return PATIENCE;
}

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

/* One turn of the main loop, which also ends when nothing happens, so that conditions that change
 * without an event are looked at again. */
void
ui_iterate (void)
{
  guint source = g_timeout_add (20, wake_cb, NULL);

  g_main_context_iteration (NULL, TRUE);
  if (g_main_context_find_source_by_id (NULL, source) != NULL)
    g_source_remove (source);
}

/* Until everything that is due has been done and drawn. */
void
ui_settle (void)
{
  gint64 end = g_get_monotonic_time () + 500 * 1000;

  while (g_get_monotonic_time () < end)
    ui_iterate ();
}

/* The application is one for the whole process, its windows come and go. */
GmApplication *
ui_start (void)
{
  static GmApplication *application;
  g_autoptr(GError) error = NULL;

  if (application == NULL)
    {
      application = gm_application_new (G_APPLICATION_NON_UNIQUE);
      g_application_register (G_APPLICATION (application), NULL, &error);
      g_assert_no_error (error);
    }
  g_settings_reset (gm_settings_get (), "jobs");
  g_application_activate (G_APPLICATION (application));
  gtk_test_widget_wait_for_draw (GTK_WIDGET (ui_get_window (application)));

  return application;
}

GmWindow *
ui_get_window (GmApplication *application)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (application));

  for (GList *l = windows; l != NULL; l = l->next)
    if (GM_IS_WINDOW (l->data))
      return l->data;

  return NULL;
}

/* Nothing of the window may be left. */
void
ui_finish (GmApplication *application)
{
  GmWindow *window = ui_get_window (application);
  GWeakRef weak;

  g_weak_ref_init (&weak, window);
  if (window != NULL)
    gtk_window_destroy (GTK_WINDOW (window));
  for (GObject *left = g_weak_ref_get (&weak); left != NULL; left = g_weak_ref_get (&weak))
    {
      g_object_unref (left);
      ui_iterate ();
    }
  g_weak_ref_clear (&weak);
}

GtkWidget *
ui_find (gpointer    root,
         const char *name)
{
  GtkWidget *found = NULL;

  if (strcmp (gtk_widget_get_name (root), name) == 0)
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = ui_find (child, name);

  return found;
}

char *
ui_write_job (const char *name,
              const char *text)
{
  char *path = g_build_filename (g_get_home_dir (), name, NULL);
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);

  return path;
}

void
ui_open (GmApplication *application,
         const char    *path)
{
  g_autoptr(GFile) file = g_file_new_for_path (path);

  g_application_open (G_APPLICATION (application), &file, 1, "");
}

/* A picture of @widget as it is; nothing while it waits for its layout. */
static GskRenderNode *
snapshot_widget (GtkWidget *widget)
{
  g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new (widget);
  g_autoptr(GtkSnapshot) snapshot = gtk_snapshot_new ();

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (widget),
                          gtk_widget_get_height (widget));
  return gtk_snapshot_to_node (snapshot);
}

void
ui_save_png (GtkWidget  *widget,
             const char *path)
{
  g_autoptr(GskRenderNode) node = NULL;
  g_autoptr(GdkTexture) texture = NULL;

  WAIT_FOR ((node = snapshot_widget (widget)) != NULL);
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (gtk_widget_get_native (widget)),
                                         node, NULL);
  if (!gdk_texture_save_to_png (texture, path))
    g_error ("Could not write %s", path);
}
