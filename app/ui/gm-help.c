/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-help.h"

/* The help is part of the program: it needs no reader, is in the program's language, and says what
 * this version does. */

#define MAX_PARTS 14

/* What begins like this is something to type. */
#define CODE "$ "

static const struct
{
  const char *icon;
  const char *title;
  const char *subtitle;
  const char *parts[MAX_PARTS];
} topics[] = {
  {
    "document-new-symbolic", N_("Your First Job"), N_("One thing, done to each of many inputs"),
    {
      N_("A job does one thing to each of many inputs: it runs a command for every file of a "
         "folder, every line of a list or every number of a range."),
      N_("Press New Job, or drop files on the window. Write the command under Task, choose under "
         "Inputs what it gets, and read under What Would Run what would be executed. Nothing runs "
         "before you press Run."),
      N_("Try the First 5 runs the job for its first five inputs only: a mistake costs little "
         "then."),
      N_("Save the job to use it again. It becomes a small file that can be shared, opened with a "
         "double click, and run without the window."),
    }
  },
  {
    "folder-symbolic", N_("Dropping Files"), N_("From a folder of files to a job"),
    {
      N_("Files and folders that are dropped on the window become the inputs of the job that waits "
         "for some, otherwise of a new job. A folder stands for the files in it."),
      N_("For the files of all folders below it as well, write two asterisks into the pattern:"),
      CODE "/home/anna/Pictures/**/*.png",
      N_("A job file that is dropped or opened is shown, never run by itself."),
    }
  },
  {
    "insert-text-symbolic", N_("Placeholders"), N_("Where the input goes in a command"),
    {
      N_("The input is put where {} stands, parts of it where others do:"),
      N_("{.} is the input without its extension, {/} its name without the folder, {//} its "
         "folder, {/.} its name without folder and extension."),
      N_("{#} is the number of the input, {%} that of the worker. {name} is a column of a table or"
         " a member of a JSON object, and can have the same endings: {name/.}"),
      CODE "convert {} -resize 256x256 thumbnails/{/.}.png",
      N_("Each value arrives as one argument, whatever characters it has: there is nothing to "
         "quote. Write {{ and }} where braces themselves are meant."),
    }
  },
  {
    "gm-monitor-symbolic", N_("Watching Workers"), N_("Who is at what, and what it costs"),
    {
      N_("Monitor shows each worker with its input, how long it has been at it, and what it costs."
         " What takes far longer than usual turns amber. Unfold a worker to see the processes that"
         " it has started."),
      N_("Select workers and press Selected to end them, send them a signal or change their "
         "priority. A worker that dies is replaced at once; only the input that it was running is "
         "tried again or reported."),
      N_("Drag over the timeline to count what happened in a span of time."),
      N_("Close the window whenever you like: the job goes on, and is there when you come back."),
    }
  },
  {
    "view-refresh-symbolic", N_("Retrying and Resuming"),
    N_("When something failed or was stopped"),
    {
      N_("Every input ends with exactly one outcome. Results lists them all; Failures by Reason "
         "brings together those that failed in the same way."),
      N_("Retry Failed runs only those again. Resume goes on with a job that was stopped or "
         "interrupted. Run Again begins anew."),
      N_("Under Trouble a job can be told to try again by itself, to give up an input after some "
         "time, or to stop after too many failures."),
    }
  },
  {
    "utilities-terminal-symbolic", N_("Without the Window"), N_("Servers, scripts and terminals"),
    {
      N_("A job that is saved runs the same in a terminal, and such a run appears in the window:"),
      CODE "gtk-mp --headless thumbnails.mpjob",
      N_("A command can do without a job file. The inputs follow three colons:"),
      CODE "gtk-mp --headless -- gzip -k {} ::: *.log",
      N_("See what has run, follow the last run, retry what failed in it:"),
      CODE "gtk-mp --headless --list",
      CODE "gtk-mp --headless --watch=last",
      CODE "gtk-mp --headless --retry-failed=last",
      N_("All options, and all that a job file can have, are in the manual:"),
      CODE "man gtk-mp",
      CODE "man mpjob",
    }
  },
  {
    "dialog-question-symbolic", N_("Troubleshooting"), N_("What to do when it does not work"),
    {
      N_("Run cannot be pressed: something in the job is wrong. Define says what, at the field "
         "that it is about."),
      N_("A program that works in a terminal is not found: the desktop may look for programs in "
         "other folders. Write the whole path of the program."),
      N_("An input hangs: set a Time Limit for an Input. It is ended then, with all processes that"
         " it has started."),
      N_("The computer becomes slow: use fewer workers, a lower priority, or a memory limit under "
         "Advanced."),
      N_("Nothing tells why an input failed: select it in Results. Its errors, its output and the "
         "exact command are there, for each attempt."),
    }
  },
};

static GtkWidget *
new_part (const char *part)
{
  gboolean is_code = g_str_has_prefix (part, CODE);
  GtkWidget *label = gtk_label_new (is_code ? part + strlen (CODE) : _(part));

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), is_code);
  if (is_code)
    {
      gtk_widget_add_css_class (label, "card");
      gtk_widget_add_css_class (label, "item-text");
      /* Also where people read from right to left. */
      gtk_widget_set_direction (label, GTK_TEXT_DIR_LTR);
    }

  return label;
}

static void
back_cb (AdwPreferencesWindow *window)
{
  adw_preferences_window_close_subpage (window);
}

static GtkWidget *
new_header (AdwPreferencesWindow *window,
            const char           *title)
{
  GtkWidget *header = adw_header_bar_new ();
  GtkWidget *back = gtk_button_new_from_icon_name ("go-previous-symbolic");

  gtk_widget_set_tooltip_text (back, _("Back"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (back), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Back"),
                                  -1);
  g_signal_connect_object (back, "clicked", G_CALLBACK (back_cb), window, G_CONNECT_SWAPPED);
  adw_header_bar_pack_start (ADW_HEADER_BAR (header), back);
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (header), adw_window_title_new (title, NULL));

  return header;
}

static void
topic_cb (AdwPreferencesWindow *window,
          GtkWidget            *row)
{
  guint topic = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (row), "topic"));
  GtkWidget *page = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  GtkWidget *clamp = adw_clamp_new ();
  GtkWidget *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);

  for (guint i = 0; i < MAX_PARTS && topics[topic].parts[i] != NULL; i++)
    gtk_box_append (GTK_BOX (text), new_part (topics[topic].parts[i]));
  gtk_widget_set_margin_top (text, 24);
  gtk_widget_set_margin_bottom (text, 24);
  gtk_widget_set_margin_start (text, 18);
  gtk_widget_set_margin_end (text, 18);
  adw_clamp_set_child (ADW_CLAMP (clamp), text);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), clamp);
  gtk_widget_set_vexpand (scrolled, TRUE);
  gtk_box_append (GTK_BOX (page), new_header (window, _(topics[topic].title)));
  gtk_box_append (GTK_BOX (page), scrolled);
  adw_preferences_window_present_subpage (window, page);
}

static GtkWidget *
new_row (GtkWidget *window,
         guint      topic)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _(topics[topic].title));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _(topics[topic].subtitle));
  adw_action_row_add_prefix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name (topics[topic].icon));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_widget_set_name (row, topics[topic].title);
  g_object_set_data (G_OBJECT (row), "topic", GUINT_TO_POINTER (topic));
  g_signal_connect_object (row, "activated", G_CALLBACK (topic_cb), window, G_CONNECT_SWAPPED);

  return row;
}

/**
 * gm_help_new:
 * @parent: (nullable): the window that it is above
 *
 * Returns: (transfer none): the help, not yet shown
 */
GtkWindow *
gm_help_new (GtkWindow *parent)
{
  GtkWidget *window = adw_preferences_window_new ();
  GtkWidget *page = adw_preferences_page_new ();
  GtkWidget *group = adw_preferences_group_new ();

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), new_row (window, i));
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
  adw_preferences_window_add (ADW_PREFERENCES_WINDOW (window), ADW_PREFERENCES_PAGE (page));
  adw_preferences_window_set_search_enabled (ADW_PREFERENCES_WINDOW (window), FALSE);
  gtk_widget_set_name (window, "help");
  gtk_window_set_title (GTK_WINDOW (window), _("Help"));
  gtk_window_set_default_size (GTK_WINDOW (window), 560, 620);
  gtk_window_set_modal (GTK_WINDOW (window), FALSE);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);

  return GTK_WINDOW (window);
}
