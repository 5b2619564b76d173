/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job.h"
#include "gm-runner.h"

G_BEGIN_DECLS

/* GNU parallel's joblog. */
typedef struct _GmJoblog GmJoblog;

GmJoblog *gm_joblog_open   (const char          *path,
                            gboolean             go_on,
                            GmJob               *job,
                            GError             **error);
void      gm_joblog_free   (GmJoblog            *self);
void      gm_joblog_add    (GmJoblog            *self,
                            const GmRunOutcome  *outcome);
gboolean  gm_joblog_write  (GmJoblog            *self,
                            GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmJoblog, gm_joblog_free)

G_END_DECLS
