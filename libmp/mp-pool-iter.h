/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_TYPE_POOL_ITER (mp_pool_iter_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpPoolIter, mp_pool_iter, MP, POOL_ITER, GObject)

/**
 * MpItemSource:
 * @user_data: of who has set it
 *
 * Gives the items of a pool one after the other.
 *
 * Returns: (nullable): the next item, taken if it is floating; %NULL at the end
 */
typedef GVariant *(*MpItemSource) (gpointer user_data);

MP_EXPORT gboolean mp_pool_iter_next (MpPoolIter  *self,
                                      gint64       timeout,
                                      GVariant   **value,
                                      GError     **error);

G_END_DECLS
