/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-usage.h"

G_BEGIN_DECLS

/* What a process and all below it put on the machine. */
typedef struct
{
  double  cpu_percent;  /* of one CPU, since the sample before; 0 at first */
  guint64 rss;          /* bytes */
} GmProcessLoad;

/* Samples of the same processes, again and again. */
typedef struct _GmLoad GmLoad;

GmLoad *gm_load_new    (void);
void    gm_load_free   (GmLoad         *self);
void    gm_load_sample (GmLoad         *self,
                        const pid_t    *pids,
                        guint           n_pids,
                        GmProcessLoad  *loads);

G_END_DECLS
