/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <mp.h>

#include "gm-run-dir.h"

G_BEGIN_DECLS

/* The log of a run: a file that all its processes append to, and we read along. */
typedef struct _GmLog GmLog;

typedef void (*GmLogFunc) (const char *line,
                           gsize       length,
                           gpointer    user_data);

GmLog   *gm_log_open      (GmRunDir     *dir,
                           MpLogLevel    level,
                           GError      **error);
void     gm_log_free      (GmLog        *self);
int      gm_log_get_fd    (GmLog        *self);
void     gm_log_follow    (GmLog        *self,
                           GmLogFunc     func,
                           gpointer      user_data);
void     gm_log_drain     (GmLog        *self);

int      gm_log_line_level (const char  *line,
                            gsize        length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmLog, gm_log_free)

G_END_DECLS
