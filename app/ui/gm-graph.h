/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run-data.h"
#include "gm-time-span.h"

G_BEGIN_DECLS

typedef enum
{
  GM_GRAPH_QUEUE,
  GM_GRAPH_RATE,
  GM_GRAPH_CPU,
  GM_GRAPH_MEMORY,
  GM_GRAPH_N_KINDS,
} GmGraphKind;

#define GM_TYPE_GRAPH (gm_graph_get_type ())
G_DECLARE_FINAL_TYPE (GmGraph, gm_graph, GM, GRAPH, GtkWidget)

GtkWidget *gm_graph_new    (GmGraphKind  kind,
                            GmTimeSpan  *span);
void       gm_graph_update (GmGraph     *self,
                            GmRunData   *data,
                            gboolean     live);

G_END_DECLS
