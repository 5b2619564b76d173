/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-events-index.h"

#include "gm-members.h"
#include "gm-tail.h"

struct _GmEventsIndex
{
  GmTail     *tail;
  GArray     *samples;  /* of GmEventsSample */
  GArray     *attempts; /* of GmEventsAttempt, as they ended */
  GHashTable *slots;    /* of worker's name → slot */
};

/**
 * gm_events_index_new:
 * @dir: a run directory
 *
 * Returns: (transfer full): an index of its events that knows none yet
 */
GmEventsIndex *
gm_events_index_new (const char *dir)
{
  GmEventsIndex *self = g_new0 (GmEventsIndex, 1);

  self->tail = gm_tail_new (dir, "events.jsonl");
  self->samples = g_array_new (FALSE, FALSE, sizeof (GmEventsSample));
  self->attempts = g_array_new (FALSE, FALSE, sizeof (GmEventsAttempt));
  self->slots = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return self;
}

/**
 * gm_events_index_free:
 * @self: (transfer full): an index
 */
void
gm_events_index_free (GmEventsIndex *self)
{
  gm_tail_free (self->tail);
  g_array_unref (self->samples);
  g_array_unref (self->attempts);
  g_hash_table_unref (self->slots);
  g_free (self);
}

static double
get_double (const GmMembers *member)
{
  return gm_members_get_scaled (member, 6) / 1e6;
}

static void
add_sample (GmEventsIndex *self,
            GmMembers     *member,
            gint64         time)
{
  GmEventsSample sample = { .time = time, .cpu_percent = -1, .rss = -1 };
  const struct { const char *name; double *value; } fields[] = {
    { "queued", &sample.queued }, { "running", &sample.running }, { "done", &sample.done },
    { "failed", &sample.failed }, { "rate", &sample.rate },
    { "cpu_percent", &sample.cpu_percent }, { "rss", &sample.rss },
  };

  while (gm_members_next (member))
    for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
      if (gm_members_is (member, fields[i].name))
        *fields[i].value = get_double (member);
  g_array_append_val (self->samples, sample);
}

static void
add_worker (GmEventsIndex *self,
            GmMembers     *member)
{
  g_autoptr(GString) name = g_string_new (NULL);

  while (gm_members_next (member))
    if (gm_members_is (member, "worker"))
      gm_members_get_text (member, name);
    else if (gm_members_is (member, "slot"))
      g_hash_table_replace (self->slots, g_strdup (name->str),
                            GUINT_TO_POINTER (CLAMP (gm_members_get_int (member), 0, G_MAXINT)));
}

static gboolean
has_value (const GmMembers *member,
           const char      *text)
{
  return member->value_size == strlen (text) + 2
         && memcmp (member->value + 1, text, strlen (text)) == 0;
}

static void
add_attempt (GmEventsIndex *self,
             GmMembers     *member,
             guint64        offset)
{
  GmEventsAttempt attempt = { .offset = offset };
  g_autoptr(GString) worker = g_string_new (NULL);
  GmMembers outcome = { NULL };

  while (gm_members_next (member))
    if (gm_members_is (member, "index"))
      attempt.index = gm_members_get_int (member);
    else if (gm_members_is (member, "outcome"))
      gm_members_init (&outcome, member->value, member->value_size);
  while (gm_members_next (&outcome))
    if (gm_members_is (&outcome, "worker"))
      gm_members_get_text (&outcome, worker);
    else if (gm_members_is (&outcome, "started"))
      attempt.started = gm_members_get_scaled (&outcome, 6);
    else if (gm_members_is (&outcome, "duration"))
      attempt.duration = gm_members_get_scaled (&outcome, 9);
    else if (gm_members_is (&outcome, "status"))
      attempt.is_timeout = has_value (&outcome, "timeout");
  attempt.slot = gm_events_index_get_slot (self, worker->str);
  g_array_append_val (self->attempts, attempt);
}

static void
parse (GmEventsIndex *self,
       const char    *line,
       gsize          size,
       guint64        offset)
{
  gint64 time = 0;
  GmMembers member;

  gm_members_init (&member, line, size);
  while (gm_members_next (&member))
    {
      if (gm_members_is (&member, "time"))
        time = gm_members_get_scaled (&member, 6);
      if (!gm_members_is (&member, "event"))
        continue;
      if (has_value (&member, "snapshot"))
        add_sample (self, &member, time);
      else if (has_value (&member, "worker-started"))
        add_worker (self, &member);
      else if (has_value (&member, "item-retried"))
        add_attempt (self, &member, offset);
      return;
    }
}

/**
 * gm_events_index_advance:
 * @self: an index
 * @bytes: how much to read at most
 *
 * Reads on in `events.jsonl`.
 *
 * Returns: whether it may have more
 */
gboolean
gm_events_index_advance (GmEventsIndex *self,
                         gsize          bytes)
{
  guint64 until = gm_tail_get_offset (self->tail) + bytes, offset;
  const char *line;
  gsize size;

  while (gm_tail_get_offset (self->tail) < until)
    {
      if (!gm_tail_next (self->tail, &line, &size, &offset))
        return FALSE;
      parse (self, line, size, offset);
    }

  return TRUE;
}

/**
 * gm_events_index_get_n_samples:
 * @self: an index
 *
 * Returns: how many moments it knows
 */
guint
gm_events_index_get_n_samples (GmEventsIndex *self)
{
  return self->samples->len;
}

/**
 * gm_events_index_get_sample:
 * @self: an index
 * @sample: below gm_events_index_get_n_samples()
 *
 * Returns: (transfer none): the state of the run at one moment, until the index is advanced
 */
const GmEventsSample *
gm_events_index_get_sample (GmEventsIndex *self,
                            guint          sample)
{
  g_return_val_if_fail (sample < self->samples->len, NULL);

  return &g_array_index (self->samples, GmEventsSample, sample);
}

/**
 * gm_events_index_get_slot:
 * @self: an index
 * @worker: (nullable): the name of a worker
 *
 * Returns: its slot, from 1; 0 if nothing was heard of it
 */
guint
gm_events_index_get_slot (GmEventsIndex *self,
                          const char    *worker)
{
  return worker != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (self->slots, worker)) : 0;
}

/**
 * gm_events_index_get_n_attempts:
 * @self: an index
 *
 * Returns: how many attempts of any items were followed by another
 */
guint
gm_events_index_get_n_attempts (GmEventsIndex *self)
{
  return self->attempts->len;
}

/**
 * gm_events_index_get_attempt:
 * @self: an index
 * @attempt: below gm_events_index_get_n_attempts()
 *
 * Returns: (transfer none): an attempt that failed, until the index is advanced
 */
const GmEventsAttempt *
gm_events_index_get_attempt (GmEventsIndex *self,
                             guint          attempt)
{
  g_return_val_if_fail (attempt < self->attempts->len, NULL);

  return &g_array_index (self->attempts, GmEventsAttempt, attempt);
}

/* The outcome object in a line of an item that is tried again. */
static char *
dup_outcome (GmEventsIndex *self,
             guint64        offset)
{
  gsize size;
  const char *line = gm_tail_peek_at (self->tail, offset, &size);
  GmMembers member;

  if (line == NULL)
    return NULL;
  gm_members_init (&member, line, size);
  while (gm_members_next (&member))
    if (gm_members_is (&member, "outcome"))
      return g_strndup (member.value, member.value_size);

  return NULL;
}

/**
 * gm_events_index_dup_attempts:
 * @self: an index
 * @index: of an item
 *
 * Returns: (transfer full) (element-type utf8): the outcome object of each attempt that was
 *   followed by another, the first one first
 */
GPtrArray *
gm_events_index_dup_attempts (GmEventsIndex *self,
                              guint64        index)
{
  g_autoptr(GPtrArray) attempts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->attempts->len; i++)
    {
      const GmEventsAttempt *attempt = gm_events_index_get_attempt (self, i);
      char *outcome = attempt->index == index ? dup_outcome (self, attempt->offset) : NULL;

      if (outcome != NULL)
        g_ptr_array_add (attempts, outcome);
    }

  return g_steal_pointer (&attempts);
}
