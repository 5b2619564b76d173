/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command-util.h"
#include "test-util.h"
#include "mp-process-tree-private.h"

static pid_t
start (MpCommand *command,
       int        stdout_fd)
{
  const int fds[3] = { -1, stdout_fd, -1 };
  g_autoptr (GError) error = NULL;
  pid_t pid;
  int pidfd;

  mp_command_start (command, fds, &pid, &pidfd, &error);
  g_assert_no_error (error);
  close (pidfd);
  return pid;
}

static void
assert_alive (pid_t pid)
{
  MpProcessInfo info;

  g_assert_true (_mp_process_info_read (pid, &info));
  g_assert_false (_mp_process_info_dead (&info));
}

static void
test_info (void)
{
  MpProcessInfo info, other;

  g_assert_true (_mp_process_info_read (getpid (), &info));
  g_assert_cmpint (info.pid, ==, getpid ());
  g_assert_cmpint (info.parent, ==, getppid ());
  g_assert_cmpint (info.group, ==, getpgrp ());
  g_assert_cmpint (info.session, ==, getsid (0));
  g_assert_cmpuint (info.start_ticks, >, 0);
  g_assert_false (_mp_process_info_dead (&info));

  /* A name may look like the fields that follow it. */
  prctl (PR_SET_NAME, ") Z 1 1 1");
  g_assert_true (_mp_process_info_read (getpid (), &other));
  prctl (PR_SET_NAME, "test");
  g_assert_cmpuint (info.start_ticks, ==, other.start_ticks);
  g_assert_cmpint (info.parent, ==, other.parent);

  /* The same number, but not the same process. */
  other.start_ticks++;
  g_assert_false (_mp_process_info_signal (&other, SIGKILL));
  g_assert_true (_mp_process_info_signal (&info, 0));
}

static void
test_descendants (void)
{
  CommandTest test;
  g_autoptr (MpCommand) command = NULL;
  g_autoptr (GArray) processes = _mp_process_array_new ();
  pid_t pid;

  command_test_begin (&test);
  command = command_child ("family", test.fifo, NULL);
  pid = start (command, -1);
  command_test_wait (&test);

  _mp_list_children (getpid (), processes);
  g_assert_cmpuint (processes->len, ==, 1);
  g_assert_cmpint (g_array_index (processes, MpProcessInfo, 0).pid, ==, pid);
  g_array_set_size (processes, 0);
  _mp_list_descendants (getpid (), processes);
  g_assert_cmpuint (processes->len, ==, 2);
  g_assert_cmpint (g_array_index (processes, MpProcessInfo, 1).parent, ==, pid);

  _mp_kill_tree (pid);
  g_assert_true (_mp_wait_processes (processes, g_get_monotonic_time () + 10 * G_USEC_PER_SEC));
  g_assert_true (_mp_kill_orphans (NULL, 0));
  g_clear_pointer (&command, mp_command_unref);
  command_test_end (&test);
}

/* A worker and the guardian stay; what else there is goes, daemons included. */
static void
test_orphans (void)
{
  CommandTest test;
  g_autoptr (MpCommand) known = command_child ("hang", NULL);
  g_autoptr (MpCommand) family = NULL;
  g_autoptr (MpCommand) daemon = NULL;
  pid_t kept[2], gone[2];

  command_test_begin (&test);
  family = command_child ("family", test.fifo, NULL);
  daemon = command_child ("daemonize", test.fifo, NULL);
  kept[0] = start (known, -1);
  kept[1] = start (known, -1);
  gone[0] = start (family, -1);
  gone[1] = start (daemon, -1);
  command_test_wait (&test);
  command_test_wait (&test);

  g_assert_true (_mp_kill_orphans (kept, G_N_ELEMENTS (kept)));
  assert_alive (kept[0]);
  assert_alive (kept[1]);
  assert_gone (gone[0]);
  assert_gone (gone[1]);
  g_assert_true (_mp_kill_orphans (kept, G_N_ELEMENTS (kept)));

  g_assert_true (_mp_kill_orphans (NULL, 0));
  assert_gone (kept[0]);
  g_clear_pointer (&known, mp_command_unref);
  g_clear_pointer (&family, mp_command_unref);
  g_clear_pointer (&daemon, mp_command_unref);
  command_test_end (&test);
}

/* A child of this process without a descriptor, in a child whose limit is @hard, or not. Returns:
 * what that says of having killed it */
static gboolean
kill_without_descriptors (gboolean hard)
{
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      pid_t orphan = fork ();
      gboolean said;

      while (orphan == 0)
        pause ();
      take_descriptors (0);
      if (hard)
        {
          struct rlimit limit;

          getrlimit (RLIMIT_NOFILE, &limit);
          limit.rlim_max = limit.rlim_cur;
          setrlimit (RLIMIT_NOFILE, &limit);
        }
      said = _mp_kill_orphans (NULL, 0);
      /* It is as it was said to be. */
      if (said != (kill (orphan, SIGKILL) < 0))
        _exit (2);
      _exit (said);
    }
  g_assert_no_errno (waitpid (pid, &status, 0));
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) < 2);
  return WEXITSTATUS (status);
}

static void
test_no_descriptors (void)
{
  g_assert_false (kill_without_descriptors (TRUE));
  g_assert_true (kill_without_descriptors (FALSE));
  g_assert_true (_mp_kill_orphans (NULL, 0));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  prctl (PR_SET_CHILD_SUBREAPER, 1);
  g_test_add_func ("/process-tree/info", test_info);
  g_test_add_func ("/process-tree/descendants", test_descendants);
  g_test_add_func ("/process-tree/orphans", test_orphans);
  g_test_add_func ("/process-tree/no-descriptors", test_no_descriptors);
  return g_test_run ();
}
