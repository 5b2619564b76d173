/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mp-process-tree-private.h"

#include "mp-fd-private.h"
#include "mp-log.h"
#include "mp-poll-private.h"

/* How long to wait for what has been killed: only the kernel itself can be that slow. */
#define KILL_PATIENCE (2 * G_USEC_PER_SEC)

/* The same for what has been stopped; nothing depends on it. */
#define STOP_PATIENCE (20 * 1000)

GArray *
_mp_process_array_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (MpProcessInfo));
}

gboolean
_mp_process_info_read (pid_t          pid,
                       MpProcessInfo *info)
{
  char path[64];
  char text[1024];
  const char *end_of_name;
  mp_autofd int fd = -1;
  gssize n;

  g_snprintf (path, sizeof path, "/proc/%d/stat", pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  n = read (fd, text, sizeof text - 1);
  if (n <= 0)
    return FALSE;

  text[n] = '\0';
  /* The name may hold anything, parentheses included. */
  end_of_name = strrchr (text, ')');
  info->pid = pid;
  return end_of_name != NULL &&
         sscanf (end_of_name + 1,
                 " %c %d %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %"
                 G_GUINT64_FORMAT,
                 &info->state, &info->parent, &info->group, &info->session,
                 &info->start_ticks) == 5;
}

gboolean
_mp_process_info_dead (const MpProcessInfo *info)
{
  return info->state == 'Z' || info->state == 'X';
}

/* A descriptor of exactly this process, or -1 if it is gone. */
static int
open_process (const MpProcessInfo *info)
{
  MpProcessInfo now;
  int fd = pidfd_open (info->pid, 0);

  if (fd >= 0 && (!_mp_process_info_read (info->pid, &now) ||
                  now.start_ticks != info->start_ticks))
    {
      close (fd);
      return -1;
    }

  return fd;
}

/* Never reaches another process that got the same number. */
gboolean
_mp_process_info_signal (const MpProcessInfo *info,
                         int                  signal_number)
{
  mp_autofd int fd = open_process (info);

  return fd >= 0 && pidfd_send_signal (fd, signal_number, NULL, 0) == 0;
}

/* What failed for want of a descriptor or memory says nothing about the process. */
static gboolean
is_shortage (int number)
{
  return number == EMFILE || number == ENFILE || number == ENOMEM;
}

/* %FALSE if the process may be there, but could not be looked at. */
static gboolean
append_process (pid_t   pid,
                GArray *processes)
{
  MpProcessInfo info;

  if (pid <= 0)
    return TRUE;
  errno = 0;
  if (!_mp_process_info_read (pid, &info))
    return !is_shortage (errno);
  g_array_append_val (processes, info);

  return TRUE;
}

/* Appends every process there is. %FALSE if some could not be looked at. */
gboolean
_mp_list_processes (GArray *processes)
{
  DIR *folder = opendir ("/proc");
  struct dirent *entry;
  gboolean all = TRUE;

  if (folder == NULL)
    return !is_shortage (errno);
  while ((entry = readdir (folder)) != NULL)
    {
      if (g_ascii_isdigit (entry->d_name[0])
          && !append_process (g_ascii_strtoll (entry->d_name, NULL, 10), processes))
        all = FALSE;
    }
  closedir (folder);

  return all;
}

static gboolean
list_children_slowly (pid_t   pid,
                      GArray *processes)
{
  g_autoptr (GArray) all = _mp_process_array_new ();
  gboolean complete = _mp_list_processes (all);

  for (guint i = 0; i < all->len; i++)
    {
      MpProcessInfo *info = &g_array_index (all, MpProcessInfo, i);

      if (info->parent == pid)
        g_array_append_val (processes, *info);
    }

  return complete;
}

static gboolean
list_children_of_thread (pid_t       pid,
                         const char *thread,
                         GArray     *processes)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%s/children", pid, thread);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gboolean all = TRUE;
  char *rest;

  if (!g_file_get_contents (path, &text, NULL, &error))
    return !g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_MFILE)
           && !g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NFILE)
           && !g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM);
  rest = text;
  for (;;)
    {
      char *end;
      gint64 child = g_ascii_strtoll (rest, &end, 10);

      if (end == rest)
        break;
      if (!append_process (child, processes))
        all = FALSE;
      rest = end;
    }

  return all;
}

/* Appends the children of @pid, dead ones that nobody has waited for included. %FALSE if some could
 * not be looked at, for want of descriptors or memory. */
gboolean
_mp_list_children (pid_t   pid,
                   GArray *processes)
{
  g_autofree char *path = NULL;
  struct dirent *entry;
  gboolean all = TRUE;
  DIR *folder;

  /* A kernel may be built without these lists. */
  if (access ("/proc/thread-self/children", F_OK) < 0)
    return list_children_slowly (pid, processes);

  path = g_strdup_printf ("/proc/%d/task", pid);
  folder = opendir (path);
  if (folder == NULL)
    return !is_shortage (errno);
  while ((entry = readdir (folder)) != NULL)
    {
      if (g_ascii_isdigit (entry->d_name[0])
          && !list_children_of_thread (pid, entry->d_name, processes))
        all = FALSE;
    }
  closedir (folder);

  return all;
}

/* Appends the children of @pid, their children, and so on. */
void
_mp_list_descendants (pid_t   pid,
                      GArray *processes)
{
  guint next = processes->len;

  _mp_list_children (pid, processes);
  for (; next < processes->len; next++)
    {
      MpProcessInfo *info = &g_array_index (processes, MpProcessInfo, next);

      if (!_mp_process_info_dead (info))
        _mp_list_children (info->pid, processes);
    }
}

static gboolean
wait_process (const MpProcessInfo *info,
              gint64               deadline)
{
  mp_autofd int fd = open_process (info);
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

  return fd < 0 || _mp_poll_until (&poll_fd, deadline);
}

/* Waits until all of @processes have ended, or for the monotonic time @deadline. Reaps nobody. */
gboolean
_mp_wait_processes (GArray *processes,
                    gint64  deadline)
{
  gboolean all = TRUE;

  for (guint i = 0; i < processes->len; i++)
    {
      if (!wait_process (&g_array_index (processes, MpProcessInfo, i), deadline))
        all = FALSE;
    }

  return all;
}

static gboolean
has_process (GArray              *processes,
             const MpProcessInfo *info)
{
  for (guint i = 0; i < processes->len; i++)
    {
      const MpProcessInfo *other = &g_array_index (processes, MpProcessInfo, i);

      if (other->pid == info->pid && other->start_ticks == info->start_ticks)
        return TRUE;
    }

  return FALSE;
}

/* Stops the descendants of @root that are not in @stopped, and appends them as they were before.
 * %FALSE if there was none. */
static gboolean
stop_descendants (pid_t   root,
                  GArray *stopped)
{
  g_autoptr (GArray) now = _mp_process_array_new ();
  guint before = stopped->len;

  _mp_list_descendants (root, now);
  for (guint i = 0; i < now->len; i++)
    {
      MpProcessInfo *info = &g_array_index (now, MpProcessInfo, i);

      if (_mp_process_info_dead (info) || has_process (stopped, info))
        continue;
      _mp_process_info_signal (info, SIGSTOP);
      g_array_append_val (stopped, *info);
    }

  return stopped->len > before;
}

/* What is stopped can't fork, so they are stopped until no new one turns up. */
static void
stop_tree (pid_t   root,
           GArray *stopped)
{
  append_process (root, stopped);
  for (guint i = 0; i < stopped->len; i++)
    _mp_process_info_signal (&g_array_index (stopped, MpProcessInfo, i), SIGSTOP);
  while (stop_descendants (root, stopped))
    ;
}

/* Kills @root and its descendants, together. */
void
_mp_kill_tree (pid_t root)
{
  g_autoptr (GArray) stopped = _mp_process_array_new ();

  stop_tree (root, stopped);
  for (guint i = 0; i < stopped->len; i++)
    _mp_process_info_signal (&g_array_index (stopped, MpProcessInfo, i), SIGKILL);
}

/* Whether @info runs no more, or is in the kernel and will stop before it does anything else. */
static gboolean
stands_still (const MpProcessInfo *info)
{
  MpProcessInfo now;

  return !_mp_process_info_read (info->pid, &now) || now.start_ticks != info->start_ticks
         || strchr ("TtDZX", now.state) != NULL;
}

/* Stops @root and its descendants, and appends those to @frozen that nobody had stopped before. A
 * stop reaches a process a moment later; what it has forked meanwhile is looked for again. */
void
_mp_freeze_tree (pid_t   root,
                 GArray *frozen)
{
  gint64 deadline = g_get_monotonic_time () + STOP_PATIENCE;
  g_autoptr (GArray) stopped = _mp_process_array_new ();

  stop_tree (root, stopped);
  do
    for (guint i = 0; i < stopped->len; i++)
      while (!stands_still (&g_array_index (stopped, MpProcessInfo, i))
             && g_get_monotonic_time () < deadline)
        g_usleep (100);
  while (stop_descendants (root, stopped));

  for (guint i = 0; i < stopped->len; i++)
    {
      MpProcessInfo *info = &g_array_index (stopped, MpProcessInfo, i);

      if (info->state != 'T')
        g_array_append_val (frozen, *info);
    }
}

/* Appends the children of this process that are not in @known, and that it may kill. %FALSE if some
 * could not be looked at. */
static gboolean
list_orphans (const pid_t *known,
              guint        n_known,
              GArray      *orphans)
{
  gboolean all = _mp_list_children (getpid (), orphans);

  for (guint i = 0; i < orphans->len;)
    {
      MpProcessInfo *info = &g_array_index (orphans, MpProcessInfo, i);
      gboolean skip = kill (info->pid, 0) < 0 && errno == EPERM;

      for (guint j = 0; j < n_known && !skip; j++)
        skip = known[j] == info->pid;
      if (skip)
        g_array_remove_index_fast (orphans, i);
      else
        i++;
    }

  return all;
}

/* Needs no descriptor. */
static gboolean
has_children (void)
{
  siginfo_t info;

  return waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* Whether nobody in the group of @info is to stay: its session is not ours, so what we started has
 * made it, and no child that stays is in it. */
static gboolean
owns_group (const MpProcessInfo *info,
            const pid_t         *known,
            guint                n_known)
{
  for (guint i = 0; i < n_known; i++)
    {
      if (getpgid (known[i]) == info->group)
        return FALSE;
    }

  return info->group > 1 && info->session != getsid (0);
}

static void
kill_orphan (const MpProcessInfo *info,
             const pid_t         *known,
             guint                n_known)
{
  if (_mp_process_info_dead (info))
    return;

  /* At one stroke, or a process that goes on as its own child is never caught. */
  if (owns_group (info, known, n_known))
    kill (-info->group, SIGKILL);
  _mp_kill_tree (info->pid);
}

/* Kills and reaps the children of this process that are not in @known, with all that comes from
 * them. %FALSE if the kernel did not let some of them go in time, or they could not be looked for:
 * without descriptors nobody can say that there are none, and that is logged. For a child
 * subreaper: only to that come back those whose parent has ended. */
gboolean
_mp_kill_orphans (const pid_t *known,
                  guint        n_known)
{
  gint64 deadline = g_get_monotonic_time () + KILL_PATIENCE;
  g_autoptr (GArray) orphans = _mp_process_array_new ();

  for (;;)
    {
      gboolean all;

      g_array_set_size (orphans, 0);
      all = list_orphans (known, n_known, orphans);
      if (orphans->len == 0 && !all && has_children ())
        {
          mp_log (MP_LOG_WARNING, "no descriptors to look for processes that were left behind");
          return FALSE;
        }
      if (orphans->len == 0)
        return TRUE;
      if (g_get_monotonic_time () > deadline)
        return FALSE;

      for (guint i = 0; i < orphans->len; i++)
        kill_orphan (&g_array_index (orphans, MpProcessInfo, i), known, n_known);
      _mp_wait_processes (orphans, deadline);
      for (guint i = 0; i < orphans->len; i++)
        waitpid (g_array_index (orphans, MpProcessInfo, i).pid, NULL, WNOHANG);
    }
}
