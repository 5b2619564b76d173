/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How an item ended; the order is that of the contract. */
typedef enum
{
  GM_STATUS_OK,
  GM_STATUS_ERROR,
  GM_STATUS_CRASHED,
  GM_STATUS_TIMEOUT,
  GM_STATUS_CANCELLED,
} GmStatus;

/* Why it is not ok. */
typedef enum
{
  GM_REASON_NONE,
  GM_REASON_EXIT_CODE,
  GM_REASON_EXCEPTION,
  GM_REASON_BAD_ANSWER,
  GM_REASON_SPAWN_FAILED,
  GM_REASON_BAD_INPUT,
  GM_REASON_SIGNAL,
  GM_REASON_WORKER_DIED,
  GM_REASON_OUT_OF_MEMORY,
  GM_REASON_TIMEOUT,
  GM_REASON_JOB_TIMEOUT,
  GM_REASON_KILLED,
  GM_REASON_STOPPED,
  GM_REASON_CANCELLED,
} GmReason;

const char *gm_status_to_string   (GmStatus     status);
gboolean    gm_status_from_string (const char  *word,
                                   gsize        length,
                                   GmStatus    *status);
const char *gm_reason_to_string   (GmReason     reason);
gboolean    gm_reason_from_string (const char  *word,
                                   gsize        length,
                                   GmReason    *reason);

G_END_DECLS
