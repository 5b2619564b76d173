/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-log.h"

/* All processes append to the file itself, which never blocks: with a pipe, a runner that logs
 * while its own pipe is full would wait for itself. What they append we see by inotify. */

#define READ_SIZE 16384

/* A line longer than this is handed on in pieces. */
#define MAX_LINE  65536

/* Who logs without end must not keep the rest of the runner from its turn. */
#define MAX_READS 16

struct _GmLog
{
  /* Owned */
  int         fd;
  int         inotify_fd;  /* -1: there is none */
  GString    *text;        /* read, and not yet a whole line */
  GSource    *source;      /* nullable: nobody follows */

  /* Borrowed */
  gpointer    user_data;   /* for func */

  GmLogFunc   func;
  guint64     offset;      /* so much of the file is read */
  MpLogLevel  level;       /* that the follower wants */
};

/**
 * gm_log_line_level:
 * @line: a line of the log
 * @length: its length
 *
 * Returns: its level; what is not in multiprocessing's format was printed by a function: INFO
 */
int
gm_log_line_level (const char *line,
                   gsize       length)
{
  static const struct { const char *prefix; int level; } levels[] = {
    { "[DEBUG/", MP_LOG_DEBUG },
    { "[INFO/", MP_LOG_INFO },
    { "[WARNING/", MP_LOG_WARNING },
    { "[ERROR/", MP_LOG_ERROR },
  };
  const char *level_n = "[Level ";

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (length >= strlen (levels[i].prefix)
        && memcmp (line, levels[i].prefix, strlen (levels[i].prefix)) == 0)
      return levels[i].level;
  if (length > strlen (level_n) && memcmp (line, level_n, strlen (level_n)) == 0)
    return (int) g_ascii_strtoll (line + strlen (level_n), NULL, 10);
  return MP_LOG_INFO;
}

/**
 * gm_log_open:
 * @dir: the run's folder
 * @level: the lowest level to hand to a follower; the file has at least INFO
 * @error: return location for an error
 *
 * Opens the log, and sends what this process and those it starts log there.
 *
 * Returns: (transfer full): the log
 */
GmLog *
gm_log_open (GmRunDir    *dir,
             MpLogLevel   level,
             GError     **error)
{
  g_autoptr(GmLog) self = g_new0 (GmLog, 1);
  g_autofree char *path = g_build_filename (gm_run_dir_get_path (dir), "log.txt", NULL);

  self->level = level;
  self->text = g_string_new (NULL);
  self->inotify_fd = -1;
  self->fd = openat (gm_run_dir_get_fd (dir), "log.txt",
                     O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (self->fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Could not open “%s”: %s",
                   path, g_strerror (errno));
      return NULL;
    }
  self->offset = lseek (self->fd, 0, SEEK_END);
  /* Where there is no inotify to be had, the follower sees the lines when the log is drained. */
  self->inotify_fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  if (self->inotify_fd >= 0)
    inotify_add_watch (self->inotify_fd, path, IN_MODIFY);
  mp_log_to_fd (self->fd, MIN (level, MP_LOG_INFO));
  return g_steal_pointer (&self);
}

/**
 * gm_log_free:
 * @self: (transfer full): a log; this process no longer logs there
 */
void
gm_log_free (GmLog *self)
{
  if (self->fd >= 0)
    {
      mp_log_to_fd (-1, MP_LOG_NOTSET);
      close (self->fd);
    }
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  if (self->inotify_fd >= 0)
    close (self->inotify_fd);
  g_string_free (self->text, TRUE);
  g_free (self);
}

int
gm_log_get_fd (GmLog *self)
{
  return self->fd;
}

static void
hand_on (GmLog      *self,
         const char *line,
         gsize       length)
{
  if (self->func != NULL && gm_log_line_level (line, length) >= (int) self->level)
    self->func (line, length, self->user_data);
}

static void
hand_on_lines (GmLog *self)
{
  const char *line = self->text->str, *end = line + self->text->len, *newline;

  while ((newline = memchr (line, '\n', end - line)) != NULL)
    {
      hand_on (self, line, newline - line);
      line = newline + 1;
    }
  if (end - line > MAX_LINE)
    {
      hand_on (self, line, end - line);
      line = end;
    }
  g_string_erase (self->text, 0, line - self->text->str);
}

/* Returns: FALSE if nothing was left to read */
static gboolean
read_on (GmLog *self,
         gsize  most)
{
  char buffer[READ_SIZE];
  gssize n = pread (self->fd, buffer, MIN (most, sizeof buffer), self->offset);

  if (n <= 0)
    return FALSE;
  self->offset += n;
  g_string_append_len (self->text, buffer, n);
  hand_on_lines (self);
  return TRUE;
}

/**
 * gm_log_drain:
 * @self: a log
 *
 * Hands to the follower what has been logged until now.
 */
void
gm_log_drain (GmLog *self)
{
  struct stat status;

  if (self->func == NULL || fstat (self->fd, &status) < 0)
    return;
  while (self->offset < (guint64) status.st_size
         && read_on (self, status.st_size - self->offset))
    ;
}

static gboolean
on_modified (int          fd,
             GIOCondition condition,
             gpointer     user_data)
{
  GmLog *self = user_data;
  char events[4096];
  guint n_reads = 0;

  while (read (fd, events, sizeof events) > 0)
    ;
  while (n_reads < MAX_READS && read_on (self, READ_SIZE))
    n_reads++;
  /* The events are gone: what is left to read has to bring us back here by itself. */
  g_source_set_ready_time (self->source, n_reads == MAX_READS ? 0 : -1);
  return G_SOURCE_CONTINUE;
}

/**
 * gm_log_follow:
 * @self: a log
 * @func: called in the thread-default main context for each line of the wanted level
 * @user_data: for @func
 */
void
gm_log_follow (GmLog     *self,
               GmLogFunc  func,
               gpointer   user_data)
{
  self->func = func;
  self->user_data = user_data;
  if (self->source != NULL || self->inotify_fd < 0)
    return;
  self->source = g_unix_fd_source_new (self->inotify_fd, G_IO_IN);
  g_source_set_static_name (self->source, "gm-log");
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_modified), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}
