/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-output.h"
#include "gm-runner.h"

G_BEGIN_DECLS

typedef struct _GmProgress GmProgress;

/* Tells how far the run is. */
typedef void (*GmProgressFunc) (GmRunCounters *counters,
                                gpointer       user_data);

GmProgress *gm_progress_new    (GmOutput             *terminal,
                                GmProgressFunc        get_counters,
                                gpointer              user_data);
void        gm_progress_free   (GmProgress           *self);
char       *gm_progress_format (const GmRunCounters  *counters,
                                guint                 columns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmProgress, gm_progress_free)

G_END_DECLS
