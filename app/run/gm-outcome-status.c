/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

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
