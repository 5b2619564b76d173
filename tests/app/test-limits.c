/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>

#include <glib/gstdio.h>

#include "gm-median.h"
#include "gm-memory.h"
#include "mp.h"
#include "mp-main-private.h"

#define MIB G_GINT64_CONSTANT (1048576)

static int
compare (gconstpointer a,
         gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* After each time, against the sorted ones. */
static void
check_median (gint64 lowest,
              gint64 highest)
{
  g_autoptr(GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  GmMedian *median = gm_median_new ();

  for (guint i = 0; i < 500; i++)
    {
      gint64 time = (gint64) g_test_rand_double_range ((double) lowest, (double) highest);
      double right;

      g_array_append_val (times, time);
      gm_median_add (median, time);
      g_array_sort (times, compare);
      right = (double) g_array_index (times, gint64, i / 2);
      g_assert_cmpuint (gm_median_get_count (median), ==, i + 1);
      g_assert_cmpfloat ((double) gm_median_get (median), >=, right * 0.99 - 1);
      g_assert_cmpfloat ((double) gm_median_get (median), <=, right * 1.01 + 1);
    }
  gm_median_free (median);
}

static void
test_median (void)
{
  check_median (1000, 2000);
  check_median (1, 1000000000);
  check_median (G_GINT64_CONSTANT (3600000000000), G_GINT64_CONSTANT (36000000000000));
}

static void
test_median_extremes (void)
{
  GmMedian *median = gm_median_new ();

  gm_median_add (median, 0);
  g_assert_cmpint (gm_median_get (median), ==, 1);
  gm_median_add (median, G_MAXINT64);
  gm_median_add (median, G_MAXINT64);
  g_assert_cmpint (gm_median_get (median), >, G_MAXINT64 / 2);
  for (guint i = 0; i < 10; i++)
    gm_median_add (median, -1);
  g_assert_cmpint (gm_median_get (median), ==, 1);
  gm_median_free (median);
}

static void
put (const char *folder,
     const char *name,
     const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gint64
read_available (const char *folder)
{
  g_autofree char *group = g_build_filename (folder, "cgroup", NULL);
  GmMemory *memory = gm_memory_new (folder, group);
  gint64 available = gm_memory_get_available (memory);

  gm_memory_free (memory);
  return available;
}

static void
remove_folder (const char *folder)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);

  g_assert_cmpint (system (command), ==, 0);
}

static void
test_available (void)
{
  g_autofree char *folder = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);
  char number[32];

  put (folder, "meminfo", "MemTotal:  9000000 kB\nMemFree: 10 kB\nMemAvailable:   1048576 kB\n");
  g_assert_cmpint (read_available (folder), ==, 1024 * MIB);
  put (folder, "self/cgroup", "1:name=systemd:/x\n0::/a/b\n");
  g_assert_cmpint (read_available (folder), ==, 1024 * MIB);
  put (folder, "cgroup/a/b/memory.max", "max\n");
  put (folder, "cgroup/a/b/memory.current", "5000000\n");
  g_assert_cmpint (read_available (folder), ==, 1024 * MIB);

  /* That of the group above counts too; what files take that nobody uses is free. */
  g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT "\n", 300 * MIB);
  put (folder, "cgroup/a/memory.max", number);
  g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT "\n", 200 * MIB);
  put (folder, "cgroup/a/memory.current", number);
  g_assert_cmpint (read_available (folder), ==, 100 * MIB);
  put (folder, "cgroup/a/memory.stat", "anon 7\ninactive_file 1048576\nactive_file 9\n");
  g_assert_cmpint (read_available (folder), ==, 101 * MIB);
  put (folder, "cgroup/a/memory.max", "1\n");
  put (folder, "cgroup/a/memory.stat", "anon 7\n");
  g_assert_cmpint (read_available (folder), ==, 0);
  remove_folder (folder);
}

/* Version 1, which has a tree of its own for memory; what is found of version 2 is not asked. */
static void
test_available_old (void)
{
  g_autofree char *folder = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);
  char number[32];

  put (folder, "meminfo", "MemAvailable:   1048576 kB\n");
  put (folder, "self/cgroup", "9:cpu,cpuacct:/a\n4:blkio,memory:/a/b:c\n0::/\n");
  put (folder, "cgroup/memory.max", "1\n");
  put (folder, "cgroup/memory.current", "1\n");
  put (folder, "cgroup/memory/a/b:c/memory.limit_in_bytes", "9223372036854771712\n");
  put (folder, "cgroup/memory/a/b:c/memory.usage_in_bytes", "5\n");
  g_assert_cmpint (read_available (folder), ==, 1024 * MIB);
  g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT "\n", 300 * MIB);
  put (folder, "cgroup/memory/memory.limit_in_bytes", number);
  g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT "\n", 200 * MIB);
  put (folder, "cgroup/memory/memory.usage_in_bytes", number);
  put (folder, "cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file 1048576\n");
  g_assert_cmpint (read_available (folder), ==, 101 * MIB);
  remove_folder (folder);
}

/* How many processors `auto` finds where a control group has so much of them. */
static void
test_quota (void)
{
  static const char *const cgroups = "4:cpu,cpuacct:/a\n0::/b/c\n";
  g_autofree char *folder = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);

  g_assert_cmpuint (_mp_quota_of_cgroups (cgroups, folder), ==, 0);
  put (folder, "b/c/cpu.max", "max 100000\n");
  g_assert_cmpuint (_mp_quota_of_cgroups (cgroups, folder), ==, 0);
  put (folder, "b/cpu.max", "350000 100000\n");
  g_assert_cmpuint (_mp_quota_of_cgroups (cgroups, folder), ==, 4);
  put (folder, "b/c/cpu.max", "10 100000\n");
  g_assert_cmpuint (_mp_quota_of_cgroups (cgroups, folder), ==, 1);
  put (folder, "b/c/cpu.max", "rubbish\n");
  put (folder, "cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  put (folder, "cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  g_assert_cmpuint (_mp_quota_of_cgroups (cgroups, folder), ==, 4);
  put (folder, "cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n");
  g_assert_cmpuint (_mp_quota_of_cgroups (cgroups, folder), ==, 2);
  remove_folder (folder);
}

static void
test_oom_kills (void)
{
  g_autofree char *folder = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);
  g_autofree char *group = g_build_filename (folder, "cgroup", NULL);
  GmMemory *memory = gm_memory_new (folder, group);

  g_assert_cmpint (gm_memory_count_oom_kills (memory), ==, -1);
  gm_memory_free (memory);
  put (folder, "vmstat", "nr_free_pages 1\noom_kill 41\nlast 1\n");
  memory = gm_memory_new (folder, group);
  g_assert_cmpint (gm_memory_count_oom_kills (memory), ==, 41);
  put (folder, "self/cgroup", "0::/a\n");
  put (folder, "cgroup/a/memory.events", "low 0\nmax 3\noom 3\noom_kill 2\noom_group_kill 0\n");
  gm_memory_free (memory);
  memory = gm_memory_new (folder, group);
  g_assert_cmpint (gm_memory_count_oom_kills (memory), ==, 2);
  gm_memory_free (memory);
  put (folder, "self/cgroup", "4:memory:/a\n0::/\n");
  put (folder, "cgroup/memory/a/memory.oom_control",
       "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  memory = gm_memory_new (folder, group);
  g_assert_cmpint (gm_memory_count_oom_kills (memory), ==, 3);
  gm_memory_free (memory);
  memory = gm_memory_new ("/proc", "/sys/fs/cgroup");
  g_assert_cmpint (gm_memory_count_oom_kills (memory), >=, 0);
  g_assert_cmpint (gm_memory_get_available (memory), >, MIB);
  gm_memory_free (memory);
  remove_folder (folder);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/median", test_median);
  g_test_add_func ("/limits/median/extremes", test_median_extremes);
  g_test_add_func ("/limits/available", test_available);
  g_test_add_func ("/limits/available/old", test_available_old);
  g_test_add_func ("/limits/quota", test_quota);
  g_test_add_func ("/limits/oom-kills", test_oom_kills);
  return g_test_run ();
}
