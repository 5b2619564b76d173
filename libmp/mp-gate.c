/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-gate-private.h"

/*
 * Who enters may change nothing, or not what another one waits for, and then rings for nobody. So
 * whoever goes to sleep because it was put off leaves a mark, and who leaves rings for it. As with
 * the bell, it is noted after the ring: a death in between costs a ring too much. One that dies
 * before its ring was watched by those it has put off.
 *
 * What is done inside must be short, else those who only look keep each other from it, and awake.
 */

void
_mp_gate_init (MpGate *gate)
{
  _mp_mutex_init (&gate->mutex);
}

/* @deadline: as for _mp_mutex_enter(). @watch: for one that is about to sleep.
 * Returns: %MP_ACQUIRED_NOT if another one is inside for longer than @deadline; @watch will tell
 * when it has left */
MpAcquired
_mp_gate_enter (MpGate  *gate,
                gint64   deadline,
                MpWatch *watch)
{
  MpAcquired acquired = _mp_mutex_enter (&gate->mutex, deadline);

  while (acquired == MP_ACQUIRED_NOT && watch != NULL)
    {
      atomic_fetch_add (&gate->n_put_off, 1);
      if (_mp_watch_owner (watch, &gate->mutex))
        break;
      acquired = _mp_mutex_enter (&gate->mutex, deadline);
    }
  return acquired;
}

void
_mp_gate_leave (MpGate    *gate,
                MpSegment *segment)
{
  guint32 n_put_off;

  _mp_mutex_unlock (&gate->mutex);
  n_put_off = atomic_load (&gate->n_put_off);
  if (G_LIKELY (n_put_off == atomic_load_explicit (&gate->n_called, memory_order_relaxed)))
    return;
  _mp_segment_ring (segment);
  atomic_store (&gate->n_called, n_put_off);
}
