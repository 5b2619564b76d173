/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <adwaita.h>
#include <glib/gi18n.h>

#include "gm-sidebar.h"

#include "gm-draft.h"
#include "gm-sidebar-row.h"
#include "gm-widget.h"

/**
 * GmSidebar:
 *
 * What is running, job files, and the runs that are over, as one list.
 */
struct _GmSidebar
{
  GtkWidget           parent_instance;

  /* Owned */
  GmRunStore         *runs;
  GtkFilterListModel *running;
  GtkFilterListModel *drafts;
  GtkSingleSelection *selection;
  GtkCustomFilter    *filter;
  GObject            *selected;  /* what is shown beside, also if the list does not have it */

  /* Template children */
  GtkListView        *list;
  GtkSearchBar       *search_bar;
  GtkSearchEntry     *search_entry;
  GtkStack           *stack;

  guint               updating : 1;
};

enum
{
  SELECTED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmSidebar, gm_sidebar, GTK_TYPE_WIDGET)

static guint signals[N_SIGNALS];

static gboolean
matches_cb (gpointer item,
            gpointer user_data)
{
  GmSidebar *self = user_data;
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));
  g_autofree char *needle = g_utf8_casefold (text, -1);
  g_autofree char *name = g_utf8_casefold (GM_IS_RUN (item) ? gm_run_get_name (item)
                                                            : gm_draft_get_title (item), -1);

  return strstr (name, needle) != NULL;
}

/* A run that is resumed is another object among the running ones. */
static gboolean
is_same (GObject *item,
         GObject *selected)
{
  return item == selected
         || (GM_IS_RUN (item) && GM_IS_RUN (selected)
             && strcmp (gm_run_get_dir (GM_RUN (item)), gm_run_get_dir (GM_RUN (selected))) == 0);
}

/* The list has other rows now: what is selected may be elsewhere in it. */
static void
select_again (GmSidebar *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  guint n_history = g_list_model_get_n_items (G_LIST_MODEL (gm_run_store_get_history (self->runs)));
  guint position = GTK_INVALID_LIST_POSITION;
  guint found;

  for (guint i = 0; i < n - n_history; i++)
    {
      g_autoptr(GObject) item = g_list_model_get_item (G_LIST_MODEL (self->selection), i);

      if (is_same (item, self->selected))
        position = i;
    }
  if (GM_IS_RUN (self->selected) && position == GTK_INVALID_LIST_POSITION
      && gm_history_find (gm_run_store_get_history (self->runs),
                          gm_run_get_id (GM_RUN (self->selected)), &found))
    position = n - n_history + found;
  self->updating = TRUE;
  gtk_single_selection_set_selected (self->selection, position);
  self->updating = FALSE;
}

static void
items_changed_cb (GmSidebar *self)
{
  gboolean searching = *gtk_editable_get_text (GTK_EDITABLE (self->search_entry)) != '\0';
  gboolean empty = g_list_model_get_n_items (G_LIST_MODEL (self->selection)) == 0;

  gtk_stack_set_visible_child_name (self->stack,
                                    !empty ? "list" : searching ? "not-found" : "empty");
  select_again (self);
}

static void
selected_cb (GmSidebar *self)
{
  gpointer item = gtk_single_selection_get_selected_item (self->selection);

  /* The same one at another place is no choice of the user's. */
  if (self->updating || item == NULL || item == self->selected || GTK_IS_STRING_OBJECT (item))
    return;
  g_set_object (&self->selected, item);
  g_signal_emit (self, signals[SELECTED], 0, item);
}

static void
search_changed_cb (GmSidebar *self)
{
  gtk_filter_changed (GTK_FILTER (self->filter), GTK_FILTER_CHANGE_DIFFERENT);
  gm_history_set_search (gm_run_store_get_history (self->runs),
                         gtk_editable_get_text (GTK_EDITABLE (self->search_entry)));
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item)
{
  gtk_list_item_set_child (list_item, gm_sidebar_row_new ());
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *list_item)
{
  gpointer item = gtk_list_item_get_item (list_item);

  gtk_list_item_set_selectable (list_item, !GTK_IS_STRING_OBJECT (item));
  gtk_list_item_set_activatable (list_item, !GTK_IS_STRING_OBJECT (item));
  gm_sidebar_row_set_item (GM_SIDEBAR_ROW (gtk_list_item_get_child (list_item)), item);
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GtkListItem              *list_item)
{
  gm_sidebar_row_set_item (GM_SIDEBAR_ROW (gtk_list_item_get_child (list_item)), NULL);
}

/* A heading is there only as long as something stands below it. */
static void
section_changed_cb (GListModel *section,
                    guint       position,
                    guint       removed,
                    guint       added,
                    gpointer    user_data)
{
  GListStore *heading = user_data;
  gboolean wanted = g_list_model_get_n_items (section) > 0;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (heading));
  g_autoptr(GtkStringObject) object = NULL;

  if (wanted && n == 0)
    {
      object = gtk_string_object_new (g_object_get_data (G_OBJECT (heading), "title"));
      g_list_store_append (heading, object);
    }
  else if (!wanted && n > 0)
    g_list_store_remove_all (heading);
}

static void
add_section (GListStore *sections,
             const char *title,
             GListModel *section)
{
  g_autoptr(GListStore) heading = g_list_store_new (GTK_TYPE_STRING_OBJECT);

  g_object_set_data_full (G_OBJECT (heading), "title", g_strdup (title), g_free);
  /* After the list above has taken the change in: it counts again when the heading changes. */
  g_signal_connect_object (section, "items-changed", G_CALLBACK (section_changed_cb), heading,
                           G_CONNECT_AFTER);
  section_changed_cb (section, 0, 0, 0, heading);
  g_list_store_append (sections, heading);
  g_list_store_append (sections, section);
}

static void
gm_sidebar_dispose (GObject *object)
{
  GmSidebar *self = GM_SIDEBAR (object);

  if (self->filter != NULL)
    gtk_custom_filter_set_filter_func (self->filter, NULL, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), GM_TYPE_SIDEBAR);
  gm_widget_drop_children (GTK_WIDGET (self));
  g_clear_object (&self->selection);
  g_clear_object (&self->running);
  g_clear_object (&self->drafts);
  g_clear_object (&self->filter);
  g_clear_object (&self->selected);
  g_clear_object (&self->runs);

  G_OBJECT_CLASS (gm_sidebar_parent_class)->dispose (object);
}

static void
gm_sidebar_class_init (GmSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_sidebar_dispose;

  /**
   * GmSidebar::selected:
   * @item: a #GmRun or #GmDraft
   *
   * The user has chosen something.
   */
  signals[SELECTED] = g_signal_new ("selected", GM_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, G_TYPE_OBJECT);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/gtk_mp/GtkMp/gm-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, GmSidebar, list);
  gtk_widget_class_bind_template_child (widget_class, GmSidebar, search_bar);
  gtk_widget_class_bind_template_child (widget_class, GmSidebar, search_entry);
  gtk_widget_class_bind_template_child (widget_class, GmSidebar, stack);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_cb);
  gtk_widget_class_bind_template_callback (widget_class, bind_cb);
  gtk_widget_class_bind_template_callback (widget_class, unbind_cb);
}

static void
gm_sidebar_init (GmSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
}

/**
 * gm_sidebar_set_models:
 * @self: a sidebar, once
 * @runs: the runs
 * @drafts: a list of #GmDraft
 *
 * Fills it.
 */
void
gm_sidebar_set_models (GmSidebar  *self,
                       GmRunStore *runs,
                       GListModel *drafts)
{
  GListStore *sections = g_list_store_new (G_TYPE_LIST_MODEL);
  GtkFlattenListModel *flat;

  self->runs = g_object_ref (runs);
  self->filter = gtk_custom_filter_new (matches_cb, self, NULL);
  self->running = gtk_filter_list_model_new (g_object_ref (gm_run_store_get_running (runs)),
                                             g_object_ref (GTK_FILTER (self->filter)));
  self->drafts = gtk_filter_list_model_new (g_object_ref (drafts),
                                            g_object_ref (GTK_FILTER (self->filter)));
  add_section (sections, _("Running"), G_LIST_MODEL (self->running));
  add_section (sections, _("Jobs"), G_LIST_MODEL (self->drafts));
  add_section (sections, _("Past Runs"), G_LIST_MODEL (gm_run_store_get_history (runs)));
  flat = gtk_flatten_list_model_new (G_LIST_MODEL (sections));
  self->selection = gtk_single_selection_new (G_LIST_MODEL (flat));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (items_changed_cb), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  items_changed_cb (self);
}

/**
 * gm_sidebar_set_selected:
 * @self: a sidebar
 * @item: (nullable): a #GmRun or #GmDraft
 *
 * Marks what is shown beside it.
 */
void
gm_sidebar_set_selected (GmSidebar *self,
                         gpointer   item)
{
  if (g_set_object (&self->selected, item))
    select_again (self);
}

void
gm_sidebar_begin_search (GmSidebar *self)
{
  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

/**
 * gm_sidebar_get_has_items:
 * @self: a sidebar
 *
 * Returns: whether there is anything in it
 */
gboolean
gm_sidebar_get_has_items (GmSidebar *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->selection)) > 0;
}
