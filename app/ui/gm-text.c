/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "gm-text.h"

/* What is said about a run, in the user's language. */

/**
 * gm_text_state:
 * @run: a run
 *
 * Returns: its state in a word
 */
const char *
gm_text_state (GmRun *run)
{
  if (!gm_run_get_live (run) && gm_run_get_started (run) <= 0)
    return _("Starting…");
  switch (gm_run_get_state (run))
    {
    case GM_RUN_RUNNING:
      return _("Running");
    case GM_RUN_PAUSED:
      return _("Paused");
    case GM_RUN_FINISHED:
      return gm_run_get_failed (run) > 0 ? _("Finished with Failures") : _("Finished");
    case GM_RUN_FAILED:
      return _("Failed");
    case GM_RUN_CANCELLED:
      return _("Cancelled");
    case GM_RUN_INTERRUPTED:
    default:
      return _("Interrupted");
    }
}

/**
 * gm_text_number:
 * @number: any number
 *
 * Returns: (transfer full): it as people of this locale write it
 */
char *
gm_text_number (gint64 number)
{
  return g_strdup_printf ("%'" G_GINT64_FORMAT, number);
}

/**
 * gm_text_outcome:
 * @run: a run
 *
 * Returns: (transfer full): how many items are done and failed
 */
char *
gm_text_outcome (GmRun *run)
{
  gint64 failures = gm_run_get_failed (run);
  g_autofree char *done = gm_text_number (gm_run_get_done (run) - failures);
  g_autofree char *failed = gm_text_number (failures);

  if (failures == 0)
    return g_strdup_printf (_("%s done"), done);

  return g_strdup_printf (_("%s done, %s failed"), done, failed);
}

/**
 * gm_text_progress:
 * @run: a run
 *
 * Returns: (transfer full): how far it is
 */
char *
gm_text_progress (GmRun *run)
{
  g_autofree char *done = gm_text_number (gm_run_get_done (run));
  g_autofree char *total = NULL;

  if (gm_run_get_total (run) < 0)
    return g_strdup_printf (_("%s done"), done);
  total = gm_text_number (gm_run_get_total (run));

  return g_strdup_printf (_("%s of %s"), done, total);
}

/**
 * gm_text_when:
 * @seconds: since the epoch
 *
 * Returns: (transfer full): the time of a moment today, the day of an earlier one
 */
char *
gm_text_when (double seconds)
{
  g_autoptr(GDateTime) then = g_date_time_new_from_unix_local ((gint64) seconds);
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();

  if (then == NULL || seconds <= 0)
    return g_strdup ("");
  if (g_date_time_get_year (then) != g_date_time_get_year (now))
    return g_date_time_format (then, "%x");
  if (g_date_time_get_day_of_year (then) != g_date_time_get_day_of_year (now))
    /* Translators: a day of this year, as for strftime: 24 Nov */
    return g_date_time_format (then, _("%e %b"));

  /* Translators: a time of today, as for strftime: 14:05 */
  return g_date_time_format (then, _("%H:%M"));
}

/**
 * gm_text_icon:
 * @run: a run
 *
 * Returns: the name of an icon for its state
 */
const char *
gm_text_icon (GmRun *run)
{
  switch (gm_run_get_state (run))
    {
    case GM_RUN_RUNNING:
      return "media-playback-start-symbolic";
    case GM_RUN_PAUSED:
      return "media-playback-pause-symbolic";
    case GM_RUN_FINISHED:
      return gm_run_get_failed (run) > 0 ? "dialog-warning-symbolic" : "emblem-ok-symbolic";
    case GM_RUN_FAILED:
      return "dialog-error-symbolic";
    case GM_RUN_CANCELLED:
      return "process-stop-symbolic";
    case GM_RUN_INTERRUPTED:
    default:
      return "action-unavailable-symbolic";
    }
}

/**
 * gm_text_escape:
 * @text: text from a file or a command
 *
 * Returns: (transfer full): the same as valid UTF-8 on one line, control characters shown
 */
char *
gm_text_escape (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\n')
        g_string_append (out, "↵");
      else if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_unichar (out, c);
    }

  return g_string_free (out, FALSE);
}
