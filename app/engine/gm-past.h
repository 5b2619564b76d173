/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "gm-outcome-status.h"

G_BEGIN_DECLS

/* What a run that is gone on with has done already: a few bytes for each item. */
typedef struct _GmPast GmPast;

/* An outcome that is not ok, as long as nobody asks for the item again. */
typedef struct
{
  guint64 index;   /* G_MAXUINT64: asked for again */
  guint64 offset;  /* of its line in results.jsonl */
  guint64 turn;    /* as in GmRunOutcome */
} GmFailure;

/* The turn of an item that this run has not taken up. */
#define GM_NO_TURN G_MAXUINT64

typedef struct
{
  guint64 ok;
  guint64 failed;     /* error + crashed + timeout */
  guint64 cancelled;
} GmPastCounts;

GmPast   *gm_past_read         (const char    *dir,
                                gboolean       retry_failed,
                                GError       **error);
void      gm_past_free         (GmPast        *self);
gboolean  gm_past_is_settled   (GmPast        *self,
                                guint64        index);
gboolean  gm_past_get_outcome  (GmPast        *self,
                                guint64        index,
                                GmStatus      *status);
guint     gm_past_get_attempts (GmPast        *self,
                                guint64        index);
GArray   *gm_past_steal_failures (GmPast      *self);
guint64   gm_past_get_end      (GmPast        *self);
gboolean  gm_past_check_inputs (GmPast        *self,
                                guint64        n_inputs,
                                GError       **error);
void      gm_past_count        (GmPast        *self,
                                GmPastCounts  *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmPast, gm_past_free)

G_END_DECLS
