/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run.h"

G_BEGIN_DECLS

const char *gm_text_state    (GmRun       *run);
char       *gm_text_progress (GmRun       *run);
char       *gm_text_outcome  (GmRun       *run);
char       *gm_text_when     (double       seconds);
char       *gm_text_number   (gint64       number);
const char *gm_text_icon     (GmRun       *run);
char       *gm_text_escape   (const char  *text);

G_END_DECLS
