/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-fields.h"

/* json-glib has the like, but complains, or gives NULL, if a member is of another type. */

static GType
get_type (JsonObject *object,
          const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node)
                                                      : G_TYPE_INVALID;
}

/**
 * gm_field_has_int:
 * @object: an object
 * @name: the name of a member
 *
 * Returns: whether it is there and an integer
 */
gboolean
gm_field_has_int (JsonObject *object,
                  const char *name)
{
  return get_type (object, name) == G_TYPE_INT64;
}

/**
 * gm_field_get_int:
 * @object: an object
 * @name: the name of a member
 * @fallback: what to return if it is no integer
 *
 * Returns: its value
 */
gint64
gm_field_get_int (JsonObject *object,
                  const char *name,
                  gint64      fallback)
{
  return gm_field_has_int (object, name) ? json_object_get_int_member (object, name) : fallback;
}

/**
 * gm_field_get_double:
 * @object: an object
 * @name: the name of a member
 * @fallback: what to return if it is no number
 *
 * Returns: its value
 */
double
gm_field_get_double (JsonObject *object,
                     const char *name,
                     double      fallback)
{
  GType type = get_type (object, name);

  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE
         ? json_object_get_double_member (object, name) : fallback;
}

/**
 * gm_field_get_boolean:
 * @object: an object
 * @name: the name of a member
 *
 * Returns: whether it is `true`
 */
gboolean
gm_field_get_boolean (JsonObject *object,
                      const char *name)
{
  return get_type (object, name) == G_TYPE_BOOLEAN && json_object_get_boolean_member (object, name);
}

/**
 * gm_field_get_string:
 * @object: an object
 * @name: the name of a member
 * @fallback: (nullable): what to return if it is no string
 *
 * Returns: (transfer none) (nullable): its value, which belongs to @object, or @fallback
 */
const char *
gm_field_get_string (JsonObject *object,
                     const char *name,
                     const char *fallback)
{
  return get_type (object, name) == G_TYPE_STRING ? json_object_get_string_member (object, name)
                                                  : fallback;
}
