/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A small value's way through a pipe to another process and back, beside what two bare sockets
 * take; and a mebibyte's way there, beside what it takes to copy one, and two bare sockets again.
 * Prints one figure a line: WHO FIGURE VALUE. The twin of bench_pipe.py. */
#include "config.h"

#include <mp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_TRIPS  5000
#define N_LARGE  500
#define MEBIBYTE (1024 * 1024)
#define PAGE     4096
/* More than a cache holds. */
#define N_BUFFERS 64

static char large[N_BUFFERS][MEBIBYTE];
static volatile char touched;

static GVariant *
echo (GVariant  *args,
      GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);

  for (int i = 0; connection != NULL && i < N_TRIPS; i++)
    {
      g_autoptr(GVariant) value = mp_connection_recv (connection, error);

      if (value == NULL || !mp_connection_send (connection, value, error))
        break;
    }
  return NULL;
}
MP_REGISTER_FUNCTION (echo)

/* What is received is looked at, too: a page is there when somebody has. */
static void
touch (const char *data)
{
  for (gsize i = 0; i < MEBIBYTE; i += PAGE)
    touched = data[i];
}

static GVariant *
take_large (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);

  for (int i = 0; connection != NULL && i < N_LARGE; i++)
    {
      g_autoptr(GBytes) bytes = mp_connection_recv_bytes (connection, G_MAXSIZE, error);

      if (bytes == NULL)
        return NULL;
      touch (g_bytes_get_data (bytes, NULL));
    }
  if (connection != NULL)
    mp_connection_send (connection, g_variant_new_boolean (TRUE), error);
  return NULL;
}
MP_REGISTER_FUNCTION (take_large)

static void
show_trips (const char *who,
            gint64      begin)
{
  printf ("%s pipe-us %.3f\n", who, (g_get_monotonic_time () - begin) / (double) N_TRIPS);
}

static void
show_large (const char *who,
            gint64      begin)
{
  printf ("%s pipe-mebibytes %.1f\n", who,
          N_LARGE * (double) G_USEC_PER_SEC / (g_get_monotonic_time () - begin));
}

/* Returns: (transfer full): this end of a pipe whose other end @function has */
static MpConnection *
start (const char  *function,
       MpProcess  **process,
       GError     **error)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;

  if (!mp_pipe (TRUE, &ours, &theirs, error))
    return NULL;
  *process = mp_process_new_full (mp_context_get ("fork", NULL), NULL, function,
                                  mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  return mp_process_start (*process, error) ? g_steal_pointer (&ours) : NULL;
}

static gboolean
measure_pipe (GError **error)
{
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(MpConnection) ours = start ("echo", &process, error);
  gint64 begin = g_get_monotonic_time ();

  for (int i = 0; i < N_TRIPS; i++)
    {
      g_autoptr(GVariant) back = NULL;

      if (ours == NULL || !mp_connection_send (ours, g_variant_new_int64 (i), error)
          || (back = mp_connection_recv (ours, error)) == NULL)
        return FALSE;
    }
  show_trips ("libmp", begin);
  return mp_process_join (process, -1, error);
}

static gboolean
measure_large (GError **error)
{
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(MpConnection) ours = start ("take_large", &process, error);
  g_autoptr(GVariant) done = NULL;
  gint64 begin = g_get_monotonic_time ();

  for (int i = 0; i < N_LARGE; i++)
    {
      if (ours == NULL || !mp_connection_send_bytes (ours, large[0], MEBIBYTE, error))
        return FALSE;
    }
  done = mp_connection_recv (ours, error);
  if (done == NULL)
    return FALSE;
  show_large ("libmp", begin);
  return mp_process_join (process, -1, error);
}

/* With a fork that runs @theirs. */
static gboolean
measure_sockets (gboolean (*theirs) (int socket),
                 gboolean (*ours)   (int socket))
{
  gboolean ok;
  int ends[2];
  pid_t pid;

  if (socketpair (AF_UNIX, SOCK_STREAM, 0, ends) < 0)
    return FALSE;
  pid = fork ();
  if (pid == 0)
    _exit (!theirs (ends[1]));
  ok = ours (ends[0]);
  close (ends[0]);
  close (ends[1]);
  waitpid (pid, NULL, 0);
  return ok;
}

static gboolean
read_all (int    socket,
          char  *data,
          gssize size)
{
  gssize n = 1;

  for (gssize done = 0; done < size && n > 0; done += n)
    n = read (socket, data + done, size - done);
  return n > 0;
}

static gboolean
echo_bare (int socket)
{
  gint64 value;

  for (int i = 0; i < N_TRIPS; i++)
    {
      if (!read_all (socket, (char *) &value, sizeof value)
          || write (socket, &value, sizeof value) != sizeof value)
        return FALSE;
    }
  return TRUE;
}

static gboolean
call_bare (int socket)
{
  gint64 begin = g_get_monotonic_time (), value = 0;

  for (int i = 0; i < N_TRIPS; i++)
    {
      if (write (socket, &value, sizeof value) != sizeof value
          || !read_all (socket, (char *) &value, sizeof value))
        return FALSE;
    }
  show_trips ("limit", begin);
  return TRUE;
}

static gboolean
take_bare (int socket)
{
  gboolean ok = TRUE;

  for (int i = 0; i < N_LARGE && ok; i++)
    ok = read_all (socket, large[1], MEBIBYTE);
  return ok && write (socket, "", 1) == 1;
}

static gboolean
send_bare (int socket)
{
  gint64 begin = g_get_monotonic_time ();
  char done;

  for (int i = 0; i < N_LARGE; i++)
    {
      if (write (socket, large[0], MEBIBYTE) != MEBIBYTE)
        return FALSE;
    }
  if (!read_all (socket, &done, 1))
    return FALSE;
  show_large ("bare-socket", begin);
  return TRUE;
}

static void
measure_copying (void)
{
  gint64 begin;

  memset (large, 1, sizeof large);
  begin = g_get_monotonic_time ();
  for (int i = 0; i < N_LARGE; i++)
    {
      char *copy = large[(i + N_BUFFERS / 2) % N_BUFFERS];

      memcpy (copy, large[i % N_BUFFERS], MEBIBYTE);
      touch (copy);
    }
  show_large ("limit", begin);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GError) error = NULL;

  mp_init (&argc, &argv);
  memset (large[0], 1, MEBIBYTE);
  if (measure_pipe (&error) && measure_sockets (echo_bare, call_bare) && measure_large (&error)
      && measure_sockets (take_bare, send_bare))
    {
      measure_copying ();
      return 0;
    }
  g_printerr ("%s\n", error != NULL ? error->message : "the sockets failed");
  return 1;
}
