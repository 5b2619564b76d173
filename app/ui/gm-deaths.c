/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-deaths.h"

#include "gm-fields.h"
#include "gm-json.h"
#include "gm-tail.h"

/* So many events at a time: a long run must not stop the window. */
#define EVENTS_PER_TURN 5000

struct _GmDeaths
{
  GmTail *tail;
  char   *last;  /* said to people; NULL: none yet */
};

/**
 * gm_deaths_new:
 * @run: a run
 *
 * Reads nothing yet.
 *
 * Returns: (transfer full): its workers' deaths
 */
GmDeaths *
gm_deaths_new (GmRun *run)
{
  GmDeaths *self = g_new0 (GmDeaths, 1);

  self->tail = gm_tail_new (gm_run_get_dir (run), "events.jsonl");

  return self;
}

/**
 * gm_deaths_free:
 * @self: (transfer full): deaths
 */
void
gm_deaths_free (GmDeaths *self)
{
  g_clear_pointer (&self->tail, gm_tail_free);
  g_free (self->last);
  g_free (self);
}

static void
take_event (GmDeaths   *self,
            JsonObject *event)
{
  const char *reason = gm_field_get_string (event, "reason", "");
  const char *worker = gm_field_get_string (event, "worker", "");
  const char *signal = gm_field_get_string (event, "signal", NULL);

  if (strcmp (reason, "crashed") != 0)
    return;
  g_free (self->last);
  if (signal != NULL)
    self->last = g_strdup_printf (_("The worker %s was ended by %s and has been replaced"), worker,
                                  signal);
  else
    self->last = g_strdup_printf (_("The worker %s ended by itself and has been replaced"), worker);
}

/**
 * gm_deaths_read:
 * @self: deaths
 *
 * Reads on, as far as can be done without stopping the window.
 *
 * Returns: whether there was something new to say
 */
gboolean
gm_deaths_read (GmDeaths *self)
{
  const char *before = self->last;
  const char *line;
  guint64 offset;
  gsize size;

  for (int i = 0;
       i < EVENTS_PER_TURN && gm_tail_next (self->tail, &line, &size, &offset);
       i++)
    {
      g_autoptr(JsonNode) node = NULL;

      if (memmem (line, size, "\"worker-exited\"", strlen ("\"worker-exited\"")) == NULL)
        continue;
      node = gm_json_parse (line, size, NULL, NULL);
      if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
        take_event (self, json_node_get_object (node));
    }

  return self->last != before;
}

/**
 * gm_deaths_get_last:
 * @self: deaths
 *
 * Returns: (nullable): the last one, in words
 */
const char *
gm_deaths_get_last (GmDeaths *self)
{
  return self->last;
}
