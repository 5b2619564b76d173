/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-worker-table-private.h"

#include "gm-window.h"

/* What can be done to the processes that are selected in the table of workers. */

/* What the runner is asked for, with the action's parameter as a member of the request. */
static const struct
{
  const char *action;
  const char *parameter;
  const char *method;
  const char *member;
} requests[] = {
  { "workers.signal", "s", "signal", "signal" },
  { "workers.priority", "i", "priority", "nice" },
  { "workers.affinity", "ai", "affinity", "cpus" },
};

/* Of the rows that are selected. */
static GArray *
dup_pids (GmWorkerTable *self)
{
  g_autoptr(GtkBitset) selected = gtk_selection_model_get_selection (self->selection);
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
  GtkBitsetIter iter;
  guint position;

  for (gboolean valid = gtk_bitset_iter_init_first (&iter, selected, &position); valid;
       valid = gtk_bitset_iter_next (&iter, &position))
    {
      g_autoptr(GtkTreeListRow) tree_row = g_list_model_get_item (G_LIST_MODEL (self->selection),
                                                                  position);
      g_autoptr(GmWorkerRow) row = gtk_tree_list_row_get_item (tree_row);
      pid_t pid = gm_worker_row_get_pid (row);

      g_array_append_val (pids, pid);
    }

  return pids;
}

/* The selected processes, with all that they have started. */
static GArray *
dup_trees (GmWorkerTable *self)
{
  g_autoptr(GArray) pids = dup_pids (self);
  GArray *all = g_array_new (FALSE, FALSE, sizeof (pid_t));

  for (guint i = 0; i < pids->len; i++)
    {
      g_autoptr(GArray) tree = gm_proc_dup_tree (g_array_index (pids, pid_t, i));

      g_array_append_val (all, g_array_index (pids, pid_t, i));
      g_array_append_vals (all, tree->data, tree->len);
    }

  return all;
}

static void
called_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GmWorkerTable) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) answer = gm_run_call_finish (GM_RUN (source), result, &error);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (answer == NULL && error != NULL && GM_IS_WINDOW (root)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    gm_window_toast (GM_WINDOW (root), error->message);
}

static void
request (GmWorkerTable *self,
         pid_t          pid,
         const char    *method,
         const char    *member,
         GVariant      *parameter)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "pid");
  json_builder_add_int_value (builder, pid);
  json_builder_set_member_name (builder, member);
  json_builder_add_value (builder, json_gvariant_serialize (parameter));
  json_builder_end_object (builder);
  gm_run_call_async (self->run, method, json_builder_get_root (builder), self->cancellable,
                     called_cb, g_object_ref (self));
}

static void
request_action (GtkWidget  *widget,
                const char *name,
                GVariant   *parameter)
{
  GmWorkerTable *self = GM_WORKER_TABLE (widget);
  g_autoptr(GArray) pids = dup_trees (self);
  guint i = 0;

  while (!g_str_equal (requests[i].action, name))
    i++;
  for (guint j = 0; j < pids->len; j++)
    request (self, g_array_index (pids, pid_t, j), requests[i].method, requests[i].member,
             parameter);
}

static void
copy_action (GtkWidget  *widget,
             const char *name,
             GVariant   *parameter)
{
  g_autoptr(GArray) pids = dup_pids (GM_WORKER_TABLE (widget));
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < pids->len; i++)
    g_string_append_printf (text, "%s%d", i > 0 ? " " : "", (int) g_array_index (pids, pid_t, i));
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text->str);
}

static void
append_item (GMenu      *menu,
             const char *label,
             const char *action,
             GVariant   *target)
{
  g_autoptr(GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target_value (item, action, target);
  g_menu_append_item (menu, item);
}

/* Only that CPU; all of them if it is negative. */
static GVariant *
new_cpus (int only)
{
  g_autoptr(GVariantBuilder) builder = g_variant_builder_new (G_VARIANT_TYPE ("ai"));

  for (int cpu = 0; cpu < (int) g_get_num_processors (); cpu++)
    if (only < 0 || cpu == only)
      g_variant_builder_add (builder, "i", cpu);

  return g_variant_builder_end (builder);
}

GMenuModel *
gm_worker_table_new_menu (void)
{
  static const char * const signal_names[] = {
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGABRT", "SIGSTOP", "SIGCONT",
    "SIGTERM", "SIGKILL",
  };
  static const struct { const char *label; int nice; } priorities[] = {
    { N_("Normal"), 0 }, { N_("Low"), 5 }, { N_("Very Low"), 19 }, { N_("High"), -5 },
  };
  g_autoptr(GMenu) menu = g_menu_new ();
  g_autoptr(GMenu) kill_menu = g_menu_new ();
  g_autoptr(GMenu) signal_menu = g_menu_new ();
  g_autoptr(GMenu) priority_menu = g_menu_new ();
  g_autoptr(GMenu) cpu_menu = g_menu_new ();

  append_item (kill_menu, _("_Terminate"), "workers.signal", g_variant_new_string ("SIGTERM"));
  append_item (kill_menu, _("_Kill"), "workers.signal", g_variant_new_string ("SIGKILL"));
  append_item (kill_menu, _("_Stop"), "workers.signal", g_variant_new_string ("SIGSTOP"));
  append_item (kill_menu, _("_Continue"), "workers.signal", g_variant_new_string ("SIGCONT"));
  for (guint i = 0; i < G_N_ELEMENTS (signal_names); i++)
    append_item (signal_menu, signal_names[i], "workers.signal",
                 g_variant_new_string (signal_names[i]));
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    append_item (priority_menu, _(priorities[i].label), "workers.priority",
                 g_variant_new_int32 (priorities[i].nice));
  append_item (cpu_menu, _("All CPUs"), "workers.affinity", new_cpus (-1));
  for (guint i = 0; i < MIN (g_get_num_processors (), 64); i++)
    {
      g_autofree char *label = g_strdup_printf (_("Only CPU %u"), i);

      append_item (cpu_menu, label, "workers.affinity", new_cpus ((int) i));
    }
  g_menu_append_section (menu, NULL, G_MENU_MODEL (kill_menu));
  g_menu_append_submenu (menu, _("Send S_ignal"), G_MENU_MODEL (signal_menu));
  g_menu_append_submenu (menu, _("_Priority"), G_MENU_MODEL (priority_menu));
  g_menu_append_submenu (menu, _("CPU _Affinity"), G_MENU_MODEL (cpu_menu));
  append_item (menu, _("C_opy PID"), "workers.copy-pid", NULL);

  return G_MENU_MODEL (g_steal_pointer (&menu));
}

void
gm_worker_table_install_actions (GtkWidgetClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    gtk_widget_class_install_action (klass, requests[i].action, requests[i].parameter,
                                     request_action);
  gtk_widget_class_install_action (klass, "workers.copy-pid", NULL, copy_action);
}

void
gm_worker_table_update_actions (GmWorkerTable *self)
{
  g_autoptr(GtkBitset) selected = gtk_selection_model_get_selection (self->selection);
  gboolean any = !gtk_bitset_is_empty (selected);
  gboolean live = any && self->run != NULL && gm_run_get_live (self->run);

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), requests[i].action, live);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "workers.copy-pid", any);
}
