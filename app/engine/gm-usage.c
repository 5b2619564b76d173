/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gm-usage.h"

/* Reads /proc along the kernel's lists of children: what it costs depends on the processes that
 * are asked for, not on how many the machine has. */

/* A family larger than this is a fork bomb; what is above is not counted. */
#define MAX_FAMILY 65536

/* One process, as its `stat` has it. */
typedef struct
{
  pid_t   pid;
  pid_t   parent;
  char    state;
  guint64 ticks;
  guint64 pages;
} Process;

/* All processes, read once; only where the kernel has no lists of children. */
typedef struct
{
  GArray *family;
  GArray *everybody;
} Sample;

/* Returns: the length of what @path has, without allocating; -1 if it can't be read */
static gssize
read_small (const char *path,
            char       *buffer,
            gsize       size)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize n;

  if (fd < 0)
    return -1;
  do
    n = read (fd, buffer, size - 1);
  while (n < 0 && errno == EINTR);
  close (fd);
  if (n >= 0)
    buffer[n] = '\0';
  return n;
}

static gboolean
read_process (pid_t    pid,
              Process *process)
{
  char path[32], text[1024];
  const char *rest;
  guint64 user, system;
  gint64 children_user, children_system;

  g_snprintf (path, sizeof path, "/proc/%d/stat", pid);
  if (read_small (path, text, sizeof text) <= 0)
    return FALSE;
  /* The name may hold anything, parentheses included. */
  rest = strrchr (text, ')');
  process->pid = pid;
  if (rest == NULL
      || sscanf (rest + 1,
                 " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %" G_GUINT64_FORMAT
                 " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                 " %*s %*s %*s %*s %*s %*s %" G_GUINT64_FORMAT,
                 &process->state, &process->parent, &user, &system, &children_user,
                 &children_system, &process->pages) != 7)
    return FALSE;
  process->ticks = user + system + children_user + children_system;
  return TRUE;
}

static void
add_process (GArray *family,
             pid_t   pid)
{
  Process process;

  if (family->len < MAX_FAMILY && read_process (pid, &process))
    g_array_append_val (family, process);
}

static void
add_children_of_thread (GArray     *family,
                        pid_t       pid,
                        const char *thread)
{
  char path[64];
  g_autofree char *text = NULL;
  char *end;

  g_snprintf (path, sizeof path, "/proc/%d/task/%s/children", pid, thread);
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  for (char *at = text;; at = end)
    {
      long child = strtol (at, &end, 10);

      if (end == at)
        return;
      add_process (family, (pid_t) child);
    }
}

static void
add_children (GArray *family,
              pid_t   pid)
{
  char path[32];
  struct dirent *entry;
  DIR *folder;

  g_snprintf (path, sizeof path, "/proc/%d/task", pid);
  folder = opendir (path);
  if (folder == NULL)
    return;
  while ((entry = readdir (folder)) != NULL)
    if (g_ascii_isdigit (entry->d_name[0]))
      add_children_of_thread (family, pid, entry->d_name);
  closedir (folder);
}

static GArray *
read_everybody (void)
{
  GArray *everybody = g_array_new (FALSE, FALSE, sizeof (Process));
  DIR *folder = opendir ("/proc");
  struct dirent *entry;

  while (folder != NULL && (entry = readdir (folder)) != NULL)
    if (g_ascii_isdigit (entry->d_name[0]))
      add_process (everybody, atoi (entry->d_name));
  if (folder != NULL)
    closedir (folder);
  return everybody;
}

static void
add_children_of_everybody (Sample *sample,
                           pid_t   pid)
{
  for (guint i = 0; i < sample->everybody->len && sample->family->len < MAX_FAMILY; i++)
    {
      Process process = g_array_index (sample->everybody, Process, i);

      if (process.parent == pid)
        g_array_append_val (sample->family, process);
    }
}

static void
read_family (Sample *sample,
             pid_t   root)
{
  g_array_set_size (sample->family, 0);
  add_process (sample->family, root);
  for (guint next = 0; next < sample->family->len; next++)
    {
      pid_t pid = g_array_index (sample->family, Process, next).pid;

      if (sample->everybody != NULL)
        add_children_of_everybody (sample, pid);
      else
        add_children (sample->family, pid);
    }
}

static void
sum_up (GArray  *family,
        GmUsage *usage)
{
  static gint64 tick, page;

  if (tick == 0)
    {
      tick = G_USEC_PER_SEC / sysconf (_SC_CLK_TCK);
      page = sysconf (_SC_PAGESIZE);
    }
  *usage = (GmUsage) { .n_processes = family->len };
  for (guint i = 0; i < family->len; i++)
    {
      usage->cpu_time += (gint64) g_array_index (family, Process, i).ticks * tick;
      usage->rss += g_array_index (family, Process, i).pages * page;
    }
  if (family->len > 0)
    usage->own_rss = g_array_index (family, Process, 0).pages * page;
}

/**
 * gm_usage_read:
 * @pids: (array length=n_pids): processes
 * @n_pids: how many
 * @usages: (out caller-allocates) (array length=n_pids): where to put what each of them and its
 *   descendants use
 *
 * One sample. Each is for itself: where one descends from another it counts in both. A process that
 * is gone has `n_processes` 0. Processor time never gets less while the process lives, as long as
 * whoever its children leave behind comes back to it.
 */
void
gm_usage_read (const pid_t *pids,
               guint        n_pids,
               GmUsage     *usages)
{
  Sample sample = { .family = g_array_new (FALSE, FALSE, sizeof (Process)) };

  g_return_if_fail (n_pids == 0 || (pids != NULL && usages != NULL));

  if (access ("/proc/thread-self/children", F_OK) < 0)
    sample.everybody = read_everybody ();
  for (guint i = 0; i < n_pids; i++)
    {
      read_family (&sample, pids[i]);
      sum_up (sample.family, &usages[i]);
    }
  g_array_unref (sample.family);
  g_clear_pointer (&sample.everybody, g_array_unref);
}

/**
 * gm_process_get_parent:
 * @pid: a process
 *
 * Returns: its parent, 0 if it is gone
 */
pid_t
gm_process_get_parent (pid_t pid)
{
  Process process;

  return read_process (pid, &process) ? process.parent : 0;
}

/**
 * gm_process_is_stopped:
 * @pid: a process
 *
 * Returns: whether somebody has stopped it
 */
gboolean
gm_process_is_stopped (pid_t pid)
{
  Process process;

  return pid > 0 && read_process (pid, &process)
         && (process.state == 'T' || process.state == 't');
}

/**
 * gm_usage_list_family:
 * @pid: a process
 *
 * Returns: (transfer full) (element-type pid_t): @pid and all that descends from it
 */
GArray *
gm_usage_list_family (pid_t pid)
{
  Sample sample = { .family = g_array_new (FALSE, FALSE, sizeof (Process)) };
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (pid_t));

  if (access ("/proc/thread-self/children", F_OK) < 0)
    sample.everybody = read_everybody ();
  read_family (&sample, pid);
  for (guint i = 0; i < sample.family->len; i++)
    g_array_append_val (pids, g_array_index (sample.family, Process, i).pid);
  g_array_unref (sample.family);
  g_clear_pointer (&sample.everybody, g_array_unref);
  return pids;
}
