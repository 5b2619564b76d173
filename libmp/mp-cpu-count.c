/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mp-main.h"

#include "mp-main-private.h"

#define CPUS_MAX (1 << 16)

static guint
count_affinity (void)
{
  for (int n = 1024; n <= CPUS_MAX; n *= 2)
    {
      cpu_set_t *set = CPU_ALLOC (n);
      gsize size = CPU_ALLOC_SIZE (n);
      int count = 0;
      gboolean ok;

      if (set == NULL)
        break;
      ok = sched_getaffinity (0, size, set) == 0;
      if (ok)
        count = CPU_COUNT_S (size, set);
      CPU_FREE (set);
      if (ok)
        return MAX (count, 1);
      if (errno != EINVAL)
        break;
    }

  return MAX (sysconf (_SC_NPROCESSORS_ONLN), 1);
}

static gboolean
read_number (const char *folder,
             const char *name,
             gint64     *number)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;
  char *end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  *number = g_ascii_strtoll (text, &end, 10);
  return end != text;
}

/* The quota in CPUs, rounded up, of one control group, 0 if it has none. */
static guint
quota_of_folder (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "cpu.max", NULL);
  g_autofree char *text = NULL;
  gint64 quota = 0, period = 0;
  char *end;

  if (g_file_get_contents (path, &text, NULL, NULL))
    {
      quota = g_ascii_strtoll (text, &end, 10);
      if (end == text)
        return 0;
      period = g_ascii_strtoll (end, NULL, 10);
    }
  else if (!read_number (folder, "cpu.cfs_quota_us", &quota)
           || !read_number (folder, "cpu.cfs_period_us", &period))
    return 0;

  if (quota <= 0 || period <= 0)
    return 0;
  return (quota + period - 1) / period;
}

static void
keep_lowest (guint *lowest,
             guint  quota)
{
  if (quota > 0 && (*lowest == 0 || quota < *lowest))
    *lowest = quota;
}

/* The lowest quota of a group and those above it. Inside a container the path may be one of the
 * host; what is not there is passed over, up to the mount point, which is the container's own. */
static guint
quota_of_path (const char *mount_point,
               const char *path)
{
  g_autofree char *current = g_build_filename (mount_point, path, NULL);
  gsize root_length = strlen (mount_point);
  guint lowest = 0;

  for (;;)
    {
      char *slash;

      keep_lowest (&lowest, quota_of_folder (current));
      slash = strrchr (current, '/');
      if (slash == NULL || slash < current + root_length)
        return lowest;
      *slash = '\0';
    }
}

/* The lowest quota of the control groups in @cgroups, of the form of `/proc/self/cgroup`. */
guint
_mp_quota_of_cgroups (const char *cgroups,
                      const char *mount_point)
{
  g_auto (GStrv) lines = g_strsplit (cgroups, "\n", -1);
  guint lowest = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", 3);
      g_auto (GStrv) controllers = NULL;
      g_autofree char *folder = NULL;

      if (g_strv_length (fields) != 3)
        continue;
      controllers = g_strsplit (fields[1], ",", -1);
      if (*fields[1] == '\0')
        folder = g_strdup (mount_point);
      else if (g_strv_contains ((const char *const *) controllers, "cpu"))
        folder = g_build_filename (mount_point, fields[1], NULL);
      else
        continue;
      keep_lowest (&lowest, quota_of_path (folder, fields[2]));
    }

  return lowest;
}

/**
 * mp_cpu_count:
 *
 * Counts the processors this process may use: its affinity, or less if its control group, or one
 * above that, has a quota (version 2 or 1, rounded up). Python's `cpu_count()` gives those of the
 * machine, so its pools are far too large in a container. Reads the system anew on each call.
 *
 * Returns: the count, 1 at least
 */
guint
mp_cpu_count (void)
{
  g_autofree char *cgroups = NULL;
  guint count = count_affinity ();
  guint quota = 0;

  if (g_file_get_contents ("/proc/self/cgroup", &cgroups, NULL, NULL))
    quota = _mp_quota_of_cgroups (cgroups, "/sys/fs/cgroup");

  return quota > 0 ? MIN (count, quota) : count;
}

/* How many threads this process has: the folder has a link for each. Without /proc, one. */
guint
_mp_thread_count (void)
{
  struct stat status;

  if (stat ("/proc/self/task", &status) < 0 || status.st_nlink < 3)
    return 1;
  return status.st_nlink - 2;
}
