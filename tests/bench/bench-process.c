/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes started and waited for per second, beside what the system can do. Prints one figure a
 * line: WHO FIGURE VALUE. The twin of bench_process.py. */
#include "config.h"

#include <mp.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLICE_USEC (150 * 1000)
#define BALLAST    ((gsize) 256 * 1024 * 1024)

typedef void (*StartAndJoin) (void);

typedef struct
{
  const char   *who;
  const char   *figure;
  StartAndJoin  run;
  gboolean      large;  /* in a parent that has much memory */
} Contender;

static GVariant *
nothing (GVariant  *args,
         GError   **error)
{
  return NULL;
}
MP_REGISTER_FUNCTION (nothing)

static void
bare_fork (void)
{
  pid_t pid = fork ();

  if (pid == 0)
    _exit (0);
  waitpid (pid, NULL, 0);
}

static void
bare_vfork (void)
{
  pid_t pid = vfork ();

  if (pid == 0)
    _exit (0);
  waitpid (pid, NULL, 0);
}

static void
bare_spawn (void)
{
  char *argv[] = { (char *) "true", NULL };
  pid_t pid;

  if (posix_spawn (&pid, "/bin/true", NULL, NULL, argv, environ) == 0)
    waitpid (pid, NULL, 0);
}

static void
start_and_join (const char *method)
{
  g_autoptr (MpProcess) process = mp_process_new_full (mp_context_get (method, NULL), NULL,
                                                       "nothing", NULL);
  g_autoptr (GError) error = NULL;

  if (!mp_process_start (process, &error) || !mp_process_join (process, -1, &error))
    {
      g_printerr ("%s: %s\n", method, error->message);
      exit (1);
    }
}

static void
by_fork (void)
{
  start_and_join ("fork");
}

static void
by_spawn (void)
{
  start_and_join ("spawn");
}

static void
by_forkserver (void)
{
  start_and_join ("forkserver");
}

static const Contender contenders[] = {
  { "libmp", "process-fork", by_fork },
  { "limit", "process-fork", bare_fork },
  { "bare-vfork", "process-fork", bare_vfork },
  { "libmp", "process-forkserver", by_forkserver },
  { "limit", "process-forkserver", bare_fork },
  { "libmp", "process-spawn", by_spawn },
  { "limit", "process-spawn", bare_spawn },
  { "libmp", "large-parent-forkserver", by_forkserver, TRUE },
  { "small-parent", "large-parent-forkserver", by_forkserver },
  { "libmp", "large-parent-spawn", by_spawn, TRUE },
  { "small-parent", "large-parent-spawn", by_spawn },
};

static double
measure (StartAndJoin run)
{
  gint64 begin = g_get_monotonic_time ();
  gint64 now;
  guint count = 0;

  do
    {
      run ();
      count++;
      now = g_get_monotonic_time ();
    }
  while (now - begin < SLICE_USEC);

  return count * (double) G_USEC_PER_SEC / (now - begin);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);
  by_forkserver (); /* the server starts */

  for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
    {
      const Contender *contender = &contenders[i];
      g_autofree char *ballast = contender->large ? g_malloc (BALLAST) : NULL;

      if (ballast != NULL)
        memset (ballast, 1, BALLAST);
      printf ("%s %s %.1f\n", contender->who, contender->figure, measure (contender->run));
    }
  return 0;
}
