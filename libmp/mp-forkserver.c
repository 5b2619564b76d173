/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mp-forkserver-private.h"

#include "mp-exit-private.h"
#include "mp-fd-private.h"
#include "mp-function.h"
#include "mp-log-private.h"
#include "mp-main-private.h"
#include "mp-message-private.h"
#include "mp-preparation-private.h"
#include "mp-process-private.h"

/* The server: a process that has done nothing but to load what others need, and that makes
 * processes which are its parent's own children. */

typedef struct
{
  int               socket;
  MpForkserverPage *page;

  /* What the C library tells the kernel about a thread and fork() tells it again in the child. */
  gpointer          tid_address;
  gpointer          robust_list;
  gsize             robust_list_size;
} Server;

static void
preload (const char *name)
{
  MpFunction function;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autofree char *text = NULL;

  if (*name == '\0')
    return;

  function = mp_function_lookup (name);
  if (function != NULL)
    result = function (NULL, &error);
  if (result != NULL)
    g_variant_take_ref (result);
  if (function != NULL && error == NULL)
    return;

  text = g_strdup_printf ("The forkserver could not preload “%s”: %s\n", name,
                          error != NULL ? error->message : "no such function is registered");
  _mp_write_stderr (text, strlen (text));
}

/* What each child would have to make for itself, it finds made: type information above all. */
static GVariant *
warm_up (void)
{
  GVariant *kept = g_variant_ref_sink (_mp_preparation_new (mp_process_get_current ()));
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (kept);
  g_autoptr (GVariant) copy =
    g_variant_ref_sink (g_variant_new_from_bytes (g_variant_get_type (kept), bytes, FALSE));

  g_variant_is_normal_form (copy);
  return kept;
}

static void
close_server (Server *server)
{
  close (server->socket);
  munmap (server->page, sizeof *server->page);
}

static void G_GNUC_NORETURN
run_child (Server    *server,
           MpMessage *message)
{
  g_autoptr (GVariant) preparation = NULL;
  g_autoptr (GError) error = NULL;
  MpProcess *process = NULL;

  syscall (SYS_set_robust_list, server->robust_list, server->robust_list_size);
  close_server (server);
  preparation = _mp_message_steal_value (message, &error);
  if (preparation != NULL)
    process = _mp_preparation_apply (preparation, &error);
  if (process == NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s\n", error->message);

      _mp_write_stderr (text, strlen (text));
      _exit (1);
    }

  _mp_child_begin (process, _mp_process_get_private (process)->owner);
  _mp_after_fork_run ();
  _mp_child_run (process);
}

/* As fork() does it, except that the child has our parent for its parent: the C library finds its
 * thread's id where the kernel writes it, and the signal at the end is that of our own, SIGCHLD. */
static pid_t
make_child (Server *server,
            int    *pidfd)
{
  struct clone_args args = {
    .flags = CLONE_PARENT | CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID
             | CLONE_CHILD_CLEARTID,
    .pidfd = (guintptr) pidfd,
    .parent_tid = (guintptr) &server->page->pid,
    .child_tid = (guintptr) server->tid_address,
  };

  return syscall (SYS_clone3, &args, sizeof args);
}

static void
serve (Server    *server,
       MpMessage *message)
{
  MpForkserverReply reply = { .n_threads = _mp_thread_count () };
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  mp_autofd int pidfd = -1;

  if (reply.n_threads == 1)
    {
      fflush (NULL);
      reply.pid = make_child (server, &pidfd);
      if (reply.pid == 0)
        run_child (server, message);
      reply.error_number = reply.pid < 0 ? errno : 0;
    }

  if (reply.pid > 0)
    g_array_append_val (fds, pidfd);
  _mp_message_send (server->socket, MP_MESSAGE_BYTES, NULL, &reply, sizeof reply, fds, NULL);
}

static gboolean
know_thread (Server *server)
{
  return prctl (PR_GET_TID_ADDRESS, &server->tid_address, 0, 0, 0) == 0
         && syscall (SYS_get_robust_list, 0, &server->robust_list, &server->robust_list_size) == 0;
}

/* In the fresh image. Serves until the process it is for is gone. */
void
_mp_forkserver_run (GVariant *data)
{
  g_autoptr (GVariant) kept = NULL;
  Server server = { 0 };
  MpMessage message;
  const char *name;
  int page;

  /* A preloaded function that calls exit() ends the server, no more. */
  _mp_exit_set_role (MP_EXIT_SERVER);
  g_variant_get (data, "(hh&s)", &server.socket, &page, &name);
  server.page = mmap (NULL, sizeof *server.page, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
  close (mp_handle_steal (page));
  server.socket = mp_handle_steal (server.socket);
  if (server.page == MAP_FAILED || !know_thread (&server))
    {
      static const char text[] = "The forkserver needs a kernel that tells it about its thread\n";

      _mp_write_stderr (text, strlen (text));
      _exit (1);
    }
  server.page->pid = 0;
  preload (name);
  kept = warm_up ();

  while (_mp_message_recv (server.socket, &message, NULL))
    {
      serve (&server, &message);
      _mp_message_clear (&message);
    }
  _exit (0);
}
