/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-escape.h"

#define MAX_QUOTED 160

/* Besides the controls, what turns the direction of the text around it. */
static gboolean
is_harmful (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0)
         || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/**
 * gm_escape_controls:
 * @out: where it goes
 * @text: any bytes
 * @length: how many
 *
 * Appends @text as it can be shown on a terminal: characters that would steer it, and bytes that
 * are not UTF-8, as `\n`, `\t`, `\r`, `\x1b` or `\u202e`.
 */
void
gm_escape_controls (GString    *out,
                    const char *text,
                    gsize       length)
{
  const char *end = text + length;

  while (text < end)
    {
      gunichar c = g_utf8_get_char_validated (text, end - text);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_printf (out, "\\x%02x", (guchar) *text++);
          continue;
        }
      if (c == '\n' || c == '\t' || c == '\r')
        g_string_append (out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
      else if (is_harmful (c))
        g_string_append_printf (out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
      else
        g_string_append_unichar (out, c);
      text = g_utf8_next_char (text);
    }
}

/**
 * gm_quote:
 * @text: any bytes
 * @length: how many
 *
 * Returns: (transfer full): @text in quotes, escaped and not too long for a message
 */
char *
gm_quote (const char *text,
          gsize       length)
{
  GString *out = g_string_new ("“");

  gm_escape_controls (out, text, MIN (length, MAX_QUOTED));
  g_string_append (out, length > MAX_QUOTED ? "…”" : "”");
  return g_string_free (out, FALSE);
}
