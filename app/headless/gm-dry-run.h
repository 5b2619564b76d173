/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job.h"
#include "gm-options.h"
#include "gm-output.h"

G_BEGIN_DECLS

gboolean gm_dry_run (GmJob            *job,
                     const GmOptions  *options,
                     const char       *resume_dir,
                     const char       *reuse_dir,
                     GmOutput         *out,
                     GError          **error);

G_END_DECLS
