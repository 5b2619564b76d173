/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-form-row-private.h"

/**
 * GmFormRow:
 *
 * A value of a job file as a row of a form: it reads it from a draft, writes what the user makes of
 * it back, and shows what is wrong with it. Its control follows from the kind of value.
 */
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

static gboolean
is_wanted (GmFormRow *self)
{
  const char *where = self->beside != NULL ? self->beside : self->key;

  return strchr (where, '/') == NULL || gm_draft_get_member (self->draft, where) != NULL;
}

/* A text that is hidden with the focus in it goes on blinking, and GTK complains. */
static void
leave (GmFormRow *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  if (focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self)))
    gtk_root_set_focus (root, NULL);
}

static void
draft_changed_cb (GmFormRow *self)
{
  if (!is_wanted (self))
    leave (self);
  gtk_widget_set_visible (GTK_WIDGET (self), is_wanted (self));
  /* What the user is writing here stays as they write it. */
  if (self->updating)
    return;
  self->updating = TRUE;
  gm_form_row_show_value (self, gm_draft_get_member (self->draft, self->key));
  self->updating = FALSE;
}

/* The user made this of it. */
void
gm_form_row_set_value (GmFormRow *self,
                       JsonNode  *node)
{
  g_autoptr(JsonNode) owned = node;

  if (self->updating || self->draft == NULL)
    return;
  self->updating = TRUE;
  gm_draft_set_member (self->draft, self->key, g_steal_pointer (&owned));
  self->updating = FALSE;
}

void
gm_form_row_set_text (GmFormRow  *self,
                      const char *text)
{
  g_autoptr(GError) error = NULL;
  JsonNode *node;

  if (self->updating || self->draft == NULL)
    return;
  if (gm_form_value_from_text (self->kind, text, &node, &error))
    gm_form_row_set_value (self, node);
  else
    {
      g_autofree char *path = get_json_path (self);

      self->updating = TRUE;
      gm_draft_set_problem (self->draft, path, error->message);
      self->updating = FALSE;
    }
}

static void
gm_form_row_constructed (GObject *object)
{
  GmFormRow *self = GM_FORM_ROW (object);
  GtkWidget *control = gm_form_row_make_control (self);
  GtkWidget *target = self->view != NULL ? GTK_WIDGET (self->view) : control;
  gboolean small = self->kind == GM_FORM_SWITCH || self->kind == GM_FORM_CHOICE
                   || self->kind == GM_FORM_NUMBER || self->kind == GM_FORM_NUMBERS
                   || gm_form_row_is_brief (self);
  g_autofree char *example_name = NULL;

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
    gtk_box_append (self->body, gm_form_row_make_chooser (self));
  if (gm_form_row_is_template (self))
    gtk_box_append (self->body, gm_form_row_make_insert_button (self));
  example_name = g_strconcat (self->key, "-example", NULL);
  gtk_widget_set_name (GTK_WIDGET (self->example), example_name);
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
insert_action (GtkWidget  *widget,
               const char *name,
               GVariant   *parameter)
{
  GmFormRow *self = GM_FORM_ROW (widget);

  if (gm_form_row_is_template (self))
    gm_form_row_insert (self, g_variant_get_string (parameter, NULL));
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

  gtk_widget_class_install_action (widget_class, "form.insert", "s", insert_action);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/gtk_mp/GtkMp/gm-form-row.ui");
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, title);
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, subtitle);
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, error);
  gtk_widget_class_bind_template_child (widget_class, GmFormRow, example);
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

/**
 * gm_form_row_begin:
 * @self: a row
 * @prefix: of keys
 *
 * Puts the cursor into the text of this row, if its key is one of these and it is shown.
 *
 * Returns: whether it is
 */
gboolean
gm_form_row_begin (GmFormRow  *self,
                   const char *prefix)
{
  if (!g_str_has_prefix (self->key, prefix) || !is_wanted (self)
      || (self->entry == NULL && self->view == NULL))
    return FALSE;
  if (self->entry != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->entry));
  else
    gtk_widget_grab_focus (GTK_WIDGET (self->view));

  return TRUE;
}
