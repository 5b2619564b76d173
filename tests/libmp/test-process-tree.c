/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command-util.h"
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

/* Where no descriptor is to be had, a child that can't be looked at is not taken for gone. */
static void
test_without_descriptors (void)
{
  g_autoptr (MpCommand) hangs = command_child ("hang", NULL);
  g_autoptr (GArray) processes = _mp_process_array_new ();
  struct rlimit none, before;
  pid_t pid = start (hangs, -1);
  gboolean listed, killed;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = 0;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  listed = _mp_list_children (getpid (), processes);
  killed = _mp_kill_orphans (NULL, 0);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);

  g_assert_false (listed);
  g_assert_cmpuint (processes->len, ==, 0);
  g_assert_false (killed);
  assert_alive (pid);
  g_assert_true (_mp_kill_orphans (NULL, 0));
  g_assert_cmpint (kill (pid, 0), ==, -1);

  /* That there is nobody is known without. */
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  killed = _mp_kill_orphans (NULL, 0);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  g_assert_true (killed);
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
  g_test_add_func ("/process-tree/without-descriptors", test_without_descriptors);
  return g_test_run ();
}
