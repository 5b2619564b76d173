/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mp-log.h"

#include "mp-fd-private.h"
#include "mp-log-private.h"
#include "mp-process.h"

/* Read by any thread at any time, so changed atomically, by one at a time. */
static MpLogState sinks = { .fd = -1 };
/* The lowest level that anybody wants: what costs a call that logs nothing. */
static int threshold = G_MAXINT;
/* A descriptor that was given lines once keeps its number: a thread may be about to write to it. */
static int kept_fd = -1;
G_LOCK_DEFINE_STATIC (sinks);

#define GET(place)        __atomic_load_n (&(place), __ATOMIC_RELAXED)
#define SET(place, value) __atomic_store_n (&(place), (value), __ATOMIC_RELAXED)

/* The lock is held. */
static void
update_threshold (void)
{
  int lowest = G_MAXINT;

  if (sinks.to_stderr)
    lowest = mp_log_get_level ();
  if (sinks.fd >= 0)
    lowest = MIN (lowest, (int) sinks.fd_level);
  SET (threshold, lowest);
}

/* The lock is held. Takes @fd. Returns: the descriptor to use, -1 for none */
static int
keep_fd (int fd)
{
  mp_autofd int given = fd >= 0 ? fd : open ("/dev/null", O_WRONLY | O_CLOEXEC);

  if (kept_fd < 0 && fd >= 0)
    kept_fd = g_steal_fd (&given);
  else if (kept_fd >= 0 && (given < 0 || dup3 (given, kept_fd, O_CLOEXEC) < 0))
    _mp_clear_fd (&kept_fd);
  return fd >= 0 ? kept_fd : -1;
}

static gboolean
write_whole (int         fd,
             const char *text,
             gsize       length)
{
  while (length > 0)
    {
      gssize written = write (fd, text, length);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return FALSE;
      text += written;
      length -= written;
    }
  return TRUE;
}

/* A reader that has gone is no reason to die of SIGPIPE. One that pends is not ours to take. */
static void
write_all (int         fd,
           const char *text,
           gsize       length)
{
  const struct timespec at_once = { 0 };
  sigset_t sigpipe, pending, old;

  sigemptyset (&sigpipe);
  sigaddset (&sigpipe, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &sigpipe, &old);
  sigpending (&pending);
  if (!write_whole (fd, text, length) && errno == EPIPE && !sigismember (&pending, SIGPIPE))
    while (sigtimedwait (&sigpipe, NULL, &at_once) < 0 && errno == EINTR)
      ;
  pthread_sigmask (SIG_SETMASK, &old, NULL);
}

static int
format_level (MpLogLevel  level,
              char       *buffer,
              gsize       size)
{
  static const struct { MpLogLevel level; const char *name; } names[] = {
    { MP_LOG_DEBUG, "DEBUG" },
    { MP_LOG_INFO, "INFO" },
    { MP_LOG_WARNING, "WARNING" },
    { MP_LOG_ERROR, "ERROR" },
  };
  const char *process = mp_process_get_name (mp_process_get_current ());

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (names[i].level == level)
        return g_snprintf (buffer, size, "[%s/%s] ", names[i].name, process);
    }
  return g_snprintf (buffer, size, "[Level %d/%s] ", (int) level, process);
}

/**
 * mp_log:
 * @level: the level of this line, by itself or one between
 * @format: what to say, a format as printf has, without a newline
 * @...: the arguments of @format
 *
 * Writes one line `[LEVEL/name of the process] text` to everything that wants @level. Each line is
 * one write, so lines of different processes never mix, where Python's can; for that to hold on
 * pipes a line is cut after 4096 bytes. A level that nobody wants costs a comparison: nothing is
 * formatted. Write errors are ignored, also that of a reader who has gone (no `SIGPIPE`), and
 * `errno` is kept. May be called from any thread.
 */
void
mp_log (MpLogLevel  level,
        const char *format,
        ...)
{
  char line[PIPE_BUF];
  int saved_errno = errno;
  gsize length;
  va_list args;
  int fd;

  g_return_if_fail (format != NULL);

  if ((int) level < GET (threshold))
    return;

  length = MIN (format_level (level, line, sizeof line), (int) sizeof line - 1);
  errno = saved_errno;
  va_start (args, format);
  length += vsnprintf (line + length, sizeof line - length, format, args);
  va_end (args);
  length = MIN (length, sizeof line - 1);
  line[length++] = '\n';

  if (GET (sinks.to_stderr) && level >= mp_log_get_level ())
    write_all (STDERR_FILENO, line, length);
  fd = GET (sinks.fd);
  if (fd >= 0 && level >= GET (sinks.fd_level))
    write_all (fd, line, length);
  errno = saved_errno;
}

/**
 * mp_log_to_stderr:
 * @level: the lowest level to show, or %MP_LOG_NOTSET to keep the one that is set
 *
 * Sends log lines of this process, and of those it starts later, to standard error. Unlike in
 * Python a second call does not make each line come twice.
 */
void
mp_log_to_stderr (MpLogLevel level)
{
  G_LOCK (sinks);
  SET (sinks.to_stderr, TRUE);
  if (level != MP_LOG_NOTSET)
    SET (sinks.level, level);
  update_threshold ();
  G_UNLOCK (sinks);
}

/**
 * mp_log_to_fd:
 * @fd: a descriptor, or -1 for no longer
 * @level: the lowest level to send there
 *
 * Sends log lines of this process, and of all those it starts later by any start method, to @fd
 * too: a file opened with `O_APPEND`, a pipe or a socket. That is how one process collects the
 * lines of all, which handlers of Python's logger do only under fork. @fd is duplicated, so it
 * remains the caller's to close.
 */
void
mp_log_to_fd (int        fd,
              MpLogLevel level)
{
  int copy = -1;

  if (fd >= 0)
    {
      copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
      g_return_if_fail (copy >= 0);
    }

  G_LOCK (sinks);
  SET (sinks.fd_level, level);
  SET (sinks.fd, keep_fd (copy));
  update_threshold ();
  G_UNLOCK (sinks);
}

/**
 * mp_log_set_level:
 * @level: the lowest level to show, or %MP_LOG_NOTSET for the default, %MP_LOG_WARNING
 *
 * Sets what goes to standard error once mp_log_to_stderr() was called. What goes to the descriptor
 * of mp_log_to_fd() keeps its own level.
 */
void
mp_log_set_level (MpLogLevel level)
{
  G_LOCK (sinks);
  SET (sinks.level, level);
  update_threshold ();
  G_UNLOCK (sinks);
}

/**
 * mp_log_get_level:
 *
 * Gets the least level that is logged.
 *
 * Returns: the lowest level that goes to standard error, %MP_LOG_WARNING if none was set
 */
MpLogLevel
mp_log_get_level (void)
{
  MpLogLevel level = GET (sinks.level);

  return level != MP_LOG_NOTSET ? level : MP_LOG_WARNING;
}

void
_mp_log_get_state (MpLogState *state)
{
  G_LOCK (sinks);
  *state = sinks;
  G_UNLOCK (sinks);
}

/* Takes over the descriptor in @state. */
void
_mp_log_take_state (const MpLogState *state)
{
  G_LOCK (sinks);
  _mp_clear_fd (&kept_fd);
  sinks = *state;
  kept_fd = sinks.fd;
  update_threshold ();
  G_UNLOCK (sinks);
}

void
_mp_write_stderr (const char *text,
                  gsize       length)
{
  write_all (STDERR_FILENO, text, length);
}
