/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <adwaita.h>
#include <glib/gi18n.h>

#include "gm-define-page.h"

#include "gm-dialogs.h"
#include "gm-form-row.h"
#include "gm-preview.h"
#include "gm-text.h"
#include "gm-widget.h"

/* Typing is followed by a preview after so many milliseconds. */
#define PREVIEW_DELAY 200

/* So many frames lay out a page that has just come in sight. */
#define SCROLL_TICKS 3

/**
 * GmDefinePage:
 *
 * A job file as a form or as its source, and what it would do. Nothing runs from looking at it.
 */
struct _GmDefinePage
{
  GtkWidget        parent_instance;

  /* Owned */
  GmDraft         *draft;
  GCancellable    *cancellable;  /* of the preview that is under way */
  GPtrArray       *rows;         /* of borrowed GmFormRow */
  char            *problem;      /* what the preview found wrong, or NULL */
  char            *problem_path;
  char            *reason;       /* why it can't run, or NULL */

  /* Template children */
  GtkStack        *stack;
  GtkWidget       *form;
  GtkTextView     *source;
  GtkToggleButton *source_button;
  GtkRevealer     *error_revealer;
  GtkLabel        *error_label;
  GtkLabel        *reason_label;
  AdwActionRow    *folder_row;
  AdwExpanderRow  *inputs_row;
  GtkLabel        *items_label;
  GtkLabel        *commands_label;
  GtkLabel        *effects_label;

  guint            preview_source;
  guint            scroll_ticks;  /* to go until the focus has been scrolled to */
  guint            updating : 1;
};

enum
{
  REASON_CHANGED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmDefinePage, gm_define_page, GTK_TYPE_WIDGET)

static guint signals[N_SIGNALS];

/* Where it is wrong: at the field, if one shows the value; else above the form. */
static void
show_errors (GmDefinePage *self)
{
  gboolean lacks = gm_draft_get_missing (self->draft) != 0;
  const char *error = lacks ? NULL : gm_draft_get_error (self->draft);
  const char *message = error != NULL ? error : self->problem;
  const char *path = error != NULL ? gm_draft_get_error_path (self->draft) : self->problem_path;
  guint line = error != NULL ? gm_draft_get_error_line (self->draft) : 0;
  gboolean at_field = FALSE;
  GString *text;

  for (guint i = 0; i < self->rows->len; i++)
    at_field |= gm_form_row_set_error (self->rows->pdata[i], path, message);
  gtk_revealer_set_reveal_child (self->error_revealer,
                                 message != NULL
                                 && (!at_field
                                     || gtk_toggle_button_get_active (self->source_button)));
  if (message == NULL)
    return;
  text = g_string_new (NULL);
  if (line > 0)
    g_string_append_printf (text, _("Line %u: "), line);
  if (path != NULL)
    g_string_append_printf (text, "%s: ", path);
  g_string_append (text, message);
  gtk_label_set_label (self->error_label, text->str);
  g_string_free (text, TRUE);
}

/* Of what is wrong, what to do about it first. */
static const char *
find_reason (GmDefinePage *self)
{
  switch ((int) gm_draft_get_missing (self->draft))
    {
    case GM_DRAFT_LACKS_TASK:
      return self->problem != NULL ? self->problem : _("Type a command to run for each input");
    case GM_DRAFT_LACKS_INPUTS:
      return _("Add inputs to run it for");
    case GM_DRAFT_LACKS_TASK | GM_DRAFT_LACKS_INPUTS:
      return _("Type a command and add inputs");
    default:
      return gm_draft_get_error (self->draft) != NULL ? gm_draft_get_error (self->draft)
                                                      : self->problem;
    }
}

static void
update_reason (GmDefinePage *self)
{
  const char *reason = find_reason (self);

  if (g_strcmp0 (reason, self->reason) == 0)
    return;
  g_free (self->reason);
  self->reason = g_strdup (reason);
  gtk_label_set_label (self->reason_label, reason != NULL ? reason : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->reason_label), reason);
  g_signal_emit (self, signals[REASON_CHANGED], 0);
}

static void
join (GtkLabel   *label,
      const char *prefix,
      GPtrArray  *lines,
      gint64      total)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf (text, "%s%s%s", i > 0 ? "\n" : "", prefix, (char *) lines->pdata[i]);
  if (total > lines->len || total < 0)
    g_string_append (text, "\n…");
  gtk_label_set_label (label, text->str);
}

static void
set_count (GmDefinePage *self,
           const char   *text,
           gboolean      has_any)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->inputs_row), text);
  adw_expander_row_set_subtitle (self->inputs_row, has_any ? _("The first ones") : "");
  if (!has_any)
    gtk_label_set_label (self->items_label, "");
}

static void
show_count (GmDefinePage *self,
            GmPreview    *preview)
{
  g_autofree char *number = gm_text_number (preview->total);
  g_autofree char *text = NULL;

  if (preview->error != NULL && preview->items->len == 0)
    text = g_strdup (_("No inputs"));
  else if (preview->total < 0)
    text = g_strdup (_("The number of inputs is not known"));
  else if (preview->has_more)
    text = g_strdup_printf (_("More than %s inputs"), number);
  else
    text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s input", "%s inputs",
                                         (gulong) preview->total), number);
  set_count (self, text, preview->items->len > 0);
}

/* @cwd: of the first input, if that is known. */
static void
show_folder (GmDefinePage *self,
             const char   *cwd)
{
  g_autofree char *folder = cwd != NULL ? g_strdup (cwd) : gm_draft_dup_folder (self->draft);
  g_autofree char *shown = gm_text_escape (folder);
  /* Translators: the folder that a command runs in */
  g_autofree char *title = g_strdup_printf (_("In %s"), shown);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->folder_row), title);
  g_object_set_data_full (G_OBJECT (self->folder_row), "folder", g_steal_pointer (&folder), g_free);
}

/* Which files would be written, and with what environment. */
static void
show_effects (GmDefinePage *self,
              GmPreview    *preview)
{
  GmJob *job = gm_draft_get_job (self->draft);
  g_autoptr(GString) text = g_string_new (NULL);

  if (job == NULL)
    return;
  if (job->creates != NULL)
    g_string_append_printf (text, _("Creates for each input: %s\n"),
                            preview->creates != NULL ? preview->creates : job->creates);
  if (job->results != NULL)
    g_string_append_printf (text, _("Writes at the end: %s\n"), job->results);
  for (guint i = 0; i < job->env_names->len; i++)
    g_string_append_printf (text, "%s=%s\n", (char *) job->env_names->pdata[i],
                            (char *) job->env_values->pdata[i]);
  gtk_label_set_label (self->effects_label, g_strchomp (text->str));
  gtk_widget_set_visible (GTK_WIDGET (self->effects_label), *text->str != '\0');
}

/* At the command itself: what it will be for the first input. */
static void
show_example (GmDefinePage *self,
              GmPreview    *preview)
{
  const char *command = NULL;

  if (preview != NULL && preview->commands->len > 0 && gm_draft_get_missing (self->draft) == 0)
    command = preview->commands->pdata[0];
  for (guint i = 0; i < self->rows->len; i++)
    {
      gm_form_row_set_example (self->rows->pdata[i], command);
      if (preview != NULL)
        gm_form_row_set_columns (self->rows->pdata[i], (const char * const *) preview->columns);
    }
}

static void
previewed_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GmDefinePage) self = user_data;
  g_autoptr(GmPreview) preview = gm_preview_finish (result, NULL);

  if (preview == NULL || self->draft == NULL)
    return;
  g_free (self->problem);
  g_free (self->problem_path);
  self->problem = g_steal_pointer (&preview->error);
  self->problem_path = g_steal_pointer (&preview->error_path);
  preview->error = g_strdup (self->problem);
  if (preview->total == 0 && self->problem == NULL)
    {
      self->problem = g_strdup (_("There are no inputs"));
      self->problem_path = g_strdup ("$.inputs");
    }
  show_count (self, preview);
  join (self->items_label, "", preview->items, preview->total);
  if (gm_draft_get_missing (self->draft) == 0)
    join (self->commands_label, "$ ", preview->commands, preview->total);
  show_example (self, preview);
  show_effects (self, preview);
  show_folder (self, preview->cwd);
  show_errors (self);
  update_reason (self);
}

static gboolean
preview_cb (gpointer user_data)
{
  GmDefinePage *self = user_data;
  g_autofree char *text = gm_draft_dup_sample (self->draft);

  self->preview_source = 0;
  self->cancellable = g_cancellable_new ();
  gm_preview_async (text, gm_draft_get_base_dir (self->draft), self->cancellable, previewed_cb,
                    g_object_ref (self));

  return G_SOURCE_REMOVE;
}

static void
stop_preview (GmDefinePage *self)
{
  g_clear_handle_id (&self->preview_source, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
show_source_text (GmDefinePage *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->source);
  GtkTextIter start;
  GtkTextIter end;
  g_autofree char *shown = NULL;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  shown = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
  if (strcmp (shown, gm_draft_get_text (self->draft)) == 0)
    return;
  self->updating = TRUE;
  gtk_text_buffer_set_text (buffer, gm_draft_get_text (self->draft), -1);
  self->updating = FALSE;
}

/* Nothing would run yet. */
static void
show_lacks (GmDefinePage *self)
{
  GmDraftLack missing = gm_draft_get_missing (self->draft);

  if (missing == 0)
    return;
  gtk_label_set_label (self->commands_label, _("Nothing yet"));
  if (missing & GM_DRAFT_LACKS_INPUTS)
    set_count (self, _("No inputs"), FALSE);
}

static void
draft_changed_cb (GmDefinePage *self)
{
  GmDraftLack missing = gm_draft_get_missing (self->draft);

  stop_preview (self);
  g_clear_pointer (&self->problem, g_free);
  g_clear_pointer (&self->problem_path, g_free);
  show_source_text (self);
  /* A form can't show what isn't JSON. */
  gtk_widget_set_sensitive (self->form, gm_draft_get_has_syntax (self->draft));
  show_errors (self);
  show_lacks (self);
  show_folder (self, NULL);
  if (gm_draft_get_error (self->draft) != NULL || missing != 0)
    show_example (self, NULL);
  if (missing == GM_DRAFT_LACKS_TASK
      || (missing == 0 && gm_draft_get_job (self->draft) != NULL))
    self->preview_source = g_timeout_add (PREVIEW_DELAY, preview_cb, self);
  update_reason (self);
}

static void
source_changed_cb (GmDefinePage  *self,
                   GtkTextBuffer *buffer)
{
  GtkTextIter start;
  GtkTextIter end;
  g_autofree char *text = NULL;

  if (self->updating || self->draft == NULL)
    return;
  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
  gm_draft_set_text (self->draft, text);
}

static void
source_toggled_cb (GmDefinePage *self)
{
  gboolean active = gtk_toggle_button_get_active (self->source_button);

  gtk_stack_set_visible_child_name (self->stack, active ? "source" : "form");
  if (self->draft != NULL)
    show_errors (self);
}

/* To the line that is wrong. */
static void
show_place_cb (GmDefinePage *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->source);
  guint line = gm_draft_get_error_line (self->draft);
  GtkTextIter iter;

  gtk_toggle_button_set_active (self->source_button, TRUE);
  gtk_text_buffer_get_iter_at_line (buffer, &iter, line > 0 ? (int) line - 1 : 0);
  gtk_text_buffer_place_cursor (buffer, &iter);
  gtk_text_view_scroll_to_iter (self->source, &iter, 0.1, FALSE, 0, 0);
  gtk_widget_grab_focus (GTK_WIDGET (self->source));
}

/* The viewport would do so, but for what gets the focus before it has a place. */
static gboolean
scroll_to_focus_cb (GtkWidget     *widget,
                    GdkFrameClock *clock,
                    gpointer       user_data)
{
  GmDefinePage *self = GM_DEFINE_PAGE (widget);
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  GtkWidget *row = focus != NULL ? gtk_widget_get_ancestor (focus, GM_TYPE_FORM_ROW) : NULL;
  GtkWidget *viewport = row != NULL ? gtk_widget_get_ancestor (row, GTK_TYPE_VIEWPORT) : NULL;
  graphene_rect_t bounds;

  if (viewport != NULL && gtk_widget_is_ancestor (viewport, self->form)
      && gtk_widget_compute_bounds (row, gtk_widget_get_first_child (viewport), &bounds))
    gtk_adjustment_clamp_page (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (viewport)),
                               bounds.origin.y, bounds.origin.y + bounds.size.height);

  return --self->scroll_ticks > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
collect_rows (GmDefinePage *self,
              GtkWidget    *widget)
{
  if (GM_IS_FORM_ROW (widget))
    {
      g_ptr_array_add (self->rows, widget);
      return;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_rows (self, child);
}

static void
open_folder_action (GtkWidget  *widget,
                    const char *name,
                    GVariant   *parameter)
{
  GmDefinePage *self = GM_DEFINE_PAGE (widget);
  const char *folder = g_object_get_data (G_OBJECT (self->folder_row), "folder");
  g_autofree char *uri = g_filename_to_uri (folder, NULL, NULL);

  if (uri != NULL)
    gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (widget)), uri, GDK_CURRENT_TIME);
}

static void
folder_chosen_cb (const char *path,
                  gpointer    user_data)
{
  GmDefinePage *self = user_data;

  if (self->draft != NULL && g_utf8_validate (path, -1, NULL))
    gm_draft_set_folder (self->draft, path);
}

static void
choose_folder_action (GtkWidget  *widget,
                      const char *name,
                      GVariant   *parameter)
{
  gm_dialog_choose_folder (widget, _("Choose the Working Folder"), folder_chosen_cb, widget);
}

static void
set_folder_action (GtkWidget  *widget,
                   const char *name,
                   GVariant   *parameter)
{
  folder_chosen_cb (g_variant_get_bytestring (parameter), widget);
}

static void
gm_define_page_dispose (GObject *object)
{
  GmDefinePage *self = GM_DEFINE_PAGE (object);

  stop_preview (self);
  if (self->draft != NULL)
    g_signal_handlers_disconnect_by_func (self->draft, draft_changed_cb, self);
  g_clear_object (&self->draft);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->problem, g_free);
  g_clear_pointer (&self->problem_path, g_free);
  g_clear_pointer (&self->reason, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), GM_TYPE_DEFINE_PAGE);
  gm_widget_drop_children (GTK_WIDGET (self));

  G_OBJECT_CLASS (gm_define_page_parent_class)->dispose (object);
}

static void
gm_define_page_class_init (GmDefinePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_define_page_dispose;

  /**
   * GmDefinePage::reason-changed:
   *
   * gm_define_page_get_reason() answers something else now.
   */
  signals[REASON_CHANGED] = g_signal_new ("reason-changed", GM_TYPE_DEFINE_PAGE, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (GM_TYPE_FORM_ROW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/gtk_mp/GtkMp/gm-define-page.ui");
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, stack);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, form);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, source);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, source_button);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, error_revealer);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, error_label);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, reason_label);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, folder_row);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, inputs_row);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, items_label);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, commands_label);
  gtk_widget_class_bind_template_child (widget_class, GmDefinePage, effects_label);
  gtk_widget_class_install_action (widget_class, "define.open-folder", NULL, open_folder_action);
  gtk_widget_class_install_action (widget_class, "define.choose-folder", NULL,
                                   choose_folder_action);
  gtk_widget_class_install_action (widget_class, "define.set-folder", "ay", set_folder_action);
  gtk_widget_class_bind_template_callback (widget_class, source_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_place_cb);
}

static void
gm_define_page_init (GmDefinePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->rows = g_ptr_array_new ();
  collect_rows (self, self->form);
  g_signal_connect_object (gtk_text_view_get_buffer (self->source), "changed",
                           G_CALLBACK (source_changed_cb), self, G_CONNECT_SWAPPED);
}

/**
 * gm_define_page_set_draft:
 * @self: a page
 * @draft: a job file
 *
 * Shows it: as a form, or as its source if it can't be read otherwise.
 */
void
gm_define_page_set_draft (GmDefinePage *self,
                          GmDraft      *draft)
{
  if (self->draft == draft)
    return;
  if (self->draft != NULL)
    g_signal_handlers_disconnect_by_func (self->draft, draft_changed_cb, self);
  g_set_object (&self->draft, draft);
  for (guint i = 0; i < self->rows->len; i++)
    gm_form_row_set_draft (self->rows->pdata[i], draft);
  g_signal_connect_object (draft, "changed", G_CALLBACK (draft_changed_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_toggle_button_set_active (self->source_button, gm_draft_get_error (draft) != NULL
                                                     && gm_draft_get_missing (draft) == 0);
  draft_changed_cb (self);
}

/**
 * gm_define_page_show_source:
 * @self: a page
 * @show: %FALSE for the form
 *
 * Switches between source and form.
 */
void
gm_define_page_show_source (GmDefinePage *self,
                            gboolean      show)
{
  gtk_toggle_button_set_active (self->source_button, show);
}

/**
 * gm_define_page_begin:
 * @self: a page
 *
 * Puts the cursor where the task is to be written, if it is missing.
 */
void
gm_define_page_begin (GmDefinePage *self)
{
  if (!(gm_draft_get_missing (self->draft) & GM_DRAFT_LACKS_TASK))
    return;
  for (guint i = 0; i < self->rows->len; i++)
    if (gm_form_row_begin (self->rows->pdata[i], "task/"))
      break;
  if (self->scroll_ticks == 0)
    gtk_widget_add_tick_callback (GTK_WIDGET (self), scroll_to_focus_cb, NULL, NULL);
  self->scroll_ticks = SCROLL_TICKS;
}

/**
 * gm_define_page_get_reason:
 * @self: a page that shows a draft
 *
 * Returns: (nullable): why the job can't be run, as far as is known
 */
const char *
gm_define_page_get_reason (GmDefinePage *self)
{
  return self->reason;
}
