/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-json.h"
#include "gm-json-variant.h"

#include "fuzz.h"

/* What is JSON stays the same value on each way there and back; what is not is refused with a
 * message. */

static void
check_refused (GString *compact,
               GError  *error)
{
  g_assert_nonnull (error);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (compact->len, ==, 0);
}

static void
check_same (GString    *compact,
            const char *way,
            GString    *again)
{
  if (strcmp (compact->str, again->str) != 0)
    g_error ("%s: %s became %s", way, compact->str, again->str);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        size_t        size)
{
  const char *text = (const char *) data;
  g_autoptr(GString) compact = g_string_new (NULL);
  g_autoptr(GString) again = g_string_new (NULL);
  g_autoptr(JsonNode) node = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autoptr(GError) error = NULL;
  GmJsonPosition position;

  if (!gm_json_compact (compact, text, size, &position, &error))
    {
      check_refused (compact, error);
      g_assert_null (gm_json_parse (text, size, NULL, NULL));
      return 0;
    }
  g_assert_true (g_utf8_validate_len (compact->str, compact->len, NULL));
  g_assert_true (gm_json_compact (again, compact->str, compact->len, NULL, NULL));
  check_same (compact, "compact", again);
  g_assert_true (gm_json_skip (compact->str) == compact->str + compact->len);

  g_string_truncate (again, 0);
  node = gm_json_parse (text, size, NULL, &error);
  g_assert_no_error (error);
  gm_json_append_node (again, node);
  check_same (compact, "node", again);

  g_string_truncate (again, 0);
  gm_json_append_pretty (again, node);
  g_string_truncate (compact, 0);
  g_assert_true (gm_json_compact (compact, again->str, again->len, NULL, NULL));

  /* Deeper nesting than a GVariant bears is refused. */
  value = gm_json_to_variant (text, size, NULL);
  if (value == NULL)
    return 0;
  g_string_truncate (again, 0);
  g_assert_true (gm_json_append_variant (again, value, &error));
  g_assert_no_error (error);
  check_same (compact, "variant", again);

  return 0;
}
