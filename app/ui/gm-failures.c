/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-failures.h"

#include "gm-format.h"
#include "gm-text.h"

/* Nobody goes through more of them; the largest come first. */
#define MAX_SHOWN 100

/**
 * GmFailures:
 *
 * What went wrong, the same errors together: `results.show-group` and `results.retry-group` are
 * what can be done with them.
 */
struct _GmFailures
{
  GtkWidget parent_instance;

  /* Children */
  GtkWidget *box;
  GtkWidget *list;
  GtkWidget *note;

  guint64    shown;  /* of what the list was made: a checksum of the counts */
};

G_DEFINE_FINAL_TYPE (GmFailures, gm_failures, GTK_TYPE_WIDGET)

typedef struct
{
  guint number;
  guint count;
} Count;

static int
compare (gconstpointer a,
         gconstpointer b)
{
  const Count *first = a, *second = b;

  if (first->count != second->count)
    return first->count > second->count ? -1 : 1;

  return first->number < second->number ? -1 : 1;
}

/* What the items said, without the items; the reason if they said nothing. */
static char *
describe (const GmResultsGroup *group)
{
  g_autofree char *text = gm_text_escape (group->text);
  const char *start = text;
  g_auto(GStrv) parts = NULL;

  if (g_str_has_prefix (start, "{}"))
    start += strspn (start + 2, ": ") + 2;
  if (*start == '\0')
    return g_strdup (gm_format_reason (group->reason));
  parts = g_strsplit (start, "{}", -1);

  return g_strjoinv ("…", parts);
}

static GtkWidget *
new_row (const GmResultsGroup *group,
         guint                 number)
{
  GtkWidget *row = adw_action_row_new (), *button;
  g_autofree char *count = gm_text_number (group->count);
  g_autofree char *title = describe (group);
  g_autofree char *inputs = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s input", "%s inputs",
                                                          group->count), count);
  /* Translators: how many, and why: 3 inputs · exit code */
  g_autofree char *subtitle = g_strdup_printf (_("%s · %s"), inputs,
                                               gm_format_reason (group->reason));

  g_object_set (row, "use-markup", FALSE, "title", title, "title-lines", 2, "subtitle", subtitle,
                "activatable", TRUE, "tooltip-text", _("Show these inputs only"),
                "action-name", "results.show-group", NULL);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "u", number);
  button = gtk_button_new_with_label (_("Retry"));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "results.retry-group");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "u", number);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  /* A run that is over can only be gone on with as a whole: by the button at the top. */
  g_object_bind_property (button, "sensitive", button, "visible", G_BINDING_SYNC_CREATE);

  return row;
}

static void
fill (GmFailures     *self,
      GmResultsIndex *index,
      GArray         *counts)
{
  GtkWidget *child;
  g_autofree char *note = NULL;

  while ((child = gtk_widget_get_first_child (self->list)) != NULL)
    gtk_list_box_remove (GTK_LIST_BOX (self->list), child);
  for (guint i = 0; i < MIN (counts->len, MAX_SHOWN); i++)
    {
      guint number = g_array_index (counts, Count, i).number;

      gtk_list_box_append (GTK_LIST_BOX (self->list),
                           new_row (gm_results_index_get_group (index, number), number));
    }
  if (counts->len > MAX_SHOWN)
    note = g_strdup_printf (_("Showing %u of %u kinds of failure"), MAX_SHOWN, counts->len);
  else if (counts->len == 0)
    note = g_strdup (_("Nothing has failed."));
  gtk_label_set_text (GTK_LABEL (self->note), note != NULL ? note : "");
  gtk_widget_set_visible (self->note, note != NULL);
  gtk_widget_set_visible (self->list, counts->len > 0);
}

static void
gm_failures_dispose (GObject *object)
{
  GmFailures *self = GM_FAILURES (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);

  G_OBJECT_CLASS (gm_failures_parent_class)->dispose (object);
}

static void
gm_failures_class_init (GmFailuresClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = gm_failures_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
gm_failures_init (GmFailures *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  self->list = gtk_list_box_new ();
  self->note = gtk_label_new (NULL);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (self->list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (self->list, "boxed-list");
  gtk_widget_add_css_class (self->note, "dim-label");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Failures by reason"), -1);
  gtk_box_append (GTK_BOX (self->box), self->list);
  gtk_box_append (GTK_BOX (self->box), self->note);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

/**
 * gm_failures_update:
 * @self: the list
 * @index: of what
 *
 * Shows what there is now; the list stays as it is if that has not changed.
 */
void
gm_failures_update (GmFailures     *self,
                    GmResultsIndex *index)
{
  guint n = gm_results_index_get_n_groups (index);
  g_autoptr(GArray) counts = g_array_new (FALSE, FALSE, sizeof (Count));
  guint64 shown = 1 + (guintptr) index;

  for (guint i = 0; i < n; i++)
    {
      Count count = { i, gm_results_index_get_group (index, i)->count };

      shown = shown * 31 + count.count;
      if (count.count > 0)
        g_array_append_val (counts, count);
    }
  if (shown == self->shown)
    return;
  self->shown = shown;
  g_array_sort (counts, compare);
  fill (self, index, counts);
}
