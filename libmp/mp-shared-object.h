/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <gio/gio.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_SHARED_OBJECT (mp_shared_object_get_type ())
MP_EXPORT G_DECLARE_DERIVABLE_TYPE (MpSharedObject, mp_shared_object, MP, SHARED_OBJECT, GObject)

struct _MpSharedObjectClass
{
  GObjectClass parent_class;

  /*< private >*/
  const char *what;  /* "a lock" */
  gsize       size;  /* of its memory at least */

  /* What else belongs to it, a floating value; NULL if nothing does. */
  GVariant *(*pack)   (MpSharedObject  *self);
  /* Whether it can be used: its memory is there, and @more is what pack() has given. */
  gboolean  (*unpack) (MpSharedObject  *self,
                       GVariant        *more,
                       GError         **error);

  gpointer padding[4];
};

G_END_DECLS
