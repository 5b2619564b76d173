/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-outcome-status.h"

G_BEGIN_DECLS

char       *gm_format_duration (gint64       nanoseconds);
char       *gm_format_clock    (double       seconds);
char       *gm_format_moment   (gint64       microseconds);
char       *gm_format_rate     (double       per_second);
const char *gm_format_status   (GmStatus     status);
char       *gm_format_worker   (const char  *name);
const char *gm_format_reason   (GmReason     reason);
const char *gm_format_style    (GmStatus     status);

G_END_DECLS
