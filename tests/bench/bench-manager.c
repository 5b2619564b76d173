/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values set in a manager's dict, one after the other, beside the barest that could do it: a packet
 * there and one back between two processes. Prints a figure a line, several times: WHO FIGURE
 * VALUE. The twin of bench_manager.py. */
#include "config.h"

#include <mp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_SETS 20000
#define SIZE   64
#define ROUNDS 5

static void
show (const char *who,
      gint64      begin)
{
  printf ("%s dict-set-us %.3f\n", who, (g_get_monotonic_time () - begin) / (double) N_SETS);
}

static gboolean
measure_dict (MpProxy  *dict,
              GError  **error)
{
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < N_SETS; i++)
    {
      if (!mp_dict_set (dict, g_variant_new_string ("key"), g_variant_new_int64 (i), error))
        return FALSE;
    }
  show ("libmp", begin);
  return TRUE;
}

static void
measure_bare (int fd)
{
  gint64 begin = g_get_monotonic_time ();
  char packet[SIZE] = { 0 };

  for (guint i = 0; i < N_SETS; i++)
    {
      if (send (fd, packet, sizeof packet, 0) < 0 || recv (fd, packet, sizeof packet, 0) <= 0)
        return;
    }
  show ("limit", begin);
}

static pid_t
start_echo (int *fd)
{
  char packet[SIZE];
  int fds[2];
  pid_t pid;

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
    return -1;
  pid = fork ();
  if (pid == 0)
    {
      close (fds[0]);
      while (recv (fds[1], packet, sizeof packet, 0) > 0)
        send (fds[1], packet, sizeof packet, 0);
      _exit (0);
    }
  close (fds[1]);
  *fd = fds[0];
  return pid;
}

/* In turns, so that a slow moment hits both. */
int
main (int    argc,
      char **argv)
{
  g_autoptr(MpManager) manager = NULL;
  g_autoptr(MpProxy) dict = NULL;
  g_autoptr(GError) error = NULL;
  int fd = -1;
  pid_t echo;

  mp_init (&argc, &argv);
  echo = start_echo (&fd);
  manager = mp_manager (&error);
  dict = manager != NULL ? mp_manager_dict (manager, NULL, &error) : NULL;
  for (guint i = 0; i < ROUNDS && dict != NULL && measure_dict (dict, &error); i++)
    measure_bare (fd);
  close (fd);
  waitpid (echo, NULL, 0);
  if (dict != NULL && error == NULL)
    return 0;
  g_printerr ("%s\n", error->message);
  return 1;
}
