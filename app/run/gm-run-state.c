/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-run-state.h"

static const char *const states[] = {
  [GM_RUN_RUNNING] = "running",
  [GM_RUN_PAUSED] = "paused",
  [GM_RUN_FINISHED] = "finished",
  [GM_RUN_FAILED] = "failed",
  [GM_RUN_CANCELLED] = "cancelled",
  [GM_RUN_INTERRUPTED] = "interrupted",
};

/**
 * gm_run_state_to_string:
 * @state: a state
 *
 * Returns: the word of state.json
 */
const char *
gm_run_state_to_string (GmRunState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), NULL);

  return states[state];
}

/**
 * gm_run_state_from_string:
 * @word: what state.json says
 * @state: (out): the state, untouched if there is none of that name
 *
 * Returns: whether there is
 */
gboolean
gm_run_state_from_string (const char *word,
                          GmRunState *state)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (word, states[i]))
      {
        *state = i;
        return TRUE;
      }

  return FALSE;
}
