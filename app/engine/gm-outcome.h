/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-item.h"
#include "gm-outcome-status.h"

G_BEGIN_DECLS

/* What every outcome object begins with. */
typedef struct
{
  guint64       index;
  const GmItem *item;
  GmStatus      status;
  GmReason      reason;
  guint         attempts;
  const char   *worker;    /* NULL: there was no attempt, and the fields below mean nothing */
  pid_t         pid;
  gint64        started;   /* wall clock, microseconds since the epoch */
  gint64        duration;  /* nanoseconds */
} GmOutcomeHead;

void gm_outcome_begin (GString             *line,
                       const GmOutcomeHead *head);

char *gm_output_name   (guint64              index,
                        guint                attempt,
                        int                  fd);

G_END_DECLS
