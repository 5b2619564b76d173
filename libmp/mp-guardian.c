/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mp-guardian-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-process-private.h"
#include "mp-process-tree-private.h"

/* For all of the hunt, and for what has just been killed to go. */
#define HUNT_PATIENCE (10 * G_USEC_PER_SEC)
#define KILL_PATIENCE G_USEC_PER_SEC

/* For the guardian to go when told to. */
#define STOP_PATIENCE_MS 1000

#define QUIET_SCANS 2

struct _MpGuardian
{
  pid_t owner;   /* a fork of it has only the descriptors */
  pid_t pid;
  int   pidfd;
  int   socket;
};

/* What the guardian knows. */
typedef struct
{
  MpProcessInfo  runner;
  int            runner_pidfd;
  int            socket;
  MpPidSlots     sessions;
  MpPidSlots     workers;
  char          *marker;
} Watch;

static gboolean
has_pid (const MpPidSlots *slots,
         pid_t             pid)
{
  for (guint i = 0; i < slots->count; i++)
    {
      const pid_t *slot = (const void *) ((const char *) slots->first + i * slots->stride);

      if (__atomic_load_n (slot, __ATOMIC_ACQUIRE) == pid)
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_marker (pid_t       pid,
            const char *marker)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%d", pid);
  g_autofree char *path = g_strdup_printf ("/proc/%d/environ", pid);
  g_autofree char *text = NULL;
  struct stat status;
  gsize length;

  if (stat (folder, &status) < 0 || status.st_uid != geteuid () ||
      !g_file_get_contents (path, &text, &length, NULL))
    return FALSE;

  for (gsize i = 0; i < length; i += strlen (text + i) + 1)
    {
      if (g_str_equal (text + i, marker))
        return TRUE;
    }

  return FALSE;
}

/* Whether @info is dead, or older than the runner and so none of its making, or not to be ended. */
static gboolean
is_foreign (const Watch         *watch,
            const MpProcessInfo *info)
{
  return _mp_process_info_dead (info) || info->pid == getpid () || info->pid <= 1 ||
         info->pid == watch->runner.pid || info->start_ticks < watch->runner.start_ticks;
}

static gboolean
is_ours (const Watch         *watch,
         const MpProcessInfo *info)
{
  return (info->session > 1 && has_pid (&watch->sessions, info->session)) ||
         has_pid (&watch->sessions, info->pid) ||  /* on its way to one */
         has_pid (&watch->workers, info->pid) ||
         (watch->marker != NULL && has_marker (info->pid, watch->marker));
}

/* Moves to @prey who is a child of one of them, until nobody is. */
static void
add_descendants (GArray *others,
                 GArray *prey)
{
  for (guint i = 0; i < prey->len; i++)
    {
      pid_t parent = g_array_index (prey, MpProcessInfo, i).pid;

      for (guint j = others->len; j > 0; j--)
        {
          MpProcessInfo info = g_array_index (others, MpProcessInfo, j - 1);

          if (info.parent != parent)
            continue;
          g_array_append_val (prey, info);
          g_array_remove_index_fast (others, j - 1);
        }
    }
}

static void
find_prey (const Watch *watch,
           GArray      *prey)
{
  g_autoptr (GArray) all = _mp_process_array_new ();

  _mp_list_processes (all);
  for (guint i = all->len; i > 0; i--)
    {
      MpProcessInfo info = g_array_index (all, MpProcessInfo, i - 1);
      gboolean foreign = is_foreign (watch, &info);

      if (!foreign && !is_ours (watch, &info))
        continue;
      /* A worker goes before its command, or it might begin another one. */
      if (!foreign && has_pid (&watch->workers, info.pid))
        g_array_prepend_val (prey, info);
      else if (!foreign)
        g_array_append_val (prey, info);
      g_array_remove_index_fast (all, i - 1);
    }
  add_descendants (all, prey);
}

static void
hunt (const Watch *watch)
{
  gint64 deadline = g_get_monotonic_time () + HUNT_PATIENCE;
  guint quiet = 0;

  while (quiet < QUIET_SCANS && g_get_monotonic_time () < deadline)
    {
      g_autoptr (GArray) prey = _mp_process_array_new ();

      find_prey (watch, prey);
      for (guint i = 0; i < prey->len;)
        {
          /* Who can't be killed is gone, or not for us to end. */
          if (_mp_process_info_signal (&g_array_index (prey, MpProcessInfo, i), SIGKILL))
            i++;
          else
            g_array_remove_index (prey, i);
        }
      quiet = prey->len == 0 ? quiet + 1 : 0;
      _mp_wait_processes (prey, MIN (deadline, g_get_monotonic_time () + KILL_PATIENCE));
    }
}

/* Whether the runner is gone without a word. */
static gboolean
wait_for_end (const Watch *watch)
{
  struct pollfd fds[] = {
    { .fd = watch->socket, .events = POLLIN },
    { .fd = watch->runner_pidfd, .events = POLLIN },
  };
  char byte;

  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    ;
  return recv (watch->socket, &byte, 1, MSG_DONTWAIT) != 1;
}

/* Keeps nothing of the runner that could hold somebody up, and hears no signal meant for it. */
static void
detach (Watch *watch)
{
  struct sigaction action = { .sa_handler = SIG_DFL };
  sigset_t none;
  int null_fd, socket, runner_pidfd;

  setsid ();
  prctl (PR_SET_NAME, "mp-guardian");
  for (int i = 1; i < NSIG; i++)
    sigaction (i, &action, NULL);
  action.sa_handler = SIG_IGN;
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGHUP, &action, NULL);
  sigaction (SIGPIPE, &action, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  if (chdir ("/") < 0)
    _exit (1);

  /* Out of the way, then into the first places after the standard ones. */
  socket = fcntl (watch->socket, F_DUPFD, 5);
  runner_pidfd = fcntl (watch->runner_pidfd, F_DUPFD, 5);
  null_fd = open ("/dev/null", O_RDWR);
  if (socket < 0 || runner_pidfd < 0 || null_fd < 0)
    _exit (1);
  for (int i = 0; i < 3; i++)
    dup2 (null_fd, i);
  watch->socket = dup2 (socket, 3);
  watch->runner_pidfd = dup2 (runner_pidfd, 4);
  close_range (5, ~0U, 0);
}

static void G_GNUC_NORETURN
run_guardian (Watch *watch)
{
  detach (watch);
  if (wait_for_end (watch))
    hunt (watch);
  _exit (0);
}

/* All signals wait, so that no handler of the runner runs in the guardian. */
static pid_t
fork_guardian (Watch *watch)
{
  sigset_t all, old;
  pid_t pid;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &old);
  pid = fork ();
  if (pid == 0)
    run_guardian (watch);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  return pid;
}

static MpGuardian *
fail_start (GError **error)
{
  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN,
               "Could not start the process that cleans up if this one is killed: %s",
               g_strerror (errno));
  return NULL;
}

/* Starts a process that ends what this one, the runner, leaves behind when it dies without calling
 * _mp_guardian_stop(): all in the @sessions and all @workers with what descends from them, and all
 * processes of the same user with @marker, `NAME=value`, in their environment. The slots must be in
 * memory shared with forks. This process must have one thread, and had best be small still. */
MpGuardian *
_mp_guardian_start (const MpPidSlots  *sessions,
                    const MpPidSlots  *workers,
                    const char        *marker,
                    GError           **error)
{
  Watch watch = {
    .sessions = *sessions,
    .workers = *workers,
    .marker = (char *) marker,
  };
  int sockets[2] = { -1, -1 };
  mp_autofd int ours = -1;
  mp_autofd int theirs = -1;
  mp_autofd int runner_pidfd = pidfd_open (getpid (), 0);
  mp_autofd int pidfd = -1;
  MpGuardian *self;
  pid_t pid;

  if (runner_pidfd < 0 || !_mp_process_info_read (getpid (), &watch.runner) ||
      socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
    return fail_start (error);

  ours = sockets[0];
  theirs = sockets[1];
  watch.runner_pidfd = runner_pidfd;
  watch.socket = theirs;
  pid = fork_guardian (&watch);
  if (pid < 0)
    return fail_start (error);
  pidfd = pidfd_open (pid, 0);
  if (pidfd < 0)
    {
      fail_start (error);
      _mp_child_discard (pid);
      return NULL;
    }

  self = g_new0 (MpGuardian, 1);
  self->owner = getpid ();
  self->pid = pid;
  self->pidfd = g_steal_fd (&pidfd);
  self->socket = g_steal_fd (&ours);
  return self;
}

pid_t
_mp_guardian_get_pid (MpGuardian *self)
{
  return self->pid;
}

/* Readable when the guardian itself has died: stop it, then start another. */
int
_mp_guardian_get_pidfd (MpGuardian *self)
{
  return self->pidfd;
}

/* The runner ends in order: the guardian goes at once. In a fork of the runner, only lets go of the
 * descriptors. */
void
_mp_guardian_stop (MpGuardian *self)
{
  if (self->owner == getpid ())
    {
      struct pollfd end = { .fd = self->pidfd, .events = POLLIN };

      send (self->socket, "q", 1, MSG_NOSIGNAL);
      if (poll (&end, 1, STOP_PATIENCE_MS) <= 0)
        pidfd_send_signal (self->pidfd, SIGKILL, NULL, 0);
      while (waitpid (self->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    }
  close (self->pidfd);
  close (self->socket);
  g_free (self);
}
