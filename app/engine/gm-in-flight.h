/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-item.h"
#include "gm-outcome-status.h"

G_BEGIN_DECLS

/* Why the runner itself has killed the attempt that runs. */
typedef enum
{
  GM_VERDICT_NONE,
  GM_VERDICT_EVICTED,        /* to make room: it is queued again */
  GM_VERDICT_OUT_OF_MEMORY,
} GmVerdict;

/* An item that was read and has no outcome yet. */
typedef struct
{
  guint64     index;
  guint64     turn;         /* among the items that this run has taken up */
  guint       attempt;      /* the one that runs or waits, from 1 */
  guint       tried;        /* attempts before it was asked for again: not of this budget */
  GmStatus    before;       /* the outcome it had then, OK if it never had one */
  gboolean    waits;        /* for its next attempt, not with the pool */
  GmVerdict   verdict;      /* the three are of the attempt that runs */
  guint64     rss;          /* bytes it used then */
  pid_t       killed_pid;   /* the worker that was killed with it, or 0 */

  /* Owned: the last attempt that failed, if any */
  char       *worker;
  pid_t       pid;
  gint64      started;
  gint64      duration;

  /* Private */
  GmItemKind  kind;
  GString    *data;
  gint64      due;
  guint       next_free;
} GmFlight;

/* All of them, by index. Nothing is allocated for an item once there have been as many before. */
typedef struct _GmInFlight GmInFlight;

GmInFlight *gm_in_flight_new       (void);
void        gm_in_flight_free      (GmInFlight    *self);
guint       gm_in_flight_get_count (GmInFlight    *self);
guint       gm_in_flight_get_waits (GmInFlight    *self);
gsize       gm_in_flight_get_bytes (GmInFlight    *self);
GmFlight   *gm_in_flight_add       (GmInFlight    *self,
                                    guint64        index,
                                    const GmItem  *item);
GmFlight   *gm_in_flight_find      (GmInFlight    *self,
                                    guint64        index);
void        gm_in_flight_remove    (GmInFlight    *self,
                                    GmFlight      *flight);
void        gm_in_flight_wait      (GmInFlight    *self,
                                    GmFlight      *flight,
                                    gint64         due);
gint64      gm_in_flight_next_due  (GmInFlight    *self);
GmFlight   *gm_in_flight_pop_due   (GmInFlight    *self,
                                    gint64         now);
void        gm_flight_clear_verdict (GmFlight *flight);
void        gm_flight_get_item     (GmFlight      *flight,
                                    GmItem        *item);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmInFlight, gm_in_flight_free)

G_END_DECLS
