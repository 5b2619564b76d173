/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes started and waited for per second, beside what the system can do, in one run. */
#include "config.h"

#include <mp.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS     7
#define SLICE_USEC (150 * 1000)

typedef void (*StartAndJoin) (void);

typedef struct
{
  const char   *name;
  StartAndJoin  run;
  int           limit;           /* index of what it is compared with, -1 for none */
  double        target;
  double        rates[ROUNDS];
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

static Contender contenders[] = {
  { "fork + _exit", bare_fork, -1 },
  { "vfork + _exit", bare_vfork, -1 },
  { "posix_spawn /bin/true", bare_spawn, -1 },
  { "libmp fork", by_fork, 0, 0.5 },
  { "libmp forkserver", by_forkserver, 0, 0.35 },
  { "libmp spawn", by_spawn, 2, 0.3 },
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

static int
compare_rates (const void *a,
               const void *b)
{
  double difference = *(const double *) a - *(const double *) b;

  return (difference > 0) - (difference < 0);
}

int
main (int    argc,
      char **argv)
{
  mp_init (&argc, &argv);

  for (int round = -1; round < ROUNDS; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
        {
          double rate = measure (contenders[i].run);

          /* The first round only warms up: the forkserver starts then. */
          if (round >= 0)
            contenders[i].rates[round] = rate;
        }
    }

  for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
    qsort (contenders[i].rates, ROUNDS, sizeof (double), compare_rates);
  for (guint i = 0; i < G_N_ELEMENTS (contenders); i++)
    {
      const Contender *contender = &contenders[i];
      double median = contender->rates[ROUNDS / 2];

      g_print ("%-22s %8.0f/s", contender->name, median);
      if (contender->limit >= 0)
        g_print ("  %.2f of %s (target %.2f)",
                 median / contenders[contender->limit].rates[ROUNDS / 2],
                 contenders[contender->limit].name, contender->target);
      g_print ("\n");
    }
  return 0;
}
