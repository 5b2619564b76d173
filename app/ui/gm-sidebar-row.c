/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-sidebar-row.h"

#include "gm-draft.h"
#include "gm-ring.h"
#include "gm-text.h"
#include "gm-widget.h"

/* A heading, a job file or a run in the sidebar. */
struct _GmSidebarRow
{
  GtkWidget parent_instance;

  /* Owned */
  GObject  *item;

  /* Template children */
  GtkImage *icon;
  GmRing   *ring;
  GtkLabel *title;
  GtkLabel *subtitle;
  GtkLabel *when;
};

G_DEFINE_FINAL_TYPE (GmSidebarRow, gm_sidebar_row, GTK_TYPE_WIDGET)

static void
show (GmSidebarRow *self,
      const char   *icon,
      const char   *title,
      const char   *subtitle,
      const char   *when)
{
  g_autofree char *escaped = gm_text_escape (title);

  gtk_widget_set_visible (GTK_WIDGET (self->icon), icon != NULL);
  if (icon != NULL)
    gtk_image_set_from_icon_name (self->icon, icon);
  gtk_label_set_label (self->title, escaped);
  gtk_label_set_label (self->subtitle, subtitle);
  gtk_widget_set_visible (GTK_WIDGET (self->subtitle), *subtitle != '\0');
  gtk_label_set_label (self->when, when);
}

static void
show_run (GmSidebarRow *self)
{
  GmRun *run = GM_RUN (self->item);
  gint64 total = gm_run_get_total (run);
  gboolean live = gm_run_get_live (run);
  g_autofree char *progress = gm_text_progress (run);
  g_autofree char *when = live ? g_strdup ("") : gm_text_when (gm_run_get_started (run));
  g_autofree char *subtitle = NULL;

  if (gm_run_get_failed (run) > 0)
    {
      g_autofree char *failed = gm_text_number (gm_run_get_failed (run));

      /* Translators: progress of a run, then the number of failed items: 12 of 100, 3 failed */
      subtitle = g_strdup_printf (_("%s, %s failed"), progress, failed);
    }
  else if (live && gm_run_get_rate (run) > 0)
    /* Translators: progress of a run, then items per second: 12 of 100, 3.5/s */
    subtitle = g_strdup_printf (_("%s, %.1f/s"), progress, gm_run_get_rate (run));
  else
    subtitle = g_steal_pointer (&progress);
  show (self, live && gm_run_get_state (run) == GM_RUN_RUNNING ? NULL : gm_text_icon (run),
        gm_run_get_name (run), subtitle, when);
  gtk_widget_set_visible (GTK_WIDGET (self->ring),
                          live && gm_run_get_state (run) == GM_RUN_RUNNING);
  gm_ring_set_fraction (self->ring, total > 0 ? (double) gm_run_get_done (run) / total : -1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), gm_text_state (run));
}

static void
update (GmSidebarRow *self)
{
  if (GM_IS_RUN (self->item))
    {
      show_run (self);
      return;
    }
  gtk_widget_hide (GTK_WIDGET (self->ring));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), NULL);
  if (GM_IS_DRAFT (self->item))
    {
      GmDraft *draft = GM_DRAFT (self->item);
      const char *path = gm_draft_get_path (draft);
      g_autofree char *name = path != NULL ? g_filename_display_basename (path) : NULL;
      g_autofree char *marked = name != NULL && gm_draft_get_modified (draft)
                                  ? g_strconcat ("• ", name, NULL) : NULL;

      show (self, "text-x-generic-symbolic", gm_draft_get_title (draft),
            marked != NULL ? marked : name != NULL ? name : _("Not saved"), "");
    }
  else
    show (self, NULL, gtk_string_object_get_string (GTK_STRING_OBJECT (self->item)), "", "");
}

static void
gm_sidebar_row_dispose (GObject *object)
{
  GmSidebarRow *self = GM_SIDEBAR_ROW (object);

  gm_sidebar_row_set_item (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), GM_TYPE_SIDEBAR_ROW);
  gm_widget_drop_children (GTK_WIDGET (self));

  G_OBJECT_CLASS (gm_sidebar_row_parent_class)->dispose (object);
}

static void
gm_sidebar_row_class_init (GmSidebarRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_sidebar_row_dispose;

  g_type_ensure (GM_TYPE_RING);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/gtk_mp/GtkMp/gm-sidebar-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GmSidebarRow, icon);
  gtk_widget_class_bind_template_child (widget_class, GmSidebarRow, ring);
  gtk_widget_class_bind_template_child (widget_class, GmSidebarRow, title);
  gtk_widget_class_bind_template_child (widget_class, GmSidebarRow, subtitle);
  gtk_widget_class_bind_template_child (widget_class, GmSidebarRow, when);
}

static void
gm_sidebar_row_init (GmSidebarRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
gm_sidebar_row_new (void)
{
  return g_object_new (GM_TYPE_SIDEBAR_ROW, NULL);
}

/**
 * gm_sidebar_row_set_item:
 * @self: a row
 * @item: (nullable): a #GmRun, #GmDraft or, as a heading, #GtkStringObject
 *
 * Shows it, and follows it.
 */
void
gm_sidebar_row_set_item (GmSidebarRow *self,
                         gpointer      item)
{
  if (self->item != NULL)
    g_signal_handlers_disconnect_by_func (self->item, update, self);
  if (GM_IS_RUN (self->item))
    gm_run_set_listed (GM_RUN (self->item), FALSE);
  g_set_object (&self->item, item);
  /* A line that can't be chosen gets no focus by itself, and keys do not get past it then. */
  gtk_widget_set_focusable (GTK_WIDGET (self), GTK_IS_STRING_OBJECT (item));
  if (item == NULL)
    return;
  if (GTK_IS_STRING_OBJECT (item))
    gtk_widget_add_css_class (GTK_WIDGET (self), "sidebar-heading");
  else
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self), "sidebar-heading");
      g_signal_connect_object (item, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
      if (GM_IS_RUN (item))
        gm_run_set_listed (item, TRUE);
    }
  update (self);
}
