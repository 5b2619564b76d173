/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "gm-durations.h"
#include "gm-failures.h"
#include "gm-item-details.h"
#include "gm-results-page.h"
#include "gm-results-query.h"
#include "gm-row-model.h"
#include "gm-run-data.h"

G_BEGIN_DECLS

/* The place of "Not OK" in the drop-down. */
#define GM_RESULTS_NOT_OK 2

/* What became of each item of a run. */
struct _GmResultsPage
{
  GmRunPage parent_instance;

  /* Owned */
  GmRowModel        *model;
  GmResultsSearch   *search_job;  /* whose rows the model has, or will have */
  GCancellable      *cancellable;

  /* Borrowed */
  GmRun             *run;
  GmRunData         *data;        /* of run */

  /* Template children */
  GtkStack          *stack;
  GtkSearchEntry    *search;
  GtkDropDown       *status;
  GtkToggleButton   *groups_button;
  GmDurations       *durations;
  GmFailures        *failures;
  AdwFlap           *flap;
  GtkColumnView     *view;
  GmItemDetails     *details;
  GtkLabel          *summary;

  GtkSelectionModel *selection;
  guint32            group;       /* only these, or GM_NO_GROUP */
  guint              changes;     /* of the index, when the rows were shown last */
  guint              idle;
  gint64             searched;    /* when the last search began */
  gint64             shown;       /* when the model was told of rows last */
  gboolean           swap;        /* the model has the rows of an earlier search */
};

void  gm_results_page_install_actions (GtkWidgetClass *klass);
void  gm_results_page_update_actions  (GmResultsPage  *self);
void  gm_results_page_begin_search    (GmResultsPage  *self);

G_END_DECLS
