/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A small value's way through a pipe to another process and back, beside what two bare sockets
 * take. Prints one figure a line: WHO FIGURE VALUE. The twin of bench_pipe.py. */
#include "config.h"

#include <mp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_TRIPS 5000

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

static void
show (const char *who,
      gint64      begin)
{
  printf ("%s pipe-us %.3f\n", who, (g_get_monotonic_time () - begin) / (double) N_TRIPS);
}

static gboolean
measure_pipe (GError **error)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  gint64 begin;

  if (!mp_pipe (TRUE, &ours, &theirs, error))
    return FALSE;
  process = mp_process_new_full (mp_context_get ("fork", NULL), NULL, "echo",
                                 mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  if (!mp_process_start (process, error))
    return FALSE;
  begin = g_get_monotonic_time ();
  for (int i = 0; i < N_TRIPS; i++)
    {
      g_autoptr(GVariant) back = NULL;

      if (!mp_connection_send (ours, g_variant_new_int64 (i), error)
          || (back = mp_connection_recv (ours, error)) == NULL)
        return FALSE;
    }
  show ("libmp", begin);
  return mp_process_join (process, -1, error);
}

static gboolean
measure_sockets (void)
{
  gint64 begin, value = 0;
  gboolean ok = TRUE;
  int ends[2];
  pid_t pid;

  if (socketpair (AF_UNIX, SOCK_STREAM, 0, ends) < 0)
    return FALSE;
  pid = fork ();
  if (pid == 0)
    {
      for (int i = 0; i < N_TRIPS && ok; i++)
        ok = read (ends[1], &value, sizeof value) == sizeof value
             && write (ends[1], &value, sizeof value) == sizeof value;
      _exit (0);
    }
  begin = g_get_monotonic_time ();
  for (int i = 0; i < N_TRIPS && ok; i++)
    ok = write (ends[0], &value, sizeof value) == sizeof value
         && read (ends[0], &value, sizeof value) == sizeof value;
  show ("limit", begin);
  close (ends[0]);
  close (ends[1]);
  waitpid (pid, NULL, 0);
  return ok;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(GError) error = NULL;

  mp_init (&argc, &argv);
  if (measure_pipe (&error) && measure_sockets ())
    return 0;
  g_printerr ("%s\n", error != NULL ? error->message : "the sockets failed");
  return 1;
}
