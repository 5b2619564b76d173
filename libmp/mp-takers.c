/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-takers-private.h"

#include "mp-identity-private.h"

/*
 * A process that is killed with values in its hands never says that they are done, and whoever
 * joins the queue must not wait for that. So each value that is taken is written down before it is
 * removed from the queue. All is told by single stores: how many were taken with the number of the
 * last one, which shows whether the dead one came to remove it, and how many are done, whose sum is
 * the queue's count.
 */

#define NUMBER_BITS 40
#define NUMBER_MASK (((guint64) 1 << NUMBER_BITS) - 1)
#define COUNT_MASK  (((guint64) 1 << (64 - NUMBER_BITS)) - 1)

static guint64
count_left (MpTaker *taker)
{
  guint64 n_done = atomic_load (&taker->n_done);

  return ((atomic_load (&taker->taken) >> NUMBER_BITS) - n_done) & COUNT_MASK;
}

static void
set_taken (MpTaker *taker,
           guint64  count,
           guint64  number)
{
  atomic_store (&taker->taken, count << NUMBER_BITS | (number & NUMBER_MASK));
}

/* Returns: the place of this process, NULL if there is none for it */
static MpTaker *
find_own (MpTakers *self)
{
  guint64 identity = _mp_identity_get_own ();
  MpTaker *unused = NULL;

  for (guint i = 0; i < MP_N_TAKERS; i++)
    {
      MpTaker *taker = &self->takers[i];

      if (taker->identity == identity)
        return taker;
      if (unused == NULL && count_left (taker) == 0)
        unused = taker;
      /* Places are used from the front, and most queues have few takers. */
      if (taker->identity == 0)
        break;
    }
  if (unused != NULL)
    atomic_store (&unused->identity, identity);
  return unused;
}

/* This process is about to remove the value with that number. */
void
_mp_takers_take (MpTakers *self,
                 guint64   number)
{
  MpTaker *own = find_own (self);

  if (own != NULL)
    set_taken (own, (atomic_load (&own->taken) >> NUMBER_BITS) + 1, number);
}

/* Who died inside may not have come to remove what it had written down. */
void
_mp_takers_mend (MpTakers *self,
                 guint64   n_removed)
{
  for (guint i = 0; i < MP_N_TAKERS; i++)
    {
      MpTaker *taker = &self->takers[i];
      guint64 taken = atomic_load (&taker->taken);

      if (count_left (taker) > 0 && (taken & NUMBER_MASK) == (n_removed & NUMBER_MASK))
        set_taken (taker, (taken >> NUMBER_BITS) - 1, n_removed - 1);
    }
}

/* One process may take a value and another one say that it is done. */
void
_mp_takers_done (MpTakers *self)
{
  guint64 identity = _mp_identity_get_own ();
  MpTaker *any = NULL;

  for (guint i = 0; i < MP_N_TAKERS; i++)
    {
      MpTaker *taker = &self->takers[i];

      if (count_left (taker) == 0)
        continue;
      if (any == NULL || taker->identity == identity)
        any = taker;
    }
  atomic_fetch_add (any != NULL ? &any->n_done : &self->n_done, 1);
}

/* Counts as done what the dead had. */
void
_mp_takers_take_back (MpTakers *self)
{
  for (guint i = 0; i < MP_N_TAKERS; i++)
    {
      MpTaker *taker = &self->takers[i];
      guint64 left = count_left (taker);

      if (left == 0 || _mp_identity_is_alive (taker->identity))
        continue;
      atomic_fetch_add (&self->n_lost, left);
      atomic_fetch_add (&taker->n_done, left);
    }
}

/* Returns: how many values are done */
guint64
_mp_takers_count (MpTakers *self)
{
  guint64 count = atomic_load (&self->n_done);

  for (guint i = 0; i < MP_N_TAKERS; i++)
    count += atomic_load (&self->takers[i].n_done);
  return count;
}

/* Names those who have values, if there is a @watch. Returns: whether one of them is dead */
gboolean
_mp_takers_watch (MpTakers *self,
                  MpWatch  *watch)
{
  gboolean dead = FALSE;

  for (guint i = 0; i < MP_N_TAKERS; i++)
    {
      MpTaker *taker = &self->takers[i];

      if (count_left (taker) == 0)
        continue;
      if (!_mp_identity_is_alive (taker->identity))
        dead = TRUE;
      else if (watch != NULL)
        _mp_watch_identity (watch, taker->identity);
    }
  return dead;
}
