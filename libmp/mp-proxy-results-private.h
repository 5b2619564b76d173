/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the functions for each type make of the result of a call, which they take. */

static inline gboolean
done (GVariant *result)
{
  if (result == NULL)
    return FALSE;

  g_variant_unref (result);
  return TRUE;
}

static inline gboolean
truth (GVariant *result)
{
  gboolean is_true = result != NULL && g_variant_is_of_type (result, G_VARIANT_TYPE_BOOLEAN)
                     && g_variant_get_boolean (result);

  g_clear_pointer (&result, g_variant_unref);
  return is_true;
}

static inline gint64
number_or (GVariant *result,
           gint64    otherwise)
{
  gint64 value = otherwise;

  if (result == NULL)
    return otherwise;
  if (g_variant_is_of_type (result, G_VARIANT_TYPE_UINT64))
    value = g_variant_get_uint64 (result);
  else if (g_variant_is_of_type (result, G_VARIANT_TYPE_UINT32))
    value = g_variant_get_uint32 (result);
  else if (g_variant_is_of_type (result, G_VARIANT_TYPE_BOOLEAN))
    value = g_variant_get_boolean (result);
  g_variant_unref (result);
  return value;
}

static inline gint64
number (GVariant *result)
{
  return number_or (result, -1);
}

G_END_DECLS
