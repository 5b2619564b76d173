/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job.h"
#include "gm-options.h"
#include "gm-printer.h"

G_BEGIN_DECLS

int      gm_face_run      (GmJob                *job,
                           const GmOptions      *options,
                           const char           *resume_dir,
                           const char           *reuse_dir);
int      gm_face_dry_run  (GmJob                *job,
                           const GmOptions      *options,
                           const char           *resume_dir,
                           const char           *reuse_dir);
gboolean gm_face_can_draw (GmOutput             *output);
void     gm_face_drain    (GmPrinter            *printer,
                           GmOutput             *out,
                           GmOutput             *err,
                           int                   code);
void     gm_face_sum_up   (const GmRunCounters  *counters,
                           const char           *dir,
                           int                   code);

G_END_DECLS
