/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-log.h"

G_BEGIN_DECLS

/* What a child from a fresh image needs to log as its parent does. */
typedef struct
{
  MpLogLevel level;      /* of standard error, MP_LOG_NOTSET if none was set */
  gboolean   to_stderr;
  MpLogLevel fd_level;
  int        fd;         /* or -1 */
} MpLogState;

void _mp_log_get_state  (MpLogState       *state);
void _mp_log_take_state (const MpLogState *state);
void _mp_write_stderr   (const char       *text,
                         gsize             length);

G_END_DECLS
