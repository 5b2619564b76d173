/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gm-progress.h"

/* The line on the terminal that tells how far the run is. */

/* More often than the line is drawn, so that it is drawn when it may be. */
#define INTERVAL_MS 50

/* Where a terminal does not say how wide it is. */
#define DEFAULT_COLUMNS 80

#define BAR_WIDTH 20

struct _GmProgress
{
  GmOutput       *terminal;      /* borrowed */
  GmProgressFunc  get_counters;
  gpointer        user_data;
  guint           timer_id;
};

static char *
format_time (double seconds)
{
  guint64 whole = (guint64) (seconds + 0.5);
  guint64 minutes = whole / 60, hours = minutes / 60;

  if (hours >= 100)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " days", hours / 24);
  if (hours > 0)
    return g_strdup_printf ("%d:%02d:%02d", (int) hours, (int) (minutes % 60), (int) (whole % 60));

  return g_strdup_printf ("%d:%02d", (int) minutes, (int) (whole % 60));
}

static char *
format_rate (double rate)
{
  if (rate >= 100)
    return g_strdup_printf ("%.0f/s", rate);
  if (rate >= 1)
    return g_strdup_printf ("%.1f/s", rate);
  if (rate * 60 >= 1)
    return g_strdup_printf ("%.1f/min", rate * 60);

  return g_strdup_printf ("%.1f/h", rate * 3600);
}

static char *
format_done (const GmRunCounters *counters)
{
  if (!counters->total_known)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " done", counters->done);

  return g_strdup_printf ("%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " done", counters->done,
                          counters->total);
}

static char *
format_bar (const GmRunCounters *counters)
{
  char bar[BAR_WIDTH + 1] = "";
  guint filled;

  if (!counters->total_known || counters->total == 0)
    return NULL;
  filled = (guint) (counters->done * (double) BAR_WIDTH / counters->total);
  for (guint i = 0; i < BAR_WIDTH; i++)
    bar[i] = i < filled ? '#' : '.';

  return g_strdup_printf ("[%s]", bar);
}

static char *
format_left (const GmRunCounters *counters)
{
  g_autofree char *time = NULL;

  /* Beyond this nobody means the figure. */
  if (counters->eta < 0 || counters->eta > 1e9)
    return g_strdup ("time left unknown");
  time = format_time (counters->eta);

  return g_strconcat (time, " left", NULL);
}

/* Appends a part if it fits; what comes first matters more. */
static void
add_part (GString *line,
          char    *part,
          guint    columns)
{
  const char *gap = line->len > 0 ? ", " : "";

  if (part != NULL && line->len + strlen (gap) + strlen (part) <= columns)
    {
      g_string_append (line, gap);
      g_string_append (line, part);
    }
  g_free (part);
}

/**
 * gm_progress_format:
 * @counters: how far the run is
 * @columns: the width to keep to
 *
 * Returns: (transfer full): a line in ASCII, with as many parts as there is room for
 */
char *
gm_progress_format (const GmRunCounters *counters,
                    guint                columns)
{
  GString *line = g_string_new (NULL);
  g_autofree char *bar = format_bar (counters);

  add_part (line, format_done (counters), columns);
  if (counters->failed > 0)
    add_part (line, g_strdup_printf ("%" G_GUINT64_FORMAT " failed", counters->failed), columns);
  add_part (line, counters->paused ? g_strdup ("paused") : format_left (counters), columns);
  add_part (line, g_strdup_printf ("%" G_GUINT64_FORMAT " running", counters->running), columns);
  if (counters->rate > 0)
    add_part (line, format_rate (counters->rate), columns);
  if (bar != NULL && line->len + 1 + strlen (bar) <= columns)
    {
      g_string_prepend_c (line, ' ');
      g_string_prepend (line, bar);
    }
  g_string_truncate (line, columns);

  return g_string_free (line, FALSE);
}

static guint
get_columns (GmProgress *self)
{
  struct winsize size = { 0 };

  /* Asked for each time: no signal to catch, and right after a change as well. */
  if (ioctl (gm_output_get_fd (self->terminal), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
    return DEFAULT_COLUMNS;

  return size.ws_col;
}

static gboolean
on_tick (gpointer user_data)
{
  GmProgress *self = user_data;
  pid_t foreground = tcgetpgrp (gm_output_get_fd (self->terminal));
  g_autofree char *text = NULL;
  GmRunCounters counters;

  /* In the background the terminal belongs to somebody else. */
  if (foreground >= 0 && foreground != getpgrp ())
    return G_SOURCE_CONTINUE;

  self->get_counters (&counters, self->user_data);
  /* The last column stays free: some terminals go to the next line there. */
  text = gm_progress_format (&counters, get_columns (self) - 1);
  gm_output_set_footer (self->terminal, text);

  return G_SOURCE_CONTINUE;
}

/**
 * gm_progress_new:
 * @terminal: where to draw
 * @get_counters: tells what to draw
 * @user_data: for @get_counters
 *
 * Draws the line, and again when it has changed.
 *
 * Returns: (transfer full): the progress
 */
GmProgress *
gm_progress_new (GmOutput       *terminal,
                 GmProgressFunc  get_counters,
                 gpointer        user_data)
{
  GmProgress *self = g_new0 (GmProgress, 1);

  self->terminal = terminal;
  self->get_counters = get_counters;
  self->user_data = user_data;
  self->timer_id = g_timeout_add (INTERVAL_MS, on_tick, self);

  return self;
}

/**
 * gm_progress_free:
 * @self: (transfer full): a progress; its line is taken away
 */
void
gm_progress_free (GmProgress *self)
{
  g_source_remove (self->timer_id);
  gm_output_set_footer (self->terminal, NULL);
  g_free (self);
}
