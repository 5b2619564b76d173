/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-widget.h"

/**
 * gm_widget_drop_children:
 * @widget: a widget that is being disposed of
 *
 * Lets go of what its template put into it: GTK 4.8 does so only for containers.
 */
void
gm_widget_drop_children (GtkWidget *widget)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (widget)) != NULL)
    gtk_widget_unparent (child);
}

/**
 * gm_widget_set_style:
 * @widget: a widget that has no other classes
 * @style: (nullable): a style class; it must live as long as the program
 *
 * Gives the widget this class and no other. Cheap if it has it already: to look a style up costs
 * more than to draw it, and the cells of a list are shown anew all the time.
 */
void
gm_widget_set_style (GtkWidget  *widget,
                     const char *style)
{
  const char *classes[] = { style, NULL };

  if (g_object_get_data (G_OBJECT (widget), "gm-style") == style)
    return;
  gtk_widget_set_css_classes (widget, classes);
  g_object_set_data (G_OBJECT (widget), "gm-style", (gpointer) style);
}

/**
 * gm_widget_set_hint:
 * @widget: a widget
 * @hint: (nullable): what there is to say about it now
 *
 * Says it to those who see and to those who listen.
 */
void
gm_widget_set_hint (GtkWidget  *widget,
                    const char *hint)
{
  gtk_widget_set_tooltip_text (widget, hint);
  if (hint != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    hint, -1);
  else
    gtk_accessible_reset_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}

/**
 * gm_widget_align_title:
 * @view: (type GtkColumnView): a table
 * @column: which of its columns, all visible
 *
 * Puts the title above the numbers of the column, which stand at its end. GTK has no property for
 * that; where its titles are made otherwise, they stay where they are.
 */
void
gm_widget_align_title (GtkWidget *view,
                       guint      column)
{
  GtkWidget *header = gtk_widget_get_first_child (view);
  GtkWidget *title = header != NULL ? gtk_widget_get_first_child (header) : NULL;

  while (title != NULL && column-- > 0)
    title = gtk_widget_get_next_sibling (title);
  if (title != NULL && gtk_widget_get_first_child (title) != NULL)
    gtk_widget_set_halign (gtk_widget_get_first_child (title), GTK_ALIGN_END);
}

static double
get_start (GtkAdjustment *adjustment)
{
  return gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment);
}

static gboolean
return_to_start (gpointer adjustment)
{
  if (g_object_get_data (adjustment, "gm-moved") == NULL)
    gtk_adjustment_set_value (adjustment, get_start (adjustment));
  return G_SOURCE_REMOVE;
}

static void
stay_at_start_cb (GtkAdjustment *adjustment,
                  GtkWidget     *view)
{
  /* The table is about to be laid out, and would not notice. */
  if (gtk_widget_get_direction (view) == GTK_TEXT_DIR_RTL
      && gtk_adjustment_get_value (adjustment) < get_start (adjustment))
    g_idle_add_full (G_PRIORITY_HIGH_IDLE, return_to_start, g_object_ref (adjustment),
                     g_object_unref);
}

static void
moved_cb (GtkAdjustment *adjustment)
{
  gboolean moved = gtk_adjustment_get_value (adjustment) < get_start (adjustment);

  g_object_set_data (G_OBJECT (adjustment), "gm-moved", GINT_TO_POINTER (moved));
}

/**
 * gm_widget_begin_at_first_column:
 * @view: (type GtkColumnView): a table
 *
 * Shows the first columns until it is scrolled. From right to left these are at the end, where GTK
 * does not go by itself.
 */
void
gm_widget_begin_at_first_column (GtkWidget *view)
{
  GtkAdjustment *adjustment = gtk_scrollable_get_hadjustment (GTK_SCROLLABLE (view));

  g_signal_connect_object (adjustment, "changed", G_CALLBACK (stay_at_start_cb), view, 0);
  g_signal_connect (adjustment, "value-changed", G_CALLBACK (moved_cb), NULL);
}
