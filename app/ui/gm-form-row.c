/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-form-row.h"

#include "gm-dialogs.h"
#include "gm-draft-text.h"
#include "gm-form-value.h"
#include "gm-json.h"

/**
 * GmFormRow:
 *
 * A value of a job file as a row of a form: it reads it from a draft, writes what the user makes of
 * it back, and shows what is wrong with it. Its control follows from the kind of value.
 */
struct _GmFormRow
{
  AdwPreferencesRow parent_instance;

  /* Owned */
  GmDraft        *draft;
  char           *key;          /* `key` or `key/key` */
  char           *beside;       /* is shown where this is: `task/command`; NULL: where the key is */
  char           *subtitle_text;
  char           *placeholder;
  char          **choices;      /* strings; objects begin with `{` */
  char           *labels;       /* a line for each choice */

  /* The control, one of these */
  GtkEditable    *entry;
  GtkTextView    *view;
  GtkSwitch      *toggle;
  GtkDropDown    *drop_down;

  /* Template children */
  GtkLabel       *title;
  GtkLabel       *subtitle;
  GtkLabel       *error;
  GtkBox         *header;
  GtkBox         *body;

  GmFormKind      kind;
  guint           default_on : 1;  /* switch */
  guint           is_path : 1;     /* has a button to choose a file */
  guint           updating : 1;
};

enum
{
  PROP_0,
  PROP_KEY,
  PROP_KIND,
  PROP_BESIDE,
  PROP_SUBTITLE,
  PROP_PLACEHOLDER,
  PROP_CHOICES,
  PROP_LABELS,
  PROP_DEFAULT_ON,
  PROP_IS_PATH,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (GmFormRow, gm_form_row, ADW_TYPE_PREFERENCES_ROW)

static GParamSpec *properties[N_PROPS];

static char *
get_json_path (GmFormRow *self)
{
  g_autofree char *dotted = g_strdelimit (g_strdup (self->key), "/", '.');

  return g_strconcat ("$.", dotted, NULL);
}

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

static gboolean
is_wanted (GmFormRow *self)
{
  const char *where = self->beside != NULL ? self->beside : self->key;

  return strchr (where, '/') == NULL || gm_draft_get_member (self->draft, where) != NULL;
}

static void
draft_changed_cb (GmFormRow *self)
{
  JsonNode *node;

  gtk_widget_set_visible (GTK_WIDGET (self), is_wanted (self));
  /* What the user is writing here stays as they write it. */
  if (self->updating)
    return;
  node = gm_draft_get_member (self->draft, self->key);
  self->updating = TRUE;
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
      g_autofree char *text = gm_form_value_to_text (self->kind, node);

      show_text (self, text);
    }
  self->updating = FALSE;
}

static void
set_value (GmFormRow *self,
           JsonNode  *node)
{
  self->updating = TRUE;
  gm_draft_set_member (self->draft, self->key, node);
  self->updating = FALSE;
}

static void
text_changed (GmFormRow  *self,
              const char *text)
{
  g_autoptr(GError) error = NULL;
  JsonNode *node;

  if (self->updating || self->draft == NULL)
    return;
  if (gm_form_value_from_text (self->kind, text, &node, &error))
    set_value (self, node);
  else
    {
      g_autofree char *path = get_json_path (self);

      self->updating = TRUE;
      gm_draft_set_problem (self->draft, path, error->message);
      self->updating = FALSE;
    }
}

static void
entry_changed_cb (GmFormRow *self)
{
  text_changed (self, gtk_editable_get_text (self->entry));
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
  text_changed (self, text);
}

static void
switched_cb (GmFormRow *self)
{
  gboolean active = gtk_switch_get_active (self->toggle);

  if (self->updating || self->draft == NULL)
    return;
  set_value (self, active == self->default_on
                     ? NULL : json_node_init_boolean (json_node_alloc (), active));
}

static void
chosen_cb (GmFormRow *self)
{
  guint selected = gtk_drop_down_get_selected (self->drop_down);
  const char *choice = self->choices[selected];
  JsonNode *node = gm_draft_get_member (self->draft, self->key);

  if (self->updating || (node != NULL && is_choice (choice, node)))
    return;
  if (*choice == '{')
    set_value (self, gm_json_parse (choice, strlen (choice), NULL, NULL));
  else if (selected == 0)
    set_value (self, NULL);
  else
    set_value (self, json_node_init_string (json_node_alloc (), choice));
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

static void
add_button (GmFormRow *self)
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
  gtk_box_append (self->body, button);
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

static GtkWidget *
make_entry (GmFormRow *self)
{
  GtkWidget *entry = gtk_entry_new ();

  self->entry = GTK_EDITABLE (entry);
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), self->placeholder);
  if (self->kind == GM_FORM_WORDS)
    gtk_widget_add_css_class (entry, "monospace");
  if (self->kind == GM_FORM_NUMBER || self->kind == GM_FORM_NUMBERS)
    {
      gtk_editable_set_width_chars (self->entry, 10);
      gtk_editable_set_max_width_chars (self->entry, 10);
      gtk_editable_set_alignment (self->entry, 1);
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

static GtkWidget *
make_control (GmFormRow *self)
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

static void
gm_form_row_constructed (GObject *object)
{
  GmFormRow *self = GM_FORM_ROW (object);
  GtkWidget *control = make_control (self);
  GtkWidget *target = self->view != NULL ? GTK_WIDGET (self->view) : control;
  gboolean small = self->kind == GM_FORM_SWITCH || self->kind == GM_FORM_CHOICE
                   || self->kind == GM_FORM_NUMBER || self->kind == GM_FORM_NUMBERS;

  G_OBJECT_CLASS (gm_form_row_parent_class)->constructed (object);

  g_object_bind_property (self, "title", self->title, "label", G_BINDING_SYNC_CREATE);
  gtk_label_set_mnemonic_widget (self->title, target);
  gtk_label_set_label (self->subtitle, self->subtitle_text != NULL ? self->subtitle_text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->subtitle), self->subtitle_text != NULL);
  gtk_widget_set_valign (control, GTK_ALIGN_CENTER);
  gtk_widget_set_name (target, self->key);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (target), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                  self->title, NULL, -1);
  gtk_box_append (small ? self->header : self->body, control);
  gtk_widget_set_visible (GTK_WIDGET (self->body), !small);
  if (self->is_path)
    add_button (self);
}

static void
gm_form_row_dispose (GObject *object)
{
  GmFormRow *self = GM_FORM_ROW (object);

  gm_form_row_set_draft (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), GM_TYPE_FORM_ROW);

  G_OBJECT_CLASS (gm_form_row_parent_class)->dispose (object);
}

static void
gm_form_row_finalize (GObject *object)
{
  GmFormRow *self = GM_FORM_ROW (object);

  g_free (self->key);
  g_free (self->beside);
  g_free (self->subtitle_text);
  g_free (self->placeholder);
  g_strfreev (self->choices);
  g_free (self->labels);

  G_OBJECT_CLASS (gm_form_row_parent_class)->finalize (object);
}

static void
gm_form_row_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  GmFormRow *self = GM_FORM_ROW (object);

  switch (prop_id)
    {
    case PROP_KEY:
      self->key = g_value_dup_string (value);
      break;
    case PROP_KIND:
      self->kind = g_value_get_enum (value);
      break;
    case PROP_BESIDE:
      self->beside = g_value_dup_string (value);
      break;
    case PROP_SUBTITLE:
      self->subtitle_text = g_value_dup_string (value);
      break;
    case PROP_PLACEHOLDER:
      self->placeholder = g_value_dup_string (value);
      break;
    case PROP_CHOICES:
      self->choices = g_value_dup_boxed (value);
      break;
    case PROP_LABELS:
      self->labels = g_value_dup_string (value);
      break;
    case PROP_DEFAULT_ON:
      self->default_on = g_value_get_boolean (value);
      break;
    case PROP_IS_PATH:
      self->is_path = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gm_form_row_class_init (GmFormRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = gm_form_row_constructed;
  object_class->dispose = gm_form_row_dispose;
  object_class->finalize = gm_form_row_finalize;
  object_class->set_property = gm_form_row_set_property;

  properties[PROP_KEY] = g_param_spec_string ("key", NULL, NULL, NULL, flags);
  properties[PROP_KIND] = g_param_spec_enum ("kind", NULL, NULL, GM_TYPE_FORM_KIND, GM_FORM_TEXT,
                                             flags);
  properties[PROP_BESIDE] = g_param_spec_string ("beside", NULL, NULL, NULL, flags);
  properties[PROP_SUBTITLE] = g_param_spec_string ("subtitle", NULL, NULL, NULL, flags);
  properties[PROP_PLACEHOLDER] = g_param_spec_string ("placeholder", NULL, NULL, NULL, flags);
  properties[PROP_CHOICES] = g_param_spec_boxed ("choices", NULL, NULL, G_TYPE_STRV, flags);
  properties[PROP_LABELS] = g_param_spec_string ("labels", NULL, NULL, NULL, flags);
  properties[PROP_DEFAULT_ON] = g_param_spec_boolean ("default-on", NULL, NULL, FALSE, flags);
  properties[PROP_IS_PATH] = g_param_spec_boolean ("is-path", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/gtk_mp/GtkMp/gm-form-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, title);
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, subtitle);
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, error);
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, header);
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, body);
}

static void
gm_form_row_init (GmFormRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * gm_form_row_set_draft:
 * @self: a row
 * @draft: (nullable): the job file
 *
 * Shows and changes a value of this draft from now on.
 */
void
gm_form_row_set_draft (GmFormRow *self,
                       GmDraft   *draft)
{
  if (self->draft != NULL)
    g_signal_handlers_disconnect_by_func (self->draft, draft_changed_cb, self);
  g_set_object (&self->draft, draft);
  if (draft == NULL)
    return;
  g_signal_connect_object (draft, "changed", G_CALLBACK (draft_changed_cb), self,
                           G_CONNECT_SWAPPED);
  draft_changed_cb (self);
}

/**
 * gm_form_row_set_error:
 * @self: a row
 * @path: (nullable): of a value that is wrong: `$.task.command[0]`
 * @message: (nullable): what is wrong with it
 *
 * Shows the error if it is about the value of this row, otherwise none.
 *
 * Returns: whether it is
 */
gboolean
gm_form_row_set_error (GmFormRow  *self,
                       const char *path,
                       const char *message)
{
  g_autofree char *own = get_json_path (self);
  gsize length = strlen (own);
  gboolean is_ours = path != NULL && message != NULL && strncmp (path, own, length) == 0
                     && (path[length] == '\0'
                         || (self->kind != GM_FORM_CHOICE && strchr (".[", path[length]) != NULL))
                     && is_wanted (self);

  gtk_label_set_label (self->error, is_ours ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), is_ours);
  if (is_ours)
    gtk_widget_add_css_class (GTK_WIDGET (self), "has-error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "has-error");

  return is_ours;
}
