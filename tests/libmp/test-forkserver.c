/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The forkserver itself: when it starts, what it loads, what its death does. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "process-test.h"

#include "mp-forkserver-private.h"

static int loaded;

static GVariant *
load (GVariant  *args,
      GError   **error)
{
  loaded++;
  return NULL;
}
MP_REGISTER_FUNCTION (load)

static GVariant *
refuse_to_load (GVariant  *args,
                GError   **error)
{
  g_set_error (error, MP_ERROR, MP_ERROR_FAILED, "not today");
  return NULL;
}
MP_REGISTER_FUNCTION (refuse_to_load)

static gpointer
do_nothing_for_ever (gpointer unused)
{
  for (;;)
    pause ();
  return NULL;
}

static GVariant *
load_thread (GVariant  *args,
             GError   **error)
{
  g_thread_unref (g_thread_new ("left behind", do_nothing_for_ever, NULL));
  return NULL;
}
MP_REGISTER_FUNCTION (load_thread)

static GVariant *
tell_loaded (GVariant  *args,
             GError   **error)
{
  exit (loaded);
}
MP_REGISTER_FUNCTION (tell_loaded)

static GVariant *
stay_and_exit (GVariant  *args,
               GError   **error)
{
  stay (args, error);
  exit (21);
}
MP_REGISTER_FUNCTION (stay_and_exit)

static int
run (const char *function)
{
  g_autoptr(MpProcess) process = start_new ("forkserver", function, NULL);

  return join (process);
}

static void
kill_server (void)
{
  siginfo_t info;

  g_assert_cmpint (_mp_forkserver_get_pid (), >, 0);
  g_assert_no_errno (kill (_mp_forkserver_get_pid (), SIGKILL));
  /* Until it is dead, and no longer: it is not ours to take away. */
  g_assert_no_errno (waitid (P_PID, _mp_forkserver_get_pid (), &info, WEXITED | WNOWAIT));
}

static void
expect_no_children (void)
{
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
}

static void
test_lazy_and_gone (void)
{
  guint before = count_descriptors ();
  pid_t first;

  g_assert_cmpint (_mp_forkserver_get_pid (), ==, 0);
  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  first = _mp_forkserver_get_pid ();
  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  g_assert_cmpint (_mp_forkserver_get_pid (), ==, first);

  _mp_forkserver_stop ();
  expect_no_children ();
  g_assert_cmpuint (count_descriptors (), ==, before);
}

static void
test_preload (void)
{
  mp_set_forkserver_preload ("load");
  g_assert_cmpint (run ("tell_loaded"), ==, 1);
  g_assert_cmpint (run ("tell_loaded"), ==, 1);
  mp_set_forkserver_preload (NULL);
  g_assert_cmpint (run ("tell_loaded"), ==, 1);
  g_assert_cmpint (loaded, ==, 0);
  _mp_forkserver_stop ();
}

/* The children of a dead server go on, their end is known, and the next start has a new server. */
static void
test_server_dies (void)
{
  g_autoptr(MpConnection) connection = NULL;
  g_autoptr(MpProcess) process = start_staying ("forkserver", "stay_and_exit", FALSE, &connection);
  pid_t first = _mp_forkserver_get_pid ();

  kill_server ();
  g_assert_true (mp_process_is_alive (process));

  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  g_assert_cmpint (_mp_forkserver_get_pid (), !=, first);
  mp_connection_close (connection);
  g_assert_cmpint (join (process), ==, 21);
  _mp_forkserver_stop ();
  expect_no_children ();
}

/* Killed at any instant of a start: each start either gives a process or says why not. */
static void
test_server_killed_while_starting (void)
{
  for (int i = 0; i < 60; i++)
    {
      g_autoptr(MpProcess) process = new_process ("forkserver", "tell_loaded", NULL);
      pid_t killer, server;
      int rounds = i * 40;

      g_assert_cmpint (run ("tell_loaded"), ==, 0);
      server = _mp_forkserver_get_pid ();
      killer = fork ();
      if (killer == 0)
        {
          while (rounds-- > 0)
            getppid ();
          kill (server, SIGKILL);
          _exit (0);
        }
      start (process);
      g_assert_cmpint (join (process), ==, 0);
      g_assert_cmpint (waitpid (killer, NULL, 0), ==, killer);
    }
  _mp_forkserver_stop ();
  expect_no_children ();
}

/* An answer that can't be taken is a start that failed: the process it told of is no more. */
static void
test_lost_answer (void)
{
  g_autoptr(MpProcess) process = new_process ("forkserver", "tell_loaded", NULL);
  g_autoptr(GError) error = NULL;
  GArray *taken;

  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  taken = take_descriptors (0);
  g_assert_false (mp_process_start (process, &error));
  free_descriptors (taken);
  g_assert_error (error, MP_ERROR, MP_ERROR_SPAWN);
  g_assert_nonnull (strstr (error->message, g_strerror (EMFILE)));

  start (process);
  g_assert_cmpint (join (process), ==, 0);
  _mp_forkserver_stop ();
  expect_no_children ();
}

/* Ctrl-C reaches everybody on the terminal. */
static void
test_interrupted (void)
{
  pid_t server;

  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  server = _mp_forkserver_get_pid ();
  g_assert_no_errno (kill (server, SIGINT));
  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  g_assert_cmpint (_mp_forkserver_get_pid (), ==, server);
  _mp_forkserver_stop ();
}

static int
verb_preload_fails (const char *unused)
{
  mp_set_forkserver_preload ("refuse_to_load");
  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  return 0;
}

static int
verb_preload_thread (const char *unused)
{
  g_autoptr(MpProcess) process = new_process ("forkserver", "tell_loaded", NULL);
  g_autoptr(GError) error = NULL;

  mp_set_forkserver_preload ("load_thread");
  g_assert_false (mp_process_start (process, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_MULTI_THREADED);
  g_assert_nonnull (strstr (error->message, "what it preloads"));
  return 0;
}

/* Returns: the number of @pid's descriptor @name in /proc/net/unix, 0 if it is no socket */
static gulong
get_inode (const char *fds,
           const char *name)
{
  g_autofree char *path = g_build_filename (fds, name, NULL);
  g_autofree char *target = g_file_read_link (path, NULL);
  gulong inode;

  return target != NULL && sscanf (target, "socket:[%lu]", &inode) == 1 ? inode : 0;
}

/* Nobody else can speak to the server: no socket of its own has a name, in no name space. */
static void
test_nameless (void)
{
  g_autofree char *fds = NULL;
  g_autofree char *sockets = NULL;
  g_autoptr(GDir) dir = NULL;
  const char *name;
  guint n = 0;

  g_assert_cmpint (run ("tell_loaded"), ==, 0);
  fds = g_strdup_printf ("/proc/%d/fd", (int) _mp_forkserver_get_pid ());
  dir = g_dir_open (fds, 0, NULL);
  g_assert_nonnull (dir);
  g_assert_true (g_file_get_contents ("/proc/net/unix", &sockets, NULL, NULL));
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      gulong inode = atoi (name) > 2 ? get_inode (fds, name) : 0;
      g_autofree char *nameless = g_strdup_printf (" %lu\n", inode);

      if (inode == 0)
        continue;
      n++;
      g_assert_nonnull (strstr (sockets, nameless));
    }
  g_assert_cmpuint (n, >, 0);
}

static const Verb verbs[] = {
  { "preload-fails", verb_preload_fails },
  { "preload-thread", verb_preload_thread },
};

static void
test_preload_fails (void)
{
  g_auto(VerbResult) result = { 0 };

  run_verb ("preload-fails", NULL, &result);
  g_assert_cmpstr (result.err, ==,
                   "The forkserver could not preload “refuse_to_load”: not today\n");
  g_assert_cmpint (result.status, ==, 0);
}

static void
test_preload_thread (void)
{
  g_auto(VerbResult) result = { 0 };

  run_verb ("preload-thread", NULL, &result);
  g_assert_cmpstr (result.err, ==, "");
  g_assert_cmpint (result.status, ==, 0);
}

int
main (int    argc,
      char **argv)
{
  int exit_code;

  mp_init (&argc, &argv);
  if (is_verb (argc, argv, verbs, G_N_ELEMENTS (verbs), &exit_code))
    return exit_code;
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/forkserver/lazy-and-gone", test_lazy_and_gone);
  g_test_add_func ("/forkserver/preload", test_preload);
  g_test_add_func ("/forkserver/server-dies", test_server_dies);
  g_test_add_func ("/forkserver/server-killed-while-starting", test_server_killed_while_starting);
  g_test_add_func ("/forkserver/lost-answer", test_lost_answer);
  g_test_add_func ("/forkserver/interrupted", test_interrupted);
  g_test_add_func ("/forkserver/nameless", test_nameless);
  g_test_add_func ("/forkserver/preload-fails", test_preload_fails);
  g_test_add_func ("/forkserver/preload-thread", test_preload_thread);

  return g_test_run ();
}
