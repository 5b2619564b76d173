/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A model of libmp's pool (mp-ring.c, mp-worker.c, mp-pool-collect.c): workers that claim, run and
 * commit items and may be killed between any two steps, and the parent that publishes, harvests and
 * settles what the dead have left. Claimed for every order of steps:
 *
 *   - each item has exactly one outcome, and it is the result if one was committed;
 *   - no worker sleeps over work, and the parent does not over an outcome.
 *
 * A run is one item. With one of these defined a step is left out, and the model must fail:
 *   NO_OWNER_IN_CLAIM NO_LAST_HARVEST NO_LAST_COLLECT NO_GIVING_BACK NO_SECOND_LOOK NO_KICK NO_BELL
 */
#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef KILLS
#define KILLS 1
#endif
#define WORKERS  2
#define TICKETS  (ITEMS + KILLS)
#define NOBODY   255

#define WAITING  0
#define RUNNING  1
#define DONE     2

byte record[ITEMS];
byte outcomes[ITEMS];       /* how many each has had */
bool committed[ITEMS];

byte item_of[TICKETS];         /* the item of each ticket */
byte owner[TICKETS] = NOBODY;
bool taken[TICKETS];
byte head, cursor, tail;

byte claims[ITEMS] = NOBODY;  /* what the parent knows: who has it */
bool asleep[WORKERS];
bool dead[WORKERS];
bool buried[WORKERS];
bool parent_waits;
bool bell;                  /* also a death that is told */

#define me (_pid - 1)

inline ring_bell ()
{
#ifndef NO_BELL
  if
  :: atomic { parent_waits -> bell = true }
  :: atomic { !parent_waits }
  fi
#else
  skip
#endif
}

/* One compare-and-swap that says who; the cursor is a hint that anybody moves on. */
inline claim ()
{
  mine = NOBODY;
  at = cursor;
  do
  :: mine != NOBODY || at >= head -> break
  :: mine == NOBODY && at < head ->
#ifdef NO_OWNER_IN_CLAIM
     if
     :: atomic { !taken[at] -> taken[at] = true }
        owner[at] = me;
        mine = at
     :: atomic { taken[at] }
     fi;
#else
     if
     :: atomic { !taken[at] -> taken[at] = true; owner[at] = me; mine = at }
     :: atomic { taken[at] }
     fi;
#endif
     atomic { if :: cursor == at -> cursor = at + 1 :: else fi; }
     at = cursor
  od
}

proctype worker () provided (!dead[_pid - 1])
{
  byte at, mine;

  do
  :: claim ();
     if
     :: mine != NOBODY ->
        record[item_of[mine]] = RUNNING;
        atomic { record[item_of[mine]] = DONE; committed[item_of[mine]] = true }
        ring_bell ()
     :: else ->
        asleep[me] = true;
#ifndef NO_SECOND_LOOK
        if
        :: cursor < head -> asleep[me] = false
        :: else -> (!asleep[me])
        fi
#else
        (!asleep[me])
#endif
     fi
  od
}

inline kick ()
{
#ifndef NO_KICK
  asleep[0] = false;
  asleep[1] = false
#else
  skip
#endif
}

inline publish (item)
{
  item_of[head] = item;
  atomic { head = head + 1 }
  kick ()
}

inline harvest ()
{
  do
  :: tail < head && owner[tail] != NOBODY ->
     claims[item_of[tail]] = owner[tail];
     tail++
  :: else -> break
  od
}

inline deliver (item)
{
  atomic { outcomes[item]++; claims[item] = NOBODY }
}

/* What a worker has committed. */
inline collect (who)
{
  i = 0;
  do
  :: i == ITEMS -> break
  :: i < ITEMS ->
     if
     :: claims[i] == who && record[i] == DONE -> deliver (i)
     :: else
     fi;
     i++
  od
}

/* @who is gone: done is collected, running is charged, waiting goes back. */
inline bury (who)
{
#ifndef NO_LAST_HARVEST
  harvest ();
#endif
#ifndef NO_LAST_COLLECT
  collect (who);
#endif
  i = 0;
  do
  :: i == ITEMS -> break
  :: i < ITEMS ->
     if
     :: claims[i] == who && record[i] != WAITING ->
        assert (!committed[i]);
        deliver (i)
     :: claims[i] == who && record[i] == WAITING ->
        claims[i] = NOBODY;
#ifndef NO_GIVING_BACK
        publish (i)
#endif
     :: else
     fi;
     i++
  od;
  buried[who] = true
}

inline look ()
{
  harvest ();
  collect (0);
  collect (1);
  if :: dead[0] && !buried[0] -> bury (0) :: else fi;
  if :: dead[1] && !buried[1] -> bury (1) :: else fi
}

proctype parent ()
{
  byte i, n;

  do
  :: n == ITEMS -> break
  :: n < ITEMS -> publish (n); n++
  od;
  do
  :: parent_waits = false;
     look ();
     parent_waits = true;
     look ();
     atomic { bell -> bell = false }
  od
}

proctype killer ()
{
  byte kills;

  do
  :: kills < KILLS ->
     if
     :: atomic { !dead[0] -> dead[0] = true; bell = true }
     :: atomic { !dead[1] -> dead[1] = true; bell = true }
     fi;
     kills++
  :: break
  od
}

init
{
  byte k;

  atomic {
    run worker ();
    run worker ();
    run parent ();
    run killer ();
  }
  /* Nobody can move any more. */
  timeout;
  do
  :: k == ITEMS -> break
  :: k < ITEMS -> assert (outcomes[k] == 1); k++
  od
}
