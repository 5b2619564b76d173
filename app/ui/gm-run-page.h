/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-data.h"
#include "gm-run.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GM_TYPE_RUN_PAGE (gm_run_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (GmRunPage, gm_run_page, GM, RUN_PAGE, GtkWidget)

/**
 * GmRunPageClass:
 * @parts: what the page reads of a run while it is seen: bits, 1 << GmRunDataPart
 * @show_run: another run is to be shown, or none; connections to an earlier one are to be ended
 * @watch: the page begins or ceases to be seen, with the run it has
 * @data_changed: what has been read of the run is more now; only while the page is seen
 */
struct _GmRunPageClass
{
  GtkWidgetClass parent_class;

  guint parts;

  void (*show_run)     (GmRunPage *self,
                        GmRun     *run);
  void (*watch)        (GmRunPage *self,
                        gboolean   watching);
  void (*data_changed) (GmRunPage *self);
};

GmRun     *gm_run_page_get_run  (GmRunPage *self);
GmRunData *gm_run_page_get_data (GmRunPage *self);

G_END_DECLS
