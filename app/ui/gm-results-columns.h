/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "gm-results-query.h"

G_BEGIN_DECLS

void     gm_results_columns_add       (GtkColumnView    *view);
void     gm_results_columns_set_index (GtkColumnView    *view,
                                       GmResultsIndex   *index);
gboolean gm_results_columns_get_sort  (GtkColumnView    *view,
                                       GmResultsSort    *sort,
                                       gboolean         *descending);

G_END_DECLS
