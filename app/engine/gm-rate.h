/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Seconds that the rate looks back. */
#define GM_RATE_SAMPLES 8

/* How fast items end, from a sample a second. */
typedef struct
{
  gint64  times[GM_RATE_SAMPLES];  /* monotonic microseconds */
  guint64 counts[GM_RATE_SAMPLES];
  guint   n;
} GmRate;

void   gm_rate_add (GmRate       *self,
                    gint64        now,
                    guint64       count);
double gm_rate_get (const GmRate *self,
                    gint64        now,
                    guint64       count);

G_END_DECLS
