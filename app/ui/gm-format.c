/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n.h>

#include "gm-format.h"

/**
 * gm_format_duration:
 * @nanoseconds: how long something took
 *
 * Returns: (transfer full): the same with three digits and a unit
 */
char *
gm_format_duration (gint64 nanoseconds)
{
  if (nanoseconds < 1000)
    return g_strdup_printf (_("%d ns"), (int) nanoseconds);
  if (nanoseconds < 1000000)
    return g_strdup_printf (_("%.3g µs"), nanoseconds / 1e3);
  if (nanoseconds < 999500000)
    return g_strdup_printf (_("%.3g ms"), nanoseconds / 1e6);
  if (nanoseconds < 60 * G_GINT64_CONSTANT (1000000000))
    return g_strdup_printf (_("%.3g s"), nanoseconds / 1e9);

  return gm_format_clock (nanoseconds / 1e9);
}

/**
 * gm_format_clock:
 * @seconds: a span of time
 *
 * Returns: (transfer full): hours if there are any, minutes and seconds
 */
char *
gm_format_clock (double seconds)
{
  gint64 whole = (gint64) CLAMP (seconds, 0, 3.6e11);

  if (whole >= 3600)
    return g_strdup_printf ("%d:%02d:%02d", (int) (whole / 3600), (int) (whole / 60 % 60),
                            (int) (whole % 60));

  return g_strdup_printf ("%d:%02d", (int) (whole / 60), (int) (whole % 60));
}

/**
 * gm_format_moment:
 * @microseconds: wall clock
 *
 * Returns: (transfer full): date and time of day, as people here write it
 */
char *
gm_format_moment (gint64 microseconds)
{
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc (microseconds / G_USEC_PER_SEC);
  g_autoptr(GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format (local, "%x %X") : g_strdup ("");
}

/**
 * gm_format_rate:
 * @per_second: items
 *
 * Returns: (transfer full): the same in words
 */
char *
gm_format_rate (double per_second)
{
  if (per_second > 0 && per_second < 1)
    return g_strdup_printf (_("%.3g/min"), per_second * 60);
  if (per_second < 100)
    return g_strdup_printf (_("%.3g/s"), per_second);

  return g_strdup_printf (_("%'d/s"), (int) per_second);
}

/**
 * gm_format_worker:
 * @name: (nullable): of a worker, as the log has it: `ForkServerPoolWorker-7`
 *
 * Returns: (transfer full) (nullable): the same, short: Worker 7
 */
char *
gm_format_worker (const char *name)
{
  const char *number = name != NULL ? strrchr (name, '-') : NULL;

  return number != NULL ? g_strdup_printf (_("Worker %s"), number + 1) : g_strdup (name);
}

const char *
gm_format_status (GmStatus status)
{
  switch (status)
    {
    case GM_STATUS_OK:
      return _("Succeeded");
    case GM_STATUS_ERROR:
      return _("Failed");
    case GM_STATUS_CRASHED:
      return _("Crashed");
    case GM_STATUS_TIMEOUT:
      return _("Timed Out");
    case GM_STATUS_CANCELLED:
    default:
      return _("Cancelled");
    }
}

const char *
gm_format_reason (GmReason reason)
{
  static const char * const texts[] = {
    [GM_REASON_NONE] = "",
    [GM_REASON_EXIT_CODE] = N_("exit code"),
    [GM_REASON_EXCEPTION] = N_("exception"),
    [GM_REASON_BAD_ANSWER] = N_("bad answer"),
    [GM_REASON_SPAWN_FAILED] = N_("could not be started"),
    [GM_REASON_BAD_INPUT] = N_("bad input"),
    [GM_REASON_SIGNAL] = N_("signal"),
    [GM_REASON_WORKER_DIED] = N_("worker died"),
    [GM_REASON_OUT_OF_MEMORY] = N_("out of memory"),
    [GM_REASON_TIMEOUT] = N_("timeout"),
    [GM_REASON_JOB_TIMEOUT] = N_("timeout of the job"),
    [GM_REASON_KILLED] = N_("killed"),
    [GM_REASON_STOPPED] = N_("stopped"),
    [GM_REASON_CANCELLED] = N_("cancelled"),
  };

  return reason == GM_REASON_NONE ? "" : _(texts[reason]);
}

/* The style class of text about an outcome. */
const char *
gm_format_style (GmStatus status)
{
  switch (status)
    {
    case GM_STATUS_OK:
      return "success";
    case GM_STATUS_ERROR:
    case GM_STATUS_CRASHED:
      return "error";
    case GM_STATUS_TIMEOUT:
      return "warning";
    case GM_STATUS_CANCELLED:
    default:
      return "dim-label";
    }
}
