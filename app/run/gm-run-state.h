/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GM_RUN_RUNNING,
  GM_RUN_PAUSED,
  GM_RUN_FINISHED,
  GM_RUN_FAILED,
  GM_RUN_CANCELLED,
  GM_RUN_INTERRUPTED,
} GmRunState;

const char *gm_run_state_to_string   (GmRunState   state);
gboolean    gm_run_state_from_string (const char  *text,
                                      GmRunState  *state);

G_END_DECLS
