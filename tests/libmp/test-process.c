/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a process is: its function, its surroundings, what it is given. */
#include <linux/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "process-test.h"

#define N_PROCESSES 24

static MpConnection *
connection_of (GVariant *args)
{
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;
  MpConnection *connection;

  value = g_variant_is_of_type (args, G_VARIANT_TYPE ("(sv)")) ? g_variant_ref (args)
                                                                : g_variant_get_child_value (args, 0);
  connection = mp_shareable_from_variant (value, MP_TYPE_CONNECTION, &error);
  g_assert_no_error (error);
  return connection;
}

static GVariant *
tell_who (GVariant  *args,
          GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  MpProcess *self = mp_process_get_current ();
  MpProcess *parent = mp_process_get_parent ();

  mp_connection_send (connection,
                      g_variant_new ("(siisibb)", mp_process_get_name (self), mp_process_get_pid (self),
                                     getpid (), mp_process_get_name (parent),
                                     mp_process_get_pid (parent), mp_process_is_alive (parent),
                                     mp_process_get_daemon (self)),
                      error);
  return NULL;
}
MP_REGISTER_FUNCTION (tell_who)

static void
test_identity (gconstpointer method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) told = NULL;
  const char *name, *parent_name;
  int pid, own_pid, parent;
  gboolean parent_alive, daemon;

  make_pipe (TRUE, &ours, &theirs);
  process = start_new (method, "tell_who", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  told = receive (ours);
  g_variant_get (told, "(&sii&sibb)", &name, &pid, &own_pid, &parent_name, &parent, &parent_alive, &daemon);

  g_assert_cmpstr (name, ==, mp_process_get_name (process));
  g_assert_cmpint (pid, ==, mp_process_get_pid (process));
  g_assert_cmpint (own_pid, ==, pid);
  g_assert_cmpstr (parent_name, ==, "MainProcess");
  g_assert_cmpint (parent, ==, getpid ());
  g_assert_true (parent_alive);
  g_assert_false (daemon);
  g_assert_cmpint (join (process), ==, 0);
}

/* The parent lives, and is seen to, with the last descriptor or without. */
static GVariant *
watch_parent (GVariant  *args,
              GError   **error)
{
  MpProcess *parent = mp_process_get_parent ();
  g_autoptr(GError) own_error = NULL;
  GArray *taken;

  g_assert_false (mp_process_join (parent, 0, &own_error));
  g_assert_error (own_error, MP_ERROR, MP_ERROR_TIMEOUT);
  g_clear_error (&own_error);
  taken = take_descriptors (0);
  g_assert_false (mp_process_join (parent, -1, &own_error));
  g_assert_error (own_error, MP_ERROR, MP_ERROR_FAILED);
  g_assert_true (mp_process_is_alive (parent));
  free_descriptors (taken);
  return NULL;
}
MP_REGISTER_FUNCTION (watch_parent)

static void
test_watch_parent (gconstpointer method)
{
  g_autoptr(MpProcess) process = start_new (method, "watch_parent", NULL);

  g_assert_cmpint (join (process), ==, 0);
}

/* Its own parent dies; it is seen to have ended. */
static GVariant *
outlive_parent (GVariant  *args,
                GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  MpProcess *parent = mp_process_get_parent ();

  mp_connection_send (connection, g_variant_new_boolean (mp_process_is_alive (parent)), error);
  if (mp_process_join (parent, -1, error))
    mp_connection_send (connection, g_variant_new_boolean (mp_process_is_alive (parent)), error);
  return NULL;
}
MP_REGISTER_FUNCTION (outlive_parent)

static GVariant *
leave_child (GVariant  *args,
             GError   **error)
{
  g_autoptr(MpProcess) child = new_process (mp_get_start_method (), "outlive_parent", args);
  g_autoptr(MpConnection) connection = connection_of (args);

  g_object_set (child, "death-signal", 0, NULL);
  start (child);
  pause ();
  return NULL;
}
MP_REGISTER_FUNCTION (leave_child)

static void
test_parent_dies (gconstpointer method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) before = NULL;
  g_autoptr(GVariant) after = NULL;

  g_assert_true (mp_set_start_method (method, TRUE, NULL));
  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "leave_child", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  mp_connection_close (theirs);
  before = receive (ours);
  g_assert_true (g_variant_get_boolean (before));
  g_assert_true (mp_process_kill (process, NULL));
  after = receive (ours);
  g_assert_false (g_variant_get_boolean (after));
  expect_eof (ours);
  g_assert_cmpint (join (process), ==, -SIGKILL);
}

static GVariant *
have_child (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  MpContext *context = mp_context_get_default ();
  g_autoptr(MpProcess) child = mp_process_new_full (context, NULL, "tell_who",
                                                    mp_shareable_to_variant (MP_SHAREABLE (connection)));

  if (mp_process_start (child, error))
    mp_process_join (child, -1, error);
  return NULL;
}
MP_REGISTER_FUNCTION (have_child)

/* Also that the default start method is handed down. */
static void
test_grandchild (gconstpointer method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) told = NULL;
  g_autofree char *expected = NULL;
  const char *name, *parent_name, *identity;

  g_assert_true (mp_set_start_method (method, TRUE, NULL));
  make_pipe (TRUE, &ours, &theirs);
  process = mp_process_new ("have_child", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  start (process);
  told = receive (ours);
  g_variant_get (told, "(&sii&sibb)", &name, NULL, NULL, &parent_name, NULL, NULL, NULL);

  identity = strchr (mp_process_get_name (process), '-') + 1;
  expected = g_strdup_printf ("%sProcess-%s:1",
                              g_str_equal (method, "fork") ? "Fork"
                              : g_str_equal (method, "spawn") ? "Spawn" : "ForkServer",
                              identity);
  g_assert_cmpstr (name, ==, expected);
  g_assert_cmpstr (parent_name, ==, mp_process_get_name (process));
  g_assert_cmpint (join (process), ==, 0);
}

static GVariant *
measure (GVariant  *args,
         GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  g_autoptr(GVariant) text = g_variant_get_child_value (args, 1);

  mp_connection_send (connection, g_variant_new ("(us)", g_str_hash (g_variant_get_string (text, NULL)), "end"),
                      error);
  return NULL;
}
MP_REGISTER_FUNCTION (measure)

static void
test_large_arguments (gconstpointer method)
{
  g_autofree char *text = g_malloc0 (300001);
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) told = NULL;
  guint32 hash;

  for (int i = 0; i < 300000; i++)
    text[i] = 'a' + i % 23;
  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "measure",
                       g_variant_new ("(@(sv)s)", mp_shareable_to_variant (MP_SHAREABLE (theirs)), text));
  g_assert_null (mp_process_get_args (process));
  told = receive (ours);
  g_variant_get (told, "(us)", &hash, NULL);
  g_assert_cmpuint (hash, ==, g_str_hash (text));
  g_assert_cmpint (join (process), ==, 0);
}

/* A subclass: its own run(), its arguments, and the name of its type. */
#define TEST_TYPE_COUNTER (test_counter_get_type ())
G_DECLARE_FINAL_TYPE (TestCounter, test_counter, TEST, COUNTER, MpProcess)

struct _TestCounter
{
  MpProcess parent_instance;
};

G_DEFINE_FINAL_TYPE (TestCounter, test_counter, MP_TYPE_PROCESS)
MP_REGISTER_PROCESS_TYPE (test_counter)

static gboolean
test_counter_run (MpProcess  *process,
                  GError    **error)
{
  int number;

  g_variant_get (mp_process_get_args (process), "(i)", &number);
  if (g_str_has_prefix (mp_process_get_name (process), "TestCounter-"))
    exit (number);
  return TRUE;
}

static void
test_counter_class_init (TestCounterClass *klass)
{
  MP_PROCESS_CLASS (klass)->run = test_counter_run;
}

static void
test_counter_init (TestCounter *self)
{
}

static void
test_subclass (gconstpointer method)
{
  g_autoptr(MpProcess) process = NULL;

  process = g_object_new (TEST_TYPE_COUNTER,
                          "context", mp_context_get (method, NULL),
                          "args", g_variant_new ("(i)", 77),
                          NULL);
  start (process);
  g_assert_cmpint (join (process), ==, 77);
}

static GVariant *
tell_surroundings (GVariant  *args,
                   GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  struct sigaction action;
  sigset_t blocked;
  guint not_default = 0;
  int death_signal;
  char byte;

  sigprocmask (SIG_SETMASK, NULL, &blocked);
  for (int i = 1; i < NSIG; i++)
    {
      if (sigaction (i, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
        not_default++;
    }
  prctl (PR_GET_PDEATHSIG, &death_signal);
  mp_connection_send (connection,
                      g_variant_new ("(xbui)", (gint64) read (STDIN_FILENO, &byte, 1),
                                     (gboolean) sigisemptyset (&blocked), not_default, death_signal),
                      error);
  return NULL;
}
MP_REGISTER_FUNCTION (tell_surroundings)

/* Standard input is empty; no signal is blocked, ignored or handled. */
static void
test_surroundings (gconstpointer method)
{
  struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction old_term, old_hup;
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) told = NULL;
  sigset_t some, old;
  gint64 read_bytes;
  gboolean none_blocked;
  guint not_default;
  int death_signal;

  sigemptyset (&some);
  sigaddset (&some, SIGUSR1);
  sigprocmask (SIG_BLOCK, &some, &old);
  sigaction (SIGTERM, &ignore, &old_term);
  sigaction (SIGHUP, &ignore, &old_hup);

  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "tell_surroundings", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  sigprocmask (SIG_SETMASK, &old, NULL);
  sigaction (SIGTERM, &old_term, NULL);
  sigaction (SIGHUP, &old_hup, NULL);

  told = receive (ours);
  g_variant_get (told, "(xbui)", &read_bytes, &none_blocked, &not_default, &death_signal);
  g_assert_cmpint (read_bytes, ==, 0);
  g_assert_true (none_blocked);
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpuint (not_default, ==, 0);
#endif
  g_assert_cmpint (death_signal, ==, SIGKILL);
  g_assert_cmpint (join (process), ==, 0);
}

static void
test_death_signal (gconstpointer method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) told = NULL;
  int death_signal;

  make_pipe (FALSE, &ours, &theirs);
  process = new_process (method, "tell_surroundings", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  g_object_set (process, "death-signal", SIGTERM, NULL);
  start (process);
  told = receive (ours);
  g_variant_get (told, "(xbui)", NULL, NULL, NULL, &death_signal);
  g_assert_cmpint (death_signal, ==, SIGTERM);
  g_assert_cmpint (join (process), ==, 0);
}

/* `h` in arguments: the function gets the descriptor as its own, and no other. */
static GVariant *
use_descriptors (GVariant  *args,
                 GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  int flags, fd;

  g_variant_get_child (args, 1, "h", &fd);
  fd = mp_handle_steal (fd);
  flags = fcntl (fd, F_GETFD);
  g_assert_cmpint (write (fd, "from the child", 14), ==, 14);
  close (fd);
  /* The directory that is read has one, too. */
  mp_connection_send (connection, g_variant_new ("(ub)", count_descriptors () - 1, (flags & FD_CLOEXEC) != 0),
                      error);
  return NULL;
}
MP_REGISTER_FUNCTION (use_descriptors)

static void
test_descriptors (gconstpointer method)
{
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GVariant) told = NULL;
  int sloppy[2], fds[2];
  char buffer[32];
  guint n_open;
  gboolean close_on_exec;

  /* Somebody who does not close on exec. */
  g_assert_no_errno (pipe (sloppy));
  open_pipe (fds);
  make_pipe (TRUE, &ours, &theirs);
  process = start_new (method, "use_descriptors",
                       g_variant_new ("(@(sv)h)", mp_shareable_to_variant (MP_SHAREABLE (theirs)), fds[1]));
  close (fds[1]);
  close_pipe (sloppy);
  told = receive (ours);
  g_variant_get (told, "(ub)", &n_open, &close_on_exec);

  g_assert_true (close_on_exec);
  /* A fork has all that was open, in any process; a fresh one the standard three and its own. */
  if (!g_str_equal (method, "fork"))
    g_assert_cmpuint (n_open, ==, 4);
  g_assert_cmpint (read (fds[0], buffer, sizeof buffer), ==, 14);
  g_assert_cmpmem (buffer, 14, "from the child", 14);
  g_assert_cmpint (read (fds[0], buffer, sizeof buffer), ==, 0);
  close (fds[0]);
  g_assert_cmpint (join (process), ==, 0);
}

/* A descriptor that is not open, or a standard one, is an error and not another file. */
static void
test_bad_descriptor (gconstpointer method)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(MpProcess) standard = new_process (method, "tell_who", g_variant_new ("(h)", 1));
  int fds[2];

  open_pipe (fds);
  process = new_process (method, "tell_who", g_variant_new ("(h)", fds[0]));
  close_pipe (fds);
  g_assert_false (mp_process_start (process, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (mp_process_start (standard, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_FAILED);
}

/* The C library of the child knows its thread: what it locks and leaves is seen by others. */
static GVariant *
die_with_lock (GVariant  *args,
               GError   **error)
{
  pthread_mutex_t *mutex;
  int fd;

  g_variant_get_child (args, 0, "h", &fd);
  mutex = mmap (NULL, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  pthread_mutex_lock (mutex);
  abort ();
  return NULL;
}
MP_REGISTER_FUNCTION (die_with_lock)

static void
test_thread_identity (gconstpointer method)
{
  int fd = memfd_create ("lock", MFD_CLOEXEC);
  g_autoptr(MpProcess) process = NULL;
  pthread_mutexattr_t attributes;
  pthread_mutex_t *mutex;

  g_assert_no_errno (ftruncate (fd, sizeof *mutex));
  mutex = mmap (NULL, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  pthread_mutexattr_init (&attributes);
  pthread_mutexattr_setpshared (&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust (&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init (mutex, &attributes);

  process = start_new (method, "die_with_lock", g_variant_new ("(h)", fd));
  g_assert_cmpint (join (process), ==, -SIGABRT);
  g_assert_cmpint (pthread_mutex_lock (mutex), ==, EOWNERDEAD);
  munmap (mutex, sizeof *mutex);
  close (fd);
}

static GVariant *
answer (GVariant  *args,
        GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  g_autoptr(GVariant) question = mp_connection_recv (connection, error);

  if (question != NULL)
    mp_connection_send (connection, question, error);
  return NULL;
}
MP_REGISTER_FUNCTION (answer)

/* Many at a time; each is given its own end and has no other's, so that each sees its own end. */
static void
test_many (gconstpointer method)
{
  MpProcess *processes[N_PROCESSES];
  MpConnection *ours[N_PROCESSES];
  g_autoptr(GPtrArray) active = NULL;

  for (int i = 0; i < N_PROCESSES; i++)
    {
      g_autoptr(MpConnection) theirs = NULL;

      make_pipe (TRUE, &ours[i], &theirs);
      processes[i] = start_new (method, "answer", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
    }
  active = mp_active_children ();
  g_assert_cmpuint (active->len, ==, N_PROCESSES);

  for (int i = N_PROCESSES - 1; i >= 0; i--)
    {
      g_autoptr(GVariant) value = NULL;

      send_value (ours[i], g_variant_new_int32 (i));
      value = receive (ours[i]);
      g_assert_cmpint (g_variant_get_int32 (value), ==, i);
      expect_eof (ours[i]);
      g_assert_cmpint (join (processes[i]), ==, 0);
      g_object_unref (processes[i]);
      g_object_unref (ours[i]);
    }
  g_clear_pointer (&active, g_ptr_array_unref);
  active = mp_active_children ();
  g_assert_cmpuint (active->len, ==, 0);
}

/* What is given to hundreds at once goes where the system lets it, and is an error where not. */
static GVariant *
count_handles (GVariant  *args,
               GError   **error)
{
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (args); i++)
    {
      int fd;

      g_variant_get_child (args, i, "h", &fd);
      n += fcntl (fd, F_GETFD) >= 0;
    }
  exit (n == 300 ? 30 : 1);
}
MP_REGISTER_FUNCTION (count_handles)

static void
test_many_descriptors (gconstpointer method)
{
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GError) error = NULL;
  GVariantBuilder builder;
  int fds[300];

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ah"));
  for (int i = 0; i < 300; i++)
    {
      fds[i] = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
      g_assert_cmpint (fds[i], >, 2);
      g_variant_builder_add (&builder, "h", fds[i]);
    }
  process = new_process (method, "count_handles", g_variant_builder_end (&builder));
  if (g_str_equal (method, "forkserver"))
    {
      g_assert_false (mp_process_start (process, &error));
      g_assert_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE);
    }
  else
    {
      start (process);
      g_assert_cmpint (join (process), ==, 30);
    }
  for (int i = 0; i < 300; i++)
    close (fds[i]);
}

static GVariant *
tell_key (GVariant  *args,
          GError   **error)
{
  g_autoptr(MpConnection) connection = connection_of (args);
  gsize size;
  const void *key = g_bytes_get_data (mp_process_get_authkey (mp_process_get_current ()), &size);

  mp_connection_send_bytes (connection, key, size, error);
  return NULL;
}
MP_REGISTER_FUNCTION (tell_key)

static void
test_authkey (gconstpointer method)
{
  GBytes *own = mp_process_get_authkey (mp_process_get_current ());
  g_autoptr(MpConnection) ours = NULL;
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(MpProcess) process = NULL;
  g_autoptr(GBytes) key = NULL;

  make_pipe (FALSE, &ours, &theirs);
  process = start_new (method, "tell_key", mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  key = mp_connection_recv_bytes (ours, G_MAXSIZE, NULL);
  g_assert_cmpuint (g_bytes_get_size (own), ==, 32);
  g_assert_true (g_bytes_equal (key, own));
  g_assert_cmpint (join (process), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  guint before, after;
  int result;

  mp_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  mp_process_get_current ();

  add_for_methods ("process", "identity", test_identity);
  add_for_methods ("process", "watch-parent", test_watch_parent);
  add_for_methods ("process", "parent-dies", test_parent_dies);
  add_for_methods ("process", "grandchild", test_grandchild);
  add_for_methods ("process", "large-arguments", test_large_arguments);
  add_for_methods ("process", "subclass", test_subclass);
  add_for_methods ("process", "surroundings", test_surroundings);
  add_for_methods ("process", "death-signal", test_death_signal);
  add_for_methods ("process", "descriptors", test_descriptors);
  add_for_methods ("process", "bad-descriptor", test_bad_descriptor);
  add_for_methods ("process", "thread-identity", test_thread_identity);
  add_for_methods ("process", "many", test_many);
  add_for_methods ("process", "many-descriptors", test_many_descriptors);
  add_for_methods ("process", "authkey", test_authkey);

  before = count_descriptors ();
  result = g_test_run ();
  after = count_descriptors ();
  /* The forkserver stays: its socket and its pidfd. */
  g_assert_cmpuint (after, <=, before + 2);
  return result;
}
