/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "gm-output.h"

#include "gm-sink.h"

/* What is to be written waits in a queue until it can be written without waiting: a slow reader
 * must not keep the main loop from its kills and timeouts. On a terminal a line can stand below
 * what is written, the footer: it is taken away before anything else is written. */

/* From here on it is full, and down there it is so no longer. */
#define FULL     (1024 * 1024)
#define NOT_FULL (256 * 1024)

/* What is written at once, so that few calls are made, and before the loop has its turn again. */
#define PIECE    (64 * 1024)
#define AT_ONCE  (1024 * 1024)

/* The footer is drawn at most so often, in microseconds; what is written meanwhile waits for the
 * next time, so that it does not flicker. */
#define FOOTER_INTERVAL (100 * 1000)

#define ERASE_REST "\033[K"

typedef struct
{
  GString *data;
  gsize    done;
  int      fd;    /* a file that gives more, or -1 */
} Chunk;

struct _GmOutput
{
  GmSink        sink;
  GQueue        chunks;      /* owned, of Chunk */
  gsize         queued;      /* bytes in them, files not counted */
  guint         n_files;
  GSource      *source;      /* owned */
  gpointer      tag;         /* of the descriptor, while there is something to write */
  GmOutputFunc  func;
  gpointer      user_data;
  int           failure;     /* errno */
  gboolean      was_full;

  GString      *footer;      /* as it shall be; empty: none */
  GString      *control;     /* goes before the queue: the footer or its end */
  gint64        drawn;       /* when */
  gboolean      is_shown;    /* the footer, or part of it */
  gboolean      is_stale;    /* another one than what is shown shall be */
  gboolean      is_mid_line; /* the last byte was not a newline */
};

typedef struct
{
  GSource   parent;
  GmOutput *output;
} OutputSource;

static void
chunk_free (gpointer data)
{
  Chunk *chunk = data;

  if (chunk->fd >= 0)
    close (chunk->fd);
  g_string_free (chunk->data, TRUE);
  g_free (chunk);
}

static void
pop_chunk (GmOutput *self)
{
  Chunk *chunk = g_queue_pop_head (&self->chunks);

  self->queued -= chunk->data->len - chunk->done;
  self->n_files -= chunk->fd >= 0;
  chunk_free (chunk);
}

static void
emit (GmOutput      *self,
      GmOutputEvent  event)
{
  if (self->func != NULL)
    self->func (self, event, self->user_data);
}

static gboolean
was_just_drawn (GmOutput *self)
{
  return g_get_monotonic_time () - self->drawn < FOOTER_INTERVAL;
}

/* Whether what waits is little and comes with the next drawing of the footer. */
static gboolean
is_deferred (GmOutput *self)
{
  return self->footer->len > 0 && self->is_shown && self->control->len == 0
         && self->n_files == 0 && self->queued < PIECE && was_just_drawn (self);
}

static void
update_source (GmOutput *self)
{
  gboolean wanted = !gm_output_is_empty (self) && !is_deferred (self);

  if (wanted && self->tag == NULL)
    self->tag = g_source_add_unix_fd (self->source, self->sink.fd, G_IO_OUT);
  else if (!wanted && self->tag != NULL)
    g_source_remove_unix_fd (self->source, g_steal_pointer (&self->tag));
}

static void
fail (GmOutput *self,
      int       error)
{
  self->failure = error;
  self->was_full = FALSE;
  while (!g_queue_is_empty (&self->chunks))
    pop_chunk (self);
  g_string_truncate (self->control, 0);
  g_string_truncate (self->footer, 0);
  update_source (self);
  /* A terminal that was hung up says so by SIGHUP; who ignores that wants to go on without. */
  if (error == EPIPE || error == ECONNRESET)
    emit (self, GM_OUTPUT_CLOSED);
  else if (error != EIO || !self->sink.is_terminal)
    emit (self, GM_OUTPUT_FAILED);
}

/* Returns: how much, 0 if there is no room or it failed */
static gsize
write_some (GmOutput   *self,
            const char *data,
            gsize       size)
{
  gssize n;

  do
    n = gm_sink_write (&self->sink, data, size);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EAGAIN)
    fail (self, errno);

  return MAX (n, 0);
}

static gboolean
write_control (GmOutput *self)
{
  gsize n = write_some (self, self->control->str, self->control->len);

  if (self->failure == 0)
    g_string_erase (self->control, 0, n);

  return n > 0;
}

/* Returns: whether the first chunk has something to write; if not, it is gone */
static gboolean
refill (GmOutput *self,
        Chunk    *chunk)
{
  gssize n = 0;

  if (chunk->done < chunk->data->len)
    return TRUE;
  if (chunk->fd >= 0)
    {
      g_string_set_size (chunk->data, PIECE);
      do
        n = read (chunk->fd, chunk->data->str, PIECE);
      while (n < 0 && errno == EINTR);
      g_string_set_size (chunk->data, MAX (n, 0));
      chunk->done = 0;
      self->queued += chunk->data->len;
    }
  if (n <= 0)
    pop_chunk (self);

  return n > 0;
}

/* Returns: how much was written, 0 if there is no room */
static gsize
write_chunk (GmOutput *self,
             Chunk    *chunk)
{
  const char *data = chunk->data->str + chunk->done;
  gsize n = write_some (self, data, MIN (chunk->data->len - chunk->done, PIECE));

  if (n == 0)
    return 0;
  self->is_mid_line = data[n - 1] != '\n';
  chunk->done += n;
  self->queued -= n;

  return n;
}

/* Puts the footer, or its end, into `control`. Returns: whether there was something to do */
static gboolean
update_footer (GmOutput *self,
               gboolean  has_more)
{
  gboolean wanted = self->footer->len > 0 && !has_more && !self->is_mid_line;

  if (wanted ? (self->is_shown && !self->is_stale) || was_just_drawn (self) : !self->is_shown)
    return FALSE;

  if (wanted)
    {
      g_string_printf (self->control, "\r%s" ERASE_REST, self->footer->str);
      self->drawn = g_get_monotonic_time ();
    }
  else
    g_string_assign (self->control, "\r" ERASE_REST);
  self->is_shown = wanted;
  self->is_stale = FALSE;

  return TRUE;
}

/* Returns: %FALSE if there is nothing to do, or no room */
static gboolean
step (GmOutput *self,
      gsize    *written)
{
  Chunk *chunk = g_queue_peek_head (&self->chunks);
  gsize n;

  if (self->control->len > 0)
    return write_control (self);
  if (chunk != NULL && !refill (self, chunk))
    return TRUE;
  if (update_footer (self, chunk != NULL))
    return TRUE;
  if (chunk == NULL)
    return FALSE;
  n = write_chunk (self, chunk);
  *written += n;

  return n > 0;
}

/**
 * gm_output_flush:
 * @self: an output
 *
 * Writes what can be written without waiting, up to a limit.
 */
void
gm_output_flush (GmOutput *self)
{
  gsize written = 0;

  while (self->failure == 0 && written < AT_ONCE && !is_deferred (self) && step (self, &written))
    ;
  update_source (self);
  if (self->was_full && self->queued < NOT_FULL && self->n_files == 0)
    {
      self->was_full = FALSE;
      if (self->failure == 0)
        emit (self, GM_OUTPUT_ROOM);
    }
}

static gboolean
source_dispatch (GSource     *source,
                 GSourceFunc  callback,
                 gpointer     user_data)
{
  gm_output_flush (((OutputSource *) source)->output);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

/**
 * gm_output_new:
 * @fd: where to write; stays open and as it is
 * @func: (nullable): told what becomes of it
 * @user_data: for @func
 *
 * Writes in the default main context.
 *
 * Returns: (transfer full): an output
 */
GmOutput *
gm_output_new (int           fd,
               GmOutputFunc  func,
               gpointer      user_data)
{
  GmOutput *self = g_new0 (GmOutput, 1);

  gm_sink_open (&self->sink, fd);
  g_queue_init (&self->chunks);
  self->footer = g_string_new (NULL);
  self->control = g_string_new (NULL);
  self->func = func;
  self->user_data = user_data;
  self->source = g_source_new (&source_funcs, sizeof (OutputSource));
  ((OutputSource *) self->source)->output = self;
  g_source_set_static_name (self->source, "gm-output");
  g_source_attach (self->source, NULL);

  return self;
}

/**
 * gm_output_free:
 * @self: (transfer full): an output; what it still has is lost
 */
void
gm_output_free (GmOutput *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_queue_clear_full (&self->chunks, chunk_free);
  g_string_free (self->footer, TRUE);
  g_string_free (self->control, TRUE);
  gm_sink_close (&self->sink);
  g_free (self);
}

/**
 * gm_output_is_terminal:
 * @self: an output
 *
 * Returns: whether it is a terminal
 */
gboolean
gm_output_is_terminal (GmOutput *self)
{
  return self->sink.is_terminal;
}

/**
 * gm_output_is_full:
 * @self: an output
 *
 * Returns: whether so much waits that nothing should be added; #GM_OUTPUT_ROOM tells the end of it
 */
gboolean
gm_output_is_full (GmOutput *self)
{
  self->was_full |= self->queued >= FULL || self->n_files > 0;

  return self->was_full;
}

/**
 * gm_output_is_empty:
 * @self: an output
 *
 * Returns: whether nothing waits
 */
gboolean
gm_output_is_empty (GmOutput *self)
{
  return g_queue_is_empty (&self->chunks) && self->control->len == 0;
}

/**
 * gm_output_get_queued:
 * @self: an output
 *
 * Returns: how many bytes wait in memory
 */
gsize
gm_output_get_queued (GmOutput *self)
{
  return self->queued;
}

/**
 * gm_output_get_fd:
 * @self: an output
 *
 * Returns: what to poll for room
 */
int
gm_output_get_fd (GmOutput *self)
{
  return self->sink.fd;
}

/**
 * gm_output_get_errno:
 * @self: an output
 *
 * Returns: why it can't be written any more, or 0
 */
int
gm_output_get_errno (GmOutput *self)
{
  return self->failure;
}

static Chunk *
push_chunk (GmOutput *self,
            int       fd)
{
  Chunk *chunk = g_new0 (Chunk, 1);

  chunk->data = g_string_new (NULL);
  chunk->fd = fd;
  g_queue_push_tail (&self->chunks, chunk);

  return chunk;
}

/**
 * gm_output_write:
 * @self: an output
 * @data: what to write
 * @size: how much
 *
 * Never waits. What fails is told later, and once.
 */
void
gm_output_write (GmOutput   *self,
                 const char *data,
                 gsize       size)
{
  Chunk *chunk = g_queue_peek_tail (&self->chunks);

  if (self->failure != 0 || size == 0)
    return;
  if (chunk == NULL || chunk->fd >= 0 || chunk->data->len >= PIECE)
    chunk = push_chunk (self, -1);
  g_string_append_len (chunk->data, data, size);
  self->queued += size;
  if (self->queued >= PIECE)
    gm_output_flush (self);
  else
    update_source (self);
}

/**
 * gm_output_write_file:
 * @self: an output
 * @path: a file
 *
 * As gm_output_write(), with what is in a file, a piece at a time.
 *
 * Returns: %FALSE with errno if it can't be opened
 */
gboolean
gm_output_write_file (GmOutput   *self,
                      const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

  if (fd < 0)
    return FALSE;
  if (self->failure != 0)
    {
      close (fd);
      return TRUE;
    }
  push_chunk (self, fd);
  self->n_files++;
  update_source (self);

  return TRUE;
}

/**
 * gm_output_set_footer:
 * @self: an output that is a terminal
 * @text: (nullable): a line without its end, at most as wide as the terminal less one; %NULL: none
 *
 * Shows @text below what is written. While the line above has not ended it is not shown. What is
 * written now may wait for the next call, which must come several times a second.
 */
void
gm_output_set_footer (GmOutput   *self,
                      const char *text)
{
  if (text == NULL)
    text = "";
  if (self->failure == 0 && strcmp (text, self->footer->str) != 0)
    {
      g_string_assign (self->footer, text);
      self->is_stale = self->is_shown;
    }
  gm_output_flush (self);
}

/**
 * gm_output_wait:
 * @self: an output
 *
 * Waits until there is room, and writes.
 *
 * Returns: whether there is more to write
 */
gboolean
gm_output_wait (GmOutput *self)
{
  struct pollfd pollfd = { .fd = self->sink.fd, .events = POLLOUT };

  if (!gm_output_is_empty (self))
    {
      poll (&pollfd, 1, -1);
      gm_output_flush (self);
    }

  return !gm_output_is_empty (self);
}
