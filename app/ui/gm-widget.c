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
