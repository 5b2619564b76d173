/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A model of libmp's queue (mp-fifo.c, mp-queue-transfer.c, mp-watch.c): putters and getters that
 * may be killed between any two steps. Claimed for every order of steps:
 *
 *   - a getter never gets what was not put, nor half of it, nor anything twice;
 *   - nobody who lives sleeps although it could go on.
 *
 * Memory is SIZE cells; laps and lengths are the business of one side alone and are not modelled.
 * With one of these defined a step is left out, and the model must fail:
 *   NO_FIRST_RING NO_SECOND_RING NO_OWNER_WATCH NO_SECOND_LOOK NO_SECOND_SEE
 */
#ifndef SIZE
#define SIZE 1
#endif
/* Of each putter */
#ifndef PUTS
#define PUTS 1
#endif
#ifndef PUTTERS
#define PUTTERS 2
#endif
#ifndef GETTERS
#define GETTERS 2
#endif
#ifndef KILLS
#define KILLS 1
#endif
#define N         4
#define NOBODY    255
#define GARBAGE   254

#define PUT 0
#define GET 1

byte mutex[2] = NOBODY;     /* who has the putters', the getters' */
byte n[2];                  /* how many were put, and got */
byte positions[4];          /* two for each side */
byte cells[SIZE];
byte seen_position;         /* what the putter knows of the getters */

byte wanted, rung;
bool bell[N];               /* an edge that the sleeper has not taken yet */
byte watched[N] = NOBODY;   /* whose death would be one, too */

bool dead[N];
bool done[N];

#define me (_pid - 1)
#define position(side, count) positions[2 * (side) + ((count) & 1)]

inline ring_all ()
{
  d_step { bell[0] = true; bell[1] = true; bell[2] = true; bell[3] = true; }
}

/* Rings if somebody wants it, and notes that only then. */
inline ring ()
{
  if
  :: atomic { wanted != rung -> was = wanted }
     ring_all ();
     atomic { rung = was; was = 0 }
  :: atomic { wanted == rung }
  fi
}

/* The commit: a position nobody reads yet, then the count. */
inline commit (side, at)
{
  position (side, n[side] + 1) = at;
#ifndef NO_FIRST_RING
  ring ();
#endif
  atomic { n[side] = n[side] + 1; }
#ifndef NO_SECOND_RING
  ring ();
#endif
}

/* How far the getters are: the position belongs to the count that is the same before and after. */
inline see ()
{
  do
  :: count = n[GET];
     seen = position (GET, count);
#ifndef NO_SECOND_SEE
     if
     :: n[GET] == count -> break
     :: else
     fi
#else
     break
#endif
  od;
  atomic { seen_position = seen; ok = tail - seen_position < SIZE; seen = 0; count = 0 }
}

/* Whether it was put is in `ok`. The mutex is robust: nobody has it when its owner is dead. */
inline put ()
{
  atomic {
    mutex[PUT] == NOBODY -> mutex[PUT] = me;
    tail = position (PUT, n[PUT]);
    ok = tail - seen_position < SIZE
  }
  if
  :: !ok -> see ()
  :: else
  fi;
  if
  :: ok ->
     cells[tail % SIZE] = GARBAGE;
     cells[tail % SIZE] = n[PUT];
     commit (PUT, tail + 1)
  :: else
  fi;
  atomic { mutex[PUT] = NOBODY; tail = 0 }
}

inline get ()
{
  ok = n[PUT] != n[GET];
  if
  :: ok ->
     atomic {
       mutex[GET] == NOBODY -> mutex[GET] = me;
       ok = n[PUT] != n[GET];
       head = position (GET, n[GET])
     }
     if
     :: ok ->
        value = cells[head % SIZE];
        assert (value == n[GET]);
        /* Nobody has written there meanwhile. */
        assert (cells[head % SIZE] == value);
        commit (GET, head + 1)
     :: else
     fi;
     atomic { mutex[GET] = NOBODY; head = 0; value = 0 }
  :: else
  fi
}

/* Says that it is going to sleep, watches who may be changing the other side, looks again. */
#define SLEEP(attempt, other)                                                            \
  wanted++;                                                                              \
  attempt ();                                                                            \
  if                                                                                     \
  :: ok                                                                                  \
  :: !ok ->                                                                              \
     owner = mutex[other];                                                               \
     atomic {                                                                            \
       watched[me] = WATCHED (owner);                                                    \
       if                                                                                \
       :: owner != NOBODY && dead[owner] -> bell[me] = true                              \
       :: else                                                                           \
       fi                                                                                \
     }                                                                                   \
     LOOK_AGAIN (attempt);                                                               \
     if                                                                                  \
     :: ok                                                                               \
     :: !ok -> atomic { bell[me] -> bell[me] = false }                                   \
     fi;                                                                                 \
     atomic { watched[me] = NOBODY; owner = 0 }                                          \
  fi

#ifdef NO_OWNER_WATCH
#define WATCHED(who) NOBODY
#else
#define WATCHED(who) who
#endif
#ifdef NO_SECOND_LOOK
#define LOOK_AGAIN(attempt) skip
#else
#define LOOK_AGAIN(attempt) attempt ()
#endif

proctype putter () provided (!dead[_pid - 1])
{
  byte was, tail, count, seen, owner, i;
  bool ok;

  do
  :: atomic { i == PUTS -> done[me] = true; break }
  :: atomic { i < PUTS -> i++ }
     put ();
     do
     :: atomic { ok -> ok = false; break }
     :: !ok -> SLEEP (put, GET)
     od
  od
}

proctype getter () provided (!dead[_pid - 1])
{
  byte was, head, value, owner;
  bool ok;

  do
  :: get ();
     do
     :: atomic { ok -> ok = false; break }
     :: !ok -> SLEEP (get, PUT)
     od
  od
}

/* The kernel: a death gives mutexes free and is told to those who watch. */
inline kill (who)
{
  atomic {
    !dead[who] ->
    dead[who] = true;
    if :: mutex[PUT] == who -> mutex[PUT] = NOBODY :: else fi;
    if :: mutex[GET] == who -> mutex[GET] = NOBODY :: else fi;
    if :: watched[0] == who -> bell[0] = true :: else fi;
    if :: watched[1] == who -> bell[1] = true :: else fi;
    if :: watched[2] == who -> bell[2] = true :: else fi;
    if :: watched[3] == who -> bell[3] = true :: else fi;
  }
}

proctype killer ()
{
  byte kills;

  do
  :: kills < KILLS ->
     if
     :: kill (0)
     :: kill (1)
     :: kill (2)
     :: kill (3)
     fi;
     kills++
  :: break
  od
}

#define could_put(who) (!dead[who] && !done[who] && n[PUT] - n[GET] < SIZE)
#define could_get(who) (!dead[who] && n[PUT] != n[GET])

init
{
  atomic {
    cells[0] = GARBAGE;
    dead[1] = PUTTERS < 2;
    dead[3] = GETTERS < 2;
    run putter ();
    run putter ();
    run getter ();
    run getter ();
    run killer ();
  }
  /* Nobody can move any more. */
  timeout;
  assert (!could_put (0) && !could_put (1));
  assert (!could_get (2) && !could_get (3));
}
