/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gdk/gdk.h>

#include "gm-run-data.h"

/* Read between two turns of the main loop: some milliseconds. */
#define SLICE (1024 * 1024)

/* Those who look are told at most so often while much is read: microseconds. */
#define TELL_INTERVAL 200000

/**
 * GmRunData:
 *
 * What the files of a run hold, read while somebody looks at it. The pages that show a run share
 * one; it belongs to the run.
 */
struct _GmRunData
{
  GObject parent_instance;

  /* Owned */
  GmEventsIndex  *events;
  GmResultsIndex *results;
  GmLogIndex     *log;

  /* How many want each part */
  guint           wanted[GM_RUN_DATA_N_PARTS];

  guint           source;
  gint64          told;
};

enum
{
  CHANGED,
  SHOW_ITEM,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmRunData, gm_run_data, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

static void
tell (GmRunData *self)
{
  self->told = g_get_monotonic_time ();
  g_signal_emit (self, signals[CHANGED], 0);
}

static gboolean
read_cb (gpointer user_data)
{
  GmRunData *self = user_data;
  gboolean more = FALSE;

  if (self->wanted[GM_RUN_DATA_EVENTS] > 0)
    more |= gm_events_index_advance (self->events, SLICE);
  if (self->wanted[GM_RUN_DATA_RESULTS] > 0)
    more |= gm_results_index_advance (self->results, SLICE);
  if (self->wanted[GM_RUN_DATA_LOG] > 0)
    more |= gm_log_index_advance (self->log, SLICE);
  if (!more)
    self->source = 0;
  if (!more || g_get_monotonic_time () - self->told > TELL_INTERVAL)
    tell (self);

  return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
read_on (GmRunData *self)
{
  guint wanted = 0;

  for (guint i = 0; i < GM_RUN_DATA_N_PARTS; i++)
    wanted += self->wanted[i];
  if (wanted == 0 || self->source != 0)
    return;
  /* As urgent as drawing: when that takes all the time there is, each gets its turn. */
  self->source = g_idle_add_full (GDK_PRIORITY_REDRAW, read_cb, self, NULL);
  g_source_set_name_by_id (self->source, "gm-run-data");
}

static void
gm_run_data_finalize (GObject *object)
{
  GmRunData *self = GM_RUN_DATA (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_pointer (&self->events, gm_events_index_free);
  g_clear_pointer (&self->results, gm_results_index_free);
  g_clear_pointer (&self->log, gm_log_index_free);

  G_OBJECT_CLASS (gm_run_data_parent_class)->finalize (object);
}

static void
gm_run_data_class_init (GmRunDataClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gm_run_data_finalize;

  /**
   * GmRunData::changed:
   *
   * The indexes have more.
   */
  signals[CHANGED] = g_signal_new ("changed", GM_TYPE_RUN_DATA, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
  /**
   * GmRunData::show-item:
   * @index: of the item
   *
   * Somebody wants to see it among the results.
   */
  signals[SHOW_ITEM] = g_signal_new ("show-item", GM_TYPE_RUN_DATA, G_SIGNAL_RUN_LAST, 0, NULL,
                                     NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);
}

static void
gm_run_data_init (GmRunData *self)
{
}

/**
 * gm_run_data_get:
 * @run: a run
 *
 * Returns: (transfer none): what its files hold
 */
GmRunData *
gm_run_data_get (GmRun *run)
{
  GmRunData *self = g_object_get_data (G_OBJECT (run), "gm-run-data");

  if (self != NULL)
    return self;
  self = g_object_new (GM_TYPE_RUN_DATA, NULL);
  self->events = gm_events_index_new (gm_run_get_dir (run));
  self->results = gm_results_index_new (gm_run_get_dir (run));
  self->log = gm_log_index_new (gm_run_get_dir (run));
  g_signal_connect_object (run, "grown", G_CALLBACK (read_on), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (run, "changed", G_CALLBACK (read_on), self, G_CONNECT_SWAPPED);
  g_object_set_data_full (G_OBJECT (run), "gm-run-data", self, g_object_unref);

  return self;
}

/**
 * gm_run_data_set_wanted:
 * @self: data of a run
 * @part: what
 * @wanted: whether somebody looks at it now
 *
 * Nothing is read that nobody looks at. Each %TRUE needs a %FALSE later.
 */
void
gm_run_data_set_wanted (GmRunData     *self,
                        GmRunDataPart  part,
                        gboolean       wanted)
{
  g_return_if_fail (wanted || self->wanted[part] > 0);

  self->wanted[part] += wanted ? 1 : -1;
  if (wanted)
    read_on (self);
}

void
gm_run_data_show_item (GmRunData *self,
                       guint64    index)
{
  g_signal_emit (self, signals[SHOW_ITEM], 0, index);
}

gboolean
gm_run_data_is_reading (GmRunData *self)
{
  return self->source != 0;
}

GmEventsIndex *
gm_run_data_get_events (GmRunData *self)
{
  return self->events;
}

GmResultsIndex *
gm_run_data_get_results (GmRunData *self)
{
  return self->results;
}

GmLogIndex *
gm_run_data_get_log (GmRunData *self)
{
  return self->log;
}
