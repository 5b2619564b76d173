/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gm-printer.h"

#include "gm-order.h"
#include "gm-recorded.h"

/* Prints what items wrote, each whole, when its turn has come and the reader has room. What must
 * wait is on the disk already: only where it is there is kept, and nothing for what can be printed
 * at once. What is short and waits a short time, for items that were begun before it, is kept in
 * memory, up to a limit. */

/* Stands for an item that wrote nothing. */
#define NOTHING (G_MAXUINT64 - 1)

/* Marks a place in memory instead of one in results.jsonl. */
#define IN_MEMORY (G_GUINT64_CONSTANT (1) << 62)

/* So much is kept, of items that wrote no more than that. */
#define MAX_MEMORY (1024 * 1024)
#define MAX_SHORT  4096

/* So many may wait for a slow reader before nothing new is started. */
#define MAX_BEHIND 1024

/* What is not in the file yet is looked for again so soon: the runner writes ten times a second. */
#define RETRY_MS 20

typedef struct
{
  guint32 stdout_length;
  guint32 stderr_length;
} Kept;

/* What waits to be printed, one after the other. */
typedef struct
{
  GmOrder *places;  /* owned: turn -> where it is, mostly an offset in results.jsonl */
  guint64  turn;    /* the next to print */
} Queue;

struct _GmPrinter
{
  GmPrintForm  form;
  GmOutput    *out;       /* borrowed; both are the same where both go to one reader */
  GmOutput    *err;
  Queue        first;     /* in their order */
  Queue        again;     /* what ran again after its turn, as it ended */
  GString     *memory;    /* owned: a Kept and the text for each; begun anew when all are printed */
  guint64      n_kept;
  GmRecorded  *recorded;  /* owned */
  guint64      n_added;
  guint64      n_again;
  guint        retry_id;
  gboolean     is_pumping;
};

/**
 * gm_printer_new:
 * @form: what to print, and in which order
 * @out: for what the tasks wrote
 * @err: for their errors
 * @run_dir: the run directory
 *
 * Returns: (transfer full): a printer
 */
GmPrinter *
gm_printer_new (GmPrintForm  form,
                GmOutput    *out,
                GmOutput    *err,
                const char  *run_dir)
{
  GmPrinter *self = g_new0 (GmPrinter, 1);

  self->form = form;
  self->out = out;
  self->err = err;
  self->first.places = gm_order_new ();
  self->again.places = gm_order_new ();
  self->memory = g_string_new (NULL);
  self->recorded = gm_recorded_new (run_dir);

  return self;
}

/**
 * gm_printer_free:
 * @self: (transfer full): a printer
 */
void
gm_printer_free (GmPrinter *self)
{
  g_clear_handle_id (&self->retry_id, g_source_remove);
  gm_order_free (self->first.places);
  gm_order_free (self->again.places);
  g_string_free (self->memory, TRUE);
  gm_recorded_free (self->recorded);
  g_free (self);
}

static void
print_part (GmPrinter  *self,
            GmOutput   *output,
            const char *data,
            gsize       size,
            const char *path)
{
  g_autofree char *message = NULL;

  if (path == NULL)
    gm_output_write (output, data, size);
  else if (!gm_output_write_file (output, path))
    {
      message = g_strdup_printf ("gtk-mp: could not open the output “%s”: %s\n", path,
                                 g_strerror (errno));
      gm_output_write (self->err, message, strlen (message));
    }
}

static void
print_outcome (GmPrinter          *self,
               const GmRunOutcome *outcome)
{
  if (self->form == GM_PRINT_JSON)
    {
      gm_output_write (self->out, outcome->line, outcome->line_length);
      return;
    }
  print_part (self, self->out, outcome->stdout_data, outcome->stdout_length, outcome->stdout_path);
  print_part (self, self->err, outcome->stderr_data, outcome->stderr_length, outcome->stderr_path);
}

static void
print_recorded_part (GmPrinter *self,
                     GmOutput  *output,
                     int        fd)
{
  g_autofree char *path = gm_recorded_dup_path (self->recorded, fd);
  gsize length = 0;
  const char *data = path == NULL ? gm_recorded_get_output (self->recorded, fd, &length) : NULL;

  print_part (self, output, data, length, path);
}

static void
print_recorded (GmPrinter *self)
{
  gsize length;
  const char *line;

  if (self->form == GM_PRINT_JSON)
    {
      line = gm_recorded_get_line (self->recorded, &length);
      gm_output_write (self->out, line, length);
      return;
    }
  print_recorded_part (self, self->out, STDOUT_FILENO);
  print_recorded_part (self, self->err, STDERR_FILENO);
}

/* Keeps it in memory if there is room, and then says where. */
static void
keep (GmPrinter          *self,
      const GmRunOutcome *outcome,
      guint64            *place)
{
  Kept kept = { (guint32) outcome->stdout_length, (guint32) outcome->stderr_length };

  if (self->form == GM_PRINT_JSON || self->memory->len >= MAX_MEMORY
      || outcome->stdout_path != NULL || outcome->stdout_length > MAX_SHORT
      || outcome->stderr_path != NULL || outcome->stderr_length > MAX_SHORT)
    return;

  *place = IN_MEMORY | self->memory->len;
  g_string_append_len (self->memory, (const char *) &kept, sizeof kept);
  g_string_append_len (self->memory, outcome->stdout_data, kept.stdout_length);
  g_string_append_len (self->memory, outcome->stderr_data, kept.stderr_length);
  self->n_kept++;
}

static void
print_kept (GmPrinter *self,
            guint64    place)
{
  const char *record = self->memory->str + (place & ~IN_MEMORY);
  Kept kept;

  memcpy (&kept, record, sizeof kept);
  record += sizeof kept;
  gm_output_write (self->out, record, kept.stdout_length);
  gm_output_write (self->err, record + kept.stdout_length, kept.stderr_length);
  if (--self->n_kept == 0)
    g_string_truncate (self->memory, 0);
}

static gboolean
has_room (GmPrinter *self)
{
  return !gm_output_is_full (self->out) && !gm_output_is_full (self->err);
}

static gboolean
on_retry (gpointer user_data)
{
  GmPrinter *self = user_data;

  self->retry_id = 0;
  gm_printer_pump (self);

  return G_SOURCE_REMOVE;
}

/* Returns: %FALSE if it can't be printed yet */
static gboolean
print_from (GmPrinter *self,
            Queue     *queue)
{
  guint64 place;

  if (!gm_order_peek (queue->places, queue->turn, &place))
    return FALSE;
  if (place < IN_MEMORY && !gm_recorded_read (self->recorded, place))
    {
      if (self->retry_id == 0)
        self->retry_id = g_timeout_add (RETRY_MS, on_retry, self);
      return FALSE;
    }
  if (place < IN_MEMORY)
    print_recorded (self);
  else if (place != NOTHING)
    print_kept (self, place);
  gm_order_remove (queue->places, queue->turn++);

  return TRUE;
}

/**
 * gm_printer_pump:
 * @self: a printer
 *
 * Prints what waits, as far as its turn has come and there is room.
 */
void
gm_printer_pump (GmPrinter *self)
{
  if (self->is_pumping)
    return;
  self->is_pumping = TRUE;
  while (has_room (self) && (print_from (self, &self->again) || print_from (self, &self->first)))
    ;
  self->is_pumping = FALSE;
}

static gboolean
is_nothing (GmPrinter          *self,
            const GmRunOutcome *outcome)
{
  return self->form != GM_PRINT_JSON
         && outcome->stdout_length == 0 && outcome->stdout_path == NULL
         && outcome->stderr_length == 0 && outcome->stderr_path == NULL;
}

/* An item that ran again before its turn had come: only its last outcome is printed. */
static void
forget (GmPrinter *self,
        guint64    turn)
{
  guint64 place;

  if (!gm_order_peek (self->first.places, turn, &place))
    return;
  gm_order_remove (self->first.places, turn);
  if (place >= IN_MEMORY && place != NOTHING && --self->n_kept == 0)
    g_string_truncate (self->memory, 0);
}

/**
 * gm_printer_add:
 * @self: a printer
 * @outcome: the final outcome of an item
 *
 * Prints it, now or when its turn has come. One that the user has had run again is printed again.
 */
void
gm_printer_add (GmPrinter          *self,
                const GmRunOutcome *outcome)
{
  guint64 turn = self->form == GM_PRINT_ORDERED ? outcome->turn : self->n_added;
  guint64 place = outcome->line_offset;
  Queue *queue = &self->first;

  self->n_added++;
  if (turn < queue->turn || turn == GM_NO_TURN)
    {
      queue = &self->again;
      turn = self->n_again++;
    }
  else
    forget (self, turn);
  if (turn == queue->turn && has_room (self))
    {
      print_outcome (self, outcome);
      queue->turn++;
    }
  else
    {
      if (is_nothing (self, outcome))
        place = NOTHING;
      else
        keep (self, outcome, &place);
      gm_order_put (queue->places, turn, place);
    }
  gm_printer_pump (self);
}

/**
 * gm_printer_add_recorded:
 * @self: a printer
 * @index: of an item
 * @line_offset: where results.jsonl has its outcome
 *
 * The same for one that was written down before. One that ran again after its turn is passed over.
 */
void
gm_printer_add_recorded (GmPrinter *self,
                         guint64    index,
                         guint64    line_offset)
{
  guint64 turn = self->form == GM_PRINT_ORDERED ? index : self->n_added;

  self->n_added++;
  forget (self, turn);
  if (turn < self->first.turn)
    return;
  gm_order_put (self->first.places, turn, line_offset);
  gm_printer_pump (self);
}

static guint64
get_behind (GmPrinter *self)
{
  return gm_order_get_count (self->first.places) + gm_order_get_count (self->again.places);
}

/**
 * gm_printer_is_held:
 * @self: a printer
 *
 * Returns: whether the reader is so slow that nothing new should be started
 */
gboolean
gm_printer_is_held (GmPrinter *self)
{
  return !has_room (self) && get_behind (self) >= MAX_BEHIND;
}

/**
 * gm_printer_finish:
 * @self: a printer of a run that has ended
 *
 * Prints what waits, passing over items that have no outcome, as far as there is room.
 *
 * Returns: whether that was all
 */
gboolean
gm_printer_finish (GmPrinter *self)
{
  while (get_behind (self) > 0 && has_room (self))
    {
      Queue *queue = gm_order_get_count (self->again.places) > 0 ? &self->again : &self->first;

      queue->turn = gm_order_find_first (queue->places, queue->turn);
      if (!print_from (self, queue))
        /* It should be there: whoever wants it finds what there is in the run directory. */
        gm_order_remove (queue->places, queue->turn++);
    }

  return get_behind (self) == 0;
}
