/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-form-row-private.h"

/* The menu of what can stand for the input, or for parts of it, in a command. */
static const struct
{
  const char *text;
  const char *meaning;
} placeholders[] = {
  { "{}", N_("The input") },
  { "{.}", N_("The input without its extension") },
  { "{/}", N_("Its file name") },
  { "{/.}", N_("Its file name without the extension") },
  { "{//}", N_("Its folder") },
  { "{#}", N_("Its number, from 1") },
  { "{%}", N_("The number of its worker, from 1") },
};

static void
append (GMenu      *menu,
        const char *text,
        const char *meaning)
{
  g_autofree char *both = g_strdup_printf ("%s   %s", text, meaning);
  g_auto(GStrv) parts = g_strsplit (both, "_", -1);
  g_autofree char *label = g_strjoinv ("__", parts);
  g_autoptr(GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, "form.insert", "s", text);
  g_menu_append_item (menu, item);
}

/* Whether @name can stand between braces. */
static gboolean
is_name (const char *name)
{
  if (!g_ascii_isalpha (*name) && *name != '_')
    return FALSE;
  while (g_ascii_isalnum (*name) || strchr ("_-", *name) != NULL)
    if (*name++ == '\0')
      return TRUE;

  return FALSE;
}

static GMenuModel *
make_menu (const char * const *columns)
{
  GMenu *menu = g_menu_new ();
  g_autoptr(GMenu) parts = g_menu_new ();
  g_autoptr(GMenu) members = g_menu_new ();

  for (guint i = 0; i < G_N_ELEMENTS (placeholders); i++)
    append (parts, placeholders[i].text, _(placeholders[i].meaning));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (parts));
  for (guint i = 0; columns != NULL && columns[i] != NULL; i++)
    {
      g_autofree char *text = g_strdup_printf ("{%s}", columns[i]);
      g_autofree char *meaning = NULL;

      if (is_name (columns[i]))
        /* Translators: a column of a table, by its name */
        meaning = g_strdup_printf (_("Its column “%s”"), columns[i]);
      else if (g_ascii_isdigit (*columns[i]))
        meaning = g_strdup_printf (_("Its column number %s"), columns[i]);
      if (meaning != NULL)
        append (members, text, meaning);
    }
  if (g_menu_model_get_n_items (G_MENU_MODEL (members)) > 0)
    g_menu_append_section (menu, NULL, G_MENU_MODEL (members));

  return G_MENU_MODEL (menu);
}

/* Whether what stands here gets the values of each input. */
gboolean
gm_form_row_is_template (GmFormRow *self)
{
  return strcmp (self->key, "task/command") == 0 || strcmp (self->key, "task/shell") == 0;
}

GtkWidget *
gm_form_row_make_insert_button (GmFormRow *self)
{
  GtkWidget *button = gtk_menu_button_new ();
  g_autofree char *name = g_strconcat (self->key, "-insert", NULL);
  g_autoptr(GMenuModel) menu = make_menu (NULL);

  self->insert = GTK_MENU_BUTTON (button);
  gtk_widget_set_name (button, name);
  gtk_menu_button_set_label (self->insert, _("_Insert"));
  gtk_menu_button_set_use_underline (self->insert, TRUE);
  gtk_menu_button_set_menu_model (self->insert, menu);
  gtk_widget_set_tooltip_text (button, _("Insert what stands for the input"));
  /* GTK 4.8 does not take it from the label. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Insert what stands for the input"), -1);
  gtk_widget_set_valign (button, self->view != NULL ? GTK_ALIGN_START : GTK_ALIGN_CENTER);

  return button;
}

/* At the cursor, which stands behind it then. */
void
gm_form_row_insert (GmFormRow  *self,
                    const char *text)
{
  int position;

  if (self->view != NULL)
    {
      gtk_text_buffer_insert_at_cursor (gtk_text_view_get_buffer (self->view), text, -1);
      gtk_widget_grab_focus (GTK_WIDGET (self->view));
      return;
    }
  position = gtk_editable_get_position (self->entry);
  gtk_editable_insert_text (self->entry, text, -1, &position);
  gtk_entry_grab_focus_without_selecting (GTK_ENTRY (self->entry));
  gtk_editable_set_position (self->entry, position);
}

/**
 * gm_form_row_set_columns:
 * @self: a row
 * @columns: (nullable) (array zero-terminated=1): names or numbers of what an input consists of
 *
 * They can be inserted from now on, if this row is a command.
 */
void
gm_form_row_set_columns (GmFormRow          *self,
                         const char * const *columns)
{
  g_autoptr(GMenuModel) menu = NULL;

  if (self->insert == NULL)
    return;
  menu = make_menu (columns);
  gtk_menu_button_set_menu_model (self->insert, menu);
}

/**
 * gm_form_row_set_example:
 * @self: a row
 * @text: (nullable): what would run for the first input
 *
 * Shows it below a task; nothing happens to other rows.
 */
void
gm_form_row_set_example (GmFormRow  *self,
                         const char *text)
{
  if (!g_str_has_prefix (self->key, "task/") || (self->entry == NULL && self->view == NULL))
    return;
  gtk_label_set_label (self->example, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->example), text != NULL);
}
