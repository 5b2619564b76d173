/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_SHAREABLE (mp_shareable_get_type ())
MP_EXPORT G_DECLARE_INTERFACE (MpShareable, mp_shareable, MP, SHAREABLE, GObject)

struct _MpShareableInterface
{
  GTypeInterface parent_iface;

  /* What another process needs to know, in a form of the type's own, with handles. Never NULL. */
  GVariant    *(*to_variant)   (MpShareable  *self);

  /* An object of @type from what the other one gives. */
  MpShareable *(*from_variant) (GType         type,
                                GVariant     *state,
                                GError      **error);
};

/**
 * MP_SHAREABLE_TYPE_STRING:
 *
 * What a shared object is inside values: for g_variant_new(), and g_variant_get() with an `@`.
 */
#define MP_SHAREABLE_TYPE_STRING "(sv)"

MP_EXPORT GVariant *mp_shareable_to_variant    (MpShareable  *self);
MP_EXPORT gpointer  mp_shareable_from_variant  (GVariant     *variant,
                                                GType         type,
                                                GError      **error);
MP_EXPORT void      mp_shareable_register_type (GType       (*get_type) (void));

/**
 * MP_REGISTER_SHAREABLE_TYPE:
 * @prefix: the prefix of the functions of a type
 *
 * Makes a type known by its name when the program or module is loaded, as MP_REGISTER_FUNCTION()
 * does for functions. Stands after the type's definition, no semicolon.
 */
#define MP_REGISTER_SHAREABLE_TYPE(prefix)                      \
  __attribute__ ((constructor)) static void                     \
  mp_register_shareable_##prefix (void)                         \
  {                                                             \
    mp_shareable_register_type (prefix##_get_type);             \
  }

G_END_DECLS
