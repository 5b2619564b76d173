/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib-unix.h>

#include "gm-runner-private.h"

/* How items get from the inputs to the pool. */

/* So many items at once, then the main loop has its turn. */
#define BATCH 4096

/* So many that are done already are passed over at once. */
#define MAX_PASSED 65536

/* While so many items wait for another attempt, no new ones are read. */
#define MAX_WAITING 8192
#define MAX_BYTES   (16 * 1024 * 1024)

/* Has the loop call gm_runner_pump() at @when, monotonic microseconds; 0 for at once. */
void
gm_runner_wake (GmRunner *self,
                gint64    when)
{
  gint64 ready = g_source_get_ready_time (self->work_source);

  if (ready < 0 || when < ready)
    g_source_set_ready_time (self->work_source, when);
}

static gboolean
on_input (int          fd,
          GIOCondition condition,
          gpointer     user_data)
{
  GmRunner *self = user_data;

  self->waiting_input = FALSE;
  self->input_source = NULL;
  gm_runner_wake (self, 0);
  return G_SOURCE_REMOVE;
}

static void
wait_for_input (GmRunner *self)
{
  if (self->waiting_input)
    return;
  self->waiting_input = TRUE;
  self->input_source = g_unix_fd_source_new (gm_inputs_get_fd (self->inputs),
                                             G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_callback (self->input_source, G_SOURCE_FUNC (on_input), self, NULL);
  gm_runner_add_source (self, self->input_source, "gm-runner-input");
}

static void
end_inputs (GmRunner *self)
{
  g_autoptr(GError) error = NULL;

  self->inputs_ended = TRUE;
  self->inputs_complete = TRUE;
  if (self->kept.has_lines && !self->kept.ended)
    return;
  if (!gm_inputs_record_end (self->record, &error))
    gm_runner_fail (self, g_steal_pointer (&error));
}

/* Whether an item has its outcome already, or is none of those that are asked for. */
static gboolean
is_passed_over (GmRunner *self,
                guint64   index)
{
  GmStatus status;

  if (self->past == NULL || gm_past_is_settled (self->past, index))
    return self->past != NULL;
  if (!self->retry_failed || gm_past_get_outcome (self->past, index, &status))
    return FALSE;
  self->items_left = TRUE;
  return TRUE;
}

/* As many as shall be run have been read: is there another one? */
static void
end_first (GmRunner *self)
{
  guint64 index = self->n_read;
  GmInputsStatus status;
  GmItem item;

  do
    status = gm_inputs_next (self->inputs, &item, NULL);
  while (status == GM_INPUTS_ITEM && is_passed_over (self, index++));
  if (status == GM_INPUTS_END)
    end_inputs (self);
  else
    self->items_left = self->inputs_ended = TRUE;
}

/* Returns: whether @item is the next one */
static gboolean
read_item (GmRunner *self,
           GmItem   *item)
{
  g_autoptr(GError) error = NULL;

  if (self->inputs_ended || self->waiting_input)
    return FALSE;
  if (self->first > 0 && self->n_taken - self->n_reused == self->first)
    {
      end_first (self);
      return FALSE;
    }
  switch (gm_inputs_next (self->inputs, item, &error))
    {
    case GM_INPUTS_ITEM:
      if (gm_inputs_record_add (self->record, item, &error))
        return TRUE;
      break;
    case GM_INPUTS_END:
      end_inputs (self);
      return FALSE;
    case GM_INPUTS_WAIT:
      wait_for_input (self);
      return FALSE;
    case GM_INPUTS_ERROR:
    default:
      break;
    }
  self->inputs_ended = TRUE;
  gm_runner_fail (self, g_steal_pointer (&error));
  return FALSE;
}

/* Passes over what has been done before, a piece at a time. Returns: whether @item is one to run */
static gboolean
take_item (GmRunner *self,
           GmItem   *item,
           guint64  *index,
           guint64  *turn)
{
  for (guint n = 0; n < MAX_PASSED; n++)
    {
      if (!read_item (self, item))
        return FALSE;
      *index = self->n_read++;
      if (!is_passed_over (self, *index))
        {
          *turn = self->n_taken++;
          return TRUE;
        }
    }
  gm_runner_wake (self, 0);
  return FALSE;
}

/* Attempts go on counting. What has an outcome has used up its retries: it has them anew. */
static GmFlight *
add_flight (GmRunner     *self,
            guint64       index,
            guint64       turn,
            const GmItem *item)
{
  GmFlight *flight = gm_in_flight_add (self->flights, index, item);
  GmStatus status;

  flight->turn = turn;
  if (self->past == NULL)
    return flight;
  flight->attempt += gm_past_get_attempts (self->past, index);
  if (gm_past_get_outcome (self->past, index, &status))
    flight->tried = flight->attempt - 1;
  return flight;
}

static void
push (GmRunner *self,
      GmFlight *flight)
{
  GmItem item;

  gm_flight_clear_verdict (flight);
  gm_flight_get_item (flight, &item);
  gm_item_header_write (self->packet, flight->index, flight->attempt, &item);
  mp_pool_feed_push_bytes (self->feed, flight->index, self->packet->str, self->packet->len);
}

/* Returns: whether there was one */
static gboolean
push_next (GmRunner *self,
           gint64    now)
{
  GmFlight *flight = gm_in_flight_pop_due (self->flights, now);
  GmItem item;
  guint64 index, turn;

  if (flight != NULL)
    {
      push (self, flight);
      return TRUE;
    }
  if (gm_in_flight_get_waits (self->flights) >= MAX_WAITING
      || (gm_in_flight_get_bytes (self->flights) >= MAX_BYTES
          && gm_in_flight_get_count (self->flights) >= 2 * mp_pool_get_processes (self->pool))
      || !take_item (self, &item, &index, &turn))
    return FALSE;
  if (item.kind == GM_ITEM_BAD)
    gm_runner_settle_bad (self, index, turn, &item);
  else if (!gm_runner_settle_reused (self, index, turn, &item))
    push (self, add_flight (self, index, turn, &item));
  return TRUE;
}

/* A job that stops at a failure keeps nothing in store with the workers: when the failure is seen,
 * nothing has been begun after it. Where some may fail, as many may be in store. */
static guint
get_room (GmRunner *self)
{
  guint room = mp_pool_feed_get_room (self->feed);
  guint pending = mp_pool_feed_get_pending (self->feed);
  guint64 window = gm_runner_failures_left (self);

  /* What is short of memory keeps nothing in store either. */
  if (self->job->min_free_memory > 0)
    window = 0;
  if (window == G_MAXUINT64)
    return room;
  window = MAX (window, mp_pool_get_processes (self->pool));
  return (guint) MIN (room, window - MIN (window, pending));
}

static void
push_batch (GmRunner *self)
{
  gint64 now = g_get_monotonic_time (), due;
  guint room = get_room (self);
  guint n = 0;

  /* Pending counts only what the pool has: items that end at once leave the room as it is. */
  while (n < MIN (room, BATCH) && self->phase == GM_PHASE_RUNNING && !self->held
         && self->state != GM_RUN_PAUSED && gm_runner_may_start (self) && push_next (self, now))
    n++;
  if (n > 0)
    mp_pool_feed_flush (self->feed);
  if (n == BATCH || (n > 0 && n == room && get_room (self) > 0))
    gm_runner_wake (self, 0);
  due = gm_in_flight_next_due (self->flights);
  if (due > now && self->state != GM_RUN_PAUSED)
    gm_runner_wake (self, due);
}

/* What was not begun is settled without running. */
static void
settle_batch (GmRunner *self)
{
  GmFlight *flight;
  GmItem item;
  guint64 index, turn;
  guint n = 0;

  while (n < BATCH && (flight = gm_in_flight_pop_due (self->flights, G_MAXINT64)) != NULL)
    {
      gm_runner_settle_waiting (self, flight);
      n++;
    }
  if (!gm_runner_records (self))
    self->inputs_ended = TRUE;
  while (n < BATCH && gm_runner_records (self) && take_item (self, &item, &index, &turn))
    {
      gm_runner_settle_unread (self, index, turn, &item);
      n++;
    }
  /* Who writes to a pipe may never end: what has not come by now is not waited for. */
  if (self->waiting_input)
    self->inputs_ended = TRUE;
  if (n == BATCH)
    gm_runner_wake (self, 0);
}

/**
 * gm_runner_pump:
 * @self: a runner
 *
 * Gives the pool what there is room for, or settles what will not run any more.
 */
void
gm_runner_pump (GmRunner *self)
{
  if (self->pumping)
    return;
  self->pumping = TRUE;
  if (self->phase == GM_PHASE_RUNNING)
    push_batch (self);
  if (self->phase == GM_PHASE_STOPPING)
    settle_batch (self);
  self->pumping = FALSE;
  gm_runner_settled (self);
}
