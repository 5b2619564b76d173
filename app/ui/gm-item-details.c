/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "gm-item-details.h"

#include "gm-fields.h"
#include "gm-format.h"
#include "gm-invocation.h"
#include "gm-json.h"
#include "gm-run-data.h"
#include "gm-text.h"

/* More of an output is not shown here, but opened in a program made for it. */
#define MAX_OUTPUT (1024 * 1024)

/* A longer text scrolls: bytes. */
#define SHORT_TEXT 2000

/**
 * GmItemDetails:
 *
 * Everything that is known of one item.
 */
struct _GmItemDetails
{
  GtkWidget parent_instance;

  /* Owned */
  GmRun     *run;
  GmJob     *job;      /* as it was run, of `run`; %NULL if it can't be read */

  /* Children */
  GtkWidget *scrolled;
  GtkBox    *box;
};

G_DEFINE_FINAL_TYPE (GmItemDetails, gm_item_details, GTK_TYPE_WIDGET)

static void
clear (GmItemDetails *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->box))) != NULL)
    gtk_box_remove (self->box, child);
}

static GtkWidget *
add_label (GtkBox     *box,
           const char *text,
           const char *style)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, style);
  gtk_box_append (box, label);

  return label;
}

static void
copy_cb (GtkButton  *button,
         const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)), text);
}

static void
open_cb (GtkButton  *button,
         const char *path)
{
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);

  if (uri != NULL)
    gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (button))), uri, GDK_CURRENT_TIME);
}

static void
free_closure (gpointer  data,
              GClosure *closure)
{
  g_free (data);
}

static GtkWidget *
add_button (GtkBox     *box,
            const char *icon,
            const char *tooltip,
            GCallback   callback,
            const char *text)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip,
                                  -1);
  g_signal_connect_data (button, "clicked", callback, g_strdup (text), free_closure, 0);
  gtk_box_append (box, button);

  return button;
}

/* A heading with what can be done to what stands below it. */
static GtkBox *
add_heading (GtkBox     *box,
             const char *title)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = add_label (GTK_BOX (row), title, "heading");

  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_set_margin_top (row, 6);
  gtk_box_append (box, row);

  return GTK_BOX (row);
}

/* Lines stay lines; whatever else steers a terminal is shown. */
static char *
escape_lines (const char *text,
              gsize       size)
{
  g_autofree char *valid = g_utf8_make_valid (text, size);
  g_auto(GStrv) lines = g_strsplit (valid, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto(GStrv) parts = g_strsplit (lines[i], "\t", -1);

      for (guint j = 0; parts[j] != NULL; j++)
        {
          char *escaped = gm_text_escape (parts[j]);

          g_free (parts[j]);
          parts[j] = escaped;
        }
      g_free (lines[i]);
      lines[i] = g_strjoinv ("\t", parts);
    }

  return g_strjoinv ("\n", lines);
}

/* A short text is as high as it is; a longer one scrolls. */
static GtkWidget *
new_text (const char *text)
{
  GtkWidget *view, *scrolled;

  if (strlen (text) <= SHORT_TEXT)
    {
      view = gtk_label_new (text);
      gtk_label_set_xalign (GTK_LABEL (view), 0);
      gtk_label_set_wrap (GTK_LABEL (view), TRUE);
      gtk_label_set_wrap_mode (GTK_LABEL (view), PANGO_WRAP_WORD_CHAR);
      gtk_label_set_selectable (GTK_LABEL (view), TRUE);
      return view;
    }
  view = gtk_text_view_new ();
  scrolled = gtk_scrolled_window_new ();
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), text, -1);
  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scrolled), 260);
  gtk_widget_set_overflow (scrolled, GTK_OVERFLOW_HIDDEN);

  return scrolled;
}

static void
add_text (GtkBox     *box,
          const char *title,
          const char *text,
          gsize       size)
{
  g_autofree char *shown = escape_lines (text, MIN (size, MAX_OUTPUT));
  GtkWidget *view;

  g_strchomp (shown);
  view = new_text (shown);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_widget_add_css_class (view, "card");
  gtk_widget_add_css_class (view, "item-text");
  gtk_box_append (box, view);
  if (size > MAX_OUTPUT)
    {
      g_autofree char *limit = g_format_size_full (MAX_OUTPUT, G_FORMAT_SIZE_IEC_UNITS);
      g_autofree char *all = g_format_size_full (size, G_FORMAT_SIZE_IEC_UNITS);
      g_autofree char *note = g_strdup_printf (_("Showing %s of %s"), limit, all);

      add_label (box, note, "dim-label");
    }
}

static void
add_output (GmItemDetails *self,
            GtkBox        *box,
            JsonObject    *outcome,
            const char    *name,
            const char    *title)
{
  g_autofree char *encoded = g_strconcat (name, "_base64", NULL);
  g_autofree char *file = g_strconcat (name, "_file", NULL);
  g_autofree char *owned = NULL;
  g_autofree char *path = NULL;
  const char *text = gm_field_get_string (outcome, name, NULL);
  const char *base64 = gm_field_get_string (outcome, encoded, NULL);
  const char *file_name = gm_field_get_string (outcome, file, NULL);
  gsize size = text != NULL ? strlen (text) : 0;
  GtkBox *heading;

  if (base64 != NULL)
    text = owned = (char *) g_base64_decode (base64, &size);
  else if (file_name != NULL)
    {
      g_autoptr(GMappedFile) mapped = NULL;

      path = g_build_filename (gm_run_get_dir (self->run), file_name, NULL);
      mapped = g_mapped_file_new (path, FALSE, NULL);
      size = mapped != NULL ? g_mapped_file_get_length (mapped) : 0;
      text = owned = size > 0 ? g_memdup2 (g_mapped_file_get_contents (mapped),
                                           MIN (size, MAX_OUTPUT)) : NULL;
    }
  if (text == NULL || size == 0)
    return;
  heading = add_heading (box, title);
  if (path != NULL)
    add_button (heading, "document-open-symbolic", _("Open the whole output"),
                G_CALLBACK (open_cb), path);
  else
    add_button (heading, "edit-copy-symbolic", _("Copy"), G_CALLBACK (copy_cb), text);
  add_text (box, title, text, size);
}

static void
add_field (GtkGrid    *grid,
           int        *line,
           const char *name,
           char       *take_value)
{
  g_autofree char *value = take_value;
  GtkWidget *label = gtk_label_new (name), *text = gtk_label_new (value);

  if (value == NULL || *value == '\0')
    {
      g_object_ref_sink (label);
      g_object_ref_sink (text);
      g_object_unref (label);
      g_object_unref (text);
      return;
    }
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (text), 0);
  gtk_label_set_wrap (GTK_LABEL (text), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (text), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (text), TRUE);
  gtk_widget_add_css_class (text, "numeric");
  gtk_widget_set_hexpand (text, TRUE);
  gtk_grid_attach (grid, label, 0, *line, 1, 1);
  gtk_grid_attach (grid, text, 1, (*line)++, 1, 1);
}

static char *
dup_seconds (JsonObject *outcome,
             const char *name)
{
  double seconds = gm_field_get_double (outcome, name, -1);

  /* Beyond a century it is no time that anything took. */
  return seconds >= 0 && seconds < 4e9 ? gm_format_duration ((gint64) (seconds * 1e9)) : NULL;
}

static char *
dup_ending (JsonObject *outcome)
{
  const char *signal = gm_field_get_string (outcome, "signal", NULL);

  if (signal != NULL)
    return g_strdup (signal);
  if (gm_field_has_int (outcome, "exit_code"))
    return g_strdup_printf (_("exit code %d"),
                            (int) gm_field_get_int (outcome, "exit_code", 0));

  return NULL;
}

static void
add_fields (GtkBox     *box,
            JsonObject *outcome)
{
  GtkWidget *grid = gtk_grid_new ();
  double started = gm_field_get_double (outcome, "started", 0);
  gint64 rss = gm_field_get_int (outcome, "max_rss", 0);
  int line = 0;

  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 4);
  add_field (GTK_GRID (grid), &line, _("Ended with"), dup_ending (outcome));
  add_field (GTK_GRID (grid), &line, _("Duration"), dup_seconds (outcome, "duration"));
  add_field (GTK_GRID (grid), &line, _("Started"),
             started > 0 && started < 1e11
             ? gm_format_moment ((gint64) (started * G_USEC_PER_SEC)) : NULL);
  add_field (GTK_GRID (grid), &line, _("Attempts"),
             gm_text_number (gm_field_get_int (outcome, "attempts", 0)));
  add_field (GTK_GRID (grid), &line, _("Worker"),
             g_strdup (gm_field_get_string (outcome, "worker", NULL)));
  add_field (GTK_GRID (grid), &line, _("User time"), dup_seconds (outcome, "user_time"));
  add_field (GTK_GRID (grid), &line, _("System time"), dup_seconds (outcome, "system_time"));
  add_field (GTK_GRID (grid), &line, _("Memory, at most"),
             rss > 0 ? g_format_size_full (rss, G_FORMAT_SIZE_IEC_UNITS) : NULL);
  if (gm_field_get_boolean (outcome, "reused"))
    add_field (GTK_GRID (grid), &line, _("From"), g_strdup (_("an earlier run")));
  gtk_box_append (box, grid);
}

static void
append_quoted (GString            *text,
               const char * const *words,
               gboolean            are_settings)
{
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    {
      const char *equals = are_settings ? strchr (words[i], '=') : NULL;
      const char *value = equals != NULL ? equals + 1 : words[i];
      g_autofree char *quoted = g_shell_quote (value);

      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append_len (text, words[i], value - words[i]);
      if (value[0] != '\0' && value[strspn (value, "abcdefghijklmnopqrstuvwxyz0123456789"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-+=./:,@%")] == '\0')
        g_string_append (text, value);
      else
        g_string_append (text, quoted);
    }
}

/* What was run for the item, so that it can be pasted into a terminal. */
static char *
dup_command (GmItemDetails *self,
             JsonObject    *outcome,
             const char    *line,
             gsize          size)
{
  g_autoptr(GmInvoker) invoker = self->job != NULL ? gm_invoker_new (self->job, NULL) : NULL;
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *item = NULL;
  GmItem data = { .kind = GM_ITEM_JSON };
  GmInvocation invocation = { NULL };
  GmMembers member;

  if (invoker == NULL)
    return NULL;
  gm_members_init (&member, line, size);
  while (gm_members_next (&member))
    if (gm_members_is (&member, "item"))
      item = g_strndup (member.value, data.size = member.value_size);
    else if (gm_members_is (&member, "item_base64"))
      {
        data.kind = GM_ITEM_BYTES;
        item = (char *) g_base64_decode (gm_field_get_string (outcome, "item_base64", ""),
                                         &data.size);
      }
  data.data = item;
  if (item == NULL || !gm_invoker_expand (invoker, &data,
                                          gm_field_get_int (outcome, "index", 0), 1,
                                          &invocation, NULL) || invocation.argv == NULL)
    return NULL;
  append_quoted (text, invocation.env, TRUE);
  append_quoted (text, invocation.argv, FALSE);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_attempts (GmItemDetails *self,
              guint64        index)
{
  GmEventsIndex *events = gm_run_data_get_events (gm_run_data_get (self->run));
  g_autoptr(GPtrArray) attempts = gm_events_index_dup_attempts (events, index);

  for (guint i = 0; i < attempts->len; i++)
    {
      const char *text = g_ptr_array_index (attempts, i);
      g_autoptr(JsonNode) node = gm_json_parse (text, strlen (text), NULL, NULL);
      g_autofree char *title = g_strdup_printf (_("Attempt %u"), i + 1);
      GtkWidget *expander, *box;
      JsonObject *outcome;

      if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
        continue;
      outcome = json_node_get_object (node);
      expander = gtk_expander_new (title);
      box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
      gtk_widget_set_margin_start (box, 18);
      if (json_object_has_member (outcome, "error"))
        {
          g_autofree char *error =
            gm_text_escape (gm_field_get_string (outcome, "error", ""));

          add_label (GTK_BOX (box), error, "error");
        }
      add_fields (GTK_BOX (box), outcome);
      add_output (self, GTK_BOX (box), outcome, "stdout", _("Output"));
      add_output (self, GTK_BOX (box), outcome, "stderr", _("Error Output"));
      gtk_expander_set_child (GTK_EXPANDER (expander), box);
      gtk_box_append (self->box, expander);
    }
}

static void
add_title (GmItemDetails      *self,
           const GmResultsRow *row,
           JsonObject         *outcome)
{
  JsonNode *item = json_object_get_member (outcome, "item");
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *escaped = NULL;
  g_autofree char *status = NULL;
  g_autofree char *ending = dup_ending (outcome);
  GtkWidget *heading, *close;

  if (item != NULL && JSON_NODE_HOLDS_VALUE (item)
      && json_node_get_value_type (item) == G_TYPE_STRING)
    g_string_assign (text, json_node_get_string (item));
  else if (item != NULL)
    gm_json_append_node (text, item);
  if (text->len > 1000)
    g_string_truncate (text, 1000);
  escaped = gm_text_escape (text->str);
  heading = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_hexpand (add_label (GTK_BOX (heading), escaped, "title-4"), TRUE);
  close = gtk_button_new_from_icon_name ("window-close-symbolic");
  gtk_widget_set_tooltip_text (close, _("Close"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (close), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Close"), -1);
  gtk_widget_set_valign (close, GTK_ALIGN_START);
  gtk_widget_add_css_class (close, "flat");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (close), "results.close-details");
  gtk_box_append (GTK_BOX (heading), close);
  gtk_box_append (self->box, heading);
  status = row->reason != GM_REASON_NONE
             ? g_strdup_printf ("%s: %s", gm_format_status (row->status),
                                ending != NULL && row->status != GM_STATUS_TIMEOUT
                                  ? ending : gm_format_reason (row->reason))
             : g_strdup (gm_format_status (row->status));
  add_label (self->box, status, gm_format_style (row->status));
}

static void
add_result (GmItemDetails *self,
            JsonObject    *outcome)
{
  JsonNode *result = json_object_get_member (outcome, "result");
  g_autoptr(GString) text = g_string_new (NULL);

  if (result == NULL)
    return;
  gm_json_append_pretty (text, result);
  g_string_truncate (text, MIN (text->len, MAX_OUTPUT));
  add_button (add_heading (self->box, _("Result")), "edit-copy-symbolic", _("Copy"),
              G_CALLBACK (copy_cb), text->str);
  add_text (self->box, _("Result"), text->str, text->len);
}

static void
add_command (GmItemDetails *self,
             JsonObject    *outcome,
             const char    *line,
             gsize          size)
{
  g_autofree char *command = dup_command (self, outcome, line, size);

  if (command == NULL)
    return;
  add_button (add_heading (self->box, _("Command")), "edit-copy-symbolic", _("Copy"),
              G_CALLBACK (copy_cb), command);
  add_text (self->box, _("Command"), command, strlen (command));
}

static void
gm_item_details_dispose (GObject *object)
{
  GmItemDetails *self = GM_ITEM_DETAILS (object);

  g_clear_pointer (&self->scrolled, gtk_widget_unparent);
  g_clear_object (&self->run);
  g_clear_pointer (&self->job, gm_job_unref);

  G_OBJECT_CLASS (gm_item_details_parent_class)->dispose (object);
}

static void
gm_item_details_class_init (GmItemDetailsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = gm_item_details_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
gm_item_details_init (GmItemDetails *self)
{
  self->scrolled = gtk_scrolled_window_new ();
  self->box = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 12));
  gtk_widget_set_margin_top (GTK_WIDGET (self->box), 12);
  gtk_widget_set_margin_bottom (GTK_WIDGET (self->box), 12);
  gtk_widget_set_margin_start (GTK_WIDGET (self->box), 12);
  gtk_widget_set_margin_end (GTK_WIDGET (self->box), 12);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scrolled), GTK_WIDGET (self->box));
  gtk_widget_set_parent (self->scrolled, GTK_WIDGET (self));
}

/**
 * gm_item_details_show:
 * @self: details
 * @run: a run
 * @row: of the index of its results
 *
 * Shows that item.
 */
void
gm_item_details_show (GmItemDetails *self,
                      GmRun         *run,
                      guint          row)
{
  GmResultsIndex *index = gm_run_data_get_results (gm_run_data_get (run));
  g_autoptr(JsonNode) node = NULL;
  g_autofree char *line = NULL;
  const char *borrowed;
  JsonObject *outcome;
  gboolean failed;
  gsize size;

  if (g_set_object (&self->run, run))
    {
      g_autofree char *path = g_build_filename (gm_run_get_dir (run), "job.json", NULL);

      g_clear_pointer (&self->job, gm_job_unref);
      self->job = gm_job_new_from_file (path, NULL);
    }
  clear (self);
  borrowed = gm_results_index_peek_line (index, row, &size);
  if (borrowed == NULL)
    return;
  line = g_strndup (borrowed, size);
  node = gm_json_parse (line, size, NULL, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  outcome = json_node_get_object (node);
  failed = gm_results_index_get_row (index, row)->status != GM_STATUS_OK;
  add_title (self, gm_results_index_get_row (index, row), outcome);
  /* That a command has exited is said already. */
  if (json_object_has_member (outcome, "error")
      && gm_results_index_get_row (index, row)->reason != GM_REASON_EXIT_CODE)
    {
      const char *error = gm_field_get_string (outcome, "error", "");

      add_text (self->box, _("Error"), error, strlen (error));
    }
  /* What a command says of its failure is what people look for. */
  if (failed)
    add_output (self, self->box, outcome, "stderr", _("Error Output"));
  add_result (self, outcome);
  add_output (self, self->box, outcome, "stdout", _("Output"));
  if (!failed)
    add_output (self, self->box, outcome, "stderr", _("Error Output"));
  add_command (self, outcome, line, size);
  add_heading (self->box, _("Details"));
  add_fields (self->box, outcome);
  add_attempts (self, gm_results_index_get_row (index, row)->index);
}
