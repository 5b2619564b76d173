/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "mp-process-private.h"

#include "mp-context-private.h"
#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-forkserver-private.h"
#include "mp-image-private.h"
#include "mp-main-private.h"
#include "mp-message-private.h"
#include "mp-preparation-private.h"

/* A server that dies while it starts a process is replaced this often. */
#define ATTEMPTS 3

/* At exit a server leaves as soon as it sees that its socket is closed, unless it is stuck. */
#define STOP_MS 1000

/* The forkserver of this process. Guarded by the lock. */
static struct
{
  int               socket;
  MpStarted         process;
  MpForkserverPage *page;
} server = { .socket = -1 };
static GMutex server_lock;

typedef enum
{
  OUTCOME_STARTED,
  OUTCOME_FAILED,
  OUTCOME_SERVER_DIED,
} Outcome;

static gboolean
set_system_error (GError **error)
{
  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not start the forkserver: %s",
               g_strerror (errno));
  return FALSE;
}

static gboolean
make_page (int      *fd,
           GError  **error)
{
  *fd = _mp_fd_above_standard (memfd_create ("mp-forkserver", MFD_CLOEXEC));
  if (*fd < 0 || ftruncate (*fd, sizeof (MpForkserverPage)) < 0)
    return set_system_error (error);

  server.page = mmap (NULL, sizeof (MpForkserverPage), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (server.page == MAP_FAILED)
    {
      server.page = NULL;
      return set_system_error (error);
    }
  return TRUE;
}

static void
drop_server (void)
{
  _mp_clear_fd (&server.socket);
  if (server.page != NULL)
    munmap (server.page, sizeof (MpForkserverPage));
  server.page = NULL;
  server.process = (MpStarted) { 0 };
}

static gboolean
ensure_server (GError **error)
{
  const char *preload = _mp_get_forkserver_preload ();
  mp_autofd int page = -1;
  mp_autofd int theirs = -1;
  int ends[2];

  if (server.socket >= 0)
    return TRUE;

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0
      || !_mp_fds_above_standard (ends))
    return set_system_error (error);
  server.socket = ends[0];
  theirs = ends[1];
  if (!make_page (&page, error)
      || !_mp_image_start (MP_IMAGE_FORKSERVER,
                           g_variant_new ("(hhs)", theirs, page, preload != NULL ? preload : ""),
                           0, SIGINT, &server.process, error))
    {
      drop_server ();
      return FALSE;
    }
  return TRUE;
}

/* Waits for a server that ends, helping it along if it does not. Returns: what it has made since it
 * was asked last, 0 if nothing */
static pid_t
reap_server (void)
{
  struct pollfd poll_fd = { .fd = server.process.pidfd, .events = POLLIN };
  pid_t made;

  if (poll (&poll_fd, 1, STOP_MS) <= 0)
    syscall (SYS_pidfd_send_signal, server.process.pidfd, SIGKILL, NULL, 0);
  while (waitid (P_PIDFD, server.process.pidfd, NULL, WEXITED) < 0 && errno == EINTR)
    ;
  close (server.process.pidfd);
  made = server.page->pid;
  drop_server ();
  return made;
}

static Outcome
read_reply (MpMessage  *message,
            MpStarted  *started,
            GError    **error)
{
  const MpForkserverReply *reply = message->block->data;

  g_assert (message->block->size == sizeof *reply);

  if (reply->n_threads > 1)
    g_set_error (error, MP_ERROR, MP_ERROR_MULTI_THREADED,
                 "The forkserver has %u threads, started by what it preloads, and will not fork:"
                 " a lock that one of them holds would stay locked for ever", reply->n_threads);
  else if (reply->error_number == ENOSYS || reply->error_number == EPERM)
    g_set_error (error, MP_ERROR, MP_ERROR_SPAWN,
                 "The forkserver is not allowed to make processes with clone3() and CLONE_PARENT"
                 " (%s), perhaps because of a seccomp filter: use “spawn” or “fork”",
                 g_strerror (reply->error_number));
  else if (reply->error_number != 0)
    g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "The forkserver could not make a process: %s",
                 g_strerror (reply->error_number));
  else
    {
      g_assert (message->block->n_fds == 1);
      started->pid = reply->pid;
      started->pidfd = message->block->fds[0];
      message->block->n_fds = 0;
      return OUTCOME_STARTED;
    }
  return OUTCOME_FAILED;
}

/* There is no answer to a request. What became of it is on the page, once the server is gone. */
static Outcome
do_without_reply (const GError  *cause,
                  MpStarted     *started,
                  GError       **error)
{
  gboolean died = g_error_matches (cause, MP_ERROR, MP_ERROR_BROKEN_PIPE)
                  || g_error_matches (cause, MP_ERROR, MP_ERROR_EOF);
  pid_t pid;

  if (!died)
    shutdown (server.socket, SHUT_RDWR);
  pid = reap_server ();
  if (died && pid == 0)
    return OUTCOME_SERVER_DIED;
  if (died)
    return _mp_child_open (pid, started, error) ? OUTCOME_STARTED : OUTCOME_FAILED;

  if (pid != 0)
    _mp_child_discard (pid);
  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not get hold of a new process: %s",
               cause->message);
  return OUTCOME_FAILED;
}

static Outcome
request (GVariant   *preparation,
         MpStarted  *started,
         GError    **error)
{
  g_autoptr (GError) own_error = NULL;
  MpMessage message;
  Outcome outcome;

  server.page->pid = 0;
  if (!_mp_message_send_value (server.socket, preparation, &own_error)
      && !g_error_matches (own_error, MP_ERROR, MP_ERROR_BROKEN_PIPE))
    {
      /* Nothing was sent. */
      g_propagate_error (error, g_steal_pointer (&own_error));
      return OUTCOME_FAILED;
    }
  if (own_error != NULL || !_mp_message_recv (server.socket, &message, &own_error))
    return do_without_reply (own_error, started, error);

  outcome = read_reply (&message, started, error);
  _mp_message_clear (&message);
  return outcome;
}

static gboolean
start_locked (GVariant   *preparation,
              MpStarted  *started,
              GError    **error)
{
  for (int i = 0; i < ATTEMPTS; i++)
    {
      Outcome outcome;

      if (!ensure_server (error))
        return FALSE;
      outcome = request (preparation, started, error);
      if (outcome != OUTCOME_SERVER_DIED)
        return outcome == OUTCOME_STARTED;
    }

  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN,
               "The forkserver died %d times before it could start a process", ATTEMPTS);
  return FALSE;
}

gboolean
_mp_start_forkserver (MpProcess  *self,
                      MpStarted  *started,
                      GError    **error)
{
  g_autoptr (GVariant) preparation = g_variant_ref_sink (_mp_preparation_new (self));
  gboolean done;

  fflush (NULL);
  g_mutex_lock (&server_lock);
  done = start_locked (preparation, started, error);
  g_mutex_unlock (&server_lock);

  return done;
}

/* Starts the server ahead of the first request. */
void
_mp_forkserver_prepare (void)
{
  g_mutex_lock (&server_lock);
  ensure_server (NULL);
  g_mutex_unlock (&server_lock);
}

/* At exit, so that it is not left as a zombie. */
void
_mp_forkserver_stop (void)
{
  g_mutex_lock (&server_lock);
  if (server.socket >= 0)
    {
      /* Not only closed: a child that somebody forked may have it, too. */
      shutdown (server.socket, SHUT_RDWR);
      reap_server ();
    }
  g_mutex_unlock (&server_lock);
}

/* Returns: 0 if there is none */
pid_t
_mp_forkserver_get_pid (void)
{
  return server.socket >= 0 ? server.process.pid : 0;
}

/* In a forked child: it is the parent's. */
void
_mp_forkserver_after_fork (void)
{
  g_mutex_init (&server_lock);
  if (server.socket >= 0)
    close (server.process.pidfd);
  drop_server ();
}
