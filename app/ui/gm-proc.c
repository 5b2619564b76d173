/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gm-proc.h"

/* A tree that is larger is not one that anybody looks through. */
#define MAX_TREE 1000

static gboolean
read_file (pid_t       pid,
           const char *name,
           char       *text,
           gsize       size)
{
  char path[64];
  gssize n;
  int fd;

  g_snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, name);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  n = read (fd, text, size - 1);
  close (fd);
  text[MAX (n, 0)] = '\0';

  return n > 0;
}

static gint64
count_files (pid_t pid)
{
  char path[64];
  gint64 n = 0;
  DIR *dir;

  g_snprintf (path, sizeof path, "/proc/%d/fd", (int) pid);
  dir = opendir (path);
  if (dir == NULL)
    return -1;
  for (struct dirent *entry; (entry = readdir (dir)) != NULL;)
    n += entry->d_name[0] != '.';
  closedir (dir);

  return n;
}

static gint64
read_io (pid_t pid)
{
  char text[512];
  const char *in, *out;

  if (!read_file (pid, "io", text, sizeof text))
    return -1;
  in = strstr (text, "\nread_bytes: ");
  out = strstr (text, "\nwrite_bytes: ");

  return in != NULL && out != NULL ? g_ascii_strtoll (in + 13, NULL, 10)
                                     + g_ascii_strtoll (out + 14, NULL, 10) : -1;
}

/**
 * gm_proc_read:
 * @pid: a process
 * @proc: (out): what is known of it
 *
 * Returns: %FALSE if it is gone
 */
gboolean
gm_proc_read (pid_t   pid,
              GmProc *proc)
{
  char text[1024], *name, *end;
  int parent = 0;
  long long user = 0, system = 0, threads = -1, pages = -1;

  memset (proc, 0, sizeof *proc);
  if (!read_file (pid, "stat", text, sizeof text) || (name = strchr (text, '(')) == NULL
      || (end = strrchr (name, ')')) == NULL)
    return FALSE;
  *end = '\0';
  g_strlcpy (proc->name, name + 1, sizeof proc->name);
  /* proc(5): state, parent, …, user and system time (14, 15), …, threads (20), …, pages (24). */
  if (sscanf (end + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %*d %*d %*d %*d %lld "
              "%*d %*u %*u %lld", &parent, &user, &system, &threads, &pages) != 5)
    return FALSE;
  proc->pid = pid;
  proc->parent = parent;
  proc->threads = threads;
  proc->rss = pages * sysconf (_SC_PAGESIZE);
  proc->cpu = user + system;
  proc->files = count_files (pid);
  proc->io = read_io (pid);

  return TRUE;
}

/**
 * gm_proc_dup_tree:
 * @pid: a process
 *
 * Returns: (transfer full): pid_t, all that descend from it, parents first
 */
GArray *
gm_proc_dup_tree (pid_t pid)
{
  GArray *tree = g_array_new (FALSE, FALSE, sizeof (pid_t));

  for (guint next = 0; next <= tree->len && tree->len < MAX_TREE; next++)
    {
      pid_t parent = next == 0 ? pid : g_array_index (tree, pid_t, next - 1);
      char name[32], text[4096];
      char *p = text;

      g_snprintf (name, sizeof name, "task/%d/children", (int) parent);
      if (!read_file (parent, name, text, sizeof text))
        continue;
      for (pid_t child; (child = (pid_t) g_ascii_strtoll (p, &p, 10)) > 0;)
        g_array_append_val (tree, child);
    }

  return tree;
}
