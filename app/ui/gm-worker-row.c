/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-worker-row.h"

#include "gm-format.h"
#include "gm-json.h"
#include "gm-text.h"

/**
 * GmWorkerRow:
 *
 * A worker, or a process below it, as a row of the table. It says so only when what it shows has
 * changed.
 */
struct _GmWorkerRow
{
  GObject     parent_instance;

  /* Owned */
  char       *texts[GM_WORKER_N_COLUMNS];
  GListStore *children;  /* of GmWorkerRow; none below a process that is not a worker */

  double      numbers[GM_WORKER_N_COLUMNS];
  pid_t       pid;
  guint       changed;   /* a bit for each column */
  gboolean    is_slow;   /* far beyond the usual */
  gboolean    has_note;  /* the item comes with more than itself */
};

enum
{
  CHANGED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmWorkerRow, gm_worker_row, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

/* There are some dozens of rows with a dozen cells each, ten times a second. */
static const char * const changed_signals[GM_WORKER_N_COLUMNS] = {
  [GM_WORKER_COLUMN_SLOT] = "changed::slot",
  [GM_WORKER_COLUMN_NAME] = "changed::name",
  [GM_WORKER_COLUMN_PID] = "changed::pid",
  [GM_WORKER_COLUMN_STATE] = "changed::state",
  [GM_WORKER_COLUMN_ITEM] = "changed::item",
  [GM_WORKER_COLUMN_SINCE] = "changed::since",
  [GM_WORKER_COLUMN_DONE] = "changed::done",
  [GM_WORKER_COLUMN_FAILED] = "changed::failed",
  [GM_WORKER_COLUMN_CPU] = "changed::cpu",
  [GM_WORKER_COLUMN_MEMORY] = "changed::memory",
  [GM_WORKER_COLUMN_THREADS] = "changed::threads",
  [GM_WORKER_COLUMN_FILES] = "changed::files",
  [GM_WORKER_COLUMN_IO] = "changed::io",
};
static GQuark changed_details[GM_WORKER_N_COLUMNS];

static void
gm_worker_row_finalize (GObject *object)
{
  GmWorkerRow *self = GM_WORKER_ROW (object);

  for (guint i = 0; i < GM_WORKER_N_COLUMNS; i++)
    g_free (self->texts[i]);
  g_clear_object (&self->children);

  G_OBJECT_CLASS (gm_worker_row_parent_class)->finalize (object);
}

static void
gm_worker_row_class_init (GmWorkerRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_worker_row_finalize;

  /**
   * GmWorkerRow::changed:
   *
   * The text of a column, which is the detail, is another one now.
   */
  signals[CHANGED] = g_signal_new ("changed", GM_TYPE_WORKER_ROW,
                                   G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED | G_SIGNAL_NO_HOOKS, 0,
                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
  for (guint i = 0; i < GM_WORKER_N_COLUMNS; i++)
    changed_details[i] = g_quark_from_static_string (changed_signals[i] + strlen ("changed::"));
}

static void
gm_worker_row_init (GmWorkerRow *self)
{
}

GmWorkerRow *
gm_worker_row_new (void)
{
  return g_object_new (GM_TYPE_WORKER_ROW, NULL);
}

static void
set_take (GmWorkerRow    *self,
          GmWorkerColumn  column,
          double          number,
          char           *text)
{
  self->numbers[column] = number;
  if (g_strcmp0 (self->texts[column], text) == 0)
    {
      g_free (text);
      return;
    }
  g_free (self->texts[column]);
  self->texts[column] = text;
  self->changed |= 1u << column;
}

static void
set_text (GmWorkerRow    *self,
          GmWorkerColumn  column,
          double          number,
          const char     *text)
{
  if (g_strcmp0 (self->texts[column], text) != 0)
    set_take (self, column, number, g_strdup (text));
  self->numbers[column] = number;
}

static void
set_count (GmWorkerRow    *self,
           GmWorkerColumn  column,
           gint64          number)
{
  if (self->texts[column] == NULL || self->numbers[column] != number)
    set_take (self, column, number, number >= 0 ? gm_text_number (number) : g_strdup ("–"));
}

static void
set_size (GmWorkerRow    *self,
          GmWorkerColumn  column,
          gint64          bytes)
{
  if (self->texts[column] == NULL || self->numbers[column] != bytes)
    set_take (self, column, bytes,
              bytes >= 0 ? g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS) : g_strdup ("–"));
}

static void
tell (GmWorkerRow *self)
{
  guint changed = self->changed;

  self->changed = 0;
  for (guint i = 0; changed != 0; i++, changed >>= 1)
    if ((changed & 1) != 0)
      g_signal_emit (self, signals[CHANGED], changed_details[i]);
}

/* What it does, or why it does nothing. */
static const char *
describe (const GmSnapshot       *snapshot,
          const GmSnapshotWorker *worker,
          gboolean                is_slow)
{
  switch (worker->state)
    {
    case GM_WORKER_STARTING:
      return _("Starting");
    case GM_WORKER_BUSY:
      return is_slow ? _("Slow") : _("Busy");
    case GM_WORKER_STOPPED:
      return snapshot->state == GM_RUN_PAUSED ? _("Paused") : _("Stopped");
    case GM_WORKER_EXITING:
      return _("Dying");
    case GM_WORKER_IDLE:
    default:
      if (snapshot->state == GM_RUN_PAUSED)
        return _("Paused");
      return snapshot->queued == 0 ? _("Idle: nothing waits") : _("Idle");
    }
}

/* As the results show it: a text without the quotes of JSON. */
static char *
dup_item (const char *json)
{
  g_autoptr(JsonNode) node = *json == '"' ? gm_json_parse (json, strlen (json), NULL, NULL) : NULL;

  return gm_text_escape (node != NULL ? json_node_get_string (node) : json);
}

/* The item, how much of it is done and what its function says to it, as they are known. */
static char *
describe_item (const GmSnapshotWorker *worker)
{
  g_autofree char *item = worker->item != NULL ? dup_item (worker->item)
                                               : gm_text_number ((gint64) worker->index);
  g_autofree char *note = worker->note != NULL ? gm_text_escape (worker->note) : NULL;
  g_autoptr(GString) text = g_string_new (item);

  if (worker->progress >= 0)
    {
      g_string_append (text, " · ");
      g_string_append_printf (text, _("%d %%"), (int) (100 * MIN (worker->progress, 1)));
    }
  if (note != NULL)
    g_string_append_printf (text, " · %s", note);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What an item is called does not change while it is the same one. */
static void
set_item (GmWorkerRow            *self,
          const GmSnapshotWorker *worker)
{
  double index = worker->has_index ? (double) worker->index : -1;
  gboolean has_note = worker->progress >= 0 || worker->note != NULL;

  if (!has_note && !self->has_note && self->texts[GM_WORKER_COLUMN_ITEM] != NULL
      && self->numbers[GM_WORKER_COLUMN_ITEM] == index)
    return;
  self->has_note = has_note;
  set_take (self, GM_WORKER_COLUMN_ITEM, index, worker->has_index ? describe_item (worker) : NULL);
}

/**
 * gm_worker_row_set_worker:
 * @self: a row
 * @snapshot: what is known of the run
 * @worker: the worker
 * @now: wall clock, microseconds
 * @usual: nanoseconds that hardly an item takes longer than; 0: not known
 *
 * Shows the worker.
 */
void
gm_worker_row_set_worker (GmWorkerRow            *self,
                          const GmSnapshot       *snapshot,
                          const GmSnapshotWorker *worker,
                          gint64                  now,
                          gint64                  usual)
{
  gint64 busy = worker->has_index ? MAX (now - worker->since, 0) : -1;
  gboolean is_slow = busy > G_USEC_PER_SEC && usual > 0 && busy * 1000 > 3 * usual;
  int cpu = (int) (worker->cpu_percent + .5);

  self->pid = worker->pid;
  if (is_slow != self->is_slow)
    self->changed |= 1u << GM_WORKER_COLUMN_SINCE | 1u << GM_WORKER_COLUMN_STATE;
  self->is_slow = is_slow;
  set_count (self, GM_WORKER_COLUMN_SLOT, worker->slot);
  if (self->numbers[GM_WORKER_COLUMN_PID] != worker->pid)
    {
      set_take (self, GM_WORKER_COLUMN_PID, worker->pid,
                g_strdup_printf ("%d", (int) worker->pid));
      set_take (self, GM_WORKER_COLUMN_NAME, worker->slot, gm_format_worker (worker->worker));
    }
  set_text (self, GM_WORKER_COLUMN_STATE, worker->state, describe (snapshot, worker, is_slow));
  set_item (self, worker);
  set_take (self, GM_WORKER_COLUMN_SINCE, busy,
            busy >= G_USEC_PER_SEC ? gm_format_clock (busy / 1e6) : NULL);
  set_count (self, GM_WORKER_COLUMN_DONE, (gint64) worker->done);
  set_count (self, GM_WORKER_COLUMN_FAILED, (gint64) worker->failed);
  if (self->texts[GM_WORKER_COLUMN_CPU] == NULL || self->numbers[GM_WORKER_COLUMN_CPU] != cpu)
    set_take (self, GM_WORKER_COLUMN_CPU, cpu, g_strdup_printf (_("%d %%"), cpu));
  set_size (self, GM_WORKER_COLUMN_MEMORY, (gint64) worker->rss);
  tell (self);
}

static void
set_proc (GmWorkerRow  *self,
          const GmProc *sum)
{
  set_count (self, GM_WORKER_COLUMN_THREADS, sum->threads);
  set_count (self, GM_WORKER_COLUMN_FILES, sum->files);
  set_size (self, GM_WORKER_COLUMN_IO, sum->io);
}

/* Rows of processes that live on stay the same objects, so that a selection does too. */
static void
put_child (GmWorkerRow  *self,
           guint        *position,
           const GmProc *proc)
{
  GListModel *model = G_LIST_MODEL (self->children);

  while (*position < g_list_model_get_n_items (model))
    {
      g_autoptr(GmWorkerRow) row = g_list_model_get_item (model, *position);

      if (row->pid == proc->pid)
        {
          gm_worker_row_set_child (row, proc);
          (*position)++;
          return;
        }
      g_list_store_remove (self->children, *position);
    }
  {
    g_autoptr(GmWorkerRow) row = gm_worker_row_new ();

    gm_worker_row_set_child (row, proc);
    g_list_store_append (self->children, row);
    (*position)++;
  }
}

/**
 * gm_worker_row_read_proc:
 * @self: the row of a worker
 *
 * Reads from /proc what no snapshot has: of the worker with all of its descendants, and of each of
 * them as a row below.
 */
void
gm_worker_row_read_proc (GmWorkerRow *self)
{
  g_autoptr(GArray) tree = gm_proc_dup_tree (self->pid);
  GmProc sum, proc;
  guint position = 0;

  if (!gm_proc_read (self->pid, &sum))
    return;
  gm_worker_row_get_children (self);
  for (guint i = 0; i < tree->len; i++)
    if (gm_proc_read (g_array_index (tree, pid_t, i), &proc))
      {
        sum.threads += proc.threads;
        sum.files += MAX (proc.files, 0);
        sum.io += MAX (proc.io, 0);
        put_child (self, &position, &proc);
      }
  while (g_list_model_get_n_items (G_LIST_MODEL (self->children)) > position)
    g_list_store_remove (self->children, position);
  set_proc (self, &sum);
  tell (self);
}

/**
 * gm_worker_row_set_child:
 * @self: the row of a process below a worker
 * @proc: the process
 */
void
gm_worker_row_set_child (GmWorkerRow  *self,
                         const GmProc *proc)
{
  g_autofree char *name = gm_text_escape (proc->name);

  self->pid = proc->pid;
  if (g_strcmp0 (self->texts[GM_WORKER_COLUMN_NAME], name) != 0)
    set_take (self, GM_WORKER_COLUMN_NAME, proc->pid, g_steal_pointer (&name));
  if (self->texts[GM_WORKER_COLUMN_PID] == NULL)
    set_take (self, GM_WORKER_COLUMN_PID, proc->pid, g_strdup_printf ("%d", (int) proc->pid));
  set_size (self, GM_WORKER_COLUMN_MEMORY, proc->rss);
  set_proc (self, proc);
  tell (self);
}

/**
 * gm_worker_row_get_children:
 * @self: the row of a worker
 *
 * Returns: (transfer none): the rows of the processes below it
 */
GListModel *
gm_worker_row_get_children (GmWorkerRow *self)
{
  if (self->children == NULL)
    self->children = g_list_store_new (GM_TYPE_WORKER_ROW);

  return G_LIST_MODEL (self->children);
}

/**
 * gm_worker_row_get_signal:
 * @column: a column
 *
 * Returns: (transfer none): the name of the signal that its text has changed
 */
const char *
gm_worker_row_get_signal (GmWorkerColumn column)
{
  return changed_signals[column];
}

pid_t
gm_worker_row_get_pid (GmWorkerRow *self)
{
  return self->pid;
}

const char *
gm_worker_row_get_text (GmWorkerRow    *self,
                        GmWorkerColumn  column)
{
  return self->texts[column];
}

double
gm_worker_row_get_number (GmWorkerRow    *self,
                          GmWorkerColumn  column)
{
  return self->numbers[column];
}

gboolean
gm_worker_row_is_slow (GmWorkerRow *self)
{
  return self->is_slow;
}
