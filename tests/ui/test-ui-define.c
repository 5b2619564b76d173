/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "ui-util.h"

#include "gm-define-page.h"
#include "gm-form-value.h"
#include "gm-json.h"

/* The form and the source of a job file. */

static const char valid_job[] =
  "{\"mpjob\":1,\"name\":\"Sizes\",\"task\":{\"command\":[\"echo\",\"a b\",\"{}\"]},"
  "\"inputs\":{\"range\":[3]},\"env\":{\"KEPT\":\"yes\"},\"retries\":2}";

static char *
get_source (GmWindow *window)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (ui_find (window, "source")));
  GtkTextIter start;
  GtkTextIter end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);

  return gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
}

static void
set_source (GmWindow   *window,
            const char *text)
{
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (ui_find (window, "source"))),
                            text, -1);
}

static gboolean
can_run (GmWindow *window)
{
  return gtk_widget_get_sensitive (ui_find (window, "primary"));
}

static void
test_opening_runs_nothing (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *marker = g_build_filename (g_get_home_dir (), "ran", NULL);
  g_autofree char *path = ui_write_job ("touch.mpjob",
    "{\"mpjob\":1,\"task\":{\"command\":[\"touch\",\"ran\"]},\"inputs\":{\"range\":[1]}}");

  ui_open (application, path);
  WAIT_FOR (can_run (window));
  ui_settle ();
  g_assert_null (gm_window_get_run (window));
  g_assert_false (g_file_test (marker, G_FILE_TEST_EXISTS));
  WAIT_FOR (strstr (gtk_label_get_label (GTK_LABEL (ui_find (window, "commands"))),
                    "touch ran") != NULL);
  ui_finish (application);
}

static void
test_malformed_says_where (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("bad.mpjob",
    "{\n  \"mpjob\": 1,\n  \"task\": {\"command\": [7]},\n  \"inputs\": [1]\n}\n");
  GtkLabel *label;

  ui_open (application, path);
  label = GTK_LABEL (ui_find (window, "define-error"));
  WAIT_FOR (strstr (gtk_label_get_label (label), "$.task.command[0]") != NULL);
  g_assert_nonnull (strstr (gtk_label_get_label (label), "3"));
  g_assert_false (can_run (window));
  /* It is mended where it is shown. */
  set_source (window, valid_job);
  WAIT_FOR (can_run (window));
  gm_draft_save (gm_window_get_draft (window), NULL, NULL);
  ui_finish (application);
}

static void
test_form_and_source_in_step (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("step.mpjob", valid_job);
  g_autofree char *source = NULL;
  g_autofree char *after = NULL;
  GmDraft *draft;

  ui_open (application, path);
  draft = gm_window_get_draft (window);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (ui_find (window, "task/command"))), ==,
                   "echo 'a b' {}");
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "retries")), "5");
  source = get_source (window);
  g_assert_nonnull (strstr (source, "\"retries\": 5"));
  g_assert_nonnull (strstr (source, "KEPT"));
  g_assert_cmpint (gm_draft_get_job (draft)->retries, ==, 5);
  set_source (window, "{\"mpjob\":1,\"task\":{\"shell\":\"echo {}\"},\"inputs\":[1],\"retries\":7}");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (ui_find (window, "retries"))), ==, "7");
  g_assert_false (gtk_widget_is_visible (ui_find (window, "task/command")));
  /* A change of the kind of inputs replaces them and nothing else. */
  gtk_drop_down_set_selected (GTK_DROP_DOWN (ui_find (window, "inputs")), 2);
  after = get_source (window);
  g_assert_nonnull (strstr (after, "\"range\""));
  g_assert_nonnull (strstr (after, "\"retries\": 7"));
  gm_draft_save (draft, NULL, NULL);
  ui_finish (application);
}

static void
test_error_at_its_field (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("field.mpjob", valid_job);
  GtkWidget *entry;

  ui_open (application, path);
  WAIT_FOR (can_run (window));
  entry = ui_find (window, "task_timeout");
  gtk_editable_set_text (GTK_EDITABLE (entry), "soon");
  WAIT_FOR (!can_run (window));
  g_assert_true (gtk_widget_has_css_class (gtk_widget_get_ancestor (entry, GTK_TYPE_LIST_BOX_ROW),
                                           "has-error"));
  gtk_editable_set_text (GTK_EDITABLE (entry), "90");
  WAIT_FOR (can_run (window));
  /* What can't be told as JSON at all is wrong, too. */
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "task/command")), "echo 'open");
  WAIT_FOR (!can_run (window));
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "task/command")), "no-such-program-here {}");
  WAIT_FOR (gtk_widget_has_css_class (gtk_widget_get_ancestor (ui_find (window, "task/command"),
                                                               GTK_TYPE_LIST_BOX_ROW),
                                      "has-error"));
  g_assert_false (can_run (window));
  gm_draft_save (gm_window_get_draft (window), NULL, NULL);
  ui_finish (application);
}

/* Emits what the toolkit emits when something is let go over the window. */
static void
drop (GmWindow *window,
      GFile   **files,
      gsize     n_files)
{
  g_autoptr(GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (window));
  g_auto(GValue) value = G_VALUE_INIT;
  gboolean handled = FALSE;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_array (files, n_files));
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr(GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_DROP_TARGET (controller))
        g_signal_emit_by_name (controller, "drop", &value, 10.0, 10.0, &handled);
    }
  g_assert_true (handled);
}

static void
write_command (GmWindow   *window,
               const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "task/command")), text);
}

static void
test_dropped_files_are_inputs (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *first = ui_write_job ("a [1].txt", "x");
  g_autofree char *second = ui_write_job ("b.txt", "y");
  g_autoptr(GFile) first_file = g_file_new_for_path (first);
  g_autoptr(GFile) second_file = g_file_new_for_path (second);
  GFile *files[2] = { first_file, second_file };
  g_autoptr(GFile) folder = g_file_new_for_path (g_get_home_dir ());
  g_autoptr(GmDraft) shown = NULL;
  GmJob *job;

  drop (window, files, 2);
  write_command (window, "echo {}");
  job = gm_draft_get_job (gm_window_get_draft (window));
  g_assert_nonnull (job);
  g_assert_cmpint (job->inputs->kind, ==, GM_INPUT_FILES);
  g_assert_cmpstr (job->inputs->patterns[0], ==, first);
  WAIT_FOR (can_run (window));
  shown = g_object_ref (gm_window_get_draft (window));
  drop (window, &folder, 1);
  /* The job that was shown stays as it is. */
  g_assert_true (gm_window_get_draft (window) != shown);
  write_command (window, "echo {}");
  g_assert_cmpint (gm_draft_get_job (shown)->inputs->kind, ==, GM_INPUT_FILES);
  job = gm_draft_get_job (gm_window_get_draft (window));
  g_assert_cmpint (job->inputs->kind, ==, GM_INPUT_GLOB);
  WAIT_FOR (can_run (window));
  ui_finish (application);
}

static const char *
get_reason (GmWindow *window)
{
  GtkWidget *primary = ui_find (window, "primary");
  const char *tooltip = gtk_widget_get_tooltip_text (primary);
  g_autofree char *heard =
    gtk_test_accessible_check_property (GTK_ACCESSIBLE (primary),
                                        GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                        tooltip != NULL ? tooltip : "");

  /* Who can't see it hears the same. */
  if (tooltip != NULL)
    g_assert_null (heard);
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (ui_find (window, "run-reason"))), ==,
                   tooltip != NULL ? tooltip : "");

  return tooltip;
}

static gboolean
counts (GmWindow   *window,
        const char *text)
{
  GtkWidget *row = ui_find (window, "inputs-count");

  return strcmp (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), text) == 0;
}

static gboolean
is_in_sight (GtkWidget *widget)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW);
  graphene_rect_t bounds;

  return gtk_widget_get_height (widget) > 0 && gtk_widget_compute_bounds (widget, scroller, &bounds)
         && bounds.origin.y >= 0
         && bounds.origin.y + bounds.size.height <= gtk_widget_get_height (scroller);
}

/* Nothing is red, Run says what it waits for, and the cursor stands where that is written. */
static void
test_new_job_waits (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("dropped.txt", "x");
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GmDraft) draft = NULL;
  GtkWidget *command;

  gtk_window_set_default_size (GTK_WINDOW (window), 360, 500);
  gtk_widget_activate_action (GTK_WIDGET (window), "app.new-job", NULL);
  draft = g_object_ref (gm_window_get_draft (window));
  command = ui_find (window, "task/command");
  WAIT_FOR (gtk_widget_get_mapped (command) && is_in_sight (command));
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (command)), ==, "");
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (window)) != NULL
                 && gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (window)), command));
  g_assert_nonnull (strstr (gtk_entry_get_placeholder_text (GTK_ENTRY (command)), "{.}"));
  g_assert_false (gtk_widget_has_css_class (gtk_widget_get_ancestor (command,
                                                                     GTK_TYPE_LIST_BOX_ROW),
                                            "has-error"));
  g_assert_false (can_run (window));
  g_assert_cmpstr (get_reason (window), ==, "Type a command and add inputs");
  g_assert_true (counts (window, "No inputs"));
  /* What falls on it is what it waits for. */
  drop (window, &file, 1);
  g_assert_true (gm_window_get_draft (window) == draft);
  WAIT_FOR (counts (window, "1 input"));
  g_assert_false (can_run (window));
  g_assert_cmpstr (get_reason (window), ==, "Type a command to run for each input");
  write_command (window, "echo {.}.png");
  WAIT_FOR (can_run (window));
  g_assert_null (get_reason (window));
  WAIT_FOR (strstr (gtk_label_get_label (GTK_LABEL (ui_find (window, "commands"))),
                    "dropped.png") != NULL);
  write_command (window, "");
  g_assert_false (can_run (window));
  /* A mistake is no lack. */
  write_command (window, "'");
  g_assert_cmpstr (get_reason (window), ==, "A quotation mark has no partner");
  write_command (window, "echo");
  WAIT_FOR (can_run (window));
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (ui_find (window,
                                                                              "inputs/files"))),
                            "", -1);
  g_assert_false (can_run (window));
  g_assert_cmpstr (get_reason (window), ==, "Add inputs to run it for");
  ui_finish (application);
}

static gboolean
is_in (GmWindow   *window,
       const char *folder)
{
  g_autofree char *expected = g_strconcat ("In ", folder, NULL);
  GtkWidget *row = ui_find (window, "folder");

  return strcmp (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), expected) == 0;
}

/* Relative paths point where it says, before and after another folder is chosen. */
static void
test_working_folder (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("where.mpjob", valid_job);
  g_autofree char *odd = g_build_filename (g_get_home_dir (), "a {} <b> & c", NULL);
  g_autofree char *source = NULL;
  GtkWidget *row;

  ui_open (application, path);
  row = ui_find (window, "folder");
  g_assert_true (is_in (window, g_get_home_dir ()));
  gtk_editable_set_text (GTK_EDITABLE (ui_find (window, "cwd")), "sub/{}");
  WAIT_FOR (g_str_has_suffix (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), "/sub/0"));
  g_assert_cmpint (g_mkdir (odd, 0700), ==, 0);
  gtk_widget_activate_action (row, "define.set-folder", "^ay", odd);
  WAIT_FOR (is_in (window, odd) && can_run (window));
  source = get_source (window);
  g_assert_nonnull (strstr (source, "a {{}} <b> & c\""));
  /* That of the job file is what it is without saying so. */
  gtk_widget_activate_action (row, "define.set-folder", "^ay", g_get_home_dir ());
  g_assert_true (is_in (window, g_get_home_dir ()));
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (ui_find (window, "cwd"))), ==, "");
  gm_draft_save (gm_window_get_draft (window), NULL, NULL);
  ui_finish (application);
}

static gboolean
example_is (GmWindow   *window,
            const char *row,
            const char *text)
{
  g_autofree char *name = g_strconcat (row, "-example", NULL);
  GtkWidget *label = ui_find (window, name);

  return gtk_widget_get_mapped (label)
         && strcmp (gtk_label_get_label (GTK_LABEL (label)), text) == 0;
}

/* What all entries of the menu would insert. */
static char *
list_insertions (GtkWidget *button)
{
  GMenuModel *menu = gtk_menu_button_get_menu_model (GTK_MENU_BUTTON (button));
  GString *all = g_string_new (NULL);

  for (int i = 0; i < g_menu_model_get_n_items (menu); i++)
    {
      g_autoptr(GMenuModel) section = g_menu_model_get_item_link (menu, i, G_MENU_LINK_SECTION);

      for (int j = 0; j < g_menu_model_get_n_items (section); j++)
        {
          g_autofree char *text = NULL;
          g_autofree char *label = NULL;

          g_menu_model_get_item_attribute (section, j, G_MENU_ATTRIBUTE_TARGET, "s", &text);
          g_menu_model_get_item_attribute (section, j, G_MENU_ATTRIBUTE_LABEL, "s", &label);
          /* Each says what it means. */
          g_assert_cmpuint (strlen (label), >, strlen (text) + 5);
          g_string_append_printf (all, "%s ", text);
        }
    }

  return g_string_free (all, FALSE);
}

/* Each entry means what the runner makes of it; what was written stays around the cursor. */
static void
test_insert (void)
{
  GmApplication *application = ui_start ();
  GmWindow *window = ui_get_window (application);
  g_autofree char *path = ui_write_job ("insert.mpjob",
    "{\"mpjob\":1,\"task\":{\"command\":[\"echo\",\"x\"]},\"inputs\":[\"/a/b.c\"]}");
  GtkEditable *command;
  GtkWidget *button;
  g_autofree char *all = NULL;
  g_autofree char *with_columns = NULL;

  ui_open (application, path);
  command = GTK_EDITABLE (ui_find (window, "task/command"));
  button = ui_find (window, "task/command-insert");
  WAIT_FOR (example_is (window, "task/command", "echo x /a/b.c"));
  all = list_insertions (button);
  g_assert_cmpstr (all, ==, "{} {.} {/} {/.} {//} {#} {%} ");
  gtk_editable_set_text (command, "echo {} {.} {/} {/.} {//} {#} {%}");
  WAIT_FOR (example_is (window, "task/command", "echo /a/b.c /a/b b.c b /a 1 1"));
  gtk_editable_set_text (command, "echo .png");
  gtk_editable_set_position (command, 5);
  gtk_widget_activate_action (button, "form.insert", "s", "{.}");
  g_assert_cmpstr (gtk_editable_get_text (command), ==, "echo {.}.png");
  g_assert_cmpint (gtk_editable_get_position (command), ==, 8);
  g_assert_false (gtk_editable_get_selection_bounds (command, NULL, NULL));
  WAIT_FOR (example_is (window, "task/command", "echo /a/b.png"));
  gtk_editable_set_text (command, "");
  g_assert_false (gtk_widget_get_visible (ui_find (window, "task/command-example")));
  set_source (window, "{\"mpjob\":1,\"task\":{\"shell\":\"echo \"},"
                      "\"inputs\":{\"product\":{\"big_city\":[\"Ulm\"]}}}");
  button = ui_find (window, "task/shell-insert");
  WAIT_FOR (can_run (window) && g_menu_model_get_n_items (gtk_menu_button_get_menu_model (
                                  GTK_MENU_BUTTON (button))) == 2);
  with_columns = list_insertions (button);
  g_assert_cmpstr (with_columns, ==, "{} {.} {/} {/.} {//} {#} {%} {big_city} ");
  gtk_widget_activate_action (button, "form.insert", "s", "{big_city}");
  WAIT_FOR (example_is (window, "task/shell", "GTK_MP_V1=Ulm echo \"${GTK_MP_V1}\""));
  gm_draft_save (gm_window_get_draft (window), NULL, NULL);
  ui_finish (application);
}

/* What a field shows is read back as the same value. */
static void
test_values_round_trip (void)
{
  static const struct
  {
    GmFormKind  kind;
    const char *json;
  } cases[] = {
    { GM_FORM_WORDS, "[\"a b\",\"\",\"it's\",\"{}\",\"$x\",\"#\"]" },
    { GM_FORM_LINES, "[\"one\",\"7\",\" x \"]" },
    { GM_FORM_ITEMS, "[\"one\",7,\"7\",null,{\"a\":[1]},\"true\"]" },
    { GM_FORM_NUMBERS, "[0,10,2]" },
    { GM_FORM_NUMBER, "\"300%\"" },
    { GM_FORM_NUMBER, "2.5" },
    { GM_FORM_ENV, "{\"A\":\"1=2\",\"B\":\"\"}" },
    { GM_FORM_PRODUCT, "{\"size\":[\"s\",\"l\"],\"q\":{\"range\":[0,9]}}" },
    { GM_FORM_SCRIPT, "\"a\\nb\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(JsonNode) node = gm_json_parse (cases[i].json, strlen (cases[i].json), NULL, NULL);
      g_autofree char *text = gm_form_value_to_text (cases[i].kind, node);
      g_autoptr(JsonNode) again = NULL;
      g_autoptr(GString) printed = g_string_new (NULL);
      g_autoptr(GError) error = NULL;

      gm_form_value_from_text (cases[i].kind, text, &again, &error);
      g_assert_no_error (error);
      gm_json_append_node (printed, again);
      g_assert_cmpstr (printed->str, ==, cases[i].json);
    }
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add_func ("/define/values", test_values_round_trip);
  g_test_add_func ("/define/opening-runs-nothing", test_opening_runs_nothing);
  g_test_add_func ("/define/malformed", test_malformed_says_where);
  g_test_add_func ("/define/in-step", test_form_and_source_in_step);
  g_test_add_func ("/define/error-at-field", test_error_at_its_field);
  g_test_add_func ("/define/new-job", test_new_job_waits);
  g_test_add_func ("/define/folder", test_working_folder);
  g_test_add_func ("/define/insert", test_insert);
  g_test_add_func ("/define/drop", test_dropped_files_are_inputs);

  return g_test_run ();
}
