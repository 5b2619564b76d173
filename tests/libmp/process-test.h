/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <mp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "test-util.h"

/* What the test programs of processes and connections share. */

/* A thing that only a process of its own can do: the test runs itself with the name of the verb. */
typedef struct
{
  const char *name;
  int       (*run) (const char *argument);
} Verb;

typedef struct
{
  int   status;  /* as waitpid() gives it */
  char *out;
  char *err;
} VerbResult;

static inline void
verb_result_clear (VerbResult *result)
{
  g_free (result->out);
  g_free (result->err);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VerbResult, verb_result_clear)

/* Returns when nobody can write to its output any more. */
static inline void
run_verb (const char *verb,
          const char *argument,
          VerbResult *result)
{
  g_autoptr(GError) error = NULL;
  char *argv[] = { (char *) "/proc/self/exe", (char *) "--verb", (char *) verb, (char *) argument, NULL };

  g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &result->out, &result->err,
                &result->status, &error);
  g_assert_no_error (error);
}

/* Before the test library sees the arguments. */
static inline gboolean
is_verb (int          argc,
         char       **argv,
         const Verb  *verbs,
         guint        n_verbs,
         int         *exit_code)
{
  if (argc < 3 || !g_str_equal (argv[1], "--verb"))
    return FALSE;

  for (guint i = 0; i < n_verbs; i++)
    {
      if (g_str_equal (argv[2], verbs[i].name))
        {
          *exit_code = verbs[i].run (argc > 3 ? argv[3] : NULL);
          return TRUE;
        }
    }
  g_error ("no verb %s", argv[2]);
}

/* From now on this process, for good, fails to make one kind of system call. */
static inline void
deny_call (guint number,
           guint error_number)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error_number),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { G_N_ELEMENTS (filter), filter };

  g_assert_no_errno (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  g_assert_no_errno (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* By @method, or NULL for the default. */
static inline MpProcess *
new_process (gconstpointer  method,
             const char    *function,
             GVariant      *args)
{
  g_autoptr(GError) error = NULL;
  MpContext *context = method != NULL ? mp_context_get (method, &error) : NULL;

  g_assert_no_error (error);
  return mp_process_new_full (context, NULL, function, args);
}

static inline void
start (MpProcess *process)
{
  g_autoptr(GError) error = NULL;

  mp_process_start (process, &error);
  g_assert_no_error (error);
}

static inline MpProcess *
start_new (gconstpointer  method,
           const char    *function,
           GVariant      *args)
{
  MpProcess *process = new_process (method, function, args);

  start (process);
  return process;
}

/* Waits for the end and tells how it came. */
static inline int
join (MpProcess *process)
{
  g_autoptr(GError) error = NULL;
  int exit_code = -1000;

  mp_process_join (process, -1, &error);
  g_assert_no_error (error);
  g_assert_true (mp_process_get_exit_code (process, &exit_code));
  return exit_code;
}

/* For what is asynchronous: keeps the result. */
static inline void
keep_result (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static inline gboolean
fail_at_last (gpointer user_data)
{
  g_error ("nobody woke it");
  return G_SOURCE_REMOVE;
}

static inline void
wait_for_result (GAsyncResult **result)
{
  guint watchdog = g_timeout_add_seconds (60, fail_at_last, NULL);

  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (watchdog);
}

static inline void
make_pipe (gboolean       duplex,
           MpConnection **first,
           MpConnection **second)
{
  g_autoptr(GError) error = NULL;

  mp_pipe (duplex, first, second, &error);
  g_assert_no_error (error);
}

static inline GVariant *
receive (MpConnection *connection)
{
  g_autoptr(GError) error = NULL;
  GVariant *value = mp_connection_recv (connection, &error);

  g_assert_no_error (error);
  return value;
}

static inline void
send_value (MpConnection *connection,
            GVariant     *value)
{
  g_autoptr(GError) error = NULL;

  mp_connection_send (connection, value, &error);
  g_assert_no_error (error);
}

/* Says that it is there, and stays until the other end is closed. */
static inline GVariant *
stay (GVariant  *args,
      GError   **error)
{
  g_autoptr(MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);
  g_autoptr(GVariant) order = NULL;

  mp_connection_send (connection, g_variant_new_int32 (getpid ()), error);
  order = mp_connection_recv (connection, NULL);
  return NULL;
}
MP_REGISTER_FUNCTION (stay)

/* Starts one that calls `stay`, or @function, which does, and waits until it runs. */
static inline MpProcess *
start_staying (gconstpointer  method,
               const char    *function,
               gboolean       daemon,
               MpConnection **connection)
{
  g_autoptr(MpConnection) theirs = NULL;
  g_autoptr(GVariant) ready = NULL;
  MpProcess *process;

  make_pipe (TRUE, connection, &theirs);
  process = new_process (method, function, mp_shareable_to_variant (MP_SHAREABLE (theirs)));
  mp_process_set_daemon (process, daemon);
  start (process);
  ready = receive (*connection);
  return process;
}

/* A handler of “terminated”. */
static inline void
count_end (MpProcess *process,
           guint     *count)
{
  ++*count;
}

/* Waits for the end of file: nobody has the other end open any more. */
static inline void
expect_eof (MpConnection *connection)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (mp_connection_recv (connection, &error));
  g_assert_error (error, MP_ERROR, MP_ERROR_EOF);
}

/* Adds @function once for each start method. */
static inline void
add_for_methods (const char    *folder,
                 const char    *name,
                 GTestDataFunc  function)
{
  const char *const *methods = mp_get_all_start_methods ();

  for (guint i = 0; methods[i] != NULL && can_start_processes (); i++)
    {
      g_autofree char *path = g_strdup_printf ("/%s/%s/%s", folder, name, methods[i]);

      g_test_add_data_func (path, methods[i], function);
    }
}
