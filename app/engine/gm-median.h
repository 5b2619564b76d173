/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The median of any number of times, in little memory and with an error below 1 %. */
typedef struct _GmMedian GmMedian;

GmMedian *gm_median_new       (void);
void      gm_median_free      (GmMedian *self);
void      gm_median_add       (GmMedian *self,
                               gint64    nanoseconds);
guint64   gm_median_get_count (GmMedian *self);
gint64    gm_median_get       (GmMedian *self);

G_END_DECLS
