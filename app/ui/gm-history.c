/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-history.h"

/* At a time: half of a frame. */
#define SEARCH_TIME (8 * G_TIME_SPAN_MILLISECOND)

/**
 * GmHistory:
 *
 * The runs of a folder that are over, newest first, as a list model of #GmRun. Names are all it
 * knows of ten thousand runs; a run becomes an object when a row asks for it, and the same object
 * as long as somebody holds it.
 */
struct _GmHistory
{
  GObject parent_instance;

  /* Owned */
  char       *folder;
  char       *search;  /* NULL: everything is shown */
  GPtrArray  *names;   /* of char *, newest first */
  GPtrArray  *shown;   /* of borrowed names */
  GHashTable *alive;   /* borrowed name → borrowed GmRun */

  guint       n_searched;  /* of the names, the newest */
  guint       search_id;   /* goes on with the others */
};

static void gm_history_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GmHistory, gm_history, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      gm_history_list_model_init))

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  const char * const *first = a;
  const char * const *second = b;

  return strcmp (*second, *first);
}

/* Where @name is or would be. */
static guint
find_position (GPtrArray  *names,
               const char *name)
{
  guint low = 0;
  guint high = names->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (strcmp (g_ptr_array_index (names, middle), name) > 0)
        low = middle + 1;
      else
        high = middle;
    }

  return low;
}

static gboolean
is_at (GPtrArray  *names,
       guint       position,
       const char *name)
{
  return position < names->len && strcmp (g_ptr_array_index (names, position), name) == 0;
}

static GType
gm_history_get_item_type (GListModel *model)
{
  return GM_TYPE_RUN;
}

static guint
gm_history_get_n_items (GListModel *model)
{
  return GM_HISTORY (model)->shown->len;
}

static void
run_gone_cb (gpointer  user_data,
             GObject  *run)
{
  GmHistory *self = user_data;
  GHashTableIter iter;
  gpointer object;

  g_hash_table_iter_init (&iter, self->alive);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    if (object == run)
      {
        g_hash_table_iter_remove (&iter);
        return;
      }
}

static GmRun *
get_run (GmHistory *self,
         char      *name)
{
  GmRun *run = g_hash_table_lookup (self->alive, name);
  g_autofree char *dir = NULL;

  if (run != NULL)
    return g_object_ref (run);
  dir = g_build_filename (self->folder, name, NULL);
  run = gm_run_new (dir);
  g_hash_table_insert (self->alive, name, run);
  g_object_weak_ref (G_OBJECT (run), run_gone_cb, self);

  return run;
}

static gpointer
gm_history_get_item (GListModel *model,
                     guint       position)
{
  GmHistory *self = GM_HISTORY (model);

  if (position >= self->shown->len)
    return NULL;

  return get_run (self, g_ptr_array_index (self->shown, position));
}

static void
gm_history_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = gm_history_get_item_type;
  iface->get_n_items = gm_history_get_n_items;
  iface->get_item = gm_history_get_item;
}

/* The name of a run's folder has the job's name in it, as far as that is ASCII: only for other
 * letters the run itself must be read. */
static gboolean
matches (GmHistory *self,
         char      *name)
{
  g_autofree char *needle = NULL;
  g_autofree char *shown = NULL;
  g_autoptr(GmRun) run = NULL;

  if (self->search == NULL)
    return TRUE;
  if (g_str_is_ascii (self->search))
    {
      needle = g_ascii_strdown (self->search, -1);
      for (char *p = needle; *p != '\0'; p++)
        if (!g_ascii_isalnum (*p))
          *p = '-';
      return strstr (name, needle) != NULL;
    }
  run = get_run (self, name);
  needle = g_utf8_casefold (self->search, -1);
  shown = g_utf8_casefold (gm_run_get_name (run), -1);

  return strstr (shown, needle) != NULL;
}

static void
drop_alive (GmHistory  *self,
            const char *name)
{
  GObject *run = g_hash_table_lookup (self->alive, name);

  if (run == NULL)
    return;
  g_object_weak_unref (run, run_gone_cb, self);
  g_hash_table_remove (self->alive, name);
}

static void
gm_history_finalize (GObject *object)
{
  GmHistory *self = GM_HISTORY (object);
  GHashTableIter iter;
  gpointer run;

  g_clear_handle_id (&self->search_id, g_source_remove);
  g_hash_table_iter_init (&iter, self->alive);
  while (g_hash_table_iter_next (&iter, NULL, &run))
    g_object_weak_unref (run, run_gone_cb, self);
  g_hash_table_unref (self->alive);
  g_ptr_array_unref (self->shown);
  g_ptr_array_unref (self->names);
  g_free (self->search);
  g_free (self->folder);

  G_OBJECT_CLASS (gm_history_parent_class)->finalize (object);
}

static void
gm_history_class_init (GmHistoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_history_finalize;
}

static void
gm_history_init (GmHistory *self)
{
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->shown = g_ptr_array_new ();
  self->alive = g_hash_table_new (g_str_hash, g_str_equal);
}

/* `YYYYMMDD-HHMMSS-…` */
static gboolean
is_run_id (const char *name)
{
  for (int i = 0; i < 16; i++)
    if (i == 8 || i == 15 ? name[i] != '-' : !g_ascii_isdigit (name[i]))
      return FALSE;

  return TRUE;
}

/**
 * gm_history_new:
 * @folder: (type filename): where runs are; need not exist
 *
 * Returns: (transfer full): what is there now
 */
GmHistory *
gm_history_new (const char *folder)
{
  GmHistory *self = g_object_new (GM_TYPE_HISTORY, NULL);
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  self->folder = g_strdup (folder);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (is_run_id (name))
      g_ptr_array_add (self->names, g_strdup (name));
  g_ptr_array_sort (self->names, compare_names);
  g_ptr_array_extend (self->shown, self->names, NULL, NULL);
  self->n_searched = self->names->len;

  return self;
}

gboolean
gm_history_contains (GmHistory  *self,
                     const char *name)
{
  return is_at (self->names, find_position (self->names, name), name);
}

/**
 * gm_history_find:
 * @self: a history
 * @name: of a run's folder
 * @position: (out): where it is shown
 *
 * Returns: %FALSE if it isn't shown
 */
gboolean
gm_history_find (GmHistory  *self,
                 const char *name,
                 guint      *position)
{
  *position = find_position (self->shown, name);

  return is_at (self->shown, *position, name);
}

/**
 * gm_history_add:
 * @self: a history
 * @name: of a run's folder
 *
 * Adds a run, unless it is there.
 */
void
gm_history_add (GmHistory  *self,
                const char *name)
{
  guint position = find_position (self->names, name);
  char *owned;

  if (is_at (self->names, position, name))
    return;
  owned = g_strdup (name);
  g_ptr_array_insert (self->names, (int) position, owned);
  if (position > self->n_searched || (position == self->n_searched && self->search_id != 0))
    return;
  self->n_searched++;
  if (!matches (self, owned))
    return;
  position = find_position (self->shown, name);
  g_ptr_array_insert (self->shown, (int) position, owned);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
}

/**
 * gm_history_remove:
 * @self: a history
 * @name: of a run's folder
 *
 * Takes a run out, if it is there.
 */
void
gm_history_remove (GmHistory  *self,
                   const char *name)
{
  guint position = find_position (self->names, name);
  guint shown = find_position (self->shown, name);
  gboolean was_shown = is_at (self->shown, shown, name);

  if (!is_at (self->names, position, name))
    return;
  drop_alive (self, name);
  if (was_shown)
    g_ptr_array_remove_index (self->shown, shown);
  g_ptr_array_remove_index (self->names, position);
  if (position < self->n_searched)
    self->n_searched--;
  if (was_shown)
    g_list_model_items_changed (G_LIST_MODEL (self), shown, 1, 0);
}

/* Runs that must be read take their time, and the window has other things to do as well. */
static void
search_some (GmHistory *self)
{
  gint64 end = g_get_monotonic_time () + SEARCH_TIME;

  while (self->n_searched < self->names->len && g_get_monotonic_time () < end)
    {
      char *name = g_ptr_array_index (self->names, self->n_searched++);

      if (matches (self, name))
        g_ptr_array_add (self->shown, name);
    }
}

static gboolean
search_on (gpointer user_data)
{
  GmHistory *self = user_data;
  guint before = self->shown->len;

  search_some (self);
  if (self->shown->len > before)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, self->shown->len - before);
  if (self->n_searched < self->names->len)
    return G_SOURCE_CONTINUE;
  self->search_id = 0;
  return G_SOURCE_REMOVE;
}

/**
 * gm_history_set_search:
 * @self: a history
 * @search: (nullable): what names shall have in them
 *
 * Shows these runs only; if there are many, some at once and the others soon.
 */
void
gm_history_set_search (GmHistory  *self,
                       const char *search)
{
  guint before = self->shown->len;

  g_free (self->search);
  self->search = search != NULL && *search != '\0' ? g_strdup (search) : NULL;
  g_clear_handle_id (&self->search_id, g_source_remove);
  g_ptr_array_set_size (self->shown, 0);
  self->n_searched = 0;
  search_some (self);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, before, self->shown->len);
  if (self->n_searched < self->names->len)
    self->search_id = g_idle_add (search_on, self);
}

/**
 * gm_history_get_names:
 * @self: a history
 *
 * Returns: (transfer none): the names of all runs, newest first
 */
GPtrArray *
gm_history_get_names (GmHistory *self)
{
  return self->names;
}
