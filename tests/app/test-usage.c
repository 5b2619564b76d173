/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gm-usage.h"

#define MIB (1024 * 1024)
#define BALLAST (32 * MIB)

/* Tells the parent that it is ready, and waits to be killed. */
static void
be_there (int fd)
{
  if (write (fd, "x", 1) != 1)
    _exit (1);
  for (;;)
    pause ();
}

static void
fill (gsize size)
{
  char *data = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (data == MAP_FAILED)
    _exit (1);
  memset (data, 1, size);
}

static void
burn (double seconds)
{
  struct timespec used;

  do
    clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec + used.tv_nsec / 1e9 < seconds);
}

static pid_t
start (void (*body) (int fd))
{
  int fds[2];
  char ready;
  pid_t pid;

  g_assert_cmpint (pipe (fds), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      close (fds[0]);
      body (fds[1]);
      _exit (0);
    }
  close (fds[1]);
  g_assert_cmpint (read (fds[0], &ready, 1), ==, 1);
  close (fds[0]);
  return pid;
}

static void
end (pid_t pid)
{
  kill (pid, SIGKILL);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

static GmUsage
read_one (pid_t pid)
{
  GmUsage usage;

  gm_usage_read (&pid, 1, &usage);
  return usage;
}

static void
family (int fd)
{
  pid_t child = fork ();

  if (child == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      child = fork ();
      if (child == 0)
        {
          prctl (PR_SET_PDEATHSIG, SIGKILL);
          fill (BALLAST);
          be_there (fd);
        }
      pause ();
    }
  pause ();
}

static void
test_family (void)
{
  pid_t pid = start (family);
  GmUsage usage = read_one (pid);

  g_assert_cmpuint (usage.n_processes, ==, 3);
  g_assert_cmpuint (usage.rss, >=, BALLAST);
  g_assert_cmpuint (usage.own_rss, <, BALLAST);
  g_assert_cmpuint (usage.own_rss, >, 0);
  end (pid);
}

static void
worked_then_waited (int fd)
{
  pid_t child = fork ();

  if (child == 0)
    {
      burn (0.2);
      _exit (0);
    }
  waitpid (child, NULL, 0);
  burn (0.2);
  be_there (fd);
}

/* The time of a child counts also when it is gone. */
static void
test_cpu_time (void)
{
  pid_t pid = start (worked_then_waited);
  GmUsage usage = read_one (pid);

  g_assert_cmpuint (usage.n_processes, ==, 1);
  g_assert_cmpint (usage.cpu_time, >=, 350000);
  g_assert_cmpint (usage.cpu_time, <, 20000000);
  end (pid);
}

static void
odd_name (int fd)
{
  prctl (PR_SET_NAME, ") R 1 (x) 9");
  be_there (fd);
}

static void
test_name (void)
{
  pid_t pid = start (odd_name);
  GmUsage usage = read_one (pid);

  g_assert_cmpuint (usage.n_processes, ==, 1);
  g_assert_cmpuint (usage.rss, ==, usage.own_rss);
  g_assert_cmpuint (usage.rss, >, 0);
  end (pid);
}

static void
test_gone (void)
{
  pid_t pids[3] = { start (odd_name), start (be_there), start (be_there) };
  GmUsage usages[3];

  end (pids[1]);
  gm_usage_read (pids, 3, usages);
  g_assert_cmpuint (usages[0].n_processes, ==, 1);
  g_assert_cmpuint (usages[1].n_processes, ==, 0);
  g_assert_cmpuint (usages[1].rss, ==, 0);
  g_assert_cmpuint (usages[2].n_processes, ==, 1);
  gm_usage_read (NULL, 0, NULL);
  end (pids[0]);
  end (pids[2]);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/usage/family", test_family);
  g_test_add_func ("/usage/cpu-time", test_cpu_time);
  g_test_add_func ("/usage/name", test_name);
  g_test_add_func ("/usage/gone", test_gone);
  return g_test_run ();
}
