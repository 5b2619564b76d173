/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What state.json says of a run. */
typedef enum
{
  GM_RUN_RUNNING,
  GM_RUN_PAUSED,
  GM_RUN_FINISHED,     /* every item has an outcome */
  GM_RUN_FAILED,       /* gtk-mp itself failed */
  GM_RUN_CANCELLED,
  GM_RUN_INTERRUPTED,  /* it can be gone on with */
} GmRunState;

const char *gm_run_state_to_string   (GmRunState   state);
gboolean    gm_run_state_from_string (const char  *word,
                                      GmRunState  *state);

G_END_DECLS
