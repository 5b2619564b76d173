/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gm-memory.h"

/* How the two versions of control groups call the same. */
typedef struct
{
  const char *limit;
  const char *used;
  const char *idle;    /* key in memory.stat: what it has of files that nobody uses now */
  const char *events;  /* where kills for want of memory are counted */
} Names;

static const Names version_2 = {
  "memory.max", "memory.current", "inactive_file ", "memory.events"
};
static const Names version_1 = {
  "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ", "memory.oom_control"
};

struct _GmMemory
{
  char        *meminfo;    /* path */
  GPtrArray   *groups;     /* of char *, folders from the own control group to the topmost */
  const Names *names;      /* of the files in them */
  int          events_fd;  /* where kills for want of memory are counted, or -1 */
};

/* The folder of the own group and those above it. In a container the own one may not be there, but
 * the topmost is it. */
static void
add_groups (GmMemory   *self,
            const char *mount,
            const char *path)
{
  g_autofree char *folder = g_strconcat (mount, path, NULL);
  char *slash;

  do
    {
      g_ptr_array_add (self->groups, g_strdup (folder));
      slash = strrchr (folder, '/');
      if (slash != NULL)
        *slash = '\0';
    }
  while (slash != NULL && strlen (folder) >= strlen (mount));
}

/* Memory is limited by version 1 where that has the controller, else by version 2. */
static void
find_groups (GmMemory   *self,
             const char *proc,
             const char *mount)
{
  g_autofree char *file = g_build_filename (proc, "self", "cgroup", NULL);
  g_autofree char *mount_1 = g_build_filename (mount, "memory", NULL);
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  if (!g_file_get_contents (file, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto(GStrv) fields = g_strsplit (lines[i], ":", 3);
      g_auto(GStrv) controllers = NULL;

      if (g_strv_length (fields) < 3 || fields[2][0] != '/')
        continue;
      controllers = g_strsplit (fields[1], ",", -1);
      if (g_strv_contains ((const char *const *) controllers, "memory"))
        {
          g_ptr_array_set_size (self->groups, 0);
          self->names = &version_1;
          add_groups (self, mount_1, fields[2]);
          return;
        }
      if (g_str_equal (fields[0], "0") && fields[1][0] == '\0')
        add_groups (self, mount, fields[2]);
    }
}

/* The group's own count if it has one; else that of the whole machine. */
static void
open_events (GmMemory   *self,
             const char *proc)
{
  g_autofree char *vmstat = g_build_filename (proc, "vmstat", NULL);

  self->events_fd = -1;
  if (self->groups->len > 0)
    {
      g_autofree char *path = g_build_filename (g_ptr_array_index (self->groups, 0),
                                                self->names->events, NULL);

      self->events_fd = open (path, O_RDONLY | O_CLOEXEC);
    }
  if (self->events_fd < 0)
    self->events_fd = open (vmstat, O_RDONLY | O_CLOEXEC);
}

/**
 * gm_memory_new:
 * @proc: `/proc`
 * @cgroup_mount: `/sys/fs/cgroup`
 *
 * Returns: (transfer full): a way to read them
 */
GmMemory *
gm_memory_new (const char *proc,
               const char *cgroup_mount)
{
  GmMemory *self = g_new0 (GmMemory, 1);

  self->meminfo = g_build_filename (proc, "meminfo", NULL);
  self->groups = g_ptr_array_new_with_free_func (g_free);
  self->names = &version_2;
  find_groups (self, proc, cgroup_mount);
  open_events (self, proc);
  return self;
}

void
gm_memory_free (GmMemory *self)
{
  if (self->events_fd >= 0)
    close (self->events_fd);
  g_ptr_array_unref (self->groups);
  g_free (self->meminfo);
  g_free (self);
}

/* Returns: the number after @key in lines of keys and numbers, -1 if there is none */
static gint64
find_number (const char *text,
             const char *key)
{
  for (const char *line = text; line != NULL && *line != '\0'; line = strchr (line, '\n'))
    {
      line += *line == '\n';
      if (g_str_has_prefix (line, key))
        return g_ascii_strtoll (line + strlen (key), NULL, 10);
    }
  return -1;
}

static gint64
read_number (const char *folder,
             const char *name,
             const char *key)
{
  g_autofree char *path = folder != NULL ? g_build_filename (folder, name, NULL) : g_strdup (name);
  g_autofree char *text = NULL;
  char *end;
  gint64 number;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return -1;
  if (key != NULL)
    return find_number (text, key);
  number = g_ascii_strtoll (text, &end, 10);
  return end != text ? number : -1;
}

/* What a group may still take; what it has of files that nobody uses now can go at any time. */
static gint64
get_group_available (GmMemory   *self,
                     const char *folder)
{
  gint64 limit = read_number (folder, self->names->limit, NULL);
  gint64 used = read_number (folder, self->names->used, NULL);
  gint64 idle = read_number (folder, "memory.stat", self->names->idle);

  if (limit < 0 || used < 0)
    return G_MAXINT64;
  return MAX (limit - used + MAX (idle, 0), 0);
}

/**
 * gm_memory_get_available:
 * @self: memory
 *
 * Returns: bytes that can be had without swapping and within the limits of all control groups that
 *   this process is in
 */
gint64
gm_memory_get_available (GmMemory *self)
{
  gint64 kib = read_number (NULL, self->meminfo, "MemAvailable:");
  gint64 available = kib >= 0 ? kib * 1024 : G_MAXINT64;

  for (guint i = 0; i < self->groups->len; i++)
    available = MIN (available, get_group_available (self, g_ptr_array_index (self->groups, i)));
  return available;
}

/**
 * gm_memory_count_oom_kills:
 * @self: memory
 *
 * Returns: how many processes the kernel has killed so far for want of memory, in the control group
 *   of this process if that is known, -1 if nothing is
 */
gint64
gm_memory_count_oom_kills (GmMemory *self)
{
  char text[16384];
  gssize n;

  if (self->events_fd < 0)
    return -1;
  do
    n = pread (self->events_fd, text, sizeof text - 1, 0);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return -1;
  text[n] = '\0';
  return find_number (text, "oom_kill ");
}
