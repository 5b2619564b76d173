/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that does what its first argument says: what tests of commands run. A verb that takes
 * a FIFO writes a byte to it once it is where the test wants it. */

typedef struct
{
  const char *name;
  int       (*run) (int argc, char **argv);
} Verb;

static void
tell (const char *fifo)
{
  int fd = open (fifo, O_WRONLY);

  if (fd < 0 || write (fd, "r", 1) != 1)
    exit (99);
  close (fd);
}

/* Longer than any test waits, but not for ever should one fail. */
static _Noreturn void
hang (void)
{
  for (int i = 0; i < 100; i++)
    sleep (1);
  exit (97);
}

static int
run_echo (int    argc,
          char **argv)
{
  for (int i = 0; i < argc; i++)
    printf ("%s\n", argv[i]);
  return 0;
}

/* NUL bytes on both outputs. */
static int
run_nul (int    argc,
         char **argv)
{
  return write (1, "a\0b", 3) == 3 && write (2, "\0c\0d\n", 5) == 5 ? 0 : 1;
}

static int
run_spam (int    argc,
          char **argv)
{
  static char buffer[64 * 1024];
  int fd = atoi (argv[0]);
  unsigned long long left = strtoull (argv[1], NULL, 10);

  memset (buffer, 'x', sizeof buffer);
  while (left > 0)
    {
      ssize_t n = write (fd, buffer, left < sizeof buffer ? left : sizeof buffer);

      if (n < 0)
        return 1;
      left -= n;
    }
  return 0;
}

static int
run_count_stdin (int    argc,
                 char **argv)
{
  static char buffer[64 * 1024];
  unsigned long long total = 0;
  ssize_t n;

  while ((n = read (0, buffer, sizeof buffer)) > 0)
    total += n;
  printf ("%llu\n", total);
  return 0;
}

static int
run_exit (int    argc,
          char **argv)
{
  return atoi (argv[0]);
}

static int
run_kill_self (int    argc,
               char **argv)
{
  raise (atoi (argv[0]));
  hang ();
}

static int
run_hang (int    argc,
          char **argv)
{
  if (argc > 0)
    tell (argv[0]);
  hang ();
}

static int
run_ignore_term (int    argc,
                 char **argv)
{
  signal (SIGTERM, SIG_IGN);
  tell (argv[0]);
  hang ();
}

static int
run_stop_self (int    argc,
               char **argv)
{
  tell (argv[0]);
  raise (SIGSTOP);
  hang ();
}

static int
run_close_outputs (int    argc,
                   char **argv)
{
  close (1);
  close (2);
  return 3;
}

/* A child of the same session that keeps the pipe; its pid is printed. */
static int
run_background (int    argc,
                char **argv)
{
  pid_t pid = fork ();

  if (pid == 0)
    hang ();
  printf ("%d\n", pid);
  return 0;
}

/* As background, but both stay. */
static int
run_family (int    argc,
            char **argv)
{
  pid_t pid = fork ();

  if (pid == 0)
    hang ();
  printf ("%d\n", pid);
  fflush (stdout);
  tell (argv[0]);
  hang ();
}

/* A grandchild in a session of its own, whose parent has ended; its pid is printed. With a FIFO,
 * the program stays, too. */
static int
run_daemonize (int    argc,
               char **argv)
{
  int fds[2];
  char byte;

  if (pipe (fds) < 0)
    return 1;
  if (fork () == 0)
    {
      setsid ();
      if (fork () == 0)
        {
          char text[32];
          int length = snprintf (text, sizeof text, "%d\n", getpid ());

          if (write (1, text, length) != length || write (fds[1], "", 1) != 1)
            return 1;
          hang ();
        }
      _exit (0);
    }
  if (wait (NULL) < 0 || read (fds[0], &byte, 1) != 1)
    return 1;
  if (argc == 0)
    return 0;
  tell (argv[0]);
  hang ();
}

static void
write_cleaned (int signal_number)
{
  usleep (50 * 1000);
  _exit (write (1, "cleaned\n", 8) == 8 ? 0 : 1);
}

/* On SIGTERM the program ends at once, its child tidies up first. */
static int
run_tidy (int    argc,
          char **argv)
{
  if (fork () == 0)
    {
      signal (SIGTERM, write_cleaned);
      tell (argv[0]);
    }
  hang ();
}

/* Forks on and on, each process the parent of the next, which goes on as soon as it is there. */
static int
run_runaway (int    argc,
             char **argv)
{
  tell (argv[0]);
  for (int i = 0; i < 100000; i++)
    {
      if (fork () > 0)
        _exit (0);
    }
  return 97;
}

static int
run_env (int    argc,
         char **argv)
{
  for (int i = 0; i < argc; i++)
    printf ("%s\n", getenv (argv[i]) != NULL ? getenv (argv[i]) : "(unset)");
  return 0;
}

static int
run_cwd (int    argc,
         char **argv)
{
  char path[4096];

  puts (getcwd (path, sizeof path) != NULL ? path : "(none)");
  return 0;
}

/* Session and group as seen from here, the descriptors open, what standard input is, priority. */
static int
run_state (int    argc,
           char **argv)
{
  char target[256] = "";
  DIR *folder = opendir ("/proc/self/fd");
  struct dirent *entry;
  int sum = 0, count = 0;

  while ((entry = readdir (folder)) != NULL)
    {
      if (entry->d_name[0] == '.' || atoi (entry->d_name) == dirfd (folder))
        continue;
      sum += atoi (entry->d_name);
      count++;
    }
  closedir (folder);
  if (readlink ("/proc/self/fd/0", target, sizeof target - 1) < 0)
    return 1;
  printf ("session %d group %d fds %d sum %d stdin %s nice %d\n",
          getsid (0) == getpid (), getpgrp () == getpid (), count, sum, target,
          getpriority (PRIO_PROCESS, 0));
  return 0;
}

/* The lines of /proc/self/status about signals. */
static int
run_signals (int    argc,
             char **argv)
{
  FILE *file = fopen ("/proc/self/status", "r");
  char line[256];

  while (fgets (line, sizeof line, file) != NULL)
    {
      if (strncmp (line, "SigBlk", 6) == 0 || strncmp (line, "SigIgn", 6) == 0)
        fputs (line, stdout);
    }
  fclose (file);
  return 0;
}

static const Verb verbs[] = {
  { "echo", run_echo },
  { "nul", run_nul },
  { "spam", run_spam },
  { "count-stdin", run_count_stdin },
  { "exit", run_exit },
  { "kill-self", run_kill_self },
  { "hang", run_hang },
  { "ignore-term", run_ignore_term },
  { "stop-self", run_stop_self },
  { "close-outputs", run_close_outputs },
  { "background", run_background },
  { "family", run_family },
  { "daemonize", run_daemonize },
  { "tidy", run_tidy },
  { "runaway", run_runaway },
  { "env", run_env },
  { "cwd", run_cwd },
  { "state", run_state },
  { "signals", run_signals },
};

int
main (int    argc,
      char **argv)
{
  for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
    {
      if (strcmp (argv[1], verbs[i].name) == 0)
        return verbs[i].run (argc - 2, argv + 2);
    }

  fprintf (stderr, "unknown verb\n");
  return 98;
}
