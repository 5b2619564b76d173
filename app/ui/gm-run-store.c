/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-run-store.h"

/* Of the runs that were there before us, so many of the newest are looked at for being live, apart
 * from those that have a socket. */
#define LOOK_AT 32

/**
 * GmRunStore:
 *
 * All runs of a folder: those that are live as a list model of #GmRun, the others as a #GmHistory.
 * A run goes from one to the other by itself, whoever started it.
 */
struct _GmRunStore
{
  GObject parent_instance;

  /* Owned */
  char         *folder;
  GFileMonitor *monitor;
  GListStore   *running;   /* of GmRun, the latest first */
  GmHistory    *history;
  GHashTable   *followed;  /* owned name → owned GmRun: live, or perhaps about to be */
};

enum
{
  ENDED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmRunStore, gm_run_store, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

static void
place (GmRunStore *self,
       GmRun      *run)
{
  const char *name = gm_run_get_id (run);
  gboolean was_running;
  guint position;

  was_running = g_list_store_find (self->running, run, &position);
  if (gm_run_get_live (run) == was_running)
    return;
  if (was_running)
    {
      g_list_store_remove (self->running, position);
      gm_history_add (self->history, name);
      g_signal_emit (self, signals[ENDED], 0, run);
    }
  else
    {
      gm_history_remove (self->history, name);
      g_list_store_insert (self->running, 0, run);
    }
}

static GmRun *
follow (GmRunStore *self,
        const char *name)
{
  GmRun *run = g_hash_table_lookup (self->followed, name);
  g_autofree char *dir = NULL;

  if (run == NULL)
    {
      dir = g_build_filename (self->folder, name, NULL);
      run = gm_run_new (dir);
      g_hash_table_insert (self->followed, g_strdup (name), run);
      g_signal_connect_object (run, "changed", G_CALLBACK (place), self, G_CONNECT_SWAPPED);
      gm_run_follow (run);
    }
  place (self, run);

  return run;
}

static void
forget (GmRunStore *self,
        const char *name)
{
  GmRun *run = g_hash_table_lookup (self->followed, name);
  guint position;

  if (run != NULL && g_list_store_find (self->running, run, &position))
    g_list_store_remove (self->running, position);
  g_hash_table_remove (self->followed, name);
  gm_history_remove (self->history, name);
}

static void
folder_changed_cb (GmRunStore        *self,
                   GFile             *file,
                   GFile             *other,
                   GFileMonitorEvent  event)
{
  g_autofree char *name = g_file_get_basename (file);

  if (event == G_FILE_MONITOR_EVENT_CREATED)
    gm_run_store_add (self, name);
  else if (event == G_FILE_MONITOR_EVENT_DELETED)
    forget (self, name);
}

/* Who is live has a socket, as a rule; who has none is among the newest. */
static void
find_live (GmRunStore *self)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "gtk-mp", NULL);
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *names = gm_history_get_names (self->history);
  g_autoptr(GPtrArray) look_at = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".sock"))
      {
        g_autofree char *id = g_strndup (name, strlen (name) - strlen (".sock"));

        if (gm_history_contains (self->history, id))
          g_ptr_array_add (look_at, g_steal_pointer (&id));
      }
  for (guint i = MIN (names->len, LOOK_AT); i > 0; i--)
    g_ptr_array_add (look_at, g_strdup (g_ptr_array_index (names, i - 1)));
  for (guint i = 0; i < look_at->len; i++)
    {
      g_autofree char *run_dir = g_build_filename (self->folder, look_at->pdata[i], NULL);
      g_autoptr(GmRun) run = gm_run_new (run_dir);

      if (gm_run_get_live (run))
        follow (self, look_at->pdata[i]);
    }
}

static void
gm_run_store_finalize (GObject *object)
{
  GmRunStore *self = GM_RUN_STORE (object);

  g_clear_object (&self->monitor);
  g_hash_table_unref (self->followed);
  g_object_unref (self->running);
  g_clear_object (&self->history);
  g_free (self->folder);

  G_OBJECT_CLASS (gm_run_store_parent_class)->finalize (object);
}

static void
gm_run_store_class_init (GmRunStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_run_store_finalize;

  /**
   * GmRunStore::ended:
   * @run: a run that was live until now
   */
  signals[ENDED] = g_signal_new ("ended", GM_TYPE_RUN_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, GM_TYPE_RUN);
}

static void
gm_run_store_init (GmRunStore *self)
{
  self->running = g_list_store_new (GM_TYPE_RUN);
  self->followed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

/**
 * gm_run_store_new:
 * @folder: (type filename): where runs are; made if it isn't there
 *
 * Returns: (transfer full): the runs, which are followed from now on
 */
GmRunStore *
gm_run_store_new (const char *folder)
{
  GmRunStore *self = g_object_new (GM_TYPE_RUN_STORE, NULL);
  g_autoptr(GFile) file = g_file_new_for_path (folder);

  self->folder = g_strdup (folder);
  g_mkdir_with_parents (folder, 0700);
  /* Before it is read: nothing may come in between. */
  self->monitor = g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_object (self->monitor, "changed", G_CALLBACK (folder_changed_cb), self,
                             G_CONNECT_SWAPPED);
  self->history = gm_history_new (folder);
  find_live (self);

  return self;
}

const char *
gm_run_store_get_folder (GmRunStore *self)
{
  return self->folder;
}

GListModel *
gm_run_store_get_running (GmRunStore *self)
{
  return G_LIST_MODEL (self->running);
}

GmHistory *
gm_run_store_get_history (GmRunStore *self)
{
  return self->history;
}

/**
 * gm_run_store_add:
 * @self: runs
 * @name: of a run's folder that is new, or in which a run is being resumed
 *
 * Follows it, so that it shows among the running ones as soon as it is.
 *
 * Returns: (transfer none): the run
 */
GmRun *
gm_run_store_add (GmRunStore *self,
                  const char *name)
{
  if (!gm_history_contains (self->history, name)
      && g_hash_table_lookup (self->followed, name) == NULL)
    gm_history_add (self->history, name);

  return follow (self, name);
}
