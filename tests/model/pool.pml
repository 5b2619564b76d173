/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A model of what a pool shares with its workers (mp-shared-private.h, mp-ring.c, mp-worker.c,
 * mp-results.c, mp-pool-{submit,collect,workers,wait}.c): workers that may be killed, and replaced,
 * or stopped for good between any two steps, while the parent takes items back, lets a worker go or
 * terminates the pool. Claimed for every order of steps:
 *
 *   - every item has exactly one outcome: its own result, or that it was taken back before it ran,
 *     or that it was lost; and the latter only if its result was not committed;
 *   - nobody who lives sleeps while there is something to do for him, and a closed or terminated
 *     pool ends. What a stopped worker has claimed waits for it, nothing else does.
 *
 * An item is a record, ITEMS of them pass through BLOCKS blocks of RUN records; each result takes
 * one of the ROOM cells of its worker. The ring has more tickets than there are workers: so it is
 * never all claimed without some worker having news for the parent.
 *
 * Naps are left out, a parent that naps looks by itself. So is the interval at which it looks after
 * workers that sleep over work, unless workers are stopped: the rest must not need it.
 *
 * With one of these defined a step is left out, or done too early or late, and the model must fail:
 *   LATE_OWNER LATE_RUN NO_TAIL NO_CURSOR_HELP NO_COMPARE EARLY_COMMIT NO_SKIPPED EARLY_RELEASE
 *   NO_HARVEST_FIRST NO_COLLECT_FIRST NO_DEATH_WATCH NO_SLEEP_COUNT NO_KICK NO_KICK_INTERVAL
 *   EARLY_NOTE NO_PARENT_LOOK NO_IDLE_LOOK NO_FULL_LOOK NO_END_LOOK
 */
#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef BLOCKS
#define BLOCKS 2
#endif
#ifndef RUN
#define RUN 1
#endif
#ifndef TICKETS
#define TICKETS 3
#endif
#ifndef ROOM
#define ROOM 2
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef RETRIES
#define RETRIES 0
#endif
/* What the parent does once, if at all, whenever it likes. */
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef RESIZES
#define RESIZES 0
#endif
#ifndef TERMINATES
#define TERMINATES 0
#endif

#define WORKERS 2
#define RECORDS (BLOCKS * RUN)
#define NOBODY  255
#define PARENT  254
#define GARBAGE 253

/* The ring */
byte ends_head, cursor;
byte positions[TICKETS];        /* + 1, 0 before the first lap */
byte owners[TICKETS] = NOBODY;
byte firsts[TICKETS], counts[TICKETS];

/* Records, and the results they speak of */
mtype = { WAITING, RUNNING, CANCELLED, SKIPPED, DONE }
mtype record[RECORDS] = DONE;
byte item[RECORDS];
byte out_end[RECORDS];
byte cells[WORKERS * ROOM] = GARBAGE;

/* Slots */
mtype = { AWAKE, IDLE, FULL }
mtype asleep[WORKERS] = AWAKE;
bool leave[WORKERS];
byte released[WORKERS];

/* The board */
bool closed, terminated;
bool parent_sleeps;
bool fresh[WORKERS];            /* the worker's view of `parent_sleeps`, sleeps counted */
bool bell;

/* The kernel */
bool alive[WORKERS];
bool resting[WORKERS] = true;   /* it has noticed that it does not live */
bool died[WORKERS];             /* and the parent was not told yet */
bool stopped[WORKERS];

/* What the parent knows */
bool known[WORKERS];
chan runs[2] = [RECORDS + 1] of { byte, byte };
chan backlog = [RECORDS + 1] of { byte, byte };
byte next[WORKERS];
byte live[BLOCKS];
byte submitted, delivered;

/* What is claimed, not part of the protocol */
byte outcomes[ITEMS];
byte begun[ITEMS];
bool committed[ITEMS];
bool cancelled[ITEMS];
byte holder[RECORDS] = NOBODY;  /* who has not told yet that it is done with it */

#define is_empty() (cursor >= ends_head)
#define ticket(position) ((position) % TICKETS)

/* The sleeper changes the word back itself, but then it does not sleep any more. */
inline wake (who, why)
{
  if
  :: asleep[who] != AWAKE && (asleep[who] == why || why == AWAKE) -> asleep[who] = AWAKE
  :: else
  fi
}

/*
 * A worker
 */

#define me (_pid - 1)

#ifdef NO_SLEEP_COUNT
#define SAME_SLEEP parent_sleeps
#else
#define SAME_SLEEP fresh[me]
#endif

inline note ()
{
  d_step {
    if
    :: SAME_SLEEP -> parent_sleeps = false; fresh[0] = false; fresh[1] = false
    :: else
    fi;
    fresh[me] = false
  }
}

inline ring_bell ()
{
  if
  :: d_step { parent_sleeps -> fresh[me] = true }
#ifdef EARLY_NOTE
     note ();
     bell = true
#else
     bell = true;
     note ()
#endif
  :: !parent_sleeps
  fi
}

#ifdef LATE_OWNER
#define CLAIMER NOBODY
#else
#define CLAIMER who
#endif

#define is_free(position) \
  (positions[ticket (position)] == position + 1 && owners[ticket (position)] == NOBODY)

/* Whether there was something is in `ok`. The run is read before the claim, which fails if the
 * ticket was used again meanwhile: so both are one step here. */
inline claim (who)
{
  do
  :: d_step { cursor >= ends_head -> ok = false }
     break
  :: d_step { cursor < ends_head -> position = cursor }
     d_step {
       ok = is_free (position);
       if
       :: ok ->
          first = firsts[ticket (position)];
          count = counts[ticket (position)];
          owners[ticket (position)] = CLAIMER;
          holder[first] = who;
          holder[first + count - 1] = who
       :: else
       fi
     }
#ifdef LATE_OWNER
     if
     :: ok -> owners[ticket (position)] = who
     :: else
     fi;
#endif
#ifdef LATE_RUN
     d_step { first = firsts[ticket (position)]; count = counts[ticket (position)] }
#endif
     d_step {
       if
#ifdef NO_CURSOR_HELP
       :: cursor == position && ok -> cursor++
#else
       :: cursor == position -> cursor++
#endif
       :: else
       fi;
       assert (cursor > position);   /* nobody tries the same ticket for ever */
       position = 0
     }
     if
     :: ok -> break
     :: else
     fi
  od
}

#ifdef NO_FULL_LOOK
#define IS_FULL true
#else
#define IS_FULL (released[me] < head)
#endif

inline reserve ()
{
  do
  :: atomic { head - released[me] < ROOM -> head++; break }
  :: head - released[me] >= ROOM ->
     asleep[me] = FULL;
     if
     :: terminated -> goto gone
     :: !terminated
     fi;
     if
     :: IS_FULL -> asleep[me] != FULL
     :: !(IS_FULL)
     fi;
     asleep[me] = AWAKE
  od
}

inline write_result ()
{
  cells[me * ROOM + (head - 1) % ROOM] = item[at]
}

inline commit ()
{
  atomic {
    out_end[at] = head;
    record[at] = DONE;
    committed[item[at]] = true
  }
}

#ifdef NO_COMPARE
#define MAY_BEGIN true
#else
#define MAY_BEGIN (record[first] == WAITING)
#endif

/* The first of the run. */
inline run_item ()
{
  if
  :: d_step { MAY_BEGIN ->
       at = first;
       record[at] = RUNNING;
       assert (!cancelled[item[at]] && outcomes[item[at]] == 0 && begun[item[at]] == 0);
       begun[item[at]]++
     }
     reserve ();
#ifdef EARLY_COMMIT
     commit ();
     write_result ();
#else
     write_result ();
     commit ();
#endif
  :: d_step { !(MAY_BEGIN) ->
       assert (record[first] == CANCELLED);
       record[first] = SKIPPED
     }
  fi;
  ring_bell ();
  d_step {
    if
    :: holder[first] == me -> holder[first] = NOBODY
    :: else
    fi;
    first++; count--; at = 0
  }
}

#ifdef NO_IDLE_LOOK
#define IS_IDLE true
#else
#define IS_IDLE (is_empty () && !leave[me])
#endif
#ifdef NO_END_LOOK
#define IS_ENDING false
#else
#define IS_ENDING (closed || terminated)
#endif

/* It rings the bell as well, for a parent that naps. */
inline rest ()
{
  ok = closed;
  asleep[me] = IDLE;
  if
  :: IS_IDLE ->
     if
     :: ok -> goto gone
     :: !ok
     fi;
     if
     :: IS_ENDING
     :: !(IS_ENDING) -> asleep[me] != IDLE
     fi
  :: !(IS_IDLE)
  fi;
  atomic { asleep[me] = AWAKE; ok = false }
}

#if STOPS > 0
proctype worker () provided (!stopped[_pid - 1])
#else
proctype worker ()
#endif
{
  byte position, first, count, at, head;
  bool ok;

  do
  :: d_step { alive[me] -> resting[me] = false }
     {
       do
       :: terminated || leave[me] -> break
       :: !terminated && !leave[me] ->
          claim (me);
          if
          :: !ok -> rest ()
          :: ok ->
             do
             :: run_item ();
                if
                :: atomic { count == 0 || terminated || leave[me] ->
                     first = 0; count = 0; ok = false; break
                   }
                :: count > 0 && !terminated && !leave[me]
                fi
             od
          fi
       od;
gone:  atomic { died[me] = true; alive[me] = false }
     }
     unless {
       d_step { !alive[me] ->
         position = 0; first = 0; count = 0; at = 0; head = 0; ok = false;
         resting[me] = true
       }
     }
  od
}

/*
 * The parent
 */

#ifdef NO_TAIL
#define HAS_ROOM true
#else
#define HAS_ROOM (ends_head - tail < TICKETS)
#endif

inline publish_backlog ()
{
  do
  :: d_step { len (backlog) > 0 && HAS_ROOM ->
       backlog?first,count;
       positions[ticket (ends_head)] = ends_head + 1;
       owners[ticket (ends_head)] = NOBODY;
       firsts[ticket (ends_head)] = first;
       counts[ticket (ends_head)] = count;
       ends_head++;
       first = 0;
       count = 0
     }
  :: else -> break
  od
}

inline has_outcome (at)
{
  outcomes[item[at]]++;
  assert (outcomes[item[at]] == 1);
  delivered++;
  live[(at) / RUN]--;
  assert (live[(at) / RUN] < RUN)
}

/* Records from `first` on that never ran. */
inline deliver_unrun ()
{
  do
  :: count > 0 ->
     assert (cancelled[item[first]] || terminated);
     assert (!committed[item[first]] && begun[item[first]] == 0);
     has_outcome (first);
     first++;
     count--
  :: else -> break
  od;
  first = 0
}

inline harvest ()
{
  do
  :: positions[ticket (tail)] == tail + 1 && owners[ticket (tail)] != NOBODY ->
     owner = owners[ticket (tail)];
     first = firsts[ticket (tail)];
     count = counts[ticket (tail)];
     tail++;
     if
     :: owner == PARENT -> deliver_unrun ()
     :: else ->
        assert (known[owner]);
        runs[owner]!first,count
     fi
  :: else -> break
  od;
  owner = 0;
  first = 0;
  count = 0
}

#ifdef NO_SKIPPED
#define deliver_skipped(at) skip
#else
#define deliver_skipped(at) \
  assert (cancelled[item[at]] && !committed[item[at]]); has_outcome (at)
#endif

/* Whether the oldest item that @who claimed is ready. */
inline look (who)
{
  ready = len (runs[who]) > 0;
  if
  :: ready ->
     runs[who]?<first,count>;
     at = first + next[who];
     ready = record[at] == DONE || record[at] == SKIPPED
  :: else
  fi
}

inline collect_worker (who)
{
  look (who);
  do
  :: ready ->
     if
     :: record[at] == SKIPPED -> deliver_skipped (at)
     :: else ->
        assert (cells[who * ROOM + (out_end[at] - 1) % ROOM] == item[at]);
        has_outcome (at);
        released[who] = out_end[at]
     fi;
     next[who]++;
     if
     :: next[who] == count -> runs[who]?first,count; next[who] = 0
     :: else
     fi;
     look (who)
  :: else -> break
  od;
  at = 0;
  first = 0;
  count = 0
}

inline release_early (who)
{
  look (who);
  if
  :: ready && record[at] == DONE -> released[who] = out_end[at]
  :: else
  fi;
  at = 0;
  first = 0;
  count = 0;
  ready = false
}

/* One step: whatever the workers do in between is there the next time. */
inline collect ()
{
#ifdef EARLY_RELEASE
  d_step { harvest (); release_early (0); release_early (1) }
  d_step { wake (0, FULL); wake (1, FULL) }
#endif
  d_step { harvest (); collect_worker (0); collect_worker (1) }
  d_step { wake (0, FULL); wake (1, FULL) }
}

/* The one item that it ran. */
inline settle (at)
{
  assert (!committed[item[at]]);
  if
  :: retries < RETRIES && !terminated ->
     retries++;
     begun[item[at]] = 0;
     record[at] = WAITING;
     holder[at] = NOBODY;
     backlog!at,1
  :: else -> has_outcome (at)
  fi
}

/* It is gone: what it committed is collected, what it ran is settled, the rest goes back. */
inline give_up (who)
{
#ifndef NO_HARVEST_FIRST
  harvest ();
#endif
#ifndef NO_COLLECT_FIRST
  collect_worker (who);
#endif
  do
  :: len (runs[who]) > 0 ->
     runs[who]?first,count;
     if
     :: record[first + next[who]] == RUNNING ->
        settle (first + next[who]);
        next[who]++
     :: else
     fi;
     first = first + next[who];
     count = count - next[who];
     next[who] = 0;
     if
     :: count > 0 && !terminated ->
        holder[first] = NOBODY;
        holder[first + count - 1] = NOBODY;
        backlog!first,count;
        count = 0;
        first = 0
     :: else -> deliver_unrun ()
     fi
  :: else -> break
  od;
  known[who] = false
}

inline start (who)
{
  d_step { resting[who] ->
    asleep[who] = AWAKE;
    leave[who] = false;
    released[who] = 0;
    known[who] = true;
    alive[who] = true
  }
}

inline reap (who)
{
  if
  :: d_step { died[who] -> died[who] = false; give_up (who) }
     publish_backlog ();
     if
     :: !terminated && !resized && delivered < ITEMS -> start (who)
     :: else
     fi
  :: !died[who]
  fi
}

#define has_block() (live[0] == 0 || live[BLOCKS - 1] == 0)

inline submit ()
{
  d_step {
    do
    :: submitted < ITEMS && !terminated && has_block () ->
       first = (live[0] == 0 -> 0 : (BLOCKS - 1) * RUN);
       do
       :: count < RUN && submitted < ITEMS ->
          record[first + count] = WAITING;
          item[first + count] = submitted;
          holder[first + count] = NOBODY;
          live[first / RUN]++;
          submitted++;
          count++
       :: else -> break
       od;
       backlog!first,count;
       first = 0;
       count = 0
    :: else -> break
    od
  }
}

#ifdef NO_KICK
#define WORK 0
#else
#define WORK (ends_head > cursor -> ends_head - cursor : 0)
#endif

/* As many as there is work for. */
inline kick ()
{
  count = WORK;
  d_step {
    if
    :: count > 0 && asleep[0] == IDLE -> asleep[0] = AWAKE; count--
    :: else
    fi;
    if
    :: count > 0 && asleep[1] == IDLE -> asleep[1] = AWAKE
    :: else
    fi;
    count = 0
  }
}

/* Takes an item back, if nobody has begun it. */
inline cancel (at)
{
  d_step {
    if
    :: live[(at) / RUN] > 0 && outcomes[item[at]] == 0 && record[at] == WAITING ->
       record[at] = CANCELLED;
       cancelled[item[at]] = true;
#ifdef NO_SKIPPED
       has_outcome (at)
#endif
    :: else
    fi
  }
}

inline wake_all ()
{
  d_step { wake (0, AWAKE); wake (1, AWAKE) }
}

/* Takes everything back that nobody has claimed. */
inline terminate ()
{
  terminated = true;
  do
  :: claim (PARENT);
     if
     :: ok -> atomic { ok = false; first = 0; count = 0 }
     :: !ok ->
        d_step { harvest () }
        publish_backlog ();
        if
        :: is_empty () -> break
        :: !is_empty ()
        fi
     fi
  od;
  ok = false;
  wake_all ()
}

inline act ()
{
  do
  :: cancels < CANCELS -> cancels++; cancel (0)
  :: cancels < CANCELS -> cancels++; cancel (RECORDS - 1)
  :: RESIZES > 0 && !resized -> resized = true; leave[1] = true; d_step { wake (1, AWAKE) }
  :: TERMINATES > 0 && !terminated -> terminate ()
  :: break
  od
}

inline announce_end ()
{
  if
  :: delivered == ITEMS && !closed ->
     closed = true;
     wake_all ()
  :: else
  fi
}

#ifdef NO_DEATH_WATCH
#define DEATH false
#else
#define DEATH (died[0] || died[1])
#endif
#if STOPS > 0 && !defined NO_KICK_INTERVAL
#define SLEEPS_OVER_WORK (!is_empty () && (asleep[0] == IDLE || asleep[1] == IDLE))
#else
#define SLEEPS_OVER_WORK false
#endif

proctype parent ()
{
  byte tail, owner, position, first, count, at, cancels, retries;
  bool ok, ready, exits, resized;

  start (0);
  start (1);
  do
  :: d_step {
       parent_sleeps = false; fresh[0] = false; fresh[1] = false;
       exits = DEATH;
       bell = false
     }
     collect ();
     if
     :: exits -> reap (0); reap (1)
     :: !exits
     fi;
#if CANCELS + RESIZES + TERMINATES > 0
     act ();
#endif
     submit ();
     publish_backlog ();
     kick ();
     announce_end ();
     if
     :: !known[0] && !known[1] -> break
     :: else
     fi;
     d_step { parent_sleeps = true; fresh[0] = false; fresh[1] = false; exits = false }
#ifndef NO_PARENT_LOOK
     d_step {
       harvest ();
       look (0);
       ok = ready;
       look (1);
       ok = ok || ready;
       first = 0; count = 0; at = 0; ready = false
     }
#endif
     if
     :: ok -> ok = false
     :: !ok -> bell || DEATH || SLEEPS_OVER_WORK
     fi
  od
}

proctype fate ()
{
  byte kills, stops;

  do
  :: d_step { kills < KILLS && alive[0] && !stopped[0] -> kills++; died[0] = true; alive[0] = false }
  :: d_step { kills < KILLS && alive[1] && !stopped[1] -> kills++; died[1] = true; alive[1] = false }
  :: d_step { stops < STOPS && alive[0] -> stops++; stopped[0] = true }
  od
}

#define is_held(at) (holder[at] != NOBODY && stopped[holder[at]])
#define is_settled(i)                                                             \
  (outcomes[i] == 1 || (i >= submitted && terminated)                             \
   || (stopped[0] && (i >= submitted || (item[0] == i && is_held (0))             \
                      || (item[RECORDS - 1] == i && is_held (RECORDS - 1)))))

init
{
  byte i;

  atomic { run worker (); run worker (); run parent (); run fate () }
  /* Nobody can move any more. */
  timeout;
  do
  :: i < ITEMS -> assert (is_settled (i)); i++
  :: else -> break
  od;
  assert (stopped[0] || (!alive[0] && !alive[1] && !known[0] && !known[1]))
}
