/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gm-runner-private.h"

#include "gm-line.h"

/* Attempts that are not the last one of their item. */

/* A delay that doubles stops growing here. */
#define MAX_RETRY_DELAY (24 * 3600.0)

/* An item that could not start for want of resources tries again so soon, and so often. */
#define STARVED_DELAY (100 * 1000)
#define MAX_STARVED   100

/* Whether an item whose attempt ended so has another one. */
gboolean
gm_runner_may_retry (GmRunner *self,
                     GmFlight *flight,
                     GmStatus  status)
{
  return self->phase == GM_PHASE_RUNNING && status != GM_STATUS_OK
         && status != GM_STATUS_CANCELLED
         && (gint64) flight->attempt - flight->tried <= self->job->retries;
}

/* The file of an attempt that is not the last, and that in its line. Later attempts have written
 * theirs under that name from the beginning. */
static char *
keep_spilled (GmRunner   *self,
              GmFlight   *flight,
              const char *line,
              gsize       length,
              int         fd)
{
  g_autofree char *name = gm_output_name (flight->index, 0, fd);
  g_autofree char *kept = gm_output_name (flight->index, flight->attempt, fd);
  int dir_fd = gm_run_dir_get_fd (self->dir);
  const char *value = gm_line_find (line, fd == 1 ? "stdout_file" : "stderr_file");
  gsize before;

  if (value == NULL || (flight->attempt == 1 && renameat (dir_fd, name, dir_fd, kept) < 0))
    return g_strndup (line, length);
  before = value + 1 - line;
  return g_strdup_printf ("%.*s%s%.*s", (int) before, line, kept,
                          (int) (length - before - strlen (name)), value + 1 + strlen (name));
}

static void
add_failed_attempt (GmRunner           *self,
                    GString            *event,
                    GmFlight           *flight,
                    const GmRunOutcome *outcome)
{
  g_autofree char *out = NULL;
  g_autofree char *both = NULL;
  gsize length = outcome->line_length - 1; /* without the newline */

  g_string_append (event, ",\"outcome\":");
  if (outcome->stdout_path == NULL && outcome->stderr_path == NULL)
    {
      g_string_append_len (event, outcome->line, length);
      return;
    }
  out = keep_spilled (self, flight, outcome->line, length, 1);
  both = keep_spilled (self, flight, out, strlen (out), 2);
  g_string_append (event, both);
}

/* Puts the file of the last attempt where its outcome says. That of an outcome which the item had
 * before it was asked for again is kept beside it. */
static void
place_spilled (GmRunner *self,
               GmFlight *flight,
               int       fd)
{
  g_autofree char *name = gm_output_name (flight->index, 0, fd);
  g_autofree char *written = gm_output_name (flight->index, flight->attempt, fd);
  g_autofree char *before = gm_output_name (flight->index, flight->tried, fd);
  int dir_fd = gm_run_dir_get_fd (self->dir);

  if (flight->tried > 0
      && renameat2 (dir_fd, name, dir_fd, before, RENAME_NOREPLACE) < 0 && errno != ENOENT)
    g_debug ("could not keep “%s”: %s", name, g_strerror (errno));
  if (renameat (dir_fd, written, dir_fd, name) < 0)
    g_debug ("could not put “%s” in its place: %s", written, g_strerror (errno));
}

void
gm_runner_place_output (GmRunner           *self,
                        GmFlight           *flight,
                        const GmRunOutcome *outcome)
{
  if (flight->attempt == 1)
    return;
  if (outcome->stdout_path != NULL)
    place_spilled (self, flight, 1);
  if (outcome->stderr_path != NULL)
    place_spilled (self, flight, 2);
}

void
gm_runner_try_again (GmRunner           *self,
                     GmFlight           *flight,
                     const MpOutcome    *outcome,
                     const GmRunOutcome *failed)
{
  double delay = self->job->retry_delay;
  gint64 due = g_get_monotonic_time ();
  g_autofree char *line = NULL;
  GmRunOutcome kept = *failed;
  GString *event;

  /* The event is made where the line may be. */
  kept.line = line = g_strndup (failed->line, failed->line_length);
  for (guint i = 1; i < flight->attempt && delay < MAX_RETRY_DELAY; i++)
    delay *= 2;
  due += (gint64) (MIN (delay, MAX_RETRY_DELAY) * G_USEC_PER_SEC);
  event = gm_runner_begin_event (self, "item-retried");
  gm_line_add_int (event, "index", flight->index);
  gm_line_add_int (event, "attempt", flight->attempt);
  add_failed_attempt (self, event, flight, &kept);
  gm_runner_end_event (self);
  gm_runner_log_item (self, MP_LOG_INFO, "trying again: ", &kept);

  g_free (flight->worker);
  flight->worker = g_strdup (outcome->worker);
  flight->pid = outcome->pid;
  flight->started = outcome->start_time;
  flight->duration = outcome->duration;
  flight->attempt++;
  gm_in_flight_wait (self->flights, flight, due);
  gm_runner_wake (self, due);
}

/* Puts the item back: what became of this attempt says nothing about it. */
void
gm_runner_queue_again (GmRunner *self,
                       GmFlight *flight,
                       gint64    due)
{
  if (self->phase != GM_PHASE_RUNNING)
    {
      gm_runner_settle_waiting (self, flight);
      return;
    }
  gm_in_flight_wait (self->flights, flight, due);
  gm_runner_wake (self, due);
}

/* Without processes or descriptors the item was not begun: it waits for others to end. */
void
gm_runner_starve (GmRunner *self,
                  GmFlight *flight)
{
  MpPoolStats stats;
  gint64 due = g_get_monotonic_time () + STARVED_DELAY;

  mp_pool_get_stats (self->pool, &stats);
  if (++self->starved > MAX_STARVED && stats.running == 0)
    gm_runner_fail_to_start (self,
                             g_error_new (GM_RUNNER_ERROR, GM_RUNNER_ERROR_FAILED,
                                          "No program can be started though none runs: there are "
                                          "no more processes, descriptors or memory to be had"));
  gm_runner_queue_again (self, flight, due);
}
