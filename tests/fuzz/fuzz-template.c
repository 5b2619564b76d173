/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-json.h"
#include "gm-shell.h"
#include "gm-template.h"

#include "fuzz.h"

/* The first line is a text with replacement strings, the rest an item: JSON, or bytes if it is not.
 * The text is compiled as a word of a command and as shell text. */

static void
check_escaped (const char *text,
               GmValues   *values)
{
  g_autofree char *escaped = gm_template_escape (text);
  g_autoptr(GmTemplate) template = gm_template_new (escaped);
  g_autoptr(GString) out = g_string_new (NULL);

  g_assert_true (gm_template_expand (template, values, out, NULL));
  g_assert_cmpstr (out->str, ==, text);
}

static void
check_template (const char *text,
                GmValues   *values)
{
  g_autoptr(GmTemplate) template = gm_template_new (text);
  g_autoptr(GString) out = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  if (!gm_template_expand (template, values, out, &error))
    {
      g_assert_cmpuint (gm_template_n_fields (template), >, 0);
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
check_shell (const char *text,
             GmValues   *values)
{
  g_autofree char *message = NULL;
  g_autoptr(GmShell) shell = gm_shell_new (text, &message);

  if (shell == NULL)
    {
      g_assert_true (g_utf8_validate (message, -1, NULL));
      return;
    }
  g_assert_null (message);
  for (guint i = 0; i < shell->fields->len; i++)
    {
      g_autoptr(GString) out = g_string_new (NULL);

      gm_values_append_field (values, g_ptr_array_index (shell->fields, i), out, NULL);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        size_t        size)
{
  const char *start = (const char *) data;
  const char *newline = size > 0 ? memchr (start, '\n', size) : NULL;
  gsize len = newline != NULL ? (gsize) (newline - start) : size;
  g_autofree char *text = g_strndup (size > 0 ? start : "", len);
  g_autoptr(GString) json = g_string_new (NULL);
  g_autoptr(GmValues) values = gm_values_new ();
  g_autofree char *rest = NULL;
  GmItem item = { 0 };

  /* Texts come from JSON, so they are UTF-8; items have no NUL. */
  if (!g_utf8_validate (text, -1, NULL))
    return 0;
  rest = g_strndup (newline != NULL ? newline + 1 : "", newline != NULL ? size - len - 1 : 0);
  if (gm_json_compact (json, rest, strlen (rest), NULL, NULL))
    item = (GmItem) { GM_ITEM_JSON, json->str, json->len };
  else
    item = (GmItem) { GM_ITEM_BYTES, rest, strlen (rest) };
  gm_values_set (values, &item, 41, 7);

  check_escaped (text, values);
  check_template (text, values);
  check_shell (text, values);

  return 0;
}
