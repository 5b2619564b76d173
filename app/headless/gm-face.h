/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job.h"
#include "gm-options.h"

G_BEGIN_DECLS

int  gm_face_run     (GmJob            *job,
                      const GmOptions  *options);
int  gm_face_dry_run (GmJob            *job,
                      const GmOptions  *options);
void gm_report       (const char       *message);

G_END_DECLS
