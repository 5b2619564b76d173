/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <time.h>

#include "gm-run-id.h"

/* So many characters of the name leave room for the rest in the address of a socket. */
#define MAX_NAME 56

/* What a name ends with that a job has from its file. */
#define SUFFIX ".mpjob"

/**
 * gm_run_id_new:
 * @name: the job's name
 * @seconds: when, since the epoch
 * @random: what tells it from others of the same second
 *
 * Returns: (transfer full): `YYYYMMDD-HHMMSS-<name>-<4 hex>`, in UTC
 */
char *
gm_run_id_new (const char *name,
               gint64      seconds,
               guint16     random)
{
  GString *id = g_string_new (NULL);
  gsize length = strlen (name);
  time_t clock = seconds;
  struct tm utc;
  gsize start;

  if (length > strlen (SUFFIX) && g_str_has_suffix (name, SUFFIX))
    length -= strlen (SUFFIX);
  gmtime_r (&clock, &utc);
  g_string_printf (id, "%04d%02d%02d-%02d%02d%02d-", utc.tm_year + 1900, utc.tm_mon + 1,
                   utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  start = id->len;
  for (gsize i = 0; i < length && id->len < start + MAX_NAME; i++)
    {
      char c = g_ascii_tolower (name[i]);

      if (g_ascii_isalnum (c))
        g_string_append_c (id, c);
      else if (id->len == start || id->str[id->len - 1] != '-')
        g_string_append_c (id, '-');
    }
  if (id->len == start)
    g_string_append (id, "run");
  g_string_append_printf (id, "-%04x", random);

  return g_string_free (id, FALSE);
}

/**
 * gm_run_id_is_one:
 * @text: any text
 *
 * Returns: whether it has the form of an id
 */
gboolean
gm_run_id_is_one (const char *text)
{
  static const char stamp[] = "dddddddd-dddddd-";
  gsize length = strlen (text);

  if (length < strlen (stamp) + strlen ("x-0000"))
    return FALSE;
  for (gsize i = 0; stamp[i] != '\0'; i++)
    if (stamp[i] == 'd' ? !g_ascii_isdigit (text[i]) : text[i] != '-')
      return FALSE;
  if (text[length - 5] != '-'
      || strspn (text + length - 4, "0123456789abcdef") != 4)
    return FALSE;

  return strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}
