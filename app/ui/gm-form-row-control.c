/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-form-row-private.h"

#include "gm-dialogs.h"
#include "gm-draft-text.h"
#include "gm-json.h"

/* The control of a row: an entry, a text view, a switch or a list to choose from. */

/* Objects are told apart by their first key. */
static gboolean
is_choice (const char *choice,
           JsonNode   *node)
{
  g_autoptr(JsonNode) object = NULL;
  g_autoptr(GList) keys = NULL;

  if (*choice != '{')
    return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           && strcmp (json_node_get_string (node), choice) == 0;
  object = gm_json_parse (choice, strlen (choice), NULL, NULL);
  keys = json_object_get_members (json_node_get_object (object));
  if (JSON_NODE_HOLDS_ARRAY (node))
    return strcmp (keys->data, "items") == 0;

  return JSON_NODE_HOLDS_OBJECT (node)
         && json_object_has_member (json_node_get_object (node), keys->data);
}

static void
show_text (GmFormRow  *self,
           const char *text)
{
  GtkTextBuffer *buffer;
  GtkTextIter start;
  GtkTextIter end;
  g_autofree char *shown = NULL;

  if (self->entry != NULL)
    {
      if (strcmp (gtk_editable_get_text (self->entry), text) != 0)
        gtk_editable_set_text (self->entry, text);
      return;
    }
  buffer = gtk_text_view_get_buffer (self->view);
  gtk_text_buffer_get_bounds (buffer, &start, &end);
  shown = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
  if (strcmp (shown, text) != 0)
    gtk_text_buffer_set_text (buffer, text, -1);
}

static void
entry_changed_cb (GmFormRow *self)
{
  gm_form_row_set_text (self, gtk_editable_get_text (self->entry));
}

static void
buffer_changed_cb (GmFormRow     *self,
                   GtkTextBuffer *buffer)
{
  GtkTextIter start;
  GtkTextIter end;
  g_autofree char *text = NULL;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
  gm_form_row_set_text (self, text);
}

static void
switched_cb (GmFormRow *self)
{
  gboolean active = gtk_switch_get_active (self->toggle);

  gm_form_row_set_value (self, active == self->default_on
                                 ? NULL : json_node_init_boolean (json_node_alloc (), active));
}

static void
chosen_cb (GmFormRow *self)
{
  guint selected = gtk_drop_down_get_selected (self->drop_down);
  const char *choice = self->choices[selected];
  JsonNode *node;

  if (self->updating || self->draft == NULL)
    return;
  node = gm_draft_get_member (self->draft, self->key);
  if (node != NULL && is_choice (choice, node))
    return;
  if (*choice == '{')
    gm_form_row_set_value (self, gm_json_parse (choice, strlen (choice), NULL, NULL));
  else if (selected == 0)
    gm_form_row_set_value (self, NULL);
  else
    gm_form_row_set_value (self, json_node_init_string (json_node_alloc (), choice));
}

/* A pattern for everything in a folder, or one more file. */
static void
add_path_cb (const char *path,
             gpointer    user_data)
{
  GmFormRow *self = user_data;
  gboolean is_folder = strcmp (self->key, "inputs/glob") == 0;
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  g_autoptr(GString) text = g_string_new (NULL);
  GtkTextIter end;

  if (!g_utf8_validate (path, -1, NULL))
    return;
  gtk_text_buffer_get_end_iter (buffer, &end);
  if (gtk_text_iter_get_line_offset (&end) > 0)
    g_string_append_c (text, '\n');
  if (is_folder)
    gm_draft_text_append_escaped (text, path);
  else
    g_string_append (text, path);
  g_string_append (text, is_folder ? "/*" : "");
  gtk_text_buffer_insert (buffer, &end, text->str, -1);
}

static void
file_chosen_cb (const char *path,
                gpointer    user_data)
{
  GmFormRow *self = user_data;

  if (g_utf8_validate (path, -1, NULL))
    gtk_editable_set_text (self->entry, path);
}

static void
choose_cb (GmFormRow *self)
{
  if (self->view != NULL)
    gm_dialog_add_paths (GTK_WIDGET (self), strcmp (self->key, "inputs/glob") == 0, add_path_cb,
                         self);
  else
    gm_dialog_choose_file (GTK_WIDGET (self), _("Choose a File"), file_chosen_cb, self);
}

/* For what is a path. */
GtkWidget *
gm_form_row_make_chooser (GmFormRow *self)
{
  gboolean adds = self->view != NULL;
  const char *label = adds ? _("Add…") : _("Choose a File");
  GtkWidget *button = gtk_button_new_from_icon_name (adds ? "list-add-symbolic"
                                                          : "document-open-symbolic");

  gtk_widget_set_tooltip_text (button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  gtk_widget_set_valign (button, adds ? GTK_ALIGN_START : GTK_ALIGN_CENTER);
  g_signal_connect_object (button, "clicked", G_CALLBACK (choose_cb), self, G_CONNECT_SWAPPED);

  return button;
}

static GtkWidget *
make_view (GmFormRow *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  self->view = GTK_TEXT_VIEW (gtk_text_view_new ());
  gtk_text_view_set_monospace (self->view, TRUE);
  gtk_text_view_set_accepts_tab (self->view, FALSE);
  gtk_text_view_set_top_margin (self->view, 8);
  gtk_text_view_set_bottom_margin (self->view, 8);
  gtk_text_view_set_left_margin (self->view, 8);
  gtk_text_view_set_right_margin (self->view, 8);
  if (self->kind == GM_FORM_SCRIPT)
    gtk_text_view_set_wrap_mode (self->view, GTK_WRAP_WORD_CHAR);
  g_signal_connect_object (gtk_text_view_get_buffer (self->view), "changed",
                           G_CALLBACK (buffer_changed_cb), self, G_CONNECT_SWAPPED);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (self->view));
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scroller), 64);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scroller), 200);
  gtk_widget_set_hexpand (scroller, TRUE);
  gtk_widget_add_css_class (scroller, "form-text");

  return scroller;
}

/* Whether a text has its place beside its title: nothing has to be explained of it. */
gboolean
gm_form_row_is_brief (GmFormRow *self)
{
  return self->kind == GM_FORM_TEXT && self->subtitle_text == NULL && !self->is_path;
}

static GtkWidget *
make_entry (GmFormRow *self)
{
  GtkWidget *entry = gtk_entry_new ();

  self->entry = GTK_EDITABLE (entry);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), self->placeholder);
  if (self->kind == GM_FORM_WORDS || g_str_has_prefix (self->key, "task/"))
    gtk_widget_add_css_class (entry, "monospace");
  if (self->kind == GM_FORM_NUMBER || self->kind == GM_FORM_NUMBERS)
    {
      int width = self->kind == GM_FORM_NUMBER ? 10 : 20;

      gtk_editable_set_width_chars (self->entry, 10);
      gtk_editable_set_max_width_chars (self->entry, width);
      gtk_editable_set_alignment (self->entry, 1);
    }
  else if (gm_form_row_is_brief (self))
    {
      gtk_editable_set_width_chars (self->entry, 14);
      gtk_editable_set_max_width_chars (self->entry, 36);
    }
  else
    gtk_widget_set_hexpand (entry, TRUE);
  g_signal_connect_object (entry, "changed", G_CALLBACK (entry_changed_cb), self,
                           G_CONNECT_SWAPPED);

  return entry;
}

static GtkWidget *
make_drop_down (GmFormRow *self)
{
  g_auto(GStrv) labels = g_strsplit (self->labels, "\n", -1);
  GtkWidget *drop_down = gtk_drop_down_new_from_strings ((const char * const *) labels);

  self->drop_down = GTK_DROP_DOWN (drop_down);
  g_signal_connect_object (drop_down, "notify::selected", G_CALLBACK (chosen_cb), self,
                           G_CONNECT_SWAPPED);

  return drop_down;
}

GtkWidget *
gm_form_row_make_control (GmFormRow *self)
{
  switch (self->kind)
    {
    case GM_FORM_SCRIPT:
    case GM_FORM_LINES:
    case GM_FORM_ITEMS:
    case GM_FORM_ENV:
    case GM_FORM_PRODUCT:
      return make_view (self);
    case GM_FORM_SWITCH:
      self->toggle = GTK_SWITCH (gtk_switch_new ());
      g_signal_connect_object (self->toggle, "notify::active", G_CALLBACK (switched_cb), self,
                               G_CONNECT_SWAPPED);
      return GTK_WIDGET (self->toggle);
    case GM_FORM_CHOICE:
      return make_drop_down (self);
    case GM_FORM_TEXT:
    case GM_FORM_WORDS:
    case GM_FORM_NUMBER:
    case GM_FORM_NUMBERS:
    default:
      return make_entry (self);
    }
}

/* In the control; it says so back. */
void
gm_form_row_show_value (GmFormRow *self,
                        JsonNode  *node)
{
  g_autofree char *text = NULL;

  if (self->toggle != NULL)
    gtk_switch_set_active (self->toggle, node != NULL && JSON_NODE_HOLDS_VALUE (node)
                                           && json_node_get_value_type (node) == G_TYPE_BOOLEAN
                                           ? json_node_get_boolean (node) : self->default_on);
  else if (self->drop_down != NULL)
    {
      guint selected = 0;

      for (guint i = 0; node != NULL && self->choices[i] != NULL; i++)
        if (is_choice (self->choices[i], node))
          selected = i;
      gtk_drop_down_set_selected (self->drop_down, selected);
    }
  else
    {
      text = gm_form_value_to_text (self->kind, node);
      show_text (self, text);
    }
}
