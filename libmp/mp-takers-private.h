/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdatomic.h>
#include "mp-watch-private.h"

G_BEGIN_DECLS

/* Who has taken values of a joinable queue and not said that they are done. In shared memory;
 * zeros at first. */

#define MP_N_TAKERS 64

typedef struct
{
  _Atomic guint64 identity;
  _Atomic guint64 taken;  /* inside the getters' gate: how many, and the last one's number */
  _Atomic guint64 n_done; /* inside the queue's mutex; of all who have had the place */
} MpTaker;

typedef struct
{
  MpTaker         takers[MP_N_TAKERS];
  _Atomic guint64 n_done;  /* as the takers', of those for whom there was no place */
  _Atomic guint32 n_lost;  /* done as their takers are dead, and nobody has been told yet */
} MpTakers;

/* Inside the getters' gate. */
void     _mp_takers_take      (MpTakers *self,
                               guint64   number);
void     _mp_takers_mend      (MpTakers *self,
                               guint64   n_removed);

/* Inside the queue's mutex. */
void     _mp_takers_done      (MpTakers *self);

/* Inside both. */
void     _mp_takers_take_back (MpTakers *self);

guint64  _mp_takers_count     (MpTakers *self);
gboolean _mp_takers_watch     (MpTakers *self,
                               MpWatch  *watch);

G_END_DECLS
