/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>

#include "gm-line.h"

#include "gm-json.h"

/* Objects of a line each, as results.jsonl and events.jsonl have them, written member by member.
 * Nothing is allocated beyond the line. */

#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

/* So many nanoseconds still have at most the 15 digits that every double keeps. */
#define MAX_EXACT (1000000 * NSEC_PER_SEC)

static void
append_name (GString    *line,
             const char *name)
{
  g_string_append_len (line, ",\"", 2);
  g_string_append (line, name);
  g_string_append_len (line, "\":", 2);
}

/* Below 0.0001 as in gm_json_append_double(), so that readers see one form. */
static void
append_tiny (GString *out,
             gint64   nanoseconds)
{
  char digits[24];
  int n = g_snprintf (digits, sizeof digits, "%d", (int) nanoseconds);
  int exponent = n - 10;

  while (n > 1 && digits[n - 1] == '0')
    n--;
  g_string_append_c (out, digits[0]);
  if (n > 1)
    {
      g_string_append_c (out, '.');
      g_string_append_len (out, digits + 1, n - 1);
    }
  g_string_append_len (out, "e-0", 3);
  g_string_append_c (out, '0' - exponent);
}

/**
 * gm_append_seconds:
 * @out: where it goes
 * @nanoseconds: a time, not negative
 *
 * Appends @nanoseconds as seconds, with the fewest digits that read back as the same double. They
 * are the decimal digits themselves, so no search for them is needed.
 */
void
gm_append_seconds (GString *out,
                   gint64   nanoseconds)
{
  gint64 rest = nanoseconds % NSEC_PER_SEC;
  char digits[9];
  int n = sizeof digits;

  if (nanoseconds < 0 || nanoseconds >= MAX_EXACT)
    {
      gm_json_append_double (out, nanoseconds / (double) NSEC_PER_SEC);
      return;
    }
  if (nanoseconds > 0 && nanoseconds < 100000)
    {
      append_tiny (out, nanoseconds);
      return;
    }
  for (int i = n; i > 0; i--, rest /= 10)
    digits[i - 1] = '0' + rest % 10;
  while (n > 1 && digits[n - 1] == '0')
    n--;
  gm_json_append_int (out, nanoseconds / NSEC_PER_SEC);
  g_string_append_c (out, '.');
  g_string_append_len (out, digits, n);
}

/**
 * gm_append_moment:
 * @out: where it goes
 * @microseconds: since the epoch
 *
 * The same for a moment, which has 16 digits; a double tells those of this century apart.
 */
void
gm_append_moment (GString *out,
                  gint64   microseconds)
{
  gint64 rest = microseconds % G_USEC_PER_SEC;
  char digits[6];
  int n = sizeof digits;

  for (int i = n; i > 0; i--, rest /= 10)
    digits[i - 1] = '0' + rest % 10;
  while (n > 1 && digits[n - 1] == '0')
    n--;
  gm_json_append_int (out, microseconds / G_USEC_PER_SEC);
  g_string_append_c (out, '.');
  g_string_append_len (out, digits, n);
}

/**
 * gm_append_base64:
 * @out: where it goes
 * @data: any bytes
 * @size: how many
 *
 * Appends @data as base64, without quotes.
 */
void
gm_append_base64 (GString    *out,
                  const void *data,
                  gsize       size)
{
  gsize start = out->len;
  int state = 0, save = 0;
  gsize n;

  g_string_set_size (out, start + (size / 3 + 1) * 4 + 4);
  n = g_base64_encode_step (data, size, FALSE, out->str + start, &state, &save);
  n += g_base64_encode_close (FALSE, out->str + start + n, &state, &save);
  g_string_truncate (out, start + n);
}

/**
 * gm_line_add_int:
 * @line: an object that is being written
 * @name: the name of a member
 * @value: its value
 *
 * Appends a member that is not the first.
 */
void
gm_line_add_int (GString    *line,
                 const char *name,
                 gint64      value)
{
  append_name (line, name);
  gm_json_append_int (line, value);
}

/**
 * gm_line_add_double:
 * @line: an object that is being written
 * @name: the name of a member
 * @value: its value
 *
 * Appends a member that is not the first.
 */
void
gm_line_add_double (GString    *line,
                    const char *name,
                    double      value)
{
  append_name (line, name);
  gm_json_append_double (line, value);
}

/**
 * gm_line_add_string:
 * @line: an object that is being written
 * @name: the name of a member
 * @value: its value, valid UTF-8
 *
 * Appends a member that is not the first.
 */
void
gm_line_add_string (GString    *line,
                    const char *name,
                    const char *value)
{
  append_name (line, name);
  gm_json_append_string (line, value, -1);
}

/**
 * gm_line_add_signal:
 * @line: an object that is being written
 * @number: a signal
 *
 * Appends `signal` with its name.
 */
void
gm_line_add_signal (GString *line,
                    int      number)
{
  g_autofree char *name = gm_signal_to_string (number);

  gm_line_add_string (line, "signal", name);
}

/**
 * gm_line_add_seconds:
 * @line: an object that is being written
 * @name: the name of a member
 * @nanoseconds: a time, not negative
 *
 * Appends a member that is not the first.
 */
void
gm_line_add_seconds (GString    *line,
                     const char *name,
                     gint64      nanoseconds)
{
  append_name (line, name);
  gm_append_seconds (line, nanoseconds);
}

/**
 * gm_line_add_moment:
 * @line: an object that is being written
 * @name: the name of a member
 * @microseconds: since the epoch
 *
 * Appends a member that is not the first.
 */
void
gm_line_add_moment (GString    *line,
                    const char *name,
                    gint64      microseconds)
{
  append_name (line, name);
  gm_append_moment (line, microseconds);
}

/**
 * gm_line_add_output:
 * @line: an object that is being written
 * @name: the name of a member
 * @data: what a program wrote
 * @size: its length
 *
 * Appends text, or `NAME_base64` if it is not UTF-8 and JSON has no form for it.
 */
void
gm_line_add_output (GString    *line,
                    const char *name,
                    const void *data,
                    gsize       size)
{
  if (g_utf8_validate_len (data, size, NULL))
    {
      append_name (line, name);
      gm_json_append_string (line, data, size);
      return;
    }
  g_string_append_printf (line, ",\"%s_base64\":\"", name);
  gm_append_base64 (line, data, size);
  g_string_append_c (line, '"');
}

/**
 * gm_line_end:
 * @line: an object that is being written
 *
 * Ends the object, and the line.
 */
void
gm_line_end (GString *line)
{
  g_string_append_len (line, "}\n", 2);
}

/**
 * gm_line_find:
 * @line: an object that was written here
 * @name: the name of a member
 *
 * Returns: (nullable): where its value begins in @line
 */
const char *
gm_line_find (const char *line,
              const char *name)
{
  return gm_json_find_member (line, name);
}

/**
 * gm_signal_to_string:
 * @number: a signal
 *
 * Returns: (transfer full): its name, `SIGKILL`, `SIGRTMIN+3`
 */
char *
gm_signal_to_string (int number)
{
  const char *name = sigabbrev_np (number);

  if (name != NULL)
    return g_strconcat ("SIG", name, NULL);
  if (number >= SIGRTMIN && number <= SIGRTMAX)
    return g_strdup_printf ("SIGRTMIN+%d", number - SIGRTMIN);
  return g_strdup_printf ("signal %d", number);
}
