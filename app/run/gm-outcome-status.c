/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-outcome-status.h"

static const char *const statuses[] = {
  [GM_STATUS_OK] = "ok",
  [GM_STATUS_ERROR] = "error",
  [GM_STATUS_CRASHED] = "crashed",
  [GM_STATUS_TIMEOUT] = "timeout",
  [GM_STATUS_CANCELLED] = "cancelled",
};

static const char *const reasons[] = {
  [GM_REASON_NONE] = "",
  [GM_REASON_EXIT_CODE] = "exit-code",
  [GM_REASON_EXCEPTION] = "exception",
  [GM_REASON_BAD_ANSWER] = "bad-answer",
  [GM_REASON_SPAWN_FAILED] = "spawn-failed",
  [GM_REASON_BAD_INPUT] = "bad-input",
  [GM_REASON_SIGNAL] = "signal",
  [GM_REASON_WORKER_DIED] = "worker-died",
  [GM_REASON_OUT_OF_MEMORY] = "out-of-memory",
  [GM_REASON_TIMEOUT] = "timeout",
  [GM_REASON_JOB_TIMEOUT] = "job-timeout",
  [GM_REASON_KILLED] = "killed",
  [GM_REASON_STOPPED] = "stopped",
  [GM_REASON_CANCELLED] = "cancelled",
};

/* Words are looked up where they stand in a line of JSON, so they have a length. */
static gboolean
look_up (const char *const *words,
         guint              n_words,
         const char        *word,
         gsize              length,
         guint             *number)
{
  for (guint i = 0; i < n_words; i++)
    if (strlen (words[i]) == length && memcmp (words[i], word, length) == 0)
      {
        *number = i;
        return TRUE;
      }

  return FALSE;
}

/**
 * gm_status_to_string:
 * @status: a status
 *
 * Returns: the word of the outcome object
 */
const char *
gm_status_to_string (GmStatus status)
{
  g_return_val_if_fail ((guint) status < G_N_ELEMENTS (statuses), NULL);

  return statuses[status];
}

/**
 * gm_status_from_string:
 * @word: the word of an outcome object
 * @length: its length
 * @status: (out): the status, untouched if there is none of that name
 *
 * Returns: whether there is
 */
gboolean
gm_status_from_string (const char *word,
                       gsize       length,
                       GmStatus   *status)
{
  guint number;

  if (!look_up (statuses, G_N_ELEMENTS (statuses), word, length, &number))
    return FALSE;
  *status = number;
  return TRUE;
}

/**
 * gm_reason_to_string:
 * @reason: a reason
 *
 * Returns: the word of the outcome object, empty for none
 */
const char *
gm_reason_to_string (GmReason reason)
{
  g_return_val_if_fail ((guint) reason < G_N_ELEMENTS (reasons), NULL);

  return reasons[reason];
}

/**
 * gm_reason_from_string:
 * @word: the word of an outcome object
 * @length: its length, 0 for %GM_REASON_NONE
 * @reason: (out): the reason, untouched if there is none of that name
 *
 * Returns: whether there is
 */
gboolean
gm_reason_from_string (const char *word,
                       gsize       length,
                       GmReason   *reason)
{
  guint number;

  if (!look_up (reasons, G_N_ELEMENTS (reasons), word, length, &number))
    return FALSE;
  *reason = number;
  return TRUE;
}
