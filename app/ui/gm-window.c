/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-window.h"

#include "gm-log-page.h"
#include "gm-monitor-page.h"
#include "gm-results-page.h"
#include "gm-run.h"

struct _GmWindow
{
  AdwApplicationWindow parent_instance;
};

G_DEFINE_FINAL_TYPE (GmWindow, gm_window, ADW_TYPE_APPLICATION_WINDOW)

static void
gm_window_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), GM_TYPE_WINDOW);

  G_OBJECT_CLASS (gm_window_parent_class)->dispose (object);
}

static void
gm_window_class_init (GmWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gm_window_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/org/gtk_mp/GtkMp/gm-window.ui");

  g_type_ensure (GM_TYPE_LOG_PAGE);
  g_type_ensure (GM_TYPE_MONITOR_PAGE);
  g_type_ensure (GM_TYPE_RESULTS_PAGE);
}

static void
gm_window_init (GmWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gm_window_new:
 * @application: what it belongs to
 *
 * Returns: (transfer none): a window, not yet shown
 */
GmWindow *
gm_window_new (GmApplication *application)
{
  return g_object_new (GM_TYPE_WINDOW, "application", application, NULL);
}
