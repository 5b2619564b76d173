/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "gm-json.h"

#include "gm-json-private.h"

/* Recursion and the stack of whoever reads our output must end somewhere. */
#define MAX_DEPTH 512

/* How much of a key a message shows. */
#define MAX_SHOWN 200

/* Up to here comparing each pair of keys is cheaper than sorting them. */
#define MAX_PAIRWISE 16

typedef struct
{
  gsize       start;  /* of the key in the compact text, after its quote */
  gsize       len;
  const char *at;     /* where it stands in the source */
} Member;

typedef struct
{
  /* Borrowed */
  const char *p;
  const char *end;
  GString    *out;

  /* Owned */
  GArray     *members;  /* of Member: the keys of every open object */
  char       *message;

  /* Where and why it failed */
  const char *failed_at;
  GmJsonError code;

  guint       depth;
} Checker;

G_DEFINE_QUARK (gm-json-error-quark, gm_json_error)

static gboolean check_value (Checker *self);

static gboolean G_GNUC_PRINTF (4, 5)
fail (Checker     *self,
      const char  *at,
      GmJsonError  code,
      const char  *format,
      ...)
{
  va_list args;

  va_start (args, format);
  self->message = g_strdup_vprintf (format, args);
  va_end (args);
  self->failed_at = at;
  self->code = code;

  return FALSE;
}

static gboolean
fail_expected (Checker    *self,
               const char *what)
{
  const guchar *p = (const guchar *) self->p;
  gunichar c;

  if (self->p == self->end)
    return fail (self, self->p, GM_JSON_ERROR_SYNTAX, "expected %s, got the end of the text", what);
  if (*p == 0xef && self->end - self->p >= 3 && p[1] == 0xbb && p[2] == 0xbf)
    return fail (self, self->p, GM_JSON_ERROR_SYNTAX,
                 "expected %s, got a byte order mark: save it as UTF-8 without one", what);

  c = g_utf8_get_char_validated (self->p, self->end - self->p);
  if (c == (gunichar) -1 || c == (gunichar) -2)
    return fail (self, self->p, GM_JSON_ERROR_SYNTAX,
                 "expected %s, got the byte 0x%02x, which is not UTF-8", what, *p);
  if (!g_unichar_isprint (c))
    return fail (self, self->p, GM_JSON_ERROR_SYNTAX, "expected %s, got U+%04X", what, c);

  return fail (self, self->p, GM_JSON_ERROR_SYNTAX, "expected %s, got \"%.*s\"",
               what, (int) (g_utf8_next_char (self->p) - self->p), self->p);
}

static void
skip_space (Checker *self)
{
  while (self->p < self->end
         && (*self->p == ' ' || *self->p == '\n' || *self->p == '\r' || *self->p == '\t'))
    self->p++;
}

static gboolean
skip_char (Checker *self,
           char     c)
{
  if (self->p == self->end || *self->p != c)
    return FALSE;
  self->p++;

  return TRUE;
}

/* The four digits of a \u escape, or -1. */
static int
read_hex4 (const char *p,
           const char *end)
{
  int value = 0;

  if (end - p < 4)
    return -1;
  for (int i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (p[i]);

      if (digit < 0)
        return -1;
      value = value * 16 + digit;
    }

  return value;
}

static gboolean
check_unicode_escape (Checker *self)
{
  const char *at = self->p - 2;
  int value = read_hex4 (self->p, self->end);
  gunichar c;

  if (value < 0)
    return fail (self, at, GM_JSON_ERROR_SYNTAX, "expected four hexadecimal digits after \\u");
  self->p += 4;
  c = value;
  if (value >= 0xd800 && value <= 0xdfff)
    {
      int low = -1;

      if (self->end - self->p >= 6 && self->p[0] == '\\' && self->p[1] == 'u')
        low = read_hex4 (self->p + 2, self->end);
      if (value > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return fail (self, at, GM_JSON_ERROR_VALUE,
                     "\\u%04x is half a surrogate pair, which is no character", value);
      self->p += 6;
      c = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
    }
  if (c == 0)
    return fail (self, at, GM_JSON_ERROR_VALUE, "\\u0000 is not allowed in strings");
  gm_json_append_char (self->out, c);

  return TRUE;
}

static gboolean
check_escape (Checker *self)
{
  static const char plain[] = "\"\\/bfnrt";
  static const char meant[] = "\"\\/\b\f\n\r\t";
  const char *found;

  self->p++;
  if (self->p == self->end)
    return fail_expected (self, "an escape");
  if (*self->p == 'u')
    {
      self->p++;
      return check_unicode_escape (self);
    }

  found = *self->p == '\0' ? NULL : strchr (plain, *self->p);
  if (found == NULL)
    return fail (self, self->p - 1, GM_JSON_ERROR_SYNTAX,
                 "expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u after the backslash");
  gm_json_append_char (self->out, meant[found - plain]);
  self->p++;

  return TRUE;
}

static gboolean
check_string (Checker *self)
{
  const char *run = self->p++;

  /* Runs of plain bytes are copied at once, the opening quote with the first. */
  for (;;)
    {
      guint len;

      while (self->p < self->end && gm_json_is_plain (*self->p))
        self->p++;
      if (self->p == self->end)
        return fail (self, self->p, GM_JSON_ERROR_SYNTAX, "the string is not closed");
      if ((guchar) *self->p >= 0x80)
        {
          len = gm_json_utf8_length (self->p, self->end);
          if (len == 0)
            return fail (self, self->p, GM_JSON_ERROR_VALUE,
                         "the byte 0x%02x is not UTF-8", (guchar) *self->p);
          self->p += len;
          continue;
        }

      g_string_append_len (self->out, run, self->p - run);
      if (*self->p == '"')
        {
          g_string_append_c (self->out, '"');
          self->p++;
          return TRUE;
        }
      if (*self->p == '\0')
        return fail (self, self->p, GM_JSON_ERROR_VALUE, "a NUL byte is not allowed in strings");
      if (*self->p != '\\')
        return fail (self, self->p, GM_JSON_ERROR_SYNTAX,
                     "the character U+%04X in a string must be written as \\u%04x",
                     (guchar) *self->p, (guchar) *self->p);
      if (!check_escape (self))
        return FALSE;
      run = self->p;
    }
}

static gboolean
skip_digits (Checker *self)
{
  if (self->p == self->end || !g_ascii_isdigit (*self->p))
    return fail_expected (self, "a digit");
  while (self->p < self->end && g_ascii_isdigit (*self->p))
    self->p++;

  return TRUE;
}

static gboolean
append_integer (Checker    *self,
                const char *start)
{
  gboolean negative = *start == '-';
  const char *digits = start + negative;
  gsize len = self->p - digits;
  const char *limit = negative ? "9223372036854775808" : "9223372036854775807";

  if (len > 19 || (len == 19 && memcmp (digits, limit, 19) > 0))
    return fail (self, start, GM_JSON_ERROR_VALUE,
                 "the integer %.*s%s is outside -9223372036854775808 to 9223372036854775807",
                 (int) MIN (self->p - start, 40), start, self->p - start > 40 ? "..." : "");
  /* There is one zero. */
  if (negative && *digits == '0')
    start = digits;
  g_string_append_len (self->out, start, self->p - start);

  return TRUE;
}

/* Most numbers are written as we would: up to 15 digits, none of them a zero at the end, are the
 * shortest that read back equal. */
static gboolean
is_shortest (const char *start,
             gsize       len)
{
  const char *digits = start + (*start == '-');
  const char *dot;

  if (len > 16 || memchr (start, 'e', len) != NULL || memchr (start, 'E', len) != NULL)
    return FALSE;
  dot = memchr (start, '.', len);
  if (start[len - 1] == '0' && dot != start + len - 2)
    return FALSE;

  return *digits != '0' || dot[1] != '0' || dot == start + len - 2;
}

static gboolean
append_number (Checker    *self,
               const char *start)
{
  char buffer[64];
  gsize len = self->p - start;
  g_autofree char *copy = NULL;
  double value;

  if (is_shortest (start, len))
    {
      g_string_append_len (self->out, start, len);
      return TRUE;
    }
  if (len >= sizeof buffer)
    copy = g_strndup (start, len);
  else
    {
      memcpy (buffer, start, len);
      buffer[len] = '\0';
    }

  value = g_ascii_strtod (copy != NULL ? copy : buffer, NULL);
  if (!isfinite (value))
    return fail (self, start, GM_JSON_ERROR_VALUE, "the number %.*s%s is too large",
                 (int) MIN (len, 40), start, len > 40 ? "..." : "");
  gm_json_append_double (self->out, value);

  return TRUE;
}

static gboolean
check_number (Checker *self)
{
  const char *start = self->p;
  gboolean integer = TRUE;

  skip_char (self, '-');
  if (skip_char (self, '0'))
    {
      if (self->p < self->end && g_ascii_isdigit (*self->p))
        return fail (self, start, GM_JSON_ERROR_SYNTAX, "a number must not begin with 0");
    }
  else if (!skip_digits (self))
    return FALSE;

  if (skip_char (self, '.'))
    {
      integer = FALSE;
      if (!skip_digits (self))
        return FALSE;
    }
  if (skip_char (self, 'e') || skip_char (self, 'E'))
    {
      integer = FALSE;
      if (!skip_char (self, '+'))
        skip_char (self, '-');
      if (!skip_digits (self))
        return FALSE;
    }

  return integer ? append_integer (self, start) : append_number (self, start);
}

static gboolean
check_word (Checker    *self,
            const char *word)
{
  gsize len = strlen (word);

  if ((gsize) (self->end - self->p) < len || memcmp (self->p, word, len) != 0)
    return fail_expected (self, "a value");
  g_string_append_len (self->out, word, len);
  self->p += len;

  return TRUE;
}

static int
compare_members (gconstpointer a,
                 gconstpointer b,
                 gpointer      user_data)
{
  const Member *first = a;
  const Member *second = b;
  const GString *out = user_data;

  if (first->len != second->len)
    return first->len < second->len ? -1 : 1;

  return memcmp (out->str + first->start, out->str + second->start, first->len);
}

static gboolean
fail_duplicate (Checker      *self,
                const Member *first,
                const Member *second)
{
  const Member *later = first->at > second->at ? first : second;
  const char *key = self->out->str + later->start;
  gsize len = MIN (later->len, MAX_SHOWN);

  while (len < later->len && len > 0 && (key[len] & 0xc0) == 0x80)
    len--;

  return fail (self, later->at, GM_JSON_ERROR_VALUE, "the key \"%.*s%s\" is there twice",
               (int) len, key, len < later->len ? "..." : "");
}

static gboolean
check_duplicates (Checker *self,
                  guint    base)
{
  Member *members = &g_array_index (self->members, Member, base);
  guint n = self->members->len - base;

  if (n <= MAX_PAIRWISE)
    {
      for (guint i = 1; i < n; i++)
        for (guint j = 0; j < i; j++)
          if (compare_members (&members[i], &members[j], self->out) == 0)
            return fail_duplicate (self, &members[i], &members[j]);
      return TRUE;
    }

  g_qsort_with_data (members, n, sizeof *members, compare_members, self->out);
  for (guint i = 1; i < n; i++)
    if (compare_members (&members[i], &members[i - 1], self->out) == 0)
      return fail_duplicate (self, &members[i], &members[i - 1]);

  return TRUE;
}

static gboolean
check_member (Checker *self)
{
  Member member = { .at = self->p, .start = self->out->len + 1 };

  if (self->p == self->end || *self->p != '"')
    return fail_expected (self, "a key in double quotes");
  if (!check_string (self))
    return FALSE;
  member.len = self->out->len - 1 - member.start;
  g_array_append_val (self->members, member);

  skip_space (self);
  if (!skip_char (self, ':'))
    return fail_expected (self, "\":\"");
  g_string_append_c (self->out, ':');

  return check_value (self);
}

static gboolean
check_container (Checker *self,
                 char     close)
{
  gboolean object = close == '}';
  guint base = self->members->len;

  if (++self->depth > MAX_DEPTH)
    return fail (self, self->p, GM_JSON_ERROR_VALUE, "nested more than %d levels deep", MAX_DEPTH);
  g_string_append_c (self->out, *self->p++);
  skip_space (self);
  if (!skip_char (self, close))
    {
      for (;;)
        {
          if (object ? !check_member (self) : !check_value (self))
            return FALSE;
          skip_space (self);
          if (skip_char (self, close))
            break;
          if (!skip_char (self, ','))
            return fail_expected (self, object ? "\",\" or \"}\"" : "\",\" or \"]\"");
          g_string_append_c (self->out, ',');
          skip_space (self);
        }
    }
  if (object && !check_duplicates (self, base))
    return FALSE;

  g_array_set_size (self->members, base);
  g_string_append_c (self->out, close);
  self->depth--;

  return TRUE;
}

static gboolean
check_value (Checker *self)
{
  skip_space (self);
  if (self->p == self->end)
    return fail_expected (self, "a value");

  switch (*self->p)
    {
    case '"':
      return check_string (self);
    case '{':
      return check_container (self, '}');
    case '[':
      return check_container (self, ']');
    case 't':
      return check_word (self, "true");
    case 'f':
      return check_word (self, "false");
    case 'n':
      return check_word (self, "null");
    default:
      if (*self->p == '-' || g_ascii_isdigit (*self->p))
        return check_number (self);
      return fail_expected (self, "a value");
    }
}

static void
locate (const char     *text,
        const char     *at,
        GmJsonPosition *position)
{
  const char *line = text;

  position->line = 1;
  position->column = 1;
  for (const char *p = text; p < at; p++)
    if (*p == '\n')
      {
        position->line++;
        line = p + 1;
      }
  /* Counted by first bytes, so that broken UTF-8 before it does no harm. */
  for (const char *p = line; p < at; p++)
    position->column += (*p & 0xc0) != 0x80;
}

/**
 * gm_json_compact:
 * @out: where the compact form goes
 * @text: any bytes
 * @len: how many
 * @position: (out) (optional): where it is wrong
 * @error: return location for an error
 *
 * Checks that @text is one JSON value as RFC 8259 has it, without duplicate keys, with integers
 * within int64, finite numbers and no U+0000, and appends it without insignificant space: members
 * in their order, numbers and strings in the one form this program writes. Equal values written
 * differently therefore become the same text.
 *
 * The message says what is wrong, not where. On error @out is as it was.
 *
 * Returns: whether @text is JSON
 */
gboolean
gm_json_compact (GString         *out,
                 const char      *text,
                 gsize            len,
                 GmJsonPosition  *position,
                 GError         **error)
{
  gsize before = out->len;
  Checker self = { .p = text, .end = text + len, .out = out };
  gboolean ok;

  self.members = g_array_sized_new (FALSE, FALSE, sizeof (Member), MAX_PAIRWISE);
  ok = check_value (&self);
  if (ok)
    {
      skip_space (&self);
      if (self.p != self.end)
        ok = fail_expected (&self, "nothing after the value");
    }
  g_array_unref (self.members);
  if (ok)
    return TRUE;

  g_string_truncate (out, before);
  if (position != NULL)
    locate (text, self.failed_at, position);
  g_set_error_literal (error, GM_JSON_ERROR, self.code, self.message);
  g_free (self.message);

  return FALSE;
}
