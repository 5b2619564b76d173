/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "gm-fields.h"
#include "gm-json.h"
#include "gm-members.h"

#include "fuzz.h"

/* A line of a run directory, from whatever wrote it: the walk that checks nothing never leaves the
 * line, and sees in an object what a parser sees. */

static void
check_member (GmMembers  *walk,
              JsonObject *object)
{
  g_autoptr(GString) name = g_string_new ("\"");
  g_autoptr(GString) key = g_string_new (NULL);
  g_autoptr(GString) text = g_string_new (NULL);
  JsonNode *node;

  g_string_append_len (name, walk->name, walk->name_size + 1);
  g_assert_nonnull (gm_json_unescape (key, name->str));
  node = json_object_get_member (object, key->str);
  g_assert_nonnull (node);
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    {
      g_assert_true (gm_members_get_text (walk, text));
      g_assert_cmpstr (text->str, ==, json_node_get_string (node));
    }
  else
    g_assert_false (gm_members_get_text (walk, text));
  if (gm_field_get_int (object, key->str, -1) >= 0)
    g_assert_cmpint (gm_members_get_int (walk), ==, gm_field_get_int (object, key->str, -1));
}

static void
check_object (const char *line,
              gsize       size,
              JsonObject *object)
{
  GmMembers walk;
  guint n = 0;

  gm_members_init (&walk, line, size);
  while (gm_members_next (&walk))
    {
      check_member (&walk, object);
      n++;
    }
  g_assert_cmpuint (n, ==, json_object_get_size (object));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        size_t        size)
{
  const char *line = (const char *) data;
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GString) compact = g_string_new (NULL);
  g_autoptr(JsonNode) node = NULL;
  GmMembers walk;

  gm_members_init (&walk, line, size);
  while (gm_members_next (&walk))
    {
      gm_members_get_int (&walk);
      gm_members_get_scaled (&walk, 9);
      gm_members_get_text (&walk, text);
    }

  if (!gm_json_compact (compact, line, size, NULL, NULL))
    return 0;
  node = gm_json_parse (line, size, NULL, NULL);
  if (JSON_NODE_HOLDS_OBJECT (node))
    check_object (compact->str, compact->len, json_node_get_object (node));

  return 0;
}
