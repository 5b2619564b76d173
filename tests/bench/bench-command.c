/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "mp.h"

/* The rate of `true` through mp_command_run() in two workers, and what the kernel can do: a loop of
 * vfork and exec with pipes for the output. Prints one figure a line: WHO FIGURE VALUE.
 *
 * Each `true` has an argument, as gtk-mp and its peers give it one: it then loads the locale to see
 * whether that is --help, and takes half as long again. */

#define N_WORKERS 2
#define N_COMMANDS 2000

typedef gboolean (*Worker) (guint n_commands);

static gboolean
run_commands (guint n_commands)
{
  char index[32] = "";
  const char *argv[] = { "true", index, NULL };
  g_autoptr (MpCommand) command = mp_command_new (argv);
  pid_t slot;

  if (!mp_command_become_subreaper (NULL))
    return FALSE;
  mp_command_set_pid_slot (command, &slot);
  mp_command_set_timeout (command, 60 * G_USEC_PER_SEC);
  for (guint i = 0; i < n_commands; i++)
    {
      MpCommandResult result;

      g_snprintf (index, sizeof index, "%u", i);
      mp_command_set_argv (command, argv);
      mp_command_set_env (command, "GTK_MP_INDEX", index);
      if (!mp_command_run (command, &result, NULL) || result.wait_status != 0)
        return FALSE;
    }

  return TRUE;
}

static void
read_both (int out,
           int err)
{
  struct pollfd fds[] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
  char buffer[4096];

  while (fds[0].fd >= 0 || fds[1].fd >= 0)
    {
      poll (fds, 2, -1);
      for (int i = 0; i < 2; i++)
        {
          if (fds[i].revents != 0 && read (fds[i].fd, buffer, sizeof buffer) <= 0)
            fds[i].fd = -1;
        }
    }
}

static gboolean
run_bare (guint n_commands)
{
  char index[32];
  char *argv[] = { (char *) "true", index, NULL };
  g_autofree char *program = g_find_program_in_path ("true");

  for (guint i = 0; i < n_commands; i++)
    {
      int out[2], err[2], status;
      pid_t pid;

      g_snprintf (index, sizeof index, "%u", i);
      if (pipe2 (out, O_CLOEXEC) < 0 || pipe2 (err, O_CLOEXEC) < 0)
        return FALSE;
      pid = vfork ();
      if (pid == 0)
        {
          dup2 (out[1], 1);
          dup2 (err[1], 2);
          execve (program, argv, environ);
          _exit (127);
        }
      close (out[1]);
      close (err[1]);
      read_both (out[0], err[0]);
      close (out[0]);
      close (err[0]);
      if (pid < 0 || waitpid (pid, &status, 0) < 0 || status != 0)
        return FALSE;
    }

  return TRUE;
}

/* Commands per second of N_WORKERS processes that share the work. */
static double
measure_workers (Worker worker)
{
  gint64 start = g_get_monotonic_time ();
  gboolean ok = TRUE;

  for (int i = 0; i < N_WORKERS; i++)
    {
      if (fork () == 0)
        _exit (worker (N_COMMANDS / N_WORKERS) ? 0 : 1);
    }
  for (int i = 0; i < N_WORKERS; i++)
    {
      int status;

      ok = wait (&status) > 0 && status == 0 && ok;
    }
  if (!ok)
    {
      fprintf (stderr, "a worker failed\n");
      exit (1);
    }

  return N_COMMANDS / ((g_get_monotonic_time () - start) / 1e6);
}

int
main (void)
{
  printf ("mp_command_run true-commands %.1f\n", measure_workers (run_commands));
  printf ("limit true-commands %.1f\n", measure_workers (run_bare));
  return 0;
}
